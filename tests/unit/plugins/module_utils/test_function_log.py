# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lines as Lambda, its Python runtime and frameworks write them, with what can be read off."""

from __future__ import annotations

import json

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._function_log import (
    plain_lines,
    read_reason,
    telling_lines,
)
from hypothesis import given
from hypothesis import strategies as st

ID = "9144f495-cc8a-4396-af04-58164d280f90"
START = f"START RequestId: {ID} Version: $LATEST\n"
END = f"END RequestId: {ID}\n"
WARNING = (
    "LAMBDA_WARNING: Unhandled exception. The most likely cause is an issue in the function code. However, in rare "
    "cases, a Lambda runtime update can cause unexpected function behavior.\r\n"
)


def report(more: str = "", *, size: int = 128, used: int = 43, ms: str = "4.28") -> str:
    return (
        f"REPORT RequestId: {ID}\tDuration: {ms} ms\tBilled Duration: 5 ms\tMemory Size: {size} MB\t"
        f"Max Memory Used: {used} MB\t{more}\n"
    )


REQUIREMENTS = (
    "See that what brings flask is among the requirements, that the layer was published after "
    "that, and that the function has it."
)
PART = (
    "The rest of orjson is there: see whether this part was left out, or was installed for another system or another "
    "Python."
)
SHADOWED = "No module named 'flask.x'; 'flask' is not a package"
FOREIGN = "It was compiled for another system: build the layer for the function's runtime and architecture."
WAITS = "See what it waits for (a database or a host that can't be reached), or give it more time."
CRASHED = "That is compiled code: see that the layer was built for the function's runtime and architecture."
NO_FILE = "The package has no such file: see that the handler, and what is left out, are right."
PYTHON = "Correct the file, or choose a runtime whose Python knows what is written there."
SYS_EXIT = "Look for a call of sys.exit, also while modules are imported."
HANDLER = "Name the handler as module.function in the configuration."

