# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A C(serverless.yml) as the tree that was written: tags, anchors and words that YAML versions differ on stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

try:
    import yaml
except ImportError:
    # The module says that it is missing, before anything here is called.
    HAS_YAML = False
else:
    HAS_YAML = True

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

_PREFIX = "tag:yaml.org,2002:"


class ConfigError(ServerlessError):
    """A C(serverless.yml) can't be used."""


def compose(text: str, *, origin: str) -> Any:
    """Read a text into its tree.

    :param text: a C(serverless.yml).
    :param origin: where it comes from, for messages.
    :raises ConfigError: it is no YAML, or has no keys.
    """
    try:
        root = yaml.compose(text)
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"{origin} is no YAML: {reason}", "Correct it") from error
    if not is_mapping(root):
        raise ConfigError(f"{origin} has no keys", "Write a service configuration into it")
    return root


def dump(config: Mapping[str, Any]) -> str:
    """Write a configuration as text, in ASCII: PyYAML can't read back all that it writes otherwise."""
    return str(yaml.safe_dump(dict(config), sort_keys=False, width=120))


def serialize(root: Any) -> str:
    """Write a tree as text."""
    return str(yaml.serialize(root, width=120))


def is_mapping(node: Any) -> bool:
    """Whether a node has keys."""
    return isinstance(node, yaml.MappingNode)


def is_sequence(node: Any) -> bool:
    """Whether a node is a list."""
    return isinstance(node, yaml.SequenceNode)


def is_merge(name: Any) -> bool:
    """Whether the name of a key is C(<<), whose value has more keys."""
    return bool(name.tag == _PREFIX + "merge")


def is_nothing(node: Any) -> bool:
    """Whether a node is missing or null."""
    return node is None or (isinstance(node, yaml.ScalarNode) and node.tag == _PREFIX + "null")


def child(node: Any, *keys: str) -> Any:
    """Follow keys down from a node, those of its merge keys (C(<<)) included; C(None) if there is no such node."""
    for key in keys:
        node = _child(node, key)
    return node


def _child(node: Any, key: str) -> Any:
    if not is_mapping(node):
        return None
    for name, value in node.value:
        if name.value == key:
            return value
    for name, value in node.value:
        if is_merge(name):
            merged = value.value if is_sequence(value) else [value]
            found = next((inner for inner in (_child(item, key) for item in merged) if inner is not None), None)
            if found is not None:
                return found
    return None


def text_of(node: Any) -> str | None:
    """The text of a scalar, whatever YAML takes it for; C(None) if it is null or something else."""
    return str(node.value) if isinstance(node, yaml.ScalarNode) and not is_nothing(node) else None


def put(node: Any, key: str, value: Any) -> None:
    """Set a key of a mapping, in the place where it was or at the end."""
    names = [name.value for name, _value in node.value]
    if key in names:
        place = names.index(key)
        node.value[place] = (node.value[place][0], value)
    else:
        node.value.append((text_node(key), value))


def text_node(text: str) -> Any:
    """A new scalar that is a text."""
    return yaml.ScalarNode(_PREFIX + "str", text)


def bool_node(*, value: bool) -> Any:
    """A new scalar that is a truth value."""
    return yaml.ScalarNode(_PREFIX + "bool", "true" if value else "false")


def mapping_node(entries: Sequence[tuple[Any, Any]]) -> Any:
    """A new mapping of nodes for the keys to nodes for their values."""
    return yaml.MappingNode(_PREFIX + "map", list(entries), flow_style=False)


def list_node(items: Sequence[Any]) -> Any:
    """A new list of nodes."""
    return yaml.SequenceNode(_PREFIX + "seq", list(items), flow_style=False)
