#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: builder_known_hosts
short_description: Host keys in a known_hosts file that several runs share
version_added: 0.1.0
author:
  - The asesoria.serverless authors (@asesoria)
description:
  - Adds a host's key to a known_hosts file, or removes all keys of a host.
  - Unlike M(ansible.builtin.known_hosts), it keeps other runs away while it changes the file, so that no run loses what
    another one has written at the same time. Host names are written as they are.
options:
  path:
    description: Path of the file. It is made with mode C(0600) if it does not exist, and its folders with C(0700).
    type: path
    required: true
  name:
    description: Name of the host.
    type: str
    required: true
  key:
    description: Line of the file, with the name, the type and the key. Required with O(state=present).
    type: str
  state:
    description: Whether the file should have the key. With V(absent), all keys of the host are removed.
    type: str
    choices: [absent, present]
    default: present
attributes:
  check_mode:
    description: Can run in check mode and say what it would do, without doing it.
    support: full
  diff_mode:
    description: Shows no differences.
    support: none
seealso:
  - module: asesoria.serverless.builder_host_keys_info
  - module: ansible.builtin.known_hosts
"""

EXAMPLES = r"""
- name: Write down a host key
  asesoria.serverless.builder_known_hosts:
    path: ~/.local/share/asesoria.serverless/known_hosts
    name: i-0123456789abcdef0
    key: i-0123456789abcdef0 ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIKJ2Jq0nT6hT8m1c5yXo0i6ZJ4p9mE0T2yq8d8jS5k1a

- name: Forget it
  asesoria.serverless.builder_known_hosts:
    path: ~/.local/share/asesoria.serverless/known_hosts
    name: i-0123456789abcdef0
    state: absent
"""

RETURN = r""" # """

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.asesoria.serverless.plugins.module_utils._builder.known_hosts import (
    add_key,
    change_file,
    remove_keys,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

ARGUMENT_SPEC: dict[str, Any] = {
    "path": {"type": "path", "required": True},
    "name": {"type": "str", "required": True},
    # Host keys are public.
    "key": {"type": "str", "no_log": False},
    "state": {"type": "str", "choices": ["absent", "present"], "default": "present"},
}


def run(module: AnsibleModule) -> bool:
    """Change the file unless in check mode; whether anything changed, or would."""
    params = module.params

    def change(text: str) -> str:
        if params["state"] == "absent":
            return remove_keys(text, host=params["name"])
        return add_key(text, host=params["name"], key=params["key"])

    return change_file(Path(params["path"]), change, dry=module.check_mode)


def main() -> None:
    """Ansible's entry point."""
    module = AnsibleModule(
        argument_spec=ARGUMENT_SPEC, required_if=[("state", "present", ("key",))], supports_check_mode=True
    )
    try:
        changed = run(module)
    except ServerlessError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=changed)


if __name__ == "__main__":
    main()
