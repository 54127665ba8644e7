# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads off the lines of a function's log why it does not answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["import", "handler", "syntax", "memory", "timeout", "crash", "exit", "exception"]

#: What Lambda itself writes around every invocation.
_PLATFORM = re.compile(r"(START|END|REPORT|INIT_START|XRAY) |INIT_REPORT ")
_TRACEBACK = "Traceback (most recent call last):"
_FRAME = re.compile(r'\s+File "(?P<file>[^"]+)", line (?P<line>\d+)')
_RAISED = re.compile(r"(?P<type>[A-Za-z_][\w.]*)(?:: (?P<message>.*))?$")
# "[ERROR]" and "[CRITICAL]" stand alone or, from the logging module, before the time and the request's id.
_ERROR_LINE = re.compile(r"\[ERROR\]\s+(?P<type>[A-Za-z_][\w.]*):(?P<message>.*)")
_MEMORY = re.compile(r"Memory Size: (?P<size>\d+) MB\s+Max Memory Used: (?P<used>\d+) MB")
_TIMED_OUT = re.compile(r"Task timed out after (?P<seconds>[\d.]+) seconds")
_STATUS_TIMEOUT = re.compile(r"\bStatus: timeout\b")
_DURATION = re.compile(r"\bDuration: (?P<ms>[\d.]+) ms")
_EXITED = re.compile(r"Runtime exited with error: (?P<how>signal: [a-z ]+|exit status \d+)")
_KILLED = ("signal: killed", "exit status 137")
_UNABLE = re.compile(r"Unable to import module '(?P<module>[^']+)': (?P<why>.*)")
# What serverless-wsgi's handler logs, which then answers with 500.
_UNABLE_APP = re.compile(r"Unable to import app: '(?P<module>[^']+)' - (?P<why>.*)")
_NO_MODULE = re.compile(r"No module named '?(?P<name>[\w.-]+)")
_FOREIGN = re.compile(
    r"GLIBC_|GLIBCXX_|cannot open shared object file|invalid ELF header|wrong ELF class|undefined symbol"
)


@dataclass(frozen=True)
class Reason:
    """Why a function does not answer.

    :param kind: a word for programs.
    :param problem: what happened, one sentence without a full stop at the end.
    :param remedy: what to do about it, likewise; empty if nothing can be said.
    """

    kind: Kind
    problem: str
    remedy: str

    def __str__(self) -> str:
        return ". ".join(part for part in (self.problem, self.remedy) if part) + "."


def plain_lines(messages: Iterable[str]) -> list[str]:
    """Make single lines of log events.

    :param messages: an event can have several lines, or be JSON, as a function's logging settings say.
    """
    return [line.rstrip() for message in messages for line in _as_text(message).splitlines() if line.strip()]


def telling_lines(lines: Sequence[str], *, count: int) -> list[str]:
    """The last lines, without those that Lambda writes around a good invocation as around a bad one.

    :param lines: single lines, the oldest first.
    :param count: how many at most.
    """
    kept = [line for line in lines if not _PLATFORM.match(line) or "Status:" in line]
    return kept[-count:] if count else []


def read_reason(lines: Sequence[str]) -> Reason | None:
    """Say why a function does not answer.

    :param lines: the single lines of its log, the oldest first.
    :returns: the reason, or C(None) if it can't be read off.
    """
    return next(filter(None, (read(lines) for read in _READERS)), None)


def _import_error(lines: Sequence[str]) -> Reason | None:
    found = _UNABLE.search(_last(lines, "Runtime.ImportModuleError"))
    if not found:
        return _app_import_error(lines)
    module, why = found["module"], found["why"].rstrip(". ")
    return Reason(
        "import",
        f"Runtime.ImportModuleError: the module {module} can't be imported: {why}",
        _import_remedy(module, why),
    )


def _app_import_error(lines: Sequence[str]) -> Reason | None:
    found = [(index, match) for index, line in enumerate(lines) if (match := _UNABLE_APP.search(line))]
    if not found:
        return None
    start, match = found[-1]
    module, why = match["module"], match["why"].rstrip(". ")
    frames, _raised = _read_traceback(lines[start + 2 :])
    place = _place([frame for frame in frames if not frame["file"].endswith("/wsgi_handler.py")])
    return Reason("import", f"the app {module} can't be imported: {why}{place}", _import_remedy(module, why))


def _import_remedy(module: str, why: str) -> str:
    missing = _NO_MODULE.search(why)
    if missing and missing["name"] in (module, module.partition(".")[0]):
        return "The package has no such file: see that the handler, and what is left out, are right"
    if missing and "." in missing["name"] and "is not a package" not in why:
        return (
            f"The rest of {missing['name'].rpartition('.')[0]} is there: see whether this part was left out, or was "
            "installed for another system or another Python"
        )
    if missing:
        return (
            f"See that what brings {missing['name']} is among the requirements, that the layer was published after "
            "that, and that the function has it"
        )
    if _FOREIGN.search(why):
        return "It was compiled for another system: build the layer for the function's runtime and architecture"
    return ""


def _handler_error(lines: Sequence[str]) -> Reason | None:
    found = _ERROR_LINE.search(_last(lines, "Runtime.HandlerNotFound", "Runtime.MalformedHandlerName"))
    if not found:
        return None
    said = found["message"].strip(". ")
    return Reason("handler", f"{found['type']}: {said}", "Name the handler as module.function in the configuration")


def _syntax_error(lines: Sequence[str]) -> Reason | None:
    found = _ERROR_LINE.search(_last(lines, "Runtime.UserCodeSyntaxError"))
    if not found:
        return None
    return Reason(
        "syntax",
        f"Runtime.UserCodeSyntaxError: {found['message'].strip('. ')}",
        "Correct the file, or choose a runtime whose Python knows what is written there",
    )


