#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: layer_lock
short_description: Lock the packages of a layer for a Lambda runtime and architecture
version_added: 0.1.0
author:
  - The asesoria.serverless authors (@asesoria)
description:
  - Finds the exact versions and files that a requirements file needs on one Lambda runtime and architecture, and writes
    them with their hashes into a lock in the format of PEP 751, C(pylock.toml).
  - Everything is judged for the runtime and never for the machine that this runs on, so Linux, macOS and WSL, x86 and
    Arm make the same lock.
  - Only wheels are taken whose compiled parts the runtime's glibc can load. Where the newest version has none, the
    newest one that has is taken.
  - A lock whose inputs have not changed is kept, and then no package index is asked. A lock that was edited or damaged
    is made anew, with a warning.
  - User names, passwords and tokens of indexes are neither in the lock nor in what it returns, and a new token makes no
    new lock.
  - Looks where pip is configured to look, by its variables and configuration files, for instance C(PIP_INDEX_URL),
    C(PIP_EXTRA_INDEX_URL), C(PIP_FIND_LINKS) and C(PIP_CERT). These are settings of a machine, so a change of them
    alone makes no new lock; O(upgrade) does.
  - Paths in a requirements file are relative to its folder, those in O(packages) to the folder of O(dest).
  - Repositories are supported for git only. What they need is known only when they are built, so they ask for
    O(no_wheel=build). The needs of a local folder are read from its C(pyproject.toml).
options:
  requirements:
    description:
      - The requirements file. It may include others, with C(-r) and C(-c).
    type: path
  packages:
    description:
      - The requirements themselves, one each, instead of a file.
    type: list
    elements: str
  constraints:
    description:
      - A constraints file, which limits versions and installs nothing.
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
  dest:
    description:
      - The lock. Its folder is made if it is missing.
    type: path
    required: true
  index_url:
    description:
      - The package index to ask instead of what pip is configured for. It may hold a user name and a password.
      - As with pip, one that the requirements file names goes before this.
    type: str
  extra_index_urls:
    description:
      - More package indexes. They may hold a user name and a password.
    type: list
    elements: str
    default: []
  no_wheel:
    description:
      - What to do with a package that has no fitting wheel in any allowed version.
      - V(refuse) fails and says why there is none, and which ways out there are.
      - V(build) locks its source, and lists it in RV(to_build).
    type: str
    choices: [refuse, build]
    default: refuse
  provided:
    description:
      - Names of projects that the runtime or another layer brings. They are left out of the lock, and so is what only
        they need. The versions of everything else are those that go together with them.
      - Lambda's Python has V(boto3), V(botocore), V(s3transfer), V(jmespath), V(urllib3), V(python-dateutil) and
        V(six), in versions that change without notice.
    type: list
    elements: str
    default: []
  additions:
    description:
      - Requirements that are added if nothing in the requirements brings their distribution, directly or for another
        package. What the requirements say of it counts, and so do constraints.
      - What was added is in RV(added). Where the requirements have hashes, an addition is refused, since it has none.
    type: list
    elements: dict
    default: []
    suboptions:
      requirement:
        description: The requirement, such as V(mangum>=0.19.0).
        type: str
        required: true
      reason:
        description: What it is for, in a few words.
        type: str
        default: addition
  upgrade:
    description:
      - Look for the newest versions although the inputs have not changed.
    type: bool
    default: false
  cache_dir:
    description:
      - Folder that keeps metadata and downloads for the next run. Everything in it is checked before it is used, and
        it may be removed at any time. In check mode it is not used.
    type: path
    default: ~/.cache/asesoria.serverless/lock
attributes:
  check_mode:
    description: Finds the versions, and writes nothing.
    support: full
  diff_mode:
    description: Shows which distributions come, go and change their version.
    support: full
requirements:
  - packaging
  - resolvelib
  - unearth
  - tomli on Python 3.10
seealso:
  - module: asesoria.serverless.layer_build
  - module: asesoria.serverless.layer_requirements_info
"""

EXAMPLES = r"""
- name: Lock the packages of an app
  asesoria.serverless.layer_lock:
    requirements: requirements.txt
    runtime: python3.11
    dest: pylock.toml
  register: locked

- name: Look for newer versions, and build what has no wheel
  asesoria.serverless.layer_lock:
    packages:
      - flask>=3
      - pandas
    runtime: python3.13
    architecture: arm64
    dest: pylock.toml
    no_wheel: build
    upgrade: true
"""

RETURN = r"""
path:
  description: The lock.
  returned: always
  type: str
  sample: /home/me/app/pylock.toml
reason:
  description: Why it was, or in check mode would be, written; empty if nothing is to be done.
  returned: always
  type: str
  sample: the requirements or an option have changed
