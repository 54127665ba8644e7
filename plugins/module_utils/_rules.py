# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules that a layer is held against, by name, and what is let pass."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._project_name import normalize

#: Of the gate that imports everything, see C(_import_gate).
IMPORT = "import"
#: Of the gate that looks at files, see C(_layer_audit).
STATIC = (
    "damaged",
    "duplicate-name",
    "foreign-binary",
    "glibc-too-new",
    "layout",
    "libstdcxx-too-new",
    "missing-library",
    "record-mismatch",
    "requirement-conflict",
    "requirement-missing",
    "stale-bytecode",
    "too-many-layers",
    "unreadable",
    "unsafe-link",
    "unsafe-path",
    "unzipped-too-large",
    "wrong-abi",
    "wrong-machine",
)


@dataclass(frozen=True, order=True)
class Allowance:
    """What is accepted although a rule finds it.

    :param rule: the rule.
    :param distribution: whose files; normalized.
    """

    rule: str
    distribution: str

    def covers(self, *, rule: str, distribution: str | None) -> bool:
        """Whether a finding is one of those.

        :param rule: the rule that found something.
        :param distribution: whose files it found; None if that is not known.
        """
        return rule == self.rule and distribution is not None and normalize(distribution) == self.distribution


def read_allowances(items: Iterable[Mapping[str, str]]) -> tuple[Allowance, ...]:
    """Sorted, each once, from what a user wrote: mappings with C(rule) and C(distribution)."""
    return tuple(sorted({Allowance(item["rule"], normalize(item["distribution"])) for item in items}))


def allow_option(rules: Iterable[str] = STATIC) -> dict[str, Any]:
    """The argument specification of a module's option C(allow).

    :param rules: which can be named.
    """
    options = {
        "rule": {"type": "str", "required": True, "choices": list(rules)},
        "distribution": {"type": "str", "required": True},
    }
    return {"type": "list", "elements": "dict", "default": [], "options": options}
