# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The networks that may reach the builder by SSH: one address or a few, and everybody's only if that was said twice."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

#: The widest network that is taken, as its prefix length by IP version. An office or a provider's range fits; what is
#: wider is half the internet and can only be a mistake.
WIDEST_PREFIX = {4: 8, 6: 19}

_HOW_TO_SAY = (
    "Give addresses or networks such as 203.0.113.7/32 (option cidr; in the role builder_ec2 the variable"
    " builder_ec2_cidr), or leave them out to have this machine's own address found"
)
_HOW_TO_INSIST = (
    "Give the networks that you log in from (option cidr; in the role builder_ec2 the variable builder_ec2_cidr); if it"
    " has to be everybody, say so (option open_to_everybody, variable builder_ec2_open_to_everybody)"
)


class SourceNetworkError(ServerlessError):
    """There is no network that SSH could be opened to."""


@dataclass(frozen=True, order=True)
class SourceNetwork:
    """A network that SSH is opened to.

    :param version: of the Internet Protocol, 4 or 6.
    :param cidr: in the form that AWS stores, so without host bits: C(203.0.113.7/32).
    """

    version: int
    cidr: str

    def facts(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)


@dataclass(frozen=True)
class Sources:
    """All that SSH is opened to.

    :param networks: sorted, each once.
    :param found: whether it is this machine's own address, which was asked for, and nothing that was given.
    :param too_wide: those of the networks, as they were given, that are wider than anybody should want.
    """

    networks: tuple[SourceNetwork, ...]
    found: bool
    too_wide: tuple[str, ...] = ()


def source_networks(given: Iterable[str], *, ask: Callable[[], str], asked: str, everybody: bool = False) -> Sources:
    """Decide to which networks SSH is opened.

    :param given: addresses or networks as the user wrote them; none to take this machine's own address.
    :param ask: called only when nothing was given; returns the address that the internet sees this machine as.
    :param asked: who answers C(ask), for messages.
    :param everybody: take networks that are too wide as well.
    :raises SourceNetworkError: not an address or a network, or one that is too wide; or nobody could say our address.
    """
    texts = [text.strip() for text in given if text.strip()]
    if not texts:
        return Sources((_own_network(ask=ask, asked=asked),), found=True)
    networks = {text: _parse(text) for text in texts}
    too_wide = tuple(text for text, network in networks.items() if network.prefixlen < WIDEST_PREFIX[network.version])
    if too_wide and not everybody:
        raise _refusal(too_wide[0], networks[too_wide[0]])
    admitted = {SourceNetwork(version=network.version, cidr=str(network)) for network in networks.values()}
    return Sources(tuple(sorted(admitted)), found=False, too_wide=too_wide)


def _parse(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError as error:
        raise SourceNetworkError(f"{text!r} is neither an IP address nor a network", _HOW_TO_SAY) from error


def _refusal(text: str, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> SourceNetworkError:
    widest = WIDEST_PREFIX[network.version]
    everybody = "the whole internet" if network.prefixlen == 0 else f"a network wider than /{widest}"
    return SourceNetworkError(f"SSH to the builder is not opened to {everybody} ({text})", _HOW_TO_INSIST)


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
    return SourceNetwork(version=address.version, cidr=f"{address}/{address.max_prefixlen}")
