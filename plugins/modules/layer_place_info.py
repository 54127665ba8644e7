#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: layer_place_info
short_description: Decide whether a locked layer is built on the control node or on a builder
version_added: 0.1.0
author:
  - The asesoria.serverless authors (@asesoria)
description:
  - Says where a layer can be built, from what M(asesoria.serverless.layer_lock) has found. Runs on the control node.
  - That will do if everything is locked as a wheel, and it has what installs and imports them, which is an interpreter
    of the runtime's Python with C(pip), C(ssl) and C(zlib), on Linux, on the same architecture, and with a glibc that
    the wheels can be installed with. Whatever is built is imported before it is published, so none of that can be
    spared.
  - It changes nothing.
options:
  strategy:
    description:
      - V(auto) builds on the control node if that will do, and else on a builder.
      - V(wheels) fails if the control node will not do.
      - V(builder) builds on a builder.
    type: str
    choices: [auto, wheels, builder]
    default: auto
  runtime:
    description:
      - The Lambda runtime that the layer is for.
    type: str
    default: python3.11
  architecture:
    description:
      - The architecture that the layer is for.
    type: str
    choices: [x86_64, arm64]
    default: x86_64
  wheels:
    description:
      - File names of the locked wheels.
    type: list
    elements: str
    default: []
  to_build:
    description:
      - Names of the locked packages that are no wheels.
    type: list
    elements: str
    default: []
  python:
    description:
      - The interpreter of the control node to build with.
      - Without it, the one that runs the module is tried, the one that its virtual environment was made from, and the
        one on C(PATH) that is called after the runtime's version, C(python3.11) for instance.
    type: path
  lock:
    description:
      - The lock, to see whether I(zip) is what it asks for. Without it nobody looks.
    type: path
  zip:
    description:
      - The zip that an earlier run has brought from a builder, with its manifest beside it, C(NAME.manifest.json).
      - If a builder would make the very same again, nothing has to be built, whichever release of Python and which C
        library it was made with.
    type: path
  slim:
    description:
      - Level of slimming that is asked for, as in M(asesoria.serverless.layer_build).
    type: str
    choices: [none, safe, max]
    default: safe
extends_documentation_fragment:
  - asesoria.serverless.allow.import
attributes:
  check_mode:
    description: It changes nothing, so it does the same in check mode.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
seealso:
  - module: asesoria.serverless.layer_lock
  - module: asesoria.serverless.layer_build
"""

EXAMPLES = r"""
- name: Lock the packages
  asesoria.serverless.layer_lock:
    requirements: requirements.txt
    dest: pylock.toml
    no_wheel: build
  register: locked

- name: Decide where to build
  asesoria.serverless.layer_place_info:
    wheels: "{{ locked.packages | selectattr('kind', 'equalto', 'wheel') | map(attribute='file') }}"
    to_build: "{{ locked.to_build }}"
  register: where
"""

RETURN = r"""
place:
  description: V(control_node), V(builder), or V(nowhere) if I(zip) is what the lock asks for.
  returned: always
  type: str
  sample: control_node
python:
  description: The interpreter to build with on the control node; C(null) elsewhere.
  returned: always
  type: str
  sample: /usr/bin/python3.11
reason:
  description: Why there.
  returned: always
  type: str
  sample: there is a wheel of everything, and /usr/bin/python3.11 can import them
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_build import BuildRequest
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_place import AUTO, STRATEGIES, Layer, decide
from ansible_collections.asesoria.serverless.plugins.module_utils._manifest import manifest_of
from ansible_collections.asesoria.serverless.plugins.module_utils._process import run_process
from ansible_collections.asesoria.serverless.plugins.module_utils._rules import (
    IMPORT,
    STATIC,
    allow_option,
    read_allowances,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import (
    ARCHITECTURES,
    Runtime,
    find_runtime,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._slim import LEVELS, SAFE


def run(module: AnsibleModule) -> dict[str, Any]:
    """Decide; what the module returns."""
    params = module.params
    layer = Layer(
        runtime=find_runtime(params["runtime"], today=datetime.now(tz=timezone.utc).date()),
        architecture=params["architecture"],
        wheels=params["wheels"],
        to_build=params["to_build"],
    )
    built = _built(params, runtime=layer.runtime) if params["lock"] else None
    place = decide(layer, strategy=params["strategy"], python=params["python"], runner=run_process, built=built)
    return {"changed": False, **asdict(place)}


def _built(params: Mapping[str, Any], *, runtime: Runtime) -> BuildRequest:
    archive = Path(params["zip"])
    return BuildRequest(
        runtime=runtime,
        architecture=params["architecture"],
        python="",
        archive=archive,
        manifest=manifest_of(archive),
        lock=Path(params["lock"]),
        slim=params["slim"],
        allow=read_allowances(params["allow"]),
    )


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "strategy": {"type": "str", "choices": list(STRATEGIES), "default": AUTO},
            "runtime": {"type": "str", "default": "python3.11"},
            "architecture": {"type": "str", "choices": list(ARCHITECTURES), "default": "x86_64"},
            "wheels": {"type": "list", "elements": "str", "default": []},
            "to_build": {"type": "list", "elements": "str", "default": []},
            "python": {"type": "path"},
            "lock": {"type": "path"},
            "zip": {"type": "path"},
            "slim": {"type": "str", "choices": list(LEVELS), "default": SAFE},
            "allow": allow_option((IMPORT, *STATIC)),
        },
        required_together=[("lock", "zip")],
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except ServerlessError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
