# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The configuration of a service, as ``serverless.yml`` has it, from the values of the role serverless_deploy."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._service_domain import ServiceDomain

#: osls 4 refuses '3' alone.
_FRAMEWORK_VERSION = "3 || 4"
_APP_FUNCTION = "api"
_ROUTE = re.compile(r"(?P<method>ANY|DELETE|GET|HEAD|OPTIONS|PATCH|POST|PUT) (?P<path>/[^\s\"\\]*)")
_EVERY_HTTP_API_REQUEST = ("*",)
_EVERY_REST_API_REQUEST = ("ANY /", "ANY /{proxy+}")


class RouteError(ServerlessError):
    """A route is not a method and a path."""


@dataclass(frozen=True)
class Requirements:
    """Settings of the plugin serverless-python-requirements.

    :param python: Version of the runtime's Python, such as C(3.11).
    :param platforms: Platform tags of wheels that the runtime loads.
    :param settings: Settings that take the place of those made here.
    """

    python: str
    platforms: Sequence[str]
    settings: Mapping[str, Any] = field(default_factory=dict)

    def render(self) -> dict[str, Any]:
        """Return the settings as C(serverless.yml) has them.

        pip gets arguments for what the runtime can load, whatever system pip runs on: the plugin is made to have Docker
        for that. The plugin's static cache knows packages by the requirements file alone, so other arguments of pip
        would change nothing, and pip has a cache itself. Bytecode would get another date than its source in the zip,
        so Python would ignore it.
        """
        arguments = [
            *("--no-compile", "--only-binary=:all:", "--implementation=cp", f"--python-version={self.python}"),
            *(f"--platform={platform}" for platform in self.platforms),
        ]
        return {
            "dockerizePip": False,
            "usePipenv": False,
            "usePoetry": False,
            "useStaticCache": False,
            "useDownloadCache": False,
            "pipCmdExtraArgs": arguments,
            **self.settings,
        }


@dataclass(frozen=True)
class ServiceIdentity:
    """The values of a service that the Serverless CLI needs for every command.

    :param service: Name of the service.
    :param stage: Stage of the service.
    :param region: Region of the service.
    :param tags: Tags of the stack.
    :param deployment_role: ARN of the role with which CloudFormation acts; empty for none.
    """

    service: str
    stage: str
    region: str
    tags: Mapping[str, str] = field(default_factory=dict)
    deployment_role: str = ""


@dataclass(frozen=True)
class ServiceTemplate:
    """The values of a service whose C(serverless.yml) the collection writes.

    :param identity: Values that every command of the CLI needs.
    :param runtime: Lambda runtime.
    :param architecture: Architecture of the function.
    :param interface: C(wsgi) or C(asgi).
    :param app: The app as C(module.name).
    :param front_door: C(http_api), C(rest_api) or C(function_url).
    :param memory_size: Memory of the function in MB.
    :param timeout: Time limit of the function in seconds.
    :param log_retention_days: Days for which the log is kept.
    :param environment: Environment variables of the function.
    :param versions: Whether each deployment publishes a version of the function, to which an alias refers.
    :param routes: Requests that reach the app, each C(METHOD /path); empty for all.
    :param cors: Rules for requests from other origins; empty for none.
    :param vpc: Security groups and subnets; empty for none.
    :param functions: More functions by name.
    :param domain: Domain of the service; None for the address that AWS gives.
    :param requirements: Settings of the plugin that packages the requirements; None if a layer has them.
    """

    identity: ServiceIdentity
    runtime: str
    architecture: str
    interface: str
    app: str
    front_door: str
    memory_size: int
    timeout: int
    log_retention_days: int
    environment: Mapping[str, Any] = field(default_factory=dict)
    versions: bool = False
    routes: Sequence[str] = ()
    cors: Mapping[str, Any] | bool = False
    vpc: Mapping[str, Any] = field(default_factory=dict)
    functions: Mapping[str, Any] = field(default_factory=dict)
    domain: ServiceDomain | None = None
    requirements: Requirements | None = None


def render_identity(identity: ServiceIdentity) -> dict[str, Any]:
    """Return the configuration with which the CLI goes back to a deployment, or removes the service.

    :param identity: Values that every command of the CLI needs.
    """
    return {
        "service": identity.service,
        "frameworkVersion": _FRAMEWORK_VERSION,
        "provider": {**_provider_of(identity), "stackTags": dict(identity.tags), **_role_of(identity)},
    }


def render_template(template: ServiceTemplate) -> dict[str, Any]:
    """Return the configuration with which the CLI deploys a service.

    :param template: Values of the service.
    :raises RouteError: A route of a REST API is not a method and a path.
    """
    config: dict[str, Any] = {
        "service": template.identity.service,
        "frameworkVersion": _FRAMEWORK_VERSION,
        "configValidationMode": "error",
        "plugins": _plugins(template),
        "provider": _provider(template),
        "custom": _custom(template),
        "functions": {_APP_FUNCTION: _app_function(template), **template.functions},
    }
    if template.domain:
        config["resources"] = _domain_resources(template.domain, template)
    return config


def _plugins(template: ServiceTemplate) -> list[str]:
    wsgi = ["serverless-wsgi"] if template.interface == "wsgi" else []
    return [*wsgi, *(["serverless-python-requirements"] if template.requirements else [])]


def _provider_of(identity: ServiceIdentity) -> dict[str, Any]:
    return {"name": "aws", "region": identity.region, "stage": identity.stage}


