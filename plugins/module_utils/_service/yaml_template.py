# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CloudFormation templates in YAML, as stacks of other owners have them."""

from __future__ import annotations

from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._yaml_tree import (
    ConfigError,
    compose,
    is_mapping,
    is_sequence,
)


def read_yaml_template(text: str) -> dict[str, Any]:
    """Read a template, with the short forms of functions in their long form, as JSON has them.

    :param text: A template in YAML.
    :returns: The template, whose scalars are all texts; empty if the text can't be read.
    """
    try:
        return dict(_plain(compose(text, origin="the template")))
    except ConfigError:
        return {}


def _plain(node: Any) -> Any:
    value: Any
    if is_mapping(node):
        value = {str(name.value): _plain(each) for name, each in node.value}
    elif is_sequence(node):
        value = [_plain(each) for each in node.value]
    else:
        value = str(node.value)
    return _long_form(node.tag.removeprefix("!"), value) if node.tag.startswith("!") else value


def _long_form(function: str, value: Any) -> dict[str, Any]:
    if function in ("Ref", "Condition"):
        return {function: value}
    if function == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {f"Fn::{function}": value}
