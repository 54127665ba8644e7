# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import yaml
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_audit import PROVIDED

ROLE = Path(__file__).resolve().parents[3] / "roles" / "lambda_layer"


def test_the_role_knows_the_same_packages_of_the_runtime_as_the_audit() -> None:
    variables = yaml.safe_load((ROLE / "vars" / "main.yml").read_text())
    assert tuple(variables["lambda_layer__in_runtime"]) == PROVIDED
