# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tools that C(peers.py) compares: how each is installed, what project it wants, and the command that builds.

Each is used as its own documentation says for a layer, or for a function where it makes no layers, and is told the
runtime and the architecture where it can be told. All get the same exact versions.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

TOP = Path(__file__).resolve().parent.parent
INSTALLED = TOP / ".cache" / "benchmarks"
UV = TOP / ".venv" / "bin" / "uv"
#: The latest platform of uv that is not later than what each runtime has.
UV_PLATFORMS = {
    ("python3.11", "x86_64"): "x86_64-manylinux2014",
    ("python3.11", "arm64"): "aarch64-manylinux2014",
    ("python3.13", "x86_64"): "x86_64-manylinux_2_34",
    ("python3.13", "arm64"): "aarch64-manylinux_2_34",
    ("python3.14", "x86_64"): "x86_64-manylinux_2_34",
    ("python3.14", "arm64"): "aarch64-manylinux_2_34",
}
VERSIONS = {
    "aws-sam-cli": "1.170.0",
    "bundleup": "0.2.1",
    "chalice": "1.34.0",
    "osls": "4.3.1",
    "serverless-python-requirements": "6.1.2",
    # A part of Python until 3.12 that chalice still imports.
    "setuptools": "80.9.0",
}


@dataclass(frozen=True)
class Work:
    """One build.

    :param folder: an empty folder for the project.
    :param home: the home folder, caches included.
    :param requirements: exact versions, a line each.
    :param lock: the lock that they are from.
    :param runtime: C(python3.13).
    :param architecture: Lambda's name of it.
    :param python: an interpreter of the runtime's version.
    """

    folder: Path
    home: Path
    requirements: Sequence[str]
    lock: Path
    runtime: str
    architecture: str
    python: Path


@dataclass(frozen=True)
class Tool:
    """A tool.

    :param name: as it is shown.
    :param prepare: writes the project.
    :param argv: the command that builds, in the project's folder.
    :param tree: what is on C(sys.path) in Lambda, a pattern relative to the project, or to the zip if it makes one;
        empty for all of it.
    :param archive: the zip that it makes, a pattern relative to the project; empty if it makes none.
    :param install: makes sure that it is there, for a Python.
    :param environment: what it needs to be told by variables.
    :param can_target: whether it can build for another processor than this one.
    """

    name: str
    prepare: Callable[[Work], None]
    argv: Callable[[Work], Sequence[str]]
    tree: str
    archive: str = ""
    install: Callable[[Path], None] = field(default=lambda _python: None)
    environment: Callable[[Work], Mapping[str, str]] = field(default=lambda _work: {})
    can_target: bool = False


def venv(name: str, python: Path) -> Path:
    """Where a tool's virtual environment is, one for each Python."""
    return INSTALLED / f"{name}-{VERSIONS[name]}-{python.parent.parent.name}"


def install_from_pypi(name: str, *, beside: Sequence[str] = ()) -> Callable[[Path], None]:
    """Make a virtual environment with a tool."""

    def install(python: Path) -> None:
        folder = venv(name, python)
        if (folder / "ready").exists():
            return
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([UV, "venv", "--quiet", "--python", python, folder], check=True)
        wanted = [f"{each}=={VERSIONS[each]}" if each in VERSIONS else each for each in (name, *beside)]
        subprocess.run([UV, "pip", "install", "--quiet", "--python", folder / "bin" / "python", *wanted], check=True)
        (folder / "ready").touch()

    return install


def install_from_npm(_python: Path) -> None:
    """Install osls and the plugin into a folder."""
    names = ("osls", "serverless-python-requirements")
    folder = INSTALLED / "-".join(VERSIONS[name] for name in names)
    if (folder / "ready").exists():
        return
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    (folder / "package.json").write_text(
        json.dumps({"private": True, "dependencies": {name: VERSIONS[name] for name in names}}), encoding="utf-8"
    )
    subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--loglevel=error"], cwd=folder, check=True)
    (folder / "ready").touch()


