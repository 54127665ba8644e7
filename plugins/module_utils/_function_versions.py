# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The published versions of Lambda functions, and the aliases that point at them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import explained, none_if

#: The version that is not published: the code that was put there last.
LATEST = "$LATEST"


class Versions:
    """Lambda's versions and aliases.

    :param connect: makes a boto3 client of C(lambda); called only when one is needed, since that takes its time.
    """

    def __init__(self, connect: Callable[[], Any]) -> None:
        self._connect = functools.cache(connect)

    @explained("reading the alias of the function")
    @none_if("ResourceNotFoundException")
    def answering(self, name: str, *, alias: str) -> str:
        """Return the version that a function's alias points at; C(None) if there is no such function or alias."""
        return str(self._connect().get_alias(FunctionName=name, Name=alias)["FunctionVersion"])

    @explained("taking the weights off the alias of the function")
    def settle(self, name: str, *, alias: str) -> None:
        """Let the version that a function's alias points at answer all requests."""
        self._connect().update_alias(FunctionName=name, Name=alias, RoutingConfig={"AdditionalVersionWeights": {}})

    @explained("deleting old versions of the function")
    def prune(self, name: str) -> list[str]:
        """Delete the versions of a function that none of its aliases points at.

        :param name: the function.
        :returns: the versions that it had.
        """
        client = self._connect()
        used = {LATEST}
        for page in client.get_paginator("list_aliases").paginate(FunctionName=name):
            for alias in page["Aliases"]:
                used.add(alias["FunctionVersion"])
                used.update(alias.get("RoutingConfig", {}).get("AdditionalVersionWeights", {}))
        pages = client.get_paginator("list_versions_by_function").paginate(FunctionName=name)
        old = [found["Version"] for page in pages for found in page["Versions"] if found["Version"] not in used]
        for version in old:
            client.delete_function(FunctionName=name, Qualifier=version)
        return old