def _role_of(identity: ServiceIdentity) -> dict[str, Any]:
    return {"iam": {"deploymentRole": identity.deployment_role}} if identity.deployment_role else {}


def _provider(template: ServiceTemplate) -> dict[str, Any]:
    return {
        **_provider_of(template.identity),
        "runtime": template.runtime,
        "architecture": template.architecture,
        "memorySize": template.memory_size,
        "timeout": template.timeout,
        "logRetentionInDays": template.log_retention_days,
        # Every deployment would leave a version behind, and only an alias refers to one.
        "versionFunctions": template.versions,
        "environment": template.environment,
        "stackTags": dict(template.identity.tags),
        **_front_door_of_provider(template),
        **({"vpc": template.vpc} if template.vpc else {}),
        **_role_of(template.identity),
    }


def _front_door_of_provider(template: ServiceTemplate) -> dict[str, Any]:
    if template.front_door == "rest_api":
        # The CLI's own default is a CloudFront distribution of AWS in front. Without the media types, API Gateway
        # damages bodies that are no text, in both directions.
        return {"endpointType": "REGIONAL", "apiGateway": {"binaryMediaTypes": ["*/*"]}}
    if template.front_door == "http_api" and template.cors:
        return {"httpApi": {"cors": template.cors}}
    return {}


def _custom(template: ServiceTemplate) -> dict[str, Any]:
    packaging = {"pythonRequirements": template.requirements.render()} if template.requirements else {}
    if template.interface == "asgi":
        # The module serverless_service reads the app's name here, and the handler reads it from the environment.
        return {**packaging, "asgi": {"app": template.app}}
    # A layer has the dependencies, or the other plugin packages them.
    return {**packaging, "wsgi": {"app": template.app, "packRequirements": False}}


def _app_function(template: ServiceTemplate) -> dict[str, Any]:
    environment = {"environment": {"ASESORIA_ASGI_APP": template.app}} if template.interface == "asgi" else {}
    return {"handler": f"asesoria_{template.interface}.handler", **environment, **_entry(template)}


def _entry(template: ServiceTemplate) -> dict[str, Any]:
    """Return the part of the function by which requests come in."""
    if template.front_door == "function_url":
        return {"url": {"cors": template.cors} if template.cors else True}
    if template.front_door == "http_api":
        return {"events": [{"httpApi": route} for route in template.routes or _EVERY_HTTP_API_REQUEST]}
    return {"events": [{"http": _read_route(route)} for route in template.routes or _EVERY_REST_API_REQUEST]}


def _read_route(route: str) -> dict[str, str]:
    found = _ROUTE.fullmatch(route)
    if not found:
        raise RouteError(f"{route!r} is no route", 'Write a method and a path, such as "GET /items/{id}"')
    return found.groupdict()


def _domain_resources(domain: ServiceDomain, template: ServiceTemplate) -> dict[str, Any]:
    """Return the resources of a domain that leads to the API as a whole.

    API Gateway's second version has domains for REST APIs too, so the domain stays where it is when the front door
    changes.
    """
    resources = {
        "AsesoriaDomain": _domain_name(domain),
        "AsesoriaDomainMapping": _domain_mapping(template),
    }
    outputs: dict[str, Any] = {"AsesoriaDomainUrl": {"Value": f"https://{domain.name}"}}
    if domain.hosted_zone_id:
        resources["AsesoriaDomainRecord"] = _domain_record(domain)
    else:
        outputs["AsesoriaDomainTarget"] = {"Value": _of_domain("RegionalDomainName")}
    return {"Resources": resources, "Outputs": outputs}


def _domain_name(domain: ServiceDomain) -> dict[str, Any]:
    configuration = {
        "CertificateArn": domain.certificate_arn,
        "EndpointType": "REGIONAL",
        "SecurityPolicy": "TLS_1_2",
    }
    return {
        "Type": "AWS::ApiGatewayV2::DomainName",
        "Properties": {"DomainName": domain.name, "DomainNameConfigurations": [configuration]},
    }


def _domain_mapping(template: ServiceTemplate) -> dict[str, Any]:
    """Return the mapping from the domain to the API.

    C(HttpApi), C(HttpApiStage), C(ApiGatewayRestApi) and C(ApiGatewayDeployment) are names of the CLI. The last one has
    a number that changes with each packaging; the stage of a REST API is made with it.
    """
    kind = "AWS::ApiGatewayV2::ApiMapping"
    domain = {"DomainName": {"Ref": "AsesoriaDomain"}}
    if template.front_door == "rest_api":
        api = {"ApiId": {"Ref": "ApiGatewayRestApi"}, "Stage": template.identity.stage}
        return {"Type": kind, "DependsOn": "ApiGatewayDeployment${sls:instanceId}", "Properties": {**domain, **api}}
    return {"Type": kind, "Properties": {**domain, "ApiId": {"Ref": "HttpApi"}, "Stage": {"Ref": "HttpApiStage"}}}


def _domain_record(domain: ServiceDomain) -> dict[str, Any]:
    return {
        "Type": "AWS::Route53::RecordSet",
        "Properties": {
            "HostedZoneId": domain.hosted_zone_id,
            "Name": domain.name,
            "Type": "A",
            "AliasTarget": {
                "DNSName": _of_domain("RegionalDomainName"),
                "HostedZoneId": _of_domain("RegionalHostedZoneId"),
            },
        },
    }


def _of_domain(attribute: str) -> dict[str, Any]:
    return {"Fn::GetAtt": ["AsesoriaDomain", attribute]}
