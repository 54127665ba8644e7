# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Lambda's calls for layers, one method each; pagination, what is not found and what went wrong are dealt with here."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

with suppress(ImportError):  # AnsibleAWSModule says what is missing, before anything here is called.
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, NoCredentialsError
    from botocore.exceptions import ConnectionError as NotConnectedError
    from botocore.parsers import ResponseParserError

from ansible_collections.asesoria.serverless.plugins.module_utils._aws.errors import (
    error_code,
    error_message,
    http_status,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

_NOT_FOUND = frozenset({"ResourceNotFoundException", "404", "NotFound", "NoSuchBucket", "NoSuchKey"})
_THROTTLED = frozenset({"TooManyRequestsException", "ThrottlingException", "Throttling", "RequestLimitExceeded"})
_ALREADY_THERE = frozenset({"ResourceConflictException", "BucketAlreadyOwnedByYou"})
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
    "PolicyLengthExceeded": "Share with an organization instead of with each of its accounts",
}


class LayerApiError(ServerlessError):
    """AWS refused a call."""


class AlreadyThereError(LayerApiError):
    """There is something of that name already."""


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
    :param location: address that it can be read from for some minutes, by whoever knows it; empty for a file.
    """

    sha256: str
    size: int
    location: str = field(default="", repr=False, compare=False)


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
        with explained(f"listing the versions of layer {name}", found_nothing=found):
            for page in self._client.get_paginator("list_layer_versions").paginate(LayerName=name):
                found += [_version(item) for item in page["LayerVersions"]]
        return sorted(found, key=lambda version: version.version, reverse=True)

    def code(self, name: str, version: int) -> LayerCode | None:
        """What a version's zip is; nothing if the version is gone.

        :raises LayerApiError: AWS refused.
        """
        codes: list[LayerCode] = []
        with explained(f"reading version {version} of layer {name}", found_nothing=codes):
            content = self._client.get_layer_version(LayerName=name, VersionNumber=version)["Content"]
            codes.append(
                LayerCode(
                    sha256=content["CodeSha256"], size=content["CodeSize"], location=content.get("Location") or ""
                )
            )
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
        with explained(f"publishing layer {publication.name}"):
            reply = self._publisher.publish_layer_version(**arguments)
        return _version(reply)

    def delete(self, name: str, version: int) -> None:
        """Delete a version; no error if it is gone. Functions that use it keep it.

        :raises LayerApiError: AWS refused.
        """
        with explained(f"deleting version {version} of layer {name}", found_nothing=[]):
            self._client.delete_layer_version(LayerName=name, VersionNumber=version)

    def statements(self, name: str, version: int) -> list[Mapping[str, Any]]:
        """The policy of a version; no statements if it has none, or is gone.

        :raises LayerApiError: AWS refused.
        """
        policies: list[str] = []
        with explained(f"reading the policy of version {version} of layer {name}", found_nothing=policies):
            policies.append(self._client.get_layer_version_policy(LayerName=name, VersionNumber=version)["Policy"])
        return list(json.loads(policies[0])["Statement"]) if policies else []

    def allow(self, name: str, version: int, *, statement: str, principal: str, organization: str = "") -> None:
        """Let somebody use a version.

        :param statement: identifier of the new statement.
        :param principal: number of an account, or C(*).
        :param organization: which all accounts are to be of; empty for any.
        :raises AlreadyThereError: the policy has a statement of that identifier.
        :raises LayerApiError: AWS refused.
        """
        limit = {"OrganizationId": organization} if organization else {}
        with explained(f"sharing version {version} of layer {name} ({statement})"):
            self._client.add_layer_version_permission(
                LayerName=name,
                VersionNumber=version,
                StatementId=statement,
                Action="lambda:GetLayerVersion",
                Principal=principal,
                **limit,
            )

    def disallow(self, name: str, version: int, *, statement: str) -> None:
        """Take a statement away; no error if it is gone.

        :raises LayerApiError: AWS refused.
        """
        doing = f"taking statement {statement} from the policy of version {version} of layer {name}"
        with explained(doing, found_nothing=[]):
            self._client.remove_layer_version_permission(LayerName=name, VersionNumber=version, StatementId=statement)

    def users(self) -> dict[str, list[str]]:
        """Who uses a layer version: by its ARN the functions, each C(name:version), sorted.

        All published versions of all functions are asked for. An alias points to one of them, and a stack's functions
        are among them.

        :raises LayerApiError: AWS refused.
        """
        found: dict[str, set[str]] = {}
        with explained("listing the functions that use layers"):
            for page in self._client.get_paginator("list_functions").paginate(FunctionVersion="ALL"):
                for function in page["Functions"]:
                    for layer in function.get("Layers") or ():
                        user = f"{function['FunctionName']}:{function.get('Version') or '$LATEST'}"
                        found.setdefault(layer["Arn"], set()).add(user)
        return {arn: sorted(users) for arn, users in found.items()}


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
def explained(doing: str, *, found_nothing: list[Any] | None = None) -> Iterator[None]:
    """Turn the SDK's errors into ours.

    :param doing: what is tried, for the message.
    :param found_nothing: if given, it is emptied where a resource is not there, and that is no error.
    :raises LayerApiError: AWS refused.
    """
    try:
        yield
    except ClientError as error:
        if found_nothing is not None and error_code(error) in _NOT_FOUND:
            found_nothing.clear()
            return
        raise _refusal(error, doing) from error
    except (HTTPClientError, ResponseParserError) as error:
        raise LostReplyError(f"{doing} failed, as no answer came: {error_message(error)}", _NETWORK) from error
    except BotoCoreError as error:
        raise LayerApiError(f"{doing} failed: {error_message(error)}", _remedy(error)) from error


def _remedy(error: BotoCoreError) -> str:
    if isinstance(error, NoCredentialsError):
        return _CREDENTIALS
    return _NETWORK if isinstance(error, NotConnectedError) else ""


def _refusal(error: ClientError, doing: str) -> LayerApiError:
    code = error_code(error)
    problem = f"{doing} failed: {error_message(error)} ({code})"
    if http_status(error) >= _SERVER_ERROR or code in _THROTTLED:
        return LostReplyError(problem, "Run it again")
    if code in _ALREADY_THERE:
        return AlreadyThereError(problem, "Run it again")
    return LayerApiError(problem, _REMEDIES.get(code.removesuffix("Exception"), ""))
