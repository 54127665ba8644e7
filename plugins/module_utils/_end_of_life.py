# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Until when the control node's programs get security updates; Lambda's runtimes have their dates in C(_runtimes).

Sources, read on 2026-11-25:

* ansible-core: Ansible's documentation, "Releases and maintenance", which names months; the last day of each is taken;
* Node.js: README of its Release Working Group.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

#: The last day, by the first two numbers of the version.
ANSIBLE_CORE: Mapping[tuple[int, ...], date] = {
    (2, 19): date(2026, 11, 30),
    (2, 20): date(2027, 5, 31),
    (2, 21): date(2027, 11, 30),
}
#: The last day, by the first number of the version.
NODE: Mapping[tuple[int, ...], date] = {
    (20,): date(2026, 4, 30),
    (22,): date(2027, 4, 30),
    (24,): date(2028, 4, 30),
}
#: Days before the last one from which on it is worth a word.
NOTICE_DAYS = 60
