# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The IAM user that several services share, and users, policies and roles of other people."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .support import Account, document, names, owner_tags, role, tagged

# One policy for each service keeps the runs short.
SHARED = {"iam_user_name": "shared", "iam_user_region": "us-east-1", "iam_user_playbooks": ["layer"]}


def user(service: str, *, stage: str = "dev", **variables: Any) -> dict[str, Any]:
    return role("iam_user", iam_user_service=service, iam_user_stage=stage, **{**SHARED, **variables})


def attached(account: Account, name: str = "shared") -> list[str]:
    found = account.client("iam").list_attached_user_policies(UserName=name)["AttachedPolicies"]
    return names(found, "PolicyName")


def policies(account: Account) -> list[str]:
    return names(account.client("iam").list_policies(Scope="Local")["Policies"], "PolicyName")


def users(account: Account) -> list[str]:
    return names(account.client("iam").list_users()["Users"], "UserName")


def of(service: str, stage: str = "dev") -> list[str]:
    return [f"shared-{service}-{stage}-layer"]


def test_services_and_stages_share_a_user_until_the_last_of_them_goes(account: Account) -> None:
    account.play(user("web"), user("api"), user("web", stage="prod")).ok()
    everything = sorted(of("web") + of("api") + of("web", "prod"))
    assert attached(account) == everything
    keys = account.client("iam").list_access_keys(UserName="shared")["AccessKeyMetadata"]
    assert len(keys) == 1

    # Those that are there, with a purge as without, and a teardown with a mistyped name.
    again = account.play(user("web", iam_user_purge=True), user("wbe", iam_user_state="absent")).ok()
    assert again.writes == []
    assert "has more than it was asked to have" not in again.output

    first = account.play(user("web", iam_user_state="absent")).ok()
    assert "shared, its access key and the profile shared stay: service api, stage dev; service web, stage prod" in (
        first.message
    )
    assert attached(account) == policies(account) == sorted(of("api") + of("web", "prod"))
    assert account.client("iam").list_access_keys(UserName="shared")["AccessKeyMetadata"] == keys

    account.play(user("web", stage="prod", iam_user_state="absent"), user("api", iam_user_state="absent")).ok()
    assert (users(account), policies(account)) == ([], [])
    assert not list((account.home("home") / ".aws").glob("*"))


def test_more_policies_than_aws_attaches_are_refused(account: Account) -> None:
    iam = account.client("iam")
    iam.create_user(UserName="shared", Tags=tagged(owner_tags("api")))
    for number in range(10):
        tags = tagged(owner_tags("api", stage=f"s{number}"))
        made = iam.create_policy(PolicyName=f"p{number}", PolicyDocument=document(), Tags=tags)
        iam.attach_user_policy(UserName="shared", PolicyArn=made["Policy"]["Arn"])
    full = account.play(user("web"))
    full.refused("would have 11 managed policies, and AWS allows 10", "service api, stage s0", "iam_user_name")


def _old_tags(stage: str) -> dict[str, str]:
    return {key: value for key, value in owner_tags("", stage=stage).items() if key != "Service"}


def _make_old(account: Account, *, stack: str, stage: str = "dev") -> None:
    iam = account.client("iam")
    iam.create_user(UserName="shared", Tags=tagged(_old_tags(stage)))
    for playbook, resource in (("deploy", f"arn:aws:cloudformation:us-east-1:1:stack/{stack}/*"), ("layer", "*")):
        made = iam.create_policy(
            PolicyName=f"shared-serverless-{playbook}", PolicyDocument=document(resource), Tags=tagged(_old_tags(stage))
        )
        iam.attach_user_policy(UserName="shared", PolicyArn=made["Policy"]["Arn"])


def test_a_policy_of_the_users_own_that_iam_would_refuse_is_refused(account: Account) -> None:
    long = document(f"arn:aws:cloudformation:us-east-1:123456789012:stack/{'x' * 6100}")
    account.play(user("web", iam_user_policy=long)).refused("characters without white space, and IAM allows 6144")


def test_policies_from_before_are_replaced(account: Account) -> None:
    _make_old(account, stack="web-dev")
    account.play(user("web")).ok()
    assert attached(account) == policies(account) == of("web")
    tags = account.client("iam").list_user_tags(UserName="shared")["Tags"]
    assert {"Key": "Service", "Value": "web"} in tags


@pytest.mark.parametrize(("stack", "stage"), [("other-dev", "dev"), ("web-prod", "prod")])
def test_policies_from_before_of_another_service_stay(account: Account, stack: str, stage: str) -> None:
    _make_old(account, stack=stack, stage=stage)
    account.play(user("web")).ok()
    assert attached(account) == sorted([*of("web"), "shared-serverless-deploy", "shared-serverless-layer"])
    assert f"the stack {stack} still uses them" in account.play(user("web", iam_user_state="absent")).ok().message
    assert attached(account) == ["shared-serverless-deploy", "shared-serverless-layer"]


FOREIGN = {"team": "payments"}


def test_a_user_of_another_owner_is_left(account: Account) -> None:
    account.client("iam").create_user(UserName="shared", Tags=tagged(FOREIGN))
    account.play(user("web")).refused("The IAM user 'shared' of account", "team=payments", "iam_user_name")
    assert account.play(user("web", iam_user_state="absent")).ok().writes == []
    assert users(account) == ["shared"]


def test_policies_and_roles_of_other_owners_are_left(account: Account) -> None:
    iam = account.client("iam")
    theirs = {"Tags": tagged(owner_tags("b", stage="dev-x"))}
    iam.create_policy(PolicyName="shared-web-dev-layer", PolicyDocument=document(), **theirs)
    account.play(user("web")).refused("The policy 'shared-web-dev-layer'", "stage dev-x", "iam_user_policy_name")
    name = "web-dev-us-east-1-deployment"
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust, **theirs)
    with_role = {"iam_user_deployment_role": True, "iam_user_playbooks": ["deploy"]}
    account.play(user("web", **with_role)).refused(f"The role '{name}'", "stage dev-x", "iam_user_deployment_role")
    account.play(user("web", iam_user_state="absent")).ok()
    assert policies(account) == ["shared-web-dev-layer"]
    assert names(iam.list_roles()["Roles"], "RoleName") == [name]


def test_lost_replies_do_not_stop_the_run(account: Account) -> None:
    account.proxy.lose = {"CreatePolicy": 1, "CreateUser": 1, "CreateRole": 1}
    with_role = {"iam_user_deployment_role": True}
    account.play(user("web", **with_role)).ok()
    assert [account.proxy.actions.count(action) for action in ("CreatePolicy", "CreateUser", "CreateRole")] == [2, 2, 2]
    assert attached(account) == of("web")


def test_two_first_runs_at_once_end_well(account: Account) -> None:
    runs = [account.start(user("web"), play=f"play{number}.yml") for number in range(2)]
    outputs = [run.communicate(timeout=900)[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0], "".join(outputs)[-6000:]
    assert attached(account) == of("web")
    assert len(account.client("iam").list_access_keys(UserName="shared")["AccessKeyMetadata"]) == 1
