# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page about a run: what it reckons, what it says, and when it is written."""

from __future__ import annotations

import base64
import copy
import hashlib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._console_links import Console
from ansible_collections.asesoria.serverless.plugins.module_utils._cost_estimate import (
    Assumption,
    Usage,
    builder,
    monthly,
    total,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._latency_plot import (
    HEIGHT,
    WIDTH,
    Attempt,
    bars,
    summarize,
)
from ansible_collections.asesoria.serverless.plugins.modules import run_report
from ansible_collections.asesoria.serverless.tests.unit.run_status import attempts, status_of
from ansible_collections.asesoria.serverless.tests.unit.support import assert_return_documented, run_module
from hypothesis import given
from hypothesis import strategies as st

WEB = Usage(memory_mb=512, architecture="x86_64", door="http", code_bytes=2_000_000)


def costs(usage: Usage = WEB, *, requests: int = 1_000_000, seconds: float = 0.2) -> dict[str, float]:
    return {cost.what: cost.dollars for cost in monthly(usage, Assumption(requests=requests, seconds=seconds))}


def test_a_month_is_reckoned_from_list_prices() -> None:
    assert costs() == {
        "Lambda requests": pytest.approx(0.20),
        # A million times 0.2 s of half a gigabyte.
        "Lambda compute": pytest.approx(100_000 * 0.0000166667),
        "HTTP API": pytest.approx(1.00),
        "logs": pytest.approx(0.25),
        "deployment bucket": pytest.approx(0.01 * 0.023),
    }


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        pytest.param(Usage(512, "arm64", "http", 0), {"Lambda compute": 100_000 * 0.0000133334}, id="arm64 is cheaper"),
        pytest.param(Usage(512, "x86_64", "rest", 0), {"REST API": 3.50}, id="a REST API"),
        pytest.param(Usage(0, "x86_64", "http", 0), {"Lambda compute": 0.0}, id="no function"),
    ],
)
def test_it_depends_on_what_is_deployed(usage: Usage, expected: dict[str, float]) -> None:
    reckoned = costs(usage)
    assert {what: reckoned[what] for what in expected} == pytest.approx(expected)


def test_a_function_url_costs_nothing_by_itself() -> None:
    assert [what for what in costs(Usage(512, "x86_64", "", 0)) if "API" in what] == []


def test_nothing_asked_costs_next_to_nothing() -> None:
    assert total(monthly(WEB, Assumption(requests=0, seconds=1))) == pytest.approx(0.01 * 0.023)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"requests_per_month": -1}, "the requests a month are -1. Give 0 or more."),
        ({"latency_ms": -5}, "the mean latency is -0.005 s. Give 0 or more milliseconds."),
        ({"status": {}}, "status, attempts or stages have not what the modules return"),
        ({"attempts": [{"seconds": 1}]}, "status, attempts or stages have not what the modules return"),
    ],
)
def test_what_can_not_be_reckoned_is_told(tmp_path: Path, options: dict[str, Any], said: str) -> None:
    assert report(tmp_path, **options)["msg"].startswith(said)


def test_a_builder_costs_by_the_hour() -> None:
    cost = builder("t3.micro", 1800)
    assert cost is not None
    assert cost.dollars == pytest.approx((0.0104 + 0.005) / 2)
    assert builder("x99.metal", 1800) is None
    assert builder("t3.micro", 0) is None


@pytest.mark.parametrize(
    ("partition", "region", "host"),
    [
        ("aws", "us-east-1", "us-east-1.console.aws.amazon.com"),
        ("aws-cn", "cn-north-1", "cn-north-1.console.amazonaws.cn"),
        ("aws-us-gov", "us-gov-west-1", "us-gov-west-1.console.amazonaws-us-gov.com"),
    ],
)
def test_the_console_is_that_of_the_partition_and_region(partition: str, region: str, host: str) -> None:
    console = Console(partition=partition, region=region)
    arn = f"arn:{partition}:cloudformation:{region}:123456789012:stack/shop-dev/1"
    assert console.stack(arn) == (
        f"https://{host}/cloudformation/home?region={region}#/stacks/stackinfo?stackId="
        f"arn%3A{partition}%3Acloudformation%3A{region}%3A123456789012%3Astack%2Fshop-dev%2F1"
    )
    assert console.function("shop-dev-api") == f"https://{host}/lambda/home?region={region}#/functions/shop-dev-api"
    assert console.layer("web", 3) == f"https://{host}/lambda/home?region={region}#/layers/web/versions/3"
    assert console.log_group("/aws/lambda/x") == (
        f"https://{host}/cloudwatch/home?region={region}#logsV2:log-groups/log-group/$252Faws$252Flambda$252Fx"
    )


