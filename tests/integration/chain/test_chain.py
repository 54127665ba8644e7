# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The life of a service, in the order of this file: planned, made, left alone, planned again, taken down."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.tests.unit import chain_calls, cloudformation_permissions
from ansible_collections.asesoria.serverless.tests.unit.access import request_for
from botocore.exceptions import ClientError

from . import permissions
from .conftest import ODD_NAME
from .support import ADMIN_KEY, CHECKOUT, WELCOME, Chain, ProcessWatch, Run, ask, has_python_with_pip

STAGES = ("preflight", "lock", "access", "builder", "python", "layer", "deploy", "verify", "status")


_NEEDS_PYTHON = pytest.mark.skipif(
    not has_python_with_pip(), reason="there is no python3.11 with pip, so a builder is needed"
)
#: States of an instance that is no more.
GONE = {"shutting-down", "terminated"}


#: Every type of resource that the chain, or something like it, could make: the service, the call that lists them, where
#: the answer has them, and what they are called there.
_LISTS = {
    "user": ("iam", "list_users", "Users", "UserName"),
    "policy": ("iam", "list_policies", "Policies", "PolicyName"),
    "role": ("iam", "list_roles", "Roles", "RoleName"),
    "instance profile": ("iam", "list_instance_profiles", "InstanceProfiles", "InstanceProfileName"),
    "key pair": ("ec2", "describe_key_pairs", "KeyPairs", "KeyName"),
    "security group": ("ec2", "describe_security_groups", "SecurityGroups", "GroupName"),
    "launch template": ("ec2", "describe_launch_templates", "LaunchTemplates", "LaunchTemplateName"),
    "volume": ("ec2", "describe_volumes", "Volumes", "VolumeId"),
    "snapshot": ("ec2", "describe_snapshots", "Snapshots", "SnapshotId"),
    "address": ("ec2", "describe_addresses", "Addresses", "AllocationId"),
    "image": ("ec2", "describe_images", "Images", "ImageId"),
    "function": ("lambda", "list_functions", "Functions", "FunctionName"),
    "layer": ("lambda", "list_layers", "Layers", "LayerName"),
    "stack": ("cloudformation", "describe_stacks", "Stacks", "StackName"),
    "bucket": ("s3", "list_buckets", "Buckets", "Name"),
    "log group": ("logs", "describe_log_groups", "logGroups", "logGroupName"),
    "HTTP API": ("apigatewayv2", "get_apis", "Items", "Name"),
    "REST API": ("apigateway", "get_rest_apis", "items", "name"),
    "secret": ("secretsmanager", "list_secrets", "SecretList", "Name"),
    "queue": ("sqs", "list_queues", "QueueUrls", None),
    "topic": ("sns", "list_topics", "Topics", "TopicArn"),
    "table": ("dynamodb", "list_tables", "TableNames", None),
    "rule": ("events", "list_rules", "Rules", "Name"),
}


def account(chain: Chain) -> dict[str, list[str]]:
    """What there is of every type of resource, by name; AWS's own policies and images are left out."""
    own = {"policy": {"Scope": "Local"}, "image": {"Owners": ["self"]}, "snapshot": {"OwnerIds": ["self"]}}
    found = {}
    for kind, (service, method, key, name) in _LISTS.items():
        listed = getattr(chain.client(service), method)(**own.get(kind, {})).get(key, [])
        found[kind] = sorted(each[name] if name else each for each in listed)
    return {**found, "instance": sorted(instance_states(chain) - GONE)}


@pytest.fixture(scope="session")
def before(chain: Chain) -> dict[str, list[str]]:
    """What there was before the first run."""
    return account(chain)


def instance_states(chain: Chain) -> set[str]:
    """The states that the account's instances are in."""
    reservations = chain.client("ec2").describe_instances()["Reservations"]
    return {instance["State"]["Name"] for reservation in reservations for instance in reservation["Instances"]}


def assert_nothing_done(chain: Chain, run: Run, *, since: int, files: dict[str, str]) -> None:
    """The run neither called AWS to write nor touched a file."""
    run.ok()
    assert chain.writes(since=since) == []
    assert chain.files() == files


@pytest.mark.oldest
def test_a_plan_before_the_first_run_writes_nothing(chain: Chain, before: dict[str, list[str]]) -> None:
    since, files = chain.calls, chain.files()
    run = chain.play("site.yml", "--check", "--diff")
    assert_nothing_done(chain, run, since=since, files=files)
    assert account(chain) == before
    assert chain.calls > since, "the plan asked AWS nothing, so it can't know anything"
    assert run.changed > 0


