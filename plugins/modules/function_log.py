#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: function_log
version_added: 0.1.0
short_description: Show what the functions of a service write into their logs, while they do
description:
  - Shows the log of all functions of a service's stack on the terminal, from some time on, and goes on with what is
    written while it looks. Each line is shown once.
  - It ends after O(duration), or when the run is interrupted.
  - Each look is one call of M(asesoria.serverless.function_log_info) on the host of the task.
author:
  - The asesoria.serverless authors (@asesoria)
requirements:
  - Python >= 3.10
extends_documentation_fragment:
  - asesoria.serverless.attributes.action
  - asesoria.serverless.service
  - asesoria.serverless.function_log
  - amazon.aws.common.modules
  - amazon.aws.region.modules
  - amazon.aws.boto3
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
attributes:
  become:
    support: full
  check_mode:
    description: Reads only. It looks once.
    support: full
  diff_mode:
    description: Changes nothing.
    support: none
options:
  follow:
    description: Whether to go on after what is there.
    type: bool
    default: true
  duration:
    description: Seconds for which to go on.
    type: int
    default: 300
  interval:
    description: Seconds between two looks.
    type: float
    default: 3
seealso:
  - module: asesoria.serverless.function_log_info
"""

EXAMPLES = r"""
- name: Follow the log for an hour
  asesoria.serverless.function_log:
    service: mi-api-flask
    duration: 3600
    region: us-east-1

- name: Show the errors of the last two hours
  asesoria.serverless.function_log:
    service: mi-api-flask
    since: 2h
    filter: ERROR
    follow: false
    region: us-east-1
"""

RETURN = r"""
events:
  description: How many events were shown; one can have several lines.
  returned: success
  type: int
  sample: 12
looks:
  description: How often it looked.
  returned: success
  type: int
  sample: 100
missing:
  description: Log groups that were not there at the last look.
  returned: success
  type: list
  elements: str
"""
