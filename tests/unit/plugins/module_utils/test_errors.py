# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import pickle

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError


@pytest.mark.parametrize(
    ("problem", "remedy", "expected"),
    [
        ("the port 4566 is taken", "Stop what listens there", "the port 4566 is taken. Stop what listens there."),
        ("the port 4566 is taken", "", "the port 4566 is taken."),
    ],
)
def test_a_message_is_the_problem_and_what_to_do(problem: str, remedy: str, expected: str) -> None:
    error = ServerlessError(problem, remedy)
    assert str(error) == expected
    assert (error.problem, error.remedy) == (problem, remedy)


@pytest.mark.parametrize("duplicate", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])  # noqa: S301
def test_an_error_that_crosses_a_process_keeps_its_parts(duplicate: object) -> None:
    assert callable(duplicate)
    error = duplicate(ServerlessError("a", "b"))
    assert (str(error), error.problem, error.remedy) == ("a. b.", "a", "b")
