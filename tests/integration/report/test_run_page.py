# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page about a run, written by its module and opened in Chromium."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.modules import run_report
from ansible_collections.asesoria.serverless.tests.unit.run_status import attempts, status_of
from ansible_collections.asesoria.serverless.tests.unit.support import run_module
from playwright.sync_api import Browser

from .support import Opened, assert_alone, assert_readable, opened

#: A name that would do something if it were taken for HTML.
NAME = "<img src=x onerror=alert(1)>"
SECONDS = (0.8, 0.1, 0.2, 0.15)


@pytest.fixture(name="page_file", scope="module")
def _page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    status = status_of(name=NAME)
    status["unread"] = [{"what": "who else uses the layers", "reason": "it is not allowed"}]
    given: dict[str, Any] = {
        "service": "<b>shop</b>",
        "stage": "dev",
        "region": "us-east-1",
        "status": status,
        "changes": ["published the layer version web:1", f"deployed {NAME}"],
        "unchanged": ["the IAM user <i>ana</i>"],
        "stages": [
            {"name": "builder", "at": 0.0},
            {"name": "deploy", "at": 60.0},
            {"name": "verify", "at": 90.0},
            {"name": "report", "at": 92.0},
        ],
        "attempts": attempts(*SECONDS, problem="status 500"),
        "versions": {"ansible-core": "2.21.0"},
        "requests_per_month": 1_000_000,
        "latency_ms": 200,
        "builder_type": "t3.micro",
        "dest": str(folder / "page.html"),
    }
    result = run_module(run_report.main, json.loads(json.dumps(given)))
    assert not result["failed"], result.get("msg")
    return folder / "page.html"


def test_it_needs_nothing_and_complains_of_nothing(tab: Opened, page_file: Path) -> None:
    assert_alone(tab, page_file)


def test_names_are_text(tab: Opened) -> None:
    assert tab.texts("h1") == ["<b>shop</b>"]
    assert tab.page.title() == "<b>shop</b> (dev)"
    assert tab.texts("#changes li") == ["published the layer version web:1", f"deployed {NAME}"]
    assert tab.texts("#unchanged li") == ["the IAM user <i>ana</i>"]
    assert tab.texts("h3") == [NAME]


def test_the_endpoint_and_the_console_are_a_click_away(tab: Opened) -> None:
    addresses = [link.get_attribute("href") for link in tab.page.locator("a").all()]
    assert addresses[0] == "https://abc.execute-api.us-east-1.amazonaws.com"
    console = "https://us-east-1.console.aws.amazon.com"
    assert [str(address).removeprefix(console).split("?")[0] for address in addresses[1:]] == [
        "/cloudformation/home",
        "/lambda/home",
        "/cloudwatch/home",
    ]


def test_bars_are_as_high_as_the_answers_took(tab: Opened) -> None:
    boxes = [shape.bounding_box() for shape in tab.page.locator("#latency rect").all()]
    heights = [box["height"] for box in boxes if box]
    # A line of two pixels around each.
    assert heights == pytest.approx([heights[0] * each / SECONDS[0] for each in SECONDS], abs=4)
    fills = tab.page.eval_on_selector_all("#latency rect", "bars => bars.map(shape => getComputedStyle(shape).fill)")
    assert fills[0] == fills[1] == fills[2] != fills[3]
    assert "3 of 4" in tab.texts("#latencies tbody")[0]


def test_the_longest_stage_has_the_longest_bar(tab: Opened) -> None:
    rows = [row.locator("td").all_inner_texts()[:2] for row in tab.page.locator("#stages tbody tr").all()]
    assert rows == [["builder", "60.0 s"], ["deploy", "30.0 s"], ["verify", "2.0 s"]]
    widths = [box["width"] for shape in tab.page.locator("#stages .meter i").all() if (box := shape.bounding_box())]
    assert widths == pytest.approx([widths[0], widths[0] / 2, widths[0] / 30], abs=1)


def test_the_estimate_says_what_it_takes_for_granted(tab: Opened) -> None:
    assert "1,000,000 requests a month of 200 ms each" in " ".join(tab.texts("#assumption")[0].split())
    rows = {
        cells[0]: cells[2]
        for row in tab.page.locator("#costs tbody tr").all()
        if (cells := row.locator("td").all_inner_texts())
    }
    assert rows["Lambda requests"] == "0.20"
    assert rows["Lambda compute"] == "0.83"
    assert rows["HTTP API"] == "1.00"
    assert rows["together"] == "2.28"
    assert "1.0 min of t3.micro" in tab.texts("#builder")[0]


def test_what_is_wrong_is_told(tab: Opened) -> None:
    assert "web:1 is stale: 2 is the newest that fits." in tab.texts("p.bad")
    assert tab.texts("#unread li") == ["who else uses the layers: it is not allowed"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1200])
def test_all_text_can_be_read(browser: Browser, page_file: Path, width: int, scheme: str) -> None:
    assert_readable(opened(browser, page_file, width=width, scheme=scheme).page, scheme=scheme, texts=50)


@pytest.mark.parametrize("width", [320, 400, 1200])
def test_the_page_is_not_wider_than_the_screen(browser: Browser, page_file: Path, width: int) -> None:
    assert opened(browser, page_file, width=width).page.evaluate("document.documentElement.scrollWidth") <= width
