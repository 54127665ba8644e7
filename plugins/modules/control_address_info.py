#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: control_address_info
short_description: The networks that SSH to a builder is opened to
version_added: 0.1.0
author:
  - The asesoria.serverless authors (@asesoria)
description:
  - Returns the networks that a security group should admit, in the form in which AWS keeps them.
  - Without O(cidr) that is the one address by which the internet sees the machine that the module runs on. It is asked
    for at O(url), over HTTPS.
  - What is no network is refused, and so is one that is nearly the whole internet, such as V(0.0.0.0/0) or V(::/0),
    unless O(open_to_everybody) is set.
options:
  cidr:
    description:
      - Addresses or networks to admit in place of the machine's own address. Host bits are dropped.
    type: list
    elements: str
    default: []
  open_to_everybody:
    description:
      - Take networks of O(cidr) that are nearly the whole internet as well, with a warning.
    type: bool
    default: false
  url:
    description:
      - Where to ask for the machine's own address. The answer has to be the address and nothing else.
      - The default belongs to AWS and answers with an IPv4 address.
      - Not asked when O(cidr) is given.
    type: str
    default: https://checkip.amazonaws.com/
  timeout:
    description:
      - Seconds to wait for each answer.
    type: int
    default: 10
  attempts:
    description:
      - How often to ask before giving up.
    type: int
    default: 3
attributes:
  check_mode:
    support: full
    description: Can run in C(check_mode) and return what it would return without, because it changes nothing.
  diff_mode:
    support: N/A
    description: Returns details on what has changed (or possibly needs changing) in C(check_mode), when in diff mode.
"""

EXAMPLES = r"""
- name: Find the address that SSH may come from
  asesoria.serverless.control_address_info:
  register: source

- name: Use the networks of two offices
  asesoria.serverless.control_address_info:
    cidr: [198.51.100.0/24, "2001:db8:7::/48"]
"""

RETURN = r"""
networks:
  description: The networks to admit, sorted.
  type: list
  elements: dict
  returned: success
  contains:
    cidr:
      description: The network, without host bits.
      type: str
      sample: 203.0.113.7/32
    version:
      description: Version of the Internet Protocol, V(4) or V(6).
      type: int
      sample: 4
found:
  description: Whether it is the machine's own address, asked for at O(url), and not one that was given.
  type: bool
  returned: success
  sample: true
"""

import time

from ansible.module_utils.basic import AnsibleModule
from ansible.module_utils.urls import open_url
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._source_network import source_networks

_PAUSE_SECONDS = 1


def ask_address(*, url: str, timeout: int, attempts: int) -> str:
    """Ask a web service for this machine's address.

    :param url: whom to ask.
    :param timeout: seconds for each answer.
    :param attempts: how often to ask.
    :raises OSError: no attempt was answered; urllib's and ssl's errors are of this kind.
    """
    try:
        # An address has 45 characters at most; whatever is longer need not be read to the end.
        return str(open_url(url, timeout=timeout).read(200).decode(errors="replace"))
    except OSError:
        if attempts <= 1:
            raise
    time.sleep(_PAUSE_SECONDS)
    return ask_address(url=url, timeout=timeout, attempts=attempts - 1)


def main() -> None:
    """Run the module."""
    module = AnsibleModule(
        argument_spec={
            "cidr": {"type": "list", "elements": "str", "default": []},
            "open_to_everybody": {"type": "bool", "default": False},
            "url": {"type": "str", "default": "https://checkip.amazonaws.com/"},
            "timeout": {"type": "int", "default": 10},
            "attempts": {"type": "int", "default": 3},
        },
        supports_check_mode=True,
    )
    url = module.params["url"]
    try:
        sources = source_networks(
            module.params["cidr"],
            ask=lambda: ask_address(url=url, timeout=module.params["timeout"], attempts=module.params["attempts"]),
            asked=url,
            everybody=module.params["open_to_everybody"],
        )
    except ServerlessError as error:
        module.fail_json(msg=str(error))
    for text in sources.too_wide:
        module.warn(f"SSH to the builder is opened to {text}, which is nearly everybody on the internet")
    networks = [network.facts() for network in sources.networks]
    module.exit_json(changed=False, networks=networks, found=sources.found)


if __name__ == "__main__":
    main()
