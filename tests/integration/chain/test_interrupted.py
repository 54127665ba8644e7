# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs that are ended without warning, and what comes of the next one."""

from __future__ import annotations

from .support import WELCOME, Chain, ask

#: Ends of tasks' names, and how many seconds after its beginning the run is killed.
KILLS = (("Let the profile have an access key of the user", 0.7), ("Build the zip", 2.0), ("Deploy the service", 4.0))


def test_a_run_that_is_killed_at_three_stages_ends_like_an_undisturbed_one(chain: Chain) -> None:
    """Each run starts where one was killed: with a key that nobody has written down, half a tree, half a stack."""
    for task, after in KILLS:
        chain.play_and_kill("site.yml", at=task, after=after)
    assert ask(chain.play("site.yml").ok()) == WELCOME
    assert len(chain.client("iam").list_access_keys(UserName="asesoria")["AccessKeyMetadata"]) == 1
    assert len(chain.layer_versions()) == 1
    assert chain.play("site.yml").ok().changed_tasks == []