CASES = [
    pytest.param(
        [
            START,
            (
                f"{WARNING}[ERROR] Runtime.ImportModuleError: Unable to import module 'wsgi_handler': "
                "No module named 'flask'\n"
                "Traceback (most recent call last):"
            ),
            END,
            report("Init Duration: 182.84 ms"),
        ],
        "import",
        f"Runtime.ImportModuleError: the module wsgi_handler can't be imported: No module named "
        f"'flask'. {REQUIREMENTS}",
        id="a module is missing",
    ),
    pytest.param(
        ["[ERROR] Runtime.ImportModuleError: Unable to import module 'app': No module named 'orjson.orjson'"],
        "import",
        f"Runtime.ImportModuleError: the module app can't be imported: No module named 'orjson.orjson'. {PART}",
        id="a part of a package is missing, as with a wheel for another system",
    ),
    pytest.param(
        [f"[ERROR] Runtime.ImportModuleError: Unable to import module 'app': {SHADOWED}"],
        "import",
        f"Runtime.ImportModuleError: the module app can't be imported: {SHADOWED}. "
        f"{REQUIREMENTS.replace('flask', 'flask.x')}",
        id="a file that is called like a package",
    ),
    pytest.param(
        ["[ERROR] Runtime.ImportModuleError: Unable to import module 'app.main': No module named 'app'\r"],
        "import",
        f"Runtime.ImportModuleError: the module app.main can't be imported: No module named 'app'. {NO_FILE}",
        id="the handler's file is missing",
    ),
    pytest.param(
        [
            (
                "[ERROR] Runtime.ImportModuleError: Unable to import module 'handler': /lib64/libc.so.6: "
                "version `GLIBC_2.28' not found (required by /opt/python/numpy/core/_multiarray.so)\n"
            )
        ],
        "import",
        f"Runtime.ImportModuleError: the module handler can't be imported: /lib64/libc.so.6: version "
        f"`GLIBC_2.28' not found (required by /opt/python/numpy/core/_multiarray.so). {FOREIGN}",
        id="compiled elsewhere",
    ),
    pytest.param(
        [
            (
                "[ERROR] Runtime.ImportModuleError: Unable to import module 'handler': libc.musl-x86_64.so.1: "
                "cannot open shared object file: No such file or directory"
            )
        ],
        "import",
        f"Runtime.ImportModuleError: the module handler can't be imported: libc.musl-x86_64.so.1: cannot "
        f"open shared object file: No such file or directory. {FOREIGN}",
        id="another libc",
    ),
    pytest.param(
        [
            (
                "[ERROR]\t2026-11-25T13:34:09.705Z\t\tUnable to import app: 'app.app' - No module named 'flask'\n"
                'Traceback (most recent call last):\n  File "/var/task/wsgi_handler.py", line 45, in import_app\n'
                "    wsgi_module = importlib.import_module(wsgi_fqn_parts[-1])\n"
                '  File "<frozen importlib._bootstrap>", line 241, in _call_with_frames_removed\n'
                '  File "/var/task/shop/views.py", line 2, in <module>\n    import flask\n'
                "ModuleNotFoundError: No module named 'flask'\n"
            )
        ],
        "import",
        f"the app app.app can't be imported: No module named 'flask' (shop/views.py, line 2). {REQUIREMENTS}",
        id="a module is missing, as serverless-wsgi says it",
    ),
    pytest.param(
        ["Unable to import app: 'app.app' - name 'x' is not defined"],
        "import",
        "the app app.app can't be imported: name 'x' is not defined.",
        id="an app that fails while it is imported",
    ),
    pytest.param(
        ["[ERROR] Runtime.HandlerNotFound: Handler 'handlr' missing on module 'app'\n"],
        "handler",
        f"Runtime.HandlerNotFound: Handler 'handlr' missing on module 'app'. {HANDLER}",
        id="no such handler",
    ),
    pytest.param(
        [
            (
                "[ERROR] Runtime.UserCodeSyntaxError: Syntax error in module 'app': invalid syntax (app.py, line 3)\n"
                'Traceback (most recent call last):\n  File "/var/task/app.py" Line 3\n    match x:\n'
            )
        ],
        "syntax",
        f"Runtime.UserCodeSyntaxError: Syntax error in module 'app': invalid syntax (app.py, line 3). {PYTHON}",
        id="a syntax error",
    ),
    pytest.param(
        [START, END, report(ms="3000.00"), f"2022-10-04T16:23:04.624Z {ID} Task timed out after 3.03 seconds\n\n"],
        "timeout",
        f"the function timed out after 3.03 s (43 of 128 MB used). {WAITS}",
        id="a time-out, as it was said until 2025",
    ),
    pytest.param(
        [START, END, report("Status: timeout", size=1280, used=1201, ms="180000.00")],
        "timeout",
        f"the function timed out after 180 s (1201 of 1280 MB used). {WAITS}",
        id="a time-out, as it is said now",
    ),
    pytest.param(
        [
            "INIT_REPORT Init Duration: 180000.45 ms\tPhase: invoke\tStatus: timeout\n",
            report("Status: timeout", size=192, used=192, ms="180000.00"),
        ],
        "timeout",
        "the function timed out after 180 s (192 of 192 MB used). Its memory was used up, too: give it more memory.",
        id="a time-out for want of memory",
    ),
    pytest.param(
        [START, END, report("Status: error\tError Type: Runtime.OutOfMemory", used=128)],
        "memory",
        "the function ran out of memory (128 of 128 MB used). Give it more memory.",
        id="out of memory, as it is said now",
    ),
    pytest.param(
        [
            START,
            END,
            report(used=128),
            f"RequestId: {ID} Error: Runtime exited with error: signal: killed\nRuntime.ExitError\n",
        ],
        "memory",
        "the function ran out of memory (128 of 128 MB used). Give it more memory.",
        id="out of memory, as it was said before",
    ),
    pytest.param(
        ["[ERROR] MemoryError: \nTraceback (most recent call last):\n", report(used=120)],
        "memory",
        "the function ran out of memory (120 of 128 MB used). Give it more memory.",
        id="Python's own word for it",
    ),
    pytest.param(
        [f"RequestId: {ID} Error: Runtime exited with error: signal: segmentation fault\nRuntime.ExitError\n"],
        "crash",
        f"the function's process crashed (signal: segmentation fault). {CRASHED}",
        id="a crash",
    ),
    pytest.param(
        [f"RequestId: {ID} Error: Runtime exited with error: exit status 1\nRuntime.ExitError\n"],
        "exit",
        f"the function's process ended itself (exit status 1). {SYS_EXIT}",
        id="an exit",
    ),
    pytest.param(
        [
            (
                f"{WARNING}[ERROR] KeyError: 'TABLE'\nTraceback (most recent call last):\n"
                '\xa0\xa0File "/var/lang/lib/python3.11/importlib/__init__.py", line 126, in import_module\n'
                "\xa0\xa0\xa0\xa0return _bootstrap._gcd_import(name[level:], package, level)\n"
                '\xa0\xa0File "/var/task/app.py", line 7, in <module>\n\xa0\xa0\xa0\xa0table = os.environ["TABLE"]'
            )
        ],
        "exception",
        "KeyError: 'TABLE' (app.py, line 7).",
        id="an exception that reached the runtime",
    ),
    pytest.param(
        [
            (
                f"[ERROR]\t2026-11-25T13:00:00.000Z\t{ID}\tException on / [GET]\nTraceback (most recent call last):\n"
                '  File "/opt/python/flask/app.py", line 1511, in wsgi_app\n    response = self.full_dispatch()\n'
                '  File "/var/task/app.py", line 12, in index\n    return str(1 / 0)\n           ~~^~~\n'
                "ZeroDivisionError: division by zero\n"
            )
        ],
        "exception",
        "ZeroDivisionError: division by zero (app.py, line 12).",
        id="an exception that Flask answered with 500",
    ),
    pytest.param(
        [
            "Traceback (most recent call last):\n",
            '  File "/var/task/app.py", line 3, in index\n',
            "KeyError: 'a'\n",
            "\n",
            "During handling of the above exception, another exception occurred:\n",
            "\n",
            "Traceback (most recent call last):\n",
            '  File "/var/task/app.py", line 5, in index\n',
            "shop.errors.OutOfStock\n",
        ],
        "exception",
        "shop.errors.OutOfStock (app.py, line 5).",
        id="the last of two exceptions, a line an event",
    ),
    pytest.param(
        [
            json.dumps(
                {
                    "timestamp": "2026-11-25T13:00:00Z",
                    "log_level": "ERROR",
                    "errorMessage": "Unable to import module 'app': No module named 'flask'",
                    "errorType": "Runtime.ImportModuleError",
                    "stackTrace": [],
                }
            )
        ],
        "import",
        f"Runtime.ImportModuleError: the module app can't be imported: No module named 'flask'. {REQUIREMENTS}",
        id="logged as JSON by the runtime",
    ),
    pytest.param(
        [
            json.dumps(
                {
                    "time": "2026-11-25T13:00:03Z",
                    "type": "platform.report",
                    "record": {
                        "requestId": ID,
                        "status": "timeout",
                        "metrics": {"durationMs": 3000.0, "memorySizeMB": 128, "maxMemoryUsedMB": 40},
                    },
                }
            )
        ],
        "timeout",
        f"the function timed out after 3 s (40 of 128 MB used). {WAITS}",
        id="logged as JSON by Lambda",
    ),
]


