# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes ministack run Python functions as Lambda does: AWS's C(awslambdaric), the right Python, layers at C(/opt).

ministack's own way is to import the handler with the server's interpreter and packages. It also has a way for custom
runtimes that speaks Lambda's Runtime API over HTTP; C(awslambdaric) speaks that, too. So Python functions are sent
that way, and what is started there is bubblewrap around C(awslambdaric).

This leans on private names of ministack. Its version is pinned, and C(PRIVATE_NAMES) is compared with it by a test.
"""

from __future__ import annotations

import contextvars
import hashlib
import io
import os
import shlex
import shutil
import subprocess
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from asesoria_sandbox import interpreters, jail
from asesoria_sandbox.interpreters import Interpreter
from asesoria_sandbox.settings import SandboxError, Settings

#: What is used or replaced of ministack, by module.
PRIVATE_NAMES = {
    "ministack.app": ("app", "main"),
    "ministack.core.lambda_runtime": ("ProvidedRuntimeError", "ProvidedWorker", "_worker_class_for"),
    "ministack.services.lambda_svc": (
        "_execute_function_provided_warm",
        "_execute_function_warm",
        "_extract_zip_preserving_mode",
        "_provided_worker_env",
        "_resolve_layer_zip",
        "_runtime_env_vars",
    ),
}
PRIVATE_METHODS = ("_spawn", "_drain_stderr_bounded", "_discard_tmpdir", "invoke")

#: Of the environment that ministack prepares, the variables that Lambda sets as well.
_FROM_MINISTACK = (
    "AWS_ACCESS_KEY_ID",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_LAMBDA_FUNCTION_VERSION",
    "AWS_LAMBDA_LOG_STREAM_NAME",
    "AWS_LAMBDA_RUNTIME_API",
    "AWS_REGION",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "_HANDLER",
)
_LAMBDA_ENVIRONMENT = {
    "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
    "LAMBDA_RUNTIME_DIR": "/var/runtime",
    "LAMBDA_TASK_ROOT": "/var/task",
    "LANG": "en_US.UTF-8",
    "LD_LIBRARY_PATH": "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib",
    "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin:/bin:/opt/bin",
    "PYTHONPATH": "/var/runtime",
    "TZ": ":UTC",
}
#: The user and group that Lambda runs functions as.
_USER, _GROUP = 993, 990
_PASSWD = f"root:x:0:0::/root:/sbin/nologin\nsbx_user1051:x:{_USER}:{_GROUP}::/home/sbx_user1051:/sbin/nologin\n"

#: Function processes are killed when the *thread* that started them ends, so that thread must be one that stays.
_STARTERS = ThreadPoolExecutor(max_workers=64, thread_name_prefix="function-starter")
_unpacking = threading.Lock()


def is_python(config: dict[str, Any]) -> bool:
    """Whether a function's configuration asks for a Python runtime."""
    return str(config.get("Runtime", "")).startswith("python")


