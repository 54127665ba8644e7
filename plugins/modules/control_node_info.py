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
  - Asks AWS whose credentials the task's environment has, and how much of two quotas is used; and, with
    O(check_index=true), the package indexes if they answer. Nothing else leaves the machine.
  - What can't be known, because something does not answer or may not be asked, is said to be unknown.
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
    description: Versions of ansible-core that will do, such as C(>=2.19.0,<2.23.0).
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
    description: >-
      Where the WSGI app is in the folder, module and name, such as V(app.app). If it is empty, C(serverless.yml) in the
      folder says it.
    type: str
    required: true
  asgi_app:
    description: Where the ASGI app is, likewise; there is no WSGI app then.
    type: str
    default: ""
  python:
    description:
      - An interpreter of the runtime's Python. It is asked whether the app's source is valid there. Without it, one on
        C(PATH) is asked, such as C(python3.11), and else the Python that runs the module says what it knows.
    type: path
  service:
    description: Name of the service, which a C(serverless.yml) of the app's own has to have. Not compared if empty.
    type: str
    default: ""
  stage:
    description: Stage of the service.
    type: str
    default: dev
  packaging:
    description: How the dependencies travel, in the layer O(layer_name) or in the function's own package.
    type: str
    choices: [layer, requirements]
    default: layer
  domain:
    description:
      - The domain that the service is to have, as the filter P(asesoria.serverless.service_domain#filter) takes it. If
        it is empty, there is no such check.
    type: dict
    default: {}
  front_door:
    description: What requests come in by, which that filter is told as well.
    type: str
    default: http_api
  work_dir:
    description: Folder in which the run keeps what it makes; need not exist yet.
    type: path
    required: true
  min_free_mib:
    description: Free space in MiB that is wanted there.
    type: int
    required: true
  collections:
    description: Collections that the run needs.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the collection.
        type: str
        required: true
      requirement:
        description: Versions that will do, such as C(>=8.0.0).
        type: str
        required: true
      version:
        description: The version that is there, empty if none is.
        type: str
        default: ""
  cli_dir:
    description: Folder in which the run installs the Serverless CLI.
    type: path
    required: true
  cli_packages:
    description: The CLI's packages of npm, with their versions.
    type: dict
    default: {}
  check_index:
    description: Whether Python's package indexes, and npm's registry if the CLI has to be installed, are asked.
    type: bool
    default: true
  requirements:
    description: Requirements files, which may say where packages are looked for.
    type: list
    elements: path
    default: []
  index_url:
    description:
      - The package index instead of what pip is configured for. It may hold a user name and a password.
    type: str
  extra_index_urls:
    description:
      - More package indexes. They may hold a user name and a password.
    type: list
    elements: str
    default: []
  strategy:
    description:
      - Where the layer is going to be built. With V(wheels) nobody needs a builder, and its quota is not asked for.
    type: str
    choices: [auto, wheels, builder]
    default: auto
  builder_vcpus:
    description: How many vCPUs the builders have together.
    type: int
    default: 2
  builder_spot:
    description: Whether the builders come from the spot market, which has a quota of its own.
    type: bool
    default: false
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
    ansible_requirement: ">=2.19.0,<2.23.0"
    region: us-east-1
    runtime: python3.11
    architecture: x86_64
    layer_name: flask-dependencies-py311
    app_dir: ~/app
    wsgi_app: app.app
    work_dir: ~/.local/share/asesoria.serverless
    min_free_mib: 1024
    collections: "{{ 'asesoria.serverless' | asesoria.serverless.needed_collections }}"
    cli_dir: ~/.local/share/asesoria.serverless/cli
    cli_packages: {osls: 4.3.1}
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
          C(resolvelib), C(unearth), C(cyclonedx-python-lib), the name of each of O(collections), C(node), C(npm),
          C(serverless cli), C(ssh), C(ssh-keygen), C(package index), C(npm registry), C(credentials), C(clock),
          C(lambda storage), C(ec2 vcpus), C(region), C(runtime), C(architecture), C(layer name), C(app),
          C(serverless.yml), C(domain) and C(disk).
        - Those that ask AWS, and C(region), are left out without boto3, which is what is missing then.
      returned: success
      type: str
      sample: node
    state:
      description:
        - V(ok). V(warning) is something that the run can go on with, for now. V(problem) is what it can't go on with.
          V(unknown) is what nobody says.
      returned: success
      type: str
      sample: problem
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
      description: What to do, empty if there is nothing to do.
      returned: success
      type: str
      sample: Install the current long-term release of Node.js and see that it comes first on PATH
problems:
  description: One message for each check whose state is V(problem); empty if there is none.
  returned: success
  type: list
  elements: str
  sample:
    - "architecture: found 'i386', wanted x86_64 or arm64. Set asesoria_architecture to x86_64 or arm64."
"""

import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime, timezone
from importlib import metadata
from pathlib import Path
from typing import Any

try:
    import boto3
    import botocore
    import botocore.loaders
    from botocore.config import Config
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
    # What amazon.aws 10.1.2, the oldest that the collection takes, wants.
    MINIMUM_BOTO3_VERSION = MINIMUM_BOTOCORE_VERSION = "1.34.0"

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.asesoria.serverless.plugins.module_utils import _aws_quotas as quotas
from ansible_collections.asesoria.serverless.plugins.module_utils import _control_account as account
from ansible_collections.asesoria.serverless.plugins.module_utils import _control_indexes as indexes
from ansible_collections.asesoria.serverless.plugins.module_utils import _control_node as node
from ansible_collections.asesoria.serverless.plugins.module_utils._aws_identity import identify
from ansible_collections.asesoria.serverless.plugins.module_utils._check import PROBLEM, UNKNOWN, Check, without
from ansible_collections.asesoria.serverless.plugins.module_utils._control.app import check_app, check_own
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_place import (
    AUTO,
    BUILDER,
    STRATEGIES,
    WHEELS,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._lock_index import Session, default_index
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import RUNTIMES
from ansible_collections.asesoria.serverless.plugins.module_utils._service.app_kinds import ASGI, WSGI
from ansible_collections.asesoria.serverless.plugins.module_utils._service.own_config import Surroundings
from ansible_collections.asesoria.serverless.plugins.module_utils._service.syntax import (
    SyntaxVerdict,
    check_syntax,
)

try:
    import unearth
except ImportError:
    HAS_UNEARTH = False
else:
    HAS_UNEARTH = bool(unearth)

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
    "asgi_app": {"type": "str", "default": ""},
    "python": {"type": "path"},
    "service": {"type": "str", "default": ""},
    "stage": {"type": "str", "default": "dev"},
    "packaging": {"type": "str", "choices": ["layer", "requirements"], "default": "layer"},
    "domain": {"type": "dict", "default": {}},
    "front_door": {"type": "str", "default": "http_api"},
    "work_dir": {"type": "path", "required": True},
    "min_free_mib": {"type": "int", "required": True},
    "collections": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "name": {"type": "str", "required": True},
            "requirement": {"type": "str", "required": True},
            "version": {"type": "str", "default": ""},
        },
    },
    "cli_dir": {"type": "path", "required": True},
    "cli_packages": {"type": "dict", "default": {}},
    "check_index": {"type": "bool", "default": True},
    "requirements": {"type": "list", "elements": "path", "default": []},
    "index_url": {"type": "str", "no_log": True},
    "extra_index_urls": {"type": "list", "elements": "str", "default": [], "no_log": True},
    "strategy": {"type": "str", "choices": list(STRATEGIES), "default": AUTO},
    "builder_vcpus": {"type": "int", "default": 2},
    "builder_spot": {"type": "bool", "default": False},
    "skip": {"type": "list", "elements": "str", "default": []},
}


def today() -> date:
    """The day to hold dates against."""
    return datetime.now(tz=timezone.utc).date()


def installed_version(name: str) -> str | None:
    """Version of a distribution that this interpreter has."""
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


def programs(params: Mapping[str, Any], *, runner: node.Runner) -> Iterator[Check]:
    """What has to be installed."""
    requirement = params["ansible_requirement"]
    yield node.check_ansible(params["ansible_version"], requirement=requirement, today=today())
    yield node.check_python(tuple(sys.version_info[:3]), interpreter=sys.executable)
    found = {"boto3": boto3.__version__, "botocore": botocore.__version__} if HAS_BOTO3 else {}
    for name, minimum in (("boto3", MINIMUM_BOTO3_VERSION), ("botocore", MINIMUM_BOTOCORE_VERSION)):
        yield node.check_library(name, found.get(name), minimum=minimum, interpreter=sys.executable)
    for name, minimum in LIBRARIES:
        yield node.check_library(name, installed_version(name), minimum=minimum, interpreter=sys.executable)
    for each in params["collections"]:
        yield node.check_collection(each["name"], each["version"], requirement=each["requirement"])
    yield node.check_ssh(runner(["ssh", "-V"]))
    yield node.check_ssh_keygen(shutil.which("ssh-keygen"))


def serverless(params: Mapping[str, Any], *, runner: node.Runner) -> Iterator[Check]:
    """What deploys."""
    pins = {name: str(version) for name, version in params["cli_packages"].items()}
    programs = [
        node.check_node(runner(["node", "--version"]), today=today()),
        node.check_npm(runner(["npm", "--version"])),
    ]
    cli = node.check_cli(Path(params["cli_dir"]), pins=pins)
    yield from [*programs, cli]
    if not params["check_index"] or indexes.NPM_REGISTRY in params["skip"]:
        yield Check(indexes.NPM_REGISTRY, UNKNOWN, indexes.NOT_ASKED)
    elif not any(each.state == PROBLEM for each in programs):
        yield indexes.check_npm_registry(pins, cli=cli, runner=runner)
    else:
        yield Check(indexes.NPM_REGISTRY, UNKNOWN, "not known, because Node.js and npm have to be right to ask it")


def package_index(params: Mapping[str, Any]) -> Check:
    """Where Python's packages come from."""
    if not params["check_index"] or indexes.PACKAGE_INDEX in params["skip"]:
        return Check(indexes.PACKAGE_INDEX, UNKNOWN, indexes.NOT_ASKED)
    if not HAS_UNEARTH:
        return Check(indexes.PACKAGE_INDEX, UNKNOWN, "not known, because the package unearth is missing")
    return indexes.check_package_index(
        lambda: indexes.sources_of(
            [Path(path).absolute() for path in params["requirements"]],
            environment=os.environ,
            default_index=default_index(),
            index_url=params["index_url"],
            extra_index_urls=params["extra_index_urls"],
        ),
        connect=Session,
    )


def aws(params: Mapping[str, Any]) -> Iterator[Check]:
    """What AWS says."""
    if not HAS_BOTO3:
        return
    errors = (BotoCoreError, ClientError, ValueError)

    def session() -> Any:
        return boto3.session.Session(region_name=params["region"])

    wanted = account.CREDENTIALS not in params["skip"]
    asked = account.ask(lambda: identify(session, errors=errors)) if wanted else account.Asked()
    yield account.check_credentials(asked)
    yield account.check_clock(asked.answered, now=datetime.now(tz=timezone.utc))
    if asked.identity is None:
        yield Check(account.CODE_STORAGE, UNKNOWN, account.NOT_ASKED)
        yield Check(account.VCPUS, UNKNOWN, account.NOT_ASKED)
    else:
        # What AWS is asked beside who this is can be done without, so it gets little time.
        brief = Config(connect_timeout=5, read_timeout=10, retries={"total_max_attempts": 2})
        yield from limits(params, client=lambda name: session().client(name, config=brief), errors=errors)
    yield node.check_region(params["region"], known=known_regions())


def limits(
    params: Mapping[str, Any], *, client: Callable[[str], Any], errors: tuple[type[Exception], ...]
) -> Iterator[Check]:
    """What the quotas leave."""
    spot = params["builder_spot"]
    if account.CODE_STORAGE not in params["skip"]:
        yield account.check_code_storage(lambda: quotas.code_storage(client("lambda"), errors=errors))
    if account.VCPUS not in params["skip"] and params["strategy"] != WHEELS:
        yield account.check_vcpus(
            lambda: quotas.vcpus(client("service-quotas"), client("ec2"), spot=spot, errors=errors),
            needed=params["builder_vcpus"],
            spot=spot,
            required=params["strategy"] == BUILDER,
        )


def known_regions() -> list[str]:
    """Regions of all partitions, as botocore's own data has them; no session, because its profile may not be there."""
    partitions = botocore.loaders.create_loader().load_data("endpoints")["partitions"]
    return [region for partition in partitions for region in partition["regions"]]


def app(params: Mapping[str, Any], *, runner: node.Runner) -> Iterator[Check]:
    """What the app has, as the runtime's Python would see it."""
    python = RUNTIMES[params["runtime"]].python if params["runtime"] in RUNTIMES else ""
    interpreters = [each for each in (params["python"], shutil.which(f"python{python}")) if each]

    def find_broken(paths: Sequence[Path]) -> SyntaxVerdict:
        major, minor = python.split(".")
        return check_syntax(paths, python=(int(major), int(minor)), interpreters=interpreters, runner=runner)

    folder, setting = Path(params["app_dir"]), params["asgi_app"] or params["wsgi_app"]
    if setting:
        interface = ASGI if params["asgi_app"] else WSGI
        yield check_app(folder, setting=setting, interface=interface, python=python, find_broken=find_broken)
        return
    around = Surroundings(
        app_dir=folder,
        service=params["service"],
        stage=params["stage"],
        runtime=params["runtime"],
        layer=params["layer_name"] if params["packaging"] == "layer" else "",
        cli=params["cli_packages"],
    )
    yield from check_own(around, python=python, find_broken=find_broken)


def values(params: Mapping[str, Any], *, runner: node.Runner) -> Iterator[Check]:
    """What the user has set."""
    yield node.check_runtime(params["runtime"], today=today())
    yield node.check_architecture(params["architecture"])
    yield node.check_layer_name(params["layer_name"])
    yield from app(params, runner=runner)
    if params["domain"]:
        yield node.check_domain(params["domain"], front_door=params["front_door"], region=params["region"])
    yield node.check_disk(
        Path(params["work_dir"]).absolute(),
        minimum=params["min_free_mib"],
        free=lambda folder: shutil.disk_usage(folder).free,
    )


def run(module: AnsibleModule) -> dict[str, Any]:
    """Go through all checks."""
    params = module.params
    runner = node.run_program
    every = [
        *programs(params, runner=runner),
        *serverless(params, runner=runner),
        package_index(params),
        *aws(params),
        *values(params, runner=runner),
    ]
    checks = list(without(every, skip=params["skip"]))
    return {
        "changed": False,
        "checks": [asdict(check) for check in checks],
        "problems": [check.problem for check in checks if check.state == PROBLEM],
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
