# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Defaults that several roles and the playbooks share. A default that one role alone has stands in that role."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

PROJECT = "asesoria"
SERVICE = "app"
STAGE = "dev"
REGION = "us-east-1"
RUNTIME = "python3.11"
ARCHITECTURE = "x86_64"
#: Folder of the control node for artifacts, staged copies, the CLI and reports.
STATE_DIR = "~/.local/share/asesoria.serverless"
#: Folder of the control node and of a builder for data that may be removed at any time.
CACHE_DIR = "~/.cache/asesoria.serverless"
FRONT_DOOR = "http_api"
PACKAGING = "layer"
STRATEGY = "auto"
SLIM = "safe"
CLI = "osls@4"
#: The app in its folder, as ``module.name``.
APP_OBJECT = "app.app"
MEMORY_SIZE = 256
#: Seconds. A REST API waits no longer.
FUNCTION_TIMEOUT = 29
LOG_RETENTION_DAYS = 14
#: Name of the function's alias while new code is verified next to the old code.
ALIAS = "live"

#: The defaults by the names under which roles look them up.
SHARED: Mapping[str, object] = MappingProxyType(
    {
        "project": PROJECT,
        "service": SERVICE,
        "stage": STAGE,
        "region": REGION,
        "runtime": RUNTIME,
        "architecture": ARCHITECTURE,
        "state_dir": STATE_DIR,
        "cache_dir": CACHE_DIR,
        "front_door": FRONT_DOOR,
        "packaging": PACKAGING,
        "strategy": STRATEGY,
        "slim": SLIM,
        "cli": CLI,
        "app_object": APP_OBJECT,
        "memory_size": MEMORY_SIZE,
        "function_timeout": FUNCTION_TIMEOUT,
        "log_retention_days": LOG_RETENTION_DAYS,
    }
)
