# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each check of the control node, with what will do and what will not."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import yaml
from ansible_collections.asesoria.serverless.plugins.module_utils import _control_node as node
from ansible_collections.asesoria.serverless.plugins.module_utils import _end_of_life
from ansible_collections.asesoria.serverless.plugins.module_utils._check import without

RUNTIME_FILE = Path(__file__).parents[4] / "meta" / "runtime.yml"
PYTHON = "/venv/bin/python"
MIB = 1024 * 1024
#: Before the last day of all releases.
TODAY = date(2025, 9, 1)


@pytest.mark.parametrize(
    ("version", "ok"),
    [
        ("2.18.19", False),
        ("2.19.0", True),
        ("2.19.0rc1", True),
        ("2.21.5", True),
        ("2.22.99.post0", True),
        ("2.23.0", False),
        ("2.23.0.dev0", False),
        ("3", False),
    ],
)
def test_ansible(version: str, ok: bool) -> None:
    check = node.check_ansible(version, requirement=">=2.19.0,<2.23.0", today=TODAY)
    assert check.ok is ok
    assert ok or check.problem == (
        f"ansible-core: found {version}, wanted >=2.19.0,<2.23.0. Run it from a virtual environment with such a "
        "version, "
        "for instance the one that make setup makes."
    )


@pytest.mark.parametrize(
    ("requirement", "ok"),
    [(">2.21", False), ("<=2.21", True), ("==2.21.5", True), ("!=2.21.5", False), (">=2.21.6", False)],
)
def test_every_comparison(requirement: str, ok: bool) -> None:
    assert node.check_ansible("2.21.5", requirement=requirement, today=TODAY).ok is ok


def test_a_requirement_that_is_none_is_a_mistake_of_the_collection() -> None:
    with pytest.raises(ValueError, match=r"^not a version requirement: '~=2\.17'$"):
        node.check_ansible("2.21.5", requirement="~=2.17", today=TODAY)


@pytest.mark.parametrize(
    ("version", "ok"), [((3, 9, 18), False), ((3, 10, 0), True), ((3, 13, 1, "final", 0), True), ((4, 0), True)]
)
def test_python(version: tuple[int, ...], ok: bool) -> None:
    assert node.check_python(version, interpreter=PYTHON).ok is ok


def test_python_says_which() -> None:
    assert node.check_python((3, 9, 18), interpreter="/usr/bin/python3").problem == (
        "python: found 3.9.18 (/usr/bin/python3), wanted 3.10 or newer. Set ansible_python_interpreter of localhost to "
        '"{{ ansible_playbook_python }}" or to a newer Python.'
    )


@pytest.mark.parametrize(
    ("found", "ok"),
    [(None, False), ("1.27.99", False), ("1.28.0", True), ("1.28", False), ("1.44.5", True), ("2", True)],
)
def test_library(found: str | None, ok: bool) -> None:
    check = node.check_library("boto3", found, minimum="1.28.0", interpreter=PYTHON)
    assert check.ok is ok
    assert ok or check.problem == (
        f"boto3: found {found or 'nothing'}, wanted 1.28.0 or newer in {PYTHON}. "
        f"{PYTHON} -m pip install 'boto3>=1.28.0'."
    )


@pytest.mark.parametrize(
    ("output", "ok"),
    [
        (None, False),
        ("", False),
        ("v18.20.4\n", False),
        ("v20.18.3\n", False),
        ("v20.19.0\n", True),
        ("v20.20.2\n", True),
        ("v21.7.3\n", False),
        ("v22.12.0\n", False),
        ("v22.13.0\n", True),
        ("v23.11.0\n", False),
        ("v24.0.0\n", True),
        ("v25.1.0\n", True),
        ("node: not a version\n", False),
    ],
)
def test_node(output: str | None, ok: bool) -> None:
    check = node.check_node(output, today=TODAY)
    assert check.ok is ok
    assert ok or check.problem == (
        f"node: found {(output or 'nothing').strip()}, wanted 20.19 or a later 20, 22.13 or a later 22, or 24 "
        "and later. "
        "Install the current long-term release of Node.js and see that it comes first on PATH."
    )


@pytest.mark.parametrize(
    ("day", "state", "ends"),
    [
        (date(2026, 9, 30), "ok", "2.19.4"),
        (date(2026, 10, 1), "warning", "2.19.4, which gets no updates after 2026-11-30"),
        (date(2026, 11, 30), "warning", "2.19.4, which gets no updates after 2026-11-30"),
        (date(2026, 12, 1), "warning", "2.19.4, which has had no updates since 2026-11-30"),
    ],
)
def test_an_ansible_at_its_end(day: date, state: str, ends: str) -> None:
    check = node.check_ansible("2.19.4", requirement=">=2.19.0,<2.23.0", today=day)
    assert (check.state, check.found) == (state, ends)


