# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
import yaml
from ansible_collections.asesoria.serverless.plugins.module_utils._aws.ownership import Owner
from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import Stack
from ansible_collections.asesoria.serverless.plugins.module_utils._serverless_config import with_owner_tags
from ansible_collections.asesoria.serverless.plugins.module_utils._service.ownership import explain_foreign, owns
from ansible_collections.asesoria.serverless.plugins.module_utils._yaml_tree import ConfigError

OWNER = Owner(project="asesoria", service="shop", stage="dev")
FULL = {"ManagedBy": "asesoria.serverless", "Project": "asesoria", "Service": "shop", "STAGE": "dev"}
#: As this collection tagged stacks before it tagged them with the service.
EARLIER = {"ManagedBy": "asesoria.serverless", "Project": "asesoria", "STAGE": "dev"}
FINGERPRINT = {"AsesoriaFingerprint": "f00"}


def stack(tags: dict[str, str], outputs: dict[str, str] | None = None) -> Stack:
    return Stack(name="shop-dev", status="UPDATE_COMPLETE", reason="", outputs=outputs or {}, tags=tags)


@pytest.mark.parametrize(
    ("tags", "outputs", "expected"),
    [
        (FULL, {}, True),
        ({**FULL, "team": "web"}, {}, True),
        ({**FULL, "Stage": "dev"}, {}, True),
        ({"managedby": "asesoria.serverless", "PROJECT": "asesoria", "service": "shop", "stage": "dev"}, {}, True),
        (EARLIER, {}, True),
        (EARLIER, FINGERPRINT, True),
        # An own serverless.yml of before: nothing but the CLI's tag, or tags of the user's own.
        ({"STAGE": "dev"}, FINGERPRINT, True),
        ({"STAGE": "dev", "team": "web"}, FINGERPRINT, True),
        ({}, FINGERPRINT, True),
        ({}, {}, False),
        ({"STAGE": "dev"}, {}, False),
        ({"team": "web"}, {}, False),
        ({"ManagedBy": "asesoria.serverless"}, {}, False),
        ({"ManagedBy": "asesoria.serverless", "Project": "asesoria"}, {}, False),
        ({**FULL, "ManagedBy": "terraform"}, {}, False),
        *(({**FULL, key: "other"}, outputs, False) for key in FULL for outputs in ({}, FINGERPRINT)),
        ({"Project": "other"}, FINGERPRINT, False),
        ({"project": "other"}, FINGERPRINT, False),
        ({"stage": "prod"}, FINGERPRINT, False),
        ({"ManagedBy": ""}, FINGERPRINT, False),
    ],
)
def test_whose_a_stack_is(tags: dict[str, str], outputs: dict[str, str], expected: bool) -> None:
    assert owns(stack(tags, outputs), OWNER) is expected


def test_what_is_said_of_another_owners_stack() -> None:
    tags = {str(number): "x" for number in range(9)}
    assert explain_foreign(stack(tags), OWNER).endswith("its tags are " + ", ".join(f"{key}=x" for key in tags))
    assert explain_foreign(stack({}), OWNER) == (
        "the stack shop-dev (UPDATE_COMPLETE) is not the one of the service shop, stage dev, of the project asesoria: "
        "it has no tags"
    )


def tags_of(provider: str) -> object:
    text = f"service: shop\nprovider:{provider}"
    return yaml.safe_load(with_owner_tags(text, owner=OWNER, origin="x"))["provider"].get("stackTags")


OURS = {key: value for key, value in FULL.items() if key != "STAGE"}


@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        (" {name: aws}", OURS),
        (" {name: aws, stackTags: }", OURS),
        (" {name: aws, stackTags: {}}", OURS),
        (" {name: aws, stackTags: {team: web}}", {"team": "web", **OURS}),
        (" {name: aws, stackTags: {Project: asesoria, a: b}}", {"a": "b", **OURS}),
        (
            " {name: aws, stackTags: {project: asesoria, Stage: '${sls:stage}', Service: '${self:service}'}}",
            {
                "project": "asesoria",
                "Stage": "${sls:stage}",
                "Service": "${self:service}",
                "ManagedBy": "asesoria.serverless",
            },
        ),
        (" {x: &x {team: web}, stackTags: {<<: *x, a: b}}", {"team": "web", "a": "b", **OURS}),
        # What only the CLI can read can't be added to.
        (" {name: aws, stackTags: '${file(tags.yml)}'}", "${file(tags.yml)}"),
    ],
)
def test_the_owners_tags_are_added_to_those_of_the_user(provider: str, expected: object) -> None:
    assert tags_of(provider) == expected


@pytest.mark.parametrize("text", ["service: shop\nprovider: aws\n", "service: shop\nprovider: ${file(p.yml)}\n"])
def test_a_provider_that_is_no_mapping_stays(text: str) -> None:
    assert with_owner_tags(text, owner=OWNER, origin="x") == text


@pytest.mark.parametrize(
    "tags",
    [
        "{ManagedBy: terraform}",
        "{managedby: terraform}",
        "{Project: other}",
        "{Service: payments}",
        "{STAGE: prod}",
        "{Project: '${self:custom.project}'}",
        "{Project: }",
        "{<<: {Project: other}}",
    ],
)
def test_a_tag_that_names_another_owner_is_refused(tags: str) -> None:
    with pytest.raises(ConfigError, match=r"x has the tag .* in provider\.stackTags, but the tag .* says whose"):
        tags_of(f" {{name: aws, stackTags: {tags}}}")