def test_good_answers_are_summed_up() -> None:
    latency = summarize([Attempt("GET", number / 100, number <= 20) for number in range(1, 31)])
    assert latency is not None
    assert (latency.count, latency.least, latency.most) == (20, 0.01, 0.20)
    assert (latency.median, latency.mean, latency.p95) == pytest.approx((0.105, 0.105, 0.19))
    assert summarize([Attempt("GET", 1, good=False)]) is None


@given(st.lists(st.floats(0, 60), max_size=200))
def test_bars_stay_in_the_picture_and_are_in_proportion(seconds: list[float]) -> None:
    drawn = bars([Attempt("GET", each, good=True) for each in seconds])
    assert len(drawn) == len(seconds)
    for stripe, left in zip(drawn[1:], drawn, strict=False):
        assert stripe.x >= left.x + left.width
    for stripe in drawn:
        assert 0 <= stripe.x <= stripe.x + stripe.width <= WIDTH + 1e-6
        assert stripe.y + stripe.height == pytest.approx(HEIGHT)
        assert stripe.height * max(seconds) == pytest.approx(HEIGHT * stripe.attempt.seconds)


def report(folder: Path, *, check_mode: bool = False, **options: Any) -> dict[str, Any]:
    given_ = {
        "service": "shop",
        "stage": "dev",
        "region": "us-east-1",
        "status": status_of(),
        "attempts": attempts(0.8, 0.1, 0.1),
        "versions": {"ansible-core": "2.21.0", "osls": ""},
        "dest": str(folder / "reports" / "page.html"),
        **options,
    }
    result = run_module(run_report.main, given_, check_mode=check_mode)
    if not result["failed"]:
        assert_return_documented(run_report, result)
    return result


MARKS = [{"name": "deploy", "at": 100.0}, {"name": "verify", "at": 140.5}, {"name": "report", "at": 142.0}]


def test_the_summary_and_the_page_say_the_same(tmp_path: Path) -> None:
    result = report(
        tmp_path, changes=["deployed shop-dev"], unchanged=["the user"], stages=MARKS, builder_stages=["deploy"]
    )
    page = (tmp_path / "reports/page.html").read_text()
    assert result["stages"] == [{"name": "deploy", "seconds": 40.5}, {"name": "verify", "seconds": 1.5}]
    assert result["lines"] == [
        "endpoint  https://abc.execute-api.us-east-1.amazonaws.com",
        "changed   deployed shop-dev",
        "as before the user",
        "function  shop-dev-api: python3.11, layers: web:1 (stale, 2 is there)",
        "size      1.80 MB zipped",
        "time      42 s: deploy 40 s, verify 2 s",
        "answers   3, median 100 ms, 95 % within 800 ms",
        "cost      about USD 0.28 a month for 100,000 requests, free tier not counted",
        f"page      {tmp_path}/reports/page.html",
    ]
    assert "deployed shop-dev</li>" in page
    assert "<li>the user</li>" in page
    assert "<td>osls</td>" not in page
    assert (tmp_path / "reports").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "reports/page.html").stat().st_mode & 0o777 == 0o600


