# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Makes one region hold exactly one artifact as the newest version of a layer.

AWS has no lock for that, and a repeated PublishLayerVersion makes a second version. So the content decides: after every
doubtful end AWS is asked what it holds, and where two runs have published the same content the lowest number stays.
"""

from __future__ import annotations

import functools
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._archive import file_sha256
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_api import (
    LayerApiError,
    LayerCode,
    Layers,
    LayerVersion,
    LostReplyError,
    Publication,
    S3Object,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_mark import claimed_sha256, marked
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_request import Artifact, PublishRequest
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_upload import Bucket

#: How often to try, and the seconds to wait before each look for a version whose reply was lost.
ATTEMPTS = 3
LOOK_AFTER = (1.0, 2.0, 4.0)


@dataclass(frozen=True)
class PublishPlan:
    """What a run would do in one region.

    :param request: what was asked for.
    :param artifact: that is to be published.
    :param region: where.
    :param versions: all that are there, newest first.
    :param current: the version for the same runtimes and architectures that holds the artifact, or else the newest.
    :param current_code: of that version.
    :param duplicates: other versions that hold the artifact because two runs published at once, and that go.
    :param notes: what a user should know of.
    """

    request: PublishRequest
    artifact: Artifact
    region: str
    versions: tuple[LayerVersion, ...]
    current: LayerVersion | None
    current_code: LayerCode | None
    duplicates: tuple[LayerVersion, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def newest(self) -> int:
        """The highest number that the layer has, 0 without any."""
        return self.versions[0].version if self.versions else 0

    @property
    def publishes(self) -> bool:
        """Whether there is something to publish."""
        return self.current_code is None or self.current_code.sha256 != self.artifact.code.sha256

    @property
    def uploads(self) -> bool:
        """Whether it goes through a bucket."""
        return self.publishes and self.artifact.needs_bucket

    @property
    def description(self) -> str:
        """The whole description, with the mark."""
        return marked(self.request.description, self.artifact.code.sha256)

    def shown(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The newest version before and after."""
        before = _content(self.current, self.current_code) if self.current and self.current_code else {}
        return before, self._after() if self.publishes else before

    def _after(self) -> dict[str, Any]:
        return {
            "code_sha256": self.artifact.code.sha256,
            "code_size": self.artifact.code.size,
            "compatible_architectures": sorted(self.request.architectures),
            "compatible_runtimes": sorted(self.request.runtimes),
            "description": self.description,
            "license": self.request.license,
        }


def plan_publish(request: PublishRequest, *, artifact: Artifact, region: str, layers: Layers) -> PublishPlan:
    """Look at what the region has, and decide; changes nothing.

    :raises LayerApiError: AWS refused.
    """
    versions = layers.versions(request.name)
    fitting = [version for version in versions if request.fits(version)]
    read = functools.cache(functools.partial(layers.code, request.name))
    holders = _holders(fitting, artifact=artifact, read=read)
    keep, notes = _choose(holders, layers=layers)
    current = keep[-1] if keep else next(iter(fitting), None)
    return PublishPlan(
        request=request,
        artifact=artifact,
        region=region,
        versions=tuple(versions),
        current=current,
        current_code=read(current.version) if current else None,
        duplicates=tuple(version for version in holders if version not in keep),
        notes=notes,
    )


def apply_publish(
    plan: PublishPlan, *, layers: Layers, bucket: Callable[[], Bucket], sleep: Callable[[float], None]
) -> LayerVersion:
    """Do what was planned.

    A reply that does not come leaves open whether there is a new version. Then AWS is asked for it before the call is
    made again, so that one content does not become two versions.

    :param bucket: gives the bucket, ready for use; called only for a zip above the direct limit.
    :param sleep: waits for as many seconds.
    :returns: the version that holds the artifact now.
    :raises ServerlessError: AWS refused, or did not answer at all.
    """
    if plan.current and not plan.publishes:
        for version in plan.duplicates:
            layers.delete(plan.request.name, version.version)
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
        published = _publish_once(plan, publication, layers=layers, sleep=sleep)
    return _settle(plan, published, layers=layers, sleep=sleep)


def _holders(
    fitting: Sequence[LayerVersion], *, artifact: Artifact, read: Callable[[int], LayerCode | None]
) -> list[LayerVersion]:
    """The newest version if it holds the artifact, and those right below it that two runs at once have made of it.

    An older version of the same content, with another one in between, is a return to it and no duplicate.
    """
    found: list[LayerVersion] = []
    for version in fitting:
        if found and {claimed_sha256(version), claimed_sha256(found[-1])} != {artifact.code.sha256}:
            break
        code = read(version.version)
        if code is None or code.sha256 != artifact.code.sha256:
            break
        found.append(version)
    return found


def _choose(holders: Sequence[LayerVersion], *, layers: Layers) -> tuple[list[LayerVersion], tuple[str, ...]]:
    """Which duplicates stay: those that are used, or else the lowest."""
    if len(holders) <= 1:
        return list(holders), ()
    try:
        users = layers.users()
    except LayerApiError as error:
        numbers = ", ".join(str(version.version) for version in holders)
        return list(holders), (
            f"Versions {numbers} hold the same, and stay since nobody can say which is used: {error}",
        )
    return [version for version in holders if users.get(version.arn)] or [holders[-1]], ()


def _content_to_send(plan: PublishPlan, *, bucket: Callable[[], Bucket], stack: ExitStack) -> bytes | S3Object:
    path, sha256 = plan.artifact.path, plan.artifact.code.sha256
    if not plan.artifact.needs_bucket:
        return path.read_bytes()
    # Not only by content: another run that is done with its object must not take this one's away.
    key = f"{plan.request.object_prefix}{file_sha256(path)}-{secrets.token_hex(4)}.zip"
    return stack.enter_context(bucket().holding(key, path=path, sha256=sha256))


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


def _settle(
    plan: PublishPlan, published: LayerVersion, *, layers: Layers, sleep: Callable[[float], None]
) -> LayerVersion:
    """Where another run has published the same at the same time, the lowest number stays.

    Numbers follow each other and none is given twice, so whoever is later sees by its own number that there is
    something to look for, and every run comes to the same end.
    """
    if published.version == plan.newest + 1:
        return published
    twins = {version.version: version for version in _published_since(plan, layers=layers)}
    if not twins.keys() - {published.version}:
        sleep(LOOK_AFTER[0])
        twins = {version.version: version for version in _published_since(plan, layers=layers)}
    lowest = min((*twins.values(), published), key=lambda version: version.version)
    for version in (*twins.values(), published):
        if version.version > lowest.version and claimed_sha256(version) == plan.artifact.code.sha256:
            layers.delete(plan.request.name, version.version)
    return lowest


def _published_since(plan: PublishPlan, *, layers: Layers) -> Iterator[LayerVersion]:
    """Versions with the artifact's content that were not there when the plan was made."""
    for version in layers.versions(plan.request.name):
        if version.version > plan.newest and plan.request.fits(version):
            code = layers.code(plan.request.name, version.version)
            if code and code.sha256 == plan.artifact.code.sha256:
                yield version


def _content(version: LayerVersion, code: LayerCode) -> dict[str, Any]:
    return {
        "code_sha256": code.sha256,
        "code_size": code.size,
        "compatible_architectures": list(version.architectures),
        "compatible_runtimes": list(version.runtimes),
        "description": version.description,
        "license": version.license,
        "version": version.version,
    }
