# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The settings of the chain as one structure. It is immutable, and every value in it was validated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._aws.ownership import Owner
from ansible_collections.asesoria.serverless.plugins.module_utils._service_domain import ServiceDomain

from .names import Names, stack_name


@dataclass(frozen=True)
class App:
    """The user's app and how its dependencies travel.

    :param dir: Folder of the app.
    :param is_example: Whether the app is the collection's example, because no setting names a folder.
    :param interface: ``wsgi`` or ``asgi``; empty if the app's own serverless.yml names the handler.
    :param object: The app as ``module.name``; empty likewise.
    :param adapter: ``auto`` to add a missing adapter to the layer, ``none`` to leave the requirements alone.
    :param requirements: Requirements file of the layer.
    :param constraints: Constraints file of the layer; empty for none.
    :param packaging: ``layer`` or ``requirements``.
    :param config_source: ``variables`` or ``app``.
    :param cli: The Serverless CLI, or a folder that has one.
    :param layer: Name of the layer that the app uses; empty for none.
    """

    dir: str
    is_example: bool
    interface: str
    object: str
    adapter: str
    requirements: str
    constraints: str
    packaging: str
    config_source: str
    cli: str
    layer: str


@dataclass(frozen=True)
class Function:
    """Properties of the app's function and of the functions next to it.

    :param memory_size: Memory in MB.
    :param timeout: Time limit in seconds.
    :param log_retention_days: Days for which the log is kept.
    :param environment: Environment variables.
    :param routes: Requests that reach the app, each ``METHOD /path``; empty for all.
    :param functions: More functions by name, each as serverless.yml describes it.
    :param vpc: Security groups and subnets; empty for none.
    :param cors: Rules for requests from other origins, as serverless.yml describes them; empty for none.
    """

    memory_size: int
    timeout: int
    log_retention_days: int
    environment: Mapping[str, Any]
    routes: tuple[str, ...]
    functions: Mapping[str, Any]
    vpc: Mapping[str, Any]
    cors: Any


@dataclass(frozen=True)
class Canary:
    """New code that answers a part of the requests at first.

    :param weight: Percent of the requests for new code; 0 for no canary.
    :param alias: Alias by which the function is called; empty for none.
    """

    weight: int
    alias: str


@dataclass(frozen=True)
class Layer:
    """One layer, with the values that its entry inherits.

    :param name: Name of the layer.
    :param requirements: Requirements file.
    :param constraints: Constraints file; empty for none.
    :param runtime: Lambda runtime.
    :param architecture: Architecture.
    :param strategy: Where the layer is built: ``auto``, ``wheels`` or ``builder``.
    :param python: Interpreter of the control node to build with; empty to look for one.
    :param slim: What to leave out: ``none``, ``safe`` or ``max``.
    :param provided: Packages that the runtime or another layer has.
    :param allow: Findings that the gates accept, by rule and distribution.
    :param description: Description of the layer in AWS.
    :param license: License of the layer in AWS; empty for none.
    :param regions: More regions that have the layer.
    :param sharing: Parties that may use the layer; empty text leaves the policies alone.
    :param keep_versions: Number of versions to keep; 0 keeps all.
    """

    name: str
    requirements: str
    constraints: str
    runtime: str
    architecture: str
    strategy: str
    python: str
    slim: str
    provided: tuple[str, ...]
    allow: tuple[Mapping[str, Any], ...]
    description: str
    license: str
    regions: tuple[str, ...]
    sharing: Any
    keep_versions: int


@dataclass(frozen=True)
class LayerStore:
    """The bucket for a layer whose zip is too large for a request.

    :param bucket: Name of the bucket; empty for none, or for the default one.
    :param create: Whether to create the bucket when it is needed.
    """

    bucket: str
    create: bool


@dataclass(frozen=True)
class Builders:
    """The machines that build.

    :param fleet: Kinds of builders; empty for those that the layers need.
    :param access: How a builder is reached: ``my_ip``, ``cidr``, ``ssm`` or ``tailscale``.
    :param cidr: Networks that may reach a builder.
    :param spot: Whether builders come from the spot market.
    :param instance_type: EC2 instance type; empty for the default of the architecture.
    :param count: Number of builders of one kind.
    :param ssm_command: Command for SSH through Session Manager.
    :param port: Port of the builders' SSH server.
    :param python_bucket: Bucket that keeps built Pythons; empty for none.
    :param python_bucket_region: Region of that bucket.
    :param vcpus: Number of processors of all builders together.
    """

    fleet: tuple[Mapping[str, Any], ...]
    access: str
    cidr: tuple[str, ...]
    spot: bool
    instance_type: str
    count: int
    ssm_command: str
    port: int
    python_bucket: str
    python_bucket_region: str
    vcpus: int


