# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Deployments that don't answer as expected, in the order of this file: what was there before answers again."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from .support import CHECKOUT, WELCOME, Chain, Run, publish_adapter

STACK = "mi-api-flask-dev"
GOOD = f'''
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"{WELCOME}"]
'''
RAISES = """
def app(environ, start_response):
    try:
        share = 1 / 0
    except ZeroDivisionError:
        import traceback
        traceback.print_exc()
    start_response("500 Internal Server Error", [("Content-Type", "text/plain")])
    return [b"oops"]
"""
CANNOT_BE_IMPORTED = "import no_such_module\n" + GOOD

Deploy = Callable[..., Run]


@pytest.fixture(scope="session")
def layer(chain: Chain) -> str:
    """A layer with what the adapter needs, since the apps here need nothing."""
    return publish_adapter(chain)


@pytest.fixture
def arguments(layer: str, tmp_path: Path) -> Callable[..., tuple[str, ...]]:
    """The playbook, with an app of this text, and variables."""

    def made(text: str, **variables: str | list[dict[str, str]]) -> tuple[str, ...]:
        (tmp_path / "app.py").write_text(text)
        given = {
            "serverless_deploy_app_dir": str(tmp_path),
            "serverless_deploy_layer_name": layer,
            "serverless_deploy_npm_cache": str(CHECKOUT / ".cache/npm"),
            "endpoint_verify_budget": 2,
            # There is no user of the chain's own here.
            "asesoria_environment": "{{ asesoria_admin_environment }}",
            **variables,
        }
        return "playbooks/deploy.yml", "-e", json.dumps(given)

    return made


@pytest.fixture
def deploy(chain: Chain, arguments: Callable[..., tuple[str, ...]]) -> Deploy:
    """Runs it."""
    return lambda text, **variables: chain.play(*arguments(text, **variables))


def status(chain: Chain) -> str | None:
    cloudformation = chain.client("cloudformation")
    stacks = cloudformation.list_stacks()["StackSummaries"]
    live = [stack["StackStatus"] for stack in stacks if stack["StackName"] == STACK]
    return next((found for found in live if found != "DELETE_COMPLETE"), None)


def objects(chain: Chain) -> list[str]:
    """The keys of what the service's bucket holds."""
    s3 = chain.client("s3")
    (bucket,) = [
        bucket["Name"] for bucket in s3.list_buckets()["Buckets"] if "deploymentbucket" in bucket["Name"].lower()
    ]
    return [str(item["Key"]) for item in s3.list_objects_v2(Bucket=bucket)["Contents"]]


def versions(chain: Chain) -> list[str]:
    """The deployments that the service's bucket holds."""
    return sorted({key.split("/")[-2] for key in objects(chain) if not key.endswith("/unverified.json")})


def is_noted(chain: Chain) -> bool:
    """Whether the bucket says that the deployment was not verified."""
    return any(key.endswith("/unverified.json") for key in objects(chain))


def answer(chain: Chain) -> str:
    """What the service answers now."""
    described = chain.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    api = next(output["OutputValue"] for output in described["Outputs"] if output["OutputKey"] == "HttpApiId")
    url = f"http://{api}.execute-api.localhost:{chain.port}/"
    return subprocess.run(["curl", "-sS", url], check=True, capture_output=True, text=True).stdout


def test_one_that_lacks_its_adapter_is_not_deployed(chain: Chain, deploy: Deploy) -> None:
    said = deploy(GOOD, serverless_deploy_layer_name="").refused().message
    assert f"{STACK}-api is not deployed, since its handler imports werkzeug, which is not in its package" in said
    assert status(chain) is None


def test_a_first_deployment_that_fails_is_left_to_be_looked_at(chain: Chain, deploy: Deploy) -> None:
    said = deploy(RAISES).refused().message
    assert "did not answer as expected. Expected: status 200" in said
    assert f"The log of {STACK}-api says why: ZeroDivisionError: division by zero (app.py, line 4)." in said
    assert f"The stack {STACK} was not there before this run and is left as it is, to be looked at." in said
    assert status(chain) == "UPDATE_COMPLETE"


def test_a_good_deployment_stays(chain: Chain, deploy: Deploy) -> None:
    assert "Ask it: curl http://" in deploy(GOOD).ok().output
    assert answer(chain) == WELCOME


def test_one_that_answers_500_is_taken_back_and_the_run_is_red(chain: Chain, deploy: Deploy) -> None:
    before = versions(chain)
    run = deploy(RAISES).refused()
    said = run.message
    assert "Received: status 500" in said
    assert f"The log of {STACK}-api says why: ZeroDivisionError: division by zero (app.py, line 4)." in said
    assert f"The stack {STACK} holds the deployment {before[-1]} again. That answers as expected." in said
    assert "Go back to an earlier deployment" in run.changed_tasks[-1]
    assert answer(chain) == WELCOME
    assert versions(chain) == before
    assert deploy(GOOD).ok().changed_tasks == []


def test_what_was_there_before_does_not_answer_as_expected_either(chain: Chain, deploy: Deploy) -> None:
    before = versions(chain)
    requests = [{"path": "/", "contains": "Hello"}]
    run = deploy(CANNOT_BE_IMPORTED, endpoint_verify_requests=requests).refused()
    # The last task's message alone.
    said = run.message.rpartition("fatal: ")[2]
    assert "the app app.app can't be imported: No module named 'no_such_module' (app.py, line 1)." in said
    assert f"holds the deployment {before[-1]} again. That does not answer as expected either:" in said
    # What the other deployment has logged is none of this one's business.
    assert said.count("says why") == 1
    assert f"'{WELCOME}'" in said
    assert answer(chain) == WELCOME


