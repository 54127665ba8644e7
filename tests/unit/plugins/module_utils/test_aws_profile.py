# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A profile within a text: found as botocore finds it, written and removed without touching anything else."""

from __future__ import annotations

import configparser
from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._aws_profile import (
    Kind,
    ProfileFileError,
    check_name,
    find_profile,
    first_line,
    folders_of_leftover,
    put_profile,
    remove_profile,
)
from botocore.configloader import load_config, raw_config_parse
from hypothesis import given
from hypothesis import strategies as st

OWNER = "arn:aws:iam::123456789012:user/asesoria"
VALUES = {"aws_access_key_id": "AKIANEW", "aws_secret_access_key": "s3cr3t/+="}

OTHERS = [
    "",
    "\n",
    "# a comment\n",
    "[default]\naws_access_key_id = A\naws_secret_access_key = B\n",
    "[default]\naws_access_key_id = A",
    "[default]\r\naws_access_key_id=A\r\n\r\n; end\r\n",
    "[default]\r\naws_access_key_id=A",
    "[other]\ns3 =\n  addressing_style = path\n  [asesoria]\n\n# about what follows\n[third]\nx = y\n\n\n",
    "[a]\rx=1\r",
    "[asesoria2]\nx = 1\n[profile asesoria2]\ny = 2\n",
    "[caf\u00e9]\nx = \udce9\n",
]


def sections(text: str, path: Path) -> dict[str, dict[str, str]]:
    """What botocore makes of a text."""
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    parsed: dict[str, dict[str, str]] = raw_config_parse(str(path), parse_subsections=False)
    return parsed


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("text", OTHERS)
def test_what_was_written_can_be_taken_out_without_a_trace(text: str, kind: Kind) -> None:
    written = put_profile(text, "asesoria", VALUES, kind=kind, owner=OWNER)
    assert written.startswith(text)
    section = find_profile(written, "asesoria", kind=kind)
    assert section is not None
    assert section.options == VALUES
    assert section.owner == OWNER
    assert remove_profile(written, "asesoria", kind=kind) == text


@pytest.mark.parametrize("text", [text for text in OTHERS if "\udce9" not in text])
def test_botocore_reads_what_was_written(text: str, tmp_path: Path) -> None:
    written = put_profile(text, "asesoria", VALUES, kind=Kind.CREDENTIALS, owner=OWNER)
    assert sections(written, tmp_path / "new") == {**sections(text, tmp_path / "old"), "asesoria": VALUES}


@pytest.mark.parametrize("name", ["asesoria", "default", "a b", "team/dev-1", "me@home"])
def test_botocore_finds_the_profile_of_the_config_file(name: str, tmp_path: Path) -> None:
    path = tmp_path / "config"
    path.write_text(put_profile("", name, {"region": "us-east-1"}, kind=Kind.CONFIG, owner=OWNER), encoding="utf-8")
    assert load_config(str(path))["profiles"] == {name: {"region": "us-east-1"}}


LINE = st.sampled_from(
    [
        "[default]",
        "[other]",
        "[profile other]",
        "[asesoria]",
        "[profile asesoria]",
        "  [indented]",
        "# comment",
        "; [commented]",
        "",
        "   ",
        "region = us-east-1",
        "a=b",
        "key: value",
        "s3 =",
        "  nested = 1",
        "  aws_access_key_id = AKIANESTED",
        "\tmore",
        "aws_access_key_id = AKIAOLD",
        "aws_secret_access_key=old",
        "# asesoria.serverless: somebody",
    ]
)
NEWLINE = st.sampled_from(["\n", "\r\n", "\r"])
TEXT = st.tuples(st.lists(st.tuples(LINE, NEWLINE)), st.one_of(st.just(""), LINE)).map(
    lambda parts: "".join(line + newline for line, newline in parts[0]) + parts[1]
)


@given(text=TEXT, kind=st.sampled_from(Kind))
def test_any_text_without_the_profile_comes_back_byte_for_byte(text: str, kind: Kind) -> None:
    if find_profile(text, "asesoria", kind=kind) is not None:
        return
    written = put_profile(text, "asesoria", VALUES, kind=kind, owner=OWNER)
    assert written.startswith(text)
    assert remove_profile(written, "asesoria", kind=kind) == text


@given(text=TEXT, kind=st.sampled_from(Kind))
def test_writing_twice_is_writing_once(text: str, kind: Kind) -> None:
    written = put_profile(text, "asesoria", VALUES, kind=kind, owner=OWNER)
    section = find_profile(written, "asesoria", kind=kind)
    assert section is not None
    assert section.owner == OWNER
    assert {key: section.options[key] for key in VALUES} == VALUES
    assert put_profile(written, "asesoria", VALUES, kind=kind, owner=OWNER) is written


@given(before=TEXT, after=TEXT, kind=st.sampled_from(Kind))
def test_nothing_outside_of_the_section_changes(before: str, after: str, kind: Kind) -> None:
    name = "asesoria" if kind is Kind.CREDENTIALS else "profile asesoria"
    own = f"[{name}]\naws_access_key_id = AKIAOLD\naws_secret_access_key = old\nmfa_serial = 1\n"
    before = before if before.endswith(("\n", "\r")) or not before else before + "\n"
    after = "[next]\n" + after
    text = before + own + after
    if find_profile(before, "asesoria", kind=kind) is not None:
        return
    written = put_profile(text, "asesoria", VALUES, kind=kind, owner=OWNER)
    assert written.startswith(before)
    assert written.endswith(after)
    changed = find_profile(written, "asesoria", kind=kind)
    assert changed is not None
    assert changed.options == {**VALUES, "mfa_serial": "1"}
    assert remove_profile(written, "asesoria", kind=kind) == before + after


