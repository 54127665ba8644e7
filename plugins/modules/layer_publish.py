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
  - Before it publishes, it looks at the zip with all rules of M(asesoria.serverless.layer_audit), for each runtime and
    architecture that it is to be published for. What would fail there is not published.
  - A return to an older content is a new version, since who looks the layer up by its name takes the newest.
  - It can do so in several regions at once. All of them are read before the first one is written to. If one fails then,
    the others are finished all the same, and the message names both.
  - The description and the license of a version can't be changed, so another O(description) or O(license) alone
    publishes nothing.
  - If the reply to a publication is lost, the module asks AWS for the new version before it tries again. The SDK's own
    retries would make a second version.
  - Two runs at once make no second version either. On one machine those of one O(zip) wait for each other. AWS has no
    lock for others, so each run sees by the number of its version that there is another, and the lowest number of one
    content stays. What a run that was killed right then leaves behind, the next one deletes, unless a function uses it.
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
      - V(absent) deletes the versions of the layer that this module published, except for those that a function of the
        region uses, in any published version. They are named in a warning. Without the permission
        C(lambda:ListFunctions) all of them are deleted, which is warned of; functions that use one keep it.
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
      - If given, a zip that is not the one it describes is refused, the diff shows the distributions, and what it says
        the gates let pass is accepted.
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
  provided:
    description:
      - Names of distributions that another layer brings, beside those that O(manifest) says and those that Lambda's
        Python has.
    type: list
    elements: str
    default: []
  regions:
    description:
      - More regions than O(region) to do the same in.
    type: list
    elements: str
    default: []
  sharing:
    description:
      - Who may use the layer, beside the account that it is in. If this is not given, policies are neither read nor
        changed, and a new version is shared with nobody.
      - If it is given, the policy of the version that holds O(zip) grants exactly this, and the policies of older
        versions that this collection published for the same runtimes and architectures lose what is not in it. They
        gain nothing. V({}) shares with nobody.
      - Statements that this module makes have an identifier that begins with C(asesoria-serverless-). Those that it did
        not make are returned. They stay if they grant what is wanted, and are removed with a warning if not.
      - Who has used a version in a function goes on using it, whatever its policy says later.
    type: dict
    suboptions:
      accounts:
        description:
          - Numbers of AWS accounts, 12 digits each. Quote them, or YAML takes a leading zero away.
        type: list
        elements: str
        default: []
      organizations:
        description:
          - Identifiers of AWS organizations, all accounts of which may use the layer.
        type: list
        elements: str
        default: []
      public:
        description:
          - Let everybody with an AWS account use, and read, the layer. The module warns of it each time.
        type: bool
        default: false
  keep:
    description:
      - How many versions to keep of those that this collection published for the same runtimes and architectures. If
        this is not given, all are kept. Deleting comes last, when the layer is published and shared.
      - A version that a function of the region uses is never deleted, and is kept beside the others. All published
        versions of all functions are looked at, and so all aliases, and the functions of all CloudFormation stacks.
        Not seen are functions of other accounts, which go on working, and a template that is not deployed.
      - Versions of somebody else, and those for other runtimes or architectures, are kept too and do not count.
    type: int
  s3_bucket:
    description:
      - A bucket of the same region, through which a zip of more than 50 MB goes. The object is deleted afterwards, also
        if the publication fails.
      - C({region}) and C({account}) in it stand for the region and the number of the account.
      - A run that is killed may leave its object behind. In a bucket of yours, let a lifecycle rule delete what is
        older than a day below O(s3_prefix).
    type: str
    default: ""
  s3_prefix:
    description:
      - What the name of that object begins with. The layer's name follows.
    type: str
    default: ""
  s3_create_bucket:
    description:
      - Make the bucket if it is needed and not there. Without O(s3_bucket) its name is
        C(asesoria-layers-{account}-{region}). It is private, encrypted (SSE-S3), has the tag C(ManagedBy) with the
        value C(asesoria.serverless), and a rule by which S3 deletes after a day what a killed run has left.
      - A bucket that is there and has another name than the default is used as it is. One of another account is
        refused.
      - With O(state=absent) a bucket that has this tag is deleted, unless other layers have something in it.
    type: bool
    default: false