def install(settings: Settings) -> None:
    """Send Python functions of this process's ministack to C(FunctionWorker)."""
    original_class, original_execute = lambda_runtime._worker_class_for, lambda_svc._execute_function_warm
    original_environment = lambda_svc._provided_worker_env

    class ConfiguredWorker(FunctionWorker):
        """Knows the sandbox that it is in."""

        sandbox = settings

    def worker_class_for(config: dict[str, Any]) -> type[Any]:
        return ConfiguredWorker if is_python(config) else original_class(config)

    def execute(func: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        python = is_python(func.get("config") or func)
        chosen = lambda_svc._execute_function_provided_warm if python else original_execute
        result: dict[str, Any] = chosen(func, event, request_id)
        return result

    def environment(config: dict[str, Any], code_dir: str, port: int) -> dict[str, str]:
        prepared = original_environment(config, code_dir, port)
        return function_environment(config, prepared) if is_python(config) else prepared

    lambda_runtime._worker_class_for = worker_class_for
    lambda_svc._execute_function_warm = execute
    lambda_svc._provided_worker_env = environment


def function_environment(config: dict[str, Any], prepared: dict[str, str]) -> dict[str, str]:
    """The environment variables that a function sees, all of them.

    :param config: the function's configuration.
    :param prepared: what ministack would give it, which includes everything that ministack itself was given.
    """
    name = config.get("FunctionName", "")
    own = dict(lambda_svc._runtime_env_vars(config))
    lambdas = {key: prepared[key] for key in _FROM_MINISTACK if key in prepared}
    named = {"AWS_EXECUTION_ENV": f"AWS_Lambda_{config['Runtime']}", "AWS_LAMBDA_LOG_GROUP_NAME": f"/aws/lambda/{name}"}
    return {**_LAMBDA_ENVIRONMENT, **own, **named, **lambdas}


def unpack(archives: list[bytes], parent: Path) -> Path:
    """Unpack archives over one another, later ones over earlier ones, once for the same content.

    :param archives: zip files.
    :param parent: directory for all of them.
    :returns: the directory with the files.
    """
    digest = hashlib.sha256(b"".join(hashlib.sha256(archive).digest() for archive in archives)).hexdigest()
    target = parent / digest
    with _unpacking:
        if not target.exists():
            draft = parent / f".{digest}"
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir(parents=True)
            for archive in archives:
                with zipfile.ZipFile(io.BytesIO(archive)) as opened:
                    lambda_svc._extract_zip_preserving_mode(opened, os.fspath(draft))
            draft.rename(target)
    return target


def confinement(interpreter: Interpreter, *, task: Path, opt: Path, runtime: Path, etc: Path, name: str) -> list[str]:
    """Arguments for bubblewrap that start a function where it sees what it would see in Lambda.

    The host's packages are not merely off the path: the directories that hold them are covered.
    """
    covered = [*jail.site_packages(Path("/usr"))]
    lang = [Path("/var/lang") / path.relative_to(interpreter.prefix) for path in jail.site_packages(interpreter.prefix)]
    return [
        *jail.system(),
        *jail.hidden(["/usr/local", *covered]),
        *jail.read_only(interpreter.prefix, "/var/lang"),
        *jail.hidden(lang),
        *jail.read_only(task, "/var/task"),
        *jail.read_only(opt, "/opt"),
        *jail.read_only(runtime, "/var/runtime"),
        *jail.read_only(etc / "passwd", "/etc/passwd"),
        *jail.namespaces(user=_USER, group=_GROUP, hostname="lambda"),
        *jail.hidden(["/tmp"]),  # noqa: S108  # the function's own, not the host's
        *("--chdir", "/var/task"),
        *(part for variable in ("OLDPWD", "SHLVL", "_") for part in ("--unsetenv", variable)),
        *("--", f"/var/lang/bin/{name}", "/var/runtime/bootstrap.py"),
    ]


def compile_client(client: Path, interpreter: Interpreter) -> None:
    """Compile the runtime's client once, as AWS does; a function can't, as it sees the client read-only."""
    if not (client / "awslambdaric/__pycache__").exists():
        packages = [os.fspath(client / name) for name in ("awslambdaric", "simplejson", "snapshot_restore_py.py")]
        command = [os.fspath(interpreter.executable), "-I", "-m", "compileall", "-q", *packages]
        subprocess.run(command, check=False, capture_output=True, stdin=subprocess.DEVNULL)


def bootstrap_archive(arguments: list[str]) -> bytes:
    """A custom runtime's package: one script that becomes bubblewrap. The environment passes through it."""
    script = f"#!/bin/sh\nexec {shlex.join(arguments)}\n"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        entry = zipfile.ZipInfo("bootstrap", date_time=(2026, 1, 1, 0, 0, 0))
        entry.external_attr = 0o755 << 16
        archive.writestr(entry, script)
    return buffer.getvalue()


class FunctionWorker(lambda_runtime.ProvidedWorker):  # type: ignore[misc]  # ministack has no type hints
    """One execution environment of one Python function."""

    sandbox: Settings
    found: ClassVar[dict[str, Interpreter]] = {}

    def __init__(self, func_name: str, config: dict[str, Any], code_zip: bytes) -> None:
        super().__init__(func_name, config, code_zip)
        self._function_zip = code_zip

    def _spawn(self, init_timeout: float | None = None) -> None:
        """Unpack, and start; in a thread that stays, with the request's account and region."""
        context = contextvars.copy_context()
        _STARTERS.submit(context.run, self._start, init_timeout).result()

    def _start(self, init_timeout: float | None) -> None:
        try:
            self.code_zip = bootstrap_archive(self._command())
        except SandboxError as error:
            raise lambda_runtime.ProvidedRuntimeError(str(error), "Runtime.InvalidRuntime") from error
        super()._spawn(init_timeout)

    def _command(self) -> list[str]:
        runtime = str(self.config["Runtime"])
        client = self.sandbox.runtime_dir(runtime)
        if not client.is_dir():
            raise SandboxError(
                f"the sandbox has no client for {runtime}. Add it to sandbox_lambda_runtimes, and restart"
            )
        interpreter = self._interpreter(runtime.removeprefix("python"))
        compile_client(client, interpreter)
        functions = self.sandbox.functions
        (functions / "passwd").write_text(_PASSWD, encoding="utf-8")
        layers = [lambda_svc._resolve_layer_zip(layer) for layer in self.config.get("Layers") or ()]
        arguments = confinement(
            interpreter,
            task=unpack([self._function_zip], functions / "task"),
            opt=unpack([layer for layer in layers if layer], functions / "opt"),
            runtime=client,
            etc=functions,
            name=runtime,
        )
        return [shutil.which("bwrap") or "bwrap", *arguments]

    def _interpreter(self, version: str) -> Interpreter:
        """The one of an earlier start, if it is still there; one may have been built since nothing was found."""
        known = self.found.get(version)
        if known is None or not known.executable.exists():
            known = self.found[version] = interpreters.find(version, self.sandbox)
        return known

    def invoke(self, event: Any, request_id: str, **options: Any) -> dict[str, Any]:
        """Run one invocation.

        A function that can't be initialized answers with what C(awslambdaric) said of it, as on AWS,
        where ministack would wrap that into an error of its own and drop the log.
        """
        self._init_error = None
        try:
            result: dict[str, Any] = super().invoke(event, request_id, **options)
        except lambda_runtime.ProvidedRuntimeError:
            raise
        except RuntimeError as error:
            payload = self._init_error
            if not isinstance(payload, dict):
                payload = {"errorType": "Runtime.ExitError", "errorMessage": str(error)}
            return {
                "status": "error",
                "error": payload.get("errorMessage", ""),
                "error_payload": payload,
                "cold_start": True,
                "log": self._drain_stderr_bounded(),
            }
        return result
