# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the modules name a service."""

from __future__ import annotations


class ModuleDocFragment:
    """Ansible finds its fragments by this name."""

    DOCUMENTATION = r"""
options:
  service:
    description: Name of the service.
    type: str
    required: true
  stage:
    description: Its stage.
    type: str
    default: dev
  stack_name:
    description: Name of its stack, if the service's configuration gives it one of its own.
    type: str
"""

    ENDPOINT = r"""
options:
  endpoint_format:
    description:
      - Address of the service, if it does not answer where the stack's output says. C({api_id}), C({region}) and
        C({stage}) are filled in.
    type: str
    default: ""
"""
