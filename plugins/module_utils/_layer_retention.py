# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which versions of a layer are kept, and why; the others are deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError
from ansible_collections.asesoria.serverless.plugins.module_utils._layer_api import Layers, LayerVersion

NOT_OURS = "not published by this collection"
OTHER_TARGET = "for other runtimes or architectures"


class RetentionError(ServerlessError):
    """Versions can't be kept in this way."""


@dataclass(frozen=True)
class Kept:
    """A version that stays.

    :param version: its number, 0 for one that is yet to be published.
    :param reason: why it stays.
    """

    version: int
    reason: str


@dataclass(frozen=True)
class RetentionPlan:
    """What stays and what goes.

    :param keep: newest first.
    :param delete: newest first.
    """

    keep: tuple[Kept, ...] = ()
    delete: tuple[LayerVersion, ...] = ()


def check_keep(keep: int | None) -> None:
    """Refuse a number of versions that would not leave one.

    :raises RetentionError: it is below 1.
    """
    if keep is not None and keep < 1:
        raise RetentionError(f"keep is {keep}, which would leave no version", "Use 1 or more, or state: absent")


def plan_retention(
    versions: Sequence[LayerVersion],
    *,
    keep: int,
    new: int | None,
    fits: Callable[[LayerVersion], bool],
    ours: Callable[[LayerVersion], bool],
    users: Mapping[str, Sequence[str]],
) -> RetentionPlan:
    """Decide on every version of a layer.

    The newest C(keep) of those that are ours and for the same target stay, and each one that something uses.

    :param versions: that are there, in any order.
    :param keep: how many.
    :param new: number of the version that is about to come and counts as the newest, C(None) if none is.
    :param fits: whether a version is for the same runtimes and architectures.
    :param ours: whether this collection published it.
    :param users: functions by the ARN of a version.
    """
    kept = [Kept(new, f"one of the newest {keep}")] if new is not None else []
    delete = []
    counted = len(kept)
    for version in sorted(versions, key=lambda version: version.version, reverse=True):
        reason = ""
        if not fits(version):
            reason = OTHER_TARGET
        elif not ours(version):
            reason = NOT_OURS
        elif counted < keep:
            counted += 1
            reason = f"one of the newest {keep}"
        elif users.get(version.arn):
            reason = f"used by {', '.join(users[version.arn])}"
        if reason:
            kept.append(Kept(version.version, reason))
        else:
            delete.append(version)
    return RetentionPlan(keep=tuple(kept), delete=tuple(delete))


def apply_retention(plan: RetentionPlan, *, name: str, layers: Layers) -> RetentionPlan:
    """Delete what was planned, but for what has come into use since.

    :param name: of the layer.
    :returns: what was done.
    :raises LayerApiError: AWS refused.
    """
    if not plan.delete:
        return plan
    users = layers.users()
    used = {version: users[version.arn] for version in plan.delete if users.get(version.arn)}
    delete = tuple(version for version in plan.delete if version not in used)
    for version in delete:
        layers.delete(name, version.version)
    also = (Kept(version.version, f"used by {', '.join(by)}") for version, by in used.items())
    keep = sorted((*plan.keep, *also), key=lambda kept: kept.version or float("inf"), reverse=True)
    return RetentionPlan(keep=tuple(keep), delete=delete)