def npm_modules() -> Path:
    """Where these are."""
    return INSTALLED / "-".join(VERSIONS[name] for name in ("osls", "serverless-python-requirements")) / "node_modules"


def write(path: Path, text: str) -> None:
    """Write a file of a project."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def write_requirements(work: Work, name: str = "requirements.txt") -> None:
    """The exact versions, as pip's requirements file."""
    write(work.folder / name, "".join(f"{line}\n" for line in work.requirements))


def ours(slim: str) -> Tool:
    """The module as Ansible runs it, from the lock to the zip, import gate included."""

    def prepare(work: Work) -> None:
        options = {
            "lock": str(work.lock),
            "runtime": work.runtime,
            "architecture": work.architecture,
            "python": str(work.python),
            "dest": str(work.folder / "layer.zip"),
            "slim": slim,
        }
        write(work.folder / "options.json", json.dumps({"ANSIBLE_MODULE_ARGS": options}))

    module = "ansible_collections.asesoria.serverless.plugins.modules.layer_build"
    return Tool(
        name=f"layer_build, {slim}",
        prepare=prepare,
        argv=lambda work: [sys.executable, "-m", module, str(work.folder / "options.json")],
        archive="layer.zip",
        tree="python",
    )


def pip_plain() -> Tool:
    """What one does by hand on Linux."""
    return Tool(
        name="pip --target",
        prepare=write_requirements,
        argv=lambda work: [
            str(work.python),
            "-m",
            "pip",
            "install",
            "-q",
            "--target",
            "python",
            "-r",
            "requirements.txt",
        ],
        tree="python",
    )


def uv_target() -> Tool:
    """The same with uv, told the latest platform that is not too new for the runtime."""

    def argv(work: Work) -> Sequence[str]:
        platform = UV_PLATFORMS[work.runtime, work.architecture]
        options = ["--quiet", "--no-config", "--only-binary", ":all:", "--python-platform", platform]
        options += ["--python-version", work.runtime.removeprefix("python"), "--python", str(work.python)]
        return [str(UV), "pip", "install", *options, "--target", "python", "-r", "requirements.txt"]

    return Tool(name="uv --target", prepare=write_requirements, argv=argv, tree="python", can_target=True)


def sam(method: str) -> Tool:
    """C(sam build): a layer with pip; a function with uv, which it does not offer for layers."""

    def prepare(work: Work) -> None:
        write_requirements(work, "src/requirements.txt")
        layer = method == "pip"
        properties = (
            {"ContentUri": "src", "CompatibleRuntimes": [work.runtime]}
            if layer
            else {
                "CodeUri": "src",
                "Handler": "app.handler",
                "Runtime": work.runtime,
                "Architectures": [work.architecture],
            }
        )
        metadata = (
            {"BuildMethod": work.runtime, "BuildArchitecture": work.architecture}
            if layer
            else {"BuildMethod": "python-uv"}
        )
        kind = "AWS::Serverless::LayerVersion" if layer else "AWS::Serverless::Function"
        template = {
            "AWSTemplateFormatVersion": "2010-09-09",
            "Transform": "AWS::Serverless-2016-10-31",
            "Resources": {"Built": {"Type": kind, "Properties": properties, "Metadata": metadata}},
        }
        write(work.folder / "template.yaml", json.dumps(template))
        if not layer:
            write(work.folder / "src/app.py", "def handler(event, context):\n    return {}\n")

    def argv(work: Work) -> Sequence[str]:
        program = venv("aws-sam-cli", work.python) / "bin" / "sam"
        return [str(program), "build", "--cached", *([] if method == "pip" else ["--beta-features"])]

    def environment(work: Work) -> Mapping[str, str]:
        tools = venv("aws-sam-cli", work.python) / "bin"
        return {"SAM_CLI_TELEMETRY": "0", "PATH_BEFORE": f"{work.python.parent}:{tools}"}

    return Tool(
        name=f"sam build, {method}",
        prepare=prepare,
        argv=argv,
        tree=".aws-sam/build/Built/python" if method == "pip" else ".aws-sam/build/Built",
        install=install_from_pypi("aws-sam-cli", beside=["setuptools", "uv"]),
        environment=environment,
        can_target=True,
    )