packages:
  description: What is locked, sorted by name.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Its normalized name.
      returned: always
      type: str
      sample: numpy
    version:
      description: Its version; C(null) if only a build would tell.
      returned: always
      type: str
      sample: 2.2.6
    kind:
      description: V(wheel), V(sdist), V(directory) or V(vcs).
      returned: always
      type: str
      sample: wheel
    file:
      description: Name of the wheel or sdist; C(null) for a folder or a repository.
      returned: always
      type: str
      sample: numpy-2.2.6-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl
    sha256:
      description: Hash of that file; C(null) without one.
      returned: always
      type: str
      sample: 9c1df2f4b8d4fdb6e0dc7a3cd83fc5e1bd0dd8f9a8ba9bbdd0fe2e2d1a8d7a35
    size:
      description: Bytes of that file; C(null) without one.
      returned: always
      type: int
      sample: 16821570
to_build:
  description: Names of the packages that are no wheels and have to be built.
  returned: always
  type: list
  elements: str
  sample: []
unknown_dependencies:
  description: Names of those whose own dependencies only a build would tell; they are not locked.
  returned: always
  type: list
  elements: str
  sample: []
added:
  description: What of O(additions) was added.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Its normalized name.
      returned: always
      type: str
      sample: mangum
    version:
      description: Its version.
      returned: always
      type: str
      sample: 0.22.0
    reason:
      description: What it is for.
      returned: always
      type: str
      sample: adapter for ASGI
state:
  description: Kind of file that O(dest) is.
  returned: when there is a lock
  type: str
  sample: file
mode:
  description: Its permissions.
  returned: when there is a lock
  type: str
  sample: "0644"
uid:
  description: Its owner's number.
  returned: when there is a lock
  type: int
  sample: 1000
owner:
  description: Its owner.
  returned: when there is a lock
  type: str
  sample: me
gid:
  description: Its group's number.
  returned: when there is a lock
  type: int
  sample: 1000
group:
  description: Its group.
  returned: when there is a lock
  type: str
  sample: me
size:
  description: Its bytes.
  returned: when there is a lock
  type: int
  sample: 8126
"""

import os
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.asesoria.serverless.plugins.module_utils import _toml
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_lock import (
    POLICIES,
    Addition,
    LockRequest,
    apply_lock,
    plan_lock,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._libraries import missing_libraries
from ansible_collections.asesoria.serverless.plugins.module_utils._process import run_process
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import ARCHITECTURES, find_runtime
from ansible_collections.asesoria.serverless.plugins.module_utils._target import Target

MISSING = missing_libraries("packaging", "resolvelib", "unearth")
if not _toml.AVAILABLE:
    MISSING["tomli"] = ""


def request_of(params: Mapping[str, Any]) -> LockRequest:
    """The module's options as the utils take them."""
    runtime = find_runtime(params["runtime"], today=datetime.now(tz=timezone.utc).date())
    return LockRequest(
        target=Target(runtime=runtime, architecture=params["architecture"]),
        dest=Path(params["dest"]).absolute(),
        requirements=Path(params["requirements"]).absolute() if params["requirements"] else None,
        packages=tuple(params["packages"] or ()),
        constraints=Path(params["constraints"]).absolute() if params["constraints"] else None,
        index_url=params["index_url"],
        extra_index_urls=tuple(params["extra_index_urls"]),
        no_wheel=params["no_wheel"],
        provided=tuple(params["provided"]),
        upgrade=params["upgrade"],
        additions=tuple(Addition(each["requirement"], each["reason"]) for each in params["additions"]),
    )


def run(module: AnsibleModule) -> dict[str, Any]:
    """Plan, and apply if it is no check; what the module returns."""
    cache = None if module.check_mode else Path(module.params["cache_dir"])
    plan = plan_lock(request_of(module.params), environment=os.environ, runner=run_process, cache=cache)
    if plan.damaged:
        module.warn(f"{plan.dest}: {plan.reason}")
    if not module.check_mode:
        apply_lock(plan)
    return {"changed": plan.changed, "diff": plan.diff(), **plan.facts()}


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "requirements": {"type": "path"},
            "packages": {"type": "list", "elements": "str"},
            "constraints": {"type": "path"},
            "runtime": {"type": "str", "default": "python3.11"},
            "architecture": {"type": "str", "choices": list(ARCHITECTURES), "default": "x86_64"},
            "dest": {"type": "path", "required": True},
            "index_url": {"type": "str", "no_log": True},
            "extra_index_urls": {"type": "list", "elements": "str", "default": [], "no_log": True},
            "no_wheel": {"type": "str", "choices": list(POLICIES), "default": "refuse"},
            "provided": {"type": "list", "elements": "str", "default": []},
            "additions": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "requirement": {"type": "str", "required": True},
                    "reason": {"type": "str", "default": "addition"},
                },
            },
            "upgrade": {"type": "bool", "default": False},
            "cache_dir": {"type": "path", "default": "~/.cache/asesoria.serverless/lock"},
        },
        mutually_exclusive=[("requirements", "packages")],
        required_one_of=[("requirements", "packages")],
        supports_check_mode=True,
    )
    for name, trace in MISSING.items():
        module.fail_json(msg=missing_required_lib(name), exception=trace)
    try:
        result = run(module)
    except ServerlessError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