@pytest.mark.oldest
def test_the_first_run_ends_with_an_answer_and_shows_no_secret(chain: Chain) -> None:
    with ProcessWatch().watching() as watch:
        run = chain.play("site.yml", "-vvv").ok()
    assert ask(run) == WELCOME
    secret = chain.secret
    assert len(secret) >= 20
    assert secret not in run.output
    assert not [line for line in watch.command_lines if secret in line]
    assert any("ansible-playbook" in line for line in watch.command_lines), "the watch saw nothing"
    holders = [path for path in chain.folder.rglob("*") if path.is_file() and secret.encode() in path.read_bytes()]
    assert holders == [chain.sandbox / "aws/credentials"]


def test_the_first_run_ends_with_a_summary_and_a_page(chain: Chain) -> None:
    page = (chain.sandbox / "state/reports/mi-api-flask-dev.html").read_text(encoding="utf-8")
    changes = re.findall("<li>(.*?)</li>", page.partition('<ul id="changes">')[2].partition("</ul>")[0])
    assert [re.sub(" i-[0-9a-f]+", " i-", change) for change in changes] == [
        "created the IAM user asesoria",
        "started the builder i-",
        "published the layer version flask-dependencies-py311:1",
        "deployed mi-api-flask-dev",
    ]
    # One answer that the deployment was verified by, and nine for the picture.
    assert len(re.findall("<rect ", page)) == 10
    stages = re.findall(r"<tr><td>(\w+)</td><td>[\d.]+ s</td>", page)
    assert stages == ["preflight", "lock", "access", "builder", "python", "layer", "deploy"]
    assert "min of t3.micro" in page
    assert re.search(r"[\d.]+ MB of 262.1 MB unzipped", chain.play("playbooks/report.yml").ok().output)


#: What the chain's user may not do, though it may do the like with what is its own.
_FOREIGN = {
    "another stage's stack": ("cloudformation", "describe_stacks", {"StackName": "mi-api-flask-prod"}),
    "another service's stack": ("cloudformation", "delete_stack", {"StackName": "somebody-elses-dev"}),
    "another service's function": ("lambda", "delete_function", {"FunctionName": "somebody-elses-dev-api"}),
    "another stage's function": ("lambda", "get_function", {"FunctionName": "mi-api-flask-prod-api"}),
    "another layer": ("lambda", "publish_layer_version", {"LayerName": "theirs", "Content": {"ZipFile": b"PK"}}),
    "another layer's version": ("lambda", "delete_layer_version", {"LayerName": "theirs", "VersionNumber": 1}),
    "another bucket": ("s3", "create_bucket", {"Bucket": "theirs"}),
    "another log": ("logs", "filter_log_events", {"logGroupName": "/aws/lambda/theirs"}),
    "another role": ("iam", "delete_role", {"RoleName": "theirs"}),
    "a user": ("iam", "create_user", {"UserName": "accomplice"}),
    "a key": ("iam", "create_access_key", {"UserName": "asesoria"}),
    "a policy": ("iam", "attach_user_policy", {"UserName": "asesoria", "PolicyArn": "arn:aws:iam::aws:policy/Any"}),
}


@pytest.mark.parametrize("call", _FOREIGN.values(), ids=_FOREIGN)
def test_the_user_may_not_touch_what_is_not_its_own(chain: Chain, call: tuple[str, str, dict[str, Any]]) -> None:
    service, method, arguments = call
    with pytest.raises(ClientError) as refusal:
        getattr(chain.client_of_user(service), method)(**arguments)
    assert refusal.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")


def test_a_secret_that_is_not_the_users_is_refused(chain: Chain) -> None:
    mine = {"StackName": "mi-api-flask-dev"}
    assert chain.client_of_user("cloudformation").describe_stacks(**mine)["Stacks"]
    with pytest.raises(ClientError) as refusal:
        chain.client_of_user("cloudformation", secret="guessed").describe_stacks(**mine)
    assert refusal.value.response["Error"]["Code"] == "SignatureDoesNotMatch"


