# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Conversion of inventory values to Python types. A value of the command line is text, whatever its type should be."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from typing import Any

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

#: Converts a value, or raises :class:`InvalidValueError`.
Kind = Callable[[object], Any]

_TRUE = frozenset({"true", "yes", "on", "y", "t", "1"})
_FALSE = frozenset({"false", "no", "off", "n", "f", "0", ""})
#: Characters of a value in a message.
_LONGEST_SHOWN = 80


class InvalidValueError(ServerlessError):
    """A value has the wrong type or form."""


def shown(value: object) -> str:
    """Render a value for a message.

    :param value: The value.
    """
    text = repr(str(value) if isinstance(value, str) else plain(value))
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 3]}..."


def plain(value: object) -> Any:
    """Return a copy that consists of Python's own types, without the marks of Ansible.

    :param value: The value.
    """
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(each) for each in value]
    if isinstance(value, bool):
        return bool(value)
    for kind in (int, float, str):
        if isinstance(value, kind):
            return kind(value)
    return None if value is None else str(value)


def text(value: object) -> str:
    """Convert a value to text. A number becomes its digits; a Boolean is refused, because YAML makes one of ``on``.

    :param value: The value.
    :raises InvalidValueError: The value is not text.
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        raise InvalidValueError(f"{value!r} is a Boolean, not text", "Put the text in quotation marks")
    if isinstance(value, (str, int, float)):
        return str(value).strip()
    raise InvalidValueError(f"{shown(value)} is not text", "Set it to one text")


def flag(value: object) -> bool:
    """Convert a value to a Boolean.

    :param value: The value.
    :raises InvalidValueError: The value is not a Boolean.
    """
    if value is None or isinstance(value, bool):
        return bool(value)
    word = str(value).strip().lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise InvalidValueError(f"{shown(value)} is not a Boolean", "Set it to true or false")


def number(value: object) -> int:
    """Convert a value to a whole number.

    :param value: The value.
    :raises InvalidValueError: The value is not a whole number.
    """
    word = "" if isinstance(value, bool) else str(value).strip()
    if isinstance(value, float) and value.is_integer():
        word = str(int(value))
    digits = word.removeprefix("-")
    if digits.isascii() and digits.isdecimal():
        return int(word)
    raise InvalidValueError(f"{shown(value)} is not a whole number", "Set it to a whole number")


def decode(value: object) -> object:
    """Decode a list or a mapping that the command line gives as JSON; return every other value unchanged.

    :param value: The value.
    :raises InvalidValueError: The text begins like JSON and is not JSON.
    """
    if not isinstance(value, str) or not value.strip().startswith(("[", "{")):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise InvalidValueError(
            f"{shown(value)} is not JSON ({error})", "Correct the JSON, or set the value in a file of variables"
        ) from error


def texts(value: object) -> tuple[str, ...]:
    """Convert a value to a list of texts. Text is split at commas, as Ansible does it.

    :param value: The value.
    :raises InvalidValueError: The value is not a list of texts.
    """
    decoded = decode(value)
    if decoded in (None, ""):
        return ()
    if isinstance(decoded, str):
        decoded = decoded.split(",")
    if not isinstance(decoded, (list, tuple)):
        raise InvalidValueError(f"{shown(value)} is not a list", "Set it to a list of texts")
    return tuple(text(each) for each in decoded)


def mapping(value: object) -> dict[str, Any]:
    """Convert a value to a mapping.

    :param value: The value.
    :raises InvalidValueError: The value is not a mapping.
    """
    decoded = decode(value)
    if decoded in (None, ""):
        return {}
    if not isinstance(decoded, Mapping):
        raise InvalidValueError(f"{shown(value)} is not a mapping", "Set it to keys with values")
    return dict(plain(decoded))


def entries(value: object) -> tuple[dict[str, Any], ...]:
    """Convert a value to a list of mappings.

    :param value: The value.
    :raises InvalidValueError: The value is not a list of mappings.
    """
    decoded = decode(value)
    if decoded in (None, ""):
        return ()
    if not isinstance(decoded, (list, tuple)) or not all(isinstance(each, Mapping) for each in decoded):
        raise InvalidValueError(f"{shown(value)} is not a list of mappings", "Set it to a list whose entries have keys")
    return tuple(dict(plain(each)) for each in decoded)


def text_or_mapping(value: object) -> str | dict[str, Any]:
    """Convert a value that is either text or a mapping.

    :param value: The value.
    :raises InvalidValueError: The value is neither.
    """
    decoded = decode(value)
    return dict(plain(decoded)) if isinstance(decoded, Mapping) else text(decoded)


def one_of(choices: Collection[str]) -> Kind:
    """Make a conversion to one of some words.

    :param choices: The words.
    """
    words = ", ".join(choices)

    def convert(value: object) -> str:
        found = text(value)
        if found not in choices:
            raise InvalidValueError(f"{shown(value)} is not one of {words}", f"Set it to one of {words}")
        return found

    return convert


def within(allowed: range | tuple[int, ...], *, unit: str) -> Kind:
    """Make a conversion to a whole number that must be in a range or a list.

    :param allowed: The numbers.
    :param unit: What is counted, in the plural.
    """
    listed = ", ".join(map(str, allowed))
    words = f"{allowed[0]} to {allowed[-1]}" if isinstance(allowed, range) else f"one of {listed}"

    def convert(value: object) -> int:
        found = number(value)
        if found not in allowed:
            raise InvalidValueError(f"{found} {unit} is not possible", f"Set it to {words}")
        return found

    return convert


def at_least(minimum: int, *, unit: str) -> Kind:
    """Make a conversion to a whole number with a minimum.

    :param minimum: The least number.
    :param unit: What is counted, in the plural.
    """

    def convert(value: object) -> int:
        found = number(value)
        if found < minimum:
            raise InvalidValueError(f"{found} {unit} is not possible", f"Set it to {minimum} or more")
        return found

    return convert
