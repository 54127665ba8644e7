#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: settings
short_description: Read and validate all settings of the playbooks
version_added: 0.1.0
author:
  - The asesoria.serverless authors (@asesoria)
description:
  - Reads the variables C(asesoria_*) of the host, and the role variables that mean the same, fills in their templates,
    validates all of them, and returns one structure. The playbooks of the collection begin with it, register the result
    as C(asesoria_settings), and pass from there what each role needs.
  - Fails with one message that names everything that is wrong, each with its variable and what to do. A name that
    begins with C(asesoria_) and is not a setting is refused with the nearest one.
  - A variable of the command line wins over one of the inventory that means the same. Two of the same origin that mean
    the same have to agree.
  - Runs on the control node, connects to nothing, and changes nothing. The result is not shown on the terminal at any
    verbosity.
options: {}
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
- name: Say where the app is deployed
  hosts: localhost
  gather_facts: false
  tasks:
    - name: Read the settings
      asesoria.serverless.settings:
      register: asesoria_settings

    - name: Say where the app is deployed
      ansible.builtin.debug:
        msg: "{{ asesoria_settings.stack }} in {{ asesoria_settings.region }}"
"""

RETURN = r"""
identity:
  description: C(project), C(service) and C(stage).
  type: dict
  returned: success
  sample: {project: shop, service: orders, stage: dev}
stack:
  description: Name of the stack.
  type: str
  returned: success
  sample: orders-dev
names:
  description: >-
    Names in AWS, derived or given: C(user), C(profile), C(key_pair), C(security_group), C(instance_profile), C(layer).
  type: dict
  returned: success
region:
  description: Region of the service.
  type: str
  returned: success
  sample: eu-west-1
partition:
  description: Partition of AWS that has the region.
  type: str
  returned: success
  sample: aws
runtime:
  description: Lambda runtime.
  type: str
  returned: success
  sample: python3.13
architecture:
  description: Architecture of the function.
  type: str
  returned: success
  sample: arm64
app:
  description: >-
    The app: C(dir), C(is_example), C(interface), C(object), C(adapter), C(requirements), C(constraints), C(packaging),
    C(config_source), C(cli), C(layer).
  type: dict
  returned: success
function:
  description: >-
    Properties of the functions: C(memory_size), C(timeout), C(log_retention_days), C(environment), C(routes),
    C(functions), C(vpc), C(cors).
  type: dict
  returned: success
front_door:
  description: What requests come in by; empty if the app's own serverless.yml says it.
  type: str
  returned: success
  sample: http_api
domain:
  description: C(name), C(certificate_arn) and C(hosted_zone_id) of the service's domain; empty for none.
  type: dict
  returned: success
canary:
  description: C(weight) in percent and C(alias) of new code that answers a part of the requests.
  type: dict
  returned: success
layers:
  description: The layers, each with all values that its entry has or inherits.
  type: list
  elements: dict
  returned: success
layer_store:
  description: C(bucket) for large layers, and whether to C(create) it.
  type: dict
  returned: success
builders:
  description: >-
    The builders: C(fleet), C(access), C(cidr), C(spot), C(instance_type), C(count), C(ssm_command), C(port),
    C(python_bucket), C(python_bucket_region), C(vcpus).
  type: dict
  returned: success
access:
  description: >-
    The IAM user and its rights: C(create_user), C(playbooks), C(path), C(permissions_boundary), C(deployment_role),
    C(deployment_role_arn), C(layer_names), C(front_doors), C(domains), C(function_vpc), C(function_alias),
    C(layer_regions), C(layer_share), C(layer_prune), C(builder_profile).
  type: dict
  returned: success
report:
  description: The report, with C(enabled), C(dest), C(requests), C(latency_ms), C(answers).
  type: dict
  returned: success
logs:
  description: The log to show, with C(since), C(filter), C(follow), C(seconds).
  type: dict
  returned: success
verify:
  description: The endpoint that is verified, with C(url) and C(connect_to), each empty for that of the service.
  type: dict
  returned: success
folders:
  description: >-
    Files and folders on the control node: C(state), C(cache), C(artifacts), C(work), C(cli), C(npm_cache),
    C(private_key), C(known_hosts).
  type: dict
  returned: success
endpoint_format:
  description: Address of the service where it differs from the stack's output; empty where it does not.
  type: str
  returned: success
status:
  description: What the status and the leftovers tell, with C(all_stacks), C(layers), C(layer_users) and C(buckets).
  type: dict
  returned: success
teardown_confirm:
  description: Name of the stack that may be removed with its data; empty for none.
  type: str
  returned: success
confirm:
  description: Name of the stack that may lose data by any change; empty for none.
  type: str
  returned: success
adopt:
  description: Whether a stack of another owner is taken over.
  type: bool
  returned: success
aws_limits:
  description: >-
    For each limit of AWS on names and policies, the one that is nearest to it with these settings, the nearest first.
  type: list
  elements: str
  returned: success
  sample: [the policy shop-orders-dev-orders-dev-deploy has 4,812 of 6,144 characters]
problems:
  description: Everything that is wrong, each with C(setting), C(problem) and C(action).
  type: list
  elements: dict
  returned: failure
"""
