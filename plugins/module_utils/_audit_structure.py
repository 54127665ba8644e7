# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules about names, links, modes and places: what can be said without reading a file."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from ansible_collections.asesoria.serverless.plugins.module_utils._installed import DIST_INFO, EGG_INFO
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_contents import Entry
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_view import (
    FUNCTION,
    LAYER,
    PYTHON,
    TOP,
    Finding,
    Layer,
    unsafe_reason,
)

_READ = 0o004
_READ_AND_ENTER = 0o005
_PACKAGES = ("site-packages", "dist-packages")
_MODULES = (".py", ".pyc", ".so")


def unsafe_path(layer: Layer) -> Iterator[Finding]:
    """Names that would be written elsewhere, or nowhere."""
    for entry in layer.contents.entries:
        reason = unsafe_reason(entry.name)
        if reason:
            yield Finding(
                "unsafe-path",
                f"this name is not safe to unpack: {reason}",
                "Build the zip anew, with names relative to its top",
                file=entry.name,
            )


def unsafe_link(layer: Layer) -> Iterator[Finding]:
    """Links that lead nowhere or out of the zip, and what is neither file, folder nor link."""
    for path, entry in layer.entries.items():
        if entry.kind == "other":
            yield Finding(
                "unsafe-link",
                "this is neither a file, a folder nor a link",
                f"Leave it out: nothing of this kind can be in a {layer.kind.name}",
                file=path,
            )
        elif entry.kind == "link" and not layer.resolve(path):
            yield Finding(
                "unsafe-link",
                f"this link points to {entry.link or 'nothing that can be read'}, which is not in the zip",
                "Replace it by the file that it stands for, or make it relative to a file in the zip",
                file=path,
            )


def duplicate_name(layer: Layer) -> Iterator[Finding]:
    """Names of which only one can be unpacked."""
    seen: dict[str, Entry] = {}
    for entry in layer.contents.entries:
        if unsafe_reason(entry.name):
            continue
        first = seen.setdefault(entry.path, entry)
        if first is not entry and {first.kind, entry.kind} != {"folder"}:
            also = "" if first.name == entry.name else f" (as {first.name})"
            yield _duplicate(f"this name is in the zip twice{also}, so one of the two files is lost", entry.path)
    parents = {posixpath.dirname(path) for path in layer.folders | layer.entries.keys()}
    for path, entry in seen.items():
        if entry.kind != "folder" and path in parents:
            yield _duplicate(f"this is a {entry.kind} and a folder at once, so one of the two is lost", path)


def _duplicate(problem: str, path: str) -> Finding:
    return Finding("duplicate-name", problem, "Build the zip anew from one folder that has each file once", file=path)


def unreadable(layer: Layer) -> Iterator[Finding]:
    """Lambda runs functions as a user that neither owns the files nor is in their group."""
    for path, entry in layer.entries.items():
        needed = {"file": _READ, "folder": _READ_AND_ENTER}.get(entry.kind, 0)
        if entry.mode is not None and entry.mode & needed != needed:
            wanted = "0755" if entry.kind == "folder" else "0644"
            yield Finding(
                "unreadable",
                f"Lambda's user may not read this {entry.kind}, its mode is {entry.mode:04o}",
                f"Give it the mode {wanted} before it is put into the zip",
                file=path,
            )


def layout(layer: Layer) -> Iterator[Finding]:
    """Modules where Lambda's Python does not look for them."""
    return _function_layout(layer) if layer.kind is FUNCTION else _layer_layout(layer)


def _function_layout(layer: Layer) -> Iterator[Finding]:
    """An app may make any folder of its own one to import from, so others than a layer's are none of this rule's."""
    if not any(path.endswith(_MODULES) for path, entry in layer.entries.items() if entry.kind != "folder"):
        yield Finding(
            "layout",
            "there is no module in it, so nothing of this function can be imported",
            "Put the app into it, and what the app imports at the top",
        )
    roots = {root.format(python=layer.target.runtime.python) for root in LAYER.roots}
    for folder in sorted(roots & set(_package_folders(layer))):
        yield Finding(
            "layout",
            "distributions are installed here, where Python looks in a layer and not in a function",
            "Install them at the top, or publish them as a layer",
            file=folder,
        )


def _layer_layout(layer: Layer) -> Iterator[Finding]:
    if not any(path.startswith(f"{PYTHON}/") for path, entry in layer.entries.items() if entry.kind != "folder"):
        yield Finding(
            "layout",
            f"there is no file below {PYTHON}/, so nothing of this layer can be imported",
            f"Put what is to be imported below {PYTHON}/",
        )
    for name in sorted(layer.children(TOP) - {PYTHON}):
        if _is_importable(layer, name):
            yield Finding(
                "layout",
                "this is at the top of the layer, where Lambda's Python does not look",
                f"Move it below {PYTHON}/",
                file=name,
            )
    for folder in sorted(_package_folders(layer)):
        yield Finding(
            "layout",
            f"distributions are installed here, where the Python of {layer.target.runtime.identifier} does not look",
            f"Install them for {layer.target.runtime.identifier}, into {PYTHON}/ or {layer.roots[0]}/",
            file=folder,
        )


def _is_importable(layer: Layer, name: str) -> bool:
    if name not in layer.folders:
        return name.endswith(_MODULES)
    return name.endswith((DIST_INFO, EGG_INFO)) or "__init__.py" in layer.children(name)


def _package_folders(layer: Layer) -> Iterator[str]:
    """Folders that distributions are installed in and that are no import folder."""
    for folder in layer.folders - {TOP, *layer.roots}:
        named = posixpath.basename(folder) in _PACKAGES
        metadata = any(name.endswith(DIST_INFO) for name in layer.children(folder))
        if (named or metadata) and not _is_inside_package(layer, folder):
            yield folder


def _is_inside_package(layer: Layer, folder: str) -> bool:
    """Packages such as setuptools bring others inside of them, with their metadata, and know where they are."""
    while folder:
        if "__init__.py" in layer.children(folder):
            return True
        folder = posixpath.dirname(folder)
    return False
