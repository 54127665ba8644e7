# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The one family of errors that the utils raise and that a module's C(main) turns into its message."""

from __future__ import annotations


class ServerlessError(Exception):
    """Something that a user can act on.

    :param problem: what is wrong and where, one sentence without a full stop at the end.
    :param remedy: what to do about it, one sentence without a full stop at the end; empty if nothing can be said.
    """

    def __init__(self, problem: str, remedy: str = "") -> None:
        self.problem = problem
        self.remedy = remedy
        super().__init__(problem, remedy)

    def __str__(self) -> str:
        return ". ".join(part for part in (self.problem, self.remedy) if part) + "."