@pytest.mark.parametrize(
    ("version", "state"),
    [("v18.20.4", "problem"), ("v20.20.2", "warning"), ("v22.13.0", "ok"), ("v24.0.0", "ok"), ("v99.0.0", "ok")],
)
def test_a_node_at_its_end(version: str, state: str) -> None:
    check = node.check_node(version, today=date(2026, 11, 25))
    assert check.state == state
    assert bool(check.remedy) is (state != "ok")


def test_every_release_that_is_taken_has_a_last_day() -> None:
    assert {major for (major,) in _end_of_life.NODE} == {*node.NODE_MINORS, node.NODE_FROM}
    requirement = yaml.safe_load(RUNTIME_FILE.read_text(encoding="utf-8"))["requires_ansible"]
    checks = {minor: node.check_ansible(f"2.{minor}", requirement=requirement, today=TODAY) for minor in range(50)}
    allowed = {(2, minor) for minor, check in checks.items() if check.ok}
    # The last day of a release is not known before the release: 2.22 is allowed in advance.
    assert allowed == {*_end_of_life.ANSIBLE_CORE, (2, 22)}


def test_programs_that_are_there() -> None:
    assert node.check_npm("11.19.1\n").found == "11.19.1"
    assert node.check_ssh("OpenSSH_9.2p1 Debian-2, OpenSSL 3.0.17 1 Jul 2025\n").found == "OpenSSH_9.2p1 Debian-2"
    assert node.check_ssh_keygen("/usr/bin/ssh-keygen").ok


def test_programs_that_are_not_there() -> None:
    checks = [node.check_npm(None), node.check_ssh(None), node.check_ssh_keygen(None)]
    assert [check.ok for check in checks] == [False, False, False]
    assert [check.problem.split(". ", maxsplit=1)[0] for check in checks] == [
        "npm: found nothing, wanted any",
        "ssh: found nothing, wanted OpenSSH's client",
        "ssh-keygen: found nothing, wanted OpenSSH's",
    ]


@pytest.mark.parametrize(
    ("region", "problem"),
    [
        ("us-east-1", None),
        (
            "us-est-1",
            (
                "region: found 'us-est-1', wanted a region of AWS. Set asesoria_region to us-east-1; if it is a new "
                "one, update "
                "boto3."
            ),
        ),
        (
            "",
            (
                "region: found '', wanted a region of AWS. Set asesoria_region to one such as us-east-1; if it is a "
                "new one, "
                "update boto3."
            ),
        ),
        (
            "Frankfurt",
            (
                "region: found 'Frankfurt', wanted a region of AWS. Set asesoria_region to one such as us-east-1; if "
                "it is a new "
                "one, update boto3."
            ),
        ),
    ],
)
def test_region(region: str, problem: str | None) -> None:
    check = node.check_region(region, known=["us-east-1", "eu-central-1", "sa-east-1"])
    assert check.ok is (problem is None)
    assert problem is None or check.problem.replace(" or sa-east-1", "") == problem


@pytest.mark.parametrize(
    ("runtime", "day", "problem"),
    [
        ("python3.11", date(2026, 11, 22), None),
        (
            "python3.11",
            date(2027, 6, 30),
            (
                "runtime: runtime python3.11 has been deprecated by Lambda since 2027-06-30. Use one of python3.14, "
                "python3.13, "
                "python3.12."
            ),
        ),
        (
            "python3.10",
            date(2026, 11, 22),
            (
                "runtime: runtime python3.10 has been deprecated by Lambda since 2026-10-31. Use one of python3.14, "
                "python3.13, "
                "python3.12, python3.11."
            ),
        ),
        (
            "nodejs22.x",
            date(2026, 11, 22),
            (
                "runtime: runtime 'nodejs22.x' is not a Python runtime of Lambda. Use one of python3.14, python3.13, "
                "python3.12, "
                "python3.11."
            ),
        ),
    ],
)
def test_runtime(runtime: str, day: date, problem: str | None) -> None:
    check = node.check_runtime(runtime, today=day)
    assert check.ok is (problem is None)
    assert problem is None or check.problem == problem


@pytest.mark.parametrize(
    ("day", "state", "ends"),
    [
        (date(2026, 11, 22), "ok", "deprecated by Lambda on 2027-06-30"),
        (date(2026, 12, 31), "ok", "deprecated by Lambda on 2027-06-30"),
        (date(2027, 1, 1), "warning", "deprecated by Lambda on 2027-06-30, in 180 days"),
        (date(2027, 6, 29), "warning", "deprecated by Lambda on 2027-06-30, in 1 day"),
        (date(2027, 6, 30), "problem", "deprecated by Lambda since 2027-06-30"),
        (date(2027, 8, 31), "problem", "closed by Lambda since 2027-08-31"),
    ],
)
def test_the_end_of_a_runtime_is_told_half_a_year_before(day: date, state: str, ends: str) -> None:
    check = node.check_runtime("python3.11", today=day)
    assert (check.state, check.found.endswith(ends)) == (state, True), check
    assert bool(check.remedy) is (state != "ok")


