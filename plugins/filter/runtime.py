# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The runtime catalogue for playbooks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import find_runtime
from ansible_collections.asesoria.serverless.plugins.module_utils._target import Target


def runtime(identifier: str, architecture: str = "x86_64", allow_deprecated: bool = False) -> dict[str, Any]:
    """Turn a runtime's identifier into what is known of it; see the filter's own documentation."""
    today = datetime.now(tz=timezone.utc).date()
    try:
        found = find_runtime(identifier, today=today, allow_deprecated=allow_deprecated)
        facts = found.facts(architecture)
    except ServerlessError as error:
        raise AnsibleFilterError(str(error)) from error
    return {**facts, "platforms": Target(runtime=found, architecture=architecture).platforms}


class FilterModule:
    """Ansible finds its filters by this name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters of this file by name."""
        return {"runtime": runtime}
