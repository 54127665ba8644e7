#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: run_report
version_added: 0.1.0
short_description: Write a page about a run, and sum it up
description:
  - Writes a page of HTML that needs nothing else, neither script, picture, font nor network. It has the endpoint, what
    the run has changed, versions, sizes, the time of each stage, a picture of the answers' latency, an estimate of what
    a month costs, and links to AWS's console.
  - Returns the same in a few lines for the terminal.
  - Names come from others and are escaped. Outputs and environment variables are not shown.
author:
  - The asesoria.serverless authors (@asesoria)
options:
  service:
    description: Name of the service.
    type: str
    required: true
  stage:
    description: Its stage.
    type: str
    required: true
  region:
    description: Its region.
    type: str
    required: true
  status:
    description: What M(asesoria.serverless.service_status_info) has returned.
    type: dict
    required: true
  changes:
    description: What the run has changed, a sentence each.
    type: list
    elements: str
    default: []
  unchanged:
    description: What the run has looked after and left as it was, a sentence each.
    type: list
    elements: str
    default: []
  stages:
    description: When each stage of the run has begun, in their order. The last one is that of the report itself.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the stage.
        type: str
        required: true
      at:
        description: Seconds since 1970.
        type: float
        required: true
  attempts:
    description: What M(asesoria.serverless.endpoint_verify) has returned as C(attempts).
    type: list
    elements: dict
    default: []
  versions:
    description: Versions of what took part, by name. What has no version is left out.
    type: dict
    default: {}
  cli_dir:
    description: Folder below which Serverless CLIs are installed, whose versions are told too.
    type: path
  zips:
    description:
      - Zips on this machine. One whose SHA-256 is that of a function's package or of a layer's version tells how large
        that is unzipped. What is not there is passed over.
    type: list
    elements: path
    default: []
  requests_per_month:
    description: Requests that the estimate is for.
    type: int
    default: 100000
  latency_ms:
    description:
      - Milliseconds that a request takes in the function, on average.
      - V(0) for the mean of the good O(attempts), or 100 if there is none.
    type: float
    default: 0
  builder_type:
    description: Type of the instance that the run has built on; empty if there was none.
    type: str
    default: ""
  builder_stages:
    description: The stages in which it was there.
    type: list
    elements: str
    default: [builder, python, layer]
  dest:
    description:
      - The page. Its folder is made if it is not there.
      - A file that this collection has not written is left as it is, which is an error.
    type: path
    required: true
  rewrite:
    description: Write the page even if the one that is there is about the very same deployment.
    type: bool
    default: true
attributes:
  check_mode:
    description: Says whether the page would be written, and writes nothing.
    support: full
  diff_mode:
    description: Shows no difference, as times differ from run to run.
    support: none
requirements:
  - jinja2
seealso:
  - module: asesoria.serverless.service_status_info
  - module: asesoria.serverless.endpoint_verify
  - module: asesoria.serverless.layer_report
"""

EXAMPLES = r"""
- name: See what is deployed
  asesoria.serverless.service_status_info:
    service: mi-api-flask
    region: us-east-1
  register: status

- name: Ask it ten times
  asesoria.serverless.endpoint_verify:
    url: "{{ status.endpoint }}"
    in_a_row: 10
  register: verified

- name: Write the page
  asesoria.serverless.run_report:
    service: mi-api-flask
    stage: dev
    region: us-east-1
    status: "{{ status }}"
    attempts: "{{ verified.attempts }}"
    requests_per_month: 1000000
    dest: build/mi-api-flask-dev.html
"""

RETURN = r"""
report:
  description: The page.
  returned: success
  type: str
  sample: build/mi-api-flask-dev.html
lines:
  description: The summary for the terminal.
  returned: success
  type: list
  elements: str
seconds:
  description: How long all stages took.
  returned: success
  type: float
  sample: 73.4
stages:
  description: The stages, with C(name) and C(seconds).
  returned: success
  type: list
  elements: dict
costs:
  description: What a month costs, with C(what), C(basis) and C(dollars).
  returned: success
  type: list
  elements: dict
