# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""EC2 and Systems Manager: moto's server, with its requests logged, and with the machines that really run."""

from __future__ import annotations

import base64
import signal
import sys
from types import FrameType
from typing import Any

from moto.core.responses import ActionResult
from moto.core.utils import utcnow
from moto.ec2.models.instances import Instance, InstanceBackend, Reservation
from moto.ec2.responses.general import General
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import run_simple

from asesoria_sandbox import identity, processes
from asesoria_sandbox.builder import HOST_KEY, Machine
from asesoria_sandbox.request_log import RequestLog, wsgi
from asesoria_sandbox.settings import HOST, Settings


def show_consoles(settings: Settings) -> None:
    """Answer GetConsoleOutput with what cloud-init writes there, of the machine as it is; moto shows the same to all.

    :param settings: of the sandbox.
    """

    def get_console_output(self: General) -> ActionResult:
        instance = self.ec2_backend.get_instance(self._get_param("InstanceId")).id
        return ActionResult(
            {
                "InstanceId": instance,
                "Timestamp": utcnow(),
                "Output": base64.b64encode(console(settings, instance=instance).encode()).decode(),
            }
        )

    General.get_console_output = get_console_output  # type: ignore[method-assign]


def show_addresses() -> None:
    """Tell the address at which an instance's machine answers; moto makes one up."""

    def public_ip(self: Instance) -> str | None:
        return Machine(instance=self.id, public_key="").address if self.nics[0].public_ip else None

    Instance.public_ip = property(public_ip)  # type: ignore[assignment, method-assign]
    Instance.public_ip_address = property(public_ip)  # type: ignore[assignment, method-assign]


def heed_the_market() -> None:
    """Start spot instances when a launch template says so; moto looks at the request alone."""
    run_instances = InstanceBackend.run_instances

    def heeding(self: InstanceBackend, *args: Any, **kwargs: Any) -> Reservation:
        if kwargs.get("launch_template") and not kwargs.get("instance_market_options"):
            data = self._get_template_from_args(kwargs["launch_template"]).data
            kwargs["instance_market_options"] = data.get("InstanceMarketOptions", {}).get("MarketType")
        return run_instances(self, *args, **kwargs)

    InstanceBackend.run_instances = heeding  # type: ignore[method-assign]


def console(settings: Settings, *, instance: str) -> str:
    """What is on a machine's console; nothing before it has booted."""
    key = Machine(instance=instance, public_key="").disk(settings) / HOST_KEY
    public = key.with_name(f"{key.name}.pub")
    if not public.exists():
        return ""
    return "\r\n".join(
        (
            "Amazon Linux, or what stands in for it",
            "-----BEGIN SSH HOST KEY KEYS-----",
            public.read_text(encoding="ascii").strip(),
            "-----END SSH HOST KEY KEYS-----",
            "",
        )
    )


def main() -> None:
    """Serve until told to end."""
    processes.die_with_parent()
    settings = Settings.load()

    def leave(_number: int, _frame: FrameType | None) -> None:
        sys.exit(0)

    signal.signal(signal.SIGTERM, leave)
    show_consoles(settings)
    show_addresses()
    heed_the_market()
    application = wsgi(DomainDispatcherApplication(create_backend_app), RequestLog(settings.request_log))
    run_simple(HOST, settings.moto_port, identity.wsgi(application), threaded=True, request_handler=MotoRequestHandler)


if __name__ == "__main__":
    main()
