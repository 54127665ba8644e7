#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: own_files
short_description: Removes files that this collection has written, and no others
version_added: 0.1.0
author:
  - The asesoria.serverless authors (@asesoria)
description:
  - Removes files from a folder that may be the user's own. A file is removed only if it shows that this collection has
    written it.
  - A text file (lock, report, bill of materials) shows that by the collection's name in it. The zip of a layer and its
    manifest show it by belonging together. An empty file whose name ends in C(.lock) excludes other runs, and is
    removed as well.
  - Every other file is left and returned in RV(left).
options:
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
        argument_spec={"paths": {"type": "list", "elements": "path", "required": True}}, supports_check_mode=True
    )
    try:
        result = run(module)
    except OSError as error:
        module.fail_json(msg=f"{error.filename} can't be removed: {error.strerror}. Check its permissions.")
    for path in result["left"]:
        module.warn(f"{path} is left, because this collection has not written it")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
