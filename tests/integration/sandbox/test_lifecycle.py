# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starting, starting again, failing to start, stopping, being killed: nothing is left and no stranger is hurt."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .conftest import FILES, REGION, TOP, Sandbox, free_ports, recap

from asesoria_sandbox.__main__ import MARKER  # isort: skip  # conftest.py says where it is


def family(directory: Path) -> set[int]:
    """The ids of all processes that were told of a directory, by their arguments or their environment."""
    found = set()
    needle = os.fspath(directory).encode()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            if needle in (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes():
                found.add(int(entry.name))
        except OSError:
            continue
    return found


def gone(directory: Path) -> bool:
    """Whether no process of a sandbox is left, or goes within some seconds."""
    for _attempt in range(50):
        if not family(directory):
            return True
        time.sleep(0.1)
    return False


def test_second_start_changes_nothing(sandbox: Sandbox) -> None:
    supervisor = sandbox.supervisor
    again = sandbox.play()
    assert again.returncode == 0, again.stdout + again.stderr
    assert recap(again.stdout)["changed"] == 0
    assert sandbox.supervisor == supervisor


def test_only_loopback_is_listened_on(sandbox: Sandbox) -> None:
    ports = {sandbox.port, sandbox.port + 1}
    heard = set()
    for table in ("tcp", "tcp6"):
        for line in Path("/proc/net", table).read_text(encoding="ascii").splitlines()[1:]:
            address, port = line.split()[1].split(":")
            if line.split()[3] == "0A" and int(port, 16) in ports:
                heard.add((address, int(port, 16)))
    assert heard == {("0100007F", port) for port in ports}


def test_taken_port_is_one_clear_error(tmp_path: Path) -> None:
    with socket.socket() as stranger:
        stranger.bind(("127.0.0.1", 0))
        stranger.listen()
        port = stranger.getsockname()[1]
        fresh = Sandbox(directory=tmp_path / "fresh", port=port)
        done = fresh.play()
        assert done.returncode != 0
        said = done.stdout + done.stderr
        assert f"port {port} of 127.0.0.1 is taken by another program" in said
        assert "ASESORIA_SANDBOX_PORT" in said
        assert "Traceback" not in said
        assert recap(done.stdout)["failed"] == 1
    assert not fresh.directory.exists()
    assert not family(fresh.directory)


def test_answer_of_another_sandbox_is_not_taken_for_ones_own(sandbox: Sandbox, other: Sandbox) -> None:
    """Between the look at the ports and the start, somebody else can take them."""
    script = (
        "import sys; from asesoria_sandbox import __main__ as it; it._check_ports = lambda _: None; sys.exit(it.main())"
    )
    options = ("--port", str(sandbox.port), "--region", REGION, "--python", os.fspath(sandbox.python))
    done = subprocess.run(
        [sys.executable, "-c", script, "start", "--directory", os.fspath(other.directory), *options],
        env={**os.environ, "PYTHONPATH": os.fspath(FILES)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "ended by itself" in done.stderr
    assert not family(other.directory)
    assert json.loads(sandbox.run("status").stdout)["running"] is True


@pytest.mark.parametrize("port", [0, 65534, 70000])
def test_impossible_port_is_named(tmp_path: Path, port: int) -> None:
    strange = Sandbox(directory=tmp_path / "strange", port=port)
    done = strange.run("start", "--port", str(port), "--region", "x", "--python", "x", "--dry-run")
    assert done.returncode == 2
    assert done.stderr.startswith(f"port {port} is not between 1 and 65533. ")
    assert not strange.directory.exists()


def test_start_and_stop_leave_no_process(sandbox: Sandbox, other: Sandbox) -> None:
    assert other.start(sandbox.python) == {"changed": True, "running": True, "port": other.port}
    assert other.start(sandbox.python)["changed"] is False
    assert len(family(other.directory)) >= 4
    assert json.loads(other.run("stop").stdout)["changed"] is True
    assert not family(other.directory)
    assert json.loads(other.run("stop").stdout)["changed"] is False
    assert json.loads(other.run("status").stdout) == {"changed": False, "running": False, "port": None}
    assert json.loads(sandbox.run("status").stdout)["running"] is True


def test_other_port_of_a_running_one_is_refused(sandbox: Sandbox) -> None:
    options = ("--port", str(sandbox.port + 10), "--region", "x", "--python", os.fspath(sandbox.python))
    done = sandbox.run("start", *options)
    assert done.returncode == 2
    assert f"runs on port {sandbox.port} already" in done.stderr


def test_killed_supervisor_takes_all_with_it(sandbox: Sandbox, other: Sandbox) -> None:
    other.start(sandbox.python)
    os.kill(other.supervisor, signal.SIGKILL)
    assert gone(other.directory)
    assert other.start(sandbox.python)["changed"] is True


def test_dead_child_ends_the_rest(sandbox: Sandbox, other: Sandbox) -> None:
    other.start(sandbox.python)
    log = (other.directory / "log/supervisor.log").read_text(encoding="utf-8")
    moto = int(next(line for line in log.splitlines() if "moto: started" in line).rpartition(" ")[2])
    os.kill(moto, signal.SIGKILL)
    assert gone(other.directory)
    assert "moto: ended by itself" in (other.directory / "log/supervisor.log").read_text(encoding="utf-8")


def test_interrupt_in_the_terminal_is_not_ours(sandbox: Sandbox) -> None:
    """Ctrl-C goes to the terminal's process group, and the supervisor is in a session of its own."""
    assert os.getsid(sandbox.supervisor) == sandbox.supervisor
    assert os.getsid(sandbox.supervisor) != os.getsid(0)


def test_stop_hurts_no_stranger(tmp_path: Path) -> None:
    """The file of an earlier run names an id that somebody else has by now."""
    stale = Sandbox(directory=tmp_path, port=1)
    with subprocess.Popen(["sleep", "60"]) as stranger:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        who = {"pid": stranger.pid, "started": 1, "boot": boot}
        (tmp_path / MARKER).touch()
        (tmp_path / "supervisor.json").write_text(json.dumps(who), encoding="ascii")
        done = stale.run("stop")
        assert json.loads(done.stdout)["changed"] is False
        assert stranger.poll() is None
        stranger.kill()


#: Directories of the user's. Each name but the first is one that a sandbox uses as well.
FOREIGN = [
    ["precious"],
    ["aws/credentials"],
    ["ssh/id_ed25519"],
    ["aws/x", "log/x", "state/x"],
    ["venv/pyvenv.cfg"],
    ["lock", "settings.json"],
]


@pytest.mark.parametrize("files", FOREIGN, ids=", ".join)
def test_directory_of_something_else_is_left_alone(tmp_path: Path, files: list[str]) -> None:
    for name in files:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{}", encoding="ascii")
    before = sorted(tmp_path.rglob("*"))
    strange = Sandbox(directory=tmp_path, port=free_ports())
    for done in (
        strange.run("stop"),
        strange.run("stop", "--purge"),
        strange.run("take"),
        strange.run("start", "--port", str(strange.port), *("--region", "x", "--python", "x")),
    ):
        assert done.returncode == 2
        first = before[0].name
        assert f"{tmp_path} holds {first!r} and has no file {MARKER}, and so is not a sandbox's" in done.stderr
    assert sorted(tmp_path.rglob("*")) == before


def test_demo_down_refuses_a_directory_of_the_users(tmp_path: Path) -> None:
    theirs = tmp_path / "aws" / "credentials"
    theirs.parent.mkdir()
    theirs.write_text("theirs", encoding="ascii")
    environment = {**os.environ, "ASESORIA_SANDBOX_DIR": os.fspath(tmp_path)}
    done = subprocess.run(["scripts/demo-down"], cwd=TOP, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert f"{tmp_path} holds 'aws' and has no file {MARKER}" in done.stdout
    assert theirs.read_text(encoding="ascii") == "theirs"


def test_the_home_directory_is_refused_even_if_it_is_marked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / MARKER).touch()
    monkeypatch.setenv("HOME", os.fspath(tmp_path))
    done = Sandbox(directory=tmp_path, port=free_ports()).run("stop", "--purge")
    assert done.returncode == 2
    assert f"{tmp_path} is never a sandbox's directory" in done.stderr
    assert (tmp_path / MARKER).exists()


def test_purging_leaves_what_the_user_has_put_there(tmp_path: Path) -> None:
    top, elsewhere = tmp_path / "sandbox", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "precious").touch()
    for name in (MARKER, "notes.txt", "aws/credentials", "cache/built"):
        (top / name).parent.mkdir(parents=True, exist_ok=True)
        (top / name).touch()
    (top / "state").symlink_to(elsewhere)
    purged = json.loads(Sandbox(directory=top, port=1).run("stop", "--purge").stdout)
    assert purged["left"] == [os.fspath(top / "notes.txt")]
    assert sorted(path.name for path in top.iterdir()) == [MARKER, "notes.txt"]
    assert (elsewhere / "precious").exists()
    (top / "notes.txt").unlink()
    assert json.loads(Sandbox(directory=top, port=1).run("stop", "--purge").stdout)["left"] == []
    assert not top.exists()


def test_a_directory_of_an_earlier_version_is_taken(tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    (packages / "venv").mkdir(parents=True)
    (packages / "venv" / ".installed").touch()
    assert json.loads(Sandbox(directory=packages, port=1).run("take").stdout) == {"changed": True}
    assert json.loads(Sandbox(directory=packages, port=1).run("take").stdout) == {"changed": False}
