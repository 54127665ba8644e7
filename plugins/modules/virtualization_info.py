#!/usr/bin/python
# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: virtualization_info
short_description: Whether Docker and WSL 2 can run on a machine, and if not, why
version_added: 0.1.0
author:
  - The asesoria.serverless authors (@asesoria)
description:
  - Says whether Docker (or Podman) and WSL 2 can run on a machine as it is now, which of the known reasons is against
    it, and what to do.
  - Looks at the machine that it runs on, which is Linux, WSL or macOS; or reads what C(systeminfo.exe) has printed on a
    Windows machine. In WSL 1 it asks C(systeminfo.exe) itself, which can take a minute.
  - What can't be known is said to be V(unknown). The answer is V(yes) only if there is proof, which is an engine that
    answers, the kernel of WSL 2, or a hypervisor that Windows has detected on a machine that is a real one. In a
    virtual machine it may be the hypervisor below that Windows detects, so that this proves nothing there.
  - Reads English, Spanish, Portuguese, French and German output of C(systeminfo.exe), in UTF-8, UTF-16 with a byte
    order mark, or code page 850. Letters that were lost on the way do not matter.
options:
  text:
    description:
      - Output of C(systeminfo.exe), all of it. Without the lines about the maker and the model of the machine, a
        real one can't be told from a virtual one.
    type: str
  path:
    description: File with the output of C(systeminfo.exe), on the machine that the module runs on.
    type: path
attributes:
  check_mode:
    description: Changes nothing.
    support: full
  diff_mode:
    description: Changes nothing.
    support: none
notes:
  - An engine that answers may be on another machine, if C(DOCKER_HOST) or a context of Docker says so.
"""

EXAMPLES = r"""
- name: Look at this machine
  asesoria.serverless.virtualization_info:
  register: virtualization

- name: Say what there is, and what to do
  ansible.builtin.debug:
    var: virtualization.summary

- name: Ask a Windows machine
  ansible.windows.win_command: systeminfo.exe
  register: systeminfo
  delegate_to: laptop

- name: Read what it says
  asesoria.serverless.virtualization_info:
    text: "{{ systeminfo.stdout }}"

- name: Read what somebody has sent, from a Windows in any of the five languages
  asesoria.serverless.virtualization_info:
    path: ~/systeminfo.txt
"""

RETURN = r"""
docker:
  description: Whether Docker or Podman can run Linux containers.
  returned: success
  type: dict
  contains:
    answer:
      description: V(yes), V(no) or V(unknown).
      returned: success
      type: str
      sample: "no"
    reasons:
      description:
        - What is against it; empty unless the answer is V(no).
        - V(cpu), the CPU lacks it. V(firmware), it is switched off in the firmware. V(hypervisor_off), the hardware is
          ready but Windows' hypervisor is not running. V(nested_virtualization), this is a virtual machine that may not
          run a hypervisor. V(wsl1), this is WSL 1. V(no_engine), no engine is installed. V(engine_silent), there is a
          client but no engine answers. V(engine_refuses), the engine does not let this user in. V(kernel), the kernel
          lacks what containers need. V(not_windows), which is for WSL only.
      returned: success
      type: list
      elements: str
      sample: [firmware]
    because:
      description: What the answer rests on, or what is not known.
      returned: success
      type: str
      sample: virtualization is switched off in the firmware (BIOS, UEFI)
    remedy:
      description: What to do; empty if there is nothing to do.
      returned: success
      type: str
      sample: >-
        Restart into the firmware's setup (F2, F10, F12, Del or Esc while it starts) and switch on SVM Mode, SVM
        Support, Secure Virtual Machine or AMD-V (AMD CPU), save, and turn the machine off and on again
wsl2:
  description: Whether WSL 2 can run.
  returned: success
  type: dict
  contains:
    answer:
      description: V(yes), V(no) or V(unknown).
      returned: success
      type: str
      sample: "no"
    reasons:
      description: What is against it; see RV(docker.reasons).
      returned: success
      type: list
      elements: str
      sample: [not_windows]
    because:
      description: What the answer rests on, or what is not known.
      returned: success
      type: str
      sample: WSL is a part of Windows, which this is not
    remedy:
      description: What to do; empty if there is nothing to do.
      returned: success
      type: str
      sample: ""