@dataclass(frozen=True)
class Access:
    """The IAM user and the rights of the chain.

    :param create_user: Whether the chain makes a user.
    :param playbooks: Playbooks that the user may run.
    :param path: Path of the user; empty for the one that it has.
    :param permissions_boundary: ARN of the user's permissions boundary; empty for none.
    :param deployment_role: Whether the chain makes a role for CloudFormation.
    :param deployment_role_arn: ARN of the role with which CloudFormation acts; empty for none.
    :param layer_names: Layers that the user may publish.
    :param front_doors: Front doors that the service has, or has had.
    :param domains: Domains that the service has, or has had.
    :param function_vpc: Whether the function is in a VPC, or has been.
    :param function_alias: Whether the function is called by an alias, or has been.
    :param layer_regions: More regions that have, or have had, layers.
    :param layer_share: Whether the user may share layers.
    :param layer_prune: Whether the user may delete old versions of layers.
    :param builder_profile: Instance profile that the user may hand to builders; empty for none.
    """

    create_user: bool
    playbooks: tuple[str, ...]
    path: str
    permissions_boundary: str
    deployment_role: bool
    deployment_role_arn: str
    layer_names: tuple[str, ...]
    front_doors: tuple[str, ...]
    domains: tuple[Mapping[str, Any], ...]
    function_vpc: bool
    function_alias: bool
    layer_regions: tuple[str, ...]
    layer_share: bool
    layer_prune: bool
    builder_profile: str


@dataclass(frozen=True)
class Report:
    """The report at the end of a run.

    :param enabled: Whether site.yml ends with a report.
    :param dest: The page.
    :param requests: Requests a month that the estimate of costs assumes.
    :param latency_ms: Milliseconds of a request that the estimate assumes; 0 for the measured mean.
    :param answers: Number of good answers for the picture of the latency.
    """

    enabled: bool
    dest: str
    requests: int
    latency_ms: float
    answers: int


@dataclass(frozen=True)
class Logs:
    """The part of the function's log that logs.yml shows.

    :param since: Beginning, as a time or an age.
    :param filter: Filter pattern of CloudWatch; empty for all.
    :param follow: Whether to look for more.
    :param seconds: Seconds for which to look for more.
    """

    since: str
    filter: str
    follow: bool
    seconds: int


@dataclass(frozen=True)
class Status:
    """What the status and the leftovers tell.

    :param all_stacks: Whether to name all stacks of the project.
    :param layers: Layers in addition to those that the functions use.
    :param layer_users: Whether to find which functions of the account use the layers.
    :param buckets: The user's own buckets that the chain uses.
    """

    all_stacks: bool
    layers: tuple[str, ...]
    layer_users: bool
    buckets: tuple[str, ...]


@dataclass(frozen=True)
class Verify:
    """The endpoint that is verified.

    :param url: Address to request; empty for that of the service.
    :param connect_to: Host and port to connect to instead of the address; empty for the address.
    """

    url: str
    connect_to: str


@dataclass(frozen=True)
class Folders:
    """Files and folders on the control node.

    :param state: Folder of all that a run keeps.
    :param cache: Folder that may be removed at any time.
    :param artifacts: Folder of the layers' locks, zips and manifests.
    :param work: Folder of the app's staged copy and of the package.
    :param cli: Folder below which the Serverless CLI is installed.
    :param npm_cache: Folder in which npm keeps downloads.
    :param private_key: File of the builders' private key.
    :param known_hosts: File of the builders' host keys.
    """

    state: str
    cache: str
    artifacts: str
    work: str
    cli: str
    npm_cache: str
    private_key: str
    known_hosts: str


@dataclass(frozen=True)
class Settings:
    """All settings of the chain.

    :param identity: Project, service and stage.
    :param names: Names in AWS that a setting can override.
    :param region: Region of the service.
    :param partition: Partition of AWS that has the region.
    :param runtime: Lambda runtime.
    :param architecture: Architecture of the function.
    :param app: The app.
    :param function: The functions.
    :param front_door: What requests come in by; empty if the app's own serverless.yml says it.
    :param domain: A domain of the user's own; None for the address that AWS gives.
    :param canary: How new code is tried.
    :param layers: The layers that the chain builds.
    :param layer_store: The bucket for large layers.
    :param builders: The builders.
    :param access: The IAM user and its rights.
    :param report: The report.
    :param logs: The log that is shown.
    :param verify: The endpoint that is verified.
    :param folders: Files and folders on the control node.
    :param endpoint_format: Address of the service where it differs from the stack's output; empty where it does not.
    :param status: What the status and the leftovers tell.
    :param teardown_confirm: Name of the stack that may be removed with its data; empty for none.
    :param confirm: Name of the stack that may lose data by any change; empty for none.
    :param adopt: Whether a stack of another owner is taken over.
    """

    identity: Owner
    names: Names
    region: str
    partition: str
    runtime: str
    architecture: str
    app: App
    function: Function
    front_door: str
    domain: ServiceDomain | None
    canary: Canary
    layers: tuple[Layer, ...]
    layer_store: LayerStore
    builders: Builders
    access: Access
    report: Report
    logs: Logs
    verify: Verify
    folders: Folders
    endpoint_format: str
    status: Status
    teardown_confirm: str
    confirm: str
    adopt: bool

    def as_dict(self) -> dict[str, Any]:
        """Return the structure as a playbook reads it, with the derived values."""
        found = {key: _listed(value) for key, value in asdict(self).items()}
        found["stack"] = stack_name(self.identity)
        found["domain"] = found["domain"] or {}
        return found


def _listed(value: Any) -> Any:
    """Return the value with lists in the place of tuples."""
    if isinstance(value, dict):
        return {key: _listed(each) for key, each in value.items()}
    return [_listed(each) for each in value] if isinstance(value, (list, tuple)) else value
