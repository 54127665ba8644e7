#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: layer_requirements_info
short_description: Read a Python requirements file and check that a layer can be built from it
version_added: 0.1.0
author:
  - The asesoria.serverless authors (@asesoria)
description:
  - Reads pip's requirements file with what it includes, and fails with one message that names every line that is wrong.
  - It refuses a file that is missing, can't be read or names no package, lines that are no requirement, options that
    pip does not know in such a file, and paths, which another host does not have.
  - With O(check_index=true) it also asks the package index for every package that the file names, and tells one that
    does not exist, or not in an allowed version, from an index that does not answer.
  - It changes nothing. It needs pip only to ask an index.
options:
  path:
    description:
      - The requirements file.
    type: path
    required: true
  constraints:
    description:
      - A constraints file, which is read and checked as well.
    type: path
  runtime:
    description:
      - The Lambda runtime that the packages are for.
    type: str
    default: python3.11
  architecture:
    description:
      - The architecture that the packages are for.
    type: str
    choices: [x86_64, arm64]
    default: x86_64
  check_index:
    description:
      - Ask the package index for what the file names. What the packages need in turn is not asked for.
    type: bool
    default: false
  index_url:
    description:
      - The package index to ask instead of what pip is configured for. It may hold a user name and a password.
    type: str
  extra_index_urls:
    description:
      - More package indexes. They may hold a user name and a password.
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    description: It changes nothing, so it does the same in check mode.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
requirements:
  - packaging
seealso:
  - module: asesoria.serverless.layer_build
"""

EXAMPLES = r"""
- name: Read the requirements
  asesoria.serverless.layer_requirements_info:
    path: requirements.txt
  register: requirements

- name: See that the package index has them all
  asesoria.serverless.layer_requirements_info:
    path: requirements.txt
    runtime: python3.13
    check_index: true
"""

RETURN = r"""
requirements:
  description: What the file and its includes name, in the order of reading.
  returned: always
  type: list
  elements: dict
  contains:
    text:
      description: The requirement as written, passwords replaced.
      returned: always
      type: str
      sample: flask>=3
    name:
      description: The project's name, empty if the line gives only an address.
      returned: always
      type: str
      sample: flask
    kind:
      description: V(index) for a package of the index, V(url) for one that is given by its address.
      returned: always
      type: str
      sample: index
    applies:
      description: Whether the runtime installs it, by its environment marker.
      returned: always
      type: bool
      sample: true
    file:
      description: The file that names it.
      returned: always
      type: str
      sample: /home/me/app/requirements.txt
    line:
      description: The line in that file.
      returned: always
      type: int
      sample: 1
root:
  description: The folder that holds all files.
  returned: always
  type: str
  sample: /home/me/app
files:
  description: The requirements file and all that it and the constraints include, relative to RV(root).
  returned: always
  type: list
  elements: str
  sample: [requirements.txt]
requirements_file:
  description: The requirements file, relative to RV(root).
  returned: always
  type: str
  sample: requirements.txt
constraints_file:
  description: The constraints file, relative to RV(root); C(null) without one.
  returned: always
  type: str
  sample: constraints.txt
has_addresses:
  description:
    - Whether a file says where packages are, by an option such as C(--index-url) or by an address. What installs a lock
      of them needs the files then.
  returned: always
  type: bool
  sample: false
index_checked:
  description: Whether the package index was asked.
  returned: always
  type: bool
  sample: true
"""

import os
import sys
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_requirements import (
    Index,
    applying,
    check_index,
    check_requirements,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._libraries import missing_libraries
from ansible_collections.asesoria.serverless.plugins.module_utils._process import run_process
from ansible_collections.asesoria.serverless.plugins.module_utils._requirements import (
    names_places,
    read_requirements,
    redact,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import ARCHITECTURES, find_runtime
from ansible_collections.asesoria.serverless.plugins.module_utils._target import Target

MISSING = missing_libraries("packaging")


def run(params: Mapping[str, Any]) -> dict[str, Any]:
    """Read and check; what the module returns."""
    runtime = find_runtime(params["runtime"], today=datetime.now(tz=timezone.utc).date())
    target = Target(runtime=runtime, architecture=params["architecture"])
    requirements = read_requirements(Path(params["path"]).absolute())
    check_requirements(requirements)
    constraints = None
    if params["constraints"]:
        constraints = read_requirements(Path(params["constraints"]).absolute(), constraints=True)
    files = [*requirements.files, *(constraints.files if constraints else ())]
    wanted = applying(requirements, target=target)
    if params["check_index"]:
        index = Index(
            python=sys.executable,
            environment=os.environ,
            url=params["index_url"],
            extra_urls=tuple(params["extra_index_urls"]),
        )
        check_index(requirements, wanted=wanted, target=target, index=index, runner=run_process)
    root = os.path.commonpath([file.parent for file in files])
    return {
        "changed": False,
        "requirements": [
            {
                "text": redact(item.text),
                "name": item.name,
                "kind": item.kind,
                "applies": item in wanted,
                "file": str(item.file),
                "line": item.line,
            }
            for item in requirements.requirements
        ],
        "root": root,
        "files": list(dict.fromkeys(os.path.relpath(file, root) for file in files)),
        "requirements_file": os.path.relpath(requirements.path, root),
        "constraints_file": os.path.relpath(constraints.path, root) if constraints else None,
        "has_addresses": any(names_places(each) for each in (requirements, constraints) if each),
        "index_checked": params["check_index"],
    }


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "constraints": {"type": "path"},
            "runtime": {"type": "str", "default": "python3.11"},
            "architecture": {"type": "str", "choices": list(ARCHITECTURES), "default": "x86_64"},
            "check_index": {"type": "bool", "default": False},
            "index_url": {"type": "str", "no_log": True},
            "extra_index_urls": {"type": "list", "elements": "str", "default": [], "no_log": True},
        },
        supports_check_mode=True,
    )
    for name, trace in MISSING.items():
        module.fail_json(msg=missing_required_lib(name), exception=trace)
    try:
        result = run(module.params)
    except ServerlessError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
