# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a collection needs of others, for the playbooks."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import yaml
from ansible.errors import AnsibleFilterError


def needed_collections(name: str) -> list[dict[str, str]]:
    """List the collections that one needs; see the filter's own documentation."""
    metadata = _metadata(name)
    if not metadata:
        raise AnsibleFilterError(f"the collection {name} is not installed, or does not say what it needs")
    return [
        {"name": other, "requirement": str(requirement), "version": str(_metadata(other).get("version") or "")}
        for other, requirement in (metadata.get("dependencies") or {}).items()
    ]


def _metadata(name: str) -> Mapping[str, Any]:
    """What a collection says of itself: installed in C(MANIFEST.json), in a checkout in C(galaxy.yml)."""
    try:
        folder = Path(next(iter(import_module(f"ansible_collections.{name}").__path__)))
    except (ImportError, StopIteration):
        return {}
    with suppress(OSError, ValueError, KeyError, TypeError):
        manifest: Mapping[str, Any] = json.loads((folder / "MANIFEST.json").read_text(encoding="utf-8"))
        return dict(manifest["collection_info"])
    with suppress(OSError, ValueError, TypeError, yaml.YAMLError):
        return dict(yaml.safe_load((folder / "galaxy.yml").read_text(encoding="utf-8")) or {})
    return {}


class FilterModule:
    """Ansible finds its filters by this name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """The filters of this file by name."""
        return {"needed_collections": needed_collections}
