# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Settings: one validated structure from the variables of a run, or one message with all that is wrong."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._aws.ownership import Owner
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import ARCHITECTURES, RUNTIMES
from ansible_collections.asesoria.serverless.plugins.module_utils._settings import limits
from ansible_collections.asesoria.serverless.plugins.module_utils._settings.choice import SettingsError, find_unknown
from ansible_collections.asesoria.serverless.plugins.module_utils._settings.definitions import DEFINITIONS
from ansible_collections.asesoria.serverless.plugins.module_utils._settings.environment import user_environment
from ansible_collections.asesoria.serverless.plugins.module_utils._settings.names import (
    derive_names,
    function_name,
    lambda_role_name,
    policy_name,
    stack_name,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._settings.read import read_settings
from ansible_collections.asesoria.serverless.plugins.module_utils._settings.settings import Settings
from ansible_collections.asesoria.serverless.plugins.module_utils._settings.target import World
from hypothesis import assume, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

REGIONS = ("cn-north-1", "eu-west-1", "us-east-1", "us-gov-west-1")
WORLD = World(
    regions=frozenset(REGIONS),
    clis=frozenset({"osls@3", "osls@4", "serverless@3"}),
    example="/collection/examples/flask",
    today=date(2026, 12, 1),
)
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/0a1b"


def read(variables: Mapping[str, Any], *, overrides: Mapping[str, Any] | None = None) -> Settings:
    """Resolve variables; those of the command line count as all others do."""
    return read_settings({**variables, **(overrides or {})}, world=WORLD, overrides=overrides)


def problems(variables: Mapping[str, Any], *, overrides: Mapping[str, Any] | None = None) -> list[str]:
    """Return all that is wrong with variables."""
    with pytest.raises(SettingsError) as caught:
        read(variables, overrides=overrides)
    return [str(each) for each in caught.value.problems]


# --- Names ------------------------------------------------------------------------------------------------------------


def test_names_are_derived_from_the_identity() -> None:
    settings = read({"asesoria_project": "shop", "asesoria_service": "orders", "asesoria_stage": "prod"})
    assert settings.identity == Owner(project="shop", service="orders", stage="prod")
    found = settings.as_dict()
    assert found["stack"] == "orders-prod"
    assert found["names"] == {
        "user": "shop-orders-prod",
        "profile": "shop-orders-prod",
        "key_pair": "shop-orders-prod-builder",
        "security_group": "shop-orders-prod-builder",
        "instance_profile": "shop-orders-prod-lambda-builder",
        "layer": "orders-prod-dependencies",
    }
    assert found["folders"]["private_key"] == "~/.ssh/shop-orders-prod-builder.pem"


def test_the_profile_follows_the_user() -> None:
    assert read({"asesoria_user": "ana"}).names.profile == "ana"
    assert read({"asesoria_user": "ana", "asesoria_profile": "work"}).names.profile == "work"


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"asesoria_service": "s" * 60}, "64 at most"),
        ({"asesoria_service": "s" * 42}, "the name of an IAM role has 64"),
        ({"asesoria_project": "p" * 60}, "the name of an IAM user has 64"),
        ({"asesoria_stage": "d" * 125}, "the name of a stack has 128"),
        ({"asesoria_functions": {"f" * 58: {"handler": "a.b"}}}, "the name of a function has 64"),
        ({"asesoria_deployment_role": True, "asesoria_service": "s" * 41}, "the name of an IAM role has 64"),
        ({"asesoria_user": "u" * 65}, "asesoria_user: 'uuu"),
        ({"asesoria_user": "a user"}, "is not a name for an IAM user"),
        ({"asesoria_security_group": "sg-1"}, "do not begin with sg-"),
        ({"asesoria_layer_bucket": "192.168.5.4"}, "is not a name for a bucket"),
        ({"asesoria_service": "1st"}, "begin with a letter"),
        ({"asesoria_stage": "d_v"}, "use letters, digits and hyphens"),
    ],
)
def test_a_name_that_aws_refuses_is_refused(variables: dict[str, Any], said: str) -> None:
    assert any(said in each for each in problems(variables))


_NAME = st.from_regex(r"[a-zA-Z][0-9a-zA-Z-]{1,40}", fullmatch=True)


