# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from collections.abc import Iterable

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._ssh_login import (
    Login,
    LoginError,
    Patience,
    Target,
    find_obstacle,
    wait_for_login,
)

TARGET = Target(name="i-1", address="203.0.113.9", port=22, user="ec2-user", key_file="/home/me/k.pem")
REFUSED = "Failed to connect to the host via ssh: ssh: connect to host 203.0.113.9 port 22: Connection refused"
DENIED = "ec2-user@203.0.113.9: Permission denied (publickey,gssapi-keyex,gssapi-with-mic)."
CHANGED = (
    "@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@@\n"
    "@    WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED!     @\n"
    "Host key for i-1 has changed and you have requested strict checking.\nHost key verification failed."
)


class Machine:
    """A machine that says one thing after the other, the last for ever, in a time of its own."""

    def __init__(self, answers: Iterable[str], *, seconds: float = 1.0) -> None:
        self._answers = list(answers)
        self._seconds = seconds
        self.now = 1000.0
        self.attempts = 0
        self.lines: list[str] = []

    def attempt(self) -> str:
        self.attempts += 1
        self.now += self._seconds
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def wait(self, *, timeout: float = 60, login_timeout: float = 20, target: Target = TARGET) -> Login:
        return wait_for_login(
            target=target,
            attempt=self.attempt,
            timeout=timeout,
            login_timeout=login_timeout,
            interval=3,
            clock=lambda: self.now,
            sleep=self.sleep,
            report=self.lines.append,
        )


def refusal(machine: Machine, *, target: Target = TARGET) -> LoginError:
    with pytest.raises(LoginError) as caught:
        machine.wait(target=target)
    return caught.value


def test_a_machine_that_is_up_is_asked_once() -> None:
    machine = Machine([""])
    assert machine.wait() == Login(attempts=1, elapsed=1.0)
    assert machine.lines == []


def test_a_machine_that_boots_is_waited_for() -> None:
    machine = Machine(["Connection timed out", REFUSED, DENIED, DENIED, ""])
    assert machine.wait() == Login(attempts=5, elapsed=5 + 4 * 3)
    assert len(machine.lines) == 4
    assert machine.lines[1].startswith("i-1 (ec2-user@203.0.113.9, port 22): ssh: connect to host")


def test_what_stays_refused_ends_at_the_timeout() -> None:
    machine = Machine([REFUSED])
    error = refusal(machine)
    assert error.problem == (
        "SSH to the builder i-1 (ec2-user@203.0.113.9, port 22) was refused: the machine is there, but nothing listens"
        " on that port (waited 61 s)"
    )
    # The last try began in time and took a second.
    assert machine.now - 1000 == 60 + 1


def test_a_key_that_is_not_accepted_gets_less_time() -> None:
    machine = Machine([REFUSED, REFUSED, DENIED])
    error = refusal(machine)
    assert "does not accept the private key /home/me/k.pem (waited" in error.problem
    assert machine.now - 1000 <= 2 * 4 + 1 + 20


def test_the_time_for_the_key_starts_anew_after_a_restart() -> None:
    assert Machine([DENIED] * 4 + [REFUSED] + [DENIED] * 4 + [""]).wait(login_timeout=15).attempts == 10


def test_the_time_for_the_key_never_outlasts_the_timeout() -> None:
    machine = Machine([DENIED])
    with pytest.raises(LoginError):
        machine.wait(timeout=10, login_timeout=1000)
    assert machine.now - 1000 <= 10


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (CHANGED, "was stopped: its host key is not the one that is known for it"),
        (
            f"No ED25519 host key is known for i-1 and you have requested strict checking.\n{CHANGED.splitlines()[-1]}",
            "was stopped: no host key is known for it, so it could be any machine",
        ),
        (
            f"@ WARNING: UNPROTECTED PRIVATE KEY FILE! @\nThis private key will be ignored.\n{DENIED}",
            "was stopped: others may read the private key /home/me/k.pem",
        ),
        (
            f"no such identity: /home/me/k.pem: No such file or directory\n{DENIED}",
            "was stopped: the private key /home/me/k.pem is not there",
        ),
    ],
)
def test_what_does_not_pass_is_not_waited_for(said: str, problem: str) -> None:
    machine = Machine([said])
    assert refusal(machine).problem == f"SSH to the builder i-1 (ec2-user@203.0.113.9, port 22) {problem}"
    assert machine.attempts == 1


@pytest.mark.parametrize(
    ("said", "part"),
    [
        ("ssh: connect to host h port 22: Connection timed out", "was not answered"),
        ("Connection timed out during banner exchange", "was not answered"),
        ("ssh: connect to host h port 22: No route to host", "finds no way there"),
        ("ssh: connect to host h port 22: Network is unreachable", "finds no way there"),
        ("ssh: Could not resolve hostname h: Name or service not known", "no such host name is known"),
        ("kex_exchange_identification: read: Connection reset by peer", "was cut off before the login"),
        ("Connection closed by 203.0.113.9 port 22", "was cut off before the login"),
        ("Received disconnect: Too many authentication failures", "does not accept the private key"),
        ("muxclient: quite unheard of.", "failed: muxclient: quite unheard of (waited"),
    ],
)
def test_reasons_are_told_apart(said: str, part: str) -> None:
    error = refusal(Machine([said]))
    assert part in error.problem
    assert error.remedy


def test_what_is_not_known_of_the_target_is_left_out() -> None:
    target = Target(name="h", address="h", port=2222, user="", key_file="")
    error = refusal(Machine([DENIED]), target=target)
    assert error.problem.startswith(
        "SSH to the builder h (h, port 2222) is answered, but it does not accept the private key that the SSH client"
        " has chosen"
    )


def test_the_last_line_that_is_no_debug_output_is_the_reason() -> None:
    error = refusal(Machine(["first\nmy last word.\n\ndebug1: Exit status 255"]))
    assert "failed: my last word (waited" in error.problem


def test_silence_is_waited_out() -> None:
    assert find_obstacle(" ").patience is Patience.LONG
    assert "without a word" in refusal(Machine([" "])).problem
