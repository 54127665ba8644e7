#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: control_node_info
short_description: Whether the control node and the input are ready for a run
version_added: 0.1.0
author:
  - The asesoria.serverless authors (@asesoria)
description:
  - Looks at everything that a run of the chain needs of its control node and its input, and says of each thing what was
    found, what is wanted and what to do. It goes through all of them and does not fail for what is missing.
  - Asks AWS whose credentials the task's environment has; nothing else leaves the machine.
  - Packages that a check itself would need, boto3 for one, may be missing; then that is what is found.
attributes:
  check_mode:
    description: Changes nothing.
    support: full
  diff_mode:
    description: Changes nothing.
    support: none
options:
  ansible_version:
    description: Version of ansible-core that runs the playbook.
    type: str
    required: true
  ansible_requirement:
    description: Versions of ansible-core that will do, such as C(>=2.17.0,<2.22.0).
    type: str
    required: true
  region:
    description: Region of AWS.
    type: str
    required: true
  runtime:
    description: Identifier of the Lambda runtime.
    type: str
    required: true
  architecture:
    description: Instruction set of the function.
    type: str
    required: true
  layer_name:
    description: Name of the layer.
    type: str
    required: true
  app_dir:
    description: Folder of the app.
    type: path
    required: true
  wsgi_app:
    description: Where the app is in the folder, module and name, such as V(app.app).
    type: str
    required: true
  work_dir:
    description: Folder in which the run keeps what it makes; need not exist yet.
    type: path
    required: true
  min_free_mib:
    description: Free space in MiB that is wanted there.
    type: int
    required: true
  skip:
    description: Names of checks to leave out.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Look at the control node
  asesoria.serverless.control_node_info:
    ansible_version: "{{ ansible_version.full }}"
    ansible_requirement: ">=2.17.0,<2.22.0"
    region: us-east-1
    runtime: python3.11
    architecture: x86_64
    layer_name: flask-dependencies-py311
    app_dir: ~/app
    wsgi_app: app.app
    work_dir: ~/.local/share/asesoria.serverless
    min_free_mib: 1024
  register: node

- name: Stop if something is missing
  ansible.builtin.assert:
    that: node.problems | length == 0
    fail_msg: "{{ node.problems | join('\n') }}"
"""

RETURN = r"""
checks:
  description: What was looked at.
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description:
        - Which check it is. One of C(ansible-core), C(python), C(boto3), C(botocore), C(packaging), C(pyelftools),
          C(resolvelib), C(unearth), C(cyclonedx-python-lib), C(node), C(npm), C(ssh), C(ssh-keygen), C(credentials),
          C(region), C(runtime), C(architecture), C(layer name), C(app) and C(disk).
        - C(credentials) and C(region) are left out without boto3, which is what is missing then.
      returned: success
      type: str
      sample: node
    ok:
      description: Whether what was found will do.
      returned: success
      type: bool
      sample: false
    found:
      description: What is there.
      returned: success
      type: str
      sample: v18.20.4
    wanted:
      description: What would do; empty if C(found) says what is wrong in a sentence of its own.
      returned: success
      type: str
      sample: 20.19 or a later 20, 22.13 or a later 22, or 24 and later
    remedy:
      description: What to do, empty if it will do.
      returned: success
      type: str
      sample: Install the current long-term release of Node.js and see that it comes first on PATH
problems:
  description: One message for each check that failed; empty if all is there.
  returned: success
  type: list
  elements: str
  sample:
    - "architecture: found 'i386', wanted x86_64 or arm64. Set asesoria_architecture to x86_64 or arm64."
