# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action behind the module C(detached_script): its documentation is there."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleConnectionFailure, AnsibleError
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.asesoria.serverless.plugins.module_utils._detached import (
    DetachedError,
    FailedJobError,
    Follower,
    Job,
    Look,
    Outcome,
    job_key,
    look_command,
    parse_look,
    remove_command,
    start_command,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._run_sleep import RunSleep


class ActionModule(ActionBase):
    """Runs a shell script on a host without Python, apart from the connection, and shows how far it is."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the task; the parameters and the answer are as for every action."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _spec, options = self.validate_argument_spec(
            argument_spec={
                "script": {"type": "str", "required": True},
                "arguments": {"type": "list", "elements": "str", "default": []},
                "files": {"type": "list", "elements": "str", "default": []},
                "directory": {"type": "str", "required": True},
                "interval": {"type": "int", "default": 3},
                "timeout": {"type": "int", "default": 7200},
                "patience": {"type": "int", "default": 300},
            }
        )
        try:
            sources = self._sources([options["script"], *options["files"]])
            arguments = (sources[0].name, *options["arguments"])
            key = job_key((source.read_bytes() for source in sources), arguments)
            job = Job(directory=options["directory"], arguments=arguments, key=key)
            if self._task.check_mode:
                return {**result, "changed": True, "ran": False, **_answer(Outcome(picked_up=False))}
            outcome = self._follow(job, sources, options, host=str((task_vars or {}).get("inventory_hostname", "")))
        except FailedJobError as error:
            return {**result, "failed": True, "msg": str(error), "rc": error.rc, "log": list(error.log)}
        except ServerlessError as error:
            return {**result, "failed": True, "msg": str(error)}
        return {**result, "changed": True, "ran": True, **_answer(outcome)}

    def _follow(self, job: Job, sources: list[Path], options: dict[str, Any], *, host: str) -> Outcome:
        display = Display()
        follower = Follower(
            job=job,
            look=lambda shown: self._look(job, shown=shown),
            start=lambda: self._start(job, sources),
            remove=lambda: self._sure(remove_command(job), what=f"the directory {job.directory} can't be removed"),
            report=lambda line: display.display(f"    [{host}] {line}"),
            clock=time.monotonic,
            sleep=RunSleep(),
        )
        return follower.run(
            interval=options["interval"], timeout=options["timeout"], patience=options["patience"], quiet=30
        )

    def _sources(self, names: list[str]) -> list[Path]:
        """Where the script and its files lie on the control node."""
        try:
            return [Path(self._loader.get_real_file(self._find_needle("files", name))) for name in names]
        except AnsibleError as error:
            raise DetachedError(str(error)) from error

    def _look(self, job: Job, *, shown: int) -> Look:
        try:
            answer = self._low_level_execute_command(look_command(job, shown=shown))
        except AnsibleConnectionFailure as error:
            if hasattr(self._connection, "reset"):
                self._connection.reset()
            raise ConnectionError(str(error)) from error
        if answer["rc"] != 0:
            raise DetachedError(f"the host can't be asked about the job: {_said(answer)}")
        return parse_look(answer["stdout"])

    def _start(self, job: Job, sources: list[Path]) -> None:
        """Upload as the user who logs in, then start as the one whom become names."""
        shell = self._connection._shell
        self._make_tmp_path()
        try:
            upload = shell.join_path(shell.tmpdir, "detached")
            self._sure(f"mkdir {shell.quote(upload)}", what=f"{upload} can't be made", become=False)
            targets = [shell.join_path(upload, source.name) for source in sources]
            for source, target in zip(sources, targets, strict=True):
                self._transfer_file(str(source), target)
            self._fixup_perms2((shell.tmpdir, upload, *targets), execute=True)
            command = f"{self._compute_environment_string()} {start_command(job, upload=upload)}".strip()
            self._sure(command, what=f"the script can't be started in {job.directory}")
        finally:
            self._remove_tmp_path(shell.tmpdir)

    def _sure(self, command: str, *, what: str, become: bool = True) -> None:
        answer = self._low_level_execute_command(command, sudoable=become)
        if answer["rc"] != 0:
            raise DetachedError(f"{what}: {_said(answer)}")


def _said(answer: dict[str, Any]) -> str:
    said = f"{answer['stderr']}\n{answer['stdout']}".strip()
    return said or f"the shell ended with {answer['rc']}"


def _answer(outcome: Outcome) -> dict[str, Any]:
    return {"picked_up": outcome.picked_up, "progress": outcome.progress, "seconds": round(outcome.seconds, 1)}
