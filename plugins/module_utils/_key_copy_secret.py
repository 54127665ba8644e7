# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A copy of an access key in AWS Secrets Manager."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:
    # AnsibleAWSModule says that it is missing, before anything here is called.
    HAS_BOTOCORE = False
else:
    HAS_BOTOCORE = True

from ansible_collections.asesoria.serverless.plugins.module_utils._aws.errors import error_code
from ansible_collections.asesoria.serverless.plugins.module_utils._iam_access import read_tags
from ansible_collections.asesoria.serverless.plugins.module_utils._key_copy import Found, Key, KeyCopyError
from ansible_collections.asesoria.serverless.plugins.module_utils._key_copy_text import from_json, to_json

#: Tags by which a secret is known to be a copy of a user's key.
MANAGER_TAG, MANAGER = "ManagedBy", "asesoria.serverless"
USER_TAG = "asesoria:user"
_REFUSED = ("AccessDenied", "AccessDeniedException")
_MISSING = "ResourceNotFoundException"


class SecretsManager(Protocol):
    """What is used of boto3's client of C(secretsmanager)."""

    def describe_secret(self, *, SecretId: str) -> Any:  # noqa: N803 - the API's own name
        """Answer with tags, and with C(DeletedDate) if it is to be deleted; an unknown name is an error."""

    def get_secret_value(self, *, SecretId: str) -> Any:  # noqa: N803 - the API's own name
        """Answer with C(SecretString)."""

    def create_secret(self, **arguments: Any) -> Any:
        """Make a secret; botocore adds a token, so that a request that is sent twice makes one."""

    def put_secret_value(self, *, SecretId: str, SecretString: str) -> Any:  # noqa: N803 - the API's own names
        """Give it another value."""

    def restore_secret(self, *, SecretId: str) -> Any:  # noqa: N803 - the API's own name
        """Let it not be deleted."""

    def delete_secret(self, *, SecretId: str) -> Any:  # noqa: N803 - the API's own name
        """Let it be deleted after thirty days."""


@dataclass(frozen=True)
class Secret:
    """A secret of AWS Secrets Manager.

    :param secret: its name.
    :param owner: ARN of the user whose key it holds.
    :param kms_key: the key that encrypts a new one; the account's own for Secrets Manager if it is empty.
    :param tags: tags of a new one, besides those by which it is known.
    :param connect: makes the client; called only when it is needed.
    """

    secret: str
    owner: str
    kms_key: str
    tags: Mapping[str, str]
    connect: Callable[[], SecretsManager]

    @property
    def name(self) -> str:
        """See :class:`Place`."""
        return f"the secret {self.secret} of AWS Secrets Manager"

    def read(self) -> Found | None:
        """See :class:`Place`. One that was removed here before is as good as not there, since it can be restored."""
        described = self._describe()
        if described is None:
            return None
        ours = self._is_ours(described)
        if "DeletedDate" in described:
            return None if ours else Found(None)
        if not ours:
            return Found(None)
        with self._explained("GetSecretValue"):
            value = self.connect().get_secret_value(SecretId=self.secret)
        return Found(from_json(value.get("SecretString", "")))

    def write(self, key: Key) -> None:
        """See :class:`Place`."""
        described = self._describe()
        if described is None:
            self._create(key)
            return
        if "DeletedDate" in described:
            with self._explained("RestoreSecret"):
                self.connect().restore_secret(SecretId=self.secret)
        with self._explained("PutSecretValue"):
            self.connect().put_secret_value(SecretId=self.secret, SecretString=to_json(key))

    def remove(self) -> None:
        """See :class:`Place`."""
        with self._explained("DeleteSecret"):
            self.connect().delete_secret(SecretId=self.secret)

    def _create(self, key: Key) -> None:
        tags = {**self.tags, MANAGER_TAG: MANAGER, USER_TAG: self.owner}
        encryption = {"KmsKeyId": self.kms_key} if self.kms_key else {}
        with self._explained("CreateSecret"):
            self.connect().create_secret(
                Name=self.secret,
                Description=f"Access key of {self.owner}",
                SecretString=to_json(key),
                Tags=[{"Key": name, "Value": value} for name, value in tags.items()],
                **encryption,
            )

    def _is_ours(self, described: Mapping[str, Any]) -> bool:
        tags = read_tags(described)
        return tags.get(MANAGER_TAG) == MANAGER and tags.get(USER_TAG) == self.owner

    def _describe(self) -> Mapping[str, Any] | None:
        with self._explained("DescribeSecret"):
            try:
                return dict(self.connect().describe_secret(SecretId=self.secret))
            except ClientError as error:
                if error_code(error) == _MISSING:
                    return None
                raise

    @contextmanager
    def _explained(self, action: str) -> Iterator[None]:
        """Turn the SDK's errors into one that says what was being done, on what."""
        try:
            yield
        except ClientError as error:
            problem = f"AWS refuses {action} for {self.name}: {error}".rstrip(".")
            denied = error_code(error) in _REFUSED
            remedy = f"Allow secretsmanager:{action} to who runs this, and the use of the KMS key if there is one"
            raise KeyCopyError(problem, remedy if denied else "") from error
        except BotoCoreError as error:
            raise KeyCopyError(f"{action} for {self.name} failed: {error}".rstrip(".")) from error
