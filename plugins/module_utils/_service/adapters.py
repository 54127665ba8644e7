# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The adapters between Lambda's events and an app: which distribution each interface needs, and from which version on.

Sources, read on 2026-12-01:

* WSGI: ``requirements.txt`` of the npm package serverless-wsgi 3.1.0, which brings its own ``serverless_wsgi.py`` and
  asks for ``werkzeug>2``;
* ASGI: ``mangum/protocols/lifespan.py`` of Mangum 0.19.0, the first version whose ``LifespanCycle`` has the
  ``lifespan_state`` that the role's handler reads. The newest is 0.22.0.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Adapter:
    """The distribution that translates between Lambda's events and an interface.

    :param requirement: Requirement as pip takes it, such as ``mangum>=0.19.0``.
    :param reason: Purpose of it, such as ``adapter for ASGI``.
    :param package: Package that it brings, which the handler imports.
    """

    requirement: str
    reason: str
    package: str


AUTO, NONE = CHOICES = ("auto", "none")
#: Interfaces, as the settings name them.
WSGI, ASGI = INTERFACES = ("wsgi", "asgi")
_ADAPTERS = {
    WSGI: Adapter("werkzeug>2", "adapter for WSGI", "werkzeug"),
    ASGI: Adapter("mangum>=0.19.0", "adapter for ASGI", "mangum"),
}


def adapter_requirements(interface: str, adapter: str = AUTO) -> list[dict[str, str]]:
    """List what an app's interface adds to its requirements, as plain values.

    :param interface: ``wsgi`` or ``asgi``; empty for an app whose own serverless.yml names its handler.
    :param adapter: ``none`` to add nothing.
    """
    found = _ADAPTERS.get(interface)
    if found is None or adapter == NONE:
        return []
    return [{"requirement": found.requirement, "reason": found.reason}]


def package_of(interface: str) -> str:
    """Return the package that the handler of an interface imports.

    :param interface: ``wsgi`` or ``asgi``.
    """
    return _ADAPTERS[interface].package