def test_one_that_was_killed_before_it_was_verified_is_taken_back_by_the_next_run(
    chain: Chain, deploy: Deploy, arguments: Callable[..., tuple[str, ...]]
) -> None:
    before = versions(chain)
    chain.play_and_kill(*arguments(RAISES), at="Ask until the answer is good")
    assert len(versions(chain)) == len(before) + 1
    said = deploy(RAISES).refused().message
    assert "Received: status 500" in said
    assert f"The stack {STACK} holds the deployment {before[-1]} again. That answers as expected." in said
    assert answer(chain) == WELCOME
    assert deploy(GOOD).ok().changed_tasks == []


def test_what_the_run_did_not_deploy_is_left_alone(chain: Chain, deploy: Deploy) -> None:
    run = deploy(GOOD, endpoint_verify_contains="Hello").refused()
    assert run.changed == 0
    assert (
        f"It was not possible to go back: This run deployed nothing, so the stack {STACK} is left as it" in run.message
    )
    assert answer(chain) == WELCOME


def test_a_question_that_cannot_be_asked_takes_nothing_back(chain: Chain, deploy: Deploy) -> None:
    said = deploy(GOOD + "# 2\n", endpoint_verify_requests=[{"regex": "["}]).refused().message
    assert "unterminated character set" in said
    assert "Since nothing was asked, what is deployed is left as it is." in said
    assert status(chain) == "UPDATE_COMPLETE"


def test_going_back_by_hand(chain: Chain, deploy: Deploy) -> None:
    before, _latest = versions(chain)[-2:]
    deploy(GOOD, serverless_deploy_state="rolled_back", serverless_deploy_version=before).ok()
    assert versions(chain)[-1] == before
    assert answer(chain) == WELCOME


def shares(chain: Chain) -> dict[str, float]:
    """The share of the requests that each version of the function answers."""
    function = {"FunctionName": f"{STACK}-api"}
    alias = chain.client("lambda").get_alias(**function, Name="live")
    weights = alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {})
    listed = chain.client("lambda").list_versions_by_function(**function)["Versions"]
    assert {each["Version"] for each in listed} == {"$LATEST", alias["FunctionVersion"], *weights}
    return {alias["FunctionVersion"]: 1 - sum(weights.values()), **weights}


def test_new_code_answers_a_part_of_the_requests_and_then_all(chain: Chain, deploy: Deploy) -> None:
    first = deploy(GOOD, asesoria_canary_weight="50").ok()
    assert "Verify new code while it answers" not in first.output, "there was no alias before"
    (version,) = shares(chain)
    run = deploy(GOOD + "# 3\n", asesoria_canary_weight="50").ok()
    assert run.output.index("Verify new code while it answers") < run.output.index("Let new code answer all requests")
    assert shares(chain) == {str(int(version) + 1): 1}
    assert answer(chain) == WELCOME
    assert deploy(GOOD + "# 3\n", asesoria_canary_weight="50").ok().changed_tasks == []


def test_new_code_that_answers_500_never_answers_all(chain: Chain, deploy: Deploy) -> None:
    before = versions(chain)
    run = deploy(RAISES, asesoria_canary_weight="50").refused()
    assert "Received: status 500" in run.message
    assert f"The stack {STACK} holds the deployment {before[-1]} again. That answers as expected." in run.message
    assert "Let new code answer all requests" not in run.output
    assert list(shares(chain).values()) == [1]
    assert {answer(chain) for _attempt in range(10)} == {WELCOME}
    assert versions(chain) == before


def test_a_first_deployment_that_fails_is_removed_if_that_is_wanted(chain: Chain, deploy: Deploy) -> None:
    deploy(GOOD, serverless_deploy_state="absent").ok()
    assert status(chain) is None
    said = deploy(RAISES, serverless_deploy_first_failure="remove").refused().message
    assert "Received: status 500" in said
    assert f"The stack {STACK} was not there before this run and was removed." in said
    assert status(chain) is None


def test_a_stack_that_could_not_be_created_is_made_anew(chain: Chain, deploy: Deploy) -> None:
    """CloudFormation leaves it behind after a first failure, and can only delete it."""
    cloudformation = chain.client("cloudformation")
    url = {"Type": "AWS::Lambda::Url", "Properties": {"TargetFunctionArn": "nobody", "AuthType": "NONE"}}
    tags = {"ManagedBy": "asesoria.serverless", "Project": "asesoria", "Service": "mi-api-flask", "STAGE": "dev"}
    cloudformation.create_stack(
        StackName=STACK,
        TemplateBody=json.dumps({"Resources": {"Url": url}}),
        Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
    )
    deadline = time.monotonic() + 30
    while status(chain) != "ROLLBACK_COMPLETE" and time.monotonic() < deadline:
        time.sleep(0.5)
    assert status(chain) == "ROLLBACK_COMPLETE"
    deploy(GOOD).ok()
    assert answer(chain) == WELCOME


def test_the_verification_accepts_what_a_killed_run_has_deployed(
    chain: Chain, arguments: Callable[..., tuple[str, ...]]
) -> None:
    deployment = arguments(GOOD + "# 9\n")
    chain.play_and_kill(*deployment, at="Ask until the answer is good")
    assert chain.play("playbooks/verify.yml", "--check", *deployment[1:]).ok().changed_tasks == []
    assert is_noted(chain)
    chain.play("playbooks/verify.yml", *deployment[1:]).ok()
    assert not is_noted(chain)
