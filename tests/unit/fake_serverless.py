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
from pathlib import Path
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
    template = json.loads((folder / "cloudformation-template-update-stack.json").read_text())
    key = template["Resources"]["ApiLambdaFunction"]["Properties"]["Code"]["S3Key"]
    state["bucket"][key] = base64.b64encode((folder / (config["service"] + ".zip")).read_bytes()).decode()
    state["bucket"][key.rpartition("/")[0] + "/compiled-cloudformation-template.json"] = json.dumps(template)
    return template


def install(template):
    state["stacks"][name] = {{"status": "UPDATE_COMPLETE", "template": template, "outputs": outputs(template)}}
    key = template["Resources"]["ApiLambdaFunction"]["Properties"]["Code"]["S3Key"]
    digest = hashlib.sha256(base64.b64decode(state["bucket"][key])).digest()
    state["code"][name + "-api"] = base64.b64encode(digest).decode()


mode = state["mode"].pop(command, "")
if mode and command == "deploy":
    upload(pathlib.Path(values["--package"]))
if mode == "fail":
    state["events"].insert(0, {{
        "EventId": str(len(state["events"])), "LogicalResourceId": "ApiLambdaFunction",
        "ResourceType": "AWS::Lambda::Function", "ResourceStatus": "CREATE_FAILED",
        "ResourceStatusReason": "Layer version does not exist.",
    }})
if mode == "hang":
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
        template["Outputs"].update(part["Outputs"])
    (folder / "cloudformation-template-update-stack.json").write_text(json.dumps(template))
elif command == "deploy":
    install(upload(pathlib.Path(values["--package"])))
elif command == "rollback":
    found = [key for key in state["bucket"] if "-" + values["--timestamp"] + "/compiled" in key]
    if not found:
        sys.exit("Error: Couldn't find a deployment for the timestamp")
    install(json.loads(state["bucket"][found[0]]))
elif command == "remove":
    del state["stacks"][name]
save()
"""


class FakeCloud:
    """CloudFormation and Lambda, as far as the modules ask them, and the CLI that changes them.

    :param folder: where the shared file and the CLI go.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "cloud.json"
        self.cli = folder / "osls"
        self.write({"stacks": {}, "events": [], "calls": [], "mode": {}, "code": {}, "bucket": {}})
        self.cli.write_text(_CLI.format(python=sys.executable))
        self.cli.chmod(0o755)
        self.asked: list[str] = []
        #: Statuses that DescribeStacks shows first, one a call, before the true one.
        self.passing: list[str] = []

    def read(self) -> dict[str, Any]:
        return dict(json.loads(self.path.read_text()))

    def write(self, state: dict[str, Any]) -> None:
        self.path.write_text(json.dumps(state))

    def set_mode(self, **modes: str) -> None:
        """Let the next run of a command fail or hang."""
        self.write({**self.read(), "mode": modes})

    def set_stack(self, name: str, status: str, **outputs: str) -> None:
        state = self.read()
        state["stacks"][name] = {"status": status, "template": {}, "outputs": outputs}
        self.write(state)

    @property
    def commands(self) -> list[str]:
        """What the CLI was told to do, in order."""
        return [call["argv"][0] for call in self.read()["calls"]]

    def describe_stacks(self, *, StackName: str) -> dict[str, Any]:  # noqa: N803
        self.asked.append("describe_stacks")
        stack = self._stack(StackName, "DescribeStacks")
        outputs = [{"OutputKey": key, "OutputValue": value} for key, value in stack["outputs"].items()]
        status = self.passing.pop(0) if self.passing else stack["status"]
        return {"Stacks": [{"StackName": StackName, "StackStatus": status, "Outputs": outputs}]}

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

    @property
    def versions(self) -> list[str]:
        """The deployments that the bucket holds, in order."""
        return sorted({key.split("/")[-2] for key in self.read()["bucket"]})

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
