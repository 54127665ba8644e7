# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a layer, written by its playbook and opened in Chromium."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import combinations
from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.tests.unit.layers import LayerFiles
from playwright.sync_api import Browser

from .support import Opened, assert_alone, assert_readable, opened

TOP = Path(__file__).resolve().parents[3]
RUNTIME = f"python3.{sys.version_info[1]}"
ARCHITECTURE = {"x86_64": "x86_64", "aarch64": "arm64"}[os.uname().machine]
SIZES = {"large": 400_000, "medium": 150_000, "other": 90_000, "small": 20_000, "tiny": 300}

BOXES = """
() => {
  const svg = document.querySelector("#treemap").getBoundingClientRect();
  const boxes = [...document.querySelectorAll("#treemap g")].map(g => {
    const own = g.querySelector("rect");
    const scale = svg.width / own.ownerSVGElement.viewBox.baseVal.width;
    return {
      title: g.querySelector("title").textContent,
      x: own.x.baseVal.value * scale, y: own.y.baseVal.value * scale,
      width: own.width.baseVal.value * scale, height: own.height.baseVal.value * scale,
      label: g.querySelector("text") && getComputedStyle(g.querySelector("text")).display !== "none"
        ? g.querySelector("text").getBoundingClientRect().toJSON() : null,
      shown: own.getBoundingClientRect().toJSON(),
    };
  });
  return {width: svg.width, height: svg.height, boxes};
}
"""