@hypothesis_settings(max_examples=50, deadline=None)
@given(project=_NAME, service=_NAME, stage=st.from_regex(r"[A-Za-z0-9-]{1,20}", fullmatch=True))
def test_derived_names_are_within_the_limits_or_the_identity_is_refused(project: str, service: str, stage: str) -> None:
    owner = Owner(project=project, service=service, stage=stage)
    settings, refused = None, ()
    try:
        settings = read({"asesoria_project": project, "asesoria_service": service, "asesoria_stage": stage})
    except SettingsError as error:
        refused = error.problems
    assert all("at most" in each.problem for each in refused)
    names = derive_names(owner, {})
    if settings is None:
        return
    assert settings.names == names
    for rule, name in (
        (limits.STACK, stack_name(owner)),
        (limits.USER, names.user),
        (limits.KEY_PAIR, names.key_pair),
        (limits.SECURITY_GROUP, names.security_group),
        (limits.LAYER, names.layer),
        (limits.FUNCTION, function_name(owner)),
        (limits.ROLE, lambda_role_name(owner, region=settings.region)),
        (limits.POLICY, policy_name(names.user, owner, playbook="builder")),
    ):
        assert rule.problem(name) == ""


@hypothesis_settings(max_examples=50, deadline=None)
@given(one=st.tuples(_NAME, _NAME, _NAME), other=st.tuples(_NAME, _NAME, _NAME))
def test_names_with_hyphens_can_coincide_only_for_identities_that_differ(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    """Which is why ownership is decided by tags and not by names."""
    assume(one != other)
    assume(not any("-" in part for part in (*one, *other)))
    first, second = (derive_names(Owner(*each), {}) for each in (one, other))
    assert first.user != second.user


# --- One value for each setting ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("definition", DEFINITIONS.values(), ids=DEFINITIONS)
def test_each_variable_belongs_to_one_setting(definition: Any) -> None:
    others = [each for each in DEFINITIONS.values() if each is not definition]
    assert len(set(definition.variables)) == len(definition.variables)
    assert not [name for each in others for name in definition.variables if name in each.variables]


def test_a_role_variable_that_means_the_same_counts_everywhere() -> None:
    settings = read({"serverless_deploy_front_door": "rest_api", "lambda_layer_region": "eu-west-1"})
    assert settings.front_door == "rest_api"
    assert settings.access.front_doors == ("rest_api",)
    assert settings.region == "eu-west-1"


def test_two_variables_that_mean_the_same_and_differ_are_refused_by_name() -> None:
    given_twice = {"asesoria_front_door": "http_api", "serverless_deploy_front_door": "rest_api"}
    assert problems(given_twice) == [
        (
            "asesoria_front_door and serverless_deploy_front_door: both mean the same and differ: 'http_api' and "
            "'rest_api'. Set one of them alone, asesoria_front_door for all roles."
        )
    ]
    assert problems({}, overrides=given_twice) == problems(given_twice)


def test_two_variables_that_agree_are_fine() -> None:
    agreeing = {"asesoria_memory_size": 512, "serverless_deploy_memory_size": "512"}
    assert read(agreeing).function.memory_size == 512


def test_the_command_line_wins_whichever_of_the_names_it_uses() -> None:
    inventory = {"asesoria_layer_strategy": "builder", "serverless_deploy_front_door": "rest_api"}
    settings = read(inventory, overrides={"lambda_layer_strategy": "wheels", "asesoria_front_door": "function_url"})
    assert settings.layers[0].strategy == "wheels"
    assert settings.front_door == "function_url"


@pytest.mark.parametrize("value", [True, "true", "True", "yes", "on", "1", 1])
@pytest.mark.parametrize("name", sorted(name for name, each in DEFINITIONS.items() if each.kind.__name__ == "flag"))
def test_every_boolean_takes_the_text_of_a_command_line(name: str, value: object) -> None:
    assert read({name: value}) == read({name: True})


@pytest.mark.parametrize("value", [False, "false", "no", "off", "0", 0])
@pytest.mark.parametrize("name", sorted(name for name, each in DEFINITIONS.items() if each.kind.__name__ == "flag"))
def test_every_boolean_can_be_switched_off(name: str, value: object) -> None:
    assert read({name: value}) == read({name: False})


def test_one_identifier_of_a_vpc_is_a_list_of_one() -> None:
    given = {"subnetIds": "subnet-12345678", "securityGroupIds": {"Fn::Split": [",", "sg-1,sg-2"]}}
    assert read({"asesoria_function_vpc": given}).function.vpc == {**given, "subnetIds": ["subnet-12345678"]}


@pytest.mark.parametrize("name", ["asesoria_service", "asesoria_stage", "asesoria_project", "asesoria_region"])
def test_white_space_is_no_value(name: str) -> None:
    assert read({name: " "}) == read({})


def test_a_moment_is_a_schedule_of_the_scheduler() -> None:
    event = {"schedule": {"method": "scheduler", "rate": ["at(2027-01-01T06:00:00)"]}}
    read({"asesoria_functions": {"tick": {"handler": "a.b", "events": [event]}}})


def test_a_bucket_may_be_named_by_account_and_region() -> None:
    pattern = "artifacts-{account}-{region}"
    assert read({"asesoria_layer_bucket": pattern}).layer_store.bucket == pattern
    assert problems({"asesoria_layer_bucket": "artifacts-{stage}"})


@pytest.mark.parametrize(
    ("variables", "asks"),
    [
        ({}, False),
        ({"asesoria_layer_keep_versions": 3}, True),
        ({"asesoria_create_user": False}, True),
        ({"asesoria_layer_keep_versions": 3, "service_watch_layer_users": False}, False),
        ({"service_watch_layer_users": True}, True),
    ],
)
def test_functions_are_listed_only_with_the_right_to(variables: dict[str, object], asks: bool) -> None:
    assert read(variables).status.layer_users is asks


def test_a_boolean_that_is_none_is_refused() -> None:
    assert problems({"asesoria_builder_spot": "perhaps"}) == [
        "asesoria_builder_spot: 'perhaps' is not a Boolean. Set it to true or false."
    ]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("asesoria_layers", [{"name": "a", "slim": "max"}]),
        ("asesoria_fleet", [{"architecture": "arm64", "count": 2}]),
        ("asesoria_layer_regions", ["eu-west-1"]),
        ("asesoria_layer_sharing", {"public": True}),
        ("asesoria_domain", {"name": "api.example.com", "certificate_arn": CERTIFICATE}),
        ("asesoria_functions", {"tick": {"handler": "a.b", "events": [{"schedule": "rate(5 minutes)"}]}}),
    ],
)
def test_lists_and_mappings_can_come_as_json(name: str, value: object) -> None:
    assert read({}, overrides={name: json.dumps(value)}) == read({name: value})