def install(environment: Mapping[str, str], *, folder: Path) -> tuple[Path, Path]:
    """Build the collection and install it.

    :param environment: Environment of the commands.
    :param folder: An empty folder for the archive and the collection.
    :returns: The folder of collections, and the installed collection in it.
    """
    archives, collections = folder / "build", folder / ODD_NAME
    galaxy = ["ansible-galaxy", "collection"]
    build = [*galaxy, "build", str(CHECKOUT), "--output-path", str(archives)]
    subprocess.run(build, check=True, capture_output=True, env=environment)
    (archive,) = archives.glob("asesoria-serverless-*.tar.gz")
    command = [*galaxy, "install", str(archive), "--no-deps", "--force", "--collections-path", str(collections)]
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return collections, collections / "ansible_collections/asesoria/serverless"


@pytest.mark.oldest
def test_the_second_run_of_an_installed_collection_in_an_empty_folder_changes_nothing(
    chain: Chain, tmp_path: Path
) -> None:
    """The first run was one of the checkout."""
    collections, installed = install(chain.environment, folder=tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    elsewhere = Chain(
        folder=chain.folder,
        port=chain.port,
        environment={
            "ANSIBLE_COLLECTIONS_PATH": str(collections),
            "ANSIBLE_INVENTORY": str(installed / "inventory/sandbox"),
        },
    )
    since, files = chain.calls, chain.files()
    run = elsewhere.play("asesoria.serverless.site", "-vvv", cwd=empty)
    assert_nothing_done(chain, run, since=since, files=files)
    assert f"task path: {installed}/roles/preflight" in run.output
    assert list(empty.iterdir()) == []
    assert run.changed_tasks == []
    assert run.changed == 0
    assert chain.layer_versions() == [1]
    assert len(chain.client("iam").list_access_keys(UserName="asesoria")["AccessKeyMetadata"]) == 1
    assert ask(run) == WELCOME
    said = " ".join(run.output.split())
    assert "as before the IAM user asesoria" in said
    assert "as before no builder, as none was needed" in said
    assert "as before mi-api-flask-dev, as it was deployed" in said


def test_a_plan_after_the_run_finds_nothing_to_do(chain: Chain) -> None:
    since, files = chain.calls, chain.files()
    run = chain.play("site.yml", "--check", "--diff")
    assert_nothing_done(chain, run, since=since, files=files)
    assert run.changed_tasks == []


@pytest.fixture(scope="session")
def alone(chain: Chain) -> Callable[[str], Run]:
    """The run of a stage by itself, the same for all tests that look at what it said."""

    @cache
    def play(stage: str) -> Run:
        since = chain.calls
        run = chain.play(f"playbooks/{stage}.yml").ok()
        assert chain.writes(since=since) == []
        return run

    return play


@pytest.mark.parametrize("stage", STAGES)
def test_every_stage_runs_alone(alone: Callable[[str], Run], stage: str) -> None:
    assert alone(stage).changed == 0


def test_the_status_says_what_is_deployed_and_what_costs_money(alone: Callable[[str], Run]) -> None:
    said = " ".join(alone("status").output.split())
    assert "mi-api-flask-dev is UPDATE_COMPLETE" in said
    assert re.search(r"flask-dependencies-py311:1, [\d.]+ MB, the newest that fits", said)
    assert "/aws/lambda/mi-api-flask-dev-api" in said
    assert "kept 14 days" in said
    assert re.search(r"builder i-\w+ \(t3.micro, stage dev\) is running", said)
    assert "AccessDenied" not in said


def test_the_log_is_followed_and_each_line_is_shown_once(chain: Chain, alone: Callable[[str], Run]) -> None:
    run = alone("verify")
    following = chain.popen("playbooks/logs.yml", "-e", "asesoria_logs_seconds=10")
    assert following.stdout is not None
    seen = []
    for line in following.stdout:
        seen.append(line)
        if "REPORT RequestId" in line:
            break
    ask(run)
    seen += following.stdout.readlines()
    assert following.wait() == 0, "".join(seen)
    reports = [line for line in seen if "REPORT RequestId" in line]
    assert len(reports) == len(set(reports))
    count = len(reports)
    once = chain.play("playbooks/logs.yml", "-e", "asesoria_logs_follow=false").ok()
    assert once.output.count("REPORT RequestId") == count, "what was asked while it was followed was not shown"


def test_the_builder_is_closed_and_encrypted(chain: Chain) -> None:
    ec2 = chain.client("ec2")
    (reservation,) = ec2.describe_instances(
        Filters=[
            {"Name": "tag:Role", "Values": ["lambda-builder"]},
            {"Name": "instance-state-name", "Values": ["running"]},
        ]
    )["Reservations"]
    (instance,) = reservation["Instances"]
    assert instance["InstanceType"] == "t3.micro"
    assert instance["KeyName"] == "lambda-builder-keys"
    assert instance["MetadataOptions"]["HttpTokens"] == "required"
    (group,) = ec2.describe_security_groups(GroupIds=[group["GroupId"] for group in instance["SecurityGroups"]])[
        "SecurityGroups"
    ]
    (rule,) = group["IpPermissions"]
    assert (rule["FromPort"], rule["ToPort"], [range_["CidrIp"] for range_ in rule["IpRanges"]]) == (
        22,
        22,
        ["127.0.0.1/32"],
    )
    assert rule["Ipv6Ranges"] == []
    volumes = ec2.describe_volumes(Filters=[{"Name": "attachment.instance-id", "Values": [instance["InstanceId"]]}])
    assert [volume["Encrypted"] for volume in volumes["Volumes"]] == [True]
    assert (chain.sandbox / "ssh/lambda-builder-keys.pem").stat().st_mode & 0o777 == 0o600


def test_without_an_inventory_the_builder_is_found_all_the_same(chain: Chain, tmp_path: Path) -> None:
    """Nothing but variables is given: what the inventory's plugin would find, the playbook finds."""
    inventory = CHECKOUT / "inventory/sandbox"
    bare = Chain(folder=chain.folder, port=chain.port, environment={"ANSIBLE_INVENTORY": ""}, shell={})
    where = {
        "inventory_dir": str(inventory),
        "python311_from_source_reuse": True,
    }
    given = ["-e", f"@{inventory}/group_vars/all.yml", "-e", json.dumps(where)]
    run = bare.play("asesoria.serverless.builder", *given, cwd=tmp_path).ok()
    assert "Add the builders to the group" in run.output
    assert "Wait until the builders can be reached" in run.output
    assert run.changed_tasks == []


#: Where the layer would be built anew, in a folder that nobody can make.
NO_FOLDER = ("-e", "lambda_layer_force=true", "-e", "lambda_layer_work_dir=/proc/nowhere")


def test_a_failed_build_keeps_its_builder_only_if_it_is_told_to(chain: Chain) -> None:
    assert "running" in instance_states(chain)
    unknown = ("-e", "python311_from_source_version=3.11.99", "-e", "builder_ec2_after_failure=keep")
    run = chain.play("playbooks/python.yml", *unknown).refused()
    assert "3.11.99" in run.message
    assert "goes on running, as builder_ec2_after_failure says" in " ".join(run.output.split())
    assert "running" in instance_states(chain)

    run = chain.play("playbooks/layer.yml", *NO_FOLDER, "-e", "builder_ec2_after_build=terminate").refused()
    assert "/proc/nowhere" in run.message
    assert instance_states(chain) <= GONE
    assert (chain.sandbox / "ssh/known_hosts").read_text() == ""


def with_layers(chain: Chain) -> tuple[str, ...]:
    """The options for a run with two layers."""
    requirements = chain.folder / "second.txt"
    requirements.write_text("click\n", encoding="utf-8")
    second = {"name": "second", "requirements": str(requirements), "slim": "max", "description": "Another layer"}
    return ("-e", json.dumps({"asesoria_layers": [{"name": "flask-dependencies-py311"}, second]}))


def test_layers_are_spread_over_builders_that_end_with_the_build(chain: Chain) -> None:
    given = (*with_layers(chain), "-e", "builder_ec2_after_build=terminate", "-e", "builder_ec2_count=2")
    first = chain.play("site.yml", *given, "-e", "lambda_layer_force=true").ok()
    assert first.output.count("is built on a builder") == 2
    assert any(task.endswith("Start the missing machines") for task in first.changed_tasks)
    fetched_from = re.findall(r"^(?:changed|ok): \[(i-[0-9a-f]+)\] => \(item=zip\)", first.output, re.MULTILINE)
    assert len(fetched_from) == len(set(fetched_from)) == 2, "one builder has done all the work"
    assert ask(first) == WELCOME
    assert instance_states(chain) <= GONE
    assert (chain.layer_versions(), chain.layer_versions("second")) == ([1], [1])
    manifest = json.loads((chain.sandbox / "state/layers/second.manifest.json").read_text(encoding="utf-8"))
    assert manifest["slim"] == "max"
    assert [each["name"] for each in manifest["distributions"]] == ["click"]

    since, files = chain.calls, chain.files()
    second = chain.play("site.yml", *given)
    assert_nothing_done(chain, second, since=since, files=files)
    assert second.changed_tasks == []
    assert second.output.count("is built already") == 2


def test_a_list_of_layers_that_is_none_is_refused(chain: Chain) -> None:
    layers = [{"name": "a"}, {"name": "a", "slimm": "max"}]
    run = chain.play("playbooks/lock.yml", "-e", json.dumps({"asesoria_layers": layers})).refused()
    assert "asesoria_layers is a list of layers" in run.message


def add_table(chain: Chain) -> None:
    """Let the service have a table, as an app with data would."""
    cloudformation = chain.client("cloudformation")
    template = cloudformation.get_template(StackName="mi-api-flask-dev")["TemplateBody"]
    template = json.loads(template) if isinstance(template, str) else dict(template)
    template["Resources"]["Orders"] = {
        "Type": "AWS::DynamoDB::Table",
        "Properties": {
            "TableName": "orders",
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "BillingMode": "PAY_PER_REQUEST",
        },
    }
    capabilities = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]
    body = json.dumps(template)
    cloudformation.update_stack(StackName="mi-api-flask-dev", TemplateBody=body, Capabilities=capabilities)
    cloudformation.get_waiter("stack_update_complete").wait(StackName="mi-api-flask-dev", WaiterConfig={"Delay": 1})


