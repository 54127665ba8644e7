# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The lookups by which roles get shared defaults and derived names."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible_collections.asesoria.serverless.plugins.lookup.default import LookupModule as Default
from ansible_collections.asesoria.serverless.plugins.lookup.name import LookupModule as Name
from ansible_collections.asesoria.serverless.plugins.module_utils._settings import defaults


def test_a_default_is_the_one_of_the_settings() -> None:
    assert Default().run(["state_dir", "region"]) == [defaults.STATE_DIR, defaults.REGION]


def test_an_unknown_default_is_refused() -> None:
    with pytest.raises(AnsibleError, match="There is no default 'stat_dir'"):
        Default().run(["stat_dir"])


@pytest.mark.parametrize(
    ("what", "options", "expected"),
    [
        ("user", {"project": "shop", "service": "orders", "stage": "prod"}, "shop-orders-prod"),
        ("layer", {"project": "shop", "service": "orders", "stage": "prod"}, "orders-prod-dependencies"),
        ("layer", {}, "app-dev-dependencies"),
        ("key_pair", {"service": "orders"}, "asesoria-orders-dev-builder"),
    ],
)
def test_a_name_is_derived_as_the_settings_derive_it(what: str, options: dict[str, Any], expected: str) -> None:
    assert Name().run([what], **options) == [expected]


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(AnsibleError, match="Nothing is called 'bucket' here"):
        Name().run(["bucket"])
