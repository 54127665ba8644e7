# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Filters about who owns an AWS resource."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ansible_collections.asesoria.serverless.plugins.module_utils._aws.ownership import Owner, describe_owner


def owner_tags(owner: Mapping[str, str]) -> dict[str, str]:
    """Return the tags that record an owner; see the filter's own documentation."""
    return Owner(project=str(owner["project"]), service=str(owner["service"]), stage=str(owner["stage"])).tags()


def owner_words(tags: Mapping[str, str] | None) -> str:
    """Say whose a resource is; see the filter's own documentation."""
    return describe_owner({str(key): str(value) for key, value in (tags or {}).items()})


class FilterModule:
    """Ansible finds its filters by this name."""

    def filters(self) -> dict[str, Callable[..., object]]:
        """The filters of this file by name."""
        return {"owner_tags": owner_tags, "owner_words": owner_words}