@pytest.mark.parametrize(("events", "kind", "said"), CASES)
def test_the_reason_is_read_off(events: list[str], kind: str, said: str) -> None:
    reason = read_reason(plain_lines(events))
    assert reason is not None
    assert (reason.kind, str(reason)) == (kind, said)


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([], id="nothing"),
        pytest.param([START, "Hello\n", END, report()], id="a good answer"),
        pytest.param([START, "[ERROR] something went wrong\n", END, report()], id="an error of the app's own words"),
        pytest.param(["Traceback (most recent call last):\n"], id="a traceback that is cut off"),
        pytest.param(['{"level": "INFO", "message": "Hello"}', "{not json"], id="JSON without an error"),
    ],
)
def test_there_is_no_reason_where_none_is_written(events: list[str]) -> None:
    assert read_reason(plain_lines(events)) is None


def test_the_lines_around_a_good_invocation_are_not_shown() -> None:
    events = [START, "one\ntwo\n", END, report(), START, "three\n", END, report("Status: timeout")]
    lines = plain_lines(events)
    assert telling_lines(lines, count=10) == ["one", "two", "three", report("Status: timeout").rstrip()]
    assert telling_lines(lines, count=1) == [report("Status: timeout").rstrip()]
    assert telling_lines(lines, count=0) == []


_FRAGMENTS = [
    "[ERROR] ",
    "Traceback (most recent call last):",
    '  File "/var/task/a.py", line 1',
    "Runtime.OutOfMemory",
]
_FRAGMENTS += [
    "Unable to import module 'a': ",
    "Status: timeout",
    "Runtime exited with error: ",
    '{"errorType": 1}',
    "{",
]
_FRAGMENTS += ['{"type": "platform.report", "record": {"metrics": {}, "status": "error"}}', "[]", '{"errorType": "A"}']


@given(st.lists(st.one_of(st.sampled_from(_FRAGMENTS), st.text(max_size=40))))
def test_no_line_is_too_odd(events: list[str]) -> None:
    lines = plain_lines(events)
    read_reason(lines)
    assert len(telling_lines(lines, count=5)) <= 5
