# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The network that may reach the builder by SSH: one address or a few, never everybody's."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

#: The widest network that is taken, as its prefix length by IP version. An office or a provider's range fits; what is
#: wider is half the internet and can only be a mistake.
WIDEST_PREFIX = {4: 8, 6: 19}

_HOW_TO_SAY = (
    "Give an address or a network such as 203.0.113.7/32 (option cidr; in the role builder_ec2 the variable"
    " builder_ec2_cidr), or leave it out to have this machine's own address found"
)


class SourceNetworkError(ServerlessError):
    """There is no network that SSH could be opened to."""


@dataclass(frozen=True)
class SourceNetwork:
    """The network that SSH is opened to.

    :param cidr: in the form that AWS stores, so without host bits: C(203.0.113.7/32).
    :param version: of the Internet Protocol, 4 or 6.
    :param found: whether it is this machine's own address, which was asked for, and not one that was given.
    """

    cidr: str
    version: int
    found: bool

    def facts(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)


def source_network(*, given: str, ask: Callable[[], str], asked: str) -> SourceNetwork:
    """Decide to which network SSH is opened.

    :param given: address or network as the user wrote it; empty to take this machine's own address.
    :param ask: called only when nothing was given; returns the address that the internet sees this machine as.
    :param asked: who answers C(ask), for messages.
    :raises SourceNetworkError: not an address or a network, or one that is too wide; or nobody could say our address.
    """
    if not given.strip():
        return _own_network(ask=ask, asked=asked)
    try:
        network = ipaddress.ip_network(given.strip(), strict=False)
    except ValueError as error:
        raise SourceNetworkError(f"{given!r} is neither an IP address nor a network", _HOW_TO_SAY) from error
    widest = WIDEST_PREFIX[network.version]
    if network.prefixlen < widest:
        everybody = "the whole internet" if network.prefixlen == 0 else f"a network wider than /{widest}"
        raise SourceNetworkError(f"SSH to the builder is not opened to {everybody} ({given.strip()})", _HOW_TO_SAY)
    return SourceNetwork(cidr=str(network), version=network.version, found=False)


def _own_network(*, ask: Callable[[], str], asked: str) -> SourceNetwork:
    try:
        answer = ask().strip()
    except OSError as error:
        reason = str(error).strip().rstrip(".")
        raise SourceNetworkError(
            f"{asked} could not be asked which address this machine has on the internet: {reason}", _HOW_TO_SAY
        ) from error
    try:
        address = ipaddress.ip_address(answer)
    except ValueError as error:
        raise SourceNetworkError(
            f"{asked} was asked which address this machine has on the internet and answered {answer[:60]!r}",
            _HOW_TO_SAY,
        ) from error
    if address.is_unspecified or address.is_multicast:
        raise SourceNetworkError(
            f"{asked} says that this machine has the address {address} on the internet, which no machine can have",
            _HOW_TO_SAY,
        )
    return SourceNetwork(cidr=f"{address}/{address.max_prefixlen}", version=address.version, found=True)
