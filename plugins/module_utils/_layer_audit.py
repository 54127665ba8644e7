# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Holds a layer, or a function's package, against all rules before AWS has it, without running anything of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._audit_binaries import (
    dotted,
    foreign_binary,
    glibc_too_new,
    libstdcxx_too_new,
    missing_library,
    wrong_abi,
    wrong_machine,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._audit_bytecode import stale_bytecode
from ansible_collections.asesoria.serverless.plugins.module_utils._audit_distributions import (
    record_mismatch,
    requirement_conflict,
    requirement_missing,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._audit_structure import (
    duplicate_name,
    layout,
    unreadable,
    unsafe_link,
    unsafe_path,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_contents import DamagedError, open_contents
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_view import (
    LAYER,
    Finding,
    Kind,
    Layer,
    shown,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._rules import Allowance
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import (
    MAX_DIRECT_UPLOAD_BYTES,
    MAX_LAYERS_PER_FUNCTION,
    MAX_UNZIPPED_BYTES,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._target import Target

#: Names that the runtime has beside every function, in a version that changes without notice.
PROVIDED = ("boto3", "botocore", "s3transfer", "jmespath", "urllib3", "python-dateutil", "six")
_STRUCTURE = (unsafe_path, unsafe_link, duplicate_name, unreadable, layout)
_CONTENT = (
    wrong_machine,
    glibc_too_new,
    libstdcxx_too_new,
    missing_library,
    wrong_abi,
    foreign_binary,
    requirement_conflict,
    record_mismatch,
    stale_bytecode,
)
_SHOWN_FINDINGS = 10


@dataclass(frozen=True)
class Request:
    """What to hold a zip against.

    :param target: the runtime and architecture that it is for.
    :param kind: whether it is a layer or a function's package.
    :param other_bytes: unzipped bytes of the rest of the function, its other layers included.
    :param other_layers: how many other layers the function has.
    :param provided: distributions that the runtime or another layer brings.
    :param allow: what is accepted.
    """

    target: Target
    kind: Kind = LAYER
    other_bytes: int = 0
    other_layers: int = 0
    provided: tuple[str, ...] = PROVIDED
    allow: tuple[Allowance, ...] = ()


@dataclass(frozen=True)
class Audit:
    """What was found.

    :param findings: what makes it fail.
    :param allowed: what was accepted by name.
    :param notes: what is good to know.
    :param elf_files: how many ELF files there are that can be loaded or run.
    :param glibc: the oldest glibc that all of them can be loaded with.
    :param zipped_bytes: size of the zip, C(None) for a folder.
    :param unzipped_bytes: sum of the sizes of its files.
    :param distributions: versions by name.
    """

    findings: tuple[Finding, ...]
    allowed: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()
    elf_files: int = 0
    glibc: str | None = None
    zipped_bytes: int | None = None
    unzipped_bytes: int = 0
    distributions: Mapping[str, str] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """The same as plain values."""
        return asdict(self)

    def summary(self, path: Path) -> str:
        """All of it in one message.

        :param path: what was looked at.
        """
        lines = [_line(finding) for finding in self.findings[:_SHOWN_FINDINGS]]
        more = len(self.findings) - len(lines)
        if more:
            lines.append(f"and {more} more")
        count = "1 finding" if len(self.findings) == 1 else f"{len(self.findings)} findings"
        return f"{path.name} would not work in Lambda, {count}: {'; '.join(lines)}."


def audit_layer(path: Path, request: Request) -> Audit:
    """Look at a zip or a folder with all rules.

    :param path: the zip, or the folder that is to become its content.
    :param request: what to hold it against.
    :raises ContentsError: there is neither a zip nor a folder.
    """
    try:
        contents = open_contents(path)
    except DamagedError as error:
        found = [Finding("damaged", error.problem, error.remedy)]
        return _decide(Audit(findings=tuple(found), zipped_bytes=path.stat().st_size), request)
    with contents:
        layer = Layer(contents, target=request.target, kind=request.kind)
        found = [finding for rule in _STRUCTURE for finding in rule(layer)]
        found += _sizes(layer, request)
        audit = Audit(findings=(), zipped_bytes=contents.zipped_bytes, unzipped_bytes=contents.unzipped_bytes)
        # Whatever else is in a zip of this size, nobody can use it, and reading it could fill the memory.
        if contents.unzipped_bytes < MAX_UNZIPPED_BYTES:
            found += _content_findings(layer, request)
            found = [_with_owner(finding, layer) for finding in found]
            audit = _with_facts(audit, layer)
        return _decide(replace(audit, findings=tuple(found)), request)


def _content_findings(layer: Layer, request: Request) -> Iterator[Finding]:
    for rule in _CONTENT:
        yield from rule(layer)
    yield from requirement_missing(layer, provided=request.provided)
    # Only now all files have been read.
    yield from layer.damage


def _sizes(layer: Layer, request: Request) -> Iterator[Finding]:
    unzipped = layer.contents.unzipped_bytes
    if unzipped + request.other_bytes >= MAX_UNZIPPED_BYTES:
        rest = "the function and its other layers" if layer.kind is LAYER else "its layers"
        others = f" with {request.other_bytes} bytes of {rest}" if request.other_bytes else ""
        unread = " (its files were not looked at)" if unzipped >= MAX_UNZIPPED_BYTES else ""
        yield Finding(
            "unzipped-too-large",
            f"the {layer.kind.name} has {unzipped} bytes unzipped{others}, and Lambda takes less than "
            f"{MAX_UNZIPPED_BYTES} in all{unread}",
            "Leave out what the function does not need, or ship it as a container image",
        )
    layers = request.other_layers + (layer.kind is LAYER)
    if layers > MAX_LAYERS_PER_FUNCTION:
        with_this = "with this one " if layer.kind is LAYER else ""
        yield Finding(
            "too-many-layers",
            f"{with_this}the function has {layers} layers, and Lambda takes {MAX_LAYERS_PER_FUNCTION}",
            "Build several of the layers as one",
        )


def _with_owner(finding: Finding, layer: Layer) -> Finding:
    if finding.distribution or not finding.file:
        return finding
    return replace(finding, distribution=layer.owner(finding.file))


def _printable(finding: Finding) -> Finding:
    return replace(
        finding,
        problem=shown(finding.problem),
        remedy=shown(finding.remedy),
        file=shown(finding.file) if finding.file is not None else None,
    )


def _with_facts(audit: Audit, layer: Layer) -> Audit:
    elfs = [elf for _path, elf in layer.binaries]
    needed = [version for elf in elfs if (version := elf.highest("GLIBC"))]
    return replace(
        audit, elf_files=len(elfs), glibc=dotted(max(needed)) if needed else None, distributions=_versions(layer)
    )


def _decide(audit: Audit, request: Request) -> Audit:
    """Tell what makes it fail from what was allowed by name."""
    found = sorted(
        map(_printable, audit.findings), key=lambda finding: (finding.rule, finding.file or "", str(finding))
    )
    allowed = [finding for finding in found if _is_allowed(finding, request.allow)]
    return replace(
        audit,
        findings=tuple(finding for finding in found if finding not in allowed),
        allowed=tuple(allowed),
        notes=tuple(_notes(allowed, request.allow, zipped=audit.zipped_bytes)),
    )


def _versions(layer: Layer) -> dict[str, str]:
    # Of a distribution that is there twice, the one that Python finds.
    found = {item.key: item for item in reversed(layer.installed)}
    return {found[key].name: str(found[key].version) for key in sorted(found)}


def _notes(allowed: Sequence[Finding], allow: Sequence[Allowance], *, zipped: int | None) -> Iterator[str]:
    if zipped is not None and zipped > MAX_DIRECT_UPLOAD_BYTES:
        yield (
            f"zip-too-large: the zip has {zipped} bytes, more than the {MAX_DIRECT_UPLOAD_BYTES} that Lambda takes "
            "directly, so it has to be uploaded through S3"
        )
    for item in allow:
        if not any(_is_allowed(finding, [item]) for finding in allowed):
            yield f"nothing was found that {item.rule} of {item.distribution} would have to be allowed for"


def _is_allowed(finding: Finding, allow: Iterable[Allowance]) -> bool:
    return any(item.covers(rule=finding.rule, distribution=finding.distribution) for item in allow)


def _line(finding: Finding) -> str:
    owner = f" ({finding.distribution})" if finding.distribution else ""
    place = f" {finding.file}{owner}:" if finding.file else ""
    return f"[{finding.rule}]{place} {finding.problem}. {finding.remedy}"
