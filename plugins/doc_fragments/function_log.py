# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which logs are read, for the documentation of the modules that read them."""

from __future__ import annotations


class ModuleDocFragment:
    """Ansible finds its fragments by this name."""

    DOCUMENTATION = r"""
options:
  since:
    description:
      - Where to begin, as a time ago, V(90s), V(10m), V(2h), V(1d), or in minutes; or as a time such as
        V(2026-11-25T20:30), in UTC if it does not say otherwise.
    type: str
    default: 10m
  filter:
    description:
      - A filter pattern of CloudWatch, such as V(ERROR) or V({ $.level = "error" }). Empty for all lines.
    type: str
    default: ""
"""
