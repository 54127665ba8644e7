# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run, and what it has deployed, as one page of HTML that needs nothing else. All values are escaped."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from ansible_collections.asesoria.serverless.plugins.module_utils import _prices as prices
from ansible_collections.asesoria.serverless.plugins.module_utils._console_links import Console
from ansible_collections.asesoria.serverless.plugins.module_utils._cost_estimate import (
    KEPT_DEPLOYMENTS,
    LOGGED_BYTES,
    Assumption,
    Cost,
    total,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._latency_plot import (
    HEIGHT,
    WIDTH,
    Attempt,
    bars,
    summarize,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._page import HEAD, fill_in, megabytes, milliseconds
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import MAX_UNZIPPED_BYTES

_MARK = re.compile(r'<meta name="deployment" content="(?P<hash>[0-9a-f]{64})">')


@dataclass(frozen=True)
class Stage:
    """A part of the run.

    :param name: as its playbook is called.
    :param seconds: how long it took.
    """

    name: str
    seconds: float


@dataclass(frozen=True)
class Size:
    """What counts against Lambda's limit.

    :param what: a function's package, or a layer's version.
    :param zipped: bytes of the zip.
    :param unzipped: bytes of the files in it; C(None) if the zip is not at hand.
    """

    what: str
    zipped: int
    unzipped: int | None


@dataclass(frozen=True)
class Run:
    """What the page says.

    :param service: the service.
    :param stage: its stage.
    :param region: where it is.
    :param status: what the module service_status_info has returned.
    :param changes: what the run has changed, a sentence each.
    :param unchanged: what it has looked after and left as it was, a sentence each.
    :param stages: of the run, in their order; none if it was not watched.
    :param attempts: of the verification, in their order.
    :param versions: of what took part, by name.
    :param sizes: what counts against the limit, by function.
    :param assumption: what the costs are reckoned from.
    :param measured: whether the mean latency is that of the answers.
    :param costs: a month's.
    :param builder: what the builder cost, if there was one.
    :param finished: when, in words.
    """

    service: str
    stage: str
    region: str
    status: Mapping[str, Any]
    changes: Sequence[str]
    unchanged: Sequence[str]
    stages: Sequence[Stage]
    attempts: Sequence[Attempt]
    versions: Mapping[str, str]
    sizes: Mapping[str, Sequence[Size]]
    assumption: Assumption
    measured: bool
    costs: Sequence[Cost]
    builder: Cost | None
    finished: str

    @property
    def seconds(self) -> float:
        """How long all stages took."""
        return sum(stage.seconds for stage in self.stages)

    @property
    def deployment(self) -> str:
        """A hash of what is deployed, whichever run looks at it."""
        status = self.status
        functions = [
            {
                **{key: value for key, value in function.items() if key not in ("layers", "log")},
                "layers": [layer["arn"] for layer in function["layers"]],
            }
            for function in status["functions"]
        ]
        told = [status["stack_arn"], status["version"], status["endpoint"], functions]
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def is_about(page: str, run: Run) -> bool:
    """Whether a page is about the very deployment that a run has."""
    found = _MARK.search(page)
    return found is not None and found["hash"] == run.deployment


def summary(run: Run, *, page: str) -> list[str]:
    """A few lines for the terminal.

    :param page: where the page is.
    """
    status = run.status
    lines = [f"endpoint  {status['endpoint'] or 'none'}"]
    nothing = "nothing" if run.stages else "nothing was watched, as the report was made by itself"
    lines += [f"changed   {change}" for change in run.changes or (nothing,)]
    lines += [f"as before {each}" for each in run.unchanged]
    for function in status["functions"]:
        layers = ", ".join(_layer_words(layer) for layer in function["layers"])
        lines.append(f"function  {function['name']}: {function['runtime']}, layers: {layers or 'none'}")
        budget = budget_of(run.sizes.get(function["name"], ()))
        lines.append(f"size      {_size_words(run.sizes.get(function['name'], ()), budget)}")
    if run.stages:
        shown = ", ".join(f"{stage.name} {stage.seconds:.0f} s" for stage in run.stages)
        lines.append(f"time      {run.seconds:.0f} s: {shown}")
    latency = summarize(run.attempts)
    if latency:
        lines.append(
            f"answers   {latency.count}, median {milliseconds(latency.median)}, 95 % within {milliseconds(latency.p95)}"
        )
    cost = f"about USD {total(run.costs):.2f} a month for {run.assumption.requests:,} requests"
    return [*lines, f"cost      {cost}, free tier not counted", f"page      {page}"]


def _layer_words(layer: Mapping[str, Any]) -> str:
    return f"{layer['name']}:{layer['version']}" + (f" (stale, {layer['newest']} is there)" if layer["stale"] else "")


def budget_of(sizes: Sequence[Size]) -> int | None:
    """Bytes of a function with all its layers; C(None) if one of them is not known."""
    known = [size.unzipped for size in sizes if size.unzipped is not None]
    return sum(known) if sizes and len(known) == len(sizes) else None


def _size_words(sizes: Sequence[Size], budget: int | None) -> str:
    zipped = megabytes(sum(size.zipped for size in sizes))
    if budget is None:
        return f"{zipped} zipped"
    share = 100 * budget / MAX_UNZIPPED_BYTES
    return f"{zipped} zipped, {megabytes(budget)} of {megabytes(MAX_UNZIPPED_BYTES)} unzipped ({share:.0f} %)"


def render(run: Run) -> str:
    """The page's text."""
    arn = run.status["stack_arn"] or ""
    partition = arn.split(":")[1] if arn.startswith("arn:") else "aws"
    return fill_in(
        HEAD.replace("</title>\n", '</title>\n<meta name="deployment" content="{{ run.deployment }}">\n') + _TEMPLATE,
        filters={"dollars": _dollars, "web_address": _web_address},
        title=f"{run.service} ({run.stage})",
        run=run,
        console=Console(partition=partition, region=run.region),
        latency=summarize(run.attempts),
        bars=bars(run.attempts),
        width=WIDTH,
        height=HEIGHT,
        longest=max((attempt.seconds for attempt in run.attempts), default=0.0),
        slowest=max((stage.seconds for stage in run.stages), default=0.0) or 1.0,
        budgets={name: budget_of(sizes) for name, sizes in run.sizes.items()},
        limit=MAX_UNZIPPED_BYTES,
        total=total(run.costs),
        prices=prices,
        logged_bytes=LOGGED_BYTES,
        kept=KEPT_DEPLOYMENTS,
    )


def _dollars(amount: float) -> str:
    return f"{amount:.2f}" if amount >= 0.01 or not amount else f"{amount:.4f}"  # noqa: PLR2004


def _web_address(address: str) -> bool:
    """Whether an address can be a link that does nothing but open a page."""
    return urlsplit(address).scheme in ("http", "https")


_TEMPLATE = """{% macro link(address, text) %}
{% if address | web_address %}<a href="{{ address }}" rel="noreferrer">{{ text }}</a>{% else %}{{ text }}{% endif %}
{% endmacro %}
<header>
<h1>{{ run.service }}</h1>
<p class="soft">Stage {{ run.stage }} in {{ run.region }}, as of {{ run.finished }}.
{{ run.status.stack_name }} is {{ run.status.stack_status or "not deployed" }}
{%- if run.status.deployed %} since {{ run.status.deployed }}{% endif %}.</p>
<p id="endpoint">{% if run.status.endpoint %}{{ link(run.status.endpoint, run.status.endpoint) }}{% else %}No endpoint.
{% endif %}</p>
</header>
<section class="cards" aria-label="In short">
<div class="card" id="changed-count">changed<b>{{ run.changes | length }}</b>
<span class="soft">{{ "see below" if run.changes else "nothing in this run" if run.stages else "not watched" }}</span>
</div>
{% if run.stages %}
<div class="card" id="time">time<b>{{ '%.0f' % run.seconds }} s</b>
<span class="soft">in {{ run.stages | length }} stages</span></div>
{% endif %}
{% for name, budget in budgets.items() %}
<div class="card budget">size<b>{{ budget | megabytes if budget is not none else "not known" }}</b>
{% if budget is not none %}
<div class="meter"><i style="width:{{ '%.1f' % [100 * budget / limit, 100] | min }}%"></i></div>
<span class="soft">{{ '%.0f' % (100 * budget / limit) }} % of {{ limit | megabytes }} unzipped, {{ name }}</span>
{% else %}
<span class="soft">unzipped, of {{ name }}: not all zips are on this machine</span>
{% endif %}
</div>
{% endfor %}
{% if latency %}
<div class="card" id="median">median answer<b>{{ latency.median | milliseconds }}</b>
<span class="soft">of {{ latency.count }} good answers</span></div>
{% endif %}
<div class="card" id="cost">cost a month<b>USD {{ total | dollars }}</b>
<span class="soft">for {{ '{:,}'.format(run.assumption.requests) }} requests, see below</span></div>
</section>

<h2>What changed</h2>
{% if run.changes %}
<ul id="changes">{% for change in run.changes %}<li>{{ change }}</li>{% endfor %}</ul>
{% elif run.stages %}
<p id="changes">Nothing: everything was as it should be.</p>
{% else %}
<p id="changes">Not watched: this page was made by itself, and not at the end of site.yml.</p>
{% endif %}
{% if run.unchanged %}
<p class="soft">As before:</p>
<ul id="unchanged" class="soft">{% for each in run.unchanged %}<li>{{ each }}</li>{% endfor %}</ul>
{% endif %}

<h2>What is deployed</h2>
{% if run.status.stack_arn %}
<p>Stack {{ link(console.stack(run.status.stack_arn), run.status.stack_name) }}
{%- if run.status.version %}, deployment <code>{{ run.status.version }}</code>{% endif %}.</p>
{% endif %}
{% for function in run.status.functions %}
<h3>{{ link(console.function(function.name), function.name) }}</h3>
<p class="soft">{{ function.runtime }} on {{ function.architecture }}, {{ function.memory_mb }} MB,
{{ function.timeout_seconds }} s at most, changed {{ function.modified }}.
SHA-256 of its code <code>{{ function.code_sha256 }}</code>.
{% if function.log %}
Log: {{ link(console.log_group(function.log.name), function.log.name) }},
{{ "kept %s days" % function.log.retention_days if function.log.retention_days else "kept for ever" }}.
{% endif %}</p>
<div class="scroll">
<table class="sizes">
<thead><tr><th>part</th><th>in the zip</th><th>unzipped</th></tr></thead>
<tbody>
{% for size in run.sizes[function.name] %}
<tr><td>{{ size.what }}</td><td>{{ size.zipped | megabytes }}</td>
<td>{{ size.unzipped | megabytes if size.unzipped is not none else "not known" }}</td></tr>
{% endfor %}
</tbody>
</table>
</div>
{% for layer in function.layers if layer.stale %}
<p class="bad">{{ layer.name }}:{{ layer.version }} is stale: {{ layer.newest }} is the newest that fits.</p>
{% endfor %}
{% endfor %}
{% for builder in run.status.builders %}
<p class="bad">The builder {{ builder.instance_id }} ({{ builder.instance_type }}) is {{ builder.state }} since
{{ builder.launched }} and costs money until it is ended.</p>
{% endfor %}

<h2>Versions</h2>
<div class="scroll">
<table id="versions">
<thead><tr><th>what</th><th>version</th></tr></thead>
<tbody>
{% for name, version in run.versions.items() %}
<tr><td>{{ name }}</td><td>{{ version }}</td></tr>
{% endfor %}
</tbody>
</table>
</div>

<h2>Time of the stages</h2>
{% if run.stages %}
<div class="scroll">
<table id="stages">
<thead><tr><th>stage</th><th>time</th><th></th></tr></thead>
<tbody>
{% for stage in run.stages %}
<tr><td>{{ stage.name }}</td><td>{{ '%.1f' % stage.seconds }} s</td>
<td class="wide"><div class="meter"><i style="width:{{ '%.1f' % (100 * stage.seconds / slowest) }}%"></i></div></td>
</tr>
{% endfor %}
</tbody>
</table>
</div>
{% else %}
<p id="stages">Not measured: this page was made by itself, and not at the end of site.yml.</p>
{% endif %}

<h2>Latency of the verification</h2>
{% if bars %}
<p class="soft">One bar for each request, in their order, from before the connection until all of the answer was read;
the highest is {{ longest | milliseconds }}.</p>
<svg id="latency" viewBox="0 0 {{ width }} {{ height }}" role="img" aria-labelledby="latency-title">
<title id="latency-title">Time of each answer; the table below sums it up</title>
{% for bar in bars %}
<g{% if not bar.attempt.good %} class="bad"{% endif %}><title>{{ bar.attempt.request }}:
{{ bar.attempt.seconds | milliseconds }}{{ "" if bar.attempt.good else ", not as expected" }}</title>
<rect x="{{ '%.2f' % bar.x }}" y="{{ '%.2f' % bar.y }}" width="{{ '%.2f' % bar.width }}"
height="{{ '%.2f' % bar.height }}" fill="{{ 'var(--bar)' if bar.attempt.good else 'var(--bad)' }}"/>
</g>
{% endfor %}
</svg>
{% if latency %}
<div class="scroll">
<table id="latencies">
<thead><tr><th>good answers</th><th>least</th><th>median</th><th>mean</th><th>95 % within</th><th>most</th></tr></thead>
<tbody><tr><td>{{ latency.count }} of {{ bars | length }}</td><td>{{ latency.least | milliseconds }}</td>
<td>{{ latency.median | milliseconds }}</td><td>{{ latency.mean | milliseconds }}</td>
<td>{{ latency.p95 | milliseconds }}</td><td>{{ latency.most | milliseconds }}</td></tr></tbody>
</table>
</div>
{% endif %}
{% else %}
<p id="latency">Nothing was asked.</p>
{% endif %}

<h2>Cost estimate</h2>
<p class="soft" id="assumption">Assumed: {{ '{:,}'.format(run.assumption.requests) }} requests a month of
{{ run.assumption.seconds | milliseconds }} each
{{- ", the mean of the answers above, network and first start included, so rather too much" if run.measured else "" }};
{{ logged_bytes }} bytes of log for each; {{ kept }} deployments kept. List prices of {{ prices.REGION }} in US dollars,
compared with their sources on {{ prices.WRITTEN }}, without free tier and tax; what the app itself uses besides is not
in it.
{%- if run.region != prices.REGION %} Prices of {{ run.region }} differ.{% endif %}</p>
<div class="scroll">
<table id="costs">
<thead><tr><th>what</th><th>reckoned from</th><th>USD a month</th></tr></thead>
<tbody>
{% for cost in run.costs %}
<tr><td>{{ cost.what }}</td><td>{{ cost.basis }}</td><td>{{ cost.dollars | dollars }}</td></tr>
{% endfor %}
<tr><td><b>together</b></td><td></td><td><b>{{ total | dollars }}</b></td></tr>
</tbody>
</table>
</div>
{% if run.builder %}
<p id="builder">Once: {{ run.builder.basis }}, USD {{ run.builder.dollars | dollars }}.</p>
{% endif %}
{% if run.status.unread %}
<h2>What could not be read</h2>
<ul id="unread">{% for each in run.status.unread %}<li>{{ each.what }}: {{ each.reason }}</li>{% endfor %}</ul>
{% endif %}
</body>
</html>
"""
