# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A Serverless CLI and a CloudFormation that share a file: what the CLI "deploys", the API then shows.

The CLI is a real program, so that the tests go through real processes, environments and locks. It packages by the rules
that were read off osls 4.3.1: the names of the files, the keys in the template, the wording of an error.
"""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

_CLI = """#!{python}
import base64, hashlib, json, os, pathlib, sys, time, zipfile

import yaml

arguments = sys.argv[1:]
command = arguments[0]
values = dict(zip(arguments, arguments[1:]))
config = yaml.safe_load(pathlib.Path("serverless.yml").read_text())
cloud = pathlib.Path(os.environ["FAKE_CLOUD"])
state = json.loads(cloud.read_text())
name = config["service"] + "-" + values["--stage"]
state["calls"].append({{
    "argv": arguments,
    "environment": dict(os.environ),
    "files": sorted(str(path) for path in pathlib.Path(".").rglob("*") if path.is_file()),
}})


def save():
    cloud.write_text(json.dumps(state))


def outputs(template):
    return {{key: value["Value"] for key, value in template.get("Outputs", {{}}).items()}}


def upload(folder):
    packaged = json.loads((folder / "serverless-state.json").read_text())
    template = packaged["service"]["provider"]["compiledCloudFormationTemplate"]
    key = template["Resources"]["ApiLambdaFunction"]["Properties"]["Code"]["S3Key"]
    state["bucket"][key] = base64.b64encode((folder / (config["service"] + ".zip")).read_bytes()).decode()
    state["bucket"][key.rpartition("/")[0] + "/compiled-cloudformation-template.json"] = json.dumps(template)
    return template


def number(version, resources):
    if isinstance(version, str):
        return version
    return resources[version["Fn::GetAtt"][0]].rpartition(":")[2]


def publish(template):
    "Make the versions that are new in the stack, and set the aliases, as Lambda would."
    there = state["stacks"].get(name, {{}}).get("resources", {{}})
    resources = {{}}
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] == "AWS::Lambda::Version":
            if logical_id not in there:
                state["published"] += 1
                state["versions"].append(str(state["published"]))
            resources[logical_id] = there.get(logical_id, "arn:aws:lambda:x:1:function:api:%d" % state["published"])
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Lambda::Alias":
            properties = resource["Properties"]
            first = number(properties["FunctionVersion"], resources)
            weights = {{
                number(weight["FunctionVersion"], resources): weight["FunctionWeight"]
                for weight in properties["RoutingConfig"]["AdditionalVersionWeights"]
            }}
            if first in weights or first not in state["versions"]:
                sys.exit("Error: Lambda refuses these weights")
            state["aliases"][properties["Name"]] = {{
                "FunctionVersion": first, "RoutingConfig": {{"AdditionalVersionWeights": weights}}
            }}
    return resources


def install(template):
    resources = publish(template)
    state["stacks"][name] = {{
        "status": "UPDATE_COMPLETE", "template": template, "outputs": outputs(template), "resources": resources,
        "tags": {{"STAGE": values["--stage"], **config["provider"].get("stackTags", {{}})}},
    }}
    key = template["Resources"]["ApiLambdaFunction"]["Properties"]["Code"]["S3Key"]
    digest = hashlib.sha256(base64.b64decode(state["bucket"][key])).digest()
    state["code"][name + "-api"] = base64.b64encode(digest).decode()


def kept(time):
    return [key for key in state["bucket"] if "-" + time + "/compiled" in key]


mode = state["mode"].pop(command, "")
applied = mode in ("lost", "lost-hang")
if mode and command == "deploy":
    template = upload(pathlib.Path(values["--package"]))
    if applied:
        install(template)
if applied and command == "rollback":
    install(json.loads(state["bucket"][kept(values["--timestamp"])[0]]))
if mode == "fail":
    state["events"].insert(0, {{
        "EventId": str(len(state["events"])), "LogicalResourceId": "ApiLambdaFunction",
        "ResourceType": "AWS::Lambda::Function", "ResourceStatus": "CREATE_FAILED",
        "ResourceStatusReason": "Layer version does not exist.",
    }})