def test_teardown_removes_no_data_unless_it_is_told_to(chain: Chain) -> None:
    add_table(chain)
    there = account(chain)
    since, files = chain.calls, chain.files()
    run = chain.play("playbooks/teardown.yml", *with_layers(chain)).refused()
    assert "would go orders (AWS::DynamoDB::Table), and what is in them" in run.message
    assert "-e asesoria_teardown_confirm=mi-api-flask-dev" in run.message
    assert chain.writes(since=since) == []
    assert (account(chain), chain.files()) == (there, files)


@pytest.mark.oldest
def test_teardown_leaves_nothing_of_ours_and_everything_else(chain: Chain, before: dict[str, list[str]]) -> None:
    iam, ec2, cloudformation = chain.client("iam"), chain.client("ec2"), chain.client("cloudformation")
    iam.create_user(UserName="somebody-else")
    ec2.create_key_pair(KeyName="somebody-elses-key")
    theirs = {"LayerName": "second", "Content": {"ZipFile": b"PK\x05\x06" + bytes(18)}}
    number = chain.client("lambda").publish_layer_version(**theirs)["Version"]
    confirmed = ("-e", "asesoria_teardown_confirm=mi-api-flask-dev")
    run = chain.play("playbooks/teardown.yml", *with_layers(chain), *confirmed).ok()
    # YAML writes a quote in a quoted text twice.
    said = " ".join(run.output.split()).replace("''", "'")
    assert f"left: version {number} of the layer second in us-east-1: not published by this collection" in said
    assert f"left: {chain.sandbox}/state/cli: the Serverless CLI, for the next deployment" in said
    assert "left: the" not in said
    chain.client("lambda").delete_layer_version(LayerName="second", VersionNumber=number)

    expected = {**before, "user": [*before["user"], "somebody-else"], "key pair": ["somebody-elses-key"]}
    assert account(chain) == {kind: sorted(names) for kind, names in expected.items()}

    assert [user["UserName"] for user in iam.list_users()["Users"]] == ["somebody-else"]
    assert iam.list_policies(Scope="Local")["Policies"] == []
    assert [role["RoleName"] for role in iam.list_roles()["Roles"] if "mi-api-flask" in role["RoleName"]] == []
    assert [key["KeyName"] for key in ec2.describe_key_pairs()["KeyPairs"]] == ["somebody-elses-key"]
    groups = [group["GroupName"] for group in ec2.describe_security_groups()["SecurityGroups"]]
    assert set(groups) == {"default"}
    assert instance_states(chain) <= {"terminated"}
    assert (chain.layer_versions(), chain.layer_versions("second")) == ([], [])
    assert chain.client("lambda").list_functions()["Functions"] == []
    live = [
        stack for stack in cloudformation.list_stacks()["StackSummaries"] if stack["StackStatus"] != "DELETE_COMPLETE"
    ]
    assert live == []
    assert chain.client("s3").list_buckets()["Buckets"] == []
    assert chain.client("logs").describe_log_groups()["logGroups"] == []


