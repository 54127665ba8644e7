#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: layer_sbom
short_description: Write the software bill of materials of an AWS Lambda layer
version_added: 0.1.0
author:
  - The asesoria.serverless authors (@asesoria)
description:
  - Reads a layer's zip, whoever built it, and writes what is in it in the form of CycloneDX 1.6 (JSON).
  - Every distribution is a component with its version, package URL and license, and with the distributions of the layer
    that it needs on the runtime. The layer itself is the component that the bill is about; it has the SHA-256 of the
    zip.
  - The same zip gives the same text. There is no date in it, and its serial number follows from the zip.
  - A license is what the metadata of the distribution say, as an SPDX expression or a name. Where they hold the text of
    a license instead, it is left out.
options:
  path:
    description:
      - The layer's zip.
    type: path
    required: true
  name:
    description:
      - Name of the layer.
    type: str
    required: true
  dest:
    description:
      - The file to write, in a folder that is there.
    type: path
    required: true
  runtime:
    description:
      - The Lambda runtime that the layer is for. It decides which requirements hold.
    type: str
    default: python3.11
  architecture:
    description:
      - The architecture that the layer is for.
    type: str
    choices: [x86_64, arm64]
    default: x86_64
attributes:
  check_mode:
    description: Says whether the file would change, and writes nothing.
    support: full
  diff_mode:
    description: Shows the bill before and after.
    support: full
requirements:
  - cyclonedx-python-lib >= 11
  - packaging
  - pyelftools
seealso:
  - module: asesoria.serverless.layer_build
  - module: asesoria.serverless.layer_audit
  - name: CycloneDX
    description: The form of the bill.
    link: https://cyclonedx.org/docs/1.6/json/
"""

EXAMPLES = r"""
- name: Say what is in the layer
  asesoria.serverless.layer_sbom:
    path: build/flask-dependencies-py311.zip
    name: flask-dependencies-py311
    dest: build/flask-dependencies-py311.cdx.json
"""

RETURN = r"""
sbom:
  description: The file.
  returned: always
  type: str
  sample: build/flask-dependencies-py311.cdx.json
components:
  description: How many distributions are in the bill.
  returned: always
  type: int
  sample: 7
serial_number:
  description: The bill's own identifier, which follows from the zip.
  returned: always
  type: str
  sample: urn:uuid:4cd605e7-afa2-5360-b5b9-c5e9fb5c76f4
"""

import json
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_sbom import make_sbom
from ansible_collections.asesoria.serverless.plugins.module_utils._libraries import missing_libraries
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import ARCHITECTURES, find_runtime
from ansible_collections.asesoria.serverless.plugins.module_utils._target import Target
from ansible_collections.asesoria.serverless.plugins.module_utils._whole_file import read_whole, write_whole

MISSING = missing_libraries("cyclonedx-python-lib >= 11", "packaging", "pyelftools")


def make(params: Mapping[str, Any]) -> str:
    """The bill's text."""
    runtime = find_runtime(params["runtime"], today=datetime.now(tz=timezone.utc).date(), allow_deprecated=True)
    target = Target(runtime=runtime, architecture=params["architecture"])
    return make_sbom(Path(params["path"]), name=params["name"], target=target)


def run(module: AnsibleModule) -> dict[str, Any]:
    """Compare, and write unless in check mode; what the module returns."""
    dest = Path(module.params["dest"])
    after = make(module.params)
    before = read_whole(dest)
    if before != after and not module.check_mode:
        write_whole(dest, after)
    bill = json.loads(after)
    return {
        "changed": before != after,
        "sbom": str(dest),
        "components": len(bill.get("components", [])),
        "serial_number": bill["serialNumber"],
        "diff": {"before_header": str(dest), "after_header": str(dest), "before": before, "after": after},
    }


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "name": {"type": "str", "required": True},
            "dest": {"type": "path", "required": True},
            "runtime": {"type": "str", "default": "python3.11"},
            "architecture": {"type": "str", "choices": list(ARCHITECTURES), "default": "x86_64"},
        },
        supports_check_mode=True,
    )
    for name, trace in MISSING.items():
        module.fail_json(msg=missing_required_lib(name), exception=trace)
    try:
        result = run(module)
    except ServerlessError as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=f"{module.params['dest']} can't be written ({error.strerror}). Name another folder.")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
