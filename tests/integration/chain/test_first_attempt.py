# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The deployment that fails as it does from Windows: what it shows, and that nothing of it stays."""

from __future__ import annotations

from typing import Any

import pytest

from .support import CHECKOUT, Chain, Run, has_python_with_pip

NAME = "asesoria-first-attempt"
PLAYBOOK = "playbooks/first_attempt.yml"


def play(chain: Chain, *arguments: str) -> Run:
    return chain.play(PLAYBOOK, "-e", f"serverless_deploy_npm_cache={CHECKOUT}/.cache/npm", *arguments)


def made(chain: Chain) -> dict[str, Any]:
    """What there is in AWS of the kinds that the playbook makes."""
    stacks = chain.client("cloudformation").list_stacks()["StackSummaries"]
    return {
        "stacks": sorted(stack["StackName"] for stack in stacks if stack["StackStatus"] != "DELETE_COMPLETE"),
        "functions": chain.client("lambda").list_functions()["Functions"],
        "layers": chain.client("lambda").list_layers()["Layers"],
        "buckets": sorted(bucket["Name"] for bucket in chain.client("s3").list_buckets()["Buckets"]),
        "roles": sorted(role["RoleName"] for role in chain.client("iam").list_roles()["Roles"]),
        "logs": sorted(group["logGroupName"] for group in chain.client("logs").describe_log_groups()["logGroups"]),
    }


def kept(chain: Chain) -> dict[str, str]:
    """The files that a run keeps, the CLI's aside, which is there for every run."""
    return {name: digest for name, digest in chain.files().items() if "/state/cli/" not in name}


@pytest.mark.skipif(not has_python_with_pip(), reason="the cure is built here, which takes a Python 3.11 with pip")
def test_it_shows_the_failure_the_reason_and_the_cure_and_leaves_nothing(chain: Chain) -> None:
    before, files = made(chain), kept(chain)
    said = " ".join(play(chain).ok().output.split())
    shown = [
        # The function's own words, and what is made of them.
        "No module named 'orjson.orjson' (orjson/__init__.py, line 8)",
        "The rest of orjson is there",
        "Unable to import app: 'app.app' - No module named 'orjson.orjson'",
        # What the audit says of the same package.
        "would not have let it pass",
        "[foreign-binary] orjson/orjson.cp311-win_amd64.pyd (orjson): this is a binary for Windows",
        "[wrong-abi] orjson/orjson.cp311-win_amd64.pyd (orjson)",
        # The cure.
        "was answered with status 200",
        "The same app answers now.",
    ]
    places = [said.find(words) for words in shown]
    assert -1 not in places, dict(zip(shown, places, strict=True))
    assert places.index(max(places)) == len(shown) - 1
    assert made(chain) == before
    assert kept(chain) == files


@pytest.mark.parametrize("name", ["serverless_deploy_service", "serverless_deploy_layer_name", "lambda_layer_name"])
def test_what_is_yours_is_never_touched(chain: Chain, name: str) -> None:
    calls = chain.calls
    assert "so it has names of its own" in play(chain, "-e", f"{name}=mine").refused().message
    assert chain.writes(since=calls) == []


def test_check_mode_deploys_nothing(chain: Chain) -> None:
    calls, files = chain.calls, kept(chain)
    run = play(chain, "--check").ok()
    assert f"A real run deploys {NAME} and removes it again." in " ".join(run.output.split())
    assert run.changed == 0
    assert (chain.writes(since=calls), kept(chain)) == ([], files)
