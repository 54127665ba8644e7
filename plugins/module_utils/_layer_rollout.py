# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All that makes a layer in one region what it shall be: its newest version, who may use it, what is kept.

The plan reads only. What is shown in check mode and in a diff is that plan, and applying it is the real run.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._layer_api import Layers, LayerVersion
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_distributions import (
    changes,
    remote_distributions,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_mark import claimed_sha256, is_ours
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_publish import (
    PublishPlan,
    apply_publish,
    plan_publish,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_request import Artifact, PublishRequest
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_retention import (
    RetentionPlan,
    apply_retention,
    plan_retention,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_sharing import (
    Grant,
    SharingPlan,
    apply_sharing,
    plan_sharing,
)
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_upload import Bucket
from ansible_collections.asesoria.serverless.plugins.module_utils._zip_directory import Fetch, UnreadableError

#: Stands for the number of a version that is yet to be published.
NEW = 0


@dataclass(frozen=True)
class Wanted:
    """What a layer shall be, in every region.

    :param publish: what its newest version shall be.
    :param sharing: who may use it, C(None) to leave that alone.
    :param keep: how many versions stay, C(None) for all.
    """

    publish: PublishRequest
    sharing: frozenset[Grant] | None = None
    keep: int | None = None


@dataclass(frozen=True)
class RegionPlan:
    """What a run would do in one region.

    :param publish: with the newest version.
    :param sharing: with the policies; the version that holds the artifact comes first. Empty to leave them alone.
    :param retention: with older versions, C(None) if all stay.
    :param distributions: of the version that is replaced, C(None) if they are not known.
    :param notes: what a user should know of.
    """

    publish: PublishPlan
    sharing: tuple[SharingPlan, ...] = ()
    retention: RetentionPlan | None = None
    distributions: Mapping[str, str] | None = None
    notes: tuple[str, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether there is anything to do."""
        return bool(
            self.publish.publishes
            or self.publish.duplicates
            or any(sharing.changes for sharing in self.sharing)
            or (self.retention and self.retention.delete)
        )

    def diff(self) -> dict[str, Any]:
        """The layer before and after, as Ansible wants it."""
        before, after = (dict(side) for side in self.publish.shown())
        if before and self.distributions is not None:
            before["distributions"] = dict(self.distributions)
        after["distributions"] = dict(self.publish.artifact.distributions)
        if self.sharing:
            shown = {_label(sharing.version): sharing.shown() for sharing in self.sharing}
            before["sharing"] = {name: sides[0] for name, sides in shown.items() if name != _label(NEW)}
            after["sharing"] = {name: sides[1] for name, sides in shown.items()}
        if self.retention or self.publish.duplicates:
            before["versions"] = sorted(version.version for version in self.publish.versions)
            after["versions"] = sorted(set(before["versions"]) - set(self._gone()))
        header = f"layer {self.publish.request.name} in {self.publish.region}"
        return {"before_header": header, "after_header": header, "before": before, "after": after}

    def result(self) -> dict[str, Any]:
        """What the module returns of this region, as far as the plan knows it."""
        current = self.publish.current
        published = self.publish.publishes
        return {
            "changed": self.changes,
            "layer_arn": current.layer_arn if current else None,
            "layer_version_arn": current.arn if current and not published else None,
            "version": current.version if current and not published else None,
            "published": published,
            "distribution_changes": self._distribution_changes(),
            "shared_with": self.sharing[0].shown()[1] if self.sharing else None,
            "foreign_statements": [text for sharing in self.sharing for text in sharing.foreign],
            "removed_versions": self._gone(),
            "retained": [vars(kept) | {"version": kept.version or None} for kept in self.retention.keep]
            if self.retention
            else [],
        }

    def _gone(self) -> list[int]:
        also = self.retention.delete if self.retention else ()
        return sorted((version.version for version in (*self.publish.duplicates, *also)), reverse=True)

    def _distribution_changes(self) -> list[str] | None:
        if not self.publish.publishes:
            return []
        if self.publish.current is None:
            return changes({}, self.publish.artifact.distributions)
        if self.distributions is None:
            return None
        return changes(self.distributions, self.publish.artifact.distributions)


def plan_region(
    wanted: Wanted, *, artifact: Artifact, region: str, layers: Layers, fetch: Fetch | None = None
) -> RegionPlan:
    """Look at what the region has, and decide; changes nothing.

    :param fetch: reads the zip that AWS has, for what is in it; C(None) if nobody will look at that.
    :raises ServerlessError: AWS refused.
    """
    publish = plan_publish(wanted.publish, artifact=artifact, region=region, layers=layers)
    retention = _plan_retention(wanted, publish, layers=layers) if wanted.keep is not None else None
    sharing: tuple[SharingPlan, ...] = ()
    if wanted.sharing is not None:
        gone = {*publish.duplicates, *(retention.delete if retention else ())}
        sharing = _plan_sharing(wanted.sharing, publish, gone=gone, layers=layers)
    known, notes = _known_distributions(publish, fetch=fetch)
    return RegionPlan(publish, sharing, retention, known, (*publish.notes, *notes))


def apply_region(
    plan: RegionPlan,
    *,
    wanted: Wanted,
    layers: Layers,
    bucket: Callable[[], Bucket],
    sleep: Callable[[float], None],
) -> dict[str, Any]:
    """Do what was planned: publish, share, and only then delete.

    :param bucket: gives the bucket, ready for use; called only for a zip above the direct limit.
    :param sleep: waits for as many seconds.
    :returns: what the module returns of this region.
    :raises ServerlessError: AWS refused, or did not answer at all.
    """
    name = wanted.publish.name
    version = apply_publish(plan.publish, layers=layers, bucket=bucket, sleep=sleep)
    for sharing in plan.sharing:
        due = sharing
        if due.version == NEW:
            # Another run may have published it, and shared it already.
            there = layers.statements(name, version.version)
            due = plan_sharing(there, wanted=wanted.sharing or frozenset(), version=version.version)
        apply_sharing(due, name=name, version=due.version, layers=layers)
    if plan.retention:
        plan = replace(plan, retention=apply_retention(plan.retention, name=name, layers=layers))
    result = plan.result()
    for kept in result["retained"]:
        kept["version"] = kept["version"] or version.version
    return {
        **result,
        "layer_arn": version.layer_arn,
        "layer_version_arn": version.arn,
        "version": version.version,
    }


def _plan_retention(wanted: Wanted, publish: PublishPlan, *, layers: Layers) -> RetentionPlan:
    return plan_retention(
        [version for version in publish.versions if version not in publish.duplicates],
        keep=wanted.keep or 1,
        new=NEW if publish.publishes else None,
        fits=wanted.publish.fits,
        ours=lambda version: is_ours(version, name=wanted.publish.name, layers=layers),
        users=layers.users(),
    )


def _plan_sharing(
    wanted: frozenset[Grant], publish: PublishPlan, *, gone: set[LayerVersion], layers: Layers
) -> tuple[SharingPlan, ...]:
    """The version that holds the artifact gets exactly what is wanted; older ones of ours lose what is not."""
    name = publish.request.name
    if publish.current is None or publish.publishes:
        plans = [plan_sharing((), wanted=wanted, version=NEW)]
    else:
        number = publish.current.version
        plans = [plan_sharing(layers.statements(name, number), wanted=wanted, version=number)]
    for version in publish.versions:
        if version in gone or version.version == plans[0].version or not publish.request.fits(version):
            continue
        if not claimed_sha256(version):
            continue
        statements = layers.statements(name, version.version)
        plan = plan_sharing(statements, wanted=wanted, version=version.version, revoke_only=True)
        if plan.changes and is_ours(version, name=name, layers=layers):
            plans.append(plan)
    return tuple(plans)


def _known_distributions(
    publish: PublishPlan, *, fetch: Fetch | None
) -> tuple[Mapping[str, str] | None, tuple[str, ...]]:
    if not publish.publishes:
        return publish.artifact.distributions, ()
    if publish.current is None or publish.current_code is None or fetch is None:
        return None, ()
    try:
        return remote_distributions(publish.current_code.location, fetch=fetch), ()
    except UnreadableError as error:
        return None, (f"What is in version {publish.current.version} is not known: {error.problem}",)


def _label(version: int) -> str:
    return f"version {version}" if version else "new version"
