#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: layer_publish
short_description: Make an AWS Lambda layer's newest version hold exactly one zip
version_added: 0.1.0
author:
  - The asesoria.serverless authors (@asesoria)
description:
  - Publishes a zip as a new version of a layer, but only if the newest version for the same runtimes and architectures
    has another content. Contents are compared by SHA-256, so the same zip is published once, from whatever machine.
  - The description and the license of a version can't be changed, so another O(description) or O(license) alone
    publishes nothing.
  - If the reply to a publication is lost, the module asks AWS for the new version before it tries again. The SDK's own
    retries would make a second version.
  - A layer version can't be tagged. The module ends the description of what it publishes with a mark, which holds the
    SHA-256 of the zip. With O(state=absent) it deletes the versions whose mark belongs to their content, and no other.
options:
  name:
    description:
      - Name of the layer, 1 to 140 letters, digits, hyphens and underscores.
    type: str
    required: true
  state:
    description:
      - V(present) makes the newest version hold O(zip).
      - V(absent) deletes all versions of the layer that this module published. Functions that use one keep it.
    type: str
    choices: [present, absent]
    default: present
  zip:
    description:
      - The zip to publish. Required with O(state=present).
    type: path
  manifest:
    description:
      - The manifest that M(asesoria.serverless.layer_build) wrote beside the zip.
      - If given, a zip that is not the one it describes is refused, and the diff shows the distributions.
    type: path
  description:
    description:
      - What the layer is, 189 characters at most. The mark comes after it.
    type: str
    default: ""
  runtimes:
    description:
      - Identifiers of the Lambda runtimes that the layer is for.
    type: list
    elements: str
    default: [python3.11]
  architectures:
    description:
      - The architectures that the layer is for, V(x86_64) or V(arm64) or both.
    type: list
    elements: str
    default: [x86_64]
  license:
    description:
      - An SPDX license identifier, the address of a license or its text, 512 characters at most.
    type: str
    default: ""
  s3_bucket:
    description:
      - A bucket of the same region, through which a zip of more than 50 MB goes. The object is deleted afterwards.
    type: str
    default: ""
  s3_prefix:
    description:
      - What the name of that object begins with.
    type: str
    default: ""
attributes:
  check_mode:
    description: Says what it would do. Nothing is written.
    support: full
  diff_mode:
    description: Shows the newest version, or with O(state=absent) the list of versions, before and after.
    support: full
extends_documentation_fragment:
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
seealso:
  - module: asesoria.serverless.layer_build
"""

EXAMPLES = r"""
- name: Publish the layer
  asesoria.serverless.layer_publish:
    name: flask-dependencies-py311
    description: Dependencias para Flask en Python 3.11
    zip: ~/layers/flask-dependencies-py311.zip
    manifest: ~/layers/flask-dependencies-py311.manifest.json
    region: us-east-1

- name: Publish a large layer by way of S3
  asesoria.serverless.layer_publish:
    name: science
    zip: ~/layers/science.zip
    runtimes: [python3.13]
    architectures: [arm64]
    s3_bucket: my-artifacts
    s3_prefix: layers

- name: Delete all that was published
  asesoria.serverless.layer_publish:
    name: flask-dependencies-py311
    state: absent
"""

RETURN = r"""
name:
  description: Name of the layer.
  returned: always
  type: str
  sample: flask-dependencies-py311
layer_arn:
  description: ARN of the layer without a version; C(null) in check mode if the layer would be new.
  returned: if O(state=present)
  type: str
  sample: arn:aws:lambda:us-east-1:123456789012:layer:flask-dependencies-py311
layer_version_arn:
  description: ARN of the version that holds the zip; C(null) in check mode if it would be published.
  returned: if O(state=present)
  type: str
  sample: arn:aws:lambda:us-east-1:123456789012:layer:flask-dependencies-py311:1
version:
  description: Number of that version; C(null) in check mode if it would be published.
  returned: if O(state=present)
  type: int
  sample: 1
code_sha256:
  description: SHA-256 of the zip in base64.
  returned: if O(state=present)
  type: str
  sample: n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=