if mode in ("pending", "always-pending"):
    tags = {{"STAGE": values["--stage"], **config["provider"].get("stackTags", {{}})}}
    state["change_sets"][name + "-change-set"] = {{
        "ChangeSetId": "arn:" + str(len(state["calls"])), "ExecutionStatus": "AVAILABLE",
        "Tags": [{{"Key": key, "Value": value}} for key, value in tags.items()],
    }}
    review = {{"status": "REVIEW_IN_PROGRESS", "template": {{}}, "outputs": {{}}, "tags": {{}}}}
    state["stacks"].setdefault(name, review)
if mode == "always-pending":
    state["mode"][command] = mode
if mode in ("hang", "lost-hang"):
    save()
    time.sleep(60)
if mode:
    save()
    print("\\nDeploying\\n\\n✖ Stack failed to deploy (3s)\\nEnvironment: linux, node 24\\nDocs: x\\n\\n"
          "\\x1b[31mError:\\x1b[39m\\nCREATE_FAILED: ApiLambdaFunction\\nLayer version does not exist.\\n\\n"
          "View the full error: https://console\\n")
    sys.exit(1)
if command == "package":
    folder = pathlib.Path(values["--package"])
    folder.mkdir()
    with zipfile.ZipFile(folder / (config["service"] + ".zip"), "w") as archive:
        for path in sorted(pathlib.Path(".").rglob("*")):
            if path.is_file() and path.name != "serverless.yml":
                info = zipfile.ZipInfo(str(path))
                info.external_attr = path.stat().st_mode << 16
                archive.writestr(info, path.read_bytes())
    version = "1700000000000-2026-11-22T10:00:00.%03dZ" % len(state["calls"])
    template = {{
        "Resources": {{"ApiLambdaFunction": {{"Type": "AWS::Lambda::Function", "Properties": {{
            "FunctionName": name + "-api", "MemorySize": config["provider"].get("memorySize", 1024),
            "Runtime": config["provider"].get("runtime", "python3.11"),
            "Architectures": [config["provider"].get("architecture", "x86_64")],
            "Environment": {{"Variables": config["provider"].get("environment", {{}})}},
            "Layers": config.get("functions", {{}}).get("api", {{}}).get("layers", []),
            "Code": {{"S3Bucket": {{"Ref": "ServerlessDeploymentBucket"}},
                     "S3Key": "serverless/x/dev/" + version + "/" + config["service"] + ".zip"}},
        }}}}}},
        "Outputs": {{"HttpApiUrl": {{"Value": "https://abc123.execute-api.us-east-1.amazonaws.com"}}}},
    }}
    for part in config.get("resources", []):
        template["Outputs"].update(part.get("Outputs", {{}}))
        template["Resources"].update(part.get("Resources", {{}}))
    if config["provider"].get("versionFunctions", True):
        # The logical name is made of the function's code and configuration.
        code = hashlib.sha256((folder / (config["service"] + ".zip")).read_bytes()).hexdigest()
        version = {{"FunctionName": {{"Ref": "ApiLambdaFunction"}}, "CodeSha256": code}}
        template["Resources"]["ApiLambdaVersion" + code[:8] + str(config["provider"].get("memorySize", 1024))] = {{
            "Type": "AWS::Lambda::Version", "DeletionPolicy": "Retain", "Properties": version
        }}
    (folder / "cloudformation-template-update-stack.json").write_text(json.dumps(template))
    service = {{"provider": {{"compiledCloudFormationTemplate": template}}}}
    (folder / "serverless-state.json").write_text(json.dumps({{"service": service}}))
elif command == "deploy":
    install(upload(pathlib.Path(values["--package"])))
elif command == "rollback":
    found = kept(values["--timestamp"])
    if not found:
        sys.exit("Error: Couldn't find a deployment for the timestamp")
    install(json.loads(state["bucket"][found[0]]))
elif command == "remove":
    del state["stacks"][name]
