# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The status of a service as a short table for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ansible_collections.asesoria.serverless.plugins.module_utils._builder_instances import Builder
from ansible_collections.asesoria.serverless.plugins.module_utils._cost_estimate import hour_of
from ansible_collections.asesoria.serverless.plugins.module_utils._log_groups import LogGroup
from ansible_collections.asesoria.serverless.plugins.module_utils._prices import REGION
from ansible_collections.asesoria.serverless.plugins.module_utils._service_status import (
    FunctionStatus,
    LayerStatus,
    LayerUse,
    Status,
    describe,
)

_WIDTH = 10


def table(status: Status, *, stack: str, endpoint: str | None) -> list[str]:
    """Return the lines.

    :param status: what was read.
    :param stack: name of the stack that was looked for.
    :param endpoint: where the service answers, if anywhere.
    """
    return [f"{what:<{_WIDTH}}{text}" for what, text in _rows(status, stack=stack, endpoint=endpoint)]


def _rows(status: Status, *, stack: str, endpoint: str | None) -> Iterator[tuple[str, str]]:
    yield "stack", _stack_words(status, name=stack)
    if status.stack is not None:
        yield "endpoint", endpoint or "none"
    for function in status.functions:
        yield "function", _function_words(function)
        for layer in function.layers:
            yield "uses", _use_words(layer)
        yield "log", _log_words(function.log, function=function.name)
    for held in status.data:
        yield "data", f"{held.name} ({held.kind}), {'stays' if held.stays else 'goes'} when the stack is removed"
    for each in status.layers:
        yield "layer", _layer_words(each)
    for builder in status.builders:
        yield "builder", _builder_words(builder)
    for other in status.stacks:
        yield "stack", f"{other.name} is {other.status}"
    for unread in status.unread:
        yield "not read", f"{unread.what}: {unread.reason}"


def _stack_words(status: Status, *, name: str) -> str:
    if status.stack is None:
        hidden = any(each.what == f"the stack {name}" for each in status.unread)
        return f"{name} can't be read, see below" if hidden else f"{name} is not deployed"
    words = f"{name} is {status.stack.status}"
    since = describe(status)["deployed"]
    if since:
        words += f", changed {since}"
    return words + (f", deployment {status.version}" if status.version else "")


def _function_words(function: FunctionStatus) -> str:
    return (
        f"{function.name}: {function.runtime} on {function.architecture}, {function.memory_mb} MB, "
        f"{function.timeout_seconds} s, code {size(function.code_bytes)} ({function.code_sha256[:12]}), "
        f"changed {function.modified}"
    )


def _use_words(layer: LayerUse) -> str:
    words = f"{layer.name}:{layer.version}, {size(layer.zipped_bytes)}"
    if layer.stale is None:
        return f"{words}, which versions there are is not known"
    return (
        f"{words}, STALE: {layer.newest} is the newest that fits" if layer.stale else f"{words}, the newest that fits"
    )


def _log_words(log: LogGroup | None, *, function: str) -> str:
    if log is None:
        return f"none of {function} that can be read"
    kept = f"kept {log.retention_days} days" if log.retention_days else "kept for ever"
    return f"{log.name}, {size(log.stored_bytes)}, {kept}"


def _layer_words(layer: LayerStatus) -> str:
    name = f"{layer.name} in {layer.region}" if layer.region else layer.name
    if not layer.versions:
        return f"{name} has no version"
    words = f"{name}, newest {layer.newest}, versions {numbers([each.version for each in layer.versions])}"
    if not layer.unused:
        return f"{words}, all in use"
    if not layer.complete and layer.region:
        return f"{words}, who uses them is not known"
    whose = "no function uses" if layer.complete else "not used by this service:"
    return f"{words}, {whose} {numbers(layer.unused)}"


def _builder_words(builder: Builder) -> str:
    words = f"{builder.instance_id} ({builder.instance_type}, stage {builder.stage}) is {builder.state}"
    if builder.state == "stopped":
        return f"{words}, its disk costs money until it is ended"
    # On the spot market the price is another one every day.
    hourly = None if builder.spot else hour_of(builder.instance_type)
    price = f" (about USD {hourly:.4f} an hour in {REGION})" if hourly else ""
    return f"{words} since {builder.launched}, and costs money until it is ended{price}"


def numbers(values: Sequence[int]) -> str:
    """Numbers as ranges, ascending.

    >>> numbers([7, 5, 4, 3, 1])
    '1, 3-5, 7'
    """
    runs: list[list[int]] = []
    for value in sorted(values):
        if runs and value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    return ", ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def size(number: int) -> str:
    """Bytes in units of thousands.

    >>> size(950), size(12_345), size(3_456_789)
    ('950 B', '12.3 kB', '3.46 MB')
    """
    if number < 1000:  # noqa: PLR2004
        return f"{number} B"
    return f"{number / 1000:.1f} kB" if number < 1_000_000 else f"{number / 1_000_000:.2f} MB"  # noqa: PLR2004
