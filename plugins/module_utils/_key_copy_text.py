# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An access key as text: a CSV of AWS's console, variables in YAML, an entry of C(pass), JSON.

Each form can be read back, and what does not have exactly this form is no copy of a key.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from ansible_collections.asesoria.serverless.plugins.module_utils._aws_profile_files import KEY_ID, SECRET
from ansible_collections.asesoria.serverless.plugins.module_utils._key_copy import Key, KeyCopyError

#: What names the user in YAML, JSON and C(pass).
OWNER = "aws_iam_user"
_NAMES = (OWNER, KEY_ID, SECRET)

# What the console gave for a new user, and what "aws configure import" reads (AWS CLI 2,
# awscli/customizations/configure/importer.py): it takes the columns by their names, apart from commas, without quotes.
_CSV_HEADER = "User name,Password,Access key ID,Secret access key,Console login link"
# AWS IAM User Guide, "How IAM users sign in to AWS"; the two other partitions have their own.
_SIGN_IN = {
    "aws": "signin.aws.amazon.com",
    "aws-cn": "signin.amazonaws.cn",
    "aws-us-gov": "signin.amazonaws-us-gov.com",
}
_OWNER = re.compile(r"arn:(?P<partition>[a-z-]+):iam::(?P<account>\d+):user/(?P<user>.+)")
_LINK = re.compile(r"https://(?P<account>\d+)\.(?P<host>[a-z.-]+)/console")
_YAML_LINE = re.compile(r'(?P<name>\w+): "(?P<value>[^"\\]*)"')


def to_csv(key: Key) -> str:
    """As AWS's console writes it.

    :raises KeyCopyError: the user's name does not fit in.
    """
    owner = _OWNER.fullmatch(key.owner)
    if owner is None or owner["partition"] not in _SIGN_IN or "," in owner["user"]:
        raise KeyCopyError(
            f"{key.owner} has no place in a CSV file of AWS's form, which knows no commas in a name",
            "Choose another kind of copy",
        )
    link = f"https://{owner['account']}.{_SIGN_IN[owner['partition']]}/console"
    return f"{_CSV_HEADER}\r\n{owner['user']},,{key.key_id},{key.secret},{link}\r\n"


def from_csv(text: str) -> Key | None:
    """What :func:`to_csv` has written."""
    match [line.split(",") for line in text.removeprefix("\ufeff").splitlines()]:
        case [header, [user, "", key_id, secret, link]] if header == _CSV_HEADER.split(","):
            owner = _owner(link, user=user)
            return Key(owner=owner, key_id=key_id, secret=secret) if owner and user and key_id and secret else None
    return None


def to_yaml(key: Key) -> str:
    """As a file of variables. No value has a quotation mark or a backslash in it."""
    return "---\n" + "".join(f'{name}: "{value}"\n' for name, value in _values(key).items())


def from_yaml(text: str) -> Key | None:
    """What :func:`to_yaml` has written."""
    start, *lines = text.splitlines() or [""]
    found = [_YAML_LINE.fullmatch(line) for line in lines]
    pairs = [(line["name"], line["value"]) for line in found if line]
    return _key(dict(pairs)) if start == "---" and len(pairs) == len(found) else None


def to_pass(key: Key) -> str:
    """As an entry of C(pass): the secret is the first line, which it can put on the clipboard."""
    return f"{key.secret}\n{KEY_ID}: {key.key_id}\n{OWNER}: {key.owner}\n"


def from_pass(text: str) -> Key | None:
    """What :func:`to_pass` has written."""
    secret, *lines = text.splitlines() or [""]
    values = dict(line.split(": ", 1) for line in lines if ": " in line)
    return _key({**values, SECRET: secret}) if len(lines) == len(values) else None


def to_json(key: Key) -> str:
    """As a secret of AWS Secrets Manager, which shows the pairs of a JSON object one by one."""
    return json.dumps(_values(key))


def from_json(text: str) -> Key | None:
    """What :func:`to_json` has written."""
    try:
        values = json.loads(text)
    except ValueError:
        return None
    return _key(values) if isinstance(values, dict) else None


def _owner(link: str, *, user: str) -> str | None:
    """Who signs in by a link of the console."""
    partitions = {host: partition for partition, host in _SIGN_IN.items()}
    found = _LINK.fullmatch(link)
    if found is None or found["host"] not in partitions:
        return None
    return f"arn:{partitions[found['host']]}:iam::{found['account']}:user/{user}"


def _values(key: Key) -> dict[str, str]:
    return dict(zip(_NAMES, (key.owner, key.key_id, key.secret), strict=True))


def _key(values: Mapping[str, object]) -> Key | None:
    if sorted(values) != sorted(_NAMES) or not all(isinstance(value, str) and value for value in values.values()):
        return None
    return Key(owner=str(values[OWNER]), key_id=str(values[KEY_ID]), secret=str(values[SECRET]))
