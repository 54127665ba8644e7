# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The calls to CloudFormation and Lambda that a deployment needs besides those of the Serverless CLI."""

from __future__ import annotations

import functools
import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any, TypeVar

try:
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError:
    # AnsibleAWSModule says that it is missing, before anything here is called.
    HAS_BOTOCORE = False
else:
    HAS_BOTOCORE = True

from ansible_collections.asesoria.serverless.plugins.module_utils._aws.errors import error_code, is_denied_code
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

_T = TypeVar("_T")
#: Events shown for a failed stack; the first is the cause, those after it are mostly cancelled because of it.
_MAX_FAILURES = 3
_CANCELLED = ("Resource creation cancelled", "Resource update cancelled", "Resource deletion cancelled")


class CloudFormationError(ServerlessError):
    """AWS refused a call, or a stack is in a state from which a deployment can't go on."""


@dataclass(frozen=True)
class Stack:
    """A stack as DescribeStacks shows it.

    :param name: its name.
    :param status: such as C(UPDATE_COMPLETE).
    :param reason: why, if CloudFormation says so.
    :param outputs: the values of its outputs by name.
    :param arn: its own.
    :param changed: when it was made or changed last, in UTC; C(None) if nothing says so.
    :param tags: what it is tagged with.
    """

    name: str
    status: str
    reason: str
    outputs: Mapping[str, str]
    arn: str = ""
    changed: datetime | None = None
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def in_progress(self) -> bool:
        """Whether CloudFormation is working on it."""
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"

    @property
    def healthy(self) -> bool:
        """Whether it holds what its template says."""
        return self.status in (
            "CREATE_COMPLETE",
            "UPDATE_COMPLETE",
            "UPDATE_ROLLBACK_COMPLETE",
            "IMPORT_COMPLETE",
            "IMPORT_ROLLBACK_COMPLETE",
        )


@dataclass(frozen=True)
class Resource:
    """A part of a stack.

    :param logical_id: its name in the template.
    :param kind: its type, such as C(AWS::Lambda::Function).
    :param physical_id: its name in AWS; empty if there is none (yet).
    """

    logical_id: str
    kind: str
    physical_id: str


def _stack(described: Mapping[str, Any]) -> Stack:
    """Read a stack as DescribeStacks returns it."""
    changed = described.get("LastUpdatedTime") or described.get("CreationTime")
    return Stack(
        name=described["StackName"],
        status=described["StackStatus"],
        reason=described.get("StackStatusReason", ""),
        outputs={output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])},
        arn=described.get("StackId", ""),
        changed=changed.astimezone(timezone.utc) if isinstance(changed, datetime) else None,
        tags={tag["Key"]: tag["Value"] for tag in described.get("Tags", [])},
    )


def explained(doing: str) -> Callable[[Callable[..., _T]], Callable[..., _T]]:
    """Turn the SDK's errors into one that says what was being done, on what."""

    def decorate(method: Callable[..., _T]) -> Callable[..., _T]:
        @functools.wraps(method)
        def wrapper(self: Any, name: str, *args: Any, **kwargs: Any) -> _T:
            try:
                return method(self, name, *args, **kwargs)
            except (BotoCoreError, ClientError) as error:
                raise CloudFormationError(f"{doing} {name} failed: {error}".rstrip("."), _remedy(error)) from error

        return wrapper

    return decorate


def none_if(code: str) -> Callable[[Callable[..., _T]], Callable[..., _T | None]]:
    """Turn AWS's word that there is no such thing into C(None).

    :param code: the error's code, which each service has of its own.
    """

    def decorate(method: Callable[..., _T]) -> Callable[..., _T | None]:
        @functools.wraps(method)
        def wrapper(*args: Any, **kwargs: Any) -> _T | None:
            try:
                return method(*args, **kwargs)
            except ClientError as error:
                if error_code(error) == code:
                    return None
                raise

        return wrapper

    return decorate


def is_denied(error: BaseException | None) -> bool:
    """Whether AWS does not let the caller do that; of one of our errors, whether that is what it is about."""
    if isinstance(error, ServerlessError):
        return is_denied(error.__cause__)
    return error is not None and is_denied_code(error_code(error))


def _remedy(error: Exception) -> str:
    if is_denied(error):
        return "Allow the call to this user; the role's README lists the permissions"
    return ""