def test_what_to_move_to_lives_longer() -> None:
    check = node.check_runtime("python3.11", today=date(2027, 6, 1))
    assert check.remedy == (
        "Move to python3.14 or python3.13 or python3.12 until 2027-06-29: Lambda takes no new function with this one "
        "from 2027-07-31 on, and no update from 2027-08-31 on"
    )
    assert node.check_runtime("python3.14", today=date(2029, 6, 1)).remedy.startswith("Move to a newer one until ")


@pytest.mark.parametrize(
    ("version", "ok"), [("", False), ("7.6.1", False), ("8.0.0", True), ("8.0.0-dev1", True), ("11.4.0", True)]
)
def test_collection(version: str, ok: bool) -> None:
    check = node.check_collection("amazon.aws", version, requirement=">=8.0.0")
    assert check.ok is ok
    assert ok or check.problem == (
        f"amazon.aws: found {version or 'nothing'}, wanted >=8.0.0. ansible-galaxy collection install "
        "'amazon.aws:>=8.0.0', or use the package ansible, which has it."
    )


PINS = {"osls": "4.3.1", "serverless-wsgi": "3.1.0"}


@pytest.mark.parametrize(
    ("installed", "found"),
    [
        ({}, "nothing in {folder}; the run installs osls 4.3.1, serverless-wsgi 3.1.0 there with npm"),
        (
            {"osls": '{"version": "4.2.0"}', "serverless-wsgi": '{"version": "3.1.0"}'},
            (
                "osls 4.2.0, serverless-wsgi 3.1.0 in {folder}; the run installs osls 4.3.1, serverless-wsgi 3.1.0 "
                "there with npm"
            ),
        ),
        ({"osls": "not JSON", "serverless-wsgi": "[]"}, "nothing in {folder}; the run installs "),
        (
            {"osls": '{"version": "4.3.1"}', "serverless-wsgi": '{"version": "3.1.0"}'},
            "osls 4.3.1, serverless-wsgi 3.1.0 in {folder}",
        ),
    ],
)
def test_cli(tmp_path: Path, installed: dict[str, str], found: str) -> None:
    for name, text in installed.items():
        folder = tmp_path / "node_modules" / name
        folder.mkdir(parents=True)
        (folder / "package.json").write_text(text, encoding="utf-8")
    check = node.check_cli(tmp_path, pins=PINS)
    assert check.ok
    assert check.found.startswith(found.format(folder=tmp_path))
    assert ("the run installs" in check.found) is ("the run installs" in found)


@pytest.mark.parametrize(("architecture", "ok"), [("x86_64", True), ("arm64", True), ("aarch64", False), ("", False)])
def test_architecture(architecture: str, ok: bool) -> None:
    check = node.check_architecture(architecture)
    assert check.ok is ok
    assert ok or check.problem == (
        f"architecture: found '{architecture}', wanted x86_64 or arm64. Set asesoria_architecture to x86_64 or arm64."
    )


@pytest.mark.parametrize(
    ("name", "ok"),
    [
        ("flask-dependencies-py311", True),
        ("A_1", True),
        ("x" * 140, True),
        ("x" * 141, False),
        ("", False),
        ("with space", False),
        ("ma\u00f1ana", False),
        ("name\n", False),
        ("arn:aws:lambda:us-east-1:1:layer:x", False),
    ],
)
def test_layer_name(name: str, ok: bool) -> None:
    assert node.check_layer_name(name).ok is ok


@pytest.mark.parametrize(("free", "ok"), [(1024 * MIB, True), (1024 * MIB - 1, False), (0, False)])
def test_disk(tmp_path: Path, free: int, ok: bool) -> None:
    folder = tmp_path / "not" / "yet"
    check = node.check_disk(folder, minimum=1024, free={tmp_path: free}.__getitem__)
    assert check.ok is ok
    assert check.found == f"{free // MIB} MiB free at {tmp_path}"
    assert not folder.exists()


def test_checks_are_left_out_by_name() -> None:
    checks = [node.check_npm(None), node.check_ssh(None)]
    assert [check.name for check in without(checks, skip=["npm", "nothing"])] == ["ssh"]


def test_a_program_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "tool"
    program.write_text('#!/bin/sh\necho "out $*"\necho err >&2\n[ "$1" != fail ]\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert node.run_program(["tool", "a b"]) == "out a b\nerr\n"
    assert node.run_program(["tool", "fail"]) is None
    assert node.run_program(["no-such-tool"]) is None
    program.write_text("#!/no/such/interpreter\n", encoding="utf-8")
    assert node.run_program(["tool"]) is None
