# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The app among the settings."""

from __future__ import annotations

from ansible_collections.asesoria.serverless.plugins.module_utils._service.adapters import ASGI, WSGI

from . import defaults
from .checks import path
from .choice import Values
from .settings import App
from .target import World

#: The app has a serverless.yml of its own.
OWN_CONFIG = "app"


def read_app(values: Values, *, world: World, layer: str) -> App:
    """Read the settings of the app.

    :param values: The settings, which also take the problems.
    :param world: The facts to check against.
    :param layer: Name of the app's layer.
    """
    folder = values["asesoria_app_dir"] or world.example
    wsgi, asgi = values["asesoria_wsgi_app"], values["asesoria_asgi_app"]
    values.refuse_if(
        wsgi and asgi,
        "asesoria_asgi_app",
        f"{values.label('asesoria_wsgi_app')} is set as well, and an app has one interface",
        "Set the one for your app's framework alone",
    )
    cli = values["asesoria_cli"]
    values.refuse_if(
        not ("/" in cli or cli.startswith("~") or cli in world.clis),
        "asesoria_cli",
        f"{cli!r} is not a Serverless CLI",
        f"Set it to {', '.join(sorted(world.clis))}, or to a folder with a package-lock.json",
    )
    own = values["asesoria_config_source"] == OWN_CONFIG
    return App(
        dir=folder,
        is_example=folder == world.example,
        interface="" if own else ASGI if asgi else WSGI,
        object="" if own else asgi or wsgi or defaults.APP_OBJECT,
        adapter=values["asesoria_adapter"],
        requirements=values["asesoria_requirements"] or f"{folder}/requirements.txt",
        constraints=values["asesoria_constraints"],
        packaging=values["asesoria_packaging"],
        config_source=values["asesoria_config_source"],
        cli=path(cli) if "/" in cli else cli,
        layer=layer if values["asesoria_packaging"] == "layer" else "",
    )