class Stacks:
    """CloudFormation's stacks.

    :param client: a boto3 client of C(cloudformation) that retries what can be retried.
    """

    def __init__(self, client: Any) -> None:
        self._client = client

    @explained("looking up the stack")
    def find(self, name: str) -> Stack | None:
        """Return a stack, or C(None) if there is none (any more)."""
        try:
            found = self._client.describe_stacks(StackName=name)["Stacks"]
        except ClientError as error:
            # CloudFormation has no code of its own for this.
            if error_code(error) == "ValidationError" and "does not exist" in str(error):
                return None
            raise
        if not found or found[0]["StackStatus"] == "DELETE_COMPLETE":
            return None
        return _stack(found[0])

    @explained("looking for the stacks of the project")
    def of_project(self, project: str) -> list[Stack]:
        """Return the stacks that carry the tag C(Project), by name."""
        pages = self._client.get_paginator("describe_stacks").paginate()
        found = [_stack(described) for page in pages for described in page["Stacks"]]
        return sorted((stack for stack in found if stack.tags.get("Project") == project), key=lambda stack: stack.name)

    @explained("reading the template of the stack")
    def template(self, name: str) -> dict[str, Any]:
        """Return the template that a stack was made from; a text that is no JSON comes as C({"text": ...})."""
        body = self._client.get_template(StackName=name)["TemplateBody"]
        if isinstance(body, str):
            try:
                body = json.loads(body)
            except ValueError:
                return {"text": body}
        return dict(body)

    @explained("looking up a resource of the stack")
    def physical_id(self, name: str, *, logical_id: str) -> str:
        """Return the name that a stack's resource has in AWS."""
        found = self._client.describe_stack_resource(StackName=name, LogicalResourceId=logical_id)
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    @explained("listing the functions of the stack")
    def functions(self, name: str) -> list[str]:
        """Return the names of a stack's functions."""
        pages = self._client.get_paginator("list_stack_resources").paginate(StackName=name)
        return [
            resource["PhysicalResourceId"]
            for page in pages
            for resource in page["StackResourceSummaries"]
            if resource["ResourceType"] == "AWS::Lambda::Function" and resource.get("PhysicalResourceId")
        ]

    @explained("listing the resources of the stack")
    def resources(self, name: str) -> list[Resource]:
        """Return what a stack consists of, in the order that CloudFormation tells it."""
        pages = self._client.get_paginator("list_stack_resources").paginate(StackName=name)
        return [
            Resource(
                logical_id=resource["LogicalResourceId"],
                kind=resource["ResourceType"],
                physical_id=resource.get("PhysicalResourceId", ""),
            )
            for page in pages
            for resource in page["StackResourceSummaries"]
            if resource["ResourceStatus"] != "DELETE_COMPLETE"
        ]

    @explained("deleting the stack")
    def delete(self, name: str) -> None:
        """Start to delete a stack."""
        self._client.delete_stack(StackName=name)

    def newest_event(self, name: str) -> str:
        """Return the id of a stack's newest event; empty if there is no such stack."""
        events = self._events(name) if self.find(name) else []
        return str(events[0]["EventId"]) if events else ""

    def failures(self, name: str, *, after: str) -> list[str]:
        """Say why a stack failed.

        :param name: the stack.
        :param after: id of the event before the attempt, see :meth:`newest_event`; what led there is another story.
        :returns: C(logical id (type): reason), the cause first; empty if nothing failed.
        """
        recent = itertools.takewhile(lambda event: event["EventId"] != after, self._events(name))
        failed = [
            f"{event['LogicalResourceId']} ({event['ResourceType']}): {event['ResourceStatusReason'].rstrip('.')}"
            for event in recent
            if event["ResourceStatus"].endswith("_FAILED")
            and event.get("ResourceStatusReason")
            and not event["ResourceStatusReason"].startswith(_CANCELLED)
        ]
        return failed[::-1][:_MAX_FAILURES]

    @explained("reading the events of the stack")
    def _events(self, name: str) -> list[dict[str, Any]]:
        """Return the newest page of a stack's events, newest first."""
        return list(self._client.describe_stack_events(StackName=name)["StackEvents"])


class Functions:
    """Lambda's functions.

    :param connect: makes a boto3 client of C(lambda); called only when one is needed, since that takes its time.
    """

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect = functools.cache(connect)

    @explained("reading the function")
    @none_if("ResourceNotFoundException")
    def configuration(self, name: str) -> dict[str, Any]:
        """Return what Lambda says of a function, or C(None) if there is no such function."""
        return dict(self._connect().get_function_configuration(FunctionName=name))

    def code_sha256(self, name: str) -> str | None:
        """Return the hash of a function's code as AWS writes it (base64), or C(None) if there is no such function."""
        found = self.configuration(name)
        return str(found["CodeSha256"]) if found else None

    @explained("reading the function")
    def changed_at(self, name: str) -> float:
        """Return when a function's code or configuration was changed last, in seconds since 1970."""
        said = self._connect().get_function_configuration(FunctionName=name)["LastModified"]
        # In UTC, with fractions of a second that are of no use here.
        return datetime.fromisoformat(said[:19]).replace(tzinfo=timezone.utc).timestamp()
