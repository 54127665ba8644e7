# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Opens the addresses that AWS gives out for what is in it, such as a layer's zip."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.urls import open_url

_READ_TIMEOUT = 30


def open_address(url: str, headers: Mapping[str, str]) -> Any:
    """Open an address that AWS gave out, which is signed already, with the certificates that the SDK trusts."""
    bundle = os.environ.get("AWS_CA_BUNDLE")
    return open_url(url, headers=dict(headers), timeout=_READ_TIMEOUT, ca_path=bundle, use_netrc=False)