def chalice() -> Tool:
    """C(chalice package) with its automatic layer."""

    def prepare(work: Work) -> None:
        write_requirements(work)
        function = "@app.lambda_function()\ndef handler(event, context):\n    return {}\n"
        write(work.folder / "app.py", f'from chalice import Chalice\n\napp = Chalice(app_name="built")\n\n\n{function}')
        config = {"version": "2.0", "app_name": "built", "automatic_layer": True, "stages": {"dev": {}}}
        write(work.folder / ".chalice/config.json", json.dumps(config))

    return Tool(
        name="chalice package",
        prepare=prepare,
        argv=lambda work: [str(venv("chalice", work.python) / "bin" / "chalice"), "package", "out"],
        archive="out/layer-deployment.zip",
        tree="python/lib/*/site-packages",
        install=install_from_pypi("chalice", beside=["setuptools"]),
        environment=lambda work: {
            "AWS_DEFAULT_REGION": "us-east-1",
            "PATH_BEFORE": str(venv("chalice", work.python) / "bin"),
        },
    )


def bundleup() -> Tool:
    """C(bundleup build --format zip)."""

    def prepare(work: Work) -> None:
        project = {
            "name": '"built"',
            "version": '"1"',
            "requires-python": f'"=={work.runtime.removeprefix("python")}.*"',
            "dependencies": json.dumps(list(work.requirements)),
        }
        lines = "".join(f"{key} = {value}\n" for key, value in project.items())
        write(work.folder / "pyproject.toml", f"[project]\n{lines}")
        write(work.folder / "built/__init__.py", "")

    def argv(work: Work) -> Sequence[str]:
        platform = UV_PLATFORMS[work.runtime, work.architecture]
        program = venv("bundleup", work.python) / "bin" / "bundleup"
        options = ["--format", "zip", "--python", str(work.python), "--python-platform", platform]
        return [str(program), "build", *options, "--max-size", "900MB"]

    return Tool(
        name="bundleup build",
        prepare=prepare,
        argv=argv,
        archive="dist/*.zip",
        tree="",
        install=install_from_pypi("bundleup", beside=["uv"]),
        environment=lambda work: {"PATH_BEFORE": str(venv("bundleup", work.python) / "bin")},
        can_target=True,
    )


def python_requirements() -> Tool:
    """C(osls package) with serverless-python-requirements, its layer, and no Docker."""

    def prepare(work: Work) -> None:
        write_requirements(work)
        write(work.folder / "app.py", "def handler(event, context):\n    return {}\n")
        plugin = {"layer": True, "dockerizePip": False, "pythonBin": str(work.python)}
        service = {
            "service": "built",
            "provider": {"name": "aws", "runtime": work.runtime, "region": "us-east-1"},
            "plugins": ["serverless-python-requirements"],
            "package": {"patterns": ["!node_modules/**"]},
            "custom": {"pythonRequirements": plugin},
            "functions": {"app": {"handler": "app.handler", "layers": [{"Ref": "PythonRequirementsLambdaLayer"}]}},
        }
        write(work.folder / "serverless.yml", json.dumps(service))
        (work.folder / "node_modules").symlink_to(npm_modules())

    return Tool(
        name="osls, python-requirements",
        prepare=prepare,
        argv=lambda _work: [str(npm_modules() / ".bin" / "osls"), "package"],
        archive=".serverless/pythonRequirements.zip",
        tree="python",
        install=install_from_npm,
        environment=lambda _work: {"AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"},
    )


TOOLS = (
    ours("safe"),
    ours("max"),
    pip_plain(),
    uv_target(),
    sam("pip"),
    sam("uv"),
    chalice(),
    bundleup(),
    python_requirements(),
)
