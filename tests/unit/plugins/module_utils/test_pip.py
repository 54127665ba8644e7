# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What pip's answers are taken for. The outputs are those of pip 23.2 and 24.2, shortened."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._pip import (
    Completed,
    IndexUnreachableError,
    PipError,
    download_argv,
    explain_failure,
    install_argv,
    pip_environment,
    read_versions,
    versions_argv,
)

REFUSED = (
    "WARNING: Retrying (Retry(total=0, connect=None, read=None, redirect=None, status=None)) after connection "
    "broken by "
    "'NewConnectionError('<pip._vendor.urllib3.connection.HTTPConnection object at 0x7f>: Failed to establish a new "
    "connection: [Errno 111] Connection refused')': /simple/flask/\n"
)
NETWORK_REMEDY = "Check the network, the proxy and the address of the package index, then run it again."


def failed(output: str, returncode: int = 1) -> Completed:
    return Completed(returncode=returncode, stdout="Looking in indexes: https://h/simple\n", stderr=output)


@pytest.mark.parametrize(
    ("output", "message"),
    [
        (
            "/usr/bin/python3.11: No module named pip\n",
            "the interpreter has no pip. Install it with '<interpreter> -m ensurepip', or name another interpreter.",
        ),
        (
            (
                "WARNING: pip is configured with locations that require TLS/SSL, however the ssl module in Python "
                "is not "
                "available.\nERROR: No matching distribution found for flask\n"
            ),
            (
                "the interpreter was built without the ssl module, so its pip can reach no package index. Build it "
                "again "
                "with OpenSSL 1.1.1 or newer and its headers installed."
            ),
        ),
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device\n",
            "the disk ran full while pip installed. Free space on the builder or give it a larger disk.",
        ),
        (
            "ERROR: Could not install packages due to an OSError: [Errno 13] Permission denied: '/srv/x'\n",
            "pip may not write to /srv/x. Correct the permissions, or name another folder.",
        ),
        (
            "ERROR: Invalid requirement: 'serverless wsgi' (from line 2 of r.txt)\n",
            "r.txt, line 2: 'serverless wsgi' is not a requirement. Correct the line.",
        ),
        (
            "ERROR: Invalid requirement: 'a b': Expected end\n    a b\n      ^ (from line 7 of r.txt)\n",
            "r.txt, line 7: 'a b' is not a requirement. Correct the line.",
        ),
        (
            "Usage: pip [options]\n\nERROR: Invalid requirement: x\npip: error: no such option: --foo\n",
            "the requirements file has an option that pip does not take: --foo. Correct the line.",
        ),
        (
            (
                "ERROR: Could not find a version that satisfies the requirement nix (from versions: none)\n"
                "ERROR: No matching distribution found for nix\n"
            ),
            (
                "the package index has nothing for nix that this Python can use. Correct the name in the "
                "requirements, or "
                "name the index that has it."
            ),
        ),
        (
            (
                "ERROR: Could not find a version that satisfies the requirement flask==99 (from -r r.txt (line 1)) "
                "(from versions: 0.1, 0.2, 1.0, 2.0, 3.0, 3.1.0)\n"
            ),
            (
                "the package index has no version that flask==99 allows (the newest it has: 0.2, 1.0, 2.0, 3.0, "
                "3.1.0). "
                "Correct the version in the requirements."
            ),
        ),
        (
            (
                "ERROR: Ignored the following versions that require a different python version: 2.0 Requires-Python "
                ">=3.12\n"
                "ERROR: Could not find a version that satisfies the requirement new (from versions: none)\n"
            ),
            (
                "no version of new is for this Python (2.0 Requires-Python >=3.12). Take a runtime with a Python "
                "that it "
                "supports."
            ),
        ),
        (
            (
                "ERROR: Cannot install -r r.txt (line 1) and werkzeug<2 because these package versions have "
                "conflicting "
                "dependencies.\n\nThe conflict is caused by:\n    The user requested werkzeug<2\n"
                "    flask 3.1.0 depends on Werkzeug>=3.1\n\nTo fix this you could try to:\n1. loosen\n\n"
                "ERROR: ResolutionImpossible: for help visit https://h/\n"
            ),
            (
                "the requirements contradict each other: The user requested werkzeug<2; flask 3.1.0 depends on "
                "Werkzeug>=3.1. Loosen one of them."
            ),
        ),
        (
            (
                "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE. If you have updated ...\n"
                "    click==8.1.7 from https://h/click.whl (from -r r.txt (line 1)):\n        Expected sha256 000\n"
            ),
            (
                "what the package index gave for click==8.1.7 does not have the SHA-256 that it should have. "
                "Find out "
                "why before you accept another one: the file may have been tampered with."
            ),
        ),
        (
            (
                "ERROR: In --require-hashes mode, all requirements must have their versions pinned with ==. These "
                "do not:\n"
                "    blinker>=1.9 from https://h/blinker.whl (from flask==3.1.0->-r r.txt (line 1))\n"
            ),
            (
                "the requirements have hashes, but blinker>=1.9 is not pinned with '==' and a hash of its own. Give "
                "every "
                "package, the ones that others need included, one exact version and its hashes."
            ),
        ),
        (
            (
                "  error: subprocess-exited-with-error\n  x Building wheel for lxml did not run successfully.\n"
                "      src/lxml/etree.c:96:10: fatal error: Python.h: No such file or directory\n"
                "      error: command 'gcc' failed with exit code 1\n  ERROR: Failed building wheel for lxml\n"
                "ERROR: Could not build wheels for lxml, which is required\n"
            ),
            (
                "lxml has no wheel for this Python and compiling it failed (src/lxml/etree.c:96:10: fatal error: "
                "Python.h: "
                "No such file or directory). Take a version that has a wheel, or install what it needs to compile "
                "on the "
                "builder."
            ),
        ),
        (
            "ERROR: something that nobody has seen\n",
            "installing r.txt failed with exit status 1: ERROR: something that nobody has seen.",
        ),
        ("", "installing r.txt failed with exit status 1: Looking in indexes: https://h/simple."),
    ],
)
def test_failures(output: str, message: str) -> None:
    assert str(explain_failure(failed(output), what="installing r.txt")) == message