def test_an_empty_text_in_the_inventory_is_not_said() -> None:
    assert read({"asesoria_user": "", "iam_user_name": "ana"}).names.user == "ana"


def test_an_empty_text_on_the_command_line_takes_away_what_the_inventory_says() -> None:
    domain = {"name": "api.example.com", "certificate_arn": CERTIFICATE}
    assert read({"serverless_deploy_domain": domain}, overrides={"asesoria_domain": ""}).domain is None


# --- Unknown names ----------------------------------------------------------------------------------------------------


def test_a_mistyped_setting_is_refused_with_the_nearest_name() -> None:
    assert problems({"asesoria_front_dor": "rest_api"}) == [
        "asesoria_front_dor: there is no such setting. Did you mean asesoria_front_door? Correct the name."
    ]


def test_facts_of_the_playbooks_and_of_the_builders_are_no_settings() -> None:
    assert read({"asesoria__layer_plans": {}, "asesoria_builder_os": "Amazon Linux 2"}) == read({})


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"asesoria_layers": [{"name": "a", "slimm": "max"}]}, "'slimm'"),
        ({"asesoria_fleet": [{"type": "t3.micro"}]}, "'type'"),
        ({"asesoria_domain": {"name": "a.example.com", "certificate": CERTIFICATE}}, "certificate"),
        ({"asesoria_layer_sharing": {"account": ["123456789012"]}}, "'account'"),
        ({"asesoria_function_vpc": {"securityGroups": ["sg-12345678"]}}, "securityGroups"),
        ({"asesoria_layers": [{"name": "a", "sharing": {"orgs": []}}]}, "'orgs'"),
        ({"asesoria_endpoint_format": {"httpApi": "x"}}, "httpApi"),
    ],
)
def test_an_unknown_key_of_an_entry_is_refused_by_name(variables: dict[str, Any], said: str) -> None:
    assert any(said in each for each in problems(variables))


