# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the pages of HTML have in common: they need nothing else, neither script, picture, font nor address.

All values are escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

with suppress(ImportError):  # The modules say that it is missing.
    import jinja2

_MEGABYTE = 1_000_000


def fill_in(template: str, *, filters: Mapping[str, Callable[..., Any]] | None = None, **values: Any) -> str:
    """Make a page's text.

    :param template: that begins with :data:`HEAD`, which wants C(title).
    :param filters: besides C(megabytes) and C(milliseconds).
    :param values: by the names that the template has for them.
    """
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    environment.filters.update(megabytes=megabytes, milliseconds=milliseconds, **(filters or {}))
    return environment.from_string(template).render(**values)


def megabytes(size: int) -> str:
    """Bytes in words."""
    return f"{size / _MEGABYTE:.2f} MB" if size < _MEGABYTE * 10 else f"{size / _MEGABYTE:.1f} MB"


def milliseconds(seconds: float) -> str:
    """Seconds in words."""
    return f"{seconds * 1000:.0f} ms" if seconds >= 0.01 else f"{seconds * 1000:.1f} ms"  # noqa: PLR2004


_STYLE = """
:root{--back:#ffffff;--text:#1f2328;--soft:#59636e;--line:#d1d9e0;--card:#f6f8fa;--bar:#0a7d55;--bad:#b3261e;--link:#0a58ca}
@media(prefers-color-scheme:dark){:root{--back:#0d1117;--text:#e6edf3;--soft:#9da7b3;--line:#3d444d;--card:#161b22;
--bar:#3fb984;--bad:#ff8a80;--link:#79b8ff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:1040px;padding:16px 20px 48px;background:var(--back);color:var(--text);
font:15px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.6rem;margin:.4em 0 0}h2{font-size:1.15rem;margin:2em 0 .5em}
p{margin:.4em 0}.soft{color:var(--soft)}a{color:var(--link)}code{font-size:.9em}
.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:20px 0}
.card{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px 14px}
.card b{display:block;font-size:1.35rem;line-height:1.3}
.meter{height:6px;border-radius:3px;background:var(--line);margin:8px 0 4px;overflow:hidden}
.meter i{display:block;height:100%;background:var(--bar)}
.scroll{overflow-x:auto}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
th,td{text-align:right;padding:5px 8px;border-bottom:1px solid var(--line);white-space:nowrap}
th:first-child,td:first-child{text-align:left;white-space:normal;min-width:9em}
th{color:var(--soft);font-weight:600}td.wide{width:30%}
svg{display:block;width:100%;height:auto;border-radius:8px}
svg rect{stroke:var(--back);stroke-width:2}svg text{font:14px system-ui,sans-serif;fill:#ffffff;pointer-events:none}
@media(max-width:600px){svg text.any{font-size:33px;transform:translate(6px,16px)}svg text.wide{display:none}}
.bad{color:var(--bad)}li{margin:.4em 0}
"""

#: The beginning of a page.
HEAD = (
    """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="asesoria.serverless">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<link rel="icon" href="data:,">
<title>{{ title }}</title>
<style>"""
    + _STYLE
    + """</style>
</head>
<body>
"""
)