@given(text=TEXT)
def test_the_profile_is_found_where_configparser_finds_it(text: str) -> None:
    parser = configparser.RawConfigParser(strict=False)
    # Opening a file for reading turns every line ending into this one.
    try:
        parser.read_string(text.replace("\r\n", "\n").replace("\r", "\n"))
    except configparser.Error:
        return
    section = find_profile(text, "asesoria", kind=Kind.CREDENTIALS)
    assert (section is not None) == parser.has_section("asesoria")
    if section is not None and text.count("[asesoria]") == 1:
        assert section.options == {
            key: (value or "").split("\n")[0] for key, value in parser.items("asesoria") if value is not None
        }


def test_only_the_lines_that_differ_are_changed() -> None:
    text = (
        "[x]\r\n# mine\r\n[asesoria]\r\n"
        f"# asesoria.serverless: {OWNER}\r\n"
        "aws_access_key_id=AKIAOLD\r\n# note\r\ncli_pager =\r\n  less\r\naws_secret_access_key = old\r\n\r\n"
        "# about y\r\n[y]"
    )
    assert put_profile(text, "asesoria", VALUES, kind=Kind.CREDENTIALS, owner=OWNER) == (
        "[x]\r\n# mine\r\n[asesoria]\r\n"
        f"# asesoria.serverless: {OWNER}\r\n"
        "aws_access_key_id = AKIANEW\r\n# note\r\ncli_pager =\r\n  less\r\naws_secret_access_key = s3cr3t/+=\r\n\r\n"
        "# about y\r\n[y]"
    )


def test_a_value_that_went_on_in_the_next_line_is_replaced_as_a_whole() -> None:
    text = "[profile asesoria]\nregion =\n  us-east-1\n  us-east-2\noutput = json\n"
    assert put_profile(text, "asesoria", {"region": "eu-west-1"}, kind=Kind.CONFIG, owner=OWNER) == (
        f"[profile asesoria]\n# asesoria.serverless: {OWNER}\nregion = eu-west-1\noutput = json\n"
    )


def test_an_option_that_is_there_twice_is_set_in_both_places() -> None:
    text = "[profile asesoria]\nregion = us-east-1\nregion = us-east-2\n"
    assert put_profile(text, "asesoria", {"region": "eu-west-1"}, kind=Kind.CONFIG, owner=OWNER) == (
        f"[profile asesoria]\n# asesoria.serverless: {OWNER}\nregion = eu-west-1\nregion = eu-west-1\n"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[asesoria]\n  a = 1\n  b = 2\n", "  a = 3\n  b = 2\n  c = 4\n"),
        ("[asesoria]\n  [next]\n  a = 1\n", "  a = 3\n  c = 4\n  [next]\n  a = 1\n"),
        ("[asesoria]\n# note\n[next]\n", "a = 3\nc = 4\n# note\n[next]\n"),
    ],
)
def test_a_line_never_becomes_a_part_of_the_value_before_it(text: str, expected: str) -> None:
    assert put_profile(text, "asesoria", {"a": "3", "c": "4"}, kind=Kind.CREDENTIALS, owner=OWNER) == (
        f"[asesoria]\n# asesoria.serverless: {OWNER}\n{expected}"
    )


def test_a_comment_about_the_next_section_stays_when_the_profile_goes() -> None:
    text = "[asesoria]\na = 1\n\n# about y\n[y]\nb = 2\n"
    assert remove_profile(text, "asesoria", kind=Kind.CREDENTIALS) == "\n# about y\n[y]\nb = 2\n"


@pytest.mark.parametrize(
    ("text", "kind", "found"),
    [
        ("[asesoria]\n", Kind.CREDENTIALS, True),
        ("[profile asesoria]\n", Kind.CREDENTIALS, False),
        ("[profile asesoria]\n", Kind.CONFIG, True),
        ('[profile "asesoria"]\n', Kind.CONFIG, True),
        ("[profile   asesoria]\n", Kind.CONFIG, True),
        ("[asesoria]\n", Kind.CONFIG, False),
        ("[profile asesoria extra]\n", Kind.CONFIG, False),
        ("[profile 'asesoria]\n", Kind.CONFIG, False),
        ("[sso-session asesoria]\n", Kind.CONFIG, False),
        ("# [asesoria]\n", Kind.CREDENTIALS, False),
        ("[x]\na = 1\n  [asesoria]\n", Kind.CREDENTIALS, False),
        ("[x]\n  [asesoria]\n", Kind.CREDENTIALS, True),
        ("[asesoria] # trailing\n", Kind.CREDENTIALS, True),
    ],
)
def test_where_a_profile_is(text: str, kind: Kind, found: bool) -> None:
    assert (find_profile(text, "asesoria", kind=kind) is not None) is found


@pytest.mark.parametrize("name", ["", " ", "a]", "a\nb", "#a", "a=b", "'a", "a\\b", " a", "a "])
def test_a_name_that_would_change_the_meaning_of_the_file_is_refused(name: str) -> None:
    with pytest.raises(ProfileFileError) as caught:
        check_name(name)
    assert str(caught.value) == (
        f"{name!r} can't be the name of an AWS profile. Use letters, digits and the characters - _ . @ + /."
    )


def test_a_file_that_was_made_here_is_known_by_its_first_line() -> None:
    text = put_profile(first_line(folders=2), "asesoria", VALUES, kind=Kind.CREDENTIALS, owner=OWNER)
    assert folders_of_leftover(text) is None
    assert folders_of_leftover(remove_profile(text, "asesoria", kind=Kind.CREDENTIALS)) == 2
    assert folders_of_leftover(first_line(folders=0)) == 0
    assert folders_of_leftover("") is None
    assert folders_of_leftover(first_line(folders=0) + "[default]\n") is None
