# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one resolver: from the variables of a run to the settings, or to all that is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._aws.ownership import Owner
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._service_domain import ServiceDomain, read_domain

from . import defaults, limits
from .access import read_access
from .app import OWN_CONFIG, read_app
from .builders import read_builders
from .choice import Problem, SettingsError, Values, choose_values
from .environment import profile_problem
from .layers import app_layer, read_layers
from .names import APP_FUNCTION, Names, derive_names, find_name_problems, stack_name
from .policies import measure_settings
from .settings import Access, Canary, Folders, Function, Layer, LayerStore, Logs, Report, Settings, Status, Verify
from .target import World, check_architecture, check_region, check_runtime, partition_of, problem_of

#: The setting that gives each name of :class:`Names`.
NAME_SETTINGS = {
    "user": "asesoria_user",
    "profile": "asesoria_profile",
    "key_pair": "asesoria_key_pair",
    "security_group": "asesoria_security_group",
    "instance_profile": "asesoria_instance_profile",
    "layer": "asesoria_layer_name",
}
_HTTP_DOORS = ("http_api", "rest_api")
_SSM_COMMAND = (
    "aws ssm start-session {profile}--region {region} --target %h --document-name AWS-StartSSHSession "
    "--parameters portNumber=%p"
)


def read_settings(
    variables: Mapping[str, object], *, world: World, overrides: Mapping[str, object] | None = None
) -> Settings:
    """Resolve and validate the settings of a run.

    :param variables: All variables of the run, without templates.
    :param world: The facts to check against.
    :param overrides: The variables of the command line among them.
    :raises SettingsError: Something is wrong; the message names all of it.
    """
    said_last = overrides or {}
    values = choose_values(variables, command_line=said_last, role_variables=world.role_variables)
    settings = _build(values, world=world, overrides=said_last)
    if values.problems:
        raise SettingsError(values.problems)
    return settings


def _build(values: Values, *, world: World, overrides: Mapping[str, object]) -> Settings:
    identity = Owner(
        project=values["asesoria_project"], service=values["asesoria_service"], stage=values["asesoria_stage"]
    )
    region = _read_target(values, world=world)
    names = _read_names(values, identity)
    app = read_app(values, world=world, layer=names.layer)
    front_door = "" if app.config_source == OWN_CONFIG else values["asesoria_front_door"]
    function = _read_function(values, front_door=front_door)
    domain = _read_domain(values, front_door=front_door, region=region)
    layers = read_layers(
        values,
        name=names.layer,
        requirements=app.requirements,
        service=identity.service,
        world=world,
        overrides=overrides,
    )
    _check_app_layer(values, layers, layer=app.layer)
    profile = f"--profile {names.profile} " if values["asesoria_create_user"] else ""
    builders = read_builders(
        values, world=world, region=region, ssm_command=_SSM_COMMAND.format(profile=profile, region=region)
    )
    canary = _read_canary(values)
    access = read_access(
        values,
        identity=identity,
        region=region,
        layers=layers,
        function=function,
        front_door=values["asesoria_front_door"],
        domain=domain,
        alias=canary.alias,
        session_manager_profile=names.instance_profile if builders.access == "ssm" else "",
    )
    _check_names(values, identity=identity, names=names, function=function, region=region)
    folders = _read_folders(values, identity, names)
    _check_folders(values, folders, app_dir=app.dir)
    settings = Settings(
        identity=identity,
        names=names,
        region=region,
        partition=partition_of(region),
        runtime=values["asesoria_runtime"],
        architecture=values["asesoria_architecture"],
        app=app,
        function=function,
        front_door=front_door,
        domain=domain,
        canary=canary,
        layers=layers,
        layer_store=LayerStore(values["asesoria_layer_bucket"], values["asesoria_layer_create_bucket"]),
        builders=builders,
        access=access,
        report=_read_report(values, identity),
        logs=_read_logs(values),
        verify=Verify(url=values["endpoint_verify_url"], connect_to=values["endpoint_verify_connect_to"]),
        folders=folders,
        endpoint_format=_read_endpoint_format(values, front_door=front_door),
        status=_read_status(values, layers, access),
        teardown_confirm=values["asesoria_teardown_confirm"] or values["asesoria_confirm"],
        confirm=values["asesoria_confirm"],
        adopt=values["asesoria_adopt"],
    )
    if not values.problems:
        values.problems.extend(
            Problem(values.label("asesoria_service"), found.problem, found.action)
            for found in measure_settings(settings)
            if found.exceeds
        )
    return settings