summary:
  description: Both in one line, with what to do. WSL 2 is left out where there is no Windows.
  returned: success
  type: str
  sample: >-
    Docker: no, no container engine is installed. Install Docker Engine or Podman, by the distribution's packages
facts:
  description: What the verdicts rest on.
  returned: success
  type: dict
  contains:
    system:
      description: V(windows), V(linux), which WSL is too, V(macos) or V(unknown).
      returned: success
      type: str
      sample: linux
    cpu:
      description: Maker of the CPU, V(intel), V(amd), V(arm) or V(unknown).
      returned: success
      type: str
      sample: amd
    cpu_virtualization:
      description: Whether the CPU has what a hypervisor needs; V(yes), V(no) or V(unknown).
      returned: success
      type: str
      sample: "yes"
    firmware:
      description: Whether the firmware has it switched on; V(yes), V(no) or V(unknown).
      returned: success
      type: str
      sample: "no"
    dep:
      description: Whether data execution prevention is on; V(yes), V(no) or V(unknown).
      returned: success
      type: str
      sample: "yes"
    hypervisor:
      description: Whether a hypervisor can be used (Linux, macOS) or is running (Windows); V(yes), V(no) or V(unknown).
      returned: success
      type: str
      sample: unknown
    virtual_machine:
      description: Whether this is a virtual machine; V(yes), V(no) or V(unknown).
      returned: success
      type: str
      sample: "no"
    wsl:
      description: Version of WSL; V(1), V(2), V(no) if this is not WSL, or V(unknown).
      returned: success
      type: str
      sample: "2"
    container:
      description: Whether this is inside of a container; V(yes), V(no) or V(unknown).
      returned: success
      type: str
      sample: unknown
    cgroups:
      description: Whether the kernel has control groups; V(yes), V(no) or V(unknown).
      returned: success
      type: str
      sample: "yes"
    user_namespaces:
      description: Whether users other than root may make their own; V(yes), V(no) or V(unknown).
      returned: success
      type: str
      sample: "yes"
    engine:
      description: What there is of a container engine.
      returned: success
      type: dict
      contains:
        state:
          description:
            - V(answers), V(refuses) this user, V(silent) with a client and no engine, V(unseen) with a socket and no
              client, V(missing), or V(unasked) if only text was read.
          returned: success
          type: str
          sample: answers
        name:
          description: Which, with its version if it answers, or where its socket is; empty if there is nothing.
          returned: success
          type: str
          sample: docker 27.3.1
    systeminfo:
      description: Whether C(systeminfo.exe) said something of Hyper-V; V(unknown) if it was not asked.
      returned: success
      type: str
      sample: unknown
"""

from dataclasses import asdict
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.asesoria.serverless.plugins.module_utils import _host_facts
from ansible_collections.asesoria.serverless.plugins.module_utils import _virtualization as virtualization
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._host_sources import Sources, this_machine

ARGUMENT_SPEC: dict[str, Any] = {"text": {"type": "str"}, "path": {"type": "path"}}


def find_facts(params: dict[str, Any], *, sources: Sources) -> _host_facts.Facts:
    """Take them from what was given, or from the machine."""
    if params["text"] is not None:
        return _host_facts.facts_of_text(params["text"])
    if params["path"] is not None:
        return _host_facts.facts_of_file(params["path"], sources=sources)
    return _host_facts.collect(sources)


def run(module: AnsibleModule) -> dict[str, Any]:
    """Judge the machine."""
    facts = find_facts(module.params, sources=this_machine())
    docker, wsl2 = virtualization.judge_docker(facts), virtualization.judge_wsl2(facts)
    return {
        "changed": False,
        "docker": asdict(docker),
        "wsl2": asdict(wsl2),
        "summary": virtualization.summarize(docker, wsl2),
        "facts": asdict(facts),
    }


def main() -> None:
    """Ansible's entry point."""
    module = AnsibleModule(argument_spec=ARGUMENT_SPEC, mutually_exclusive=[("text", "path")], supports_check_mode=True)
    try:
        result = run(module)
    except ServerlessError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
