#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: layer_report
short_description: Write a page about an AWS Lambda layer, or about two of them
version_added: 0.1.0
author:
  - The asesoria.serverless authors (@asesoria)
description:
  - Writes one page of HTML that needs nothing else to be read, with neither scripts nor addresses in it.
  - It shows what the layer's bytes go to (as a treemap and a table by distribution), how far it is from Lambda's
    limits, which glibc it needs, what M(asesoria.serverless.layer_audit) finds, what slimming has left out, and how
    long each module takes to import.
  - Any layer's zip will do, whoever built it. What only the builder knows is shown if there is a manifest of
    M(asesoria.serverless.layer_build).
  - Without O(python) the same zip and manifest give the same page.
options:
  path:
    description:
      - The layer's zip.
    type: path
    required: true
  name:
    description:
      - What to call the layer. The name of its file without C(.zip), if not given.
    type: str
  manifest:
    description:
      - The manifest of the zip.
      - O(path) with C(.manifest.json) in place of C(.zip) if there is such a file, if not given.
    type: path
  sbom:
    description:
      - The bill of materials, which the page links to by its place relative to the page.
      - O(path) with C(.cdx.json) in place of C(.zip) if there is such a file, if not given.
    type: path
  compare:
    description:
      - Another layer's zip, an older one for instance, to say what differs by distribution.
    type: path
  dest:
    description:
      - The page to write, in a folder that is there. A file that this collection has not written is refused.
    type: path
    required: true
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
  python:
    description:
      - An interpreter to measure imports with, of the runtime's version of Python and the layer's architecture. What is
        in the layer is run then. Imports are not measured if it is not given.
    type: path
  rounds:
    description:
      - How often each module is imported. The median counts.
    type: int
    default: 3
attributes:
  check_mode:
    description: Says whether the page would change, and writes nothing. Times differ from run to run.
    support: full
  diff_mode:
    description: Shows the page before and after.
    support: full
requirements:
  - jinja2
  - packaging
  - pyelftools
  - squarify
seealso:
  - module: asesoria.serverless.layer_audit
  - module: asesoria.serverless.layer_build
  - module: asesoria.serverless.layer_sbom
"""

EXAMPLES = r"""
- name: Show what is in the layer
  asesoria.serverless.layer_report:
    path: build/flask-dependencies-py311.zip
    dest: build/flask-dependencies-py311.report.html
    python: /usr/bin/python3.11

- name: Show what an update has changed in a layer that somebody else builds
  asesoria.serverless.layer_report:
    path: vendor/layer-8.zip
    compare: vendor/layer-7.zip
    dest: vendor/layer-8.html
    runtime: python3.13
    architecture: arm64
"""

RETURN = r"""
report:
  description: The page.
  returned: always
  type: str
  sample: build/flask-dependencies-py311.report.html
zipped_bytes:
  description: Size of the zip.
  returned: always
  type: int
  sample: 5242880
unzipped_bytes:
  description: Sum of the sizes of the files.
  returned: always
  type: int
  sample: 20971520
findings:
  description: How many findings the page shows.
  returned: always
  type: int
  sample: 0
distributions:
  description: What each distribution takes, the largest first.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: Its name, empty for files that are of none.
      returned: always
      type: str
      sample: numpy
    version:
      description: Its version, empty for these.
      returned: always
      type: str
      sample: 2.2.6
    files:
      description: How many files it has, bytecode included.
      returned: always
      type: int
      sample: 812
    size:
      description: Bytes of these files, unzipped.
      returned: always
      type: int
      sample: 62914560
    zipped:
      description: Bytes that they take in the zip.
      returned: always
      type: int
      sample: 20971520
imports:
  description: How long each module takes, the slowest first; C(null) if that was not measured.
  returned: always
  type: list
  elements: dict
  contains:
    distribution:
      description: Whose it is.
      returned: always
      type: str
      sample: numpy
    module:
      description: Its dotted name.
      returned: always
      type: str
      sample: numpy
    seconds:
      description: What the import statement takes in a new process; C(null) if it fails.
      returned: always
      type: float
      sample: 0.081
differences:
  description: What differs from O(compare), the greatest difference first.
  returned: always
  type: list
  elements: dict
  contains:
    name:
      description: The distribution, normalized; empty for files that are of none.
      returned: always
      type: str
      sample: numpy
    kind:
      description: V(added), V(removed), V(version), or V(size) if it is the same version and takes another size.
      returned: always
      type: str
      sample: version
    before:
      description: The version in the other layer; C(null) if it is not there.
      returned: always
      type: str
      sample: 2.2.5
    after:
      description: The version in this one; C(null) if it is not there.
      returned: always
      type: str
      sample: 2.2.6
    size:
      description: By how many unzipped bytes it grows.
      returned: always
      type: int
      sample: 10240
