# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs commands of modules that do not run them through their C(AnsibleModule)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence

from ansible_collections.asesoria.serverless.plugins.module_utils._pip import Completed


def run_process(argv: Sequence[str], *, environment: Mapping[str, str], text: str = "") -> Completed:
    """Run a command to its end. Several threads may call it, which C(AnsibleModule.run_command) is not made for.

    :param argv: the program and its arguments.
    :param environment: variables besides those of this process.
    :param text: what it reads from standard input.
    :raises OSError: it can't be started.
    """
    done = subprocess.run(  # pylint: disable=ansible-bad-function
        list(argv),
        env={**os.environ, **environment},
        input=text,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    return Completed(returncode=done.returncode, stdout=done.stdout, stderr=done.stderr)
