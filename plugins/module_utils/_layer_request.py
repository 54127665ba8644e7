# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a layer shall be: the request, held against Lambda's limits, and the zip, looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ansible_collections.asesoria.serverless.plugins.module_utils._archive import file_sha256, in_base64, unzipped_size
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_api import LayerCode, LayerVersion
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_distributions import distributions_of
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_mark import MARK_LENGTH
from ansible_collections.asesoria.serverless.plugins.module_utils._manifest import require_described
from ansible_collections.asesoria.serverless.plugins.module_utils._project_name import normalize
from ansible_collections.asesoria.serverless.plugins.module_utils._rules import Allowance
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
    :param bucket: S3 bucket for a zip above the direct limit; empty for none, or for the default one.
    :param prefix: what the object's key begins with.
    :param create_bucket: make that bucket if it is not there.
    :param allow: what the static gate lets pass, beside what the manifest says.
    :param provided: distributions that the runtime or another layer brings, beside what the manifest says.
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
    create_bucket: bool = False
    allow: tuple[Allowance, ...] = ()
    provided: tuple[str, ...] = ()

    def fits(self, version: LayerVersion) -> bool:
        """Whether a version is for the same runtimes and architectures."""
        return set(version.runtimes) == set(self.runtimes) and set(version.architectures) == set(self.architectures)

    @property
    def object_prefix(self) -> str:
        """What the names of this layer's objects in the bucket begin with."""
        return object_prefix(self.name, prefix=self.prefix)


@dataclass(frozen=True)
class Artifact:
    """The zip, looked at.

    :param path: where it is.
    :param code: what AWS will say of it.
    :param distributions: version by distribution.
    :param allow: what the gates let pass, by its manifest.
    :param provided: distributions that the runtime or another layer brings, by its manifest.
    """

    path: Path
    code: LayerCode
    distributions: Mapping[str, str] = field(repr=False)
    allow: tuple[Allowance, ...] = ()
    provided: tuple[str, ...] = ()

    @property
    def needs_bucket(self) -> bool:
        """Whether it is too large for a request."""
        return self.code.size > MAX_DIRECT_UPLOAD_BYTES


def object_prefix(name: str, *, prefix: str) -> str:
    """What the names of a layer's objects in a bucket begin with.

    >>> object_prefix("flask", prefix="layers/")
    'layers/flask/'
    """
    return "/".join(part for part in (prefix.strip("/"), name) if part) + "/"


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
    longest = MAX_DESCRIPTION - MARK_LENGTH
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
        if not given:
            raise PublishError(
                f"no {what} is named for layer {request.name}, so nobody could say whether it would work",
                f"Name one or more of {', '.join(known)}",
            )
        for value in given:
            if value not in known:
                raise PublishError(f"{value!r} is no {what} that Lambda has", f"Use one of {', '.join(known)}")


def read_artifact(request: PublishRequest) -> Artifact:
    """Look at the zip.

    :raises ServerlessError: it can't be read, is not the one that the manifest describes, or is too large.
    """
    path = request.archive
    try:
        manifest = require_described(manifest=request.manifest, archive=path) if request.manifest else None
        size, sha256, unzipped = path.stat().st_size, file_sha256(path), unzipped_size(path)
        with path.open("rb") as file:
            versions = manifest.versions() if manifest else distributions_of(file)
    except OSError as error:
        raise PublishError(f"layer zip {path} can't be read ({error.strerror})", "Build the layer") from error
    if unzipped > MAX_UNZIPPED_BYTES:
        raise PublishError(
            f"layer zip {path} holds {unzipped / _MB:.1f} MB unzipped, but a function and its layers may have "
            f"{MAX_UNZIPPED_BYTES / _MB:.0f} MB together",
            "Take packages out of the requirements, or spread them over functions",
        )
    distributions = {normalize(name): version for name, version in sorted(versions.items())}
    artifact = Artifact(
        path,
        LayerCode(sha256=in_base64(sha256), size=size),
        distributions,
        allow=manifest.allow if manifest else (),
        provided=manifest.provided if manifest else (),
    )
    if artifact.needs_bucket and not (request.bucket or request.create_bucket):
        raise PublishError(
            f"layer zip {path} has {size / _MB:.1f} MB, but a request may carry {MAX_DIRECT_UPLOAD_BYTES // _MB} MB",
            "Name an S3 bucket of the same region to send it through, or let one be made",
        )
    return artifact
