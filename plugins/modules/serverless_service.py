#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: serverless_service
version_added: 0.1.0
short_description: Deploy, roll back or remove a service of the Serverless Framework
description:
  - Deploys an app's folder with the Serverless CLI, goes back to an earlier deployment, or removes what was deployed.
  - Works in a copy of the folder. The folder itself is only read, so that what plugins write and delete there while
    they package (a C(wsgi_handler.py) of the app's, for example) never touches it.
  - What was deployed is remembered as a fingerprint in an output of the stack, C(AsesoriaFingerprint). It covers the
    names and contents of the files that travel, the configuration, O(cli_lock), stage and region. As long as it is the
    same and the stack is healthy, the CLI is not started and nothing is written.
  - With diff, and in check mode, shows how the stack's template and the functions' code would change. For that the CLI
    only packages, which asks AWS nothing.
  - Before anything is uploaded, every function is held together with its layers against what Lambda takes unzipped, 250
    MB, and against the number of layers. For that the end of each layer's zip is read. One of another account may be
    unreadable, which is a warning.
  - With O(audit), what the CLI has packaged is looked at before anything is uploaded, in check mode as well, and a
    function that would not work stops the run.
  - A stack of the service's name that belongs to another owner is neither changed nor removed, see O(project) and
    O(adopt).
  - A run that was cut off can be started again at any time. It waits for the CLI that the earlier one left behind, and
    for CloudFormation, and goes on from there.
  - If the CLI fails because a reply was lost or the network was, CloudFormation is asked what became of the stack, for
    up to five minutes of outage. If it has brought the stack to the new version all the same, the module succeeds with
    a warning. If it can't be asked, the module fails with RV(unsettled).
  - If the run is interrupted or terminated, the CLI is stopped. CloudFormation goes on with a change that it was
    already asked for.
author:
  - The asesoria.serverless authors (@asesoria)
requirements:
  - Python >= 3.10, PyYAML
  - the Serverless CLI, V(osls) 4, where something has to be deployed or removed
  - packaging and pyelftools, with O(audit)
extends_documentation_fragment:
  - asesoria.serverless.service.endpoint
  - asesoria.serverless.allow
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
attributes:
  check_mode:
    description: Says whether and what it would change, and changes nothing.
    support: full
  diff_mode:
    description: >-
      Shows the stack's template and the hashes of the functions' code. In check mode without an installed CLI it shows
      no more than the files that would be deployed.
    support: full
notes:
  - The template and so the difference shows a function's environment variables. Don't put secrets there; let the
    function read them from SSM or Secrets Manager. What looks like a secret in plain text, by its name or its form, is
    warned about.
options:
  state:
    description:
      - Whether the service should be deployed, be as it was deployed before, count as verified, or be removed.
      - V(rolled_back) takes the template and the code of O(version) from the bucket, where the CLI keeps the last five
        deployments. What it takes the place of is removed there, so that failed deployments never push out a good one.
      - V(accepted) removes the note that O(remember) makes, once the deployment has been verified.
    type: str
    choices: [present, rolled_back, accepted, absent]
    default: present
  version:
    description:
      - The deployment to go back to, as its folder in the bucket is called, and as RV(previous) says it.
      - Required for O(state=rolled_back).
    type: str
  src:
    description:
      - Folder of the app.
      - Required for O(state=present). Otherwise it is needed only if its own C(serverless.yml) is.
    type: path
  config:
    description:
      - Content of C(serverless.yml). A configuration that the app's folder has itself is then left out.
      - If it is not given, C(serverless.yml) in O(src) is taken. Its copy is adjusted to the CLI, see RV(notes). To
        remove a service of which there is neither, O(service) is enough.
      - For O(state=rolled_back) the stack's tags and CloudFormation's role are taken from here.
    type: dict
  service:
    description:
      - Name of the service, for a state other than V(present) without a configuration. Otherwise the configuration has
        it.
      - With a configuration it is what that has to say. One of another service is refused, and so is one that gives
        its stack another name than service and stage make.
    type: str
  stage:
    description: Stage to deploy to or remove from.
    type: str
    default: dev
  project:
    description:
      - Name of the project that the service belongs to.
      - The stack gets the tags C(ManagedBy), C(Project) and C(Service). The CLI adds C(STAGE), and the tags in
        C(provider.stackTags). A stack whose tags name another owner, or none, is neither changed nor
        removed. One that was made before these tags is known by its fingerprint.
      - Where C(provider.stackTags) or C(provider) is a variable, tags can't be added. Such a stack is known by its
        fingerprint alone, and only once it has been deployed completely.
    type: str
    default: asesoria
  adopt:
    description:
      - Take over a stack of the service's name that belongs to another owner. It gets the tags of this service, and
        what the service does not have is deleted.
      - Run it in check mode with diff first. The difference then names each resource that would be deleted or replaced.
      - Only for O(state=present). A removal leaves such a stack alone.
    type: bool
    default: false
  confirm:
    description:
      - Name of the stack, if a change may delete resources with data, such as tables, buckets and queues. Without it,
        an update that would remove or replace such a resource stops before it begins, and so does a removal.
      - A resource whose C(DeletionPolicy) or C(UpdateReplacePolicy) retains it, or takes a snapshot, does not stop it
        and is told.
      - Before an update of a stack with such resources, CloudFormation makes a change set that is read and deleted. In
        check mode the templates are compared. That tells less of a property that refers to another resource or to a
        parameter.
    type: str
    default: ""
  exclude:
    description:
      - What of the app's folder does not travel.
      - Shell patterns. One that starts with C(/) is held against the whole path below O(src), any other one against
        every single name on the way there. A folder that matches is left out with all that is in it.
      - What the app or a handler imports stays all the same, with the folder that it is in, if a pattern of the default
        matches it, or if it is imported whenever the app starts; see RV(kept).
      - Virtual environments are left out whatever they are called.
    type: list
    elements: str
    default:
      - .aws-sam
      - .DS_Store
      - .env
      - .env.*
      - .git
      - .gitignore
      - .idea
      - .mypy_cache
      - .pytest_cache
      - .requirements
      - .ruff_cache
      - .serverless
      - .serverless-wsgi
      - .tox
      - .vscode
      - __pycache__
      - "*.pyc"
      - /tests
      - node_modules
  layer:
    description:
      - A layer that the Python functions get, written into the copy of the configuration. Those of container images do
        not. Another version of the layer makes room for it, other layers stay, and so does all else.
      - C(custom.wsgi.packRequirements) is then set to false if it is not there, and refused if it is true. The plugin
        C(serverless-python-requirements) is refused.
      - After the CLI has packaged, and before anything is uploaded, each function is seen to have got it, and to ask
        for what it was built for.
    type: dict
    suboptions:
      arn:
        description: ARN of the layer's version.
        type: str
        required: true
      runtime:
        description: The runtime that it was built for. Without it the functions' runtimes are not looked at.
        type: str
      architecture:
        description: The architecture that it was built for. Without it the functions' architectures are not looked at.
        type: str
      functions:
        description: >-
          The functions that get it, by their names in the configuration, where they have to be written themselves. If
          none is named all Python functions get it.
        type: list
        elements: str
        default: []
  alias:
    description:
      - An alias that each function with a version gets, for all that asks the function to ask, its front door for
        example. Written into what the CLI has packaged; the configuration stays as it is, and has to leave
        C(versionFunctions) on.
      - What a custom resource of the CLI attaches, a bucket that exists for example, still asks the newest code.
      - For O(state=rolled_back), weights are taken off the aliases before the stack goes back, so that what is not
        wanted stops answering at once.
    type: dict
    suboptions:
      name:
        description: Name of the alias.
        type: str
        required: true
      weight:
        description:
          - Percent of the requests that new versions answer, V(1) to V(99), beside those that answered before. Deploy
            the same without it to have them answer all, or go back to RV(previous).
          - V(0) for all at once. Where nothing answered before, or no code is new, it is so as well.
        type: int
        default: 0
      prune:
        description:
          - Delete the versions of these functions that no alias points at, once new ones answer all requests.
          - Leave it off if anything names versions by their numbers, such as CloudFront.
        type: bool
        default: false
  remember:
    description:
      - Note down, before something is deployed, that it is not verified, and which version was the last verified one.
        As long as the note is there and the stack holds such a deployment, RV(unverified) is true, also in a later run
        that has nothing to deploy, and RV(previous) is that last verified version, also after a deployment of other
        code.
      - The note is C(unverified.json) next to the deployments in the bucket, so that every control node reads it. Until
        the first deployment has made the bucket, and where it may not be written, the note is a file in O(work_dir).
      - O(state=accepted) removes the note, and so does going back. A deployment that failed removes it only if
        CloudFormation says that the stack does not hold the new version.
    type: bool
    default: false
  extra_files:
    description:
      - Files from elsewhere that travel with the app, by the name that they have in the copy.
      - Something in O(src) that has such a name, or the name of such a module, is an error.
    type: dict
    default: {}
  added_requirements:
    description:
      - Distributions that a plugin is to install besides those that the app's requirements file names, such as the
        adapter that the handler imports. They are written into the copy of the file; see RV(added).
      - A file with hashes is left alone.
    type: dict
    suboptions:
      file:
        description: The requirements file, below O(src).
        type: str
        default: requirements.txt
      names:
        description: Names of the distributions.
        type: list
        elements: str
        required: true
  required_modules:
    description:
      - Top-level modules that every Python function has to find in its package or in its layers, such as the adapter
        that its handler imports. They are looked for after packaging, before anything is deployed.
      - A layer that these credentials can't look into may hold any of them.
    type: list
    elements: str
    default: []
  audit:
    description:
      - Hold the packages of all Python functions against the rules of M(asesoria.serverless.layer_audit), for the
        runtime and the architecture that each asks for. That is for packages that bring their dependencies along, as
        the plugin C(serverless-python-requirements) makes them. What its setting C(zip) packs once more is not looked
        into.
      - As long as nothing else has changed, what was deployed is not looked at again. Another O(allow) counts as a
        change.
    type: bool
    default: false
  cli:
    description: How the Serverless CLI is called, program and leading arguments.
    type: list
    elements: str
    default: [osls]
  cli_lock:
    description:
      - The C(package-lock.json) that the CLI and its plugins were installed from. Another content makes the service be
        deployed again.
    type: path
  work_dir:
    description:
      - Folder for the copy, the package and the CLI's output. It has to be empty, missing, or from an earlier run.
      - Required unless the module runs in check mode.
    type: path
  timeout:
    description:
      - Seconds that one call of the CLI may take, and that the module waits for another run or for CloudFormation.
    type: int
    default: 1800
"""

EXAMPLES = r"""
- name: Deploy an app that has its own serverless.yml
  asesoria.serverless.serverless_service:
    src: /home/ana/app
    stage: dev
    region: us-east-1
    cli: [/home/ana/cli/node_modules/.bin/osls]
    cli_lock: /home/ana/cli/package-lock.json
    work_dir: /home/ana/.local/share/asesoria.serverless/services/app-dev
    layer:
      arn: arn:aws:lambda:us-east-1:123456789012:layer:flask-dependencies-py311:4
      runtime: python3.11
      architecture: x86_64

- name: Deploy a Flask app
  asesoria.serverless.serverless_service:
    src: /home/ana/flask
    region: us-east-1
    cli: [/home/ana/cli/node_modules/.bin/osls]
    work_dir: /home/ana/.local/share/asesoria.serverless/services/flask-dev
    config:
      service: flask
      frameworkVersion: "3 || 4"
      plugins: [serverless-wsgi]
      provider:
        name: aws
        runtime: python3.11
      custom:
        wsgi:
          app: app.app
          packRequirements: false
      functions:
        api:
          handler: wsgi_handler.handler
          layers:
            - arn:aws:lambda:us-east-1:123456789012:layer:flask-dependencies-py311:1
          events:
            - httpApi: "*"
  register: service

- name: Deploy an app with its dependencies in the package, unless they are for another system
  asesoria.serverless.serverless_service:
    src: /home/ana/orders
    region: us-east-1
    cli: [/home/ana/cli/node_modules/.bin/osls]
    work_dir: /home/ana/.local/share/asesoria.serverless/services/orders-dev
    audit: true
    config:
      service: orders
      frameworkVersion: "3 || 4"
      plugins: [serverless-python-requirements]
      provider:
        name: aws
        runtime: python3.11
      custom:
        pythonRequirements:
          dockerizePip: false
      functions:
        api:
          handler: app.handler
          events:
            - httpApi: "*"

- name: Say where it answers
  ansible.builtin.debug:
    var: service.endpoint

- name: Let new code answer every tenth request
  asesoria.serverless.serverless_service:
    src: /home/ana/orders
    region: us-east-1
    cli: [/home/ana/cli/node_modules/.bin/osls]
    work_dir: /home/ana/.local/share/asesoria.serverless/services/orders-dev
    alias:
      name: live
      weight: 10

- name: Go back to what was deployed before that
  asesoria.serverless.serverless_service:
    state: rolled_back
    version: "{{ service.previous }}"
    service: flask
    region: us-east-1
    cli: [/home/ana/cli/node_modules/.bin/osls]
    work_dir: /home/ana/.local/share/asesoria.serverless/services/flask-dev
  when: service.previous is not none

- name: Remove it
  asesoria.serverless.serverless_service:
    state: absent
    service: flask
    region: us-east-1
    cli: [/home/ana/cli/node_modules/.bin/osls]
    work_dir: /home/ana/.local/share/asesoria.serverless/services/flask-dev
"""

RETURN = r"""
service:
  description: Name of the service.
  returned: success
  type: str
  sample: mi-api-flask
stage:
  description: Its stage.
  returned: success
  type: str
  sample: dev
stack_name:
  description: Name of its CloudFormation stack.
  returned: success
  type: str
  sample: mi-api-flask-dev
stack_status:
  description: Status of the stack after the run, or as it is in check mode. It is C(null) if there is no stack.
  returned: success
  type: str
  sample: UPDATE_COMPLETE
outputs:
  description: Outputs of the stack by name, without those of the collection itself.
  returned: success
  type: dict
  sample:
    HttpApiId: a1b2c3d4e5
    HttpApiUrl: https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com
endpoint:
  description: >-
    Address of the HTTP API, REST API or function URL, or of the domain in front of it. It is C(null) if the stack has
    none, or is not there (yet, or any more).
  returned: success
  type: str
  sample: https://a1b2c3d4e5.execute-api.us-east-1.amazonaws.com
connect_to:
  description:
    - Where to open the connection to the endpoint, as host and port, if that is a domain of your own whose record is
      not in the stack, so that it may not lead to the service yet. The option of the same name of
      M(asesoria.serverless.endpoint_verify) takes it. It is C(null) in any other case.
  returned: success
  type: str
  sample: d-a1b2c3d4e5.execute-api.us-east-1.amazonaws.com:443
previous:
  description: >-
    The deployment that the stack held before, or the last verified one, see O(remember), as its folder in the bucket is
    called. It is C(null) if there was none.
  returned: changed, with O(state=present) or O(state=rolled_back), or RV(unverified) is true
  type: str
  sample: 1700000000000-2023-11-14T22:13:20.000Z
unverified:
  description: Whether an earlier run has deployed what is there, and nobody has verified it, see O(remember).
  returned: O(state=present)
  type: bool
  sample: false
unsettled:
  description: >-
    Whether it is unknown if the stack holds, or will hold, what was being deployed. Run the same again then.
  returned: failure to ask CloudFormation what became of the stack
  type: bool
  sample: true
adopted:
  description: Whether the stack belonged to another owner before, see O(adopt).
  returned: O(state=present)
  type: bool
  sample: false
unverified_before:
  description: >-
    Whether the stack held something that was not verified, see O(remember), so that RV(previous) is older than that.
  returned: O(state=present)
  type: bool
  sample: false
replaces_app:
  description:
    - The app that was at the service's address, if another one takes its place, by the name of the project in its
      C(pyproject.toml) or else of its folder, and by its object. It is C(null) if it is the same app, or not known.
    - The stack has the name of the app in an output, C(AsesoriaApp). A warning says so too, in check mode as well.
  returned: O(state=present)
  type: str
  sample: shop (app.app)
losses:
  description:
    - Resources with data that the deployment removes or replaces, and with O(adopt) all resources of the other owner's
      stack that it removes or replaces.
    - In check mode it takes an installed CLI to know them.
  returned: changed
  type: list
  elements: dict
  contains:
    logical_id:
      description: Its name in the template.
      returned: always
      type: str
      sample: Items
    type:
      description: Its type.
      returned: always
      type: str
      sample: AWS::DynamoDB::Table
    name:
      description: Its name in AWS.
      returned: always
      type: str
      sample: shop-dev-items
    change:
      description: One of V(removed), V(replaced) and V(may be replaced).
      returned: always
      type: str
    causes:
      description: Properties whose change replaces it.
      returned: always
      type: list
      elements: str
    data:
      description: Whether it holds data.
      returned: always
      type: bool
    policy:
      description: What becomes of it in AWS, V(Delete), V(Retain) or V(Snapshot).
      returned: always
      type: str
    stays:
      description: Whether its data stay.
      returned: always
      type: bool
weighted:
  description: Whether new code now answers a part of the requests only, see O(alias.weight).
  returned: changed, with O(state=present) or O(state=rolled_back)
  type: bool
  sample: false
fingerprint:
  description: Hash of all that the deployment depends on.
  returned: O(state=present)
  type: str
  sample: 3f6b9d9d0c1f5f0e7f9f6a9ad2c5a3b0e6b3c2d1f0a9b8c7d6e5f4a3b2c1d0e9
kept:
  description: What travels although O(exclude) matches it, because the app or a handler imports it.
  returned: O(state=present)
  type: list
  elements: str
  sample: [tests]
added:
  description: What of O(added_requirements) was added to the copy of the requirements file.
  returned: O(state=present)
  type: list
  elements: str
  sample: [mangum]
notes:
  description:
    - What differs in the copy of the app's own C(serverless.yml). A C(frameworkVersion) for Serverless 3 is widened for
      V(osls) 4, its fork, which reads the same files. A layer of the same name as O(layer.arn) is left out if its
      account is a placeholder such as 1234567890.
  returned: O(state=present)
  type: list
  elements: str
  sample: ["frameworkVersion is '3 || 4' instead of '3' in the copy, because osls 4.3.1 is deployed with"]
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import missing_required_lib
from ansible_collections.amazon.aws.plugins.module_utils.modules import AnsibleAWSModule
from ansible_collections.amazon.aws.plugins.module_utils.retries import AWSRetry
from ansible_collections.asesoria.serverless.plugins.module_utils._aws_address import open_address
from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import Functions, Stacks
from ansible_collections.asesoria.serverless.plugins.module_utils._deployments import Deployments
from ansible_collections.asesoria.serverless.plugins.module_utils._endpoint import check_endpoint_format
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._fingerprint import DEFAULT_EXCLUDE
from ansible_collections.asesoria.serverless.plugins.module_utils._function_versions import Versions
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_directory import LayerDirectories
from ansible_collections.asesoria.serverless.plugins.module_utils._libraries import missing_libraries
from ansible_collections.asesoria.serverless.plugins.module_utils._rules import allow_option
from ansible_collections.asesoria.serverless.plugins.module_utils._serverless_cli import ServerlessCli, run_process
from ansible_collections.asesoria.serverless.plugins.module_utils._serverless_job import (
    describe_stack,
    make_deployment,
    make_reference,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._serverless_service import (
    Job,
    Outcome,
    ServiceManager,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._service.change_set import ChangeSets, UpdatePreview
from ansible_collections.asesoria.serverless.plugins.module_utils._service.loss_guard import LossGuard
from ansible_collections.asesoria.serverless.plugins.module_utils._service.stack_change import UncertainError
from ansible_collections.asesoria.serverless.plugins.module_utils._yaml_tree import HAS_YAML

#: What the audit needs, and is not there.
MISSING = missing_libraries("packaging", "pyelftools")

# What the SDK of the CLI reads, by the option of this module that says the same.
_SDK_VARIABLES = {
    "access_key": "AWS_ACCESS_KEY_ID",
    "secret_key": "AWS_SECRET_ACCESS_KEY",
    "session_token": "AWS_SESSION_TOKEN",
    "profile": "AWS_PROFILE",
    "endpoint_url": "AWS_ENDPOINT_URL",
    "aws_ca_bundle": "AWS_CA_BUNDLE",
}


def make_manager(module: AnsibleAWSModule, *, region: str) -> ServiceManager:
    """Put together what does the work, from the module's options."""
    params: Mapping[str, Any] = module.params
    retry = AWSRetry.jittered_backoff(retries=8)
    cli = ServerlessCli(
        argv=params["cli"],
        runner=run_process,
        base=os.environ,
        options={variable: params[option] for option, variable in _SDK_VARIABLES.items() if params.get(option)},
        stage=params["stage"],
        region=region,
        timeout=params["timeout"],
    )
    cloudformation = module.client("cloudformation", retry_decorator=retry)
    stacks = Stacks(cloudformation)
    change_sets = ChangeSets(cloudformation)
    deployments = Deployments(lambda: module.client("s3", retry_decorator=retry), stacks=stacks)
    preview = UpdatePreview(change_sets, upload=deployments.uploaded, warn=module.warn)
    return ServiceManager(
        stacks=stacks,
        change_sets=change_sets,
        losses=LossGuard(stacks=stacks, preview=preview, warn=module.warn),
        functions=Functions(lambda: module.client("lambda", retry_decorator=retry)),
        versions=Versions(lambda: module.client("lambda", retry_decorator=retry)),
        deployments=deployments,
        # Where nothing is deployed, the layer may be one that has yet to be published.
        layers=LayerDirectories(
            lambda: module.client("lambda", retry_decorator=retry),
            fetch=open_address,
            warn=(lambda _text: None) if module.check_mode else module.warn,
        ),
        warn=module.warn,
        cli=cli,
        # Check mode needs none: then it is one that does not exist.
        work_dir=Path(params["work_dir"] or f"{module.tmpdir}/none"),
        timeout=params["timeout"],
    )


def run(module: AnsibleAWSModule) -> dict[str, Any]:
    """Do what the options say and return the module's answer."""
    params: Mapping[str, Any] = module.params
    region = module.region
    if not region:
        raise ServerlessError("no region is set", "Give the option region, or set AWS_DEFAULT_REGION")
    check_endpoint_format(params["endpoint_format"])
    if params["state"] == "present":
        job = make_deployment(params, region=region)
        manager = make_manager(module, region=region)
        # Ansible keeps in a private attribute whether anybody looks at the difference.
        outcome = manager.ensure_present(job, check_mode=module.check_mode, diff=module._diff)
    else:
        job = make_reference(params, region=region)
        outcome = manage(module, make_manager(module, region=region), job=job)
    answer = {"changed": outcome.changed, "service": job.config.service, "stage": job.stage}
    answer.update(
        describe_stack(
            outcome.stack,
            name=job.config.stack_name,
            endpoint_format=params["endpoint_format"],
            region=region,
            stage=job.stage,
        )
    )
    if outcome.changed and params["state"] in ("present", "rolled_back"):
        answer.update(previous=outcome.previous, weighted=outcome.weighted)
    if outcome.changed:
        answer["losses"] = [loss.describe() for loss in outcome.losses]
    if outcome.unverified:
        answer["previous"] = outcome.previous
    if job.fingerprint:
        answer.update(fingerprint=job.fingerprint, unverified=outcome.unverified, kept=list(job.kept))
        answer.update(added=list(job.added), notes=list(job.notes))
        answer.update(adopted=outcome.adopted, replaces_app=outcome.replaces_app)
        answer["unverified_before"] = outcome.unverified_before
    if module._diff:
        answer["diff"] = show_diff(outcome, stack_name=job.config.stack_name)
    return answer


def manage(module: AnsibleAWSModule, manager: ServiceManager, *, job: Job) -> Outcome:
    """Do what does not read the app."""
    if module.params["state"] == "accepted":
        return manager.ensure_accepted(job, check_mode=module.check_mode)
    if module.params["state"] == "rolled_back":
        return manager.ensure_version(job, version=module.params["version"], check_mode=module.check_mode)
    return manager.ensure_absent(job, check_mode=module.check_mode)


def show_diff(outcome: Outcome, *, stack_name: str) -> dict[str, str]:
    """Return the difference as Ansible wants it."""
    header = f"stack {stack_name}"
    diff = outcome.diff
    return {"before": diff.before, "after": diff.after, "before_header": header, "after_header": header}


def main() -> None:
    """Run the module."""
    module = AnsibleAWSModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "rolled_back", "accepted", "absent"], "default": "present"},
            "version": {"type": "str"},
            "src": {"type": "path"},
            "config": {"type": "dict"},
            "service": {"type": "str"},
            "stage": {"type": "str", "default": "dev"},
            "project": {"type": "str", "default": "asesoria"},
            "adopt": {"type": "bool", "default": False},
            "confirm": {"type": "str", "default": ""},
            "exclude": {
                "type": "list",
                "elements": "str",
                "default": list(DEFAULT_EXCLUDE),
            },
            "layer": {
                "type": "dict",
                "options": {
                    "arn": {"type": "str", "required": True},
                    "runtime": {"type": "str"},
                    "architecture": {"type": "str"},
                    "functions": {"type": "list", "elements": "str", "default": []},
                },
            },
            "alias": {
                "type": "dict",
                "options": {
                    "name": {"type": "str", "required": True},
                    "weight": {"type": "int", "default": 0},
                    "prune": {"type": "bool", "default": False},
                },
            },
            "remember": {"type": "bool", "default": False},
            "extra_files": {"type": "dict", "default": {}},
            "added_requirements": {
                "type": "dict",
                "options": {
                    "file": {"type": "str", "default": "requirements.txt"},
                    "names": {"type": "list", "elements": "str", "required": True},
                },
            },
            "required_modules": {"type": "list", "elements": "str", "default": []},
            "audit": {"type": "bool", "default": False},
            "allow": allow_option(),
            "cli": {"type": "list", "elements": "str", "default": ["osls"]},
            "cli_lock": {"type": "path"},
            "work_dir": {"type": "path"},
            "endpoint_format": {"type": "str", "default": ""},
            "timeout": {"type": "int", "default": 1800},
        },
        required_if=[("state", "present", ["src"]), ("state", "rolled_back", ["version"])],
        supports_check_mode=True,
    )
    if not HAS_YAML:
        module.fail_json(msg=missing_required_lib("PyYAML"))
    if module.params["audit"]:
        for library, error in MISSING.items():
            module.fail_json(msg=missing_required_lib(library), exception=error)
    if not module.check_mode and not module.params["work_dir"]:
        module.fail_json(msg="work_dir is required outside of check mode. Name a folder for the copy of the app.")
    try:
        answer = run(module)
    except UncertainError as error:
        module.fail_json(msg=str(error), unsettled=True)
    except ServerlessError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**answer)


if __name__ == "__main__":
    main()
