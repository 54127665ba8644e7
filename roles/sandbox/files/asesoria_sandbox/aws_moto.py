# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""EC2 and Systems Manager: moto's server, with its requests logged."""

from __future__ import annotations

import signal
import sys
from types import FrameType

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import run_simple

from asesoria_sandbox import identity, processes
from asesoria_sandbox.request_log import RequestLog, wsgi
from asesoria_sandbox.settings import HOST, Settings


def main() -> None:
    """Serve until told to end."""
    processes.die_with_parent()
    settings = Settings.load()

    def leave(_number: int, _frame: FrameType | None) -> None:
        sys.exit(0)

    signal.signal(signal.SIGTERM, leave)
    application = wsgi(DomainDispatcherApplication(create_backend_app), RequestLog(settings.request_log))
    run_simple(HOST, settings.moto_port, identity.wsgi(application), threaded=True, request_handler=MotoRequestHandler)


if __name__ == "__main__":
    main()
