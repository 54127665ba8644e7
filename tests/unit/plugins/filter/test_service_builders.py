# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which builders a run may use."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.filter.service_builders import service_builders

OURS = {"project": "shop", "service": "orders", "stage": "dev"}


def builder(**identity: str) -> dict[str, Any]:
    """Return what the dynamic inventory tells of a builder."""
    return {f"asesoria_builder_{part}": value for part, value in identity.items()}


@pytest.mark.parametrize(
    ("variables", "usable"),
    [
        pytest.param(builder(**OURS), True, id="ours"),
        pytest.param({}, True, id="put in by hand"),
        pytest.param(builder(project="shop", service="", stage="dev"), True, id="from before the tag Service"),
        pytest.param(builder(**{**OURS, "service": "carts"}), False, id="another service's"),
        pytest.param(builder(**{**OURS, "stage": "prod"}), False, id="another stage's"),
        pytest.param(builder(**{**OURS, "project": "bank"}), False, id="another project's"),
        pytest.param(
            builder(project="bank", service="", stage="dev"), False, id="another project's, without a service"
        ),
    ],
)
def test_a_run_uses_its_own_builders_and_hosts_put_in_by_hand(variables: dict[str, Any], usable: bool) -> None:
    assert service_builders(["one"], {"one": variables}, OURS) == (["one"] if usable else [])


def test_the_order_stays() -> None:
    hostvars = {"b": {}, "a": builder(**{**OURS, "stage": "prod"}), "c": builder(**OURS)}
    assert service_builders(["b", "a", "c"], hostvars, OURS) == ["b", "c"]
