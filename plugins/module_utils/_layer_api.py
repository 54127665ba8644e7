# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lambda's calls for layers, one method each; pagination, what is not found and what went wrong are dealt with here."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

with suppress(ImportError):  # AnsibleAWSModule says what is missing, before anything here is called.
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, NoCredentialsError
    from botocore.exceptions import ConnectionError as NotConnectedError
    from botocore.parsers import ResponseParserError

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

_NOT_FOUND = frozenset({"ResourceNotFoundException", "404", "NotFound"})
_THROTTLED = frozenset({"TooManyRequestsException", "ThrottlingException", "Throttling", "RequestLimitExceeded"})
_SERVER_ERROR = 500
_CREDENTIALS = "Correct the credentials: AWS_PROFILE, or the keys that the environment gives"
_NETWORK = "Check the region and the network, then run it again"
_REMEDIES = {
    "AccessDenied": "Allow the call to these credentials; the README of the role lambda_layer lists what it needs",
    "ExpiredToken": _CREDENTIALS,
    "InvalidClientTokenId": _CREDENTIALS,
    "InvalidSignature": _CREDENTIALS,
    "SignatureDoesNotMatch": _CREDENTIALS,
    "UnrecognizedClient": _CREDENTIALS,
    "CodeStorageExceeded": "Delete versions of layers and functions that nothing uses, or ask AWS for a higher quota",
    "NoSuchBucket": "Correct the bucket's name, or make the bucket",
}


class LayerApiError(ServerlessError):
    """AWS refused a call."""


class LostReplyError(LayerApiError):
    """Whether AWS carried the call out is not known: no reply came, or one that says to try again."""


@dataclass(frozen=True)
class LayerVersion:
    """A version of a layer as ListLayerVersions shows it.

    :param layer_arn: without the version.
    :param arn: with the version.
    :param version: its number, from 1.
    :param description: as it was published.
    :param runtimes: compatible ones, sorted.
    :param architectures: compatible ones, sorted.
    :param license: as it was published.
    """

    layer_arn: str
    arn: str
    version: int
    description: str
    runtimes: tuple[str, ...]
    architectures: tuple[str, ...]
    license: str


@dataclass(frozen=True)
class LayerCode:
    """The zip of a version.

    :param sha256: in base64.
    :param size: in bytes.
    """

    sha256: str
    size: int


@dataclass(frozen=True)
class S3Object:
    """Where a zip lies that is too large to travel in the request."""

    bucket: str
    key: str


@dataclass(frozen=True)
class Publication:
    """What PublishLayerVersion is told.

    :param name: of the layer.
    :param description: whole, 256 characters at most.
    :param runtimes: compatible ones.
    :param architectures: compatible ones.
    :param license: an SPDX identifier, an address or a text; empty for none.
    :param content: the zip itself, or where it lies.
    """

    name: str
    description: str
    runtimes: Sequence[str]
    architectures: Sequence[str]
    license: str
    content: bytes | S3Object


