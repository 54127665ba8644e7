# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Addresses of AWS's console, by partition and region.

Source of the consoles' names: AWS General Reference, "AWS Management Console"; Amazon Web Services in China and AWS
GovCloud (US) User Guide.
"""

from __future__ import annotations

from urllib.parse import quote

_HOSTS = {
    "aws": "{region}.console.aws.amazon.com",
    "aws-cn": "{region}.console.amazonaws.cn",
    "aws-us-gov": "{region}.console.amazonaws-us-gov.com",
}


class Console:
    """The console of a region.

    :param partition: as in ARNs.
    :param region: the region.
    """

    def __init__(self, *, partition: str, region: str) -> None:
        self._region = quote(region, safe="")
        self._host = _HOSTS.get(partition, _HOSTS["aws"]).format(region=self._region)

    def _page(self, service: str, fragment: str) -> str:
        return f"https://{self._host}/{service}/home?region={self._region}#{fragment}"

    def stack(self, arn: str) -> str:
        """A stack."""
        return self._page("cloudformation", f"/stacks/stackinfo?stackId={quote(arn, safe='')}")

    def function(self, name: str) -> str:
        """A function."""
        return self._page("lambda", f"/functions/{quote(name, safe='')}")

    def layer(self, name: str, version: int) -> str:
        """A layer's version."""
        return self._page("lambda", f"/layers/{quote(name, safe='')}/versions/{version}")

    def log_group(self, name: str) -> str:
        """A log group; this console wants its name encoded twice, with C($) for C(%)."""
        encoded = quote(quote(name, safe=""), safe="").replace("%", "$")
        return self._page("cloudwatch", f"logsV2:log-groups/log-group/{encoded}")
