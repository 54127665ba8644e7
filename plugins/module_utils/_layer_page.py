# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A layer as one page of HTML that needs nothing else: no script, no picture, no font, no address.

All values are escaped, since names come from whoever made the packages. The same values give the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ansible_collections.asesoria.serverless.plugins.module_utils._import_times import ImportTime
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_audit import Audit
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_sizes import (
    Difference,
    Share,
    Tile,
    treemap,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._manifest import Manifest
from ansible_collections.asesoria.serverless.plugins.module_utils._page import HEAD, fill_in, megabytes
from ansible_collections.asesoria.serverless.plugins.module_utils._runtimes import (
    MAX_DIRECT_UPLOAD_BYTES,
    MAX_UNZIPPED_BYTES,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._target import Target

WIDTH, HEIGHT = 1000, 420
#: A label is drawn where a rectangle has room for it: so many units for a letter and for a line.
_LETTER, _LINE = 8.4, 34
#: By how much letters have to be larger on a narrow screen, where the picture is so much smaller.
_NARROW = 2.4


@dataclass(frozen=True)
class Page:
    """What the page says.

    :param name: the layer.
    :param target: what it is for.
    :param sha256: of the zip.
    :param shares: what its bytes go to, the largest first.
    :param audit: what was found.
    :param manifest: how it was made; None if nobody wrote that down.
    :param imports: None if they were not measured.
    :param sbom: where its bill of materials is, relative to the page; empty without one.
    :param compared: what it is compared with; empty if with nothing.
    :param differences: how it differs from that.
    """

    name: str
    target: Target
    sha256: str
    shares: Sequence[Share]
    audit: Audit
    manifest: Manifest | None = None
    imports: Sequence[ImportTime] | None = None
    sbom: str = ""
    compared: str = ""
    differences: Sequence[Difference] = ()


def render(page: Page) -> str:
    """The page's text."""
    slowest = max((each.seconds or 0 for each in page.imports or ()), default=0)
    tiles = treemap(page.shares, width=WIDTH, height=HEIGHT)
    return fill_in(
        _TEMPLATE,
        filters={"change": _change},
        title=f"Layer {page.name}",
        page=page,
        total=sum(share.size for share in page.shares) or 1,
        tiles=[(tile, _label_class(tile)) for tile in tiles],
        slowest=slowest or 1,
        width=WIDTH,
        height=HEIGHT,
        limits=[
            ("zip", page.audit.zipped_bytes or 0, MAX_DIRECT_UPLOAD_BYTES, "more goes through S3"),
            ("unzipped", page.audit.unzipped_bytes, MAX_UNZIPPED_BYTES, "of a function with all its layers"),
        ],
        runtime=page.target.runtime,
        glibc=".".join(map(str, page.target.runtime.os.glibc)),
    )


def _label_class(tile: Tile) -> str:
    """How large a screen has to be for the label to fit; empty if it never does."""
    letters = len(tile.share.name or "other files") * _LETTER
    if tile.width > letters * _NARROW and tile.height > _LINE * _NARROW:
        return "any"
    return "wide" if tile.width > letters and tile.height > _LINE else ""


def _change(size: int) -> str:
    sign = {True: "+", False: "\N{MINUS SIGN}"}[size > 0] if size else ""
    return f"{sign}{megabytes(abs(size))}"


_TEMPLATE = (
    HEAD + """{% macro megabytes(size) %}{{ size | megabytes }}{% endmacro %}
<header>
<h1>{{ page.name }}</h1>
<p class="soft">Layer for {{ runtime.identifier }} on {{ page.target.architecture }} ({{ runtime.os.name }}).
SHA-256 <code>{{ page.sha256 }}</code></p>
{% if page.sbom %}<p><a id="sbom" href="{{ page.sbom }}">Bill of materials (CycloneDX)</a></p>{% endif %}
</header>
<section class="cards" aria-label="In short">
{% for what, size, limit, note in limits %}
<div class="card" id="limit-{{ what }}">{{ what }}<b>{{ size | megabytes }}</b>
<div class="meter"><i style="width:{{ '%.1f' % [100 * size / limit, 100] | min }}%"></i></div>
<span class="soft">{{ '%.0f' % (100 * size / limit) }} % of {{ limit | megabytes }}, {{ note }}</span></div>
{% endfor %}
<div class="card" id="glibc">glibc<b>{{ page.audit.glibc or "none" }}</b>
<span class="soft">is the newest that a compiled file needs, of {{ page.audit.elf_files }};
the runtime has {{ glibc }}</span></div>
<div class="card" id="findings-count">findings<b{% if page.audit.findings %} class="bad"{% endif %}>
{{ page.audit.findings | length }}</b><span class="soft">{{ page.audit.allowed | length }} accepted by name</span></div>
{% if page.manifest %}
<div class="card" id="slimming">left out<b>{{ page.manifest.saved.size | megabytes }}</b>
<span class="soft">{{ page.manifest.saved.files }} files, by slimming {{ page.manifest.slim }}
{% if page.manifest.provided %}; not in the layer: {{ page.manifest.provided | join(", ") }}{% endif %}</span></div>
<div class="card" id="imports-count">imports<b>{{ page.manifest.imports.modules }}</b>
<span class="soft">modules imported from the finished zip with Python {{ page.manifest.python }}</span></div>
{% endif %}
</section>

<h2>Sizes by distribution</h2>
<svg id="treemap" viewBox="0 0 {{ width }} {{ height }}" role="img" aria-labelledby="treemap-title">
<title id="treemap-title">Unzipped sizes by distribution; the table below has the same numbers</title>
{% for tile, labelled in tiles %}
<g><title>{{ tile.share.name or "other files" }} {{ tile.share.version }}: {{ tile.share.size | megabytes }}</title>
<rect x="{{ '%.2f' % tile.x }}" y="{{ '%.2f' % tile.y }}" width="{{ '%.2f' % tile.width }}" """
    """height="{{ '%.2f' % tile.height }}" fill="hsl({{ 155 + 47 * loop.index0 % 360 }} 55% 27%)"/>
{% if labelled %}
<text class="{{ labelled }}" x="{{ '%.2f' % (tile.x + 8) }}" y="{{ '%.2f' % (tile.y + 21) }}">
{{ tile.share.name or "other files" }}</text>
{% endif %}
</g>
{% endfor %}
</svg>
<div class="scroll">
<table id="sizes">
<thead><tr><th>distribution</th><th>version</th><th>files</th><th>unzipped</th><th>in the zip</th><th>share</th></tr>
</thead>
<tbody>
{% for share in page.shares %}
<tr><td>{{ share.name or "other files" }}</td><td>{{ share.version }}</td><td>{{ share.files }}</td>
<td data-bytes="{{ share.size }}">{{ share.size | megabytes }}</td><td>{{ share.zipped | megabytes }}</td>
<td>{{ '%.1f' % (100 * share.size / total) }} %</td></tr>
{% endfor %}
</tbody>
</table>
</div>

{% if page.compared %}
<h2>Compared with {{ page.compared }}</h2>
{% if page.differences %}
<div class="scroll">
<table id="compared">
<thead><tr><th>distribution</th><th>before</th><th>after</th><th>unzipped</th></tr></thead>
<tbody>
{% for each in page.differences %}
<tr data-kind="{{ each.kind }}"><td>{{ each.name or "other files" }}</td>
<td>{{ each.before.version if each.before else "not there" }}</td>
<td>{{ each.after.version if each.after else "not there" }}</td><td>{{ each.size | change }}</td></tr>
{% endfor %}
</tbody>
</table>
</div>
{% else %}
<p id="compared">Both hold the same versions, of the same sizes.</p>
{% endif %}
{% endif %}

<h2>Findings</h2>
{% macro finding(each) %}
<li><code>{{ each.rule }}</code>{% if each.file %} {{ each.file }}{% endif %}
{% if each.distribution %} ({{ each.distribution }}){% endif %}: {{ each.problem }}. {{ each.remedy }}.</li>
{% endmacro %}
{% if page.audit.findings %}
<ul id="findings" class="bad">{% for each in page.audit.findings %}{{ finding(each) }}{% endfor %}</ul>
{% else %}
<p id="findings">Nothing keeps this layer from working in the runtime.</p>
{% endif %}
{% if page.audit.allowed %}
<p>Accepted by name:</p><ul id="allowed">{% for each in page.audit.allowed %}{{ finding(each) }}{% endfor %}</ul>
{% endif %}
{% if page.audit.notes %}
<ul id="notes">{% for note in page.audit.notes %}<li>{{ note }}</li>{% endfor %}</ul>
{% endif %}

<h2>Time of imports</h2>
{% if page.imports is none %}
<p id="imports">Not measured: no interpreter was given.</p>
{% else %}
<p class="soft">The import statement in a new process, all that it loads included; the median of several rounds.</p>
<div class="scroll">
<table id="imports">
<thead><tr><th>module</th><th>distribution</th><th>time</th><th></th></tr></thead>
<tbody>
{% for each in page.imports %}
<tr><td><code>{{ each.module }}</code></td><td>{{ each.distribution }}</td>
{% if each.seconds is none %}
<td class="bad">does not import</td><td></td></tr>
{% else %}
<td>{{ each.seconds | milliseconds }}</td>
<td class="wide"><div class="meter"><i style="width:{{ '%.1f' % (100 * each.seconds / slowest) }}%"></i></div></td></tr>
{% endif %}
{% endfor %}
</tbody>
</table>
</div>
{% endif %}
{% if page.manifest and (page.manifest.imports.optional or page.manifest.imports.provided) %}
<p class="soft">Without a part that is optional or provided elsewhere, these do not import:
{{ (page.manifest.imports.optional + page.manifest.imports.provided) | join(", ") }}.</p>
{% endif %}
</body>
</html>
"""
)