class Layers:
    """Layers of one region.

    :param client: a boto3 client of C(lambda) that retries what can be retried.
    :param publisher: one that never does: a repeated PublishLayerVersion makes a second version.
    """

    def __init__(self, client: Any, *, publisher: Any) -> None:
        self._client = client
        self._publisher = publisher

    def versions(self, name: str) -> list[LayerVersion]:
        """All versions of a layer, newest first; none if there is no such layer.

        :raises LayerApiError: AWS refused.
        """
        found: list[LayerVersion] = []
        with _explained(f"listing the versions of layer {name}", found_nothing=found):
            for page in self._client.get_paginator("list_layer_versions").paginate(LayerName=name):
                found += [_version(item) for item in page["LayerVersions"]]
        return sorted(found, key=lambda version: version.version, reverse=True)

    def code(self, name: str, version: int) -> LayerCode | None:
        """What a version's zip is; nothing if the version is gone.

        :raises LayerApiError: AWS refused.
        """
        codes: list[LayerCode] = []
        with _explained(f"reading version {version} of layer {name}", found_nothing=codes):
            content = self._client.get_layer_version(LayerName=name, VersionNumber=version)["Content"]
            codes.append(LayerCode(sha256=content["CodeSha256"], size=content["CodeSize"]))
        return codes[0] if codes else None

    def publish(self, publication: Publication) -> LayerVersion:
        """Make a new version.

        :raises LostReplyError: it may have been made, or not.
        :raises LayerApiError: AWS refused.
        """
        content = publication.content
        arguments: dict[str, Any] = {
            "LayerName": publication.name,
            "Description": publication.description,
            "CompatibleRuntimes": list(publication.runtimes),
            "CompatibleArchitectures": list(publication.architectures),
            "Content": (
                {"S3Bucket": content.bucket, "S3Key": content.key}
                if isinstance(content, S3Object)
                else {"ZipFile": content}
            ),
        }
        if publication.license:
            arguments["LicenseInfo"] = publication.license
        with _explained(f"publishing layer {publication.name}"):
            reply = self._publisher.publish_layer_version(**arguments)
        return _version(reply)

    def delete(self, name: str, version: int) -> None:
        """Delete a version; no error if it is gone. Functions that use it keep it.

        :raises LayerApiError: AWS refused.
        """
        with _explained(f"deleting version {version} of layer {name}", found_nothing=[]):
            self._client.delete_layer_version(LayerName=name, VersionNumber=version)


class Bucket:
    """The part of S3 that a large layer passes through.

    :param client: a boto3 client of C(s3).
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    @contextlib.contextmanager
    def holding(self, place: S3Object, *, path: Path, sha256: str) -> Iterator[S3Object]:
        """Keep a file in the bucket for as long as the block runs.

        :param place: where.
        :param path: the file.
        :param sha256: of the file, in base64; S3 refuses what arrives otherwise.
        :raises LayerApiError: AWS refused.
        """
        with _explained(f"uploading {path.name} to bucket {place.bucket}"), path.open("rb") as body:
            self._client.put_object(
                Bucket=place.bucket,
                Key=place.key,
                Body=body,
                ChecksumSHA256=sha256,
                ServerSideEncryption="AES256",
            )
        try:
            yield place
        finally:
            with _explained(f"deleting {place.key} from bucket {place.bucket}"):
                self._client.delete_object(Bucket=place.bucket, Key=place.key)


def _version(item: dict[str, Any]) -> LayerVersion:
    arn = item["LayerVersionArn"]
    return LayerVersion(
        layer_arn=arn.rpartition(":")[0],
        arn=arn,
        version=item["Version"],
        description=item.get("Description") or "",
        runtimes=tuple(sorted(item.get("CompatibleRuntimes") or ())),
        architectures=tuple(sorted(item.get("CompatibleArchitectures") or ())),
        license=item.get("LicenseInfo") or "",
    )


@contextlib.contextmanager
def _explained(doing: str, *, found_nothing: list[Any] | None = None) -> Iterator[None]:
    """Turn the SDK's errors into ours; with C(found_nothing), a resource that is not there is no error."""
    try:
        yield
    except ClientError as error:
        if found_nothing is not None and _code(error) in _NOT_FOUND:
            found_nothing.clear()
            return
        raise _refusal(error, doing) from error
    except (HTTPClientError, ResponseParserError) as error:
        raise LostReplyError(f"{doing} failed, as no answer came: {_one_line(error)}", _NETWORK) from error
    except BotoCoreError as error:
        raise LayerApiError(f"{doing} failed: {_one_line(error)}", _remedy(error)) from error


def _remedy(error: BotoCoreError) -> str:
    if isinstance(error, NoCredentialsError):
        return _CREDENTIALS
    return _NETWORK if isinstance(error, NotConnectedError) else ""


def _refusal(error: ClientError, doing: str) -> LayerApiError:
    code = _code(error)
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    message = error.response.get("Error", {}).get("Message") or _one_line(error)
    problem = f"{doing} failed: {message.rstrip('.')} ({code})"
    if status >= _SERVER_ERROR or code in _THROTTLED:
        return LostReplyError(problem, "Run it again")
    return LayerApiError(problem, _REMEDIES.get(code.removesuffix("Exception"), ""))


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()).rstrip(".")
