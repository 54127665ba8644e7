# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The defaults that roles and playbooks share, for the defaults of roles."""

from __future__ import annotations

DOCUMENTATION = r"""
name: default
short_description: A default that several roles of the collection share
version_added: 0.1.0
author:
  - The asesoria.serverless authors (@asesoria)
description:
  - Returns the default of a setting that several roles have, such as the region or the folder for what a run keeps, so
    that each stands in one place.
options:
  _terms:
    description:
      - Names of the defaults, such as V(region), V(runtime), V(architecture), V(state_dir) and V(cache_dir).
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Show where a run keeps its artifacts
  ansible.builtin.debug:
    msg: "{{ lookup('asesoria.serverless.default', 'state_dir') }}"
"""

RETURN = r"""
_raw:
  description: The defaults, in the order of the names.
  type: list
  elements: raw
"""

from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.asesoria.serverless.plugins.module_utils._settings.defaults import SHARED


class LookupModule(LookupBase):
    """Ansible finds its lookups by this name."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        """Return the defaults; the parameters are as for every lookup."""
        unknown = sorted({str(term) for term in terms} - set(SHARED))
        if unknown:
            raise AnsibleLookupError(f"There is no default {unknown[0]!r}. Use one of {', '.join(sorted(SHARED))}.")
        return [SHARED[str(term)] for term in terms]
