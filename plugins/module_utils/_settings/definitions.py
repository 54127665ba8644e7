# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of settings: the one definition of each, with its type, its default and the role variables that equal it.

A setting of the playbooks is called ``asesoria_NAME``. A setting that belongs to one role, and that the structure needs
all the same, keeps the name of the role's variable. A default of ``None`` is computed from other settings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from . import defaults, limits
from .checks import (
    arn_of_policy,
    arn_of_role,
    bucket_pattern,
    cors,
    environment,
    function_environment,
    iam_path,
    named,
    networks,
    path,
    routes,
    scheduled_functions,
    vpc,
)
from .values import Kind, at_least, entries, flag, mapping, one_of, text, text_or_mapping, texts, within

#: What the settings of the playbooks begin with, and what facts of the playbooks' own begin with.
PREFIX = "asesoria_"
PRIVATE_PREFIX = "asesoria__"
#: Variables of the builders, which a control node that builds has as well, a helper of earlier inventories, and what
#: the playbooks keep.
NOT_SETTINGS = frozenset(
    {
        "asesoria_builder_architecture",
        "asesoria_builder_os",
        "asesoria_builder_project",
        "asesoria_builder_service",
        "asesoria_builder_stage",
        "asesoria_builder_way",
        "asesoria_environment_of_user",
        "asesoria_settings",
    }
)


@dataclass(frozen=True)
class Definition:
    """One setting.

    :param name: Name of the variable.
    :param kind: Conversion of a value, which also validates it.
    :param default: Value if the setting is not given; None if it is computed.
    :param roles: Role variables that mean the same.
    :param secret: Whether a value may hold a secret, so that no message shows it.
    """

    name: str
    kind: Kind
    default: Any = None
    roles: tuple[str, ...] = ()
    secret: bool = False

    @property
    def variables(self) -> tuple[str, ...]:
        """All variables that give the setting."""
        return (self.name, *self.roles)


