# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils import _import_gate
from ansible_collections.asesoria.serverless.plugins.module_utils._archive import write_archive
from ansible_collections.asesoria.serverless.plugins.module_utils._import_gate import (
    Expected,
    ImportGateError,
    Importing,
    read_offers,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._manifest import ImportReport
from ansible_collections.asesoria.serverless.plugins.module_utils._pip import Completed, Runner

#: Whether this host lets us show a folder at /opt.
MOUNTS = any(
    subprocess.run(
        [*way, "sh", "-c", "mount --bind /tmp /opt && mount -o remount,bind,ro /opt"], capture_output=True, check=False
    ).returncode
    == 0
    for way in (["unshare", "--user", "--map-root-user", "--mount"], ["unshare", "--mount"])
)


def run(argv: Sequence[str], *, environment: Mapping[str, str]) -> Completed:
    done = subprocess.run(list(argv), env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    return Completed(returncode=done.returncode, stdout=done.stdout, stderr=done.stderr)


def distribution(name: str, files: dict[str, str], *, requires: Sequence[str] = ()) -> dict[str, str]:
    """The files of an installed distribution."""
    info = f"{name}-1.0.dist-info"
    metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
    metadata += "".join(f"Requires-Dist: {line}\n" for line in requires)
    listed = [*files, f"{info}/METADATA", f"{info}/RECORD"]
    return {**files, f"{info}/METADATA": metadata, f"{info}/RECORD": "".join(f"{path},,\n" for path in listed)}


def lay(folder: Path, *distributions: dict[str, str]) -> Path:
    """What is in a layer, as a folder."""
    for files in distributions:
        for path, text in files.items():
            if ".." not in path:  # RECORD lists scripts so; a layer has none
                (folder / "python" / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / "python" / path).write_text(text)
    return folder


@contextmanager
def importing(folder: Path, *, runner: Runner, after: Future[None] | None = None) -> Iterator[Importing]:
    """What is imported while a zip is made."""
    work = folder.parent / "work"
    work.mkdir()
    done: Future[None] = Future()
    done.set_result(None)
    with ThreadPoolExecutor(1) as beside:
        yield Importing(folder, work=work, python=sys.executable, runner=runner, after=after or done, beside=beside)
    assert list(work.iterdir()) == [], "something was left behind"
    assert all(os.access(path, os.W_OK) for path in folder.rglob("*")), "something can't be removed"


def check(
    folder: Path, *distributions: dict[str, str], allow: Sequence[str] = (), provided: Sequence[str] = ()
) -> ImportReport:
    tree, archive = lay(folder / "opt", *distributions), folder / "layer.zip"
    with importing(tree, runner=run) as begun:
        write_archive(tree=tree, destination=archive)
        report = begun.check(archive, expected=Expected(allow=frozenset(allow), provided=frozenset(provided)))
    assert report.at_opt == MOUNTS
    return replace(report, at_opt=False)


def place_of(folder: Path, runner: Runner) -> str:
    """Where a module was imported from, and whether the report says so."""
    told = folder / "told"
    module = f"import os\nopen({str(told)!r}, 'w').write(os.path.dirname(__file__))\n"
    tree, archive = lay(folder / "opt", distribution("spy", {"spy.py": module})), folder / "layer.zip"
    with importing(tree, runner=runner) as begun:
        write_archive(tree=tree, destination=archive)
        report = begun.check(archive, expected=Expected())
    assert report.at_opt == (told.read_text() == "/opt/python")
    return told.read_text()


@pytest.mark.skipif(not MOUNTS, reason="this host does not let us mount anything")
def test_the_zip_is_where_lambda_has_it(tmp_path: Path) -> None:
    before = sorted(Path("/opt").iterdir())
    assert place_of(tmp_path, run) == "/opt/python"
    assert sorted(Path("/opt").iterdir()) == before


@pytest.mark.parametrize("fault", ["refused", "missing", "nothing there", "interpreter"])
def test_where_nothing_can_be_mounted_it_is_elsewhere(tmp_path: Path, fault: str) -> None:
    def runner(argv: Sequence[str], *, environment: Mapping[str, str]) -> Completed:
        if argv[0] == "unshare" and fault == "refused":
            return Completed(returncode=1, stdout="", stderr="unshare: Operation not permitted")
        if argv[0] == "unshare" and fault == "missing":
            raise FileNotFoundError(2, "No such file or directory", "unshare")
        if argv[0] == "unshare" and fault == "nothing there":
            return run(argv[argv.index("sh") + 4 :], environment=environment)
        if argv[-1].endswith("*sys.path]))") and fault == "interpreter":
            return Completed(returncode=0, stdout='["/opt/python3.11/bin/python3.11"]', stderr="")
        return run(argv, environment=environment)

    assert place_of(tmp_path, runner) == str(tmp_path / "opt" / "python")


class Counting:
    """Runs commands, and says what of that are imports."""

    def __init__(self, *, mounts: bool) -> None:
        self.imports = 0
        self._mounts = mounts

    def __call__(self, argv: Sequence[str], *, environment: Mapping[str, str]) -> Completed:
        if argv[0] == "unshare" and not self._mounts:
            return Completed(returncode=1, stdout="", stderr="unshare: Operation not permitted")
        self.imports += any("def attempt(" in word for word in argv)
        return run(argv, environment=environment)


WITH_AND_WITHOUT = [pytest.param(True, marks=pytest.mark.skipif(not MOUNTS, reason="no mounts here")), False]


@pytest.mark.parametrize("mounts", WITH_AND_WITHOUT)
def test_all_is_imported_once(tmp_path: Path, *, mounts: bool) -> None:
    """While the zip is made if nothing can be changed by that, else when it is there."""
    tree, runner = lay(tmp_path / "opt", GOOD), Counting(mounts=mounts)
    with importing(tree, runner=runner) as begun:
        deadline = time.monotonic() + 30
        while mounts and not runner.imports and time.monotonic() < deadline:
            time.sleep(0.01)
        write_archive(tree=tree, destination=tmp_path / "layer.zip")
        assert runner.imports == mounts
        assert begun.check(tmp_path / "layer.zip", expected=Expected()).modules == 2
    assert runner.imports == 1


@pytest.mark.parametrize("mounts", WITH_AND_WITHOUT)
@pytest.mark.parametrize(("in_folder", "in_zip"), [("import json\n", "1 / 0\n"), ("1 / 0\n", "import json\n")])
def test_what_the_zip_holds_is_what_counts(tmp_path: Path, in_folder: str, in_zip: str, *, mounts: bool) -> None:
    write_archive(
        tree=lay(tmp_path / "other", distribution("one", {"one.py": in_zip})), destination=tmp_path / "layer.zip"
    )
    tree, runner = lay(tmp_path / "opt", distribution("one", {"one.py": in_folder})), Counting(mounts=mounts)
    with importing(tree, runner=runner) as begun:
        if "/" in in_zip:
            with pytest.raises(ImportGateError, match="one: import one fails with ZeroDivisionError"):
                begun.check(tmp_path / "layer.zip", expected=Expected())
        else:
            assert begun.check(tmp_path / "layer.zip", expected=Expected()).modules == 1
    assert runner.imports == 1 + mounts
    assert (tree / "python/one.py").read_text() == in_zip


def test_nothing_is_imported_from_what_could_not_be_made(tmp_path: Path) -> None:
    failed: Future[None] = Future()
    failed.set_exception(OSError(28, "No space left on device"))
    runner = Counting(mounts=True)
    with importing(lay(tmp_path / "opt", GOOD), runner=runner, after=failed):
        pass
    assert runner.imports == 0


GOOD = distribution("good", {"good/__init__.py": "import json\n", "good/part.py": "", "single.py": "print('hi')\n"})


def test_every_module_is_imported(tmp_path: Path) -> None:
    namespace = distribution(
        "space", {"org/shop/__init__.py": "from org.shop.cart import X\n", "org/shop/cart.py": "X = 1\n"}
    )
    report = check(tmp_path, GOOD, namespace)
    assert report == ImportReport(modules=3, optional=(), allowed=())


@pytest.mark.parametrize(
    "files",
    [
        {"data/not-python/x.py": "raise SystemExit\n", "x.py": ""},
        {"x.py": "", "x-1.0.data/scripts/run.py": "raise SystemExit\n"},
        {"x.py": "", "../../bin/x.py": "raise SystemExit\n"},
        {"x.py": "", "numpy.libs/lib.so": ""},
    ],
)
def test_what_no_import_statement_can_name_is_passed_over(tmp_path: Path, files: dict[str, str]) -> None:
    assert check(tmp_path, distribution("x", files)).modules == 1


def test_many_new_folders_are_made_by_many_at_once(tmp_path: Path) -> None:
    files = {f"x/p{number}/{name}.py": "" for number in range(200) for name in ("__init__", "a", "b", "c")}
    assert check(tmp_path, distribution("x", {"x/__init__.py": "import x.p7.c\n", **files})).modules == 1


FAULTS = [
    pytest.param(
        {"bad.py": "import nowhere_to_be_found\n"}, ["bad: import bad fails", "nowhere_to_be_found"], id="gone"
    ),
    pytest.param({"bad.py": "1 / 0\n"}, ["bad: import bad fails with ZeroDivisionError"], id="raises"),
    pytest.param({"bad.py": "import os; os.abort()\n"}, ["SIGABRT"], id="crashes"),
    pytest.param({"bad.py": "import os; os._exit(3)\n"}, ["exit code 3"], id="leaves"),
    pytest.param({"bad.py": "raise SystemExit\n"}, ["SystemExit"], id="exits"),
    pytest.param({"bad.py": "x = \n"}, ["SyntaxError"], id="no Python"),
    pytest.param({"bad/__init__.py": "from bad import _ext\n"}, ["cannot import name '_ext'"], id="part missing"),
    pytest.param({"bad/__init__.py": "import bad._ext\n", "ok.py": ""}, ["bad._ext"], id="own part missing"),
    pytest.param({"bad.py": "open(__file__, 'w')\n", "ok.py": ""}, ["bad: import bad fails with"], id="writes"),
    pytest.param({"bad.so": "no ELF", "ok.py": ""}, ["bad: import bad fails with ImportError"], id="no library"),
    pytest.param({"bad.py": "import yaml\n"}, ["yaml"], id="what the builder has"),
    pytest.param(
        {"bad.py": 'raise ImportError("/lib64/libm.so.6: version `GLIBC_2.27\' not found")'},
        ["GLIBC_2.27", "Build on the operating system of the runtime"],
        id="glibc",
    ),
]


@pytest.mark.parametrize(("files", "said"), FAULTS)
def test_what_does_not_import_is_refused(
    tmp_path: Path, files: dict[str, str], said: Sequence[str], request: pytest.FixtureRequest
) -> None:
    if "writes" in request.node.name and os.geteuid() == 0 and not MOUNTS:
        pytest.skip("root may write everywhere but to what is mounted at /opt, which this host does not allow")
    with pytest.raises(ImportGateError) as caught:
        check(tmp_path, GOOD, distribution("bad", files))
    for words in said:
        assert words in str(caught.value)
    assert "good" not in str(caught.value)


def test_a_module_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_import_gate, "_DRIVER", _import_gate._DRIVER.replace("+ 120", "+ 1"))
    with pytest.raises(ImportGateError, match="bad: import bad fails with it did not end within"):
        check(tmp_path, distribution("bad", {"bad.py": "import time; time.sleep(60)\n"}))


@pytest.mark.parametrize(
    ("requires", "passes"),
    [
        ([], True),
        (["redis-py; extra == 'cache'"], True),
        (["redis"], False),
        (["Redis>=4; python_version >= '3.8'"], False),
    ],
)
def test_optional_parts_are_told_apart(tmp_path: Path, requires: Sequence[str], passes: bool) -> None:
    files = {"shop/__init__.py": "", "shop_redis.py": "import redis.client\n"}
    shop = distribution("shop", files, requires=requires)
    if passes:
        assert check(tmp_path, shop) == ImportReport(modules=1, optional=("shop: shop_redis",), allowed=())
    else:
        with pytest.raises(ImportGateError, match="Add to the requirements what brings redis"):
            check(tmp_path, shop)


def test_a_rule_is_overridden_by_name(tmp_path: Path) -> None:
    bad = distribution("Bad.Name", {"bad.py": "1 / 0\n"})
    assert check(tmp_path, GOOD, bad, allow=["bad-name"]).allowed == ("Bad.Name: bad",)


def test_allowing_one_does_not_allow_another(tmp_path: Path) -> None:
    bad, worse = distribution("bad", {"bad.py": "1 / 0\n"}), distribution("worse", {"worse.py": "1 / 0\n"})
    with pytest.raises(ImportGateError, match="worse: import worse") as caught:
        check(tmp_path, bad, worse, allow=["bad"])
    assert "import bad" not in str(caught.value)


def test_modules_do_not_see_each_other(tmp_path: Path) -> None:
    first = distribution("a-first", {"a_first.py": "import builtins; builtins.seen = True\n"})
    second = distribution("b-second", {"b_second.py": "assert not hasattr(__builtins__, 'seen')\n"})
    assert check(tmp_path, first, second).modules == 2


class TestProvided:
    """What the runtime or another layer brings is not there when everything is imported."""

    OUTER = distribution("outer", {"outer.py": "import middle\n"}, requires=["middle"])
    MIDDLE = distribution("middle", {"middle.py": "import botocore.session\n"}, requires=["botocore>=1"])

    def test_what_needs_it_is_told_apart(self, tmp_path: Path) -> None:
        report = check(tmp_path, GOOD, self.OUTER, self.MIDDLE, provided=["botocore"])
        assert report == ImportReport(modules=2, optional=(), allowed=(), provided=("middle: middle", "outer: outer"))

    @pytest.mark.parametrize("provided", [[], ["boto3"]])
    def test_without_it_the_same_is_refused(self, tmp_path: Path, provided: list[str]) -> None:
        with pytest.raises(ImportGateError, match="Add to the requirements what brings botocore"):
            check(tmp_path, GOOD, self.OUTER, self.MIDDLE, provided=provided)

    def test_another_failure_of_the_same_is_refused(self, tmp_path: Path) -> None:
        broken = distribution("broken", {"broken.py": "1 / 0\n"}, requires=["botocore"])
        with pytest.raises(ImportGateError, match="broken: import broken fails with ZeroDivisionError"):
            check(tmp_path, broken, provided=["botocore"])

    def test_a_part_of_the_layer_that_is_not_there_is_refused(self, tmp_path: Path) -> None:
        broken = distribution("broken", {"broken.py": "import good.gone\n"}, requires=["botocore"])
        with pytest.raises(ImportGateError, match=r"No module named 'good\.gone'"):
            check(tmp_path, GOOD, broken, provided=["botocore"])

    def test_what_does_not_need_it_is_refused(self, tmp_path: Path) -> None:
        broken = distribution("broken", {"broken.py": "import botocore\n"})
        with pytest.raises(ImportGateError, match="broken: import broken"):
            check(tmp_path, broken, self.MIDDLE, provided=["botocore"])


def test_what_an_older_installer_listed_is_offered_too(tmp_path: Path) -> None:
    info = tmp_path / "old-1.0.egg-info"
    info.mkdir()
    (info / "PKG-INFO").write_text("Metadata-Version: 1.1\nName: old\nVersion: 1.0\n")
    (info / "installed-files.txt").write_text("../old.py\n../gone.py\n")
    (tmp_path / "old.py").touch()
    assert [(offer.distribution, offer.modules, offer.files) for offer in read_offers(tmp_path)] == [
        ("old", ["old"], 1)
    ]