save()
"""


def _changes(before: dict[str, Any], after: dict[str, Any], *, of: str) -> Iterator[dict[str, Any]]:
    """What a change set tells, by the rule that a resource is replaced when its name changes."""
    old, new = before.get("Resources", {}), after["Resources"]
    for logical_id, resource in old.items():
        change = {"LogicalResourceId": logical_id, "PhysicalResourceId": f"{of}-{logical_id}"}
        change["ResourceType"] = resource["Type"]
        if logical_id not in new:
            policy = resource.get("DeletionPolicy", "Delete")
            yield {"ResourceChange": {**change, "Action": "Remove", "PolicyAction": policy}}
            continue
        was, now = resource.get("Properties", {}), new[logical_id].get("Properties", {})
        changed = [name for name in {**was, **now} if was.get(name) != now.get(name)]
        details = [
            {"Target": {"Name": name, "RequiresRecreation": "Always" if name.endswith("Name") else "Never"}}
            for name in changed
        ]
        replaced = any(name.endswith("Name") for name in changed)
        policy = "ReplaceAnd" + new[logical_id].get("UpdateReplacePolicy", "Delete")
        if changed:
            modify = {"Action": "Modify", "Replacement": str(replaced), "Details": details}
            yield {"ResourceChange": {**change, **modify, **({"PolicyAction": policy} if replaced else {})}}


class FakePages:
    """A paginator whose only page is what the operation returns.

    :param operation: the method.
    """

    def __init__(self, operation: Callable[..., dict[str, Any]]) -> None:
        self._operation = operation

    def paginate(self, **options: str) -> list[dict[str, Any]]:
        return [self._operation(**options)]


class FakeCloud:
    """CloudFormation and Lambda, as far as the modules ask them, and the CLI that changes them.

    :param folder: where the shared file and the CLI go.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "cloud.json"
        self.cli = folder / "osls"
        empty: dict[str, Any] = {"stacks": {}, "events": [], "calls": [], "mode": {}, "code": {}, "bucket": {}}
        empty["change_sets"] = {}
        self.write({**empty, "published": 0, "versions": [], "aliases": {}})
        self.cli.write_text(_CLI.format(python=sys.executable))
        self.cli.chmod(0o755)
        self.asked: list[str] = []
        #: Why CloudFormation makes no change set; empty if it does.
        self.no_change_set = ""
        self.meta = SimpleNamespace(endpoint_url="https://s3.test")
        #: Statuses that DescribeStacks shows first, one a call, before the true one.
        self.passing: list[str] = []
        #: Errors of DescribeStacks, one a call, see fall_silent.
        self.silent: list[Exception] = []
        self._heard = 0

    def read(self) -> dict[str, Any]:
        return dict(json.loads(self.path.read_text()))

    def write(self, state: dict[str, Any]) -> None:
        self.path.write_text(json.dumps(state))

    def set_mode(self, **modes: str) -> None:
        """Let the next run of a command go wrong.

        - C(fail): the stack fails. C(broken): nothing is asked for. C(hang): nor is it, and the command does not end.
        - C(lost): the stack is changed, and the command fails. C(lost-hang): likewise, and the command does not end.
        - C(pending): a change set is made and not executed, and the command fails. C(always-pending): each time.
        """
        self.write({**self.read(), "mode": modes})

    def set_stack(self, name: str, status: str, **outputs: str) -> None:
        """Have a stack that this collection has made, with outputs."""
        service, _separator, stage = name.rpartition("-")
        tags = {"ManagedBy": "asesoria.serverless", "Project": "asesoria", "Service": service, "STAGE": stage}
        self.set_foreign_stack(name, status, tags=tags, outputs=outputs)

    def set_foreign_stack(
        self,
        name: str,
        status: str,
        *,
        tags: dict[str, str],
        outputs: dict[str, str] | None = None,
        template: dict[str, Any] | None = None,
    ) -> None:
        """Have a stack with tags of somebody else's."""
        state = self.read()
        state["stacks"][name] = {"status": status, "template": template or {}, "outputs": outputs or {}, "tags": tags}
        self.write(state)

    def fall_silent(self, *errors: Exception) -> None:
        """Have DescribeStacks fail, one error a call, once the CLI has been told the next time to change something."""
        self.silent = list(errors)
        self._heard = self.changes

    @property
    def changes(self) -> int:
        """How often the CLI was told to change the stack."""
        return sum(command in ("deploy", "rollback") for command in self.commands)

    @property
    def commands(self) -> list[str]:
        """What the CLI was told to do, in order."""
        return [call["argv"][0] for call in self.read()["calls"]]

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803
        self.asked.append("describe_stacks")
        if self.silent and self.changes > self._heard:
            raise self.silent.pop(0)
        stack = self._stack(StackName, "DescribeStacks")
        outputs = [{"OutputKey": key, "OutputValue": value} for key, value in stack["outputs"].items()]
        status = self.passing.pop(0) if self.passing else stack["status"]
        tags = [{"Key": key, "Value": value} for key, value in stack["tags"].items()]
        return {"Stacks": [{"StackName": StackName, "StackStatus": status, "Outputs": outputs, "Tags": tags}]}

    def create_change_set(self, *, StackName: str, ChangeSetName: str, **options: Any) -> None:  # noqa: N803
        self.asked.append("create_change_set")
        if self.no_change_set:
            error = {"Error": {"Code": "ValidationError", "Message": self.no_change_set}}
            raise ClientError(error, "CreateChangeSet")
        body = options.get("TemplateBody")
        if body is None:
            bucket, _separator, key = options["TemplateURL"].removeprefix("https://s3.test/").partition("/")
            body = self.get_object(Bucket=bucket, Key=key)["Body"].read()
        state = self.read()
        changes = list(_changes(self._stack(StackName, "CreateChangeSet")["template"], json.loads(body), of=StackName))
        failure = {"StatusReason": "The submitted information didn't contain changes."}
        status = {"Status": "CREATE_COMPLETE"} if changes else {"Status": "FAILED", **failure}
        state["change_sets"][ChangeSetName] = {**status, "Changes": changes}
        self.write(state)

    def delete_change_set(self, *, StackName: str, ChangeSetName: str) -> None:  # noqa: N803, ARG002
        state = self.read()
        state["change_sets"].pop(ChangeSetName, None)
        self.write(state)

    def describe_change_set(self, *, StackName: str, ChangeSetName: str, **page: str) -> dict[str, Any]:  # noqa: N803
        self.asked.append("describe_change_set")
        change_set = self.read()["change_sets"].get(ChangeSetName)
        if change_set is None:
            message = f"ChangeSet [{ChangeSetName}] does not exist for {StackName}"
            raise ClientError({"Error": {"Code": "ChangeSetNotFound", "Message": message}}, "DescribeChangeSet")
        if "Status" in change_set and self.asked.count("describe_change_set") == 1:
            return {"Status": "CREATE_IN_PROGRESS"}
        # One change a page.
        at = int(page.get("NextToken", 0))
        changes = change_set.get("Changes", [])
        more = {"NextToken": str(at + 1)} if at + 1 < len(changes) else {}
        return {**change_set, "Changes": changes[at : at + 1], **more}

    def get_template(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803
        self.asked.append("get_template")
        return {"TemplateBody": self._stack(StackName, "GetTemplate")["template"]}

    def delete_stack(self, *, StackName: str) -> None:  # noqa: N803
        self.asked.append("delete_stack")
        state = self.read()
        state["stacks"].pop(StackName, None)
        self.write(state)

    def describe_stack_events(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803, ARG002
        self.asked.append("describe_stack_events")
        return {"StackEvents": self.read()["events"]}

    def describe_stack_resource(self, *, StackName: str, LogicalResourceId: str) -> dict[str, Any]:  # noqa: N803
        self._stack(StackName, "DescribeStackResource")
        assert LogicalResourceId == "ServerlessDeploymentBucket"
        return {"StackResourceDetail": {"PhysicalResourceId": f"{StackName}-bucket"}}

    def get_object(self, *, Bucket: str, Key: str) -> dict[str, Any]:  # noqa: N803, ARG002
        bucket = self.read()["bucket"]
        if Key not in bucket:
            raise ClientError({"Error": {"Code": "NoSuchKey", "Message": "no"}}, "GetObject")
        return {"Body": io.BytesIO(bucket[Key].encode())}

    def list_objects_v2(self, *, Bucket: str, Prefix: str) -> dict[str, Any]:  # noqa: N803, ARG002
        return {"Contents": [{"Key": key} for key in self.read()["bucket"] if key.startswith(Prefix)]}

    def delete_object(self, *, Bucket: str, Key: str) -> None:  # noqa: N803, ARG002
        state = self.read()
        del state["bucket"][Key]
        self.write(state)

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, ContentType: str) -> None:  # noqa: N803, ARG002
        self.asked.append("put_object")
        state = self.read()
        state["bucket"][Key] = Body.decode()
        self.write(state)

    def get_paginator(self, operation: str) -> FakePages:
        return FakePages(getattr(self, operation))

    def list_stack_resources(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803
        stack = self._stack(StackName, "ListStackResources")
        resources = stack.get("resources", {})
        others = {
            logical_id: resource["Type"]
            for logical_id, resource in stack["template"].get("Resources", {}).items()
            if not resource["Type"].startswith("AWS::Lambda::")
        }
        return {
            "StackResourceSummaries": [
                {
                    "LogicalResourceId": logical_id,
                    "PhysicalResourceId": f"{StackName}-{logical_id}",
                    "ResourceType": kind,
                    "ResourceStatus": "CREATE_COMPLETE",
                }
                for logical_id, kind in others.items()
            ]
            + [
                {
                    "LogicalResourceId": logical_id,
                    "PhysicalResourceId": arn,
                    "ResourceType": "AWS::Lambda::Version",
                    "ResourceStatus": "CREATE_COMPLETE",
                }
                for logical_id, arn in resources.items()
            ]
        }

    def get_alias(self, *, FunctionName: str, Name: str) -> dict[str, Any]:  # noqa: N803, ARG002
        aliases = self.read()["aliases"]
        if Name not in aliases:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "no"}}, "GetAlias")
        return dict(aliases[Name])

    def update_alias(self, *, FunctionName: str, Name: str, RoutingConfig: dict[str, Any]) -> None:  # noqa: N803, ARG002
        self.asked.append("update_alias")
        state = self.read()
        state["aliases"][Name]["RoutingConfig"] = RoutingConfig
        self.write(state)

    def list_aliases(self, *, FunctionName: str) -> dict[str, Any]:  # noqa: N803, ARG002
        return {"Aliases": list(self.read()["aliases"].values())}

    def list_versions_by_function(self, *, FunctionName: str) -> dict[str, Any]:  # noqa: N803, ARG002
        return {"Versions": [{"Version": version} for version in ("$LATEST", *self.read()["versions"])]}

    def delete_function(self, *, FunctionName: str, Qualifier: str) -> None:  # noqa: N803, ARG002
        state = self.read()
        state["versions"].remove(Qualifier)
        self.write(state)

    @property
    def answering(self) -> dict[str, float]:
        """The share of the requests that each version answers, by the alias "live"."""
        alias = self.read()["aliases"]["live"]
        weights: dict[str, float] = alias["RoutingConfig"]["AdditionalVersionWeights"]
        return {alias["FunctionVersion"]: 1 - sum(weights.values()), **weights}

    @property
    def versions(self) -> list[str]:
        """The deployments that the bucket holds, in order."""
        return sorted({key.split("/")[-2] for key in self.read()["bucket"] if not key.endswith("/unverified.json")})

    @property
    def note(self) -> dict[str, Any] | None:
        """The note in the bucket that deployments were not verified."""
        found = [text for key, text in self.read()["bucket"].items() if key.endswith("/unverified.json")]
        return json.loads(found[0]) if found else None

    def get_function_configuration(self, *, FunctionName: str) -> dict[str, Any]:  # noqa: N803
        self.asked.append("get_function_configuration")
        code = self.read()["code"]
        if FunctionName not in code:
            raise ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "no"}}, "GetFunction")
        return {"CodeSha256": code[FunctionName]}

    def get_layer_version(self, *, LayerName: str, VersionNumber: int) -> dict[str, Any]:  # noqa: N803
        self.asked.append("get_layer_version")
        message = f"{LayerName}:{VersionNumber}"
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": message}}, "GetLayerVersion")

    def _stack(self, name: str, operation: str) -> dict[str, Any]:
        stacks = self.read()["stacks"]
        if name not in stacks:
            message = f"Stack with id {name} does not exist"
            raise ClientError({"Error": {"Code": "ValidationError", "Message": message}}, operation)
        return dict(stacks[name])
