# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting in an action that goes on for long."""

from __future__ import annotations

import os
import time

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError


class RunGoneError(ServerlessError):
    """Nobody is there any more for whom the action works."""


class RunSleep:
    """Waits, as long as the run is there that this process works for.

    A run that is killed leaves behind the process of a task that was at work. It would go on, and for instance take a
    result away from the run that comes next.
    """

    def __init__(self) -> None:
        self._parent = os.getppid()

    def __call__(self, seconds: float) -> None:
        """Wait.

        :raises RunGoneError: the run has ended meanwhile.
        """
        time.sleep(seconds)
        if os.getppid() != self._parent:
            raise RunGoneError("the run that this task belonged to is gone")
