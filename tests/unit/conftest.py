# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What holds for every unit test: no account, no network, and what describes AWS's services is read once."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import botocore.hooks
import botocore.loaders
import pytest
from hypothesis.configuration import set_hypothesis_home_dir

# What hypothesis remembers is no part of the collection.
set_hypothesis_home_dir(Path(__file__).resolve().parents[2] / ".cache" / "hypothesis")
pytest.register_assert_rewrite("ansible_collections.asesoria.serverless.tests.unit.support")


@pytest.fixture(autouse=True)
def _no_aws_account(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Take away the AWS settings of whoever runs the tests."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "no-aws" / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "no-aws" / "credentials"))


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the test's own process reach this machine only."""
    connect = socket.socket.connect

    def local_only(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1", "localhost"):
            pytest.fail(f"a unit test wanted to connect to {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", local_only)


def _once(method: Callable[..., Any]) -> Callable[..., Any]:
    answers: dict[tuple[Any, ...], Any] = {}

    def known(self: Any, *args: Any, **kwargs: Any) -> Any:
        asked = (*args, *sorted(kwargs.items()))
        if asked not in answers:
            answers[asked] = method(self, *args, **kwargs)
        return answers[asked]

    return known


@pytest.fixture(autouse=True, scope="session")
def _clients_are_made_quickly() -> Iterator[None]:
    """Spare each client what is always the same, and takes most of a test's time: to read large files, to look at the
    signatures of its library's own handlers, and to find out what their events are called.
    """
    loaders, hooks = botocore.loaders, botocore.hooks
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hooks.EventAliaser, "_alias_event_name", _once(hooks.EventAliaser._alias_event_name))
        patch.setattr(hooks.BaseEventHooks, "_verify_accept_kwargs", lambda _self, _handler: None)
        patch.setattr(loaders.JSONFileLoader, "load_file", _once(loaders.JSONFileLoader.load_file))
        patch.setattr(loaders.Loader, "list_available_services", _once(loaders.Loader.list_available_services))
        yield