code_size:
  description: Size of the zip in bytes.
  returned: if O(state=present)
  type: int
  sample: 652678
removed_versions:
  description: Numbers of the versions that were deleted, or would be.
  returned: if O(state=absent)
  type: list
  elements: int
  sample: [2, 1]
kept_versions:
  description: Numbers of the versions that this module did not publish and leaves alone.
  returned: if O(state=absent)
  type: list
  elements: int
  sample: []
"""

import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

with suppress(ImportError):  # AnsibleAWSModule says what is missing.
    from botocore.config import Config

from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_api import Bucket, Layers
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_publish import (
    PublishRequest,
    apply_publish,
    apply_removal,
    check_name,
    check_request,
    plan_publish,
    plan_removal,
)

# A publication of 50 MB may take long to be answered, and one that is cut off leaves open what became of it.
_PUBLISH_TIMEOUT = 300


def make_layers(module: AnsibleAWSModule) -> Layers:
    """The API, with one client for what can be retried and one for what can't."""
    given = Config(**(module.params["aws_config"] or {}))
    patient = Config(retries={"mode": "standard", "total_max_attempts": 8}).merge(given)
    once = given.merge(Config(retries={"total_max_attempts": 1}, read_timeout=_PUBLISH_TIMEOUT))
    return Layers(
        module.client("lambda", aws_config=patient),
        publisher=module.client("lambda", aws_config=once),
    )


def read_request(params: Mapping[str, Any]) -> PublishRequest:
    """The request that the task's options make."""
    return PublishRequest(
        name=params["name"],
        archive=Path(params["zip"]),
        manifest=Path(params["manifest"]) if params["manifest"] else None,
        description=params["description"],
        runtimes=tuple(params["runtimes"]),
        architectures=tuple(params["architectures"]),
        license=params["license"],
        bucket=params["s3_bucket"],
        prefix=params["s3_prefix"],
    )


def ensure_present(module: AnsibleAWSModule) -> dict[str, Any]:
    """Plan, and publish unless in check mode; what the module returns."""
    request = read_request(module.params)
    # What is wrong with the request is said without any credentials.
    check_request(request)
    layers = make_layers(module)
    plan = plan_publish(request, layers=layers)
    version = None
    if not (plan.changes and module.check_mode):
        version = apply_publish(plan, layers=layers, bucket=lambda: Bucket(module.client("s3")), sleep=time.sleep)
    known = version or plan.current
    return {
        "changed": plan.changes,
        "name": request.name,
        "layer_arn": known.layer_arn if known else None,
        "layer_version_arn": version.arn if version else None,
        "version": version.version if version else None,
        "code_sha256": plan.code.sha256,
        "code_size": plan.code.size,
        "diff": plan.diff(),
    }


def ensure_absent(module: AnsibleAWSModule) -> dict[str, Any]:
    """Plan, and delete unless in check mode; what the module returns."""
    check_name(module.params["name"])
    layers = make_layers(module)
    plan = plan_removal(module.params["name"], layers=layers)
    if not module.check_mode:
        apply_removal(plan, layers=layers)
    return {
        "changed": bool(plan.ours),
        "name": plan.name,
        "removed_versions": [version.version for version in plan.ours],
        "kept_versions": [version.version for version in plan.others],
        "diff": plan.diff(),
    }


def main() -> None:
    """Entry point."""
    module = AnsibleAWSModule(
        argument_spec={
            "name": {"type": "str", "required": True},
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "zip": {"type": "path"},
            "manifest": {"type": "path"},
            "description": {"type": "str", "default": ""},
            "runtimes": {"type": "list", "elements": "str", "default": ["python3.11"]},
            "architectures": {"type": "list", "elements": "str", "default": ["x86_64"]},
            "license": {"type": "str", "default": ""},
            "s3_bucket": {"type": "str", "default": ""},
            "s3_prefix": {"type": "str", "default": ""},
        },
        required_if=[("state", "present", ["zip"])],
        supports_check_mode=True,
    )
    try:
        result = ensure_present(module) if module.params["state"] == "present" else ensure_absent(module)
    except ServerlessError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
