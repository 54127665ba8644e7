#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: layer_build
short_description: Build the zip of an AWS Lambda layer from a lock or a Python requirements file
version_added: 0.1.0
author:
  - The asesoria.serverless authors (@asesoria)
description:
  - Installs a lock or a requirements file with the pip of the interpreter that the layer is for, and packs the result
    into a zip whose bytes follow from its contents alone. The same contents give the same zip, whatever the folder,
    date, umask or time zone is.
  - Beside the zip it writes a manifest, which says what is in the zip and how it was made. Neither holds a date, a path
    of the builder or a password.
  - The zip holds bytecode of the mode C(unchecked-hash), which is valid whatever the files' dates are.
  - Before the zip appears, every top-level module of every distribution in it is imported by O(python), each in a
    process of its own, from C(/opt) if that can be done, and with nothing else on its path. If one fails there is no
    zip. A module that fails for want of another one that no mandatory requirement stands for is told apart, if the
    distribution has a module that imports.
  - From a lock exactly its files are installed, and each is held against its hash. Only what is locked as a source
    distribution, a repository or a folder is compiled. What the lock lists as having unknown dependencies is built
    first; pip then finds what that needs, with everything that is locked held fast. What comes that way, and what is
    made from a repository or a folder, has no hash in the manifest.
  - Nothing is built, and pip is not run, if the zip is the one that its manifest describes and was made from the same
    versions and hashes of a lock, or the same requirements, constraints and index addresses, for the same runtime and
    architecture with the same interpreter. Comments and passwords do not count, and with a lock no address does.
  - A requirement without an exact version is not looked up again while that holds. Use O(force) to take newer versions.
  - It runs on the host that builds, which needs nothing but the interpreter and its pip.
options:
  requirements:
    description:
      - pip's requirements file, on the host that builds. What it includes with C(-r) and C(-c) is read too.
      - Either this or O(lock) is needed.
    type: path
  constraints:
    description:
      - pip's constraints file, on the host that builds. A lock has its own already.
    type: path
  lock:
    description:
      - A lock of M(asesoria.serverless.layer_lock), on the host that builds, for the same runtime and architecture.
    type: path
  options_from:
    description:
      - Requirements files, on the host that builds, that say where the files of O(lock) are. Their options
        C(--index-url), C(--extra-index-url), C(--find-links), C(--no-index) and C(--trusted-host) hold as in pip, and
        a password in an address counts where the lock has the same address without it. Nothing else in them counts.
    type: list
    elements: path
    default: []
  runtime:
    description:
      - The Lambda runtime that the layer is for.
    type: str
    default: python3.11
  architecture:
    description:
      - The architecture that the layer is for. The builder has to be of the same.
    type: str
    choices: [x86_64, arm64]
    default: x86_64
  python:
    description:
      - The interpreter that installs. It has to be of the runtime's version of Python.
      - The one that runs the module, if not given.
    type: path
  dest:
    description:
      - The zip to write. Its folder is made if it is missing.
    type: path
    required: true
  manifest:
    description:
      - The manifest to write.
      - O(dest) with C(.manifest.json) in place of C(.zip), if not given.
    type: path
  index_url:
    description:
      - The package index to use instead of what pip is configured for. It may hold a user name and a password.
    type: str
  extra_index_urls:
    description:
      - More package indexes. They may hold a user name and a password.
    type: list
    elements: str
    default: []
  slim:
    description:
      - What to leave out of the packages. Nothing that an import needs is ever left out.
      - V(safe) leaves out stubs for type checkers (unless the code beside them reads them), sources, headers and static
        libraries for compilers, folders C(tests) inside packages (unless something that stays imports them), and the
        symbol tables and debugging sections of shared libraries where they are a tenth of the file or more.
      - V(max) leaves out more, these tables and sections however small they are, and what only Windows or macOS runs.
      - What is loaded of a library stays byte for byte, at an offset with the same alignment, and C(RECORD) has its new
        hash.
      - V(none) keeps all of it.
    type: str
    choices: [none, safe, max]
    default: safe
  cache_dir:
    description:
      - Folder, on the host that builds, that keeps finished layers, the twenty that were used last. What was built
        before from the same is taken from there.
      - What is damaged there, incomplete, or of something else is built again. The folder is not used if it belongs to
        another user or if others can write to it.
      - None are kept, if not given.
    type: path
  force:
    description:
      - Build even if nothing has changed.
    type: bool
    default: false
notes:
  - What O(allow) lets pass is written into the manifest. A build itself only heeds the rule V(import). Which findings
    the others accept is for M(asesoria.serverless.layer_audit) to be told; if they alone have changed, only the
    manifest is written.
extends_documentation_fragment:
  - asesoria.serverless.allow.import
attributes:
  check_mode:
    description: Says whether it would build. Nothing is written and pip is not run.
    support: full
  diff_mode:
    description: >-
      Shows the distributions with their versions. In check mode requirements stand in for the versions that pip would
      find.
    support: full
seealso:
  - module: asesoria.serverless.layer_lock
  - module: asesoria.serverless.layer_requirements_info
  - module: asesoria.serverless.layer_publish
