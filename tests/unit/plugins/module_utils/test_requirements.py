# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._requirements import (
    RequirementsError,
    SpecifierError,
    check_specifiers,
    index_environment,
    local_paths,
    read_requirements,
    redact,
)
from hypothesis import given
from hypothesis import strategies as st


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "requirements.txt"


@pytest.mark.parametrize(
    ("line", "text", "name", "kind"),
    [
        ("flask", "flask", "flask", "index"),
        ("Flask[async] >= 3 # web", "Flask[async] >= 3", "Flask", "index"),
        ('flask; python_version < "3.12"', 'flask; python_version < "3.12"', "flask", "index"),
        ("flask==3.1 --hash=sha256:abc", "flask==3.1", "flask", "index"),
        ("flask==3.1 \\\n  --hash=sha256:abc \\\n  --hash=sha256:def", "flask==3.1", "flask", "index"),
        ("flask @ https://h/f.whl", "flask @ https://h/f.whl", "flask", "url"),
        ("https://h/f-1-py3-none-any.whl", "https://h/f-1-py3-none-any.whl", "", "url"),
        ("git+https://h/f.git#egg=f", "git+https://h/f.git#egg=f", "", "url"),
        ("./mine", "./mine", "", "path"),
        ("mine-1.0.tar.gz", "mine-1.0.tar.gz", "mine-1.0.tar.gz", "path"),
        ("mine @ file:///home/me", "mine @ file:///home/me", "mine", "path"),
        ("-e .", ".", "", "editable"),
        ("--editable=./mine", "./mine", "", "editable"),
    ],
)
def test_kinds(file: Path, line: str, text: str, name: str, kind: str) -> None:
    file.write_text(f"\n# a comment\n{line}\n")
    (found,) = read_requirements(file).requirements
    assert (found.text, found.name, found.kind, found.line) == (text, name, kind, 3)
    assert found.place == f"{file}, line 3"


def test_includes_are_read_once_and_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    main, base = tmp_path / "sub" / "main.txt", tmp_path / "base.txt"
    main.write_text("-r ../base.txt\n--requirement=../base.txt\n-c limits.txt\nflask\n")
    base.write_text("click\n-r sub/main.txt\n")
    (tmp_path / "sub" / "limits.txt").write_text("werkzeug<4\n")
    read = read_requirements(main)
    assert read.files == (main, base, tmp_path / "sub" / "limits.txt")
    assert [requirement.name for requirement in read.requirements] == ["click", "flask"]


@pytest.mark.parametrize("content", [b"flask\r\nclick\r\n", b"\xef\xbb\xbfflask\nclick", b"flask\n\n\nclick\n"])
def test_line_ends_and_byte_order_mark(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert [requirement.name for requirement in read_requirements(file).requirements] == ["flask", "click"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "requirements file {file} does not exist. Correct the path or write the file."),
        (b"", "requirements file {file} names no package. Put one package a line into it, flask for instance."),
        (
            b"# flask\n\n",
            "requirements file {file} names no package. Put one package a line into it, flask for instance.",
        ),
        (b"\xff\xfe\x00", "requirements file {file} is not UTF-8 text. Save it as UTF-8."),
        (b"flask\n--flask\n", "{file}, line 2: pip knows no option --flask for a requirements file. Remove the line."),
        (b"--pre=yes\nflask", "{file}, line 1: option --pre takes no value. Correct the line."),
        (b"--index-url\nflask", "{file}, line 1: option --index-url needs a value. Correct the line."),
        (b"-r\nflask", "{file}, line 1: option -r needs a file. Correct the line."),
        (
            b"---\nflask",
            "{file}, line 1: '---' is neither a requirement nor an option of pip. Correct the line.",
        ),
        (
            b"-r https://me:secret@h/r.txt\n",
            "{file}, line 1: https://****@h/r.txt is included by its address. Include a file beside this one.",
        ),
        (
            b"flask\n-r nix.txt\n",
            (
                "requirements file {folder}/nix.txt, which {file} includes in line 2, does not exist. "
                "Correct the path or write the file."
            ),
        ),
        (
            b"flask\n-c .\n",
            "constraints file {folder}, which {file} includes in line 2, is a folder. Name the file in it.",
        ),
    ],
)
def test_bad_input_is_named_with_its_place(file: Path, content: bytes | None, message: str) -> None:
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(RequirementsError) as caught:
        read_requirements(file)
    assert str(caught.value) == message.format(file=file, folder=file.parent)


def test_constraints_may_be_empty_and_install_nothing(file: Path) -> None:
    file.write_text("")
    assert read_requirements(file, constraints=True).requirements == ()
    file.write_text("flask<4\n")
    assert read_requirements(file, constraints=True).requirements == ()


def test_specifiers_are_all_checked(file: Path) -> None:
    file.write_text("flask\nserverless wsgi\nbad! @ https://me:secret@h/x\nhttps://h/x.whl\n-e .\n")

    def parse(text: str) -> None:
        if text != "flask":
            raise SpecifierError("no")

    assert check_specifiers(read_requirements(file), parse=parse) == [
        f"{file}, line 2: 'serverless wsgi' is not a requirement (no)",
        f"{file}, line 3: 'bad! @ https://****@h/x' is not a requirement (no)",
    ]


def test_local_paths(file: Path) -> None:
    file.write_text("flask\n./mine\n-e .\n")
    assert [item.line for item in local_paths(read_requirements(file))] == [2, 3]


def normalized(file: Path, text: str) -> tuple[str, ...]:
    file.write_text(text)
    return read_requirements(file).normalized


def test_comments_blanks_and_passwords_do_not_count(file: Path) -> None:
    first = normalized(file, "--index-url https://me:one@h/simple\nflask  >= 3 # web\n")
    second = normalized(file, "# changed\n\n--index-url=https://me:two@h/simple\n\nflask >= 3")
    assert first == second
    assert not any("one" in line or "two" in line for line in first)


@pytest.mark.parametrize(
    "other",
    [
        "flask>=4\n",
        "flask >= 3\nclick\n",
        "--pre\nflask >= 3\n",
        "--index-url https://x/\nflask >= 3\n",
        "-e flask >= 3\n",
    ],
)
def test_everything_else_counts(file: Path, other: str) -> None:
    assert normalized(file, "flask >= 3\n") != normalized(file, other)


def test_a_constraint_is_not_a_requirement(file: Path) -> None:
    (file.parent / "other.txt").write_text("click<9\n")
    assert normalized(file, "flask\n-c other.txt\n") != normalized(file, "flask\n-r other.txt\n")


def test_index_options_become_variables(file: Path) -> None:
    file.write_text(
        "-i https://${USER_NAME}@h/simple\n--extra-index-url https://a\n--extra-index-url https://b\n--no-index\nx\n"
    )
    base = {"USER_NAME": "me", "PIP_EXTRA_INDEX_URL": "https://z"}
    assert index_environment(read_requirements(file), base=base) == {
        "PIP_INDEX_URL": "https://me@h/simple",
        "PIP_EXTRA_INDEX_URL": "https://z https://a https://b",
        "PIP_NO_INDEX": "1",
    }


@given(
    user=st.from_regex(r"[a-z0-9%_.~-]{1,20}", fullmatch=True), secret=st.from_regex(r"[A-Z]{12,20}", fullmatch=True)
)
def test_no_password_survives(user: str, secret: str) -> None:
    for text in (f"https://{user}:{secret}@h/simple x", f"git+ssh://{secret}@h/p", f"'http://{user}:{secret}@h'"):
        assert secret not in redact(text)
    assert redact("https://h/simple?a=b@c") == "https://h/simple?a=b@c"
