#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: own_files
short_description: Removes files that this collection has written, or refuses others
version_added: 0.1.0
author:
  - The asesoria.serverless authors (@asesoria)
description:
  - Removes files from a folder that may be the user's own. A file is removed only if it shows that this collection has
    written it.
  - A text file (lock, report, bill of materials) shows that by the collection's name in it. The zip of a layer and its
    manifest show it by belonging together. An empty file whose name ends in C(.lock) excludes other runs, and is
    removed as well.
  - Every other file is left and returned in RV(left). With O(state=owned) it is an error.
options:
  state:
    description:
      - V(absent) removes the files.
      - V(owned) removes nothing, and fails if a file that is there was not written by this collection, so that it is
        not written over. A zip or a manifest counts as written by it, too, if a run was interrupted between the two,
        which the lock beside them tells.
    type: str
    choices: [absent, owned]
    default: absent
  paths:
    description: Paths of the files, which need not exist.
    type: list
    elements: path
    required: true
attributes:
  check_mode:
    description: Can run in check mode and say what it would do, without doing it.
    support: full
  diff_mode:
    description: Shows the paths that are removed.
    support: full
"""

EXAMPLES = r"""
- name: Remove a layer's zip and its manifest
  asesoria.serverless.own_files:
    paths:
      - dist/layer.zip
      - dist/layer.manifest.json

- name: Refuse to write over a file of the user
  asesoria.serverless.own_files:
    paths: [dist/layer.zip]
    state: owned
"""

RETURN = r"""
removed:
  description: Paths that were removed, or would be.
  returned: success
  type: list
  elements: str
  sample: [/home/ana/project/dist/layer.zip]
left:
  description: Paths of files that this collection has not written, and that were left.
  returned: success
  type: list
  elements: str
  sample: []
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.asesoria.serverless.plugins.module_utils._base.own_folder import is_signed
from ansible_collections.asesoria.serverless.plugins.module_utils._manifest import (
    ManifestError,
    intact_manifest,
    read_manifest,
)

_ZIP = ".zip"
_MANIFEST = ".manifest.json"
_LOCK = ".lock"


def is_own(path: Path) -> bool:
    """Return whether this collection has written a file.

    :raises OSError: It can't be read.
    """
    name = path.name
    if path.is_symlink():
        return False
    if name.endswith(_LOCK):
        return path.stat().st_size == 0
    if name.endswith(_ZIP):
        return intact_manifest(manifest=path.with_name(name.removesuffix(_ZIP) + _MANIFEST), archive=path) is not None
    if name.endswith(_MANIFEST):
        return _is_own_manifest(path)
    return is_signed(path)


def _is_own_manifest(path: Path) -> bool:
    """Return whether a manifest describes the zip next to it, or one that an earlier run has removed."""
    archive = path.with_name(path.name.removesuffix(_MANIFEST) + _ZIP)
    if archive.exists():
        return intact_manifest(manifest=path, archive=archive) is not None
    try:
        read_manifest(path)
    except ManifestError:
        return False
    return True


def may_be_replaced(path: Path) -> bool:
    """Return whether a file that is there may be written over.

    :raises OSError: It can't be read.
    """
    if not path.is_file() or path.stat().st_size == 0 or is_own(path):
        return not path.is_dir()
    for suffix in (_ZIP, _MANIFEST):
        name = path.name.removesuffix(suffix)
        if name != path.name:
            # A run that is interrupted leaves a zip and a manifest that don't belong together.
            return path.with_name(f".{name}{_ZIP}{_LOCK}").is_file()
    return False


def require(module: AnsibleModule) -> dict[str, Any]:
    """Refuse the files of the user; what the module returns."""
    there = [path for path in map(Path, module.params["paths"]) if path.is_symlink() or path.exists()]
    foreign = [str(path) for path in there if not may_be_replaced(path)]
    if foreign:
        module.fail_json(
            msg=f"{', '.join(foreign)} {'was' if len(foreign) == 1 else 'were'} not written by this collection, and "
            f"would be written over. Move {'it' if len(foreign) == 1 else 'them'}, or use another folder or name.",
            removed=[],
            left=foreign,
        )
    return {"changed": False, "removed": [], "left": [], "diff": {"before": "", "after": ""}}


def run(module: AnsibleModule) -> dict[str, Any]:
    """Remove the files unless in check mode; what the module returns."""
    there = [path for path in map(Path, module.params["paths"]) if path.is_symlink() or path.exists()]
    # All are judged before the first is removed, since some belong together.
    own = [path for path in there if is_own(path)]
    if not module.check_mode:
        for path in own:
            path.unlink(missing_ok=True)
    removed = [str(path) for path in own]
    return {
        "changed": bool(own),
        "removed": removed,
        "left": [str(path) for path in there if path not in own],
        "diff": {"before": "".join(f"{path}\n" for path in removed), "after": ""},
    }


def main() -> None:
    """Ansible's entry point."""
    module = AnsibleModule(
        argument_spec={
            "paths": {"type": "list", "elements": "path", "required": True},
            "state": {"type": "str", "choices": ["absent", "owned"], "default": "absent"},
        },
        supports_check_mode=True,
    )
    try:
        result = require(module) if module.params["state"] == "owned" else run(module)
    except OSError as error:
        doing = "read" if module.params["state"] == "owned" else "removed"
        module.fail_json(msg=f"{error.filename} can't be {doing}: {error.strerror}. Check its permissions.")
    for path in result["left"]:
        module.warn(f"{path} is left, because this collection has not written it")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
