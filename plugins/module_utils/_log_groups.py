# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CloudWatch's log groups: which there are, how long they keep what, and how much that is."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import explained


@dataclass(frozen=True)
class LogGroup:
    """A log group of CloudWatch.

    :param name: its name.
    :param retention_days: how long lines are kept; C(None) for ever.
    :param stored_bytes: how much it holds.
    """

    name: str
    retention_days: int | None
    stored_bytes: int


class LogGroups:
    """CloudWatch's log groups.

    :param connect: makes a boto3 client of C(logs).
    """

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect = functools.cache(connect)

    @explained("looking up the log group")
    def find(self, name: str) -> LogGroup | None:
        """Return a log group, or C(None) if there is none."""
        return next((group for group in self._beginning_with(name) if group.name == name), None)

    @explained("looking for log groups that begin with")
    def beginning_with(self, name: str) -> list[LogGroup]:
        """Return the log groups whose names begin so."""
        return list(self._beginning_with(name))

    def _beginning_with(self, name: str) -> Iterator[LogGroup]:
        for page in self._connect().get_paginator("describe_log_groups").paginate(logGroupNamePrefix=name):
            for group in page["logGroups"]:
                yield LogGroup(group["logGroupName"], group.get("retentionInDays"), int(group.get("storedBytes") or 0))
