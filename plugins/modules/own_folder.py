#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: own_folder
short_description: A folder that this collection makes, and removes only if it has made it
version_added: 0.1.0
author:
  - The asesoria.serverless authors (@asesoria)
description:
  - Makes a folder and marks it with the file C(.asesoria-serverless), or removes from a marked folder what this
    collection has made there.
  - A folder that holds something and has no mark belongs to the user. It is refused, and nothing in it is changed. So
    are the root folder and the home folder.
  - A folder that the user made and that is empty is taken, and marked.
  - Files of the user in a marked folder are left there and returned in RV(left).
options:
  path:
    description:
      - Path of the folder.
      - If the path is a link, the target is meant. The link and the target itself are never removed.
    type: path
    required: true
  state:
    description: Whether the folder should be there.
    type: str
    choices: [absent, present]
    default: present
  contents:
    description: Names of the files and folders that this collection makes in the folder, or patterns of names.
    type: list
    elements: str
    required: true
  evidence:
    description:
      - Patterns of paths below the folder, for folders that an earlier version of this collection has made without a
        mark. Such a folder counts as marked if it holds nothing but O(contents), and one of these paths.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    description: Can run in check mode and say what it would do. A folder of the user is refused there as well.
    support: full
  diff_mode:
    description: Shows the paths that are removed.
    support: full
"""

EXAMPLES = r"""
- name: Ensure the folder of the program exists
  asesoria.serverless.own_folder:
    path: ~/.local/share/program
    contents: [bin, lib]

- name: Remove what was made there
  asesoria.serverless.own_folder:
    path: ~/.local/share/program
    contents: [bin, lib]
    state: absent
"""

RETURN = r"""
folder:
  description: Path of the folder.
  returned: success
  type: str
  sample: /home/ana/.local/share/program
removed:
  description: Paths that were removed, or would be.
  returned: success
  type: list
  elements: str
  sample: []
left:
  description: Paths in the folder that this collection has not made, and that were left.
  returned: success
  type: list
  elements: str
  sample: [/home/ana/.local/share/program/notes.txt]
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.asesoria.serverless.plugins.module_utils._base.own_folder import (
    MARK,
    Contents,
    Removal,
    plan_removal,
    remove_folder,
    require_ours,
    take_folder,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

ARGUMENT_SPEC: dict[str, Any] = {
    "path": {"type": "path", "required": True},
    "state": {"type": "str", "choices": ["absent", "present"], "default": "present"},
    "contents": {"type": "list", "elements": "str", "required": True},
    "evidence": {"type": "list", "elements": "str", "default": []},
}


def run(module: AnsibleModule) -> dict[str, Any]:
    """Make or remove the folder unless in check mode; what the module returns."""
    params = module.params
    folder = Path(params["path"])
    contents = Contents(names=tuple(params["contents"]), evidence=tuple(params["evidence"]))
    removal = Removal()
    if params["state"] == "absent":
        removal = plan_removal(folder, contents) if module.check_mode else remove_folder(folder, contents)
        changed = bool(removal.removed)
    elif module.check_mode:
        require_ours(folder, contents)
        changed = not (folder / MARK).exists()
    else:
        changed = take_folder(folder, contents)
    removed = [str(path) for path in removal.removed]
    return {
        "changed": changed,
        "folder": str(folder),
        "removed": removed,
        "left": [str(path) for path in removal.left],
        "diff": {"before": "".join(f"{path}\n" for path in removed), "after": ""},
    }


def main() -> None:
    """Ansible's entry point."""
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    try:
        result = run(module)
    except ServerlessError as error:
        module.fail_json(msg=str(error))
    for path in result["left"]:
        module.warn(f"{path} is left, because this collection has not made it")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
