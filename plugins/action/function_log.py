# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action behind the module C(function_log): its documentation is there."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._run_sleep import RunSleep

_READ = "asesoria.serverless.function_log_info"
#: The options of this action alone; all others are the module's that reads.
_OWN = {
    "follow": {"type": "bool", "default": True},
    "duration": {"type": "int", "default": 300},
    "interval": {"type": "float", "default": 3.0},
}


class LookError(ServerlessError):
    """A look has failed.

    :param answer: what the module has returned.
    """

    def __init__(self, answer: Mapping[str, Any]) -> None:
        self.answer = answer
        super().__init__(str(answer.get("msg", "the log can't be read")))


@dataclass
class Follower:
    """Looks again and again, and shows what is new.

    :param look: reads, from a cursor on or, without one, from the beginning.
    :param show: shows a line.
    :param clock: seconds from any start.
    :param sleep: waits for seconds.
    """

    look: Callable[[Mapping[str, Any] | None], Mapping[str, Any]]
    show: Callable[[str], None]
    clock: Callable[[], float]
    sleep: Callable[[float], None]
    events: int = 0
    looks: int = 0
    missing: list[str] = field(default_factory=list)

    def follow(self, *, duration: float, interval: float) -> None:
        """Show what is there, and what comes in that many seconds.

        :param duration: 0 for what is there only.
        :raises ServerlessError: a look has failed.
        """
        deadline = self.clock() + duration
        answer = self._look(None)
        # What is there is shown to its end, however long that takes.
        while answer["more"] or self.clock() < deadline:
            if not answer["more"]:
                self.sleep(min(interval, max(deadline - self.clock(), 0.0)))
            answer = self._look(answer["cursor"])

    def _look(self, cursor: Mapping[str, Any] | None) -> Mapping[str, Any]:
        answer = self.look(cursor)
        if answer.get("failed"):
            raise LookError(answer)
        for group in answer["missing"]:
            if group not in self.missing:
                self.show(f"There is no log {group}: the function was not called yet, or the log was removed.")
        for line in answer["lines"]:
            self.show(line)
        self.missing = list(answer["missing"])
        self.events += len(answer["events"])
        self.looks += 1
        return answer


class ActionModule(ActionBase):
    """Shows a log while it is written."""

    TRANSFERS_FILES = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Run the task; the parameters and the answer are as for every action."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        own = {name: value for name, value in self._task.args.items() if name in _OWN}
        read = {name: value for name, value in self._task.args.items() if name not in _OWN}
        checked = ArgumentSpecValidator(_OWN).validate(own)
        options = checked.validated_parameters
        problem = "; ".join(checked.error_messages) or _problem(options)
        if problem:
            return {**result, "failed": True, "msg": problem}

        def look(cursor: Mapping[str, Any] | None) -> Mapping[str, Any]:
            arguments = {**read, "cursor": dict(cursor)} if cursor else read
            answer: dict[str, Any] = self._execute_module(module_name=_READ, module_args=arguments, task_vars=task_vars)
            return answer

        follower = Follower(look=look, show=Display().display, clock=time.monotonic, sleep=RunSleep())
        follows = options["follow"] and not self._task.check_mode
        try:
            follower.follow(duration=options["duration"] if follows else 0, interval=options["interval"])
        except LookError as error:
            return {**result, **error.answer}
        except ServerlessError as error:
            return {**result, "failed": True, "msg": str(error)}
        return {
            **result,
            "changed": False,
            "events": follower.events,
            "looks": follower.looks,
            "missing": follower.missing,
        }


def _problem(options: Mapping[str, Any]) -> str:
    """What is wrong with the options, empty if nothing is."""
    for name in ("duration", "interval"):
        if options[name] < 0:
            return f"{name} is {options[name]:g}. Give a number of seconds, 0 or more."
    return ""
