# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builders of several services, resources of other people with the builders' names, and replies that are lost."""

from __future__ import annotations

import json
from typing import Any

from .support import Account, names, owner_tags, role, tagged

#: Whose things are in the way, and words of the message that says so. What each kind of tags comes to is for the unit
#: tests of the ownership.
THEIRS, ANOTHER_SERVICES = ({"team": "payments"}, "team=payments"), (owner_tags("other"), "service other, stage dev")


def builder(service: str, *, tasks_from: str = "main", **variables: Any) -> dict[str, Any]:
    common = {
        "builder_ec2_service": service,
        "builder_ec2_cidr": ["198.51.100.0/24"],
        "builder_ec2_key_name": f"{service}-builder",
        "builder_ec2_security_group_name": f"{service}-builder",
        # moto's machines have no console.
        "builder_ec2_ssh_timeout": 1,
    }
    return role("builder_ec2", tasks_from=tasks_from, **{**common, **variables})


def absent(service: str, **variables: Any) -> dict[str, Any]:
    return builder(service, builder_ec2_state="absent", **variables)


def machines(account: Account, service: str) -> list[str]:
    found = account.client("ec2").describe_instances(
        Filters=[
            {"Name": "tag:Service", "Values": [service]},
            {"Name": "instance-state-name", "Values": ["pending", "running"]},
        ]
    )["Reservations"]
    return [instance["InstanceId"] for reservation in found for instance in reservation["Instances"]]


def tags_of(kind: str, tags: dict[str, str]) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": tagged(tags)}]


def start_machine(account: Account, tags: dict[str, str], **arguments: Any) -> str:
    ec2 = account.client("ec2")
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    all_tags = {"Role": "lambda-builder", **tags}
    made = ec2.run_instances(
        ImageId=image, MinCount=1, MaxCount=1, TagSpecifications=tags_of("instance", all_tags), **arguments
    )
    return str(made["Instances"][0]["InstanceId"])


def test_a_security_group_of_another_owner_is_left(account: Account) -> None:
    tags, words = ANOTHER_SERVICES
    ec2 = account.client("ec2")
    made = ec2.create_security_group(
        GroupName="web-builder", Description="theirs", TagSpecifications=tags_of("security-group", tags)
    )
    account.play(builder("web")).refused("has a security group web-builder, which is left as it is", words)
    account.play(absent("web")).ok()
    (group,) = ec2.describe_security_groups(GroupIds=[made["GroupId"]])["SecurityGroups"]
    assert group["IpPermissions"] == []


def test_a_key_pair_of_another_owner_is_left(account: Account) -> None:
    tags, words = THEIRS
    ec2 = account.client("ec2")
    ec2.create_key_pair(KeyName="web-builder", TagSpecifications=tags_of("key-pair", tags))
    account.play(builder("web")).refused("AWS has the key pair web-builder", "builder_ec2_key_name", words)
    assert words in account.play(absent("web")).ok().message
    assert names(ec2.describe_key_pairs()["KeyPairs"], "KeyName") == ["web-builder"]


def test_files_of_the_user_beside_the_private_key_are_left(account: Account) -> None:
    folder = account.home("home") / "keys"
    folder.mkdir()
    public, notes = folder / "id.pub", folder / "notes.txt"
    for path in (public, notes):
        path.write_text("of the user\n", encoding="utf-8")
        path.chmod(0o664)
    account.play(builder("web", builder_ec2_private_key_file=str(folder / "id"))).refused(
        f"{public} is there, and its private key {folder / 'id'} is not"
    )
    account.play(builder("web", builder_ec2_private_key_file=str(notes))).refused("can't be used as a private key")
    assert {
        path.name: (path.read_text(encoding="utf-8"), path.stat().st_mode & 0o777) for path in folder.iterdir()
    } == {path.name: ("of the user\n", 0o664) for path in (public, notes)}


def test_an_instance_profile_of_another_owner_is_left(account: Account) -> None:
    tags, words = ANOTHER_SERVICES
    iam = account.client("iam")
    iam.create_instance_profile(InstanceProfileName="web-profile", Tags=tagged(tags))
    trust = json.dumps({"Version": "2012-10-17", "Statement": []})
    iam.create_role(RoleName="web-role", AssumeRolePolicyDocument=trust, Tags=tagged(tags))
    for name, kind in (("web-profile", "an instance profile"), ("web-role", "a role")):
        given = {"builder_ec2_access": "ssm", "builder_ec2_cidr": [], "builder_ec2_instance_profile": name}
        steps = {
            step: builder("web", tasks_from=step, **given) for step in ("check_instance_profile", "instance_profile")
        }
        for step in steps.values():
            account.play(step).refused(f"IAM has {kind} {name}, which is left as it is", words)
        gone = builder("web", tasks_from="instance_profile", builder_ec2_state="absent", **given)
        assert account.play(gone).ok().writes == []


def test_a_launch_template_of_another_owner_is_left(account: Account) -> None:
    tags, words = ANOTHER_SERVICES
    ec2 = account.client("ec2")
    name = "asesoria-web-dev-lambda-builder-spot"
    ec2.create_launch_template(
        LaunchTemplateName=name,
        LaunchTemplateData={"InstanceType": "t3.micro"},
        TagSpecifications=tags_of("launch-template", tags),
    )
    spot = {"builder_ec2_spot": True}
    account.play(builder("web", **spot)).refused(f"has a launch template {name}, which is left as it is", words)
    account.play(absent("web", **spot)).ok()
    assert names(ec2.describe_launch_templates()["LaunchTemplates"], "LaunchTemplateName") == [name]


#: The task that asks a machine for its host keys, which moto's machines do not have, is the last of the role.
_STARTED = "Ask EC2 for the machines' host keys"


def test_lost_replies_start_nothing_twice_and_stop_nothing(account: Account) -> None:
    """The SDK repeats a request whose reply is lost. AWS knows it by its token; moto starts another machine."""
    account.proxy.lose = {"ImportKeyPair": 1, "CreateSecurityGroup": 1, "RunInstances": 1}
    run = account.play(builder("web"), {"name": "End here", "ansible.builtin.meta": "end_play"})
    assert _STARTED in run.output
    calls = account.proxy.actions
    assert [calls.count(action) for action in ("ImportKeyPair", "CreateSecurityGroup", "RunInstances")] == [2, 2, 2]
    assert "in addition to the builders that were asked for. Terminated." in run.message
    surplus = [found for found in run.message.split("EC2 started ")[1].split()[:1] if found.startswith("i-")]
    assert len(surplus) == 1


def test_machines_of_other_services_are_neither_used_nor_terminated(account: Account) -> None:
    old = {key: value for key, value in owner_tags("").items() if key != "Service"}
    theirs = start_machine(account, owner_tags("api"), KeyName="web-builder")
    before = start_machine(account, old)
    account.client("ec2").create_key_pair(
        KeyName="web-builder", TagSpecifications=tags_of("key-pair", owner_tags("web"))
    )
    run = account.play(absent("web")).ok()
    assert f"The key pair web-builder and its private key stay: {theirs} still needs them" in run.message
    assert machines(account, "api") == [theirs]
    states = account.client("ec2").describe_instances(InstanceIds=[before])["Reservations"][0]["Instances"]
    assert [instance["State"]["Name"] for instance in states] == ["terminated"]
    assert names(account.client("ec2").describe_key_pairs()["KeyPairs"], "KeyName") == ["web-builder"]
