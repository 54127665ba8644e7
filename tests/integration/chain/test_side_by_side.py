# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Services and stages side by side in one account, changed and taken down in another order than made.

By default two services, one of them in two stages. ``ASESORIA_SIDE_BY_SIDE=all`` has five services.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from .support import Chain, Run, has_python_with_pip

pytestmark = pytest.mark.skipif(not has_python_with_pip(), reason="there is no python3.11 with pip")

APP = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"{word}"]
"""


@dataclass(frozen=True)
class Service:
    """A service in a stage.

    :param name: Name of the service.
    :param stage: Stage of the service.
    :param layer: Name of the layer, if it is not the service's own.
    """

    name: str
    stage: str = "dev"
    layer: str = ""

    @property
    def label(self) -> str:
        """Name of the stack."""
        return f"{self.name}-{self.stage}"


#: Two services share a layer.
SHARED = "common"
WEB, API, PROD = Service("web", layer=SHARED), Service("api", layer=SHARED), Service("web", "prod")
MORE = [Service(name) for name in ("jobs", "shop", "blog")] if os.environ.get("ASESORIA_SIDE_BY_SIDE") == "all" else []
ALL = (WEB, API, *MORE, PROD)
#: Those that go first; the others are not to notice.
GONE = (API, PROD)
LEFT = tuple(service for service in ALL if service not in GONE)


@dataclass(frozen=True)
class Account:
    """The services of the sandbox's account.

    :param chain: The sandbox.
    """

    chain: Chain

    def write(self, service: Service, word: str) -> Path:
        """Write the app of a service, which answers with a word."""
        folder = self.chain.folder / "apps" / service.label
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "app.py").write_text(APP.format(word=word), encoding="utf-8")
        (folder / "requirements.txt").write_text("serverless-wsgi==3.1.0\nwerkzeug==3.1.3\n", encoding="utf-8")
        return folder

    def play(self, service: Service, playbook: str, *more: str) -> Run:
        """Run a playbook for a service."""
        folder = self.chain.folder / "apps" / service.label
        given = {
            "asesoria_service": service.name,
            "asesoria_stage": service.stage,
            "asesoria_app_dir": str(folder),
            "asesoria_requirements": str(folder / "requirements.txt"),
            "asesoria_wsgi_app": "app.app",
            "asesoria_layer_strategy": "wheels",
            "asesoria_layer_name": service.layer,
            "asesoria_report": False,
            "preflight_checks_skip": ["docker"],
        }
        return self.chain.play(playbook, "-e", json.dumps(given), *more)

    def answers(self, services: Iterable[Service]) -> dict[str, str]:
        """Ask each service."""
        return {service.label: self._ask(service) for service in services}

    def _ask(self, service: Service) -> str:
        found = self.chain.client("cloudformation").describe_stacks(StackName=service.label)["Stacks"][0]["Outputs"]
        (address,) = (output["OutputValue"] for output in found if output["OutputKey"] == "HttpApiUrl")
        host = f"{address.split('//')[1].split('.')[0]}.execute-api.localhost:{self.chain.port}"
        argv = ["curl", "-sS", "--connect-to", f"::127.0.0.1:{self.chain.port}", f"http://{host}/"]
        return subprocess.run(argv, check=True, capture_output=True, text=True).stdout

    def users(self) -> list[str]:
        """Names of the IAM users."""
        return sorted(user["UserName"] for user in self.chain.client("iam").list_users()["Users"])


@pytest.fixture(name="account", scope="module")
def _account(chain: Chain) -> Account:
    return Account(chain)


def _two_at_a_time(account: Account, services: Iterable[Service], playbook: str) -> None:
    with ThreadPoolExecutor(max_workers=2) as pool:
        for run in list(pool.map(lambda service: account.play(service, playbook), services)):
            run.ok()


def test_each_is_deployed_with_a_user_of_its_own(account: Account) -> None:
    for service in ALL:
        account.write(service, f"{service.label} one")
    # The first one alone: it installs the CLI that all of them use.
    account.play(WEB, "site.yml").ok()
    _two_at_a_time(account, ALL[1:], "site.yml")
    assert account.answers(ALL) == {service.label: f"{service.label} one" for service in ALL}
    assert account.users() == sorted(f"asesoria-{service.label}" for service in ALL)


def test_one_is_changed_after_others_have_got_their_access(account: Account) -> None:
    """The policies of stage prod, made last, took the rights of stage dev."""
    account.write(WEB, "web-dev two")
    account.play(WEB, "playbooks/deploy.yml").ok()
    expected = {service.label: f"{service.label} one" for service in ALL}
    assert account.answers(ALL) == {**expected, "web-dev": "web-dev two"}


def test_a_mistyped_name_takes_nothing_down(account: Account) -> None:
    since = account.chain.calls
    account.play(Service("wbe"), "playbooks/teardown.yml").ok()
    assert account.chain.writes(since=since) == []


def test_those_that_stay_notice_nothing_of_those_that_go(account: Account) -> None:
    for service in GONE:
        run = account.play(service, "playbooks/teardown.yml").ok()
        said = " ".join(run.output.split())
        kept = f"left: version 1 of the layer {SHARED} in us-east-1: web-dev-api:$LATEST still uses it"
        assert (kept in said) == (service is API), said[-3000:]
    assert account.answers(LEFT) == {
        **{service.label: f"{service.label} one" for service in LEFT},
        "web-dev": "web-dev two",
    }
    assert account.users() == sorted(f"asesoria-{service.label}" for service in LEFT)
    last = LEFT[-1]
    account.write(last, f"{last.label} three")
    account.play(last, "playbooks/deploy.yml").ok()
    assert account.answers([last]) == {last.label: f"{last.label} three"}


def test_the_last_one_leaves_nothing(account: Account) -> None:
    _two_at_a_time(account, reversed(LEFT), "playbooks/teardown.yml")
    chain = account.chain
    assert account.users() == []
    assert chain.client("iam").list_policies(Scope="Local")["Policies"] == []
    assert chain.client("cloudformation").describe_stacks()["Stacks"] == []
    assert chain.client("lambda").list_layers()["Layers"] == []
    assert sorted(chain.aws_files) == ["config", "credentials"]
    assert b"asesoria-" not in b"".join(chain.aws_files.values())
