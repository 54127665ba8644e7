# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A software bill of materials in CycloneDX's form, made from a layer's zip, whoever built it.

The same zip gives the same text: there is no date in it, and its serial number follows from the zip.
"""

from __future__ import annotations

import uuid
from contextlib import suppress
from pathlib import Path

with suppress(ImportError):  # The module says that it is missing.
    from cyclonedx.contrib.license.factories import LicenseFactory
    from cyclonedx.model import HashAlgorithm, HashType, Property
    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.output import make_outputter
    from cyclonedx.schema import OutputFormat, SchemaVersion
    from packageurl import PackageURL
    from packaging.utils import canonicalize_name

from ansible_collections.asesoria.serverless.plugins.module_utils._archive import file_sha256
from ansible_collections.asesoria.serverless.plugins.module_utils._audit_distributions import needed_requirements
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._installed import Installed
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_contents import ContentsError, open_contents
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_view import Layer
from ansible_collections.asesoria.serverless.plugins.module_utils._target import Target

#: Serial numbers are made of this and the zip's SHA-256.
_NAMESPACE = uuid.UUID("b2b0f0e3-7f0c-5b5e-9b0c-3f6c1a6d2e41")
_PROPERTY = "asesoria.serverless:"


class SbomError(ServerlessError):
    """There is nothing to make a bill of materials of."""


def make_sbom(archive: Path, *, name: str, target: Target) -> str:
    """The bill of materials of a layer.

    :param archive: the layer's zip.
    :param name: of the layer.
    :param target: what it is for; it decides which requirements hold.
    :returns: JSON in the form of CycloneDX 1.6.
    :raises ServerlessError: there is no zip, or it, or a distribution's metadata, can't be read.
    """
    if not archive.is_file():
        raise SbomError(f"{archive} is not a file", "Build the layer, or name its zip")
    with open_contents(archive) as contents:
        layer = Layer(contents, target=target)
        components = {item.key: _component(item) for item in reversed(layer.installed)}
        edges = _edges(layer, components)
        if layer.damage:
            raise ContentsError(f"{layer.damage[0].file}: {layer.damage[0].problem}", layer.damage[0].remedy)
    sha256 = file_sha256(archive)
    whole = _whole(name, sha256=sha256, target=target)
    bom = Bom(serial_number=uuid.uuid5(_NAMESPACE, sha256), components=components.values())
    bom.metadata = BomMetaData(component=whole)
    bom.metadata.timestamp = None  # type: ignore[assignment]  # a date would make each run's text another one
    bom.register_dependency(whole, components.values())
    for key, component in components.items():
        bom.register_dependency(component, edges[key])
    text = make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2)
    return f"{text}\n"


def _whole(name: str, *, sha256: str, target: Target) -> Component:
    return Component(
        name=name,
        type=ComponentType.FILE,
        bom_ref=f"layer:{name}",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=sha256)],
        properties=[
            Property(name=f"{_PROPERTY}runtime", value=target.runtime.identifier),
            Property(name=f"{_PROPERTY}architecture", value=target.architecture),
        ],
    )


def _component(item: Installed) -> Component:
    purl = PackageURL("pypi", None, item.key, str(item.version))
    return Component(
        name=item.name,
        version=str(item.version),
        type=ComponentType.LIBRARY,
        purl=purl,
        bom_ref=str(purl),
        licenses=[LicenseFactory().make_from_string(item.license)] if item.license else (),
    )


def _edges(layer: Layer, components: dict[str, Component]) -> dict[str, list[Component]]:
    """Which components each one needs, by its key; what the layer doesn't have is left out."""
    found: dict[str, list[Component]] = {key: [] for key in components}
    for item, requirement in needed_requirements(layer):
        needed = components.get(canonicalize_name(requirement.name))
        if needed is not None:
            found[item.key].append(needed)
    return found
