# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a layer's bytes go to: sizes by distribution, their picture as a treemap, and two layers compared."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

with suppress(ImportError):  # The module says that it is missing.
    import squarify

from ansible_collections.asesoria.serverless.plugins.module_utils._layer_contents import open_contents
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_view import Layer, shown
from ansible_collections.asesoria.serverless.plugins.module_utils._project_name import normalize
from ansible_collections.asesoria.serverless.plugins.module_utils._target import Target


@dataclass(frozen=True)
class Share:
    """What one distribution takes.

    :param name: the distribution, empty for files that are of none.
    :param version: its version, empty for these.
    :param files: how many files, bytecode included.
    :param size: bytes of these, unzipped.
    :param zipped: bytes that they take in the zip.
    """

    name: str
    version: str
    files: int
    size: int
    zipped: int


@dataclass(frozen=True)
class Tile:
    """A rectangle of the treemap.

    :param share: what it stands for; its area is in proportion to the size.
    """

    share: Share
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Difference:
    """A distribution in two layers.

    :param name: normalized; empty for files that are of none.
    :param before: what it takes in the one, None if it is not there.
    :param after: the same of the other.
    """

    name: str
    before: Share | None
    after: Share | None

    @property
    def size(self) -> int:
        """By how many unzipped bytes it grows."""
        return (self.after.size if self.after else 0) - (self.before.size if self.before else 0)

    @property
    def kind(self) -> str:
        """C(added), C(removed), C(version), C(size), or C(same)."""
        if self.before is None or self.after is None:
            return "added" if self.before is None else "removed"
        if self.before.version != self.after.version:
            return "version"
        return "same" if self.before.size == self.after.size else "size"


def shares_of(path: Path, *, target: Target) -> list[Share]:
    """What each distribution takes, the largest first.

    :param path: a layer's zip.
    :param target: what it is for.
    :raises ContentsError: it can't be read.
    """
    with open_contents(path) as contents:
        layer = Layer(contents, target=target)
        versions = {item.name: str(item.version) for item in reversed(layer.installed)}
        found: dict[str, list[tuple[int, int]]] = {}
        for name, entry in layer.entries.items():
            if entry.kind == "file":
                found.setdefault(layer.owner(name) or "", []).append((entry.size, entry.zipped))
    shares = [
        Share(
            name=shown(owner),
            version=shown(versions.get(owner, "")),
            files=len(sizes),
            size=sum(size for size, _zipped in sizes),
            zipped=sum(zipped for _size, zipped in sizes),
        )
        for owner, sizes in found.items()
    ]
    return sorted(shares, key=lambda share: (-share.size, share.name))


def treemap(shares: Sequence[Share], *, width: float, height: float) -> list[Tile]:
    """Lay rectangles out so that they fill an area and are nearly square, the largest first.

    Source: Bruls, Huizing and van Wijk, "Squarified Treemaps" (2000), by way of the library squarify.

    :param shares: the largest first; what takes no byte has no rectangle.
    """
    drawn = [share for share in shares if share.size]
    sizes = squarify.normalize_sizes([share.size for share in drawn], width, height)
    places = squarify.squarify(sizes, 0, 0, width, height)
    return [
        Tile(share, x=place["x"], y=place["y"], width=place["dx"], height=place["dy"])
        for share, place in zip(drawn, places, strict=True)
    ]


def differences(before: Iterable[Share], after: Iterable[Share]) -> list[Difference]:
    """How two layers differ, what has changed the most first; what is the same is left out."""
    return sorted(
        (each for each in _pairs(before, after) if each.kind != "same"), key=lambda each: (-abs(each.size), each.name)
    )


def _pairs(before: Iterable[Share], after: Iterable[Share]) -> Iterator[Difference]:
    old = {normalize(share.name): share for share in before}
    new = {normalize(share.name): share for share in after}
    for name in {**old, **new}:
        yield Difference(name, before=old.get(name), after=new.get(name))
