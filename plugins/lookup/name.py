# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names that are derived from a service's identity, for the defaults of roles."""

from __future__ import annotations

DOCUMENTATION = r"""
name: name
short_description: The name of something that belongs to a service and stage
version_added: 0.1.0
author:
  - The asesoria.serverless authors (@asesoria)
description:
  - Returns a name that is derived from project, service and stage, as the playbooks derive it where no setting gives
    it.
options:
  _terms:
    description:
      - What is named. V(user), V(profile), V(key_pair), V(security_group), V(instance_profile) or V(layer).
    type: list
    elements: str
    required: true
  project:
    description: Name of the project; the collection's default if it is not given.
    type: str
  service:
    description: Name of the service; the collection's default if it is not given.
    type: str
  stage:
    description: Name of the stage; the collection's default if it is not given.
    type: str
"""

EXAMPLES = r"""
- name: Show what the user of a service is called
  ansible.builtin.debug:
    msg: "{{ lookup('asesoria.serverless.name', 'user', project='shop', service='orders', stage='dev') }}"
"""

RETURN = r"""
_raw:
  description: The names, in the order of the terms.
  type: list
  elements: str
"""

from dataclasses import asdict
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.asesoria.serverless.plugins.module_utils._aws.ownership import Owner
from ansible_collections.asesoria.serverless.plugins.module_utils._settings.defaults import PROJECT, SERVICE, STAGE
from ansible_collections.asesoria.serverless.plugins.module_utils._settings.names import derive_names


class LookupModule(LookupBase):
    """Ansible finds its lookups by this name."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[str]:
        """Return the names; the parameters are as for every lookup."""
        owner = Owner(
            project=str(kwargs.get("project") or PROJECT),
            service=str(kwargs.get("service") or SERVICE),
            stage=str(kwargs.get("stage") or STAGE),
        )
        names: dict[str, str] = asdict(derive_names(owner, {}))
        unknown = sorted({str(term) for term in terms} - set(names))
        if unknown:
            raise AnsibleLookupError(f"Nothing is called {unknown[0]!r} here. Use one of {', '.join(sorted(names))}.")
        return [names[str(term)] for term in terms]