def make_layer(path: Path, *, version: str = "1.0", without: str = "") -> Path:
    layer = LayerFiles()
    for name, size in SIZES.items():
        if name != without:
            source = f"import time; time.sleep({0.05 if name == 'large' else 0})\n".encode()
            files = {f"{name}/__init__.py": source, f"{name}/data.bin": os.urandom(16) * (size // 16)}
            layer.distribution(name, version, files=files)
    layer.add("<img src=x onerror=alert(1)>/__init__.py", b"x" * 200)
    return layer.zip(path)


@pytest.fixture(name="page_file", scope="module")
def _page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page that the playbook writes about a layer, compared with an older one."""
    folder = tmp_path_factory.mktemp("report")
    archive = make_layer(folder / "<b>layer</b>.zip".replace("/", "_"), version="2.0")
    (folder / f"{archive.stem}.cdx.json").write_text("{}")
    variables = {
        "lambda_layer_report_zip": str(archive),
        "lambda_layer_report_compare": str(make_layer(folder / "older.zip", without="small")),
        "lambda_layer_report_dest": str(folder / "page.html"),
        "lambda_layer_report_imports": "always",
        "lambda_layer_runtime": RUNTIME,
        "lambda_layer_architecture": ARCHITECTURE,
    }
    program = Path(sys.executable).with_name("ansible-playbook")
    done = subprocess.run(
        [program, "asesoria.serverless.layer_report", "-e", json.dumps(variables)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "page.html"


def test_it_needs_nothing_and_complains_of_nothing(tab: Opened, page_file: Path) -> None:
    assert_alone(tab, page_file)


def test_names_are_text(tab: Opened) -> None:
    assert tab.texts("h1") == ["<b>layer<_b>"]
    assert tab.page.title() == "Layer <b>layer<_b>"
    assert tab.page.locator("h1 b").count() == 0


def test_rectangles_are_as_large_as_the_sizes_say(tab: Opened) -> None:
    rows = tab.page.locator("#sizes tbody tr")
    bytes_of = {
        row.locator("td").first.inner_text(): int(row.locator("td[data-bytes]").get_attribute("data-bytes") or 0)
        for row in rows.all()
    }
    assert list(bytes_of)[:4] == ["large", "medium", "other", "small"]
    assert all(SIZES[name] <= bytes_of[name] < SIZES[name] + 2000 for name in SIZES)
    drawn = tab.page.evaluate(BOXES)
    titles = [box["title"].split(":")[0].strip() for box in drawn["boxes"]]
    assert titles == [name if name == "other files" else f"{name} 2.0" for name in bytes_of]
    total = sum(bytes_of.values())
    area = drawn["width"] * drawn["height"]
    for box, size in zip(drawn["boxes"], bytes_of.values(), strict=True):
        assert box["width"] * box["height"] == pytest.approx(area * size / total, rel=0.01, abs=2)
        assert box["shown"]["width"] == pytest.approx(box["width"], abs=3)
        assert -0.5 <= box["x"] <= box["x"] + box["width"] <= drawn["width"] + 0.5
        assert -0.5 <= box["y"] <= box["y"] + box["height"] <= drawn["height"] + 0.5
    assert not any(overlap(one, two) for one, two in combinations(drawn["boxes"], 2))


def overlap(one: dict[str, float], two: dict[str, float]) -> bool:
    across = min(one["x"] + one["width"], two["x"] + two["width"]) - max(one["x"], two["x"])
    down = min(one["y"] + one["height"], two["y"] + two["height"]) - max(one["y"], two["y"])
    return across > 0.1 and down > 0.1


@pytest.mark.parametrize("width", [400, 700, 1200])
def test_labels_stay_in_their_rectangles(browser: Browser, page_file: Path, width: int) -> None:
    labelled = [box for box in opened(browser, page_file, width=width).page.evaluate(BOXES)["boxes"] if box["label"]]
    assert labelled
    for box in labelled:
        label, rectangle = box["label"], box["shown"]
        assert label["left"] >= rectangle["left"]
        assert label["right"] <= rectangle["right"]
        assert label["top"] >= rectangle["top"]
        assert label["bottom"] <= rectangle["bottom"]
        assert label["height"] >= 9


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1200])
def test_all_text_can_be_read(browser: Browser, page_file: Path, width: int, scheme: str) -> None:
    assert_readable(opened(browser, page_file, width=width, scheme=scheme).page, scheme=scheme, texts=50)


@pytest.mark.parametrize("width", [320, 400, 1200])
def test_the_page_is_not_wider_than_the_screen(browser: Browser, page_file: Path, width: int) -> None:
    assert opened(browser, page_file, width=width).page.evaluate("document.documentElement.scrollWidth") <= width


def test_limits_and_findings(tab: Opened) -> None:
    assert "of 52.4 MB" in tab.texts("#limit-zip")[0]
    assert "of 262.1 MB" in tab.texts("#limit-unzipped")[0]
    meter = tab.page.locator("#limit-unzipped .meter").bounding_box()
    filled = tab.page.locator("#limit-unzipped .meter i").bounding_box()
    assert meter is not None
    assert filled is not None
    assert filled["width"] < meter["width"] * 0.05
    (finding,) = tab.texts("#findings li")
    assert finding.startswith("layout <img src=x onerror=alert(1)>")
    assert tab.texts("#findings-count b") == ["1"]


def test_two_layers_are_compared(tab: Opened) -> None:
    rows = [row.locator("td").all_inner_texts() for row in tab.page.locator("#compared tbody tr").all()]
    assert rows[0][:3] == ["small", "not there", "2.0"]
    assert rows[0][3].startswith("+0.02")
    assert {tuple(row[:3]) for row in rows[1:]} == {(name, "1.0", "2.0") for name in SIZES if name != "small"}


def test_the_slowest_import_comes_first(tab: Opened) -> None:
    rows = [row.locator("td").all_inner_texts() for row in tab.page.locator("#imports tbody tr").all()]
    assert sorted(row[0] for row in rows) == sorted(SIZES)
    assert rows[0][0] == "large"
    assert 50 <= float(rows[0][2].split()[0]) < 2000
    filled = [meter.bounding_box() for meter in tab.page.locator("#imports .meter i").all()]
    widths = [box["width"] for box in filled if box]
    assert widths == sorted(widths, reverse=True)


def test_the_bill_of_materials_is_found(tab: Opened, page_file: Path) -> None:
    address = tab.page.locator("#sbom").evaluate("link => link.href")
    assert address == page_file.with_name("<b>layer<_b>.cdx.json").as_uri()
