# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The environment in which the Serverless CLI runs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._serverless_cli import cli_environment
from ansible_collections.asesoria.serverless.plugins.module_utils._work_folder import WorkFolder

PROXIES = {"HTTP_PROXY": "http://p:1", "https_proxy": "http://p:2"}


def proxies(tmp_path: Path, **base: str) -> dict[str, str]:
    """What of the proxies the CLI and what it runs get."""
    work = WorkFolder(tmp_path, lock_descriptor=os.dup(0), kept=True)
    environment = cli_environment({**PROXIES, **base}, options={}, work=work)
    os.close(work.lock_descriptor)
    return {name: value for name, value in environment.items() if name in PROXIES or name == "PIP_PROXY"}


@pytest.mark.parametrize(
    "base",
    [
        {},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "NO_PROXY": "example.com"},
        {"AWS_ENDPOINT_URL": "", "NO_PROXY": "*"},
    ],
)
def test_the_cli_keeps_its_proxies(tmp_path: Path, base: dict[str, str]) -> None:
    assert proxies(tmp_path, **base) == PROXIES


def test_the_cli_has_no_proxy_where_the_endpoint_needs_none_but_pip_has(tmp_path: Path) -> None:
    endpoint = "http://127.0.0.1:4566"
    assert proxies(tmp_path, AWS_ENDPOINT_URL=endpoint, NO_PROXY="x,127.0.0.1") == {"PIP_PROXY": "http://p:2"}
    own = {"AWS_ENDPOINT_URL": endpoint, "no_proxy": "127.0.0.1", "PIP_PROXY": "http://p:3"}
    assert proxies(tmp_path, **own) == {"PIP_PROXY": "http://p:3"}