attributes:
  check_mode:
    description: Says what it would do. Nothing is written.
    support: full
  diff_mode:
    description: >-
      Shows the newest version with its distributions, or with O(state=absent) the list of versions, before and after;
      with several regions, of each. What is in the version that AWS has is read from the end of its zip, by the address
      that AWS gives out for that; only if a new version is due, and only in diff mode or check mode.
    support: full
notes:
  - O(allow) counts beside what O(manifest) says was allowed.
extends_documentation_fragment:
  - asesoria.serverless.allow
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
requirements:
  - packaging
  - pyelftools
seealso:
  - module: asesoria.serverless.layer_audit
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

- name: Publish it in three regions, for two accounts and an organization, and keep five versions
  asesoria.serverless.layer_publish:
    name: flask-dependencies-py311
    zip: ~/layers/flask-dependencies-py311.zip
    region: us-east-1
    regions: [eu-west-1, sa-east-1]
    sharing:
      accounts: ["123456789012", "210987654321"]
      organizations: [o-a1b2c3d4e5]
    keep: 5

- name: Publish a large layer by way of a bucket that is made for it
  asesoria.serverless.layer_publish:
    name: science
    zip: ~/layers/science.zip
    runtimes: [python3.13]
    s3_create_bucket: true

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
  description: ARN of the layer in the first region without a version; C(null) in check mode if the layer would be new.
  returned: if O(state=present)
  type: str
  sample: arn:aws:lambda:us-east-1:123456789012:layer:flask-dependencies-py311
layer_version_arn:
  description: >-
    ARN of the version in the first region that holds the zip; C(null) in check mode if it would be published.
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
  description: Numbers of the versions in the first region that were deleted, or would be.
  returned: if O(state=absent)
  type: list
  elements: int
  sample: [2, 1]
kept_versions:
  description: >-
    Numbers of the versions in the first region that stay, because this module did not publish them or because functions
    use them.
  returned: if O(state=absent)
  type: list
  elements: int
  sample: []
versions:
  description:
    - What was done, or would be, by region. The first region is O(region).
    - With O(state=present) each has C(changed), C(layer_arn), C(layer_version_arn), C(version), C(published),
      C(distribution_changes), C(shared_with), C(foreign_statements), C(removed_versions) and C(retained).
    - C(published) says whether a new version was due. C(distribution_changes) says how it differs from the one before,
      and is C(null) where nobody asked, which is neither in diff mode nor in check mode, or where AWS did not tell.
    - C(shared_with) says who may use the version, C(null) without O(sharing); C(foreign_statements) what this module
      found in policies and did not make.
    - C(retained) says for each version why it is kept, and is empty without O(keep). The number is C(null) in check
      mode if the version would be published.
    - With O(state=absent) each has C(changed), C(removed_versions) and C(kept_versions).
  returned: always
  type: dict
  sample:
    us-east-1:
      changed: true
      layer_arn: arn:aws:lambda:us-east-1:123456789012:layer:flask-dependencies-py311
      layer_version_arn: arn:aws:lambda:us-east-1:123456789012:layer:flask-dependencies-py311:4
      version: 4
      published: true
      distribution_changes: [werkzeug 3.1.3 -> 3.1.4]
      shared_with: [account 123456789012]
      foreign_statements: []
      removed_versions: [1]
      retained:
        - {version: 4, reason: one of the newest 2}
        - {version: 3, reason: one of the newest 2}
        - {version: 2, reason: "used by mi-api-flask-dev-app:$LATEST"}
regions_done:
  description: The regions in which all went well, if several were asked for and another one failed.
  returned: if a region fails while others are done
  type: list
  elements: str
  sample: [us-east-1]