def test_teardown_leaves_the_users_own_files_as_they_were(chain: Chain) -> None:
    assert b"# mine; don't touch\n[personal]\n  key=value\n" in chain.aws_files["credentials"]
    assert b"asesoria" not in chain.aws_files["credentials"] + chain.aws_files["config"]
    assert not (chain.sandbox / "ssh/lambda-builder-keys.pem").exists()
    assert not (chain.home / ".aws").exists()
    assert [path.name for path in (chain.sandbox / "state/layers").iterdir()] == []


def test_a_second_teardown_changes_nothing(chain: Chain) -> None:
    since, there = chain.calls, account(chain)
    assert chain.play("playbooks/teardown.yml").ok().changed == 0
    assert chain.writes(since=since) == []
    assert account(chain) == there


@_NEEDS_PYTHON
def test_a_layer_of_wheels_needs_no_builder(chain: Chain) -> None:
    given = ["site.yml", "-e", "asesoria_layer_strategy=auto"]
    since = chain.calls
    first = chain.play(*given).ok()
    assert "is built on the control node: there is a wheel of everything" in first.output
    assert ask(first) == WELCOME
    assert [call for call in chain.writes(since=since) if call.startswith("ec2:")] == []
    assert instance_states(chain) <= {"terminated"}
    assert len(chain.layer_versions()) == 1


