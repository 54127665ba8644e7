# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Resources that an update of a stack removes or replaces, from two templates or from a change set."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import Resource

from .stateful_resources import declared_resources, deletion_policy, holds_data, replacement_policy, stays
from .stateful_types import HOLDERS

REMOVED = "removed"
REPLACED = "replaced"
MAY_BE_REPLACED = "may be replaced"
#: What the policy in a change set does to the resource, by its end: it is ``Retain`` or ``ReplaceAndRetain``.
_POLICIES = ("Retain", "Snapshot", "Delete")


@dataclass(frozen=True)
class Loss:
    """A resource that an update removes or replaces.

    :param resource: The resource as it is deployed.
    :param change: What happens to it: :data:`REMOVED`, :data:`REPLACED` or :data:`MAY_BE_REPLACED`.
    :param policy: What becomes of the resource in AWS: ``Delete``, ``Retain`` or ``Snapshot``.
    :param causes: Properties that change.
    """

    resource: Resource
    change: str
    policy: str
    causes: tuple[str, ...] = ()

    @property
    def holds_data(self) -> bool:
        """Tell whether the resource holds data that a deployment does not make again."""
        return holds_data(self.resource)

    @property
    def stays(self) -> bool:
        """Tell whether the data outlive the resource in the stack."""
        return stays(self.policy)

    @property
    def words(self) -> str:
        """Say what happens to which resource, and why."""
        resource = self.resource
        named = f"{resource.logical_id} ({resource.kind}, {resource.physical_id})"
        auxiliary = "" if self.change == MAY_BE_REPLACED else "would be "
        if not self.causes:
            return f"{named} {auxiliary}{self.change}"
        changes = "changes" if len(self.causes) == 1 else "change"
        return f"{named} {auxiliary}{self.change}, since {', '.join(self.causes)} {changes}"

    def describe(self) -> dict[str, Any]:
        """Return the loss as the module returns it."""
        return {
            "logical_id": self.resource.logical_id,
            "type": self.resource.kind,
            "name": self.resource.physical_id,
            "change": self.change,
            "causes": list(self.causes),
            "data": self.holds_data,
            "policy": self.policy,
            "stays": self.stays,
        }


def losses_between(
    before: Mapping[str, Any], after: Mapping[str, Any], *, resources: Iterable[Resource]
) -> Iterator[Loss]:
    """Compare two templates.

    A property that refers to another resource or to a parameter is compared as it is written.

    :param before: The deployed template.
    :param after: The new template.
    :param resources: The resources of the stack.
    """
    old, new = declared_resources(before), declared_resources(after)
    for resource in resources:
        if not resource.physical_id:
            continue
        was, will_be = old.get(resource.logical_id), new.get(resource.logical_id)
        if will_be is None:
            yield Loss(resource, REMOVED, deletion_policy(resource.kind, was or {}))
            continue
        change, causes = _replacement(resource.kind, was or {}, will_be)
        if change:
            yield Loss(resource, change, replacement_policy(resource.kind, will_be), causes)


def losses_of_changes(
    changes: Iterable[Mapping[str, Any]], *, before: Mapping[str, Any], after: Mapping[str, Any]
) -> Iterator[Loss]:
    """Read a change set.

    :param changes: The changes as DescribeChangeSet returns them.
    :param before: The deployed template.
    :param after: The new template.
    """
    old, new = declared_resources(before), declared_resources(after)
    for each in changes:
        change = each.get("ResourceChange", {})
        resource = Resource(
            logical_id=change.get("LogicalResourceId", ""),
            kind=change.get("ResourceType", ""),
            physical_id=change.get("PhysicalResourceId", ""),
        )
        kind = _change(change)
        if not kind or not resource.physical_id:
            continue
        declared = (old if kind == REMOVED else new).get(resource.logical_id, {})
        policy = deletion_policy if kind == REMOVED else replacement_policy
        said = _policy_of(change) or policy(resource.kind, declared)
        yield Loss(resource, kind, said, () if kind == REMOVED else tuple(_causes(change)))


def _change(change: Mapping[str, Any]) -> str:
    """Say what a change does to the resource; empty if the resource stays."""
    action, replacement = change.get("Action"), change.get("Replacement")
    if action == "Remove":
        return REMOVED
    if action == "Dynamic":
        return MAY_BE_REPLACED
    return {"True": REPLACED, "Conditional": MAY_BE_REPLACED}.get(str(replacement), "") if action == "Modify" else ""


def _policy_of(change: Mapping[str, Any]) -> str:
    action = str(change.get("PolicyAction") or "")
    return next((policy for policy in _POLICIES if action.endswith(policy)), "")


def _causes(change: Mapping[str, Any]) -> list[str]:
    """Name the properties that make a resource be replaced, in order and each once."""
    targets = [detail.get("Target", {}) for detail in change.get("Details", [])]
    names = [
        str(target.get("Name") or target.get("Attribute"))
        for target in targets
        if target.get("RequiresRecreation") in ("Always", "Conditionally")
    ]
    return list(dict.fromkeys(names))


def _replacement(kind: str, was: Mapping[str, Any], will_be: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    """Say whether a resource is replaced, and by which properties."""
    if will_be.get("Type") != kind:
        return REPLACED, ("Type",)
    old, new = was.get("Properties") or {}, will_be.get("Properties") or {}
    changed = [name for name in _replacing(kind, {*old, *new}) if not _same(_value(old, name), _value(new, name))]
    certain = tuple(name for name in changed if not name.endswith("?"))
    if certain:
        return REPLACED, certain
    return (MAY_BE_REPLACED, tuple(name.rstrip("?") for name in changed)) if changed else ("", ())


def _replacing(kind: str, properties: Iterable[str]) -> list[str]:
    """Return the properties whose change replaces a resource. Of other types than the holders, only names are known."""
    known = HOLDERS.get(kind)
    if known is not None:
        return known.split()
    return sorted(f"{name}?" for name in properties if name.endswith("Name"))


def _value(properties: Any, path: str) -> Any:
    """Follow a path down a resource's properties. A list on the way is compared as a whole."""
    for key in path.rstrip("?").split("/"):
        if not isinstance(properties, Mapping):
            return properties
        properties = properties.get(key)
    return properties


def _same(one: Any, other: Any) -> bool:
    """Compare two values. Numbers and truth values count as their texts, which is all that a YAML template tells."""
    return bool(_texts(one) == _texts(other))


def _texts(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _texts(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_texts(each) for each in value]
    if isinstance(value, bool):
        return str(value).lower()
    return None if value is None else str(value)
