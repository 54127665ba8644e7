# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host keys of an instance, from what it wrote on its console when it booted.

The console is read through EC2's API, so the answer is vouched for by AWS, and by nobody on the way to the instance.
That is what makes the very first login one to a machine that is known.

Source of the format: cloud-init, module C(keys_to_console), and its script C(write-ssh-key-fingerprints).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from ansible_collections.asesoria.serverless.plugins.module_utils._aws.errors import error_code
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

_BLOCK = re.compile(
    r"-----BEGIN SSH HOST KEY KEYS-----(?P<keys>(?:(?!-----BEGIN SSH HOST KEY).)*?)-----END SSH HOST KEY KEYS-----",
    re.DOTALL,
)
_KEY = re.compile(r"(?<!\S)(?P<kind>ssh-ed25519|ecdsa-sha2-nistp(?:256|384|521)|ssh-rsa) (?P<key>[A-Za-z0-9+/]+={0,2})")
#: Bytes of the number before each field of a key.
_LENGTH = 4
#: What EC2 answers for machines whose console can't be read while they run.
_NOT_LATEST = "UnsupportedOperation"


class HostKeyError(ServerlessError):
    """The host keys can't be had."""


class Console(Protocol):
    """What is used of boto3's client of C(ec2)."""

    def get_console_output(self, *, InstanceId: str, Latest: bool = False) -> Any:  # noqa: N803 - the API's own names
        """Answer with C(Output), if there is any yet."""


@dataclass(frozen=True, order=True)
class HostKey:
    """A public key that an SSH server shows.

    :param kind: C(ssh-ed25519) and the like.
    :param key: in base64.
    """

    kind: str
    key: str


@dataclass(frozen=True)
class Clock:
    """Time, which tests have at their command.

    :param now: seconds, from any start.
    :param sleep: waits for seconds.
    """

    now: Callable[[], float]
    sleep: Callable[[float], None]


def read_host_keys(console: str) -> tuple[HostKey, ...]:
    """The host keys that the last complete list on a console names, sorted; none if there is no such list.

    A line that was damaged on its way, which a console's may be, is left out.
    """
    blocks = list(_BLOCK.finditer(console))
    if not blocks:
        return ()
    found = {HostKey(match["kind"], match["key"]) for match in _KEY.finditer(blocks[-1]["keys"])}
    return tuple(sorted(key for key in found if _is_whole(key)))


def wait_for_host_keys(
    ec2: Console, *, instance: str, timeout: float, interval: float, clock: Clock
) -> tuple[HostKey, ...]:
    """Read an instance's console until its host keys are there.

    :param ec2: client of EC2.
    :param instance: the instance's identifier.
    :param timeout: seconds after which to give up; the console is read once in any case.
    :param interval: seconds between two looks.
    :param clock: what tells the time.
    :raises HostKeyError: they were not there in time.
    """
    end = clock.now() + timeout
    while True:
        console = _console(ec2, instance)
        keys = read_host_keys(console)
        if keys:
            return keys
        if clock.now() + interval > end:
            break
        clock.sleep(interval)
    said = "it shows nothing at all" if not console.strip() else "what it shows has no list of host keys"
    raise HostKeyError(
        f"the console of {instance} did not tell its SSH host keys within {timeout:.0f} s: {said}",
        "Wait longer (timeout), see in the console's output whether it has booted, or write its host keys into the "
        f"known_hosts file yourself, under the name {instance}",
    )


def _console(ec2: Console, instance: str) -> str:
    try:
        answer = ec2.get_console_output(InstanceId=instance, Latest=True)
    except Exception as error:
        # Without botocore's class, which need not be there when this file is imported.
        if error_code(error) != _NOT_LATEST:
            raise
        answer = ec2.get_console_output(InstanceId=instance)
    return str(answer.get("Output") or "")


def _is_whole(key: HostKey) -> bool:
    """Whether the key is one of the kind that it says (RFC 4253, section 6.6)."""
    try:
        content = base64.b64decode(key.key, validate=True)
    except binascii.Error:
        return False
    fields = []
    while content:
        start, end = _LENGTH, _LENGTH + int.from_bytes(content[:_LENGTH], "big")
        if len(content) < end:
            return False
        fields.append(content[start:end])
        content = content[end:]
    return len(fields) > 1 and fields[0] == key.kind.encode()