# --- Values -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"asesoria_runtime": "python2.7"}, "'python2.7' is not a Python runtime of Lambda"),
        ({"asesoria_architecture": "riscv"}, "'riscv' is not an architecture of Lambda"),
        ({"asesoria_region": "us-est-1"}, "Set it to us-east-1"),
        ({"asesoria_layer_regions": ["us-east-9"]}, "'us-east-9' is not a region"),
        ({"asesoria_stage": True}, "Put the text in quotation marks"),
        ({"asesoria_memory_size": 64}, "64 MB is not possible. Set it to 128 to 10240"),
        ({"asesoria_memory_size": "lots"}, "'lots' is not a whole number"),
        ({"asesoria_memory_size": True}, "True is not a whole number"),
        ({"asesoria_function_timeout": 901, "asesoria_front_door": "function_url"}, "901 seconds"),
        ({"asesoria_function_timeout": 31}, "the 30 that the front door http_api waits"),
        ({"asesoria_function_timeout": 30, "asesoria_front_door": "rest_api"}, "the 29 that the front door rest_api"),
        ({"asesoria_log_retention_days": 2}, "2 days is not possible. Set it to one of 1, 3, 5"),
        ({"asesoria_canary_weight": 100}, "100 percent is not possible"),
        ({"asesoria_canary_weight": -1}, "-1 percent is not possible"),
        ({"asesoria_routes": ["get /"]}, "'get /' is not a route"),
        ({"asesoria_routes": ["GET /"], "asesoria_front_door": "function_url"}, "a function URL has no routes"),
        ({"asesoria_cors": {"maxAge": 1}, "asesoria_front_door": "rest_api"}, "behind a REST API the app itself"),
        ({"asesoria_functions": {"tick": {"events": [{"schedule": "every day"}]}}}, "'every day' of the function tick"),
        ({"asesoria_functions": {"tick": {"events": [{"schedule": "rate(1 minutes)"}]}}}, "rate(1 minutes)"),
        (
            {"asesoria_functions": {"tick": {"events": [{"schedule": {"rate": ["cron(* * * * *)"]}}]}}},
            "cron(* * * * *)",
        ),
        ({"asesoria_functions": {"tick": {"events": {"schedule": "rate(1 hour)"}}}}, "Make them a list"),
        ({"asesoria_functions": {"tick": {"events": [{"schedule": 5}]}}}, "5 of the function tick is not a schedule"),
        ({"asesoria_functions": {"tick": {"events": [{"schedule": {"enabled": True}}]}}}, "None of the function tick"),
        ({"asesoria_functions": {"tick": {"events": [{"schedule": "at(2027-01-01T06:00:00)"}]}}}, "method: scheduler"),
        (
            {"asesoria_functions": {"api": {"handler": "a.b"}}},
            "the function api would be the same resource of CloudFormation as the app itself",
        ),
        ({"asesoria_function_environment": {"AWS_REGION": "x"}}, "Lambda sets the environment variable AWS_REGION"),
        ({"asesoria_function_environment": {"A": "x"}}, "'A' is not a name for an environment variable"),
        ({"asesoria_function_environment": {"AB": "x" * 4096}}, "and Lambda takes 4096"),
        ({"asesoria_function_environment": {"AB": [1, 2]}}, "the environment variable AB is [1, 2]"),
        ({"asesoria_function_environment": {"AB": None}}, "the environment variable AB is None"),
        ({"asesoria_function_vpc": {"subnetIds": ["subnet-12345678"]}}, "lacks securityGroupIds"),
        ({"asesoria_function_vpc": {"subnetIds": 42, "securityGroupIds": ["sg-12345678"]}}, "42 is not a list"),
        (
            {"asesoria_function_vpc": {"subnetIds": ["net-1"], "securityGroupIds": ["sg-12345678"]}},
            "'net-1' in subnetIds",
        ),
        ({"asesoria_wsgi_app": "a.app", "asesoria_asgi_app": "b.app"}, "asesoria_wsgi_app is set as well"),
        ({"serverless_deploy_wsgi_app": "a.app", "asesoria_asgi_app": "b.app"}, "serverless_deploy_wsgi_app is set"),
        ({"asesoria_cli": "osls@9"}, "'osls@9' is not a Serverless CLI"),
        ({"asesoria_packaging": "zip"}, "'zip' is not one of layer, requirements"),
        ({"asesoria_fleet": [{"count": 0}]}, "asesoria_fleet[1].count: 0 builders"),
        ({"asesoria_fleet": [{"instance_type": "t4g.micro"}]}, "'t4g.micro' has arm64 processors"),
        ({"asesoria_fleet": [{"architecture": "arm64", "instance_type": "t3.micro"}]}, "'t3.micro' has x86_64"),
        ({"asesoria_builder_access": "cidr"}, "builders are reached by cidr, and builder_ec2_cidr names no networks"),
        (
            {"asesoria_builder_access": "ssm", "builder_ec2_cidr": ["192.0.2.0/24"]},
            "builders are reached by ssm, and builder_ec2_cidr names 1 network. Networks go with cidr",
        ),
        (
            {"asesoria_functions": {"Api": {"handler": "app.x"}}},
            "the function Api would be the same resource of CloudFormation as the app itself",
        ),
        (
            {"asesoria_functions": {"a-b": {"handler": "app.x"}, "aDashb": {"handler": "app.y"}}},
            "the function aDashb would be the same resource of CloudFormation as the function a-b",
        ),
        ({"asesoria_functions": {"x": {"handler": "a.x", "timeout": 1000}}}, "timeout of the function x is 1000"),
        ({"asesoria_functions": {"x": {"handler": "a.x", "memorySize": 64}}}, "memorySize of the function x is 64"),
        ({"asesoria_cors": {"origins": ["x"]}}, "there is no rule origins. Use allowCredentials, "),
        (
            {"asesoria_layer_name": "a", "asesoria_layers": [{"name": "a", "runtime": "python3.12"}]},
            "the app's layer a is for python3.12, and the function's runtime is python3.11",
        ),
        (
            {"asesoria_layer_name": "a", "asesoria_layers": [{"name": "a", "architecture": "arm64"}]},
            "the app's layer a is for arm64, and the function's architecture is x86_64",
        ),
        (
            {"asesoria_app_dir": "~/app", "asesoria_state_dir": "~/app/state"},
            "~/app/state is in the app's folder ~/app, whose files are deployed",
        ),
        (
            {"asesoria_app_dir": "/srv/app", "serverless_deploy_work_dir": "/srv/app/.work"},
            "/srv/app/.work is in the app's folder /srv/app",
        ),
        ({"builder_ec2_instance_type": "micro"}, "'micro' is not an instance type"),
        ({"builder_ec2_cidr": ["everybody"]}, "'everybody' is neither an address nor a network"),
        ({"asesoria_layer_sharing": {"accounts": ["1234567890"]}}, "'1234567890' is not the number of an AWS account"),
        ({"asesoria_layer_sharing": "everybody"}, "'everybody' is not a mapping"),
        ({"asesoria_layer_allow": [{"rule": "damaged"}]}, "Give it rule and distribution"),
        ({"asesoria_layer_description": "x" * 190}, "the text has 190 characters. Shorten it to 189"),
        ({"asesoria_layers": [{"requirements": "a.txt"}]}, "an entry has no name"),
        ({"asesoria_layers": [{"name": "a"}, {"name": "a"}]}, "has a twice"),
        ({"asesoria_layers": [{"name": "a b"}]}, "a list of layers, and 'a b' is not a name for a layer"),
        ({"asesoria_layers": [{"name": "a"}], "asesoria_layer_name": "b"}, "'b' is not among asesoria_layers"),
        ({"iam_user_playbooks": ["all"]}, "iam_user_playbooks: there is no all"),
        ({"iam_user_path": "apps"}, "'apps' is not a path of IAM"),
        ({"iam_user_permissions_boundary": "x"}, "'x' is not the ARN of a policy"),
        (
            {"asesoria_function_environment": "nothing"},
            "asesoria_function_environment: the value is not a mapping",
        ),
        ({"asesoria_layers": "[{"}, "is not JSON"),
        (
            {"asesoria_environment": {"AWS_PROFILE": "a"}, "asesoria_profile": "b"},
            "its AWS_PROFILE is 'a', and asesoria_profile is 'b'",
        ),
        # The account of the tutorial, which has ten digits.
        (
            {"asesoria_domain": {"name": "a.example.com", "certificate_arn": CERTIFICATE.replace("9012", "90")}},
            "names an account that does not have 12 digits",
        ),
        ({"serverless_deploy_deployment_role": "arn:aws:iam::1234567890:role/x"}, "does not have 12 digits"),
    ],
)
def test_a_wrong_value_is_refused_with_its_name_and_an_action(variables: dict[str, Any], said: str) -> None:
    found = problems(variables)
    assert any(said in each for each in found), found
    assert all(each.endswith(".") for each in found)


