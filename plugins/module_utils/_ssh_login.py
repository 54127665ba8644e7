# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for a machine that boots to let us in by SSH, and the reason in plain words when it does not.

The texts are those of OpenSSH's client (C(sshconnect.c), C(sshconnect2.c), C(packet.c) of OpenSSH 7.4 to 10) and of the
C library's C(strerror).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError


class LoginError(ServerlessError):
    """The machine did not let us in."""


class Patience(Enum):
    """How long an obstacle is worth waiting for."""

    NONE = "it does not pass by itself"
    SHORT = "the machine is up and has only to finish setting up the login"
    LONG = "the machine may still be booting"


@dataclass(frozen=True)
class Obstacle:
    """One reason why a login fails.

    :param signs: any of these in what the SSH client said tells it.
    :param problem: what is wrong; C({target}), C({key}) and C({said}) are filled in.
    :param remedy: what to do.
    :param patience: whether waiting helps.
    """

    signs: tuple[str, ...]
    problem: str
    remedy: str
    patience: Patience


@dataclass(frozen=True)
class Target:
    """Whom we want to log in to, for messages.

    :param name: the host's name in the inventory.
    :param address: where the connection goes; IP address or host name.
    :param port: TCP port.
    :param user: the login; empty if the SSH client chooses it.
    :param key_file: the private key; empty if the SSH client chooses it.
    """

    name: str
    address: str
    port: int
    user: str
    key_file: str

    def __str__(self) -> str:
        login = f"{self.user}@" if self.user else ""
        return f"{self.name} ({login}{self.address}, port {self.port})"


# The first that matches counts. What is more special stands first: the client says "Permission denied" after it, too.
OBSTACLES = (
    Obstacle(
        ("host key is known for",),
        "SSH to the builder {target} was stopped: no host key is known for it, so it could be any machine",
        "Run the playbook builder.yml here, which asks EC2 for it; of a host of your own, write its key (ssh-keyscan)"
        " into the known_hosts file that the inventory names, after having compared it",
        Patience.NONE,
    ),
    Obstacle(
        ("REMOTE HOST IDENTIFICATION HAS CHANGED", "Host key verification failed"),
        "SSH to the builder {target} was stopped: its host key is not the one that is known for it",
        "If you are sure that the machine itself was replaced, remove its line from the known_hosts file that the"
        " inventory names (ssh-keygen -R) and run again; otherwise somebody may be in between",
        Patience.NONE,
    ),
    Obstacle(
        ("UNPROTECTED PRIVATE KEY FILE", "bad permissions"),
        "SSH to the builder {target} was stopped: others may read the private key {key}",
        "Give it to yourself alone (chmod 600); on a Windows drive seen from WSL that has no effect, so keep the key in"
        " the Linux home",
        Patience.NONE,
    ),
    Obstacle(
        ("no such identity", "not accessible: No such file or directory"),
        "SSH to the builder {target} was stopped: the private key {key} is not there",
        "Put it back, or remove the builder and its key pair with the playbook teardown.yml and run again",
        Patience.NONE,
    ),
    Obstacle(
        ("Permission denied (", "Too many authentication failures"),
        "SSH to the builder {target} is answered, but it does not accept the private key {key}",
        "The key has to belong to the key pair that the instance was launched with, and the user has to be the image's"
        " own; if in doubt remove the builder with the playbook teardown.yml and run again",
        Patience.SHORT,
    ),
    Obstacle(
        ("Connection refused",),
        "SSH to the builder {target} was refused: the machine is there, but nothing listens on that port",
        "See in the instance's console output whether it has booted, and in the inventory whether ansible_host and"
        " ansible_port are right",
        Patience.LONG,
    ),
    Obstacle(
        ("timed out", "Connection timeout"),
        "SSH to the builder {target} was not answered",
        "Your address may have changed: the playbook builder.yml opens the security group to the new one. Else see"
        " whether the network between lets SSH through and whether the subnet gives public addresses",
        Patience.LONG,
    ),
    Obstacle(
        ("No route to host", "Network is unreachable"),
        "SSH to the builder {target} finds no way there",
        "See whether this machine is online, and whether the address is one that can be reached from here",
        Patience.LONG,
    ),
    Obstacle(
        ("Could not resolve hostname", "Name or service not known"),
        "SSH to the builder {target} is not possible: no such host name is known",
        "Correct ansible_host in the inventory",
        Patience.LONG,
    ),
    Obstacle(
        ("Connection closed by", "Connection reset by", "kex_exchange_identification", "banner exchange"),
        "SSH to the builder {target} was cut off before the login",
        "Something between, or a program that is not an SSH server, answers on that port; see the instance's console"
        " output",
        Patience.LONG,
    ),
)
_UNKNOWN = Obstacle(
    (),
    "SSH to the builder {target} failed: {said}",
    "Try the same by hand with ssh -v",
    Patience.LONG,
)