def test_sizes_are_those_of_zips_with_the_very_content(tmp_path: Path) -> None:
    status, zips = status_of(), []
    for name, size in (("code", 1000), ("layer", 5_000_000), ("older", 7)):
        zips.append(tmp_path / f"{name}.zip")
        with zipfile.ZipFile(zips[-1], "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.py", b"x" * size)
    hashes = [base64.b64encode(hashlib.sha256(path.read_bytes()).digest()).decode() for path in zips]
    status["functions"][0]["code_sha256"] = hashes[0]
    given_ = [str(path) for path in (*zips, tmp_path / "none.zip", Path(__file__))]
    assert report(tmp_path, status=status, zips=given_)["unzipped_bytes"] == {"shop-dev-api": None}
    status["layers"][0]["versions"][1]["sha256"] = hashes[1]
    result = report(tmp_path, status=status, zips=given_)
    assert result["unzipped_bytes"] == {"shop-dev-api": 5_001_000}
    assert "size      1.80 MB zipped, 5.00 MB of 262.1 MB unzipped (2 %)" in result["lines"]


def test_a_page_about_the_same_deployment_stays_unless_it_is_to_be_written(tmp_path: Path) -> None:
    page = tmp_path / "reports/page.html"
    assert report(tmp_path, rewrite=False)["changed"]
    before = page.read_text()
    assert not report(tmp_path, rewrite=False, attempts=attempts(0.2), stages=MARKS)["changed"]
    assert page.read_text() == before
    assert report(tmp_path)["changed"]
    deployed = copy.deepcopy(status_of())
    deployed["functions"][0]["code_sha256"] = "b" * 44
    assert report(tmp_path, rewrite=False, status=deployed)["changed"]


def test_the_installed_clis_are_told(tmp_path: Path) -> None:
    for folder, version in (("osls-4", "4.3.1"), ("osls-3", "3.61.0"), (".", "4.0.0"), ("broken", "")):
        package = tmp_path / "cli" / folder / "node_modules/osls/package.json"
        package.parent.mkdir(parents=True)
        package.write_text(f'{{"version": "{version}"}}' if version else "[]")
    report(tmp_path, cli_dir=str(tmp_path / "cli"))
    assert "<td>osls</td><td>3.61.0, 4.0.0, 4.3.1</td>" in (tmp_path / "reports/page.html").read_text()
    report(tmp_path, cli_dir=str(tmp_path / "none"))
    assert "<td>osls</td>" not in (tmp_path / "reports/page.html").read_text()


def test_check_mode_writes_nothing(tmp_path: Path) -> None:
    assert report(tmp_path, check_mode=True)["changed"]
    assert list(tmp_path.iterdir()) == []


def test_what_is_not_deployed_has_a_page_too(tmp_path: Path) -> None:
    nothing = {
        "endpoint": None,
        "stack_arn": None,
        "stack_status": None,
        "version": None,
        "functions": [],
        "layers": [],
    }
    result = report(tmp_path, status={**status_of(), **nothing, "outputs": {}}, attempts=[])
    assert result["lines"][0] == "endpoint  none"
    assert "is not deployed" in (tmp_path / "reports/page.html").read_text()


def test_neither_outputs_nor_an_address_that_does_something_are_shown(tmp_path: Path) -> None:
    status = {**status_of(), "outputs": {"Password": "s3cret"}, "endpoint": "javascript:alert(1)"}
    report(tmp_path, status=status)
    page = (tmp_path / "reports/page.html").read_text()
    assert "s3cret" not in page
    assert 'href="javascript' not in page


@pytest.mark.parametrize("check_mode", [False, True])
def test_a_file_of_the_user_is_not_replaced(tmp_path: Path, check_mode: bool) -> None:
    mine = tmp_path / "index.html"
    mine.write_text("<p>mine</p>", encoding="utf-8")
    result = report(tmp_path, dest=str(mine), check_mode=check_mode)
    assert result["failed"]
    assert result["msg"].startswith(f"the file {mine} was not written by this collection, so it is left as it is")
    assert mine.read_text(encoding="utf-8") == "<p>mine</p>"
    # Of our own pages each may replace the other.
    mine.write_text("", encoding="utf-8")
    assert report(tmp_path, dest=str(mine), rewrite=True)["changed"]
    assert report(tmp_path, dest=str(mine), rewrite=True)["changed"]


def test_a_place_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("a file")
    assert "can't be written" in report(tmp_path)["msg"]
