# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.asesoria.serverless.plugins.filter.owner_tags import owner_tags, owner_words
from ansible_collections.asesoria.serverless.plugins.module_utils._aws.ownership import Owner, read_owner
from ansible_collections.asesoria.serverless.plugins.test.ours import TestModule
from hypothesis import given
from hypothesis import strategies as st

OWNER = {"project": "asesoria", "service": "web", "stage": "dev"}
TAGS = owner_tags(OWNER)
IS = TestModule().tests()
_WEB = "it belongs to the project asesoria, service web, stage dev"


def _without(*names: str) -> dict[str, str]:
    return {key: value for key, value in TAGS.items() if key not in names}


@pytest.mark.parametrize(
    ("tags", "ours", "of_project", "words"),
    [
        (TAGS, True, True, _WEB),
        ({**TAGS, "team": "payments"}, True, True, _WEB),
        (_without("Service"), True, True, "it belongs to the project asesoria, stage dev"),
        (
            {**_without("Stage"), "STAGE": "dev"},
            True,
            True,
            "it belongs to the project asesoria, service web, stage dev",
        ),
        ({**TAGS, "Service": "api"}, False, True, "it belongs to the project asesoria, service api, stage dev"),
        ({**TAGS, "Stage": "prod"}, False, True, "it belongs to the project asesoria, service web, stage prod"),
        (_without("Stage"), False, True, "it belongs to the project asesoria, service web"),
        ({**TAGS, "Project": "other"}, False, False, "it belongs to the project other, service web, stage dev"),
        (_without("Project"), False, False, "it belongs to the service web, stage dev"),
        ({"ManagedBy": "asesoria.serverless"}, False, False, "it was made by this collection for an unknown service"),
        (
            {**_without("Service"), "ManagedBy": "terraform"},
            False,
            False,
            "it was not made by this collection; its tags are ManagedBy=terraform, Project=asesoria, Stage=dev",
        ),
        (
            {"a": "1", "b": "2", "c": "3", "d": "4", "e": "5"},
            False,
            False,
            "it was not made by this collection; its tags are a=1, b=2, c=3, d=4, ...",
        ),
        ({"aws:created": "x"}, False, False, "it was not made by this collection and has no tags"),
        ({}, False, False, "it was not made by this collection and has no tags"),
        (None, False, False, "it was not made by this collection and has no tags"),
    ],
)
def test_the_tags_say_whose_a_resource_is(
    tags: dict[str, str] | None, ours: bool, of_project: bool, words: str
) -> None:
    assert IS["ours"](tags, OWNER) is ours
    assert IS["of_project"](tags, OWNER) is of_project
    assert owner_words(tags) == words


NAMES = st.text(min_size=1)


@given(NAMES, NAMES, NAMES, NAMES, NAMES, NAMES)
def test_no_resource_is_of_two_services(p: str, s: str, t: str, other_p: str, other_s: str, other_t: str) -> None:
    owner, other = Owner(p, s, t), Owner(other_p, other_s, other_t)
    assert read_owner(owner.tags()) == owner
    both = {"project": other_p, "service": other_s, "stage": other_t}
    assert IS["ours"](owner.tags(), both) is (owner == other)


@pytest.mark.parametrize(
    ("tags", "owner"), [(TAGS, {"project": "asesoria"}), (TAGS, "asesoria"), ("ManagedBy", OWNER), ([], OWNER)]
)
def test_anything_else_is_an_error(tags: Any, owner: Any) -> None:
    for test in IS.values():
        with pytest.raises(AnsibleFilterError, match="must be a dictionary"):
            test(tags, owner)
