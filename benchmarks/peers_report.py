# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Writes the tables and pictures of docs/benchmarks.md from the results of C(peers.py) and C(popular.py).

Text between the marks C(<!-- NAME -->) and C(<!-- /NAME -->) is replaced, all other text stays.
"""

from __future__ import annotations

import json
import re
import statistics
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

TOP = Path(__file__).resolve().parent.parent
RESULTS = TOP / "benchmarks" / "results" / "peers.json"
POPULAR_RESULTS = TOP / "benchmarks" / "results" / "popular.json"
PAGE = TOP / "docs" / "benchmarks.md"
PICTURES = TOP / "docs" / "benchmarks"
OURS = "layer_build, safe"
MEGABYTE = 1_000_000
_FLOORS = {"python3.11": "2.26"}
_LATER_FLOOR = "2.34"

Result = Mapping[str, Any]


def write_report() -> None:
    """Write all that there are results of."""
    page = PAGE.read_text(encoding="utf-8")
    PICTURES.mkdir(exist_ok=True)
    if RESULTS.exists():
        results = json.loads(RESULTS.read_text(encoding="utf-8"))
        page = replace(page, "peers", "\n".join(line for case in results for line in case_lines(case, results[case])))
    if POPULAR_RESULTS.exists():
        popular = json.loads(POPULAR_RESULTS.read_text(encoding="utf-8"))
        page = replace(page, "popular", "\n".join(popular_lines(popular)))
    PAGE.write_text(page, encoding="utf-8")


def replace(page: str, name: str, text: str) -> str:
    """The page with another text between two marks."""
    pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
    if not pattern.search(page):
        raise SystemExit(f"peers_report: {PAGE} has no marks for {name}")
    return pattern.sub(lambda match: f"{match[1]}\n{text}\n{match[2]}", page)


# One runtime and one set of packages


def case_lines(case: str, result: Result) -> Iterator[str]:
    """A heading, the table, and the pictures."""
    runtime, _slash, packages = case.partition("/")
    tools: Mapping[str, Result] = result["tools"]
    yield f"### {runtime}, {packages} set"
    yield ""
    yield ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    yield ""
    yield (
        "| tool | loads in the runtime | cold s | ratio | warm s | memory MB | zip MB | tree MB | bytecode | "
        "import ms | ratio | same bytes twice |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|---|---|"
    for name, tool in tools.items():
        yield row(name, tool, ours=tools[OURS], runtime=runtime)
    yield ""
    for stem, title, unit, value in _PICTURES:
        values = {name: value(tool) for name, tool in tools.items() if loads(tool)}
        shown = {name: number for name, number in values.items() if number is not None}
        file = PICTURES / f"{runtime}-{packages}-{stem}.svg"
        file.write_text(bars(f"{title}, {runtime}, {packages} set", unit, shown), encoding="utf-8")
        yield f"![{title} of the tools whose layer loads]({PICTURES.name}/{file.name})"
        yield ""


def row(name: str, tool: Result, *, ours: Result, runtime: str) -> str:
    """A line of the table."""
    if "refused" in tool:
        return f"| {name} | refused: {reason(tool)} | | | | | | | | | | |"
    cold, warm = cold_seconds(tool), statistics.median(tool["warm"]) if tool["warm"] else None
    imported = import_seconds(tool)
    cells = [
        name,
        verdict(tool, runtime),
        f"{cold:.1f}" + ("" if tool["own_zip"] else f" ({statistics.median(tool['cold']):.1f} without zipping)"),
        ratio(cold, cold_seconds(ours)),
        f"{warm:.2f}" if warm is not None else "fails",
        f"{max(tool['memory']) / MEGABYTE:.0f}",
        f"{tool['zip'] / MEGABYTE:.1f}",
        f"{tool['tree'] / MEGABYTE:.1f}",
        "yes" if tool["bytecode"] else "no",
        f"{imported * 1000:.0f}" if imported else "",
        ratio(imported, import_seconds(ours)) if imported else "",
        ("yes" if len(set(tool["digests"])) == 1 else "no") if len(tool["digests"]) > 1 else "",
    ]
    return f"| {' | '.join(cells)} |"


def ratio(theirs: float | None, ours: float | None) -> str:
    """How many times as much they take."""
    return f"{theirs / ours:.2f}" if theirs and ours else ""


def cold_seconds(tool: Result) -> float:
    """Median of the time from nothing to a zip."""
    return statistics.median(tool["cold"]) + (0 if tool["own_zip"] else statistics.median(tool["zipping"]))


def import_seconds(tool: Result) -> float | None:
    """Median; None if it does not import."""
    times = tool.get("import")
    return statistics.median(times) if isinstance(times, list) and times else None


def loads(tool: Result) -> bool:
    """Whether the runtime could load it."""
    return (
        "refused" not in tool and not tool["too_new"] and not tool["wrong_machine"] and import_seconds(tool) is not None
    )


def verdict(tool: Result, runtime: str) -> str:
    """Why it loads or not."""
    floor = _FLOORS.get(runtime, _LATER_FLOOR)
    if tool["too_new"]:
        count = f"{len(tool['too_new'])} of {tool['elf_files']}"
        return f"**no**: {count} files need up to glibc {tool['highest']} (it has {floor})"
    if tool["wrong_machine"]:
        return f"**no**: {len(tool['wrong_machine'])} of {tool['elf_files']} files are for another processor"
    if import_seconds(tool) is None:
        return f"**no**: {tool['import']}"
    return "yes"


def reason(tool: Result) -> str:
    """What of a refusal says the most, in one cell."""
    lines = [
        line.strip(" [|*]").lstrip("\u2502\u2570\u2500\u25b6\u251c\u00d7\u2717 ")
        for line in tool["refused"].splitlines()
        if re.search(r"\w{3}", line)
    ]
    telling = [line for line in lines if re.search(r"(?i)error|because|no matching|could not|not found|no wheel", line)]
    return (telling or lines or ["without a word"])[0].replace("|", "/")[:200]


_PICTURES: Sequence[tuple[str, str, str, Callable[[Result], float | None]]] = (
    ("cold", "Seconds from nothing to a zip", "s", cold_seconds),
    ("tree", "Unzipped size", "MB", lambda tool: tool["tree"] / MEGABYTE),
    ("import", "Time of the import", "s", import_seconds),
)


_STYLE = (
    "text{font:13px sans-serif;fill:#1f2328}.a{fill:#0a7d55}.b{fill:#8c959f}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}.a{fill:#3fb984}.b{fill:#6e7681}}"
)


def bars(title: str, unit: str, values: Mapping[str, float]) -> str:
    """A bar for each, the longest over the whole width; readable on a light and on a dark page."""
    line, left, width = 26, 210, 430
    longest = max(values.values(), default=1)
    height = 40 + line * len(values)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {left + width + 80} {height}" role="img">',
        f"<title>{escape(title)}</title>",
        f"<style>{_STYLE}</style>",
        f'<text x="0" y="18" font-weight="bold">{escape(title)}</text>',
    ]
    for index, (name, value) in enumerate(values.items()):
        top = 32 + line * index
        length = max(1, value / longest * width)
        kind = "a" if name.startswith("layer_build") else "b"
        parts += [
            f'<text x="{left - 8}" y="{top + 14}" text-anchor="end">{escape(name)}</text>',
            f'<rect class="{kind}" x="{left}" y="{top}" width="{length:.1f}" height="18" rx="2"/>',
            f'<text x="{left + length + 6:.1f}" y="{top + 14}">{value:.2f} {unit}</text>',
        ]
    return "\n".join([*parts, "</svg>", ""])


# Popular packages


def popular_lines(results: Mapping[str, Mapping[str, Mapping[str, Result]]]) -> Iterator[str]:
    """The counts, and below them each refusal and finding."""
    yield "| target | tool | packages | built | refused | would not load | ELF files | too new | wrong machine |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for target, tools in results.items():
        for tool, packages in tools.items():
            built = [each for each in packages.values() if "refused" not in each]
            bad = [each for each in built if each["too_new"] or each["wrong_machine"] or each.get("missing")]
            cells = [
                target,
                tool,
                len(packages),
                len(built),
                len(packages) - len(built),
                len(bad),
                sum(each["elf_files"] for each in built),
                sum(len(each["too_new"]) for each in built),
                sum(len(each["wrong_machine"]) for each in built),
            ]
            yield f"| {' | '.join(map(str, cells))} |"
    yield ""
    yield from details(results)


def details(results: Mapping[str, Mapping[str, Mapping[str, Result]]]) -> Iterator[str]:
    """What is behind the counts."""
    lines: dict[str, list[str]] = {}
    for target, tools in results.items():
        for tool, packages in tools.items():
            for package, each in packages.items():
                for text in troubles(each):
                    lines.setdefault(f"{tool}, {package}: {text}", []).append(target)
    for text, targets in sorted(lines.items()):
        yield f"- {text} ({', '.join(targets)})"


def troubles(each: Result) -> Iterator[str]:
    """What is wrong with one package."""
    if "refused" in each:
        yield f"refused: {reason(each)}"
        return
    yield from each.get("findings", [])
    if each.get("missing"):
        yield "left out without a word"
    if each["too_new"]:
        yield f"{len(each['too_new'])} of {each['elf_files']} files too new, such as {each['too_new'][0]}"
    if each["wrong_machine"]:
        yield f"{len(each['wrong_machine'])} files for another processor, such as {each['wrong_machine'][0]}"


if __name__ == "__main__":
    sys.exit(write_report())
