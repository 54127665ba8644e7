# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules service_status_info and endpoint_verify return of a service, for tests of the page about it."""

from __future__ import annotations

from typing import Any

_LAYER = "arn:aws:lambda:us-east-1:123456789012:layer:web"


def status_of(*, name: str = "shop-dev-api") -> dict[str, Any]:
    """A service with one function and one layer, of which there is a newer version.

    :param name: of the function.
    """
    return {
        "stack_name": "shop-dev",
        "stack_status": "UPDATE_COMPLETE",
        "stack_arn": "arn:aws:cloudformation:us-east-1:123456789012:stack/shop-dev/1",
        "deployed": "2026-11-25 20:31 UTC",
        "version": "1700000000000-2023-11-14T22:13:20.000Z",
        "endpoint": "https://abc.execute-api.us-east-1.amazonaws.com",
        "outputs": {"HttpApiId": "abc", "HttpApiUrl": "https://abc.execute-api.us-east-1.amazonaws.com"},
        "functions": [
            {
                "name": name,
                "runtime": "python3.11",
                "architecture": "x86_64",
                "memory_mb": 256,
                "timeout_seconds": 29,
                "code_sha256": "a" * 44,
                "code_bytes": 5_000,
                "modified": "2026-11-25 20:31 UTC",
                "layers": [
                    {
                        "arn": f"{_LAYER}:1",
                        "name": "web",
                        "version": 1,
                        "zipped_bytes": 1_800_000,
                        "newest": 2,
                        "stale": True,
                    }
                ],
                "log": {"name": f"/aws/lambda/{name}", "retention_days": 14, "stored_bytes": 500},
            }
        ],
        "layers": [
            {
                "name": "web",
                "newest": 2,
                "versions": [{"version": number, "arn": f"{_LAYER}:{number}", "sha256": ""} for number in (2, 1)],
            }
        ],
        "builders": [],
        "data": [],
        "unread": [],
    }


def attempts(*seconds: float, problem: str = "") -> list[dict[str, Any]]:
    """Requests that took so long.

    :param problem: what was wrong with the last one.
    """
    return [
        {
            "request": "GET https://abc.execute-api.us-east-1.amazonaws.com/",
            "started": float(number),
            "seconds": each,
            "status": 200,
            "problem": problem if number == len(seconds) - 1 else "",
        }
        for number, each in enumerate(seconds)
    ]