"""

import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any

try:
    import boto3
    import botocore
    import botocore.loaders
    from botocore.exceptions import BotoCoreError, ClientError

    HAS_BOTO3 = True
except ImportError:
    HAS_BOTO3 = False

try:
    from ansible_collections.amazon.aws.plugins.module_utils.botocore import (
        MINIMUM_BOTO3_VERSION,
        MINIMUM_BOTOCORE_VERSION,
    )
except ImportError:
    # What amazon.aws 8.0.0, the oldest that the collection takes, wants.
    MINIMUM_BOTO3_VERSION = MINIMUM_BOTOCORE_VERSION = "1.28.0"

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.asesoria.serverless.plugins.module_utils import _control_node as node
from ansible_collections.asesoria.serverless.plugins.module_utils._aws_identity import identify
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

#: What reads requirements and looks into a layer, with the oldest versions that know what is asked of them.
LIBRARIES = (
    ("packaging", "22.0"),
    ("pyelftools", "0.29"),
    ("resolvelib", "1.0.0"),
    ("unearth", "0.19.0"),
    ("cyclonedx-python-lib", "11.0"),
)

ARGUMENT_SPEC: dict[str, Any] = {
    "ansible_version": {"type": "str", "required": True},
    "ansible_requirement": {"type": "str", "required": True},
    "region": {"type": "str", "required": True},
    "runtime": {"type": "str", "required": True},
    "architecture": {"type": "str", "required": True},
    "layer_name": {"type": "str", "required": True},
    "app_dir": {"type": "path", "required": True},
    "wsgi_app": {"type": "str", "required": True},
    "work_dir": {"type": "path", "required": True},
    "min_free_mib": {"type": "int", "required": True},
    "skip": {"type": "list", "elements": "str", "default": []},
}


def installed_version(name: str) -> str | None:
    """Version of a distribution that this interpreter has."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def programs(params: dict[str, Any], *, runner: node.Runner) -> Iterator[node.Check]:
    """What has to be installed."""
    yield node.check_ansible(params["ansible_version"], requirement=params["ansible_requirement"])
    yield node.check_python(tuple(sys.version_info[:3]), interpreter=sys.executable)
    found = {"boto3": boto3.__version__, "botocore": botocore.__version__} if HAS_BOTO3 else {}
    for name, minimum in (("boto3", MINIMUM_BOTO3_VERSION), ("botocore", MINIMUM_BOTOCORE_VERSION)):
        yield node.check_library(name, found.get(name), minimum=minimum, interpreter=sys.executable)
    for name, minimum in LIBRARIES:
        yield node.check_library(name, installed_version(name), minimum=minimum, interpreter=sys.executable)
    yield node.check_node(runner(["node", "--version"]))
    yield node.check_npm(runner(["npm", "--version"]))
    yield node.check_ssh(runner(["ssh", "-V"]))
    yield node.check_ssh_keygen(shutil.which("ssh-keygen"))


def account(params: dict[str, Any]) -> Iterator[node.Check]:
    """What AWS has to know."""
    if not HAS_BOTO3:
        return
    if "credentials" not in params["skip"]:

        def session() -> Any:
            return boto3.session.Session(region_name=params["region"])

        yield node.check_credentials(lambda: identify(session, errors=(BotoCoreError, ClientError, ValueError)))
    yield node.check_region(params["region"], known=known_regions())


def known_regions() -> list[str]:
    """Regions of all partitions, as botocore's own data has them; no session, because its profile may not be there."""
    partitions = botocore.loaders.create_loader().load_data("endpoints")["partitions"]
    return [region for partition in partitions for region in partition["regions"]]


def values(params: dict[str, Any]) -> Iterator[node.Check]:
    """What the user has set."""
    yield node.check_runtime(params["runtime"], today=datetime.now(tz=timezone.utc).date())
    yield node.check_architecture(params["architecture"])
    yield node.check_layer_name(params["layer_name"])
    yield node.check_app(Path(params["app_dir"]), setting=params["wsgi_app"])
    yield node.check_disk(
        Path(params["work_dir"]).absolute(),
        minimum=params["min_free_mib"],
        free=lambda folder: shutil.disk_usage(folder).free,
    )


def run(module: AnsibleModule) -> dict[str, Any]:
    """Go through all checks."""
    params = module.params
    every = [*programs(params, runner=node.run_program), *account(params), *values(params)]
    checks = list(node.without(every, skip=params["skip"]))
    return {
        "changed": False,
        "checks": [asdict(check) for check in checks],
        "problems": [check.problem for check in checks if not check.ok],
    }


def main() -> None:
    """Ansible's entry point."""
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, supports_check_mode=True)
    try:
        result = run(module)
    except ServerlessError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
