# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Renders what roles have in templates and variables, as Ansible would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

try:
    from ansible.template import trust_as_template  # ansible-core 2.19 and later have it
except ImportError:
    trust_as_template = str


def render(source: str, *, variables: Mapping[str, Any]) -> Any:
    """What a template makes of variables, which are not templates themselves.

    :param source: the template.
    :returns: a string, or what it stands for where Ansible makes something else of it.
    """
    return Templar(loader=DataLoader(), variables=dict(variables)).template(trust_as_template(source))