@_NEEDS_PYTHON
def test_the_policies_allow_what_all_this_took_and_nothing_without_a_reason(chain: Chain) -> None:
    policies = chain.policies()
    assert sorted(policies) == [
        "asesoria-mi-api-flask-dev-builder",
        "asesoria-mi-api-flask-dev-deploy",
        "asesoria-mi-api-flask-dev-layer",
    ]
    allowed = permissions.allowed(policies.values())
    called = permissions.called(chain.request_log, but_by=ADMIN_KEY)
    assert {"lambda:PublishLayerVersion", "ec2:RunInstances", "cloudformation:DeleteStack"} <= called
    assert called - allowed - set(permissions.ASKED_IN_VAIN) == set()
    # The unit tests compare the policies for any settings with this table of calls.
    table = {call.action for call in chain_calls.calls_of(request_for())}
    assert called - table - set(permissions.ASKED_IN_VAIN) == set()

    # CloudFormation acts with the rights of whoever deploys.
    template = chain.client("cloudformation").get_template(StackName="mi-api-flask-dev")["TemplateBody"]
    template = json.loads(template) if isinstance(template, str) else template
    deploy = permissions.allowed([policies["asesoria-mi-api-flask-dev-deploy"]])
    assert cloudformation_permissions.lacking(template, deploy) == []
    handled = {action.lower() for action in cloudformation_permissions.handled(template)}
    idle = {action for action in allowed - called if action not in deploy or action.lower() not in handled}
    assert sorted(idle - set(permissions.WITHOUT_A_CALL)) == []
    assert sorted(set(permissions.WITHOUT_A_CALL) - allowed) == []


@_NEEDS_PYTHON
def test_without_a_user_of_its_own_it_runs_as_whoever_runs_it(chain: Chain) -> None:
    """The second run with wheels, too: it finds nothing to do."""
    since, files = chain.calls, chain.files()
    run = chain.play("site.yml", "-e", "asesoria_layer_strategy=auto", "-e", "asesoria_create_user=false")
    assert_nothing_done(chain, run, since=since, files=files)
    assert "iam_user : Read the user" not in run.output
    assert {call.key for call in chain.request_log[since:]} == {ADMIN_KEY, ""}
    assert ask(run) == WELCOME


#: Removes the user and what the role iam_user has made besides.
LEAVE = f"""
- import_playbook: {CHECKOUT}/playbooks/settings.yml
- hosts: localhost
  gather_facts: false
  environment: "{{{{ asesoria__admin_environment }}}}"
  vars_files:
    - {CHECKOUT}/playbooks/vars/common.yml
    - {CHECKOUT}/playbooks/vars/iam_user.yml
  roles:
    - role: asesoria.serverless.iam_user
      vars:
        iam_user_state: absent
"""
#: What the next test tries in vain, and what the CLI does: it removes the log of a REST API's accesses, which is none.
REFUSED = {"iam:DeleteRole", "lambda:PublishLayerVersion", "logs:DeleteLogGroup"}


