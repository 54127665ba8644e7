# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of a shell's settings reaches the runs of an inventory that has AWS settings of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._aws_environment import leave_out_aws

CHECKOUT = Path(__file__).parents[4]
LOOPBACK = "127.0.0.1,localhost,.localhost"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param({"HOME": "/h", "LAWS_X": "1"}, {"HOME": "/h", "LAWS_X": "1"}, id="nothing of AWS"),
        pytest.param(
            {
                "AWS_PROFILE": "mine",
                "AWS_DEFAULT_PROFILE": "",
                "AWS_ENDPOINT_URL_STS": "x",
                "EC2_URL": "x",
                "AWS_CA_BUNDLE": "/nowhere",
            },
            {},
            id="AWS",
        ),
        pytest.param({"NO_PROXY": "a"}, {"NO_PROXY": "a"}, id="no proxy"),
        pytest.param({"HTTP_PROXY": ""}, {"HTTP_PROXY": ""}, id="an empty proxy"),
        pytest.param({"http_proxy": "p"}, {"http_proxy": "p", "no_proxy": LOOPBACK, "NO_PROXY": LOOPBACK}, id="proxy"),
        pytest.param(
            {"ALL_PROXY": "p", "NO_PROXY": "a, localhost"},
            {
                "ALL_PROXY": "p",
                "no_proxy": "a,localhost,127.0.0.1,.localhost",
                "NO_PROXY": "a,localhost,127.0.0.1,.localhost",
            },
            id="exceptions of the user's own",
        ),
        pytest.param(
            {"HTTPS_PROXY": "p", "no_proxy": "*"}, {"HTTPS_PROXY": "p", "no_proxy": "*"}, id="no proxy at all"
        ),
    ],
)
def test_aws_settings_are_left_out(before: dict[str, str], after: dict[str, str]) -> None:
    assert leave_out_aws(before) == after


def test_a_module_that_runs_with_the_sandboxs_inventory_sees_none_of_the_shells_settings(tmp_path: Path) -> None:
    hostile = {
        "AWS_PROFILE": "nobody",
        "AWS_DEFAULT_PROFILE": "nobody",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_CA_BUNDLE": "/nowhere",
    }
    environment = {**os.environ, **hostile, "ASESORIA_SANDBOX_DIR": str(tmp_path), "ASESORIA_SANDBOX_PORT": "9"}
    ansible = Path(sys.executable).with_name("ansible")
    argv = [str(ansible), "-i", "inventory/sandbox", "localhost", "-m", "ansible.builtin.command", "-a", "env"]
    done = subprocess.run(argv, check=False, capture_output=True, text=True, env=environment, cwd=CHECKOUT)
    assert "PATH=" in done.stdout, done.stdout + done.stderr
    assert "AWS_" not in done.stdout
    # Whoever reads the instances did not see them either.
    assert "Passing both a profile and access tokens" not in done.stdout + done.stderr
    assert "nobody" not in done.stdout + done.stderr