def _check_app_layer(values: Values, layers: Sequence[Layer], *, layer: str) -> None:
    """Refuse a layer of the app that the function can't load."""
    for each in layers:
        if each.name != layer:
            continue
        for key in ("runtime", "architecture"):
            built, wanted = getattr(each, key), values[f"asesoria_{key}"]
            values.refuse_if(
                built != wanted,
                "asesoria_layers",
                f"the app's layer {layer} is for {built}, and the function's {key} is {wanted}",
                "Set both to the same, or name another layer of the app with asesoria_layer_name",
            )


def _check_folders(values: Values, folders: Folders, *, app_dir: str) -> None:
    """Refuse folders that a run writes to inside the app's, whose files are deployed."""
    app = Path(app_dir).expanduser()
    for setting, folder in (("asesoria_state_dir", folders.state), ("serverless_deploy_work_dir", folders.work)):
        if Path(folder).expanduser().is_relative_to(app):
            problem = f"{folder} is in the app's folder {app_dir}, whose files are deployed"
            values.problems.append(Problem(values.label(setting), problem, "Name a folder elsewhere"))
            return


def _read_target(values: Values, *, world: World) -> str:
    """Check region, runtime and architecture, and return the region."""
    region = str(values["asesoria_region"])
    problems = {
        "asesoria_region": problem_of(check_region, region, world=world),
        "asesoria_runtime": problem_of(check_runtime, values["asesoria_runtime"], world=world),
        "asesoria_architecture": problem_of(check_architecture, values["asesoria_architecture"]),
    }
    for name, error in problems.items():
        if error:
            values.refuse(name, error)
    return region


def _given_names(values: Values) -> dict[str, str]:
    return {field: values[setting] or "" for field, setting in NAME_SETTINGS.items()}


def _read_names(values: Values, identity: Owner) -> Names:
    given = _given_names(values)
    environment = values["asesoria_environment"]
    given["profile"] = given["profile"] or environment.get("AWS_PROFILE", "")
    problem = profile_problem(environment, profile=values["asesoria_profile"]) if values["asesoria_create_user"] else ""
    values.refuse_if(
        problem, "asesoria_environment", problem, "Remove AWS_PROFILE from it: the profile is put in by itself"
    )
    names = derive_names(identity, given)
    # Of a list, the app uses the layer that is named, or else the first.
    return derive_names(identity, {**given, "layer": app_layer(values, derived=names.layer)})


def _read_function(values: Values, *, front_door: str) -> Function:
    found = Function(
        memory_size=values["asesoria_memory_size"],
        timeout=values["asesoria_function_timeout"],
        log_retention_days=values["asesoria_log_retention_days"],
        environment=values["asesoria_function_environment"],
        routes=values["asesoria_routes"],
        functions=values["asesoria_functions"],
        vpc=values["asesoria_function_vpc"],
        cors=values["asesoria_cors"],
    )
    waits = limits.ENTRY_TIMEOUT.get(front_door)
    if waits is None:
        return found
    values.refuse_if(
        found.timeout > waits,
        "asesoria_function_timeout",
        f"{found.timeout} seconds are more than the {waits} that the front door {front_door} waits for an answer",
        f"Set it to {waits} or less, or choose the front door function_url",
    )
    values.refuse_if(
        found.routes and front_door not in _HTTP_DOORS,
        "asesoria_routes",
        "a function URL has no routes",
        "Remove them, or set asesoria_front_door to http_api or rest_api",
    )
    values.refuse_if(
        found.cors and front_door == "rest_api",
        "asesoria_cors",
        "behind a REST API the app itself has to send these headers",
        "Remove it, or set asesoria_front_door to http_api or function_url",
    )
    return found


