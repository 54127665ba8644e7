# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes AWS hold exactly one artifact as the newest version of a layer, and takes away what was published so.

Layer versions can't be tagged. What this code publishes it marks at the end of the description, with the zip's own
SHA-256; a version is ours if it carries a mark and the mark's SHA-256 is that of its content. So a description that
someone copies onto another layer makes nothing ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._archive import file_sha256, in_base64, unzipped_size
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_api import (
    Bucket,
    LayerCode,
    Layers,
    LayerVersion,
    LostReplyError,
    Publication,
    S3Object,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._manifest import Manifest, require_described
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import (
    ARCHITECTURES,
    LAYER_NAME,
    MAX_DIRECT_UPLOAD_BYTES,
    MAX_UNZIPPED_BYTES,
    RUNTIMES,
)

#: Characters, by botocore's service model of C(lambda), read on 2026-11-22.
MAX_DESCRIPTION = 256
MAX_LICENSE = 512
_MARK = re.compile(r" ?\[asesoria\.serverless (?P<sha256>[A-Za-z0-9+/]{43}=)\]$")
_MARK_FORM = "[asesoria.serverless {}]"
_MARK_LENGTH = len(_MARK_FORM.format("x" * 44)) + 1
#: How often to try, and the seconds to wait before each look for a version whose reply was lost.
ATTEMPTS = 3
LOOK_AFTER = (1.0, 2.0, 4.0)
_MB = 1024 * 1024


class PublishError(ServerlessError):
    """The artifact can't be published as it is."""


@dataclass(frozen=True)
class PublishRequest:
    """What AWS shall hold.

    :param name: of the layer.
    :param archive: the zip.
    :param manifest: what describes the zip, if it is to be held against it.
    :param description: without the mark.
    :param runtimes: compatible ones.
    :param architectures: compatible ones.
    :param license: an SPDX identifier, an address or a text; empty for none.
    :param bucket: S3 bucket for a zip above the direct limit; empty for none.
    :param prefix: what the object's key begins with.
    """

    name: str
    archive: Path
    manifest: Path | None
    description: str
    runtimes: tuple[str, ...]
    architectures: tuple[str, ...]
    license: str = ""
    bucket: str = ""
    prefix: str = ""


@dataclass(frozen=True)
class PublishPlan:
    """What a run would do.

    :param request: what was asked for.
    :param code: of the zip that is to be published.
    :param manifest: of that zip, if there is one.
    :param current: the newest version for the same runtimes and architectures.
    :param current_code: of that version.
    :param newest: the highest number that the layer has, 0 without any.
    """

    request: PublishRequest
    code: LayerCode
    manifest: Manifest | None
    current: LayerVersion | None
    current_code: LayerCode | None
    newest: int

    @property
    def changes(self) -> bool:
        """Whether there is something to publish."""
        return self.current_code is None or self.current_code.sha256 != self.code.sha256

    @property
    def description(self) -> str:
        """The whole description, with the mark."""
        return marked(self.request.description, self.code.sha256)

    def diff(self) -> dict[str, Any]:
        """The newest version before and after, as Ansible wants it."""
        before = _content(self.current, self.current_code) if self.current and self.current_code else {}
        after = before if not self.changes else self._after()
        header = f"layer {self.request.name}"
        return {"before_header": header, "after_header": header, "before": before, "after": after}

    def _after(self) -> dict[str, Any]:
        content = {
            "code_sha256": self.code.sha256,
            "code_size": self.code.size,
            "compatible_architectures": sorted(self.request.architectures),
            "compatible_runtimes": sorted(self.request.runtimes),
            "description": self.description,
            "license": self.request.license,
        }
        return {**content, **({"distributions": self.manifest.versions()} if self.manifest else {})}


@dataclass(frozen=True)
class RemovalPlan:
    """What a removal would do.

    :param name: of the layer.
    :param ours: the versions that this code published, newest first.
    :param others: those that it leaves alone, newest first.
    """

    name: str
    ours: tuple[LayerVersion, ...]
    others: tuple[LayerVersion, ...]

    def diff(self) -> dict[str, Any]:
        """The versions before and after, as Ansible wants it."""
        header = f"versions of layer {self.name}"
        before = sorted(version.arn for version in (*self.ours, *self.others))
        after = sorted(version.arn for version in self.others)
        return {"before_header": header, "after_header": header, "before": before, "after": after}


def marked(description: str, sha256: str) -> str:
    """A description with the mark that makes a version known as ours.

    >>> marked("Flask", "n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=")
    'Flask [asesoria.serverless n4bQgYhMfWWaL+qgxVrQFaO/TxsrC4Is0V1sFbDwCgg=]'
    """
    return f"{description} {_MARK_FORM.format(sha256)}".lstrip()


def check_name(name: str) -> None:
    """Refuse a name that Lambda would refuse.

    :raises PublishError: it does.
    """
    if not LAYER_NAME.fullmatch(name):
        raise PublishError(
            f"{name!r} can't be the name of a layer",
            "Use 1 to 140 letters of the English alphabet, digits, hyphens and underscores",
        )


def check_request(request: PublishRequest) -> None:
    """Refuse what Lambda would refuse, before anything is asked of it.

    :raises PublishError: a value is too long, or names what Lambda doesn't have.
    """
    check_name(request.name)
    longest = MAX_DESCRIPTION - _MARK_LENGTH
    if len(request.description) > longest:
        raise PublishError(
            f"the description of layer {request.name} has {len(request.description)} characters",
            f"Shorten it to {longest}; the rest of Lambda's {MAX_DESCRIPTION} holds the mark of this collection",
        )
    if len(request.license) > MAX_LICENSE:
        raise PublishError(
            f"the license of layer {request.name} has {len(request.license)} characters",
            f"Shorten it to {MAX_LICENSE}, or give its address",
        )
    for what, given, known in (
        ("runtime", request.runtimes, tuple(RUNTIMES)),
        ("architecture", request.architectures, ARCHITECTURES),
    ):
        for value in given:
            if value not in known:
                raise PublishError(f"{value!r} is no {what} that Lambda has", f"Use one of {', '.join(known)}")


def plan_publish(request: PublishRequest, *, layers: Layers) -> PublishPlan:
    """Look at the zip and at AWS, and decide; changes nothing.

    :raises ServerlessError: the request or the zip can't be published, or AWS refused.
    """
    check_request(request)
    code, manifest = _read_artifact(request)
    versions = layers.versions(request.name)
    fitting = [version for version in versions if _fits(version, request)]
    current = fitting[0] if fitting else None
    return PublishPlan(
        request=request,
        code=code,
        manifest=manifest,
        current=current,
        current_code=layers.code(request.name, current.version) if current else None,
        newest=versions[0].version if versions else 0,
    )


def apply_publish(
    plan: PublishPlan, *, layers: Layers, bucket: Callable[[], Bucket], sleep: Callable[[float], None]
) -> LayerVersion:
    """Do what was planned.

    A reply that does not come leaves open whether there is a new version. Then AWS is asked for it before the call is
    made again, so that one content does not become two versions.

    :param bucket: makes the client for S3; called only for a zip above the direct limit.
    :param sleep: waits for as many seconds.
    :returns: the version that holds the artifact now.
    :raises ServerlessError: AWS refused, or did not answer at all.
    """
    if plan.current and not plan.changes:
        return plan.current
    with ExitStack() as stack:
        publication = Publication(
            name=plan.request.name,
            description=plan.description,
            runtimes=sorted(plan.request.runtimes),
            architectures=sorted(plan.request.architectures),
            license=plan.request.license,
            content=_content_to_send(plan, bucket=bucket, stack=stack),
        )
        return _publish_once(plan, publication, layers=layers, sleep=sleep)


def plan_removal(name: str, *, layers: Layers) -> RemovalPlan:
    """Look for the versions that this code published; changes nothing.

    :raises ServerlessError: the name can't be one of a layer, or AWS refused.
    """
    check_name(name)
    ours: list[LayerVersion] = []
    others: list[LayerVersion] = []
    for version in layers.versions(name):
        (ours if _is_ours(version, name=name, layers=layers) else others).append(version)
    return RemovalPlan(name=name, ours=tuple(ours), others=tuple(others))


def apply_removal(plan: RemovalPlan, *, layers: Layers) -> None:
    """Do what was planned.

    :raises LayerApiError: AWS refused.
    """
    for version in plan.ours:
        layers.delete(plan.name, version.version)


def _read_artifact(request: PublishRequest) -> tuple[LayerCode, Manifest | None]:
    path = request.archive
    try:
        manifest = require_described(manifest=request.manifest, archive=path) if request.manifest else None
        size, sha256, unzipped = path.stat().st_size, file_sha256(path), unzipped_size(path)
    except OSError as error:
        raise PublishError(f"layer zip {path} can't be read ({error.strerror})", "Build the layer") from error
    if unzipped > MAX_UNZIPPED_BYTES:
        raise PublishError(
            f"layer zip {path} holds {unzipped / _MB:.1f} MB unzipped, but a function and its layers may have "
            f"{MAX_UNZIPPED_BYTES / _MB:.0f} MB together",
            "Take packages out of the requirements, or spread them over functions",
        )
    if size > MAX_DIRECT_UPLOAD_BYTES and not request.bucket:
        raise PublishError(
            f"layer zip {path} has {size / _MB:.1f} MB, but a request may carry {MAX_DIRECT_UPLOAD_BYTES // _MB} MB",
            "Name an S3 bucket of the same region to send it through",
        )
    return LayerCode(sha256=in_base64(sha256), size=size), manifest


def _fits(version: LayerVersion, request: PublishRequest) -> bool:
    return set(version.runtimes) == set(request.runtimes) and set(version.architectures) == set(request.architectures)


def _content_to_send(plan: PublishPlan, *, bucket: Callable[[], Bucket], stack: ExitStack) -> bytes | S3Object:
    request = plan.request
    if plan.code.size <= MAX_DIRECT_UPLOAD_BYTES:
        return request.archive.read_bytes()
    name = f"{request.name}-{file_sha256(request.archive)}.zip"
    place = S3Object(bucket=request.bucket, key="/".join(part for part in (request.prefix.strip("/"), name) if part))
    return stack.enter_context(bucket().holding(place, path=request.archive, sha256=plan.code.sha256))


def _publish_once(
    plan: PublishPlan, publication: Publication, *, layers: Layers, sleep: Callable[[float], None]
) -> LayerVersion:
    for _attempt in range(ATTEMPTS - 1):
        with suppress(LostReplyError):
            return layers.publish(publication)
        found = _look_for(plan, layers=layers, sleep=sleep)
        if found:
            return found
    try:
        return layers.publish(publication)
    except LostReplyError:
        found = _look_for(plan, layers=layers, sleep=sleep)
        if found:
            return found
        raise


def _look_for(plan: PublishPlan, *, layers: Layers, sleep: Callable[[float], None]) -> LayerVersion | None:
    for seconds in LOOK_AFTER:
        sleep(seconds)
        found = next(_published_since(plan, layers=layers), None)
        if found:
            return found
    return None


def _published_since(plan: PublishPlan, *, layers: Layers) -> Iterator[LayerVersion]:
    """Versions with the artifact's content that were not there when the plan was made."""
    for version in layers.versions(plan.request.name):
        if version.version > plan.newest and _fits(version, plan.request):
            code = layers.code(plan.request.name, version.version)
            if code and code.sha256 == plan.code.sha256:
                yield version


def _is_ours(version: LayerVersion, *, name: str, layers: Layers) -> bool:
    mark = _MARK.search(version.description)
    if not mark:
        return False
    code = layers.code(name, version.version)
    return code is not None and code.sha256 == mark["sha256"]


def _content(version: LayerVersion, code: LayerCode) -> dict[str, Any]:
    values = asdict(version)
    return {
        "code_sha256": code.sha256,
        "code_size": code.size,
        "compatible_architectures": list(values["architectures"]),
        "compatible_runtimes": list(values["runtimes"]),
        "description": version.description,
        "license": version.license,
        "version": version.version,
    }
