# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""IAM actions that ministack does not know and whose true answer here is an empty list.

C(amazon.aws.iam_user) asks for all that hangs on a user before it removes one; nothing in the sandbox makes these.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ministack.services import iam

#: Action, and the name of the list in its answer.
EMPTY_LISTS = {
    "ListSSHPublicKeys": "SSHPublicKeys",
    "ListServiceSpecificCredentials": "ServiceSpecificCredentials",
    "ListSigningCertificates": "Certificates",
}


def install() -> None:
    """Teach ministack these actions, unless it has learned them."""
    for action, name in EMPTY_LISTS.items():
        iam._IAM_HANDLERS.setdefault(action, _empty(action, name))


def _empty(action: str, name: str) -> Callable[[Any], Any]:
    result = f"<{action}Result><{name}></{name}><IsTruncated>false</IsTruncated></{action}Result>"
    return lambda _params: iam._xml(200, f"{action}Response", result, ns="iam")