def test_an_index_that_does_not_answer_is_no_missing_package() -> None:
    output = REFUSED + "ERROR: Could not find a version that satisfies the requirement flask (from versions: none)\n"
    error = explain_failure(failed(output), what="installing r.txt")
    assert isinstance(error, IndexUnreachableError)
    assert str(error) == (
        f"the package index did not answer when asked for flask ([Errno 111] Connection refused). {NETWORK_REMEDY}"
    )


def test_a_killed_pip_is_told_as_such() -> None:
    error = explain_failure(Completed(returncode=-9, stdout="", stderr=""), what="installing r.txt")
    assert str(error) == (
        "installing r.txt was ended by signal 9. If the machine ran out of memory, give it more or add swap."
    )


def test_passwords_of_indexes_are_not_told() -> None:
    error = explain_failure(failed("ERROR: bad https://me:secret@h/simple\n"), what="installing r.txt")
    assert "secret" not in str(error)
    assert "https://****@h/simple" in str(error)


def test_versions() -> None:
    found = Completed(returncode=0, stdout="flask (3.1.3)\nAvailable versions: 3.1.3, 3.1.2\n", stderr="WARNING: x")
    assert read_versions(found, name="flask") == ["3.1.3", "3.1.2"]
    assert read_versions(failed("ERROR: No matching distribution found for nix\n"), name="nix") == []


def test_versions_of_an_index_that_does_not_answer() -> None:
    with pytest.raises(IndexUnreachableError, match="when asked for nix"):
        read_versions(failed(REFUSED + "ERROR: No matching distribution found for nix\n"), name="nix")


def test_versions_of_a_pip_that_cannot_tell() -> None:
    with pytest.raises(PipError, match=r'asking the package index for nix failed .*unknown command "index"'):
        read_versions(failed('ERROR: unknown command "index"\n'), name="nix")


def test_indexes_go_by_the_environment_only() -> None:
    secret = "https://me:secret@h/simple"
    environment = pip_environment(index_url=secret, extra_index_urls=[secret, "https://x"])
    assert environment["PIP_INDEX_URL"] == secret
    assert environment["PIP_EXTRA_INDEX_URL"] == f"{secret} https://x"
    assert "PIP_INDEX_URL" not in pip_environment()


def test_calls() -> None:
    argv = install_argv(python="/p", target=Path("/t"), wheels=[Path("/a.whl"), Path("/b.whl")])
    assert argv[:5] == ["/p", "-I", "-m", "pip", "--disable-pip-version-check"]
    assert argv[-4:] == ["--target", "/t", "/a.whl", "/b.whl"]
    assert {"--no-compile", "--no-index", "--no-deps"} < set(argv)
    argv = download_argv(python="/p", folder=Path("/f"), requirements=Path("/r"))
    assert argv[-4:] == ["--dest", "/f", "--requirement", "/r"]
    assert {"--no-deps", "--require-hashes", "--only-binary"} < set(argv)
    argv = versions_argv(python="/p", name="flask", python_version="3.11", platforms=["linux_x86_64"])
    assert argv[-2:] == ["--platform=linux_x86_64", "flask"]
