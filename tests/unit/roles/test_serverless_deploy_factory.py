# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the handler calls to make the app, and what it takes for the app."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

FILE = Path(__file__).parents[3] / "roles/serverless_deploy/files/handler/asesoria_factory.py"
APP = object()


@pytest.fixture(scope="module")
def make_app() -> Callable[[Any], Any]:
    """The function of the handler's file."""
    spec = importlib.util.spec_from_file_location("asesoria_factory", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Callable[[Any], Any] = module.make_app
    return found


class Proxy:
    """Stands for something that is not there yet."""

    def __call__(self) -> object:
        return APP

    @property
    def __class__(self) -> type:
        raise RuntimeError("working outside of the context")


class Maker:
    """Has a method that makes the app."""

    def make(self, *, debug: bool = False) -> object:
        """The app."""
        return None if debug else APP


def plain() -> object:
    """A factory."""
    return APP


def with_defaults(config: object = None, *, debug: bool = False, **_rest: object) -> object:
    """A factory."""
    return None if config or debug else APP


@functools.lru_cache
def cached() -> object:
    """A factory."""
    return APP


def wsgi(_environ: object, _start_response: object) -> list[bytes]:
    """An app."""
    return []


def any_factory(*_arguments: object, **_options: object) -> object:
    """A factory that takes anything."""
    return wsgi


def any_app(*arguments: Any) -> list[bytes]:
    """An app under a decorator that does not say what it wraps."""
    return wsgi(*arguments)


async def asgi(_scope: object, _receive: object, _send: object) -> None:
    """An app."""


def with_keyword(*, config: object) -> object:
    """Neither."""
    return config


@pytest.mark.parametrize("factory", [plain, with_defaults, cached, Maker().make, functools.partial(plain), lambda: APP])
def test_a_factory_is_called(make_app: Callable[[Any], Any], factory: object) -> None:
    assert make_app(factory) is APP


@pytest.mark.parametrize("app", [APP, wsgi, asgi, any_app, with_keyword, Maker, functools.partial(asgi, 1), print, len])
def test_an_app_is_left_alone(make_app: Callable[[Any], Any], app: object) -> None:
    assert make_app(app) is app


def test_a_proxy_is_not_asked_for_what_it_stands_for(make_app: Callable[[Any], Any]) -> None:
    proxy = Proxy()
    assert make_app(proxy) is proxy


def test_a_factory_that_takes_anything(make_app: Callable[[Any], Any]) -> None:
    assert make_app(any_factory) is wsgi


def test_an_asynchronous_factory_is_told(make_app: Callable[[Any], Any]) -> None:
    async def create_app() -> object:
        return APP

    with pytest.raises(TypeError, match="is asynchronous and can't be called to make the app"):
        make_app(create_app)
