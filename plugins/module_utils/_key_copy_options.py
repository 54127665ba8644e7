# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option that says where copies of an access key are kept: its specification, and the places that it means."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from shutil import which
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._key_copy import KeyCopyError, Place
from ansible_collections.asesoria.serverless.plugins.module_utils._key_copy_files import (
    DEFAULT_LABEL,
    CsvFile,
    VaultFile,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._key_copy_pass import PassEntry
from ansible_collections.asesoria.serverless.plugins.module_utils._key_copy_secret import Secret, SecretsManager
from ansible_collections.asesoria.serverless.plugins.module_utils._pip import Completed
from ansible_collections.asesoria.serverless.plugins.module_utils._process import run_process

# Nobody is there to answer a question.
_UNATTENDED = {"ANSIBLE_ASK_VAULT_PASS": "false", "ANSIBLE_NOCOLOR": "true"}
_NEEDED = {
    "csv": ("path",),
    "pass": ("name",),
    "secrets_manager": ("name",),
    "vault": ("path", "password_file"),
}


def copies_option() -> dict[str, Any]:
    """The specification; the documentation is the fragment C(key_copies)."""
    return {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "to": {"type": "str", "required": True, "choices": sorted(_NEEDED)},
            "path": {"type": "path"},
            "password_file": {"type": "path", "no_log": False},
            "vault_id": {"type": "str", "default": DEFAULT_LABEL},
            "name": {"type": "str"},
            "kms_key": {"type": "str", "default": "", "no_log": False},
        },
        "required_if": [("to", kind, options) for kind, options in _NEEDED.items()],
    }


def places(
    wanted: Sequence[Mapping[str, Any]],
    *,
    owner: str,
    tags: Mapping[str, str],
    connect: Callable[[], SecretsManager],
) -> list[Place]:
    """Turn the option's value into places.

    :param wanted: the value.
    :param owner: ARN of the user whose key is copied.
    :param tags: of a new secret in AWS Secrets Manager.
    :param connect: makes the client of that.
    :raises KeyCopyError: a place has no name.
    """
    return [_place(copy, owner=owner, tags=tags, connect=connect) for copy in wanted]


def _place(
    copy: Mapping[str, Any], *, owner: str, tags: Mapping[str, str], connect: Callable[[], SecretsManager]
) -> Place:
    kind = copy["to"]
    for needed in _NEEDED[kind]:
        if not (copy[needed] or "").strip():
            raise KeyCopyError(f"the copy of the access key to {kind} has an empty {needed}", f"Give its {needed}")
    if kind == "csv":
        return CsvFile(path=Path(copy["path"]).absolute())
    if kind == "vault":
        return VaultFile(
            path=Path(copy["path"]).absolute(),
            program=_ansible_vault(),
            password=Path(copy["password_file"]).absolute(),
            label=copy["vault_id"],
            run=_run,
        )
    if kind == "pass":
        return PassEntry(entry=copy["name"], run=_run)
    return Secret(secret=copy["name"], owner=owner, kms_key=copy["kms_key"], tags=tags, connect=connect)


def _ansible_vault() -> str:
    """The program that belongs to the Ansible that runs this, where it runs in the same environment."""
    beside = Path(sys.executable).parent / "ansible-vault"
    return str(beside) if beside.is_file() else which("ansible-vault") or "ansible-vault"


def _run(argv: Sequence[str], *, text: str) -> Completed:
    return run_process(argv, environment=_UNATTENDED, text=text)