def _out_of_memory(lines: Sequence[str]) -> Reason | None:
    exited = _EXITED.search(_last(lines, "Runtime exited with error"))
    killed = exited is not None and exited["how"] in _KILLED
    raised = _ERROR_LINE.search(_last(lines, "[ERROR] MemoryError"))
    if not (killed or raised or _last(lines, "Runtime.OutOfMemory")):
        return None
    return Reason("memory", f"the function ran out of memory{_memory_words(lines)}", "Give it more memory")


def _timed_out(lines: Sequence[str]) -> Reason | None:
    line = next((line for line in reversed(lines) if _TIMED_OUT.search(line) or _STATUS_TIMEOUT.search(line)), "")
    if not line:
        return None
    seconds = _timeout_seconds(line)
    after = f" after {seconds:g} s" if seconds else ""
    remedy = "See what it waits for (a database or a host that can't be reached), or give it more time"
    if _is_full(lines):
        remedy = "Its memory was used up, too: give it more memory"
    return Reason("timeout", f"the function timed out{after}{_memory_words(lines)}", remedy)


def _timeout_seconds(line: str) -> float:
    said, measured = _TIMED_OUT.search(line), _DURATION.search(line)
    if said:
        return float(said["seconds"])
    return float(measured["ms"]) / 1000 if measured else 0.0


def _exited(lines: Sequence[str]) -> Reason | None:
    found = _EXITED.search(_last(lines, "Runtime exited with error"))
    if not found:
        return None
    if found["how"].startswith("signal"):
        return Reason(
            "crash",
            f"the function's process crashed ({found['how']})",
            "That is compiled code: see that the layer was built for the function's runtime and architecture",
        )
    return Reason(
        "exit",
        f"the function's process ended itself ({found['how']})",
        "Look for a call of sys.exit, also while modules are imported",
    )


def _exception(lines: Sequence[str]) -> Reason | None:
    """An exception that nobody caught: the last traceback's, or one that has none."""
    starts = [index for index, line in enumerate(lines) if _TRACEBACK in line]
    if starts:
        return _traceback(lines[starts[-1] - 1 if starts[-1] else 0 :])
    found = _ERROR_LINE.search(_last(lines, "[ERROR]"))
    return Reason("exception", f"{found['type']}: {found['message'].strip('. ')}", "") if found else None


def _traceback(lines: Sequence[str]) -> Reason | None:
    start = next(index for index, line in enumerate(lines) if _TRACEBACK in line)
    frames, raised = _read_traceback(lines[start + 1 :])
    # The runtime's own tracebacks have the exception before the frames.
    told = _ERROR_LINE.search(lines[0]) or raised
    if not told:
        return None
    message = (told["message"] or "").strip(". ")
    return Reason("exception", f"{told['type']}{': ' if message else ''}{message}{_place(frames)}", "")


def _read_traceback(lines: Sequence[str]) -> tuple[list[re.Match[str]], re.Match[str] | None]:
    """The frames that the lines begin with, and the exception after them, if it is there."""
    frames = []
    for line in lines:
        frame = _FRAME.match(line)
        if frame:
            frames.append(frame)
        elif not line[0].isspace():
            return frames, _RAISED.match(line)
    return frames, None


def _place(frames: Sequence[re.Match[str]]) -> str:
    """Where in the function's own files it was, in brackets."""
    own = next((frame for frame in reversed(frames) if frame["file"].startswith("/var/task/")), None)
    return f" ({own['file'].removeprefix('/var/task/')}, line {own['line']})" if own else ""


_READERS: tuple[Callable[[Sequence[str]], Reason | None], ...] = (
    _import_error,
    _handler_error,
    _syntax_error,
    _out_of_memory,
    _timed_out,
    _exited,
    _exception,
)


def _last(lines: Sequence[str], *words: str) -> str:
    """The last line that has one of the words; empty if there is none."""
    return next((line for line in reversed(lines) if any(word in line for word in words)), "")


def _memory(lines: Sequence[str]) -> tuple[int, int] | None:
    """How much memory the last invocation that says so used, and how much it had, in MB."""
    found = _MEMORY.search(_last(lines, "Max Memory Used:"))
    return (int(found["used"]), int(found["size"])) if found else None


def _is_full(lines: Sequence[str]) -> bool:
    memory = _memory(lines)
    return memory is not None and memory[0] >= memory[1]


def _memory_words(lines: Sequence[str]) -> str:
    memory = _memory(lines)
    return f" ({memory[0]} of {memory[1]} MB used)" if memory else ""


def _as_text(message: str) -> str:
    """Write an event of a function that logs JSON as one that logs text."""
    if not message.startswith("{"):
        return message
    try:
        event = json.loads(message)
    except ValueError:
        return message
    if event.get("type") == "platform.report" and isinstance(event.get("record"), dict):
        return _report_text(event["record"])
    if "errorType" in event:
        return f"[ERROR] {event['errorType']}: {event.get('errorMessage', '')}\n{_TRACEBACK}\n" + "".join(
            map(str, event.get("stackTrace", []))
        )
    return message


def _report_text(record: dict[str, Any]) -> str:
    metrics = record.get("metrics", {})
    words = [
        f"REPORT RequestId: {record.get('requestId', '')}",
        f"Duration: {metrics.get('durationMs', 0)} ms",
        f"Memory Size: {metrics.get('memorySizeMB', 0)} MB",
        f"Max Memory Used: {metrics.get('maxMemoryUsedMB', 0)} MB",
    ]
    if record.get("status", "success") != "success":
        words += [f"Status: {record['status']}", f"Error Type: {record.get('errorType', '')}"]
    return "\t".join(words)