"""

import time
from collections.abc import Mapping
from contextlib import nullcontext, suppress
from functools import cached_property
from pathlib import Path
from typing import Any

with suppress(ImportError):  # AnsibleAWSModule says what is missing.
    from botocore.config import Config

from ansible.module_utils.basic import missing_required_lib
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.asesoria.serverless.plugins.module_utils._aws_address import open_address
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_api import Layers, explained
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_gate import require_sound
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_regions import (
    RegionsError,
    exclusive,
    in_regions,
    raise_errors,
    wanted_regions,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_removal import apply_removal, plan_removal
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_request import (
    Artifact,
    PublishRequest,
    check_name,
    check_request,
    object_prefix,
    read_artifact,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_retention import check_keep
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_rollout import (
    RegionPlan,
    Wanted,
    apply_region,
    plan_region,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_sharing import PUBLIC, read_sharing
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_upload import Bucket, bucket_name
from ansible_collections.asesoria.serverless.plugins.module_utils._libraries import missing_libraries
from ansible_collections.asesoria.serverless.plugins.module_utils._rules import allow_option, read_allowances

MISSING = missing_libraries("packaging", "pyelftools")

# A publication of 50 MB may take long to be answered, and one that is cut off leaves open what became of it.
_PUBLISH_TIMEOUT = 300


class Clients:
    """The APIs of all regions. Clients are made here and used in threads: making them there is not safe.

    :param module: knows the credentials.
    """

    def __init__(self, module: AnsibleAWSModule) -> None:
        self._module = module
        self.regions = wanted_regions(module.region, module.params["regions"])
        self._given = Config(**(module.params["aws_config"] or {}))
        self.layers = {region: self._make_layers(region) for region in self.regions}

    def _make_layers(self, region: str) -> Layers:
        """One client for what can be retried, and one for what can't."""
        patient = Config(retries={"mode": "standard", "total_max_attempts": 8}).merge(self._given)
        once = self._given.merge(Config(retries={"total_max_attempts": 1}, read_timeout=_PUBLISH_TIMEOUT))
        return Layers(
            self._module.client("lambda", region=region, aws_config=patient),
            publisher=self._module.client("lambda", region=region, aws_config=once),
        )

    @cached_property
    def _account(self) -> str:
        with explained("asking whose credentials these are"):
            return str(self._module.client("sts").get_caller_identity()["Account"])

    def make_bucket(self, region: str) -> Bucket:
        """The bucket that uploads of a region go through."""
        created = self._module.params["s3_create_bucket"]
        return Bucket(
            self._module.client("s3", region=region),
            name=bucket_name(self._module.params["s3_bucket"], region=region, account=lambda: self._account),
            region=region,
            warn=self._module.warn,
            owner=self._account if created else "",
        )


def read_wanted(params: Mapping[str, Any]) -> Wanted:
    """What the task's options ask for."""
    sharing = params["sharing"]
    request = PublishRequest(
        name=params["name"],
        archive=Path(params["zip"]),
        manifest=Path(params["manifest"]) if params["manifest"] else None,
        description=params["description"],
        runtimes=tuple(params["runtimes"]),
        architectures=tuple(params["architectures"]),
        license=params["license"],
        bucket=params["s3_bucket"],
        prefix=params["s3_prefix"],
        create_bucket=params["s3_create_bucket"],
        allow=read_allowances(params["allow"]),
        provided=tuple(params["provided"]),
    )
    check_request(request)
    check_keep(params["keep"])
    return Wanted(request, None if sharing is None else read_sharing(**sharing), params["keep"])


def ensure_present(module: AnsibleAWSModule) -> dict[str, Any]:
    """Plan, and publish unless in check mode; what the module returns."""
    # What is wrong with the request is said without any credentials.
    wanted = read_wanted(module.params)
    artifact = read_artifact(wanted.publish)
    if wanted.sharing and PUBLIC in wanted.sharing:
        module.warn(f"Layer {wanted.publish.name} is public: everybody with an AWS account can read it.")
    clients = Clients(module)
    with nullcontext() if module.check_mode else exclusive(wanted.publish.archive):
        plans = plan_everywhere(module, wanted, artifact=artifact, clients=clients)
        if any(plan.publish.publishes for plan in plans.values()):
            require_sound(artifact, request=wanted.publish)
        if module.check_mode:
            results = {region: plan.result() for region, plan in plans.items()}
        else:
            results = apply_everywhere(plans, wanted, clients=clients)
    first = results[clients.regions[0]]
    return {
        "changed": any(result["changed"] for result in results.values()),
        "name": wanted.publish.name,
        **{key: first[key] for key in ("layer_arn", "layer_version_arn", "version")},
        "code_sha256": artifact.code.sha256,
        "code_size": artifact.code.size,
        "versions": results,
        "diff": one_or_all([plan.diff() for plan in plans.values()]),
    }


def plan_everywhere(
    module: AnsibleAWSModule, wanted: Wanted, *, artifact: Artifact, clients: Clients
) -> dict[str, RegionPlan]:
    """The plan of each region. Where one can't even be read there is none, so that nothing is written to any."""
    fetch = open_address if module.check_mode or module._diff else None

    def plan(region: str) -> RegionPlan:
        return plan_region(wanted, artifact=artifact, region=region, layers=clients.layers[region], fetch=fetch)

    plans, errors = in_regions(clients.regions, plan)
    raise_errors(errors, regions=clients.regions)
    for region, found in plans.items():
        tell(module, region, found)
    return plans


