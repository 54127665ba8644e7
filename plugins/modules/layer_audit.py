#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: layer_audit
short_description: Find what keeps a Lambda layer, or a function, from working, without running it
version_added: 0.1.0
author:
  - The asesoria.serverless authors (@asesoria)
description:
  - Looks at the zip of a Lambda layer or of a function, or at the folder that is to become one, whoever built it, and
    says what would fail in the runtime. Each finding names the file, the distribution that it belongs to, the rule, and
    what to do.
  - It reads the zip where it is and unpacks nothing to disk. It changes nothing.
  - V(damaged) is a zip, an ELF file or metadata of a distribution that can't be read, an encrypted file, or one whose
    compression Lambda does not know.
  - V(duplicate-name) is a name of which only one can be unpacked, C(a//b) and C(a/b) for instance.
  - V(foreign-binary) is a program or library of Windows or macOS. The launchers that setuptools and distlib (also
    within pip) bring on every system are none; they are data, which is copied into what is made for Windows.
  - V(glibc-too-new) and V(libstdcxx-too-new) are files that need a later GNU C or C++ library than the runtime has. A
    C++ library that the file finds in its own folders counts.
  - V(layout) is what Lambda's Python does not find, such as a package beside C(python/) instead of below it. Of a
    function only two things are that, no module at all, and distributions in the folders of a layer, since an app may
    import from any folder of its own.
  - V(missing-library) is a shared library that neither the zip nor the runtime has.
  - V(record-mismatch) is a file that differs from what C(RECORD) says, is listed and not there, or is code within a
    package of a distribution that no C(RECORD) lists. Bytecode, and scripts outside of the import folder, may be
    absent, and other files may be unlisted. A distribution without C(RECORD) is not looked at.
  - V(requirement-missing) and V(requirement-conflict) are what the metadata of a distribution ask for and is not there,
    or is there in another version. Markers are evaluated for the runtime. An extra counts if another distribution asks
    for it. A distribution that is there twice, or for another Python, is a conflict.
  - V(stale-bytecode) is bytecode of another Python, or that does not belong to the source beside it. Lambda can't write
    bytecode, so it compiles such a source in every cold start, or runs the wrong code.
  - V(too-many-layers) and V(unzipped-too-large) are Lambda's limits. A zip that is too large for a direct upload is
    only noted, since it can go through S3. The files of one that is too large by itself are not looked at.
  - V(unreadable) is what Lambda's user may not read.
  - V(unsafe-link) is a link out of the zip or to nothing, V(unsafe-path) a name that is not safe to unpack.
  - V(wrong-abi) is an extension module for another Python, by its file name, unless the right one is beside it.
  - V(wrong-machine) is a file for another processor. Object files, which only a linker reads, are not looked at.
options:
  path:
    description:
      - The zip, or the folder that is to become its content.
    type: path
    required: true
  kind:
    description:
      - What it is. The packages of a V(layer) are in C(python/) within it, those of a V(function) at its top.
    type: str
    choices: [layer, function]
    default: layer
  runtime:
    description:
      - The Lambda runtime that it is for.
    type: str
    default: python3.11
  architecture:
    description:
      - The architecture that it is for.
    type: str
    choices: [x86_64, arm64]
    default: x86_64
  other_bytes:
    description:
      - Unzipped bytes of the rest of the function, its other layers included.
    type: int
    default: 0
  other_layers:
    description:
      - How many other layers the function has.
    type: int
    default: 0
  provided:
    description:
      - Names of distributions that the runtime or another layer brings, in any version.
    type: list
    elements: str
    default: [boto3, botocore, s3transfer, jmespath, urllib3, python-dateutil, six]
  fail_on_findings:
    description:
      - Fail if there are findings that are not allowed. With V(false) they are only returned.
    type: bool
    default: true
extends_documentation_fragment:
  - asesoria.serverless.allow
attributes:
  check_mode:
    description: It changes nothing, so it does the same in check mode.
    support: full
  diff_mode:
    description: There is nothing to show.
    support: none
requirements:
  - packaging
  - pyelftools
seealso:
  - module: asesoria.serverless.layer_build
  - module: asesoria.serverless.layer_publish
"""

EXAMPLES = r"""
- name: Refuse a layer that would not work
  asesoria.serverless.layer_audit:
    path: layer.zip
    runtime: python3.13
    architecture: arm64

- name: Look at what the Serverless Framework has packaged
  asesoria.serverless.layer_audit:
    path: .serverless/my-api.zip
    kind: function

- name: Look at a layer that somebody else built, together with its function
  asesoria.serverless.layer_audit:
    path: vendor/layer.zip
    other_bytes: 30000000
    other_layers: 2
    allow:
      - rule: foreign-binary
        distribution: debugpy
    fail_on_findings: false
  register: audit

- name: Say what was found
  ansible.builtin.debug:
    msg: "{{ audit.findings | map(attribute='problem') }}"
"""

RETURN = r"""
findings:
  description: What would fail in Lambda, sorted by rule and file.
  returned: always
  type: list
  elements: dict
  contains: &finding
    rule:
      description: The rule that found it.
      returned: always
      type: str
      sample: glibc-too-new
    file:
      description: The file, with unprintable characters replaced; C(null) if it is about the whole.
      returned: always
      type: str
      sample: python/numpy/_core/_multiarray_umath.cpython-311-x86_64-linux-gnu.so
    distribution:
      description: The distribution that it belongs to; C(null) if that is not known.
      returned: always
      type: str
      sample: numpy
    problem:
      description: What is wrong.
      returned: always
      type: str
      sample: this needs glibc 2.27, and python3.11 has 2.26 (Amazon Linux 2)
    remedy:
      description: What to do about it.
      returned: always
      type: str
      sample: Take a version that has a wheel for manylinux_2_26_x86_64 or older
allowed:
  description: What was found and accepted by O(allow).
  returned: always
  type: list
  elements: dict
  contains: *finding
notes:
  description: What is good to know and no finding, such as a zip that has to go through S3.
  returned: always
  type: list
  elements: str
  sample: []
elf_files:
  description: How many compiled files there are that can be loaded or run.
  returned: always
  type: int
  sample: 119
glibc:
  description: The oldest glibc that all compiled files can be loaded with; C(null) if none needs any.
  returned: always
  type: str
  sample: "2.17"
zipped_bytes:
  description: Size of the zip; C(null) for a folder.
  returned: always
  type: int
  sample: 5242880
unzipped_bytes:
  description: Sum of the sizes of the files.
  returned: always
  type: int
  sample: 20971520
distributions:
  description: Versions of the distributions by name.
  returned: always
  type: dict
  sample: {numpy: 2.2.6}
"""

from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_audit import (
    PROVIDED,
    Audit,
    Request,
    audit_layer,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_view import KINDS
from ansible_collections.asesoria.serverless.plugins.module_utils._libraries import missing_libraries
from ansible_collections.asesoria.serverless.plugins.module_utils._rules import allow_option, read_allowances
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import ARCHITECTURES, find_runtime
from ansible_collections.asesoria.serverless.plugins.module_utils._target import Target

MISSING = missing_libraries("packaging", "pyelftools")


def run(params: Mapping[str, Any]) -> Audit:
    """Look at the zip or folder."""
    today = datetime.now(tz=timezone.utc).date()
    runtime = find_runtime(params["runtime"], today=today, allow_deprecated=True)
    request = Request(
        target=Target(runtime=runtime, architecture=params["architecture"]),
        kind=KINDS[params["kind"]],
        other_bytes=params["other_bytes"],
        other_layers=params["other_layers"],
        provided=tuple(params["provided"]),
        allow=read_allowances(params["allow"]),
    )
    return audit_layer(Path(params["path"]), request)


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "kind": {"type": "str", "choices": list(KINDS), "default": "layer"},
            "runtime": {"type": "str", "default": "python3.11"},
            "architecture": {"type": "str", "choices": list(ARCHITECTURES), "default": "x86_64"},
            "other_bytes": {"type": "int", "default": 0},
            "other_layers": {"type": "int", "default": 0},
            "provided": {"type": "list", "elements": "str", "default": list(PROVIDED)},
            "allow": allow_option(),
            "fail_on_findings": {"type": "bool", "default": True},
        },
        supports_check_mode=True,
    )
    for name, trace in MISSING.items():
        module.fail_json(msg=missing_required_lib(name), exception=trace)
    try:
        audit = run(module.params)
    except ServerlessError as error:
        module.fail_json(msg=str(error))
    if audit.findings and module.params["fail_on_findings"]:
        module.fail_json(msg=audit.summary(Path(module.params["path"])), changed=False, **audit.facts())
    module.exit_json(changed=False, **audit.facts())


if __name__ == "__main__":
    main()