"""

EXAMPLES = r"""
- name: Build exactly what a lock says
  asesoria.serverless.layer_build:
    lock: /home/ec2-user/layer/pylock.toml
    dest: /home/ec2-user/layer/flask-dependencies-py311.zip

- name: Build the layer with the interpreter that runs the module
  asesoria.serverless.layer_build:
    requirements: /home/ec2-user/layer/requirements.txt
    dest: /home/ec2-user/layer/flask-dependencies-py311.zip

- name: Build it for another runtime, from a private index
  asesoria.serverless.layer_build:
    requirements: /home/ec2-user/layer/requirements.txt
    runtime: python3.13
    python: /usr/bin/python3.13
    dest: /home/ec2-user/layer/dependencies.zip
    index_url: "https://reader:{{ index_password }}@packages.example.org/simple"
"""

RETURN = r"""
artifact:
  description: The zip.
  returned: always
  type: str
  sample: /home/ec2-user/layer/flask-dependencies-py311.zip
manifest_path:
  description: The file of the manifest.
  returned: always
  type: str
  sample: /home/ec2-user/layer/flask-dependencies-py311.manifest.json
reason:
  description: Why it was built, or would be; empty if nothing had to be done.
  returned: always
  type: str
  sample: there is no artifact yet
key:
  description: Stands for all that the contents follow from.
  returned: always
  type: str
  sample: 0f343b0931126a20f133d67c2b018a3b5f1a3c8d0a0c1b8d6e1f0a4c5b6d7e8f
manifest:
  description: What the manifest says; C(null) in check mode if it would build.
  returned: always
  type: dict
  contains:
    schema:
      description: Number of the manifest's form.
      returned: always
      type: int
      sample: 1
    key:
      description: The key of the build that made the zip.
      returned: always
      type: str
      sample: 0f343b0931126a20f133d67c2b018a3b5f1a3c8d0a0c1b8d6e1f0a4c5b6d7e8f
    engine:
      description: Version of the code that made the zip.
      returned: always
      type: str
      sample: "1"
    runtime:
      description: The Lambda runtime that the layer is for.
      returned: always
      type: str
      sample: python3.11
    architecture:
      description: The architecture that the layer is for.
      returned: always
      type: str
      sample: x86_64
    python:
      description: Version of the interpreter that installed the packages.
      returned: always
      type: str
      sample: 3.11.17
    libc:
      description: C library of the builder, empty if unknown.
      returned: always
      type: str
      sample: glibc 2.26
    compiled:
      description: How many ELF files are in the zip.
      returned: always
      type: int
      sample: 1
    glibc:
      description: The oldest glibc that all ELF files can be loaded with; empty if none needs any.
      returned: always
      type: str
      sample: "2.17"
    slim:
      description: The level of O(slim) that it was built with.
      returned: always
      type: str
      sample: safe
    saved:
      description: What that has left out.
      returned: always
      type: dict
      contains:
        files:
          description: How many files.
          returned: always
          type: int
          sample: 12
        size:
          description: Their size in bytes, before compression.
          returned: always
          type: int
          sample: 81920
    provided:
      description: Distributions that the lock left out, because the runtime or another layer brings them.
      returned: always
      type: list
      elements: str
      sample: [boto3, botocore]
    allow:
      description: What O(allow) lets pass.
      returned: always
      type: list
      elements: dict
      contains:
        rule:
          description: The rule.
          returned: always
          type: str
          sample: import
        distribution:
          description: Name of the distribution, normalized.
          returned: always
          type: str
          sample: some-package
    bytecode:
      description: How many files of bytecode are in the zip.
      returned: always
      type: int
      sample: 190
    imports:
      description: What came of importing all that the zip offers.
      returned: always
      type: dict
      contains:
        modules:
          description: How many modules were imported well.
          returned: always
          type: int
          sample: 9
        at_opt:
          description:
            - Whether they were imported from C(/opt), mounted so that nobody could write there, as in Lambda. V(false)
              where the host does not let the user do that (it takes C(unshare) of util-linux, and user namespaces or
              root), or where the interpreter itself is below C(/opt).
          returned: always
          type: bool
          sample: true
        optional:
          description:
            - Those that failed for want of an optional part, each as distribution and module.
          returned: always
          type: list
          elements: str
          sample: ["werkzeug: werkzeug.debug"]
        allowed:
          description: Those that failed and were allowed to by O(allow).
          returned: always
          type: list
          elements: str
          sample: []
        provided:
          description:
            - Those that failed for want of a module, and whose distribution needs one of RV(manifest.provided). They
              can't be tried without it.
          returned: always
          type: list
          elements: str
          sample: []
    distributions:
      description: What is installed, sorted by name.
      returned: always
      type: list
      elements: dict
      contains:
        name:
          description: The distribution's name.
          returned: always
          type: str
          sample: Flask
        version:
          description: Its version.
          returned: always
          type: str
          sample: 3.1.3
        files:
          description: How many files of the zip are its own.
          returned: always
          type: int
          sample: 40
        size:
          description: Size of these files in bytes, before compression.
          returned: always
          type: int
          sample: 367000
        file:
          description: Name of the wheel or source distribution that a lock named for it; C(null) without one.
          returned: always
          type: str
          sample: flask-3.1.3-py3-none-any.whl
        sha256:
          description: SHA-256 of that file, which was checked; C(null) without one.
          returned: always
          type: str
          sample: d667207822eb83f1c4b50949b1623c8fc8d51f2341d65f72e1a1815397551a87
    archive:
      description: The zip.
      returned: always
      type: dict
      contains:
        sha256:
          description: SHA-256 of the zip in hexadecimal.
          returned: always
          type: str
          sample: 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
        code_sha256:
          description: The same in base64, as Lambda writes it.
          returned: always
          type: str
          sample: n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=
        size:
          description: Size of the zip in bytes.
          returned: always
          type: int
          sample: 1250000
        files:
          description: How many files are in the zip.
          returned: always
          type: int
          sample: 400
        unzipped_size:
          description: Size of all files in bytes, before compression.
          returned: always
          type: int
          sample: 3900000
        tree_sha256:
          description: SHA-256 over names, modes and contents of the files, whatever compressed them.
          returned: always
          type: str
          sample: 2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae
