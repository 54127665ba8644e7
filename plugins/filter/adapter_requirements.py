# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The requirements that an app's interface adds, for the playbooks and roles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.asesoria.serverless.plugins.module_utils._service import adapters
from ansible_collections.asesoria.serverless.plugins.module_utils._service.own_config import find_interface


def adapter_requirements(interface: str, adapter: str = adapters.AUTO, app_dir: str = "") -> list[dict[str, str]]:
    """Return what an interface adds; see the filter's own documentation."""
    if interface not in ("", *adapters.INTERFACES):
        raise AnsibleFilterError(f"{interface!r} is no interface of an app. Use wsgi, asgi or an empty text.")
    if adapter not in adapters.CHOICES:
        raise AnsibleFilterError(f"{adapter!r} is no choice of an adapter. Use {' or '.join(adapters.CHOICES)}.")
    if not interface and app_dir:
        interface = find_interface(Path(app_dir).expanduser())
    return adapters.adapter_requirements(interface, adapter)


class FilterModule:
    """Ansible finds its filters by this name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters of this file by name."""
        return {"adapter_requirements": adapter_requirements}
