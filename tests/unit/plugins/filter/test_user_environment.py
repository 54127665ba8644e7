# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The environments of the playbooks, given as mappings and as JSON."""

from __future__ import annotations

import json

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.asesoria.serverless.plugins.filter.user_environment import (
    admin_environment,
    user_environment,
)

SETTINGS = {"names": {"profile": "ana"}, "region": "eu-west-1", "access": {"create_user": True}}
ADMIN = {"AWS_ACCESS_KEY_ID": "A", "AWS_ENDPOINT_URL": "http://127.0.0.1:1"}


def test_the_user_gets_the_profile_in_the_place_of_the_administrators_keys() -> None:
    found = user_environment(SETTINGS, {}, json.dumps(ADMIN))
    assert found == user_environment(SETTINGS, "", ADMIN)
    assert (found["AWS_PROFILE"], found["AWS_ACCESS_KEY_ID"]) == ("ana", "")
    assert found["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"


def test_without_a_user_the_administrator_does_all() -> None:
    assert user_environment({**SETTINGS, "access": {"create_user": False}}, {}, ADMIN) == ADMIN


@pytest.mark.parametrize("given", ["AWS_PROFILE=ana", ["AWS_PROFILE"], 1])
def test_an_environment_that_is_none_is_refused(given: object) -> None:
    with pytest.raises(AnsibleFilterError, match="is not a mapping"):
        admin_environment(given)
    with pytest.raises(AnsibleFilterError, match="is not a mapping"):
        user_environment(SETTINGS, given, {})


def test_the_administrators_environment_may_be_json() -> None:
    assert admin_environment('{"AWS_PROFILE": "me"}') == {"AWS_PROFILE": "me"}
    assert admin_environment("") == {}