def deployments(run: Run) -> int:
    """How often a run changed the stack."""
    return sum(task.endswith(" : Deploy the service") for task in run.changed_tasks)


@_NEEDS_PYTHON
def test_whoever_may_only_deploy_can_deploy_and_no_more(chain: Chain, tmp_path: Path) -> None:
    """CloudFormation has a role of its own. The sandbox's passes it over, so what it needs is read off the schemas."""
    may = {"iam_user_playbooks": ["deploy"], "asesoria_deployment_role": True, "asesoria_canary_weight": 20}
    given = ("-e", json.dumps(may))
    since, files = chain.calls, chain.files()
    assert_nothing_done(chain, chain.play("playbooks/access.yml", "--check", *given), since=since, files=files)
    chain.play("playbooks/access.yml", *given).ok()
    assert chain.play("playbooks/access.yml", *given).ok().changed_tasks == []
    (policy,) = chain.policies().values()
    assert [name for name in permissions.allowed([policy]) if name.startswith("iam:")] == ["iam:PassRole"]

    since = chain.calls
    assert deployments(chain.play("playbooks/deploy.yml", *given, "-e", "serverless_deploy_memory_size=320").ok()) == 1
    state = next(chain.sandbox.glob("state/services/*/**/serverless-state.json")).read_text(encoding="utf-8")
    account = chain.client("sts").get_caller_identity()["Account"]
    role = f"arn:aws:iam::{account}:role/mi-api-flask-dev-us-east-1-deployment"
    assert json.loads(state)["service"]["provider"]["iam"] == {"deploymentRole": role}

    template = chain.client("cloudformation").get_template(StackName="mi-api-flask-dev")["TemplateBody"]
    template = json.loads(template) if isinstance(template, str) else template
    document = chain.client("iam").get_role_policy(RoleName=role.rpartition("/")[2], PolicyName="stack")
    by_role = permissions.allowed([document["PolicyDocument"]])
    assert cloudformation_permissions.lacking(template, by_role) == []
    handled = {name.lower() for name in cloudformation_permissions.handled(template)}
    idle = {name for name in by_role if name.lower() not in handled} - set(permissions.WITHOUT_A_CALL)
    # Both are in one statement with what a handler lists, and tell nothing that is secret.
    assert idle <= {"cloudformation:ValidateTemplate", "lambda:ListLayerVersions"}

    # New code beside the old, then with another front door, for which the CLI makes calls of its own.
    more_memory = ("-e", "serverless_deploy_memory_size=352")
    more = chain.play("playbooks/deploy.yml", *given, *more_memory).ok()
    assert deployments(more) == 2, "a part of the requests, then all"
    assert "deleting old versions" not in more.output
    given = ("-e", json.dumps({**may, "iam_user_front_doors": ["http_api", "rest_api"]}))
    chain.play("playbooks/access.yml", *given).ok()
    other_door = chain.play("playbooks/deploy.yml", *given, *more_memory, "-e", "asesoria_front_door=rest_api").ok()
    assert deployments(other_door) == 1, "no code is new, so there is nothing to share out"
    assert "can't be read" not in other_door.output
    assert "apigateway:PUT" in permissions.called(chain.request_log[since:], but_by=ADMIN_KEY)
    (policy,) = chain.policies().values()

    layer = {"LayerName": "flask-dependencies-py311", "Content": {"ZipFile": b"PK"}}
    with pytest.raises(ClientError, match="AccessDenied"):
        chain.client_of_user("lambda").publish_layer_version(**layer)
    with pytest.raises(ClientError, match="AccessDenied"):
        chain.client_of_user("iam").delete_role(RoleName="mi-api-flask-dev-us-east-1-lambdaRole")

    # The stack is removed with the role, and so before it.
    leave = tmp_path / "leave.yml"
    leave.write_text(LEAVE, encoding="utf-8")
    assert "The stack mi-api-flask-dev is still there" in chain.play(str(leave), *given).refused().message
    chain.play("playbooks/deploy.yml", *given, "-e", "serverless_deploy_state=absent").ok()
    called = permissions.called(chain.request_log[since:], but_by=ADMIN_KEY) - set(permissions.ASKED_IN_VAIN)
    assert called - permissions.allowed([policy]) - REFUSED == set()
    chain.play(str(leave), *given).ok()
    assert [
        each["RoleName"] for each in chain.client("iam").list_roles()["Roles"] if "mi-api" in each["RoleName"]
    ] == []