"""

import os
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.asesoria.serverless.plugins.module_utils._archive import file_sha256
from ansible_collections.asesoria.serverless.plugins.module_utils._base.own_folder import require_own_file
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._import_times import measure_imports
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_audit import Request, audit_layer
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_page import Page, render
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_sizes import (
    Difference,
    differences,
    shares_of,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._libraries import missing_libraries
from ansible_collections.asesoria.serverless.plugins.module_utils._manifest import Manifest, require_described
from ansible_collections.asesoria.serverless.plugins.module_utils._process import run_process
from ansible_collections.asesoria.serverless.plugins.module_utils._rules import IMPORT
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import ARCHITECTURES, find_runtime
from ansible_collections.asesoria.serverless.plugins.module_utils._target import Target
from ansible_collections.asesoria.serverless.plugins.module_utils._whole_file import read_whole, write_whole

MISSING = missing_libraries("jinja2", "packaging", "pyelftools", "squarify")


def beside(path: Path, given: str | None, suffix: str) -> Path | None:
    """The file that was given, or the one that lies beside the zip."""
    if given:
        return Path(given)
    found = path.with_name(f"{path.name.removesuffix('.zip')}{suffix}")
    return found if found.is_file() else None


def make(params: Mapping[str, Any]) -> Page:
    """Look at all that the page is about."""
    path, dest = Path(params["path"]), Path(params["dest"])
    runtime = find_runtime(params["runtime"], today=datetime.now(tz=timezone.utc).date(), allow_deprecated=True)
    target = Target(runtime=runtime, architecture=params["architecture"])
    described = beside(path, params["manifest"], ".manifest.json")
    shares = shares_of(path, target=target)
    manifest = require_described(manifest=described, archive=path) if described else None
    sbom = beside(path, params["sbom"], ".cdx.json")
    measured = None
    if params["python"]:
        measured = measure_imports(path, python=params["python"], rounds=params["rounds"], runner=run_process)
    compared = Path(params["compare"]) if params["compare"] else None
    return Page(
        name=params["name"] or path.name.removesuffix(".zip"),
        target=target,
        sha256=file_sha256(path),
        shares=shares,
        audit=audit_layer(path, request_of(target, manifest)),
        manifest=manifest,
        imports=measured,
        sbom=Path(os.path.relpath(sbom, dest.parent)).as_posix() if sbom else "",
        compared=compared.name if compared else "",
        differences=differences(shares_of(compared, target=target), shares) if compared else (),
    )


def request_of(target: Target, manifest: Manifest | None) -> Request:
    """What the audit is to accept: what the manifest says."""
    request = Request(target=target)
    if manifest is None:
        return request
    allow = tuple(item for item in manifest.allow if item.rule != IMPORT)
    return Request(target=target, provided=(*request.provided, *manifest.provided), allow=allow)


def difference(each: Difference) -> dict[str, Any]:
    """As the module returns it."""
    return {
        "name": each.name,
        "kind": each.kind,
        "before": each.before.version if each.before else None,
        "after": each.after.version if each.after else None,
        "size": each.size,
    }


def run(module: AnsibleModule) -> dict[str, Any]:
    """Compare, and write unless in check mode; what the module returns."""
    dest = Path(module.params["dest"])
    require_own_file(dest)
    page = make(module.params)
    after = render(page)
    before = read_whole(dest)
    if before != after and not module.check_mode:
        write_whole(dest, after)
    return {
        "changed": before != after,
        "report": str(dest),
        "zipped_bytes": page.audit.zipped_bytes,
        "unzipped_bytes": page.audit.unzipped_bytes,
        "findings": len(page.audit.findings),
        "distributions": [asdict(share) for share in page.shares],
        "imports": None if page.imports is None else [asdict(each) for each in page.imports],
        "differences": [difference(each) for each in page.differences],
        "diff": {"before_header": str(dest), "after_header": str(dest), "before": before, "after": after},
    }


def main() -> None:
    """Entry point."""
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "name": {"type": "str"},
            "manifest": {"type": "path"},
            "sbom": {"type": "path"},
            "compare": {"type": "path"},
            "dest": {"type": "path", "required": True},
            "runtime": {"type": "str", "default": "python3.11"},
            "architecture": {"type": "str", "choices": list(ARCHITECTURES), "default": "x86_64"},
            "python": {"type": "path"},
            "rounds": {"type": "int", "default": 3},
        },
        supports_check_mode=True,
    )
    for name, trace in MISSING.items():
        module.fail_json(msg=missing_required_lib(name), exception=trace)
    if module.params["rounds"] < 1:
        module.fail_json(msg=f"rounds is {module.params['rounds']}, which measures nothing. Give 1 or more.")
    try:
        result = run(module)
    except ServerlessError as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=f"{module.params['dest']} can't be written ({error.strerror}). Name another folder.")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
