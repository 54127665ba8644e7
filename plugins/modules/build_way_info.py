#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: build_way_info
short_description: Recommend a way to build a layer on this control node
version_added: 0.1.0
author:
  - The asesoria.serverless authors (@asesoria)
description:
  - Says which way to build a layer is the best here, and why. Runs on the control node.
  - V(wheels), on the control node, if there is a wheel of everything and an interpreter that can import them, because
    then nothing is started and nothing is paid. Else V(builder), an instance on EC2. V(docker) where AWS is known to
    give no instance and a container engine answers.
  - Finds out what the layer needs as M(asesoria.serverless.layer_lock) does. A lock that is there and whose inputs have
    not changed is taken, and then no package index is asked.
  - It changes nothing, and keeps nothing of what it has read.
options:
  requirements:
    description: The requirements file.
    type: path
    required: true
  constraints:
    description: A constraints file.
    type: path
  runtime:
    description: The Lambda runtime that the layer is for.
    type: str
    default: python3.11
  architecture:
    description: The architecture that the layer is for.
    type: str
    choices: [x86_64, arm64]
    default: x86_64
  lock:
    description: The lock that an earlier run may have made.
    type: path
    required: true
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
  additions:
    description: Requirements that are added, as M(asesoria.serverless.layer_lock) takes them.
    type: list
    elements: dict
    default: []
    suboptions:
      requirement:
        description: The requirement.
        type: str
        required: true
      reason:
        description: What it is for.
        type: str
        default: addition
  provided:
    description: Names of projects that the runtime or another layer brings.
    type: list
    elements: str
    default: []
  check_index:
    description: Whether package indexes may be asked. If not, it may stay unknown what is best.
    type: bool
    default: true
  strategy:
    description: The way that the run is going to go, as in M(asesoria.serverless.layer_place_info).
    type: str
    choices: [auto, wheels, builder]
    default: auto
  python:
    description: The interpreter of the control node to build with; without it, one is looked for.
    type: path
  docker:
    description: Whether a container engine runs here, as M(asesoria.serverless.virtualization_info) says.
    type: str
    choices: ["yes", "no", "unknown"]
    default: unknown
  against_builder:
    description: What is against an instance on EC2, a clause; empty if nothing is known to be.
    type: str
    default: ""
attributes:
  check_mode:
    description: It changes nothing, so it does the same in check mode.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
requirements:
  - packaging
  - resolvelib
  - unearth
  - tomli on Python 3.10
seealso:
  - module: asesoria.serverless.layer_lock
  - module: asesoria.serverless.layer_place_info
  - module: asesoria.serverless.virtualization_info
"""

EXAMPLES = r"""
- name: See how a layer is best built here
  asesoria.serverless.build_way_info:
    requirements: requirements.txt
    lock: pylock.toml
  register: best

- name: Say it
  ansible.builtin.debug:
    msg: "{{ best.check.found }}"
"""

RETURN = r"""
way:
  description: V(wheels), V(builder), V(docker), or V(unknown).
  returned: success
  type: str
  sample: wheels
check:
  description: How it is said, as one of the checks of M(asesoria.serverless.control_node_info).
  returned: success
  type: dict
  contains:
    name:
      description: C(way to build).
      returned: success
      type: str
      sample: way to build
    state:
      description:
        - V(ok); V(warning) if the best way is not open yet; V(problem) if the strategy that was asked for can't be
          followed, or the requirements have no solution; V(unknown).
      returned: success
      type: str
      sample: ok
    found:
      description: The way and why.
      returned: success
      type: str
      sample: wheels, because there is a wheel of everything, and /usr/bin/python3.11 can import them
    wanted:
      description: Empty.
      returned: success
      type: str
      sample: ""
    remedy:
      description: What to do, empty if there is nothing to do.
      returned: success
      type: str
      sample: ""
"""

import os
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.asesoria.serverless.plugins.module_utils import _toml
from ansible_collections.asesoria.serverless.plugins.module_utils._answers import NO, UNKNOWN, YES
from ansible_collections.asesoria.serverless.plugins.module_utils._build_way import (
    NAME,
    find_ways,
    locked,
    recommend,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._check import refusal
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_lock import Addition, LockRequest
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_place import (
    AUTO,
    STRATEGIES,
    WHEELS,
    Layer,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._libraries import missing_libraries
from ansible_collections.asesoria.serverless.plugins.module_utils._process import run_process
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import ARCHITECTURES, find_runtime
from ansible_collections.asesoria.serverless.plugins.module_utils._target import Target

MISSING = missing_libraries("packaging", "resolvelib", "unearth")
if not _toml.AVAILABLE:
    MISSING["tomli"] = ""


def run(params: Mapping[str, Any]) -> dict[str, Any]:
    """Find out, and recommend."""
    runtime = find_runtime(params["runtime"], today=datetime.now(tz=timezone.utc).date())
    request = LockRequest(
        target=Target(runtime=runtime, architecture=params["architecture"]),
        dest=Path(params["lock"]).absolute(),
        requirements=Path(params["requirements"]).absolute(),
        constraints=Path(params["constraints"]).absolute() if params["constraints"] else None,
        index_url=params["index_url"],
        extra_index_urls=tuple(params["extra_index_urls"]),
        no_wheel="refuse" if params["strategy"] == WHEELS else "build",
        provided=tuple(params["provided"]),
        additions=tuple(Addition(each["requirement"], each["reason"]) for each in params["additions"]),
    )
    others = {"docker": params["docker"], "builder": params["against_builder"]}
    try:
        layer = locked(request, environment=os.environ, runner=run_process) if params["check_index"] else None
    except ServerlessError as error:
        return {"changed": False, "way": UNKNOWN, "check": asdict(refusal(NAME, error))}
    here = layer or Layer(runtime=runtime, architecture=params["architecture"], wheels=[], to_build=[])
    ways = replace(find_ways(here, known=layer is not None, python=params["python"], runner=run_process), **others)
    return {"changed": False, **asdict(recommend(ways, strategy=params["strategy"], os_name=runtime.os.name))}


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "requirements": {"type": "path", "required": True},
            "constraints": {"type": "path"},
            "runtime": {"type": "str", "default": "python3.11"},
            "architecture": {"type": "str", "choices": list(ARCHITECTURES), "default": "x86_64"},
            "lock": {"type": "path", "required": True},
            "index_url": {"type": "str", "no_log": True},
            "extra_index_urls": {"type": "list", "elements": "str", "default": [], "no_log": True},
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
            "check_index": {"type": "bool", "default": True},
            "strategy": {"type": "str", "choices": list(STRATEGIES), "default": AUTO},
            "python": {"type": "path"},
            "docker": {"type": "str", "choices": [YES, NO, UNKNOWN], "default": UNKNOWN},
            "against_builder": {"type": "str", "default": ""},
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
