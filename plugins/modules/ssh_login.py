#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: ssh_login
short_description: Wait until a machine lets us in by SSH
version_added: 0.1.0
author:
  - The asesoria.serverless authors (@asesoria)
description:
  - Logs in through the host's own connection until it works. Nothing is needed on the host but a shell; there need be
    no Python, which M(ansible.builtin.wait_for_connection) asks for.
  - When waiting does not help, or no longer, the task fails with the one reason and what to do about it. It tells apart
    a connection that is refused, is not answered, is cut off or finds no way, a key that is not accepted, a key that is
    missing or that others may read, and a host key that is not the known one.
  - A host key that is not the known one, and a private key that can't be used, end the task at once.
options:
  timeout:
    description:
      - Seconds to wait for a machine that may still be booting.
    type: int
    default: 300
  login_timeout:
    description:
      - Seconds to wait for a machine that answers to accept the private key. Amazon Linux puts the key in place some
        seconds after its SSH server has started.
    type: int
    default: 90
  interval:
    description:
      - Seconds between two tries.
    type: int
    default: 3
extends_documentation_fragment:
  - asesoria.serverless.attributes.action
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
attributes:
  become:
    support: none
  check_mode:
    support: full
  diff_mode:
    support: none
"""

EXAMPLES = r"""
- name: Wait until the builder lets us in
  hosts: lambda_builders
  gather_facts: false
  tasks:
    - name: Wait for SSH
      asesoria.serverless.ssh_login:
        timeout: 600
"""

RETURN = r"""
attempts:
  description: How many tries it took, with the one that worked.
  type: int
  returned: success
  sample: 4
elapsed:
  description: Seconds that it took.
  type: float
  returned: success
  sample: 12.3
"""