"""

import os
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.asesoria.serverless.plugins.module_utils._build_source import Index
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_build import (
    BuildRequest,
    apply_build,
    plan_build,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_cache import LayerCache
from ansible_collections.asesoria.serverless.plugins.module_utils._manifest import manifest_of
from ansible_collections.asesoria.serverless.plugins.module_utils._pip import Completed, Runner
from ansible_collections.asesoria.serverless.plugins.module_utils._rules import (
    IMPORT,
    STATIC,
    allow_option,
    read_allowances,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import ARCHITECTURES, find_runtime
from ansible_collections.asesoria.serverless.plugins.module_utils._slim import LEVELS, SAFE

_UMASK = 0o022


def make_runner(module: AnsibleModule) -> Runner:
    """Commands of the utils run through the module, with a umask of our own and nothing expanded."""

    def run(argv: Sequence[str], *, environment: Mapping[str, str]) -> Completed:
        returncode, stdout, stderr = module.run_command(
            list(argv),
            environ_update=dict(environment),
            umask=_UMASK,
            expand_user_and_vars=False,
            handle_exceptions=False,
        )
        return Completed(returncode=returncode, stdout=stdout, stderr=stderr)

    return run


def read_request(params: Mapping[str, Any]) -> BuildRequest:
    """The request that the task's options make."""
    dest = Path(params["dest"])
    return BuildRequest(
        runtime=find_runtime(params["runtime"], today=datetime.now(tz=timezone.utc).date()),
        architecture=params["architecture"],
        python=params["python"] or sys.executable,
        archive=dest,
        manifest=Path(params["manifest"]) if params["manifest"] else manifest_of(dest),
        requirements=_path(params["requirements"]),
        constraints=_path(params["constraints"]),
        lock=_path(params["lock"]),
        index=Index(
            url=params["index_url"],
            extra_urls=tuple(params["extra_index_urls"]),
            options_from=tuple(map(Path, params["options_from"])),
            environment=os.environ,
        ),
        slim=params["slim"],
        allow=read_allowances(params["allow"]),
        cache=LayerCache(Path(params["cache_dir"])) if params["cache_dir"] else None,
        force=params["force"],
    )


def _path(value: str | None) -> Path | None:
    return Path(value) if value else None


def run(module: AnsibleModule) -> dict[str, Any]:
    """Plan, and apply unless in check mode; what the module returns."""
    runner = make_runner(module)
    plan = plan_build(read_request(module.params), runner=runner)
    built = None if plan.reason and module.check_mode else apply_build(plan, runner=runner)
    return {
        "changed": bool(plan.reason),
        "artifact": str(plan.request.archive),
        "manifest_path": str(plan.request.manifest),
        "reason": plan.reason,
        "key": plan.key,
        "manifest": built.to_dict() if built else None,
        "diff": plan.diff(built),
    }


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "requirements": {"type": "path"},
            "constraints": {"type": "path"},
            "lock": {"type": "path"},
            "options_from": {"type": "list", "elements": "path", "default": []},
            "runtime": {"type": "str", "default": "python3.11"},
            "architecture": {"type": "str", "choices": list(ARCHITECTURES), "default": "x86_64"},
            "python": {"type": "path"},
            "dest": {"type": "path", "required": True},
            "manifest": {"type": "path"},
            "index_url": {"type": "str", "no_log": True},
            "extra_index_urls": {"type": "list", "elements": "str", "default": [], "no_log": True},
            "slim": {"type": "str", "choices": list(LEVELS), "default": SAFE},
            "allow": allow_option((IMPORT, *STATIC)),
            "cache_dir": {"type": "path"},
            "force": {"type": "bool", "default": False},
        },
        mutually_exclusive=[("requirements", "lock"), ("constraints", "lock")],
        required_one_of=[("requirements", "lock")],
        supports_check_mode=True,
    )
    try:
        result = run(module)
    except ServerlessError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
