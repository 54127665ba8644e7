# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which way to build is recommended, and why."""

from __future__ import annotations

import itertools

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._build_way import Ways, recommend

WHY = "there is no wheel of demo"
FULL = "ec2 vcpus: 5 of 5 used"


@pytest.mark.parametrize(
    ("ways", "strategy", "way", "state", "found", "remedy"),
    [
        (Ways("yes", "all is here"), "auto", "wheels", "ok", "wheels, because all is here", ""),
        (Ways("yes", "all is here"), "wheels", "wheels", "ok", "wheels, because all is here", ""),
        (Ways("yes", "all is here", FULL, "yes"), "auto", "wheels", "ok", "wheels, because all is here", ""),
        (
            Ways("yes", "all is here"),
            "builder",
            "wheels",
            "ok",
            "wheels, because all is here",
            "Set asesoria_layer_strategy to auto to have it so",
        ),
        (Ways("no", WHY), "auto", "builder", "ok", f"builder, because {WHY}", ""),
        # Docker is no better than what needs none.
        (Ways("no", WHY, docker="yes"), "auto", "builder", "ok", f"builder, because {WHY}", ""),
        (
            Ways("no", WHY),
            "wheels",
            "builder",
            "problem",
            f"the strategy wheels can't be followed: {WHY}",
            "Set asesoria_layer_strategy to auto, which takes a builder where wheels alone won't do",
        ),
        (
            Ways("no", WHY, FULL, "yes"),
            "auto",
            "docker",
            "warning",
            f"docker, because {WHY}, and {FULL}, but a container engine answers here",
            (
                "Start a container of Amazon Linux 2 with an SSH server, and put it into the inventory group "
                "lambda_builders as a host of yours"
            ),
        ),
        (
            Ways("no", WHY, FULL, "unknown"),
            "auto",
            "builder",
            "warning",
            f"builder, because {WHY}; but {FULL}",
            (
                "See to that, or put a host of yours with the runtime's operating system into the inventory group "
                "lambda_builders"
            ),
        ),
        (
            Ways("unknown", "nobody looked"),
            "auto",
            "unknown",
            "unknown",
            "unknown, because nobody looked",
            "playbooks/lock.yml finds it out",
        ),
    ],
)
def test_recommendation(ways: Ways, strategy: str, way: str, state: str, found: str, remedy: str) -> None:
    best = recommend(ways, strategy=strategy, os_name="Amazon Linux 2")
    assert (best.way, best.check.state, best.check.found, best.check.remedy) == (way, state, found, remedy)


@pytest.mark.parametrize("strategy", ["auto", "wheels", "builder"])
def test_docker_is_recommended_only_where_it_answers_and_nothing_else_will_do(strategy: str) -> None:
    for here, docker, builder in itertools.product(("yes", "no", "unknown"), ("yes", "no", "unknown"), ("", FULL)):
        best = recommend(Ways(here, WHY, builder, docker), strategy=strategy, os_name="Amazon Linux 2")
        assert (best.way == "docker") is ((here, docker, builder) == ("no", "yes", FULL))
        assert (best.check.state == "problem") is (here == "no" and strategy == "wheels")
