# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action behind the module C(ssh_login): its documentation is there."""

from __future__ import annotations

import time
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._ssh_login import Login, Target, wait_for_login

_REPORT_SECONDS = 15.0


class Reporter:
    """Shows that something goes on, but not at every try.

    :param display: where lines are shown.
    :param every: seconds between two lines.
    """

    def __init__(self, display: Display, *, every: float) -> None:
        self._display = display
        self._every = every
        self._last = time.monotonic()

    def __call__(self, line: str) -> None:
        """Show the line if it is time."""
        now = time.monotonic()
        if now - self._last >= self._every:
            self._last = now
            self._display.display(line)


class ActionModule(ActionBase):
    """Logs in to the host of the task until it works; needs nothing on the host but a shell."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the task; the parameters and the answer are as for every action."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        _spec, options = self.validate_argument_spec(
            argument_spec={
                "timeout": {"type": "int", "default": 300},
                "login_timeout": {"type": "int", "default": 90},
                "interval": {"type": "int", "default": 3},
            }
        )
        try:
            login = self._wait(options, host=str((task_vars or {}).get("inventory_hostname", "")))
        except ServerlessError as error:
            return {**result, "failed": True, "msg": str(error)}
        return {**result, "changed": False, "attempts": login.attempts, "elapsed": round(login.elapsed, 1)}

    def _wait(self, options: dict[str, Any], *, host: str) -> Login:
        return wait_for_login(
            target=self._target(host),
            attempt=self._attempt,
            timeout=options["timeout"],
            login_timeout=options["login_timeout"],
            interval=options["interval"],
            clock=time.monotonic,
            sleep=time.sleep,
            report=Reporter(Display(), every=_REPORT_SECONDS),
        )

    def _target(self, host: str) -> Target:
        return Target(
            name=host,
            address=str(self._option("host") or host),
            port=int(self._option("port") or 22),
            user=str(self._option("remote_user") or ""),
            key_file=str(self._option("private_key_file") or ""),
        )

    def _option(self, name: str) -> Any:
        """An option of the connection; None if this kind of connection has no such option."""
        try:
            return self._connection.get_option(name)
        except KeyError:
            return None

    def _attempt(self) -> str:
        """Log in once and do nothing there; returns what went wrong, empty if nothing did."""
        try:
            answer = self._low_level_execute_command("true", sudoable=False)
        except AnsibleConnectionFailure as error:
            return str(error) or type(error).__name__
        if answer["rc"] == 0:
            return ""
        return f"{answer['stderr']}\n{answer['stdout']}".strip() or f"the shell ended with {answer['rc']}"