_IDENTITY = (
    Definition(
        "asesoria_project",
        named(limits.PROJECT),
        defaults.PROJECT,
        ("builder_ec2_project", "iam_user_project", "serverless_deploy_project", "service_watch_project"),
    ),
    Definition(
        "asesoria_service",
        named(limits.SERVICE),
        defaults.SERVICE,
        (
            "builder_ec2_service",
            "endpoint_verify_service",
            "iam_user_service",
            "preflight_service",
            "serverless_deploy_service",
            "service_watch_service",
        ),
    ),
    Definition(
        "asesoria_stage",
        named(limits.STAGE),
        defaults.STAGE,
        (
            "builder_ec2_stage",
            "endpoint_verify_stage",
            "iam_user_stage",
            "preflight_stage",
            "serverless_deploy_stage",
            "service_watch_builder_stage",
            "service_watch_stage",
        ),
    ),
)
_NAMES = (
    Definition("asesoria_user", named(limits.USER), "", ("iam_user_name", "service_watch_user")),
    Definition("asesoria_profile", named(limits.PROFILE), "", ("iam_user_profile",)),
    Definition(
        "asesoria_key_pair",
        named(limits.KEY_PAIR),
        "",
        ("builder_ec2_key_name", "iam_user_key_pair", "service_watch_key_pair"),
    ),
    Definition(
        "asesoria_security_group",
        named(limits.SECURITY_GROUP),
        "",
        ("builder_ec2_security_group_name", "service_watch_security_group"),
    ),
    Definition(
        "asesoria_instance_profile",
        named(limits.INSTANCE_PROFILE),
        "",
        ("builder_ec2_instance_profile", "iam_user_builder_profile", "service_watch_instance_profile"),
    ),
    Definition(
        "asesoria_layer_name",
        named(limits.LAYER),
        "",
        ("lambda_layer_name", "preflight_layer_name", "serverless_deploy_layer_name"),
    ),
)
_TARGET = (
    Definition(
        "asesoria_region",
        text,
        defaults.REGION,
        (
            "builder_ec2_region",
            "endpoint_verify_region",
            "iam_user_region",
            "lambda_layer_region",
            "preflight_region",
            "serverless_deploy_region",
            "service_watch_region",
        ),
    ),
    Definition(
        "asesoria_runtime",
        text,
        defaults.RUNTIME,
        ("builder_ec2_runtime", "lambda_layer_runtime", "preflight_runtime", "serverless_deploy_runtime"),
    ),
    Definition(
        "asesoria_architecture",
        text,
        defaults.ARCHITECTURE,
        (
            "builder_ec2_architecture",
            "lambda_layer_architecture",
            "preflight_architecture",
            "serverless_deploy_architecture",
        ),
    ),
    Definition(
        "asesoria_endpoint_format",
        text_or_mapping,
        "",
        (
            "endpoint_verify_endpoint_format",
            "serverless_deploy_endpoint_format",
            "service_watch_endpoint_format",
        ),
    ),
)
_APP = (
    Definition("asesoria_app_dir", path, "", ("preflight_app_dir", "serverless_deploy_app_dir")),
    Definition("asesoria_wsgi_app", text, "", ("preflight_wsgi_app", "serverless_deploy_wsgi_app")),
    Definition("asesoria_asgi_app", text, "", ("preflight_asgi_app", "serverless_deploy_asgi_app")),
    Definition("asesoria_adapter", one_of(("auto", "none")), "auto", ("serverless_deploy_adapter",)),
    Definition("asesoria_requirements", path, "", ("lambda_layer_requirements", "preflight_requirements")),
    Definition("asesoria_constraints", path, "", ("lambda_layer_constraints", "preflight_constraints")),
    Definition(
        "asesoria_packaging",
        one_of(("layer", "requirements")),
        defaults.PACKAGING,
        ("preflight_packaging", "serverless_deploy_packaging"),
    ),
    Definition(
        "asesoria_config_source", one_of(("variables", "app")), "variables", ("serverless_deploy_config_source",)
    ),
    Definition("asesoria_cli", text, defaults.CLI, ("preflight_cli", "serverless_deploy_cli")),
)
_FUNCTION = (
    Definition(
        "asesoria_memory_size",
        within(limits.MEMORY_SIZE, unit="MB"),
        defaults.MEMORY_SIZE,
        ("serverless_deploy_memory_size",),
    ),
    Definition(
        "asesoria_function_timeout",
        within(limits.FUNCTION_TIMEOUT, unit="seconds"),
        defaults.FUNCTION_TIMEOUT,
        ("serverless_deploy_function_timeout",),
    ),
    Definition(
        "asesoria_log_retention_days",
        within(limits.LOG_RETENTION_DAYS, unit="days"),
        defaults.LOG_RETENTION_DAYS,
        ("serverless_deploy_log_retention_days",),
    ),
    Definition(
        "asesoria_function_environment",
        function_environment,
        {},
        ("serverless_deploy_function_environment",),
        secret=True,
    ),
    Definition("asesoria_routes", routes, (), ("serverless_deploy_routes",)),
    Definition("asesoria_functions", scheduled_functions, {}, ("serverless_deploy_functions",)),
    Definition("asesoria_function_vpc", vpc, {}, ("serverless_deploy_vpc",)),
    Definition("asesoria_cors", cors, {}, ("serverless_deploy_cors",)),
    Definition(
        "asesoria_front_door",
        one_of(limits.FRONT_DOORS),
        defaults.FRONT_DOOR,
        ("preflight_front_door", "serverless_deploy_front_door"),
    ),
    Definition(
        "asesoria_domain",
        mapping,
        {},
        ("preflight_domain", "serverless_deploy_domain", "service_watch_domain"),
    ),
    Definition(
        "asesoria_canary_weight",
        within(limits.CANARY_WEIGHT, unit="percent"),
        0,
        ("serverless_deploy_canary_weight",),
    ),
    Definition("serverless_deploy_alias", named(limits.ALIAS)),
)
_LAYERS = (
    Definition("asesoria_layers", entries),
    Definition(
        "asesoria_layer_strategy",
        one_of(("auto", "wheels", "builder")),
        defaults.STRATEGY,
        ("lambda_layer_strategy", "preflight_strategy"),
    ),
    Definition("asesoria_layer_python", text, "", ("lambda_layer_python", "preflight_python")),
    Definition("asesoria_layer_slim", one_of(("none", "safe", "max")), defaults.SLIM, ("lambda_layer_slim",)),
    Definition("asesoria_layer_provided", texts, (), ("lambda_layer_provided", "preflight_provided")),
    Definition("asesoria_layer_allow", entries, (), ("lambda_layer_allow",)),
    Definition("asesoria_layer_description", text, "", ("lambda_layer_description",)),
    Definition("asesoria_layer_license", text, "", ("lambda_layer_license",)),
    Definition("asesoria_layer_regions", texts, (), ("lambda_layer_regions", "service_watch_layer_regions")),
    Definition("asesoria_layer_sharing", text_or_mapping, "", ("lambda_layer_sharing",)),
    Definition("asesoria_layer_keep_versions", at_least(0, unit="versions"), 0, ("lambda_layer_keep_versions",)),
    Definition(
        "asesoria_layer_bucket",
        bucket_pattern,
        "",
        ("iam_user_layer_bucket", "lambda_layer_s3_bucket"),
    ),
    Definition(
        "asesoria_layer_create_bucket",
        flag,
        False,
        ("iam_user_layer_create_bucket", "lambda_layer_s3_create_bucket"),
    ),
)
_BUILDERS = (
    Definition("asesoria_fleet", entries, (), ("builder_ec2_fleet",)),
    Definition("asesoria_builder_access", one_of(("my_ip", "cidr", "ssm", "tailscale")), None, ("builder_ec2_access",)),
    Definition(
        "asesoria_builder_spot", flag, False, ("builder_ec2_spot", "iam_user_builder_spot", "preflight_builder_spot")
    ),
    Definition("asesoria_builder_port", within(range(1, 65_536), unit="(a port)"), 22),
    Definition("asesoria_ssm_command", text, "", ("builder_ec2_ssm_command",)),
    Definition(
        "asesoria_python_bucket",
        named(limits.BUCKET),
        "",
        ("iam_user_python_bucket", "python311_from_source_s3_bucket"),
    ),
    Definition("python311_from_source_s3_region", text, ""),
    Definition("builder_ec2_cidr", networks, ()),
    Definition("preflight_builder_vcpus", at_least(1, unit="processors")),
    Definition("builder_ec2_instance_type", text, "", ("service_watch_builder_type",)),
    Definition("builder_ec2_count", within(range(1, 21), unit="builders"), 1),
)
_ACCESS = (
    Definition("asesoria_create_user", flag, True),
    Definition("asesoria_deployment_role", flag, False, ("iam_user_deployment_role",)),
    Definition("serverless_deploy_deployment_role", arn_of_role, ""),
    Definition("iam_user_playbooks", texts, ("builder", "layer", "deploy")),
    Definition("iam_user_path", iam_path, ""),
    Definition("iam_user_permissions_boundary", arn_of_policy, ""),
    Definition("iam_user_layer_names", texts),
    Definition("iam_user_front_doors", texts),
    Definition("iam_user_domains", entries),
    Definition("iam_user_function_vpc", flag),
    Definition("iam_user_function_alias", flag),
    Definition("iam_user_layer_regions", texts),
    Definition("iam_user_layer_share", flag),
    Definition("iam_user_layer_prune", flag),
    Definition("asesoria_environment", environment, {}, secret=True),
    Definition("asesoria_admin_environment", environment, {}, secret=True),
)
_REPORT = (
    Definition("asesoria_report", flag, True),
    Definition("asesoria_report_dest", path, "", ("service_watch_report_dest",)),
    Definition("asesoria_report_requests", at_least(0, unit="requests"), 100_000, ("service_watch_report_requests",)),
    Definition("asesoria_report_latency_ms", at_least(0, unit="milliseconds"), 0, ("service_watch_report_latency_ms",)),
    Definition("asesoria_report_answers", at_least(0, unit="answers"), 10),
    Definition("asesoria_logs_since", text, "10m", ("service_watch_logs_since",)),
    Definition("asesoria_logs_filter", text, "", ("service_watch_logs_filter",)),
    Definition("asesoria_logs_follow", flag, True, ("service_watch_logs_follow",)),
    Definition("asesoria_logs_seconds", at_least(0, unit="seconds"), 300, ("service_watch_logs_seconds",)),
    Definition("endpoint_verify_url", text, ""),
    Definition("endpoint_verify_connect_to", text, ""),
    Definition("asesoria_status_all", flag, False, ("service_watch_all_stacks",)),
    Definition("service_watch_layers", texts),
    Definition("service_watch_layer_users", flag),
    Definition("service_watch_buckets", texts),
    Definition("asesoria_teardown_confirm", text, ""),
    Definition("asesoria_confirm", text, "", ("serverless_deploy_confirm",)),
    Definition("asesoria_adopt", flag, False, ("serverless_deploy_adopt",)),
)
_FOLDERS = (
    Definition("asesoria_state_dir", path, defaults.STATE_DIR, ("preflight_state_dir",)),
    Definition("lambda_layer_cache_dir", path, defaults.CACHE_DIR, ("service_watch_cache_dir",)),
    Definition("lambda_layer_artifact_dir", path, "", ("service_watch_artifact_dir",)),
    Definition("serverless_deploy_work_dir", path, "", ("service_watch_work_dir",)),
    Definition("serverless_deploy_cli_dir", path, "", ("preflight_cli_dir", "service_watch_cli_dir")),
    Definition("serverless_deploy_npm_cache", path, "", ("service_watch_npm_cache",)),
    Definition("builder_ec2_private_key_file", path, "", ("service_watch_private_key_file",)),
    Definition("builder_ec2_known_hosts_file", path, ""),
)

#: All settings by name.
DEFINITIONS: Mapping[str, Definition] = MappingProxyType(
    {
        each.name: each
        for group in (
            *(_IDENTITY, _NAMES, _TARGET, _APP, _FUNCTION, _LAYERS),
            *(_BUILDERS, _ACCESS, _REPORT, _FOLDERS),
        )
        for each in group
    }
)
