# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter says what the util decides."""

from __future__ import annotations

import pytest
from ansible_collections.asesoria.serverless.plugins.filter.access_key_plan import FilterModule, access_key_plan

OWNER = "arn:aws:iam::123456789012:user/asesoria"
NONE = {"exists": False, "access_key_id": None, "owner": None, "region": None, "output": None}


def test_it_is_found_by_its_name() -> None:
    assert FilterModule().filters() == {"access_key_plan": access_key_plan}


@pytest.mark.parametrize("tag", ["pending", None, ""])
def test_a_plan(tag: str | None) -> None:
    keys = [{"access_key_id": "AKIA1", "status": "Active"}] if tag else []
    plan = access_key_plan(keys, user="asesoria", owner=OWNER, profile="asesoria", found=NONE, tag=tag)
    assert plan == {"problem": "", "tag": "pending", "delete": ["AKIA1"] if tag else [], "create": True}


def test_a_problem() -> None:
    keys = [{"access_key_id": "AKIA1", "status": "Active"}]
    plan = access_key_plan(keys, user="asesoria", owner=OWNER, profile="asesoria", found=NONE, tag="AKIA1")
    assert plan["problem"].startswith("the IAM user 'asesoria' has the access key AKIA1 in AWS, but")
    assert (plan["create"], plan["delete"], plan["tag"]) == (False, [], "AKIA1")