def test_all_that_is_wrong_is_said_together() -> None:
    wrong = {"asesoria_runtime": "x", "asesoria_region": "x", "asesoria_memory_size": 1, "asesoria_nowhere": 1}
    assert len(problems(wrong)) == 4


def test_an_own_configuration_says_by_itself_what_its_api_is() -> None:
    own = {"asesoria_config_source": "app", "asesoria_function_timeout": 300}
    settings = read(own)
    assert (settings.front_door, settings.app.interface, settings.app.object) == ("", "", "")


def test_a_retired_runtime_can_still_be_torn_down() -> None:
    assert read({"asesoria_runtime": "python3.9"}).runtime == "python3.9"


# --- Layers -----------------------------------------------------------------------------------------------------------


def test_an_entry_inherits_what_it_does_not_say() -> None:
    settings = read(
        {
            "asesoria_runtime": "python3.13",
            "asesoria_layer_slim": "max",
            "asesoria_layer_regions": ["eu-west-1"],
            "asesoria_layers": [{"name": "a"}, {"name": "b", "slim": "none", "runtime": "python3.12", "regions": []}],
        }
    )
    first, second = settings.layers
    assert (first.runtime, first.slim, first.regions) == ("python3.13", "max", ("eu-west-1",))
    assert (second.runtime, second.slim, second.regions) == ("python3.12", "none", ())
    assert first.requirements == "/collection/examples/flask/requirements.txt"
    assert settings.app.layer == settings.names.layer == "a"
    assert settings.access.layer_names == ("a", "b")
    assert settings.access.layer_regions == ("eu-west-1",)


