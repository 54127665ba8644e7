# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The control plane: ministack, with its gaps filled, its requests logged and Python functions run as in Lambda."""

from __future__ import annotations

import ministack.app

from asesoria_sandbox import function_worker, iam_gaps, identity, processes
from asesoria_sandbox.request_log import RequestLog, asgi
from asesoria_sandbox.settings import Settings


def main() -> None:
    """Serve until told to end."""
    processes.die_with_parent()
    settings = Settings.load()
    function_worker.install(settings)
    iam_gaps.install()
    ministack.app.app = identity.asgi(asgi(ministack.app.app, RequestLog(settings.request_log)))
    ministack.app.main()


if __name__ == "__main__":
    main()
