# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The deployments of a service that its bucket keeps, and which of them its stack holds.

The Serverless CLI puts the template and the code of every deployment into a folder of its own, and keeps the last five.
The folder is called after the time, and stands in the template: in the key of each function's code.
"""

from __future__ import annotations

import contextlib
import functools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import Stacks, explained, none_if
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

# The name of a deployment's folder, and of the template in it: osls' generate-artifact-directory-name.js, naming.js.
_VERSION = re.compile(r"\d+-(?P<time>\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z)")
_TEMPLATE = "compiled-cloudformation-template.json"
_FUNCTION = "AWS::Lambda::Function"
#: A template that is only read, next to the deployments.
_READ_ONLY = "asesoria-plan.json"


class DeploymentError(ServerlessError):
    """There is no such deployment."""


@dataclass(frozen=True)
class Deployment:
    """One deployment in the bucket.

    :param bucket: the bucket, as the template names it: C({"Ref": ...}) for one of the stack's own.
    :param parent: the folder that holds those of all deployments.
    :param version: the name of its own folder.
    """

    bucket: Any
    parent: str
    version: str


def check_version(version: str) -> str:
    """Return the time in a version's name, which is what the CLI asks for.

    :raises DeploymentError: it is no such name.
    """
    found = _VERSION.fullmatch(version)
    if not found:
        raise DeploymentError(
            f"the version {version!r} is none of a deployment",
            "Write it as the bucket's folder is called, such as 1700000000000-2023-11-14T22:13:20.000Z",
        )
    return found["time"]


def read_deployment(template: Mapping[str, Any]) -> Deployment | None:
    """Say which deployment a stack holds.

    :param template: the stack's template.
    :returns: the deployment, or C(None) if it has no function, or functions of several.
    """
    found = [
        _read_code(resource.get("Properties", {}).get("Code", {}))
        for resource in template.get("Resources", {}).values()
        if resource.get("Type") == _FUNCTION
    ]
    first = found[0] if found else None
    return first if all(deployment == first for deployment in found) else None


def _read_code(code: Mapping[str, Any]) -> Deployment | None:
    folder = PurePosixPath(str(code.get("S3Key", ""))).parent
    if not _VERSION.fullmatch(folder.name):
        return None
    return Deployment(bucket=code.get("S3Bucket"), parent=str(folder.parent), version=folder.name)


class Deployments:
    """The deployments that a bucket keeps.

    :param connect: makes a boto3 client of C(s3); called only when one is needed, since that takes its time.
    :param stacks: tells the bucket's name.
    """

    def __init__(self, connect: Callable[[], Any], *, stacks: Stacks) -> None:
        self._connect = functools.cache(connect)
        self._stacks = stacks

    def template(self, stack: str, deployment: Deployment) -> dict[str, Any]:
        """Return the template that was deployed.

        :param stack: the stack's name.
        :param deployment: which one.
        :raises DeploymentError: the bucket does not hold it, or not any more.
        """
        bucket = self._bucket(stack, deployment)
        text = self._read(bucket, key=f"{deployment.parent}/{deployment.version}/{_TEMPLATE}")
        if text is None:
            raise DeploymentError(
                f"the bucket {bucket} does not hold the deployment {deployment.version} of the stack {stack}",
                "Choose one of those below " + deployment.parent + "/ there, or deploy the app as it was then",
            )
        return dict(json.loads(text))

    def remove(self, stack: str, deployment: Deployment) -> None:
        """Remove a deployment that nothing refers to any more.

        The CLI keeps the last five, whatever became of them: failed ones would push out the good one.

        :param stack: the stack's name.
        :param deployment: which one.
        """
        self._remove(self._bucket(stack, deployment), prefix=f"{deployment.parent}/{deployment.version}/")

    def read_file(self, stack: str, deployment: Deployment, *, name: str) -> str | None:
        """Return the text of a file next to the deployments; ``None`` if there is no such file.

        :param stack: Name of the stack.
        :param deployment: Any deployment of the service.
        :param name: Name of the file.
        """
        return self._read(self._bucket(stack, deployment), key=f"{deployment.parent}/{name}")

    def write_file(self, stack: str, deployment: Deployment, *, name: str, text: str) -> None:
        """Write a file next to the deployments. The CLI passes over it, and removes it with the service.

        :param stack: Name of the stack.
        :param deployment: Any deployment of the service.
        :param name: Name of the file.
        :param text: Content of the file.
        """
        self._write(self._bucket(stack, deployment), key=f"{deployment.parent}/{name}", text=text)

    def remove_file(self, stack: str, deployment: Deployment, *, name: str) -> None:
        """Remove a file next to the deployments.

        :param stack: Name of the stack.
        :param deployment: Any deployment of the service.
        :param name: Name of the file.
        """
        self._remove_object(self._bucket(stack, deployment), key=f"{deployment.parent}/{name}")

    @contextlib.contextmanager
    def uploaded(self, stack: str, template: str) -> Iterator[str]:
        """Put a template into a stack's bucket for CloudFormation to read, and remove it afterwards.

        :param stack: the stack's name.
        :param template: the text.
        :returns: its address.
        :raises DeploymentError: the stack has no bucket.
        """
        deployed = read_deployment(self._stacks.template(stack))
        if deployed is None:
            raise DeploymentError(f"the stack {stack} has no bucket for a template")
        try:
            self.write_file(stack, deployed, name=_READ_ONLY, text=template)
            address = self._connect().meta.endpoint_url
            yield f"{address}/{self._bucket(stack, deployed)}/{deployed.parent}/{_READ_ONLY}"
        finally:
            # One that stays is replaced by the next one, and goes with the bucket.
            with contextlib.suppress(ServerlessError):
                self.remove_file(stack, deployed, name=_READ_ONLY)

    def _bucket(self, stack: str, deployment: Deployment) -> str:
        if isinstance(deployment.bucket, Mapping):
            return self._stacks.physical_id(stack, logical_id=str(deployment.bucket.get("Ref")))
        return str(deployment.bucket)

    @explained("reading the deployment in the bucket")
    @none_if("NoSuchKey")
    def _read(self, bucket: str, *, key: str) -> str:
        return str(self._connect().get_object(Bucket=bucket, Key=key)["Body"].read().decode())

    @explained("writing to the bucket")
    def _write(self, bucket: str, *, key: str, text: str) -> None:
        self._connect().put_object(Bucket=bucket, Key=key, Body=text.encode(), ContentType="application/json")

    @explained("removing a file from the bucket")
    def _remove_object(self, bucket: str, *, key: str) -> None:
        self._connect().delete_object(Bucket=bucket, Key=key)

    @explained("removing the deployment from the bucket")
    def _remove(self, bucket: str, *, prefix: str) -> None:
        # A deployment is a handful of files, so there is no second page.
        found = self._connect().list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
        for item in found:
            self._connect().delete_object(Bucket=bucket, Key=item["Key"])
