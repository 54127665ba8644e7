# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""IAM actions that ministack does not know.

C(amazon.aws.iam_user) asks for all that hangs on a user before it removes one; nothing in the sandbox makes these, so
an empty list is the true answer. C(amazon.aws.iam_managed_policy) makes another version of a policy the default one.
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
    iam._IAM_HANDLERS.setdefault("SetDefaultPolicyVersion", _set_default_policy_version)


def _empty(action: str, name: str) -> Callable[[Any], Any]:
    result = f"<{action}Result><{name}></{name}><IsTruncated>false</IsTruncated></{action}Result>"
    return lambda _params: iam._xml(200, f"{action}Response", result, ns="iam")


def _set_default_policy_version(params: Any) -> Any:
    policy = iam._policies.get(iam._p(params, "PolicyArn"))
    chosen = iam._p(params, "VersionId")
    if policy is None or chosen not in policy["Versions"]:
        return iam._error(404, "NoSuchEntity", "There is no such policy, or no such version of it.", ns="iam")
    for version in policy["Versions"].values():
        version["IsDefaultVersion"] = version["VersionId"] == chosen
    policy["DefaultVersionId"] = chosen
    return iam._xml(200, "SetDefaultPolicyVersionResponse", "", ns="iam")
