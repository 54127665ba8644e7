# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib.util
import itertools
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPTS = Path(__file__).resolve().parents[3] / "scripts"


def load(name: str) -> ModuleType:
    """A script as a module."""
    spec = importlib.util.spec_from_file_location(f"asesoria_scripts_{name}", SCRIPTS / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


role_docs = load("role_docs")
check = load("check")


def option(**values: Any) -> dict[str, Any]:
    return {"type": "str", "description": "A thing."} | values


def role(defaults: dict[str, Any], options: dict[str, Any], readme: str = "") -> Any:
    return role_docs.Role(
        path=Path("demo"),
        defaults=defaults,
        entry_points={"main": {"short_description": "Demo", "options": options}},
        readme=readme,
    )


REGION = "{{ asesoria_region | default('us-east-1') }}"
COMPUTED = "{{ lookup('env', 'X') }}"


@pytest.mark.parametrize(
    ("defaults", "options"),
    [
        ({"demo_a": "x"}, {"demo_a": option(default="x")}),
        ({"demo_a": REGION}, {"demo_a": option(default="us-east-1")}),
        ({"demo_a": REGION}, {"demo_a": option(default=REGION)}),
        ({"demo_a": "{{ demo_b }}-x", "demo_b": "y"}, {"demo_a": option(default="y-x"), "demo_b": option(default="y")}),
        ({"demo_a": [REGION]}, {"demo_a": option(type="list", elements="str", default=["us-east-1"])}),
        ({"demo_a": COMPUTED}, {"demo_a": option(description="The default is the variable E(X).")}),
        ({"demo__private": 1}, {}),
        ({}, {"demo_a": option(required=True)}),
        ({}, {"demo_a": option(description="By default none.")}),
    ],
)
def test_defaults_that_agree_with_the_specification(defaults: dict[str, Any], options: dict[str, Any]) -> None:
    assert list(role_docs.default_problems(role(defaults, options))) == []


@pytest.mark.parametrize(
    ("defaults", "options", "problem"),
    [
        ({"demo_a": "x"}, {}, "demo_a: in the defaults, but not in the argument specification"),
        ({"other": "x"}, {}, "other: in the defaults, but does not begin with demo_"),
        ({"demo_a": "x"}, {"demo_a": option()}, "demo_a: the defaults give 'x', the specification gives none"),
        (
            {"demo_a": REGION},
            {"demo_a": option(default="eu-west-1")},
            "demo_a: the defaults give 'us-east-1', the specification 'eu-west-1'",
        ),
        ({"demo_a": "x"}, {"demo_a": option(required=True)}, "demo_a: required, but has a default"),
        (
            {},
            {"demo_a": option(default="x")},
            "demo_a: the specification gives a default, but it is not in the defaults",
        ),
        ({}, {"demo_a": option()}, "demo_a: optional without a default: let the description say what the default is"),
        (
            {"demo_a": COMPUTED},
            {"demo_a": option()},
            "demo_a: the default is computed: let the description say what the default is",
        ),
        (
            {"demo_a": COMPUTED},
            {"demo_a": option(default="x")},
            "demo_a: the default is computed, so the specification can't give 'x'",
        ),
        (
            {"demo__a": 1},
            {"demo__a": option(default=1)},
            "demo__a: private (two underscores), but in the argument specification",
        ),
    ],
)
def test_defaults_that_differ_from_the_specification(
    defaults: dict[str, Any], options: dict[str, Any], problem: str
) -> None:
    assert list(role_docs.default_problems(role(defaults, options))) == [problem]


def test_the_table_of_a_readme() -> None:
    options = {
        "demo_a": option(required=True, description=["Goes with O(demo_b=x|y).", "Second."]),
        "demo_b": option(default="x|y", choices=["x|y", "z"]),
        "demo_c": option(type="list", elements="int", default=[]),
    }
    stale = f"# Demo\n\n{role_docs.BEGIN}\nold\n{role_docs.END}\n\nEnd\n"
    written = role_docs.with_tables(role({}, options, stale))
    assert written.splitlines() == [
        "# Demo",
        "",
        role_docs.BEGIN,
        "",
        "| Variable | Type | Default | What it is |",
        "|---|---|---|---|",
        "| `demo_a` | str | required | Goes with `demo_b=x\\|y`. Second. |",
        "| `demo_b` | str | `x\\|y` | A thing. One of `x\\|y`, `z`. |",
        "| `demo_c` | list of int | `[]` | A thing. |",
        "",
        role_docs.END,
        "",
        "End",
    ]
    assert list(role_docs.readme_problems(role({}, options, written))) == []
    assert "not up to date" in "".join(role_docs.readme_problems(role({}, options, stale)))
    assert "no <!-- variables" in "".join(role_docs.readme_problems(role({}, options, "# Demo\n")))
    assert list(role_docs.readme_problems(role({}, options))) == ["README.md: missing"]


REPORT = """<testsuites><testsuite>
<testcase classname="t" name="good"/>
<testcase classname="t" name="bad"><failure message="x">t.py:1: in bad

E   assert False</failure></testcase>
<testcase classname="t" name="worse"><error message="x"/></testcase>
<testcase classname="t" name="not_here"><skipped message="no ssh"/></testcase>
</testsuite></testsuites>"""


@pytest.fixture(name="logs")
def _logs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setattr(check, "LOGS", tmp_path)
    return tmp_path


@pytest.mark.usefixtures("logs")
def test_pytests_own_tests_are_counted() -> None:
    step = check.Step("demo", ("true",), pytest=True)
    step.report.write_text(REPORT)
    outcome = check.judge(step, "exit code 1", 1.0)
    assert (outcome.passed, outcome.failed) == (1, 2)
    assert outcome.skipped == ("demo: t.not_here: no ssh",)
    assert outcome.details == ("t::bad", "  t.py:1: in bad", "  E   assert False", "t::worse")


@pytest.mark.parametrize(
    ("log", "shown"),
    [
        ("one\n\nERROR: two\nthree\nFATAL: four\nfive\n", ["ERROR: two", "FATAL: four"]),
        ("one\n\ntwo\n", ["one", "two"]),
    ],
)
def test_what_a_log_marks_is_shown(tmp_path: Path, log: str, shown: list[str]) -> None:
    (tmp_path / "step.log").write_text(log)
    assert check.excerpt(tmp_path / "step.log") == shown


def test_many_failures_are_shortened() -> None:
    cases = [ET.Element("testcase", classname="t", name=str(number)) for number in range(12)]
    assert list(check.failure_lines(cases))[-2:] == ["t::9", "... and 2 more"]


@pytest.mark.parametrize(
    ("report", "error", "expected"),
    [
        (None, "", "pytest wrote no report"),
        ("<testsuites/>", "", "not one test ran"),
        ('<testsuites><testcase classname="t" name="good"/></testsuites>', "exit code 1", "exit code 1"),
    ],
)
@pytest.mark.usefixtures("logs")
def test_a_pytest_run_that_proves_nothing_fails(report: str | None, error: str, expected: str) -> None:
    step = check.Step("demo", ("true",), pytest=True)
    if report:
        step.report.write_text(report)
    outcome = check.judge(step, error, 1.0)
    assert (outcome.error, outcome.failed) == (expected, 1)


def test_a_failing_step_does_not_stop_the_next_one(
    logs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(check, "TOP", logs)
    steps = (
        check.Step("bad", ("sh", "-c", "echo why; exit 3")),
        check.Step("missing", ("no-such-program",)),
        check.Step("good", ("true",)),
    )
    outcomes = check.Runner().run([check.Group(steps)])
    assert check.summary(outcomes, 1.0) == 1
    printed = capsys.readouterr().out
    assert "      | why\n      exit code 3; the whole log: bad.log" in printed
    assert printed.splitlines()[-3:] == ["failed: bad missing", "3 steps in 1 s, 0 s CPU", "1 passed, 2 failed"]


def test_the_work_of_a_step_is_measured_with_that_of_its_children(
    logs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (logs / "work.py").write_text("import time\nwhile time.process_time() < 0.6: pass\n")
    command = f"{sys.executable} {logs}/work.py; sleep 0.1"
    (outcome,) = check.Runner().run([check.Group((check.Step("busy", ("sh", "-c", command)),))])
    assert 0.6 < outcome.cpu < 1.5
    assert " 1 s CPU" in capsys.readouterr().out


ZIP_USER = """
import sys
import asesoria_zip_cache
sys.path.insert(0, sys.argv[1])
import packed
print(packed.__file__, packed.answer.__code__.co_filename, packed.answer())
"""


def test_what_is_compiled_out_of_a_zip_is_kept(tmp_path: Path) -> None:
    def run(name: str, text: str) -> list[str]:
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("packed.py", text)
        environment = {"PYTHONPATH": str(tmp_path), "ASESORIA_ZIP_CACHE": str(tmp_path / "kept")}
        argv = [sys.executable, "-c", ZIP_USER, tmp_path / name]
        return subprocess.run(argv, check=True, capture_output=True, text=True, env=environment).stdout.split()

    def kept() -> dict[str, int]:
        return {path.name: path.stat().st_mtime_ns for path in (tmp_path / "kept").iterdir()}

    shutil.copy(SCRIPTS / "zip_cache.py", tmp_path / "asesoria_zip_cache.py")
    text = "def answer():\n    return 'one'\n"
    assert run("a.zip", text) == [f"{tmp_path}/a.zip/packed.py", f"{tmp_path}/a.zip/packed.py", "one"]
    (first,) = (before := kept())
    # The same source under another name is not compiled again; another one is, and what is spoilt.
    assert run("b.zip", text) == [f"{tmp_path}/b.zip/packed.py", f"{tmp_path}/b.zip/packed.py", "one"]
    assert kept() == before
    assert run("a.zip", text.replace("one", "two"))[-1] == "two"
    assert len(kept()) == 2
    (tmp_path / "kept" / first).write_bytes(b"spoilt")
    assert run("a.zip", text)[-1] == "one"


def test_a_step_that_takes_too_long_is_ended(
    logs: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(check, "TOP", logs)
    monkeypatch.setattr(check, "LIMIT_SECONDS", 0.5)
    monkeypatch.setattr(check, "PROGRESS_SECONDS", 0.2)
    (outcome,) = check.Runner().run([check.Group((check.Step("slow", ("sh", "-c", "echo on my way; sleep 60")),))])
    assert outcome.error == "ended after 0.5 s"
    assert "      slow 0 s (on my way)\n" in capsys.readouterr().out


def test_two_runs_in_one_checkout_do_not_get_in_each_others_way(logs: Path) -> None:
    with check.alone(), pytest.raises(SystemExit, match="another run is in this checkout"), check.alone():
        pass
    with check.alone():
        assert (logs / "check.lock").is_file()


def test_a_run_that_is_ended_ends_its_steps(tmp_path: Path) -> None:
    program = f"""
import importlib.util, pathlib, signal, sys
spec = importlib.util.spec_from_file_location("check", {str(SCRIPTS / "check.py")!r})
check = importlib.util.module_from_spec(spec)
sys.modules["check"] = check
spec.loader.exec_module(check)
check.LOGS = check.CACHE = pathlib.Path({str(tmp_path)!r})
argv = ("sh", "-c", "echo $$; exec sleep 60")
steps = tuple(check.Step(name, argv) for name in ("slow", "beside", "after"))
check.GROUPS = {{"all": lambda: check.Group(steps)}}
sys.argv = ["check", "all"]
sys.exit(check.main())
"""
    run = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    log = tmp_path / "slow.log"
    wait_until(lambda: log.is_file() and log.read_text().endswith("\n"))
    step = int(log.read_text())
    run.send_signal(signal.SIGTERM)
    printed, _nothing = run.communicate(timeout=20)
    assert (run.returncode, printed.splitlines()[-1]) == (130, "check: interrupted")
    wait_until(lambda: not Path(f"/proc/{step}").exists())


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_no_account_reaches_a_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mine")
    monkeypatch.setenv("ANSIBLE_STDOUT_CALLBACK", "mine")
    environment = check.environment(check.Step("demo", ("true",), env={"ASESORIA_SANDBOX_PORT": "4666"}))
    assert [name for name in environment if name.startswith(("AWS_", "ANSIBLE_STDOUT"))] == []
    assert environment["ASESORIA_SANDBOX_PORT"] == "4666"


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(SystemExit, match="no step is called lnt; scripts/check --list shows the names"):
        check.select(["lnt"])


def test_everything_is_selected_once() -> None:
    """A group may be called as one of its steps."""
    chosen = [step.name for group in check.select(list(check.GROUPS)) for step in group.steps]
    assert len(chosen) == len(set(chosen))
    assert {"unit", "package", "e2e:chain"} <= set(chosen)


def test_every_file_of_end_to_end_tests_is_run_by_one_step() -> None:
    """A new file needs no entry anywhere."""
    top = SCRIPTS.parent
    run = [top / step.argv[-1] for step in check.e2e_group().steps if step.name != "e2e:oldest"]
    for path in top.glob("tests/integration/**/test_*.py"):
        assert sum(path.is_relative_to(step) for step in run) == 1, path


def test_no_two_scenarios_share_a_port() -> None:
    ports = [int(step.env["ASESORIA_SANDBOX_PORT"]) for step in check.molecule_group().steps]
    distances = [later - earlier for earlier, later in itertools.pairwise(ports)]
    assert min(distances) >= check.PORTS_OF_A_SCENARIO
