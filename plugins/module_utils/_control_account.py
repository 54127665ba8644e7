# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What AWS says before a run: whose credentials these are, what time it is, and how much room the quotas leave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from ansible_collections.asesoria.serverless.plugins.module_utils._aws_identity import CredentialsError, Identity
from ansible_collections.asesoria.serverless.plugins.module_utils._aws_quotas import (
    LAYER_STORAGE_CODE,
    Usage,
    vcpu_code,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._check import (
    OK,
    PROBLEM,
    UNKNOWN,
    WARNING,
    Check,
    refusal,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import MAX_UNZIPPED_BYTES

#: Seconds between this clock and AWS's beyond which AWS refuses signatures: IAM User Guide, "Signing AWS API requests",
#: read on 2026-11-25.
MAX_SKEW = 300
#: Seconds that a clock which is set by the network does not get to.
ODD_SKEW = 60
CREDENTIALS, CLOCK, CODE_STORAGE, VCPUS = "credentials", "clock", "lambda storage", "ec2 vcpus"
NOT_ASKED = "not known, because AWS was not asked"
_GIB = 1024**3


@dataclass(frozen=True)
class Asked:
    """What came of asking AWS who this is.

    :param identity: None if it was refused, or not asked.
    :param error: the refusal.
    """

    identity: Identity | None = None
    error: CredentialsError | None = None

    @property
    def answered(self) -> datetime | None:
        """What AWS's clock said; None if it did not."""
        known = self.identity or self.error
        return known.answered if known else None


def ask(identify: Callable[[], Identity]) -> Asked:
    """Ask AWS who this is.

    :param identify: does so, and raises CredentialsError if there are no credentials or AWS refuses them.
    """
    try:
        return Asked(identity=identify())
    except CredentialsError as error:
        return Asked(error=error)


def check_credentials(asked: Asked) -> Check:
    """Are there AWS credentials, and whose.

    :param asked: what AWS has said.
    """
    if asked.error:
        return refusal(CREDENTIALS, asked.error)
    if asked.identity is None:
        return Check(CREDENTIALS, UNKNOWN, NOT_ASKED)
    if asked.identity.is_root:
        return Check(
            CREDENTIALS,
            WARNING,
            f"{asked.identity.arn}, the owner of the account",
            "somebody whose rights have limits",
            "Use a user or a role of yours that may make users: nothing limits what the owner's key can do",
        )
    return Check(CREDENTIALS, OK, asked.identity.arn, "credentials that AWS accepts")


def check_clock(answered: datetime | None, *, now: datetime) -> Check:
    """Is this machine's clock near enough to AWS's.

    :param answered: what AWS's clock said, None if that is not known.
    :param now: what this one said when the answer came.
    """
    wanted = f"at most {MAX_SKEW} s off"
    if answered is None:
        return Check(CLOCK, UNKNOWN, "not known, because AWS has not said what time it is", wanted)
    seconds = round((now - answered).total_seconds())
    found = f"{abs(seconds)} s {'ahead of' if seconds > 0 else 'behind'} AWS's" if seconds else "the same as AWS's"
    if abs(seconds) <= ODD_SKEW:
        return Check(CLOCK, OK, found, wanted)
    return Check(
        CLOCK,
        PROBLEM if abs(seconds) > MAX_SKEW else WARNING,
        found,
        wanted,
        "Let the network set this machine's clock (timedatectl set-ntp true; in WSL: hwclock --hctosys), because AWS "
        "refuses what is signed too early or too late",
    )


def check_code_storage(usage: Callable[[], Usage]) -> Check:
    """Has Lambda room for one more layer and function.

    :param usage: asks AWS; raises ServerlessError if that can't be known.
    """
    wanted = f"{MAX_UNZIPPED_BYTES / _GIB:.2f} GiB left, the most that a function with its layers has"
    try:
        found = usage()
    except ServerlessError as error:
        return Check(CODE_STORAGE, UNKNOWN, error.problem, wanted, error.remedy)
    text = f"{found.used / _GIB:.2f} of {found.limit / _GIB:.2f} GiB used"
    if found.left >= MAX_UNZIPPED_BYTES:
        return Check(CODE_STORAGE, OK, text, wanted)
    return Check(
        CODE_STORAGE,
        WARNING if found.left > 0 else PROBLEM,
        text,
        wanted,
        "Delete versions of layers and functions that nothing uses (asesoria_layer_keep_versions), or ask for more in "
        f"Service Quotas, {LAYER_STORAGE_CODE}",
    )


def check_vcpus(usage: Callable[[], Usage], *, needed: int, spot: bool, required: bool) -> Check:
    """May the account start a builder.

    :param usage: asks AWS; raises ServerlessError if that can't be known.
    :param needed: vCPUs of the builders.
    :param spot: whether they come from the spot market.
    :param required: whether there is no other way to build.
    """
    wanted = f"{needed} left for the builder, if one has to be started"
    try:
        found = usage()
    except ServerlessError as error:
        return Check(VCPUS, UNKNOWN, error.problem, wanted, error.remedy)
    text = f"{found.used} of {found.limit} used"
    if found.left >= needed:
        return Check(VCPUS, OK, text, wanted)
    return Check(
        VCPUS,
        PROBLEM if required and found.limit < needed else WARNING,
        text,
        wanted,
        f"Stop instances that nobody needs, or ask for more in Service Quotas, {vcpu_code(spot=spot)}",
    )
