# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Takes away the versions of a layer that this collection published, in one region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import is_denied
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_api import (
    LayerApiError,
    Layers,
    LayerVersion,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_mark import is_ours
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_request import check_name
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_upload import Bucket


@dataclass(frozen=True)
class RemovalPlan:
    """What a removal would do.

    :param name: of the layer.
    :param region: where.
    :param ours: the versions that this code published, newest first.
    :param others: those that it leaves alone, newest first.
    :param bucket: the bucket that this code made for uploads, C(None) if there is none to remove.
    :param used: Versions that this code published and functions still use, each with the functions; they stay.
    :param notes: what a user should know of.
    """

    name: str
    region: str
    ours: tuple[LayerVersion, ...]
    others: tuple[LayerVersion, ...]
    bucket: Bucket | None = None
    used: tuple[tuple[LayerVersion, tuple[str, ...]], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def stay(self) -> tuple[LayerVersion, ...]:
        """The versions that stay, newest first."""
        kept = (*self.others, *(version for version, _functions in self.used))
        return tuple(sorted(kept, key=lambda version: version.version, reverse=True))

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.ours or self.bucket)

    def diff(self) -> dict[str, Any]:
        """The versions before and after, as Ansible wants it."""
        header = f"versions of layer {self.name} in {self.region}"
        before = sorted(version.arn for version in (*self.ours, *self.stay))
        after = sorted(version.arn for version in self.stay)
        if self.bucket:
            before.append(f"s3://{self.bucket.name}")
        return {"before_header": header, "after_header": header, "before": before, "after": after}

    def result(self) -> dict[str, Any]:
        """What the module returns of this region."""
        return {
            "changed": self.changes,
            "removed_versions": [version.version for version in self.ours],
            "kept_versions": [version.version for version in self.stay],
        }


def plan_removal(name: str, *, region: str, layers: Layers, bucket: Bucket | None = None) -> RemovalPlan:
    """Look for what this code made; changes nothing.

    :param name: of the layer.
    :param region: where.
    :param layers: of that region.
    :param bucket: the bucket that uploads went through, if it is to go too.
    :raises ServerlessError: the name can't be one of a layer, or AWS refused.
    """
    check_name(name)
    ours: list[LayerVersion] = []
    others: list[LayerVersion] = []
    for version in layers.versions(name):
        (ours if is_ours(version, name=name, layers=layers) else others).append(version)
    removable = bucket if bucket and bucket.exists_and_is_ours() else None
    users, notes = _users(name, region=region, layers=layers) if ours else ({}, ())
    return RemovalPlan(
        name=name,
        region=region,
        ours=tuple(version for version in ours if version.arn not in users),
        others=tuple(others),
        bucket=removable,
        used=tuple((version, tuple(users[version.arn])) for version in ours if version.arn in users),
        notes=notes,
    )


def _users(name: str, *, region: str, layers: Layers) -> tuple[dict[str, list[str]], tuple[str, ...]]:
    """Read which functions use which layer version; without the permission no function is known.

    A function goes on with a version that is deleted.
    """
    try:
        return layers.users(), ()
    except LayerApiError as error:
        if not is_denied(error):
            raise
        note = (
            f"Whether functions of other services use the layer {name} in {region} could not be read, because "
            "lambda:ListFunctions is not allowed. Those that do go on with the version that they have."
        )
        return {}, (note,)


def apply_removal(plan: RemovalPlan, *, layers: Layers, prefix: str = "") -> None:
    """Do what was planned. A bucket that other layers have something in stays.

    :param prefix: what the names of the layer's objects in the bucket begin with.
    :raises LayerApiError: AWS refused.
    """
    for version in plan.ours:
        layers.delete(plan.name, version.version)
    if plan.bucket:
        plan.bucket.remove(prefix=prefix)