def apply_everywhere(plans: Mapping[str, RegionPlan], wanted: Wanted, *, clients: Clients) -> dict[str, dict[str, Any]]:
    """Do what was planned, in all regions, and return what each has then."""
    buckets = {region: clients.make_bucket(region) for region, plan in plans.items() if plan.publish.uploads}

    def apply(region: str) -> dict[str, Any]:
        return apply_region(
            plans[region],
            wanted=wanted,
            layers=clients.layers[region],
            bucket=lambda: ready(buckets[region], create=wanted.publish.create_bucket),
            sleep=time.sleep,
        )

    results, errors = in_regions(clients.regions, apply)
    raise_errors(errors, regions=clients.regions, done=list(results))
    return results


def ready(bucket: Bucket, *, create: bool) -> Bucket:
    """A bucket that is there, if it may be made."""
    if create:
        bucket.ensure()
    return bucket


def tell(module: AnsibleAWSModule, region: str, plan: RegionPlan) -> None:
    """Say what a user should know of a plan."""
    for note in plan.notes:
        module.warn(f"{region}: {note}")
    for sharing in plan.sharing:
        foreign = [str(statement) for statement in sharing.remove if not statement.ours]
        if foreign:
            module.warn(
                f"{region}: from the policy of version {sharing.version} of layer {plan.publish.request.name} go "
                f"statements that this collection did not make: {', '.join(foreign)}."
            )


def ensure_absent(module: AnsibleAWSModule) -> dict[str, Any]:
    """Plan, and delete unless in check mode; what the module returns."""
    name = module.params["name"]
    check_name(name)
    clients = Clients(module)
    regions = clients.regions
    prefix = object_prefix(name, prefix=module.params["s3_prefix"])
    buckets = {region: clients.make_bucket(region) for region in regions} if module.params["s3_create_bucket"] else {}
    plans, errors = in_regions(
        regions,
        lambda region: plan_removal(name, region=region, layers=clients.layers[region], bucket=buckets.get(region)),
    )
    raise_errors(errors, regions=regions)
    if not module.check_mode:
        done, errors = in_regions(
            regions, lambda region: apply_removal(plans[region], layers=clients.layers[region], prefix=prefix)
        )
        raise_errors(errors, regions=regions, done=list(done))
    for region, plan in plans.items():
        for version, functions in plan.used:
            module.warn(
                f"{region}: version {version.version} of layer {name} stays, because {', '.join(functions)} uses it."
            )
        for note in plan.notes:
            module.warn(note)
    results = {region: plan.result() for region, plan in plans.items()}
    first = results[regions[0]]
    return {
        "changed": any(plan.changes for plan in plans.values()),
        "name": name,
        **{key: first[key] for key in ("removed_versions", "kept_versions")},
        "versions": results,
        "diff": one_or_all([plan.diff() for plan in plans.values()]),
    }


def one_or_all(diffs: list[dict[str, Any]]) -> Any:
    """Ansible takes one diff, or a list of them."""
    return diffs[0] if len(diffs) == 1 else diffs


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
            "allow": allow_option(),
            "provided": {"type": "list", "elements": "str", "default": []},
            "regions": {"type": "list", "elements": "str", "default": []},
            "sharing": {
                "type": "dict",
                "options": {
                    "accounts": {"type": "list", "elements": "str", "default": []},
                    "organizations": {"type": "list", "elements": "str", "default": []},
                    "public": {"type": "bool", "default": False},
                },
            },
            "keep": {"type": "int"},
            "s3_bucket": {"type": "str", "default": ""},
            "s3_prefix": {"type": "str", "default": ""},
            "s3_create_bucket": {"type": "bool", "default": False},
        },
        required_if=[("state", "present", ["zip"])],
        supports_check_mode=True,
    )
    for name, trace in MISSING.items():
        if module.params["state"] == "present":
            module.fail_json(msg=missing_required_lib(name), exception=trace)
    try:
        result = ensure_present(module) if module.params["state"] == "present" else ensure_absent(module)
    except RegionsError as error:
        module.fail_json(msg=str(error), regions_done=list(error.done))
    except ServerlessError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
