# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._source_network import (
    SourceNetwork,
    SourceNetworkError,
    Sources,
    source_networks,
)
from hypothesis import given
from hypothesis import strategies as st

URL = "https://address.example/"


def nobody() -> str:
    raise AssertionError("nobody was to be asked")


@pytest.mark.parametrize(
    ("text", "cidr", "version"),
    [
        ("203.0.113.7", "203.0.113.7/32", 4),
        (" 203.0.113.7/32\n", "203.0.113.7/32", 4),
        ("198.51.100.9/24", "198.51.100.0/24", 4),
        ("10.0.0.0/8", "10.0.0.0/8", 4),
        ("2001:db8::7", "2001:db8::7/128", 6),
        ("2001:0DB8:0:0::7/48", "2001:db8::/48", 6),
    ],
)
def test_what_is_given_is_taken_as_aws_keeps_it(text: str, cidr: str, version: int) -> None:
    network = SourceNetwork(version=version, cidr=cidr)
    assert source_networks([text], ask=nobody, asked=URL) == Sources((network,), found=False)


@pytest.mark.parametrize("text", ["0.0.0.0/0", "::/0", "203.0.113.7/0"])
def test_the_whole_internet_is_refused(text: str) -> None:
    with pytest.raises(SourceNetworkError, match=r"not opened to the whole internet .*builder_ec2_cidr"):
        source_networks([text], ask=nobody, asked=URL)


@pytest.mark.parametrize(("text", "widest"), [("128.0.0.0/1", "/8"), ("10.0.0.0/7", "/8"), ("2000::/3", "/19")])
def test_nearly_the_whole_internet_is_refused(text: str, widest: str) -> None:
    with pytest.raises(SourceNetworkError) as caught:
        source_networks([text], ask=nobody, asked=URL)
    assert caught.value.problem == f"SSH to the builder is not opened to a network wider than {widest} ({text})"


def test_several_are_sorted_and_taken_once() -> None:
    given_ = ["203.0.113.7", " ", "2001:db8::7", "198.51.100.9/24", "203.0.113.7/32"]
    found = source_networks(given_, ask=nobody, asked=URL)
    assert [each.cidr for each in found.networks] == ["198.51.100.0/24", "203.0.113.7/32", "2001:db8::7/128"]


def test_one_that_is_too_wide_spoils_all_of_them() -> None:
    with pytest.raises(SourceNetworkError, match=r"whole internet \(::/0\)"):
        source_networks(["203.0.113.7", "::/0"], ask=nobody, asked=URL)


def test_everybody_is_taken_if_that_is_what_is_wanted() -> None:
    found = source_networks(["203.0.113.7", "::/0", "10.0.0.0/7"], ask=nobody, asked=URL, everybody=True)
    assert [each.cidr for each in found.networks] == ["10.0.0.0/7", "203.0.113.7/32", "::/0"]
    assert found.too_wide == ("::/0", "10.0.0.0/7")


@pytest.mark.parametrize("text", ["office", "203.0.113.7/33", "203.0.113", "203.0.113.7, 203.0.113.8", "010.0.0.1"])
def test_what_is_no_network_is_named(text: str) -> None:
    with pytest.raises(SourceNetworkError) as caught:
        source_networks([text], ask=nobody, asked=URL)
    assert caught.value.problem == f"{text!r} is neither an IP address nor a network"


@pytest.mark.parametrize(("answer", "cidr"), [("203.0.113.7\n", "203.0.113.7/32"), ("2001:db8::1", "2001:db8::1/128")])
def test_the_own_address_is_one_address(answer: str, cidr: str) -> None:
    network = source_networks(["  "], ask=lambda: answer, asked=URL)
    assert ([each.cidr for each in network.networks], network.found) == ([cidr], True)


def test_silence_is_said() -> None:
    def ask() -> str:
        raise TimeoutError("timed out")

    with pytest.raises(SourceNetworkError) as caught:
        source_networks([], ask=ask, asked=URL)
    assert caught.value.problem == (
        f"{URL} could not be asked which address this machine has on the internet: timed out"
    )
    assert "builder_ec2_cidr" in caught.value.remedy


def test_a_login_page_is_no_address() -> None:
    page = "<html>" + "x" * 1000
    with pytest.raises(SourceNetworkError) as caught:
        source_networks([], ask=lambda: page, asked=URL)
    assert caught.value.problem.endswith(f"answered {page[:60]!r}")


@pytest.mark.parametrize("answer", ["0.0.0.0", "::", "224.0.0.1"])  # noqa: S104 - nobody listens there
def test_an_address_that_no_machine_has_is_refused(answer: str) -> None:
    with pytest.raises(SourceNetworkError, match=r"which no machine can have"):
        source_networks([], ask=lambda: answer, asked=URL)


@given(st.ip_addresses().filter(lambda address: not (address.is_unspecified or address.is_multicast)))
def test_any_own_address_admits_itself_alone(address: object) -> None:
    (network,) = source_networks([], ask=lambda: str(address), asked=URL).networks
    assert source_networks([network.cidr], ask=nobody, asked=URL).networks == (network,)
    assert network.cidr == f"{address}/{32 if network.version == 4 else 128}"
