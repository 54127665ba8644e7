# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Turns what C(pip config list) prints, settings from the environment included, into one configuration file."""

from __future__ import annotations

import ast
import sys

settings: dict[str, str] = {}
for line in sorted(sys.stdin, key=lambda line: line.startswith(":env:")):
    name, _equals, value = line.partition("=")
    section, _dot, option = name.rpartition(".")
    if section in ("global", "install", "download", ":env:"):
        settings[option] = " ".join(ast.literal_eval(value).split())
print("[global]")
for option, value in sorted(settings.items()):
    print(f"{option} = {value}")
