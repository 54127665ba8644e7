# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Secrets that stand in a template as they are, where everybody reads them who may look at the stack or the function.

Told by names and by forms that are never anything else; a value itself is never repeated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_NAME = re.compile(
    r"(?:^|_)(?:password|passwd|pwd|passphrase|secret|secrets|token|api_?key|private_?key|access_?key|credentials?)(?:_|$)",
    re.IGNORECASE,
)
#: What a name ends in that only says where the secret is.
_WHEREABOUTS = re.compile(r"_(?:arn|id|name|path|file|parameter|param|ref|header|ttl|url|uri)$", re.IGNORECASE)
#: References that something else resolves: CloudFormation's dynamic ones, ARNs, names of parameters.
_REFERENCE = re.compile(r"\{\{resolve:|arn:|/|ssm:|secretsmanager:")
_FORMS = {
    "an access key of AWS": re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "an address with a password": re.compile(r"\b[a-z][a-z0-9+.-]*://[^/\s:@]+:[^/\s:@{]+@", re.IGNORECASE),
}
_FEWEST_CHARACTERS = 4


def plain_secrets(template: Mapping[str, Any]) -> Iterator[str]:
    """Say which environment variables of a template's functions look like secrets, one sentence each.

    :param template: a CloudFormation template.
    """
    for resource in template.get("Resources", {}).values():
        if resource.get("Type") != "AWS::Lambda::Function":
            continue
        properties = resource.get("Properties", {})
        variables = properties.get("Environment", {}).get("Variables", {})
        for name, value in sorted(variables.items()):
            what = _secret(name, value)
            if what:
                yield (
                    f"The environment variable {name} of the function {properties.get('FunctionName', '')} looks like "
                    f"{what} in plain text, which all can read who may look at the stack or the function. Let the "
                    "function read it from Systems Manager or Secrets Manager, and give it the name only."
                )


def _secret(name: str, value: object) -> str:
    """What a variable looks like, empty if it is none."""
    # What is no text, CloudFormation makes of something else.
    if not isinstance(value, str):
        return ""
    for what, form in _FORMS.items():
        if form.search(value):
            return what
    tells = _NAME.search(name) and not _WHEREABOUTS.search(name)
    plain = len(value) >= _FEWEST_CHARACTERS and not _REFERENCE.match(value)
    return "a secret" if tells and plain else ""
