# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way through S3, for a layer that is too large for a request: the bucket, and the object in it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

with suppress(ImportError):  # AnsibleAWSModule says what is missing, before anything here is called.
    from botocore.exceptions import ClientError

from ansible_collections.asesoria.serverless.plugins.module_utils._aws.errors import error_code
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_api import (
    AlreadyThereError,
    LayerApiError,
    S3Object,
    explained,
)

#: Where a bucket that is made for layers says whose it is.
TAG = {"Key": "ManagedBy", "Value": "asesoria.serverless"}
DEFAULT_BUCKET = "asesoria-layers-{account}-{region}"
#: Days after which S3 itself deletes what a killed run has left in a bucket that is made for layers.
LEFTOVER_DAYS = 1
#: The one region that CreateBucket is not told.
_UNNAMED_REGION = "us-east-1"
_NOT_EMPTY = "BucketNotEmpty"


def bucket_name(given: str, *, region: str, account: Callable[[], str]) -> str:
    """The bucket of a region.

    :param given: what the user names; C({region}) and C({account}) in it are filled in. Empty for the default.
    :param region: which.
    :param account: tells the account's number; asked only where the name has it.
    """
    name = (given or DEFAULT_BUCKET).replace("{region}", region)
    return name.replace("{account}", account()) if "{account}" in name else name


class Bucket:
    """A bucket, as far as layers need one.

    :param client: a boto3 client of C(s3), of the bucket's region.
    :param name: of the bucket.
    :param region: that it is in.
    :param warn: takes what is wrong, but need not end the run.
    :param owner: number of the account that it has to belong to; empty for any. A name that can be guessed may be
        taken by somebody who waits for uploads.
    """

    def __init__(self, client: Any, *, name: str, region: str, warn: Callable[[str], None], owner: str = "") -> None:
        self._client = client
        self.name = name
        self._region = region
        self._this = {"Bucket": name, **({"ExpectedBucketOwner": owner} if owner else {})}
        self._warn = warn

    @contextlib.contextmanager
    def holding(self, key: str, *, path: Path, sha256: str) -> Iterator[S3Object]:
        """Keep a file in the bucket for as long as the block runs.

        :param key: where.
        :param path: the file.
        :param sha256: of the file, in base64; S3 refuses what arrives otherwise.
        :raises LayerApiError: AWS refused.
        """
        try:
            with explained(f"uploading {path.name} to bucket {self.name}"), path.open("rb") as body:
                self._client.put_object(
                    **self._this, Key=key, Body=body, ChecksumSHA256=sha256, ServerSideEncryption="AES256"
                )
            yield S3Object(bucket=self.name, key=key)
        finally:
            self._remove(key)

    def ensure(self) -> None:
        """Have the bucket: private, encrypted, tagged, and emptied by S3 itself if a run is killed.

        The tag comes last: a bucket without it that has the default name is one that a killed run has not finished.
        One without it that has another name is the user's and stays as it is.

        :raises LayerApiError: AWS refused, or the bucket is somebody else's.
        """
        tags = self._tags()
        if tags is None:
            self._create()
        elif TAG in tags or not self.name.startswith(DEFAULT_BUCKET.partition("{")[0]):
            return
        with explained(f"setting up bucket {self.name}"):
            self._client.put_public_access_block(
                **self._this,
                PublicAccessBlockConfiguration={
                    "BlockPublicAcls": True,
                    "BlockPublicPolicy": True,
                    "IgnorePublicAcls": True,
                    "RestrictPublicBuckets": True,
                },
            )
            self._client.put_bucket_encryption(
                **self._this,
                ServerSideEncryptionConfiguration={
                    "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
                },
            )
            self._client.put_bucket_lifecycle_configuration(
                **self._this, LifecycleConfiguration={"Rules": [_leftovers()]}
            )
            self._client.put_bucket_tagging(**self._this, Tagging={"TagSet": [TAG]})

    def exists_and_is_ours(self) -> bool:
        """Whether there is such a bucket, and this code made it.

        :raises LayerApiError: AWS refused.
        """
        return TAG in (self._tags() or [])

    def remove(self, *, prefix: str) -> bool:
        """Delete a bucket that this code made, with what killed runs of one layer have left in it.

        :param prefix: what the names of that layer's objects begin with.
        :returns: whether it is gone; it stays as long as other layers have something in it.
        :raises LayerApiError: AWS refused.
        """
        with explained(f"emptying bucket {self.name}", found_nothing=[]):
            for page in self._client.get_paginator("list_objects_v2").paginate(**self._this, Prefix=prefix):
                for item in page.get("Contents") or ():
                    self._client.delete_object(**self._this, Key=item["Key"])
        with explained(f"deleting bucket {self.name}", found_nothing=[]):
            try:
                self._client.delete_bucket(**self._this)
            except ClientError as error:
                if error_code(error) != _NOT_EMPTY:
                    raise
                return False
        return True

    def _tags(self) -> list[Any] | None:
        """The bucket's tags; nothing if there is no bucket."""
        found: list[list[Any]] = []
        with explained(f"reading the tags of bucket {self.name}", found_nothing=found):
            found.append([])
            try:
                found.append(self._client.get_bucket_tagging(**self._this)["TagSet"])
            except ClientError as error:
                if error_code(error) != "NoSuchTagSet":
                    raise
        return found[-1] if found else None

    def _create(self) -> None:
        place: dict[str, Any] = {}
        if self._region != _UNNAMED_REGION:
            place["CreateBucketConfiguration"] = {"LocationConstraint": self._region}
        # A lost reply, or another run that was faster.
        with suppress(AlreadyThereError), explained(f"making bucket {self.name}"):
            self._client.create_bucket(Bucket=self.name, **place)

    def _remove(self, key: str) -> None:
        """The layer does not depend on it, and what failed before matters more than this."""
        try:
            with explained(f"deleting {key} from bucket {self.name}", found_nothing=[]):
                self._client.delete_object(**self._this, Key=key)
        except LayerApiError as error:
            self._warn(f"{error} The object is not needed any more: delete it.")


def _leftovers() -> dict[str, Any]:
    return {
        "ID": "leftovers",
        "Status": "Enabled",
        "Filter": {"Prefix": ""},
        "Expiration": {"Days": LEFTOVER_DAYS},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": LEFTOVER_DAYS},
    }