unzipped_bytes:
  description: Bytes of each function with all its layers, by its name; C(null) for one that is not known.
  returned: success
  type: dict
  sample: {mi-api-flask-dev-api: 20971520}
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import datetime, timezone
from itertools import pairwise
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.asesoria.serverless.plugins.module_utils._base.own_folder import require_own_file
from ansible_collections.asesoria.serverless.plugins.module_utils._cli_versions import cli_versions
from ansible_collections.asesoria.serverless.plugins.module_utils._cost_estimate import (
    Assumption,
    Door,
    Usage,
    builder,
    monthly,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._latency_plot import (
    Attempt,
    read_attempts,
    summarize,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._libraries import missing_libraries
from ansible_collections.asesoria.serverless.plugins.module_utils._run_page import (
    Run,
    Size,
    Stage,
    budget_of,
    is_about,
    render,
    summary,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._unzipped_size import unzipped_sizes
from ansible_collections.asesoria.serverless.plugins.module_utils._whole_file import read_whole, write_whole

MISSING = missing_libraries("jinja2")

#: Seconds that a request is taken to last where nothing was measured.
_USUAL = 0.1


def make(params: Mapping[str, Any]) -> Run:
    """Put together what the page says."""
    status = params["status"]
    try:
        attempts = read_attempts(params["attempts"])
        sizes = sizes_of(status, known=unzipped_sizes(Path(path) for path in params["zips"]))
        stages = durations(params["stages"])
        assumption, measured = assume(params, attempts=attempts)
        return Run(
            service=params["service"],
            stage=params["stage"],
            region=params["region"],
            status=status,
            changes=params["changes"],
            unchanged=params["unchanged"],
            stages=stages,
            attempts=attempts,
            versions=versions_of(params),
            sizes=sizes,
            assumption=assumption,
            measured=measured,
            costs=monthly(usage_of(status), assumption),
            builder=builder_cost(params, stages=stages),
            finished=f"{datetime.now(tz=timezone.utc):%Y-%m-%d %H:%M UTC}",
        )
    except (KeyError, TypeError) as error:
        raise ServerlessError(
            f"status, attempts or stages have not what the modules return ({error!r})",
            "Give what service_status_info and endpoint_verify have returned",
        ) from error


def versions_of(params: Mapping[str, Any]) -> dict[str, str]:
    """What took part, as far as it has a version."""
    installed = cli_versions(Path(params["cli_dir"])) if params["cli_dir"] else {}
    return {**{name: str(version) for name, version in params["versions"].items() if version}, **installed}


def durations(marks: Iterable[Mapping[str, Any]]) -> list[Stage]:
    """How long each stage took, until the next one began."""
    return [Stage(begun["name"], max(next_["at"] - begun["at"], 0.0)) for begun, next_ in pairwise(marks)]


def assume(params: Mapping[str, Any], *, attempts: Iterable[Attempt]) -> tuple[Assumption, bool]:
    """What the estimate is reckoned from, and whether it was measured."""
    latency = None if params["latency_ms"] else summarize(list(attempts))
    seconds = latency.mean if latency else (params["latency_ms"] / 1000 or _USUAL)
    return Assumption(requests=params["requests_per_month"], seconds=seconds), latency is not None


def usage_of(status: Mapping[str, Any]) -> Usage:
    """What a request uses: of several functions the largest answers."""
    functions = status["functions"]
    largest = max(functions, key=lambda function: function["memory_mb"], default=None)
    outputs = status["outputs"]
    door: Door = "http" if "HttpApiUrl" in outputs else "rest" if "ServiceEndpoint" in outputs else ""
    return Usage(
        memory_mb=largest["memory_mb"] if largest else 0,
        architecture=largest["architecture"] if largest else "x86_64",
        door=door,
        code_bytes=sum(function["code_bytes"] for function in functions),
    )


def builder_cost(params: Mapping[str, Any], *, stages: Iterable[Stage]) -> Any:
    """What the builder of this run cost, nothing without one."""
    spent = {stage.name: stage.seconds for stage in stages if stage.name in params["builder_stages"]}
    return builder(params["builder_type"], sum(spent.values())) if "builder" in spent else None


def sizes_of(status: Mapping[str, Any], *, known: Mapping[str, int]) -> dict[str, list[Size]]:
    """What of each function counts against the limit."""
    hashes = {version["arn"]: version["sha256"] for layer in status["layers"] for version in layer["versions"]}
    return {
        function["name"]: [
            Size("function", function["code_bytes"], known.get(function["code_sha256"])),
            *(
                Size(
                    f"layer {layer['name']}:{layer['version']}",
                    layer["zipped_bytes"],
                    known.get(hashes.get(layer["arn"], "")),
                )
                for layer in function["layers"]
            ),
        ]
        for function in status["functions"]
    }


def run(module: AnsibleModule) -> dict[str, Any]:
    """Write the page unless in check mode; what the module returns."""
    dest = Path(module.params["dest"])
    made = make(module.params)
    before = read_whole(dest)
    require_own_file(dest)
    changed = module.params["rewrite"] or not is_about(before, made)
    if changed and not module.check_mode:
        dest.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # Who reads it learns names and the number of the account.
        write_whole(dest, render(made), mode=0o600)
    return {
        "changed": changed,
        "report": str(dest),
        "lines": summary(made, page=str(dest)),
        "seconds": round(made.seconds, 1),
        "stages": [{"name": stage.name, "seconds": round(stage.seconds, 1)} for stage in made.stages],
        "costs": [asdict(cost) for cost in made.costs],
        "unzipped_bytes": {name: budget_of(sizes) for name, sizes in made.sizes.items()},
    }


def main() -> None:
    """Entry point."""
    mark = {"name": {"type": "str", "required": True}, "at": {"type": "float", "required": True}}
    module = AnsibleModule(
        argument_spec={
            "service": {"type": "str", "required": True},
            "stage": {"type": "str", "required": True},
            "region": {"type": "str", "required": True},
            "status": {"type": "dict", "required": True},
            "changes": {"type": "list", "elements": "str", "default": []},
            "unchanged": {"type": "list", "elements": "str", "default": []},
            "stages": {"type": "list", "elements": "dict", "default": [], "options": mark},
            "attempts": {"type": "list", "elements": "dict", "default": []},
            "versions": {"type": "dict", "default": {}},
            "cli_dir": {"type": "path"},
            "zips": {"type": "list", "elements": "path", "default": []},
            "requests_per_month": {"type": "int", "default": 100_000},
            "latency_ms": {"type": "float", "default": 0},
            "builder_type": {"type": "str", "default": ""},
            "builder_stages": {"type": "list", "elements": "str", "default": ["builder", "python", "layer"]},
            "dest": {"type": "path", "required": True},
            "rewrite": {"type": "bool", "default": True},
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
        module.fail_json(msg=f"{module.params['dest']} can't be written ({error.strerror}). Name another file.")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
