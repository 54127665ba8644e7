# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CloudFormation's change sets: the tags of a stack that is not made yet, and the changes of an update."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

try:
    from botocore.exceptions import ClientError
except ImportError:
    # AnsibleAWSModule says that it is missing, before anything here is called.
    HAS_BOTOCORE = False
else:
    HAS_BOTOCORE = True

from ansible_collections.asesoria.serverless.plugins.module_utils._aws.errors import error_code, error_message
from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import explained, none_if
from ansible_collections.asesoria.serverless.plugins.module_utils._deployments import DeploymentError
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

#: Bytes of a template that CreateChangeSet takes in the request itself; a larger one is read from a bucket.
MAX_BODY_BYTES = 51_200
#: Name of the change set that is only read. It is always the same, so that one that a killed run left is replaced.
_NAME = "asesoria-serverless-plan"
_INTERVAL = 1.0
_PATIENCE = 120.0
_UNFINISHED = ("CREATE_PENDING", "CREATE_IN_PROGRESS")
_UNCHANGED = ("didn't contain changes", "No updates are to be performed")


class ChangeSetError(ServerlessError):
    """CloudFormation makes no change set."""


class ChangeSets:
    """CloudFormation's change sets.

    :param client: A boto3 client of C(cloudformation) that retries what can be retried.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    def tags(self, stack: str) -> dict[str, str]:
        """Return the tags of the change set with which the Serverless CLI makes a stack; empty if there is none.

        :param stack: Name of the stack.
        """
        return {tag["Key"]: tag["Value"] for tag in self._of_cli(stack).get("Tags", [])}

    def pending(self, stack: str) -> str:
        """Return the ARN of the Serverless CLI's change set that is yet to be executed; empty if there is none.

        :param stack: Name of the stack.
        """
        found = self._of_cli(stack)
        waits = found.get("ExecutionStatus") == "AVAILABLE" or found.get("Status") in _UNFINISHED
        return str(found["ChangeSetId"]) if waits else ""

    def _of_cli(self, stack: str) -> dict[str, Any]:
        # The name as osls' naming.js makes it.
        return self._find(stack, change_set=f"{stack}-change-set") or {}

    @explained("making a change set of the stack")
    def create(self, stack: str, *, source: Mapping[str, str], template: Mapping[str, Any]) -> None:
        """Start to make the change set that is only read.

        :param stack: Name of the stack.
        :param source: The argument by which CloudFormation gets the template.
        :param template: The template.
        :raises ChangeSetError: CloudFormation makes no change set of this template.
        """
        parameters = [
            {"ParameterKey": name, "UsePreviousValue": True}
            for name, parameter in (template.get("Parameters") or {}).items()
            if "Default" not in parameter
        ]
        capabilities = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"]
        if template.get("Transform"):
            capabilities.append("CAPABILITY_AUTO_EXPAND")
        try:
            self._client.create_change_set(
                StackName=stack,
                ChangeSetName=_NAME,
                ChangeSetType="UPDATE",
                Description="Read by asesoria.serverless before a deployment, never executed",
                Parameters=parameters,
                Capabilities=capabilities,
                **source,
            )
        except ClientError as error:
            code = error_code(error)
            if code == "ValidationError":
                raise ChangeSetError(
                    f"CloudFormation makes no change set of the stack {stack}: {error_message(error)}"
                ) from error
            # The reply to a first attempt was lost, and the SDK has tried again.
            if code != "AlreadyExistsException":
                raise

    @explained("deleting the change set of the stack")
    @none_if("ChangeSetNotFound")
    def delete(self, stack: str) -> None:
        """Delete the change set that is only read, if there is one."""
        self._client.delete_change_set(StackName=stack, ChangeSetName=_NAME)

    @explained("reading the change set of the stack")
    def describe(self, stack: str, *, token: str = "") -> dict[str, Any]:
        """Return a page of the change set that is only read.

        :param stack: Name of the stack.
        :param token: Where the page begins; empty for the first one.
        """
        page = {"NextToken": token} if token else {}
        return dict(self._client.describe_change_set(StackName=stack, ChangeSetName=_NAME, **page))

    @explained("reading the change set of the stack")
    @none_if("ChangeSetNotFound")
    def _find(self, stack: str, *, change_set: str) -> dict[str, Any]:
        return dict(self._client.describe_change_set(StackName=stack, ChangeSetName=change_set))


class UpdatePreview:
    """The changes of an update as CloudFormation foresees them.

    :param change_sets: CloudFormation's change sets.
    :param upload: Puts a large template into the stack's bucket for as long as it is needed, and returns its address.
    :param warn: Is told if CloudFormation makes no change set.
    :param clock: A clock in seconds.
    :param sleep: Waits for seconds.
    """

    def __init__(
        self,
        change_sets: ChangeSets,
        *,
        upload: Callable[[str, str], contextlib.AbstractContextManager[str]],
        warn: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._change_sets = change_sets
        self._upload = upload
        self._warn = warn
        self._clock = clock
        self._sleep = sleep

    def changes(self, stack: str, *, template: Mapping[str, Any]) -> list[dict[str, Any]] | None:
        """Have CloudFormation say what an update would change. The change set is deleted again, also if it fails.

        :param stack: Name of the stack.
        :param template: The new template.
        :returns: The changes as DescribeChangeSet returns them, or ``None`` if CloudFormation makes no change set.
        """
        body = json.dumps(template, separators=(",", ":"))
        try:
            with contextlib.ExitStack() as cleanup:
                source = {"TemplateBody": body}
                if len(body.encode()) > MAX_BODY_BYTES:
                    source = {"TemplateURL": cleanup.enter_context(self._upload(stack, body))}
                cleanup.enter_context(self._deleted(stack))
                self._change_sets.create(stack, source=source, template=template)
                return self._wait(stack)
        except (ChangeSetError, DeploymentError) as error:
            # Such an update fails, or it is one that a change set can't be made of. The templates tell the most of it.
            self._warn(f"{error} The templates were compared instead.")
            return None

    @contextlib.contextmanager
    def _deleted(self, stack: str) -> Iterator[None]:
        self._change_sets.delete(stack)
        try:
            yield
        finally:
            with contextlib.suppress(ServerlessError):
                self._change_sets.delete(stack)

    def _wait(self, stack: str) -> list[dict[str, Any]]:
        deadline = self._clock() + _PATIENCE
        while True:
            found = self._change_sets.describe(stack)
            status, reason = found["Status"], str(found.get("StatusReason") or "")
            if status == "CREATE_COMPLETE":
                return [*found.get("Changes", []), *self._further(stack, found.get("NextToken"))]
            if status == "FAILED" and any(words in reason for words in _UNCHANGED):
                return []
            if status == "FAILED" or self._clock() >= deadline:
                raise ChangeSetError(f"the change set of the stack {stack} is {status}: {reason}".rstrip(". :"))
            self._sleep(_INTERVAL)

    def _further(self, stack: str, token: str | None) -> Iterator[dict[str, Any]]:
        while token:
            page = self._change_sets.describe(stack, token=token)
            yield from page.get("Changes", [])
            token = page.get("NextToken")