def test_a_role_variable_of_the_command_line_does_not_silently_win_over_an_entry() -> None:
    layers = {"asesoria_layers": [{"name": "a", "slim": "safe"}]}
    assert problems(layers, overrides={"lambda_layer_slim": "max"}) == [
        (
            "asesoria_layers[a].slim and lambda_layer_slim: the command line's 'max' would win over the entry's "
            "'safe'. Set one of them alone."
        )
    ]


def test_a_layer_says_what_it_is_for() -> None:
    (layer,) = read({"asesoria_service": "shop", "asesoria_asgi_app": "main.app"}).layers
    assert layer.description == "Dependencies of shop for python3.11"


# --- The environment --------------------------------------------------------------------------------------------------

ADMIN = {
    "AWS_ACCESS_KEY_ID": "A",
    "AWS_SECRET_ACCESS_KEY": "S",
    "AWS_ENDPOINT_URL": "http://x",
    "AWS_REGION": "eu-west-1",
}


def environment(given_one: Mapping[str, str], *, create_user: bool = True) -> Any:
    """Return the environment of the stages after access.yml."""
    return user_environment(given_one, ADMIN, profile="ana", region="us-east-1", create_user=create_user)


def test_the_user_has_the_administrators_environment_without_the_credentials() -> None:
    assert environment({}) == {
        "AWS_ENDPOINT_URL": "http://x",
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_PROFILE": "ana",
        "AWS_ACCESS_KEY_ID": "",
        "AWS_SECRET_ACCESS_KEY": "",
        "AWS_SESSION_TOKEN": "",
    }


def test_without_a_user_the_administrator_does_all() -> None:
    assert environment({}, create_user=False) == ADMIN


def test_an_environment_that_is_given_stays_as_it_is() -> None:
    assert environment({"AWS_PROFILE": "bob"}) == {"AWS_PROFILE": "bob"}
    assert environment({"AWS_REGION": "eu-west-1"}) == {"AWS_REGION": "eu-west-1", "AWS_PROFILE": "ana"}


