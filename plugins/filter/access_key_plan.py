# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What to do about a user's access key, for the role iam_user."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._access_key import Situation, plan_access_key
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError


def access_key_plan(
    keys: Iterable[Mapping[str, Any]],
    user: str,
    owner: str,
    profile: str,
    found: Mapping[str, Any],
    tag: str | None = None,
    replace_lost: bool = False,
) -> dict[str, Any]:
    """Decide what is to be done about the access key; see the filter's own documentation."""
    situation = Situation(
        user=user,
        owner=owner,
        tag=tag or None,
        keys={key["access_key_id"]: key["status"] for key in keys},
        profile=profile,
        profile_exists=found["exists"],
        profile_key=found["access_key_id"],
        profile_owner=found["owner"],
    )
    try:
        plan = plan_access_key(situation, replace_lost=replace_lost)
    except ServerlessError as error:
        # Not an exception: the role says it in its own words, without Ansible's about a template.
        return {"problem": str(error), "tag": tag or "", "delete": [], "create": False}
    return {"problem": "", **asdict(plan), "delete": list(plan.delete)}


class FilterModule:
    """Ansible finds its filters by this name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters of this file by name."""
        return {"access_key_plan": access_key_plan}
