# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Layers are hosts of a run, which the user's inventory does not know: it counts for them all the same.

Nothing of AWS is asked, so no sandbox is started.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from .support import Chain, has_python_with_pip

HOSTS = """\
all:
  hosts:
    localhost:
      ansible_connection: local
      ansible_python_interpreter: "{{ ansible_playbook_python }}"
  children:
    team:
      hosts:
        localhost:
    lambda_builders:
      vars:
        ansible_connection: local
        python311_from_source_reuse: true
      hosts:
        sound:
          lambda_layer_work_dir: "{{ inventory_dir }}/sound"
        spoilt:
          lambda_layer_work_dir: /proc/nowhere
"""
EVERYBODY = """\
asesoria_state_dir: "{{ inventory_dir }}/state"
lambda_layer_cache_dir: "{{ inventory_dir }}/cache"
asesoria_layer_strategy: builder
asesoria_layers:
  - {name: one}
  - {name: two, requirements: "{{ inventory_dir }}/two.txt", architecture: arm64}
"""
TEAM = 'asesoria_requirements: "{{ inventory_dir }}/one.txt"\n'


@pytest.fixture(name="mine")
def _mine(tmp_path: Path) -> Chain:
    inventory = tmp_path / "inventory"
    (inventory / "group_vars").mkdir(parents=True)
    (inventory / "hosts.yml").write_text(HOSTS, encoding="utf-8")
    (inventory / "group_vars/all.yml").write_text(EVERYBODY, encoding="utf-8")
    (inventory / "group_vars/team.yml").write_text(TEAM, encoding="utf-8")
    (inventory / "one.txt").write_text("six\n", encoding="utf-8")
    (inventory / "two.txt").write_text("idna\n", encoding="utf-8")
    return Chain(folder=tmp_path, port=1, environment={"ANSIBLE_INVENTORY": str(inventory)}, shell={})


def test_an_inventory_of_ones_own_counts_for_the_layers(mine: Chain) -> None:
    mine.play("playbooks/lock.yml").ok()
    state = mine.folder / "inventory/state/layers"
    one, two = ((state / f"{name}.pylock.toml").read_text(encoding="utf-8") for name in ("one", "two"))
    assert 'name = "six"' in one
    assert "x86_64" in one
    assert 'name = "idna"' in two
    assert "aarch64" in two or "arm64" in two


@pytest.mark.skipif(not has_python_with_pip(), reason="there is no python3.11 with pip to build with")
def test_nothing_is_published_where_one_of_several_builders_failed(mine: Chain) -> None:
    """Two machines of the user's own, of which nobody has said what they are, so that each may make every layer."""
    alike = '{"asesoria_layers": [{"name": "one"}, {"name": "two"}]}'
    run = mine.play("playbooks/layer.yml", "-e", alike).refused()
    layers = mine.folder / "inventory/state/layers"
    built = {path.stem for path in layers.glob("*.zip")}
    (unbuilt,) = {"one", "two"} - built
    assert len(built) == 1
    assert "/proc/nowhere" in run.output
    assert f"{unbuilt}: not built, as is said above, so none of the layers is published" in run.message
    assert "PLAY [Publish the layers]" not in run.output


def test_a_run_that_is_limited_to_other_hosts_says_so(mine: Chain) -> None:
    run = mine.play("playbooks/lock.yml", "--limit", "localhost").refused()
    assert "layer_one, layer_two was not planned" in run.message
    assert "--limit localhost,lambda_layers,lambda_builders" in run.message
