# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The forms of an access key as text."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable

import pytest
import yaml
from ansible_collections.asesoria.serverless.plugins.module_utils import _key_copy_text as text
from ansible_collections.asesoria.serverless.plugins.module_utils._key_copy import Key, KeyCopyError
from hypothesis import given
from hypothesis import strategies as st

KEY = Key(
    owner="arn:aws:iam::123456789012:user/asesoria",
    key_id="AKIAIOSFODNN7EXAMPLE",
    secret="wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLE+=",
)
CSV = (
    "User name,Password,Access key ID,Secret access key,Console login link\r\n"
    "asesoria,,AKIAIOSFODNN7EXAMPLE,wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLE+=,"
    "https://123456789012.signin.aws.amazon.com/console\r\n"
)
FORMS: list[tuple[Callable[[Key], str], Callable[[str], Key | None]]] = [
    (text.to_csv, text.from_csv),
    (text.to_yaml, text.from_yaml),
    (text.to_pass, text.from_pass),
    (text.to_json, text.from_json),
]


@pytest.mark.parametrize(("write", "read"), FORMS)
@given(
    # IAM: names of users, and what AWS makes keys and secrets of; a comma is looked at below.
    user=st.from_regex(r"[A-Za-z0-9_+=.@-]{1,64}", fullmatch=True),
    partition=st.sampled_from(["aws", "aws-cn", "aws-us-gov"]),
    account=st.from_regex(r"[0-9]{12}", fullmatch=True),
    key_id=st.from_regex(r"AKIA[A-Z2-7]{16}", fullmatch=True),
    secret=st.from_regex(r"[A-Za-z0-9/+=]{40}", fullmatch=True),
)
def test_what_is_written_is_read_back(
    write: Callable[[Key], str],
    read: Callable[[str], Key | None],
    user: str,
    partition: str,
    account: str,
    key_id: str,
    secret: str,
) -> None:
    key = Key(owner=f"arn:{partition}:iam::{account}:user/{user}", key_id=key_id, secret=secret)
    assert read(write(key)) == key


@pytest.mark.parametrize(("_write", "read"), FORMS)
@given(st.text())
def test_nothing_else_is_taken_for_a_key(
    _write: Callable[[Key], str], read: Callable[[str], Key | None], found: str
) -> None:
    assert read(found) is None


def test_csv_is_that_of_the_console() -> None:
    assert text.to_csv(KEY) == CSV
    assert next(csv.DictReader(CSV.splitlines()))["Secret access key"] == KEY.secret


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (CSV, KEY),
        (CSV.replace("\r\n", "\n"), KEY),
        ("\ufeff" + CSV, KEY),
        ("", None),
        (CSV + "berta,,AKIA1,x,https://123456789012.signin.aws.amazon.com/console\r\n", None),
        (CSV.replace("asesoria,,", "asesoria,password,"), None),
        (CSV.replace("signin.aws.amazon.com", "example.org"), None),
        (CSV.replace("Password,", ""), None),
        ("Access key ID,Secret access key\r\nAKIAIOSFODNN7EXAMPLE,secret\r\n", None),
    ],
)
def test_csv_is_read(found: str, wanted: Key | None) -> None:
    assert text.from_csv(found) == wanted


@pytest.mark.parametrize("owner", ["arn:aws:iam::123456789012:user/a,b", "arn:aws-iso:iam::123456789012:user/a", "ana"])
def test_csv_has_no_place_for_it(owner: str) -> None:
    with pytest.raises(KeyCopyError, match="has no place in a CSV file"):
        text.to_csv(Key(owner=owner, key_id="AKIA", secret="s"))


def test_others_read_it_too() -> None:
    wanted = {"aws_iam_user": KEY.owner, "aws_access_key_id": KEY.key_id, "aws_secret_access_key": KEY.secret}
    assert yaml.safe_load(text.to_yaml(KEY)) == json.loads(text.to_json(KEY)) == wanted
    assert text.to_pass(KEY).splitlines()[0] == KEY.secret


@pytest.mark.parametrize(
    "found",
    [
        text.to_yaml(KEY) + 'more: "x"\n',
        text.to_yaml(KEY) + "# mine\n",
        text.to_yaml(KEY).replace("---\n", ""),
        text.to_yaml(KEY).replace(KEY.secret, ""),
    ],
)
def test_what_somebody_has_added_to_is_theirs(found: str) -> None:
    assert text.from_yaml(found) is None


def test_the_secret_is_in_no_text_about_the_key() -> None:
    assert KEY.secret not in repr(KEY) + str(KEY)
