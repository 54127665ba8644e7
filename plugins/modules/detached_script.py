#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: detached_script
short_description: Run a long shell script on a host that need not have Python, and show how far it is
version_added: 0.1.0
author:
  - The asesoria.serverless authors (@asesoria)
description:
  - Brings a POSIX shell script to a host, starts it there apart from the connection, and asks every few seconds how far
    it is. Nothing is needed on the host but a shell and the tools that every Linux has; M(ansible.builtin.script) with
    C(async) would need Python.
  - The start of a line that the script writes decides what a user sees. A line that begins with C(>>) and a space is
    shown at once. The last one that begins with C(!!) and a space becomes the error message if the script fails. Nobody
    looks at a silent terminal for more than half a minute.
  - A lost connection, or a run that is stopped on the control node, does not stop the script. The same task run again
    picks it up, or takes its result if it has ended well in the meantime. A script that was killed on the host starts
    anew.
  - The task reports a change whenever it runs. Let a C(when) decide whether there is anything to do.
options:
  script:
    description:
      - The script on the control node. A relative path is looked for as by M(ansible.builtin.script), in a role's
        C(files) first. It is run by C(sh), in O(directory).
    type: str
    required: true
  arguments:
    description:
      - What the script is called with. Each element arrives as one argument, whatever characters it holds. They can be
        seen in the host's list of processes, so they are no place for a secret.
    type: list
    elements: str
    default: []
  files:
    description:
      - More files on the control node that the script finds beside it, under the last part of their names.
    type: list
    elements: str
    default: []
  directory:
    description:
      - An absolute path on the host for this job alone. It is made with mode C(0700), and removed with all that it
        holds when the script has ended, well or not.
    type: str
    required: true
  interval:
    description:
      - Seconds between two questions to the host.
    type: int
    default: 3
  timeout:
    description:
      - Seconds after which the task fails. The script goes on; the same task run again picks it up.
    type: int
    default: 7200
  patience:
    description:
      - Seconds that the host may be out of reach in one go, as while it changes its network.
    type: int
    default: 300
extends_documentation_fragment:
  - asesoria.serverless.attributes.action
  - ansible.builtin.action_common_attributes
  - ansible.builtin.action_common_attributes.conn
  - ansible.builtin.action_common_attributes.flow
attributes:
  become:
    support: full
  check_mode:
    support: full
    description: The script is not run, and a change is reported.
  diff_mode:
    support: none
"""

EXAMPLES = r"""
- name: Compile on a machine that has no Python yet
  hosts: lambda_builders
  gather_facts: false
  tasks:
    - name: Compile
      asesoria.serverless.detached_script:
        script: compile.sh
        arguments: [--prefix, /opt/tools]
        files: [sources.tar.gz]
        directory: /var/tmp/compile
        timeout: 3600
      become: true
"""

RETURN = r"""
log:
  description: The last lines that the script wrote.
  type: list
  elements: str
  returned: when the script failed
  sample: ["configure: error: no acceptable C compiler found in $PATH"]
picked_up:
  description: Whether the script had been started by an earlier run.
  type: bool
  returned: success
  sample: false
progress:
  description: The lines of progress, without their mark.
  type: list
  elements: str
  returned: success
  sample: ["compile: 120 of 170 files"]
ran:
  description: Whether the script was run; it is not in check mode.
  type: bool
  returned: success
  sample: true
rc:
  description: The script's exit status.
  type: int
  returned: when the script failed
  sample: 1
seconds:
  description: How long the task waited for the script.
  type: float
  returned: success
  sample: 131.7
"""
