# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._host_keys import (
    Clock,
    HostKey,
    HostKeyError,
    read_host_keys,
    wait_for_host_keys,
)
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

BEGIN, END = "-----BEGIN SSH HOST KEY KEYS-----", "-----END SSH HOST KEY KEYS-----"
KINDS = {"ed25519": "ssh-ed25519", "ecdsa": "ecdsa-sha2-nistp256", "rsa": "ssh-rsa"}


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> dict[str, HostKey]:
    """Real ones, by kind."""
    folder, made = tmp_path_factory.mktemp("keys"), {}
    for name, kind in KINDS.items():
        subprocess.run(["ssh-keygen", "-q", "-t", name, "-N", "", "-f", folder / name], check=True)
        said, key, *_comment = Path(folder, f"{name}.pub").read_text().split()
        assert said == kind
        made[kind] = HostKey(kind, key)
    return made


def block(keys: Sequence[HostKey], *, prefix: str = "", newline: str = "\r\n") -> str:
    lines = [BEGIN, *(f"{key.kind} {key.key} root@ip-10-0-0-1" for key in keys), END]
    return "".join(f"{prefix}{line}{newline}" for line in lines)


FINGERPRINTS = (
    "<14>Nov 24 10:00:00 ec2: -----BEGIN SSH HOST KEY FINGERPRINTS-----\r\n"
    "<14>Nov 24 10:00:00 ec2: 256 SHA256:abc root@ip-10-0-0-1 (ED25519)\r\n"
    "<14>Nov 24 10:00:00 ec2: -----END SSH HOST KEY FINGERPRINTS-----\r\n"
)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("prefix", ["", "[   11.5] cloud-init[2042]: "])
def test_keys_are_read(keys: dict[str, HostKey], prefix: str, newline: str) -> None:
    console = (
        f"Linux version 5.10{newline}{FINGERPRINTS}{block([*keys.values()], prefix=prefix, newline=newline)}login: "
    )
    assert read_host_keys(console) == tuple(sorted(keys.values()))


def test_the_last_list_counts(keys: dict[str, HostKey]) -> None:
    ed25519, rsa = keys["ssh-ed25519"], keys["ssh-rsa"]
    assert read_host_keys(block([ed25519]) + "boot\r\n" + block([rsa])) == (rsa,)
    unfinished = block([rsa]).partition(END)[0]
    assert read_host_keys(block([ed25519]) + unfinished) == (ed25519,)
    assert read_host_keys(unfinished + block([ed25519])) == (ed25519,)


@pytest.mark.parametrize(
    "console",
    [
        "",
        "login: ",
        FINGERPRINTS,
        f"{BEGIN}\n{END}\n",
        f"{END}\nssh-ed25519 AAAA\n{BEGIN}\n",
        f"{BEGIN}\nssh-ed25519 AAAA root\nssh-dss AAAAB3NzaC1kc3M= root\n{END}\n",
    ],
)
def test_what_names_no_key(console: str) -> None:
    assert read_host_keys(console) == ()


def test_damaged_keys_are_left_out(keys: dict[str, HostKey]) -> None:
    ed25519, rsa = keys["ssh-ed25519"], keys["ssh-rsa"]
    damaged = [
        HostKey("ssh-ed25519", ed25519.key[:-8]),
        HostKey("ssh-ed25519", ed25519.key[4:]),
        HostKey("ssh-ed25519", rsa.key),
        HostKey("ssh-ed25519", f"{ed25519.key[:20]}\x07{ed25519.key[20:]}"),
    ]
    assert read_host_keys(block([*damaged, rsa])) == (rsa,)


@given(st.lists(st.sampled_from([BEGIN, END, "ssh-ed25519 ", "AAAAC3Nz", "AAAA", "=", "\n", " "]) | st.text()))
def test_nothing_on_a_console_makes_it_fail(parts: list[str]) -> None:
    assert read_host_keys("".join(parts)) == ()


class Boot:
    """An instance whose console grows with each look, and the clock beside it."""

    def __init__(self, *screens: str, nitro: bool = True) -> None:
        self.screens = list(screens)
        self.nitro = nitro
        self.calls: list[dict[str, Any]] = []
        self.time = 0.0
        self.clock = Clock(now=lambda: self.time, sleep=self._sleep)

    def _sleep(self, seconds: float) -> None:
        self.time += seconds

    def get_console_output(self, **options: Any) -> dict[str, str]:
        self.calls.append(options)
        if options.get("Latest") and not self.nitro:
            raise ClientError({"Error": {"Code": "UnsupportedOperation"}}, "GetConsoleOutput")
        screen = self.screens.pop(0) if len(self.screens) > 1 else self.screens[0]
        return {"Output": screen} if screen else {}

    def wait(self, timeout: float) -> tuple[HostKey, ...]:
        return wait_for_host_keys(self, instance="i-1", timeout=timeout, interval=3, clock=self.clock)


def test_waits_until_the_machine_has_booted(keys: dict[str, HostKey]) -> None:
    shown = block([keys["ssh-ed25519"]])
    boot = Boot("", "booting", shown)
    assert boot.wait(60) == (keys["ssh-ed25519"],)
    assert (boot.time, boot.calls) == (6, [{"InstanceId": "i-1", "Latest": True}] * 3)


def test_a_machine_whose_console_is_not_live(keys: dict[str, HostKey]) -> None:
    boot = Boot(block([keys["ssh-rsa"]]), nitro=False)
    assert boot.wait(0) == (keys["ssh-rsa"],)
    assert boot.calls == [{"InstanceId": "i-1", "Latest": True}, {"InstanceId": "i-1"}]


@pytest.mark.parametrize(
    ("screen", "words"), [("", "it shows nothing at all"), ("login: ", "what it shows has no list of host keys")]
)
def test_gives_up_in_time(screen: str, words: str) -> None:
    boot = Boot(screen)
    with pytest.raises(HostKeyError, match=f"the console of i-1 did not tell its SSH host keys within 10 s: {words}"):
        boot.wait(10)
    assert boot.time == 9


def test_other_errors_are_passed_on() -> None:
    class Refusing:
        def get_console_output(self, **_options: Any) -> Any:
            raise ClientError({"Error": {"Code": "UnauthorizedOperation"}}, "GetConsoleOutput")

    with pytest.raises(ClientError, match="UnauthorizedOperation"):
        wait_for_host_keys(Refusing(), instance="i-1", timeout=9, interval=3, clock=Boot("").clock)
