# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shows a folder to a command where Lambda shows a layer to a function: at C(/opt), where not even root can write.

util-linux's C(unshare) gives the command a view of its own on the file system; nobody else sees anything of it, and it
ends with the command. That takes user namespaces, or root.
"""

from __future__ import annotations

import json
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._pip import Runner

OPT = Path("/opt")
# A mount inherits restrictions of the one that it is made from, and an ordinary user may not drop them.
_MOUNT = (
    'mount --bind "$0" /opt && { mount -o remount,bind,ro /opt || mount -o remount,bind,ro,nosuid,nodev /opt; } '
    '2>/dev/null && exec "$@"'
)
_WAYS = (("unshare", "--user", "--map-root-user", "--mount"), ("unshare", "--mount"))
_PLACES = "import json, sys; print(json.dumps([sys.executable, sys.prefix, sys.base_prefix, *sys.path]))"


def at_opt(folder: Path, *, python: str, work: Path, runner: Runner) -> list[str]:
    """What has to stand before a command for it to see a folder at C(/opt).

    :param folder: what it is to see.
    :param python: the interpreter that the command runs.
    :param work: what the command has to reach besides.
    :param runner: runs commands.
    :returns: nothing if that can't be done here, or if it would hide the interpreter or I(work).
    """
    done = runner([python, "-I", "-S", "-c", _PLACES], environment={})
    if done.returncode != 0:
        return []
    needed = [work, *map(Path, json.loads(done.stdout))]
    if any(path.resolve().is_relative_to(OPT) for path in needed):
        return []
    for way in _WAYS:
        before = [*way, "sh", "-c", _MOUNT, str(folder)]
        try:
            # Whatever went wrong, a folder that is seen there and can't be written to is the proof.
            tried = runner([*before, "sh", "-c", "test -e /opt/python && ! test -w /opt/python"], environment={})
        except OSError:
            return []
        if tried.returncode == 0:
            return before
    return []