def find_obstacle(said: str) -> Obstacle:
    """Tell why a login failed.

    :param said: what the SSH client, or Ansible on its behalf, has said.
    """
    for obstacle in OBSTACLES:
        if any(sign in said for sign in obstacle.signs):
            return obstacle
    return _UNKNOWN


@dataclass(frozen=True)
class Login:
    """A login that has worked.

    :param attempts: how many it took, with the one that worked.
    :param elapsed: seconds from the first one's start.
    """

    attempts: int
    elapsed: float


def wait_for_login(
    *,
    target: Target,
    attempt: Callable[[], str],
    timeout: float,
    login_timeout: float,
    interval: float,
    clock: Callable[[], float],
    sleep: Callable[[float], None],
    report: Callable[[str], None],
) -> Login:
    """Try to log in until it works or waiting is pointless.

    :param target: whom to log in to, for messages.
    :param attempt: one try; returns what went wrong, empty if it worked.
    :param timeout: seconds to wait for a machine that may be booting.
    :param login_timeout: seconds to wait for a machine that answers to accept the key.
    :param interval: seconds between tries.
    :param clock: seconds since whenever.
    :param sleep: waits for so many seconds.
    :param report: gets a line now and then while it goes on.
    :raises LoginError: it did not let us in.
    """
    start = clock()
    answered: float | None = None
    attempts = 0
    while True:
        attempts += 1
        said = attempt()
        now = clock()
        if not said:
            return Login(attempts=attempts, elapsed=now - start)
        obstacle = find_obstacle(said)
        if obstacle.patience is not Patience.SHORT:
            answered = None
        elif answered is None:
            answered = now
        deadline = _deadline(obstacle, start=start, answered=answered, timeout=timeout, login_timeout=login_timeout)
        if now + interval > deadline:
            raise _login_error(obstacle, target=target, said=said, waited=now - start)
        report(f"{target}: {_reason(said)}; waiting since {now - start:.0f} s, at most until {deadline - start:.0f} s")
        sleep(interval)


def _deadline(
    obstacle: Obstacle, *, start: float, answered: float | None, timeout: float, login_timeout: float
) -> float:
    if obstacle.patience is Patience.NONE:
        return start
    if answered is None:
        return start + timeout
    return min(start + timeout, answered + login_timeout)


def _login_error(obstacle: Obstacle, *, target: Target, said: str, waited: float) -> LoginError:
    key = target.key_file or "that the SSH client has chosen"
    problem = obstacle.problem.format(target=target, key=key, said=_reason(said))
    if obstacle.patience is not Patience.NONE:
        problem += f" (waited {waited:.0f} s)"
    return LoginError(problem, obstacle.remedy)


def _reason(said: str) -> str:
    """The line of an SSH client's output that says most, without Ansible's own words before it."""
    lines = [line.strip() for line in said.splitlines() if line.strip() and not line.startswith("debug")]
    return lines[-1].removeprefix("Failed to connect to the host via ssh: ").rstrip(".") if lines else "without a word"