def _read_domain(values: Values, *, front_door: str, region: str) -> ServiceDomain | None:
    try:
        return read_domain(values["asesoria_domain"], front_door=front_door, region=region)
    except ServerlessError as error:
        values.refuse("asesoria_domain", error)
        return None


def _read_canary(values: Values) -> Canary:
    weight = values["asesoria_canary_weight"]
    return Canary(weight=weight, alias=values["serverless_deploy_alias"] or (defaults.ALIAS if weight else ""))


def _read_endpoint_format(values: Values, *, front_door: str) -> str:
    """Return the format for the front door; a mapping has one for each."""
    found = values["asesoria_endpoint_format"]
    if not isinstance(found, Mapping):
        return str(found)
    unknown = sorted(set(found).difference(limits.FRONT_DOORS))
    values.refuse_if(
        unknown,
        "asesoria_endpoint_format",
        f"there is no front door {', '.join(unknown)}",
        f"Use the keys {', '.join(limits.FRONT_DOORS)}, or set it to one text",
    )
    return str(found.get(front_door or defaults.FRONT_DOOR) or "")


def _read_report(values: Values, identity: Owner) -> Report:
    page = f"{values['asesoria_state_dir']}/reports/{stack_name(identity)}.html"
    return Report(
        enabled=values["asesoria_report"],
        dest=values["asesoria_report_dest"] or page,
        requests=values["asesoria_report_requests"],
        latency_ms=values["asesoria_report_latency_ms"],
        answers=values["asesoria_report_answers"],
    )


def _read_status(values: Values, layers: Sequence[Layer], access: Access) -> Status:
    asked = values["service_watch_layer_users"]
    buckets = dict.fromkeys((values["asesoria_layer_bucket"], values["asesoria_python_bucket"]))
    return Status(
        all_stacks=values["asesoria_status_all"],
        layers=values["service_watch_layers"] or tuple(layer.name for layer in layers),
        # The user of the playbooks may list functions only if old versions of layers are deleted.
        layer_users=(access.layer_prune or not access.create_user) if asked is None else asked,
        buckets=values["service_watch_buckets"] or tuple(filter(None, buckets)),
    )


def _read_logs(values: Values) -> Logs:
    return Logs(
        since=values["asesoria_logs_since"],
        filter=values["asesoria_logs_filter"],
        follow=values["asesoria_logs_follow"],
        seconds=values["asesoria_logs_seconds"],
    )


def _read_folders(values: Values, identity: Owner, names: Names) -> Folders:
    state = values["asesoria_state_dir"]
    return Folders(
        state=state,
        cache=values["lambda_layer_cache_dir"],
        artifacts=values["lambda_layer_artifact_dir"] or f"{state}/layers",
        work=values["serverless_deploy_work_dir"] or f"{state}/services/{stack_name(identity)}",
        cli=values["serverless_deploy_cli_dir"] or f"{state}/cli",
        npm_cache=values["serverless_deploy_npm_cache"] or f"{state}/npm-cache",
        private_key=values["builder_ec2_private_key_file"] or f"~/.ssh/{names.key_pair}.pem",
        known_hosts=values["builder_ec2_known_hosts_file"] or f"{state}/known_hosts",
    )


def _check_names(values: Values, *, identity: Owner, names: Names, function: Function, region: str) -> None:
    """Note the derived names that AWS would refuse."""
    for found in find_name_problems(
        identity,
        names,
        given=_given_names(values),
        region=region,
        functions=(APP_FUNCTION, *function.functions),
        playbooks=values["iam_user_playbooks"],
        makes_user=values["asesoria_create_user"],
        deployment_role=values["asesoria_deployment_role"],
        spot=values["asesoria_builder_spot"],
        session_manager=values["asesoria_builder_access"] == "ssm",
    ):
        setting = NAME_SETTINGS.get(found.setting, "asesoria_service")
        shorten = "Shorten asesoria_project, asesoria_service or asesoria_stage"
        action = f"{shorten}, or set {setting}" if found.setting else shorten
        values.problems.append(Problem(values.label(setting), found.problem, action))