# --- Any valid settings -----------------------------------------------------------------------------------------------

_VALID = st.fixed_dictionaries(
    {},
    optional={
        "asesoria_service": st.from_regex(r"[a-z][a-z0-9]{1,10}", fullmatch=True),
        "asesoria_stage": st.from_regex(r"[a-z0-9]{1,5}", fullmatch=True),
        "asesoria_region": st.sampled_from(REGIONS),
        "asesoria_runtime": st.sampled_from(sorted(RUNTIMES)),
        "asesoria_architecture": st.sampled_from(ARCHITECTURES),
        "asesoria_front_door": st.sampled_from(limits.FRONT_DOORS),
        "asesoria_memory_size": st.sampled_from([128, "1024", 10_240]),
        "asesoria_canary_weight": st.integers(0, 99),
        "asesoria_log_retention_days": st.sampled_from(limits.LOG_RETENTION_DAYS),
        "asesoria_packaging": st.sampled_from(["layer", "requirements"]),
        "asesoria_builder_access": st.sampled_from(["my_ip", "ssm", "tailscale"]),
        "asesoria_builder_spot": st.sampled_from([True, "true", "no"]),
        "asesoria_create_user": st.booleans(),
        "asesoria_deployment_role": st.booleans(),
        "asesoria_layer_keep_versions": st.integers(0, 5),
        "asesoria_layer_sharing": st.sampled_from(["", {}, {"public": "true"}, {"accounts": ["123456789012"]}]),
        "asesoria_layers": st.lists(
            st.fixed_dictionaries(
                {"name": st.from_regex(r"[a-z]{1,6}", fullmatch=True)},
                optional={"slim": st.sampled_from(["none", "safe", "max"]), "regions": st.just(["eu-west-1"])},
            ),
            unique_by=lambda entry: entry["name"],
            max_size=3,
        ),
    },
)


@hypothesis_settings(max_examples=100, deadline=None)
@given(variables=_VALID)
def test_valid_settings_are_one_structure_whatever_form_they_come_in(variables: dict[str, Any]) -> None:
    settings = read(variables)
    found = settings.as_dict()
    assert json.loads(json.dumps(found)) == found, "the playbooks get plain values"
    as_text = {
        name: json.dumps(value) if isinstance(value, (list, dict)) else str(value) for name, value in variables.items()
    }
    assert read({}, overrides=as_text) == settings
    assert settings.app.layer in ("", *(layer.name for layer in settings.layers))
    assert set(settings.access.layer_names) == {layer.name for layer in settings.layers}
    assert all(layer.description for layer in settings.layers)
    assert bool(settings.canary.alias) == (settings.canary.weight > 0)


def test_a_relative_path_counts_from_where_the_run_was_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    settings = read(
        {
            "asesoria_app_dir": "apps/shop",
            "asesoria_state_dir": "~/state",
            "asesoria_cli": "tools/cli",
            "asesoria_layers": [{"name": "a", "requirements": "more.txt", "constraints": "./limits.txt"}],
        }
    )
    assert settings.app.dir == str(tmp_path / "apps/shop")
    assert settings.app.requirements == str(tmp_path / "apps/shop/requirements.txt")
    assert (settings.folders.state, settings.app.cli) == ("~/state", str(tmp_path / "tools/cli"))
    layer = next(each for each in settings.layers if each.name == "a")
    assert (layer.requirements, layer.constraints) == (str(tmp_path / "more.txt"), str(tmp_path / "limits.txt"))


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("serverless_deploy_servce", "serverless_deploy_service"),
        ("lambda_layer_runtme", "lambda_layer_runtime"),
        ("iam_user_emails", ""),
        ("serverless_deploy_unverified", ""),
        ("serverless_deployment", ""),
        ("other", ""),
    ],
)
def test_a_mistyped_variable_of_a_role_is_refused_and_one_of_the_users_own_is_not(name: str, meant: str) -> None:
    known = {"serverless_deploy_service", "lambda_layer_runtime", "iam_user_name", "serverless_deploy_unverified"}
    found = [str(each) for each in find_unknown([name], role_variables=known)]
    said = f"{name}: no role has such a variable. Did you mean {meant}? Correct the name."
    assert found == ([said] if meant else [])
