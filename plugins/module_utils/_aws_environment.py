# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keep the AWS settings of the caller's shell out of a run that has settings of its own."""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping

#: Beginnings of the variables that the AWS SDKs, their tools and Ansible's AWS collections read.
_AWS = ("AWS_", "EC2_", "BOTO_CONFIG")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_NO_PROXY = ("no_proxy", "NO_PROXY")
#: Names and addresses of this machine. Programs differ in whether a name stands for those below it.
_LOOPBACK = ("127.0.0.1", "localhost", ".localhost")


def leave_out_aws(environment: Mapping[str, str]) -> dict[str, str]:
    """Return an environment without AWS settings, in which no proxy stands before this machine.

    An empty variable would not do: botocore takes an empty AWS_PROFILE for a profile, and an empty AWS_CA_BUNDLE for a
    file.

    :param environment: Environment of the caller.
    """
    kept = {name: value for name, value in environment.items() if not name.startswith(_AWS)}
    if not any(kept.get(name) for proxy in _PROXIES for name in (proxy, proxy.upper())):
        return kept
    exempt = next((kept[name] for name in _NO_PROXY if kept.get(name)), "")
    hosts = [host.strip() for host in exempt.split(",") if host.strip()]
    if hosts == ["*"]:
        return kept
    value = ",".join([*hosts, *(name for name in _LOOPBACK if name not in hosts)])
    return {**kept, **dict.fromkeys(_NO_PROXY, value)}


def replace_environment(process: MutableMapping[str, str], environment: Mapping[str, str]) -> None:
    """Change the environment of a process, and so of all that it starts from then on.

    :param process: Environment of the process.
    :param environment: All variables that it has afterwards.
    """
    for name in process.keys() - environment.keys():
        del process[name]
    process.update(environment)
