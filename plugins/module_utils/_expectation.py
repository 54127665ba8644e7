# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Says what a good answer looks like, and what one that is not good lacks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

try:
    import jmespath
except ImportError:
    # The module says that it is missing, before anything here is called.
    HAS_JMESPATH = False
else:
    HAS_JMESPATH = True

from ansible_collections.asesoria.serverless.plugins.module_utils._http_probe import RequestError, Response

_SHOWN_VALUE = 200


@dataclass(frozen=True)
class JsonValue:
    """A value that the content has, as JSON.

    :param query: a JMESPath expression.
    :param value: what it has to give.
    """

    query: str
    value: Any

    def check(self) -> None:
        """Refuse what can't be searched for.

        :raises RequestError: I(query) is no JMESPath expression.
        """
        try:
            jmespath.compile(self.query)
        except ValueError as error:
            reason = " ".join(str(error).split()).rstrip(".")
            raise RequestError(f"the query {self.query!r} can't be read: {reason}", "Correct it") from error

    def describe(self) -> str:
        """Say it in words."""
        return f"JSON in which {self.query!r} is {_shown(self.value)}"

    def difference(self, content: Any) -> str:
        """Say what the query gives instead; empty if it gives what it has to."""
        try:
            found = jmespath.search(self.query, content)
        except ValueError as error:
            # A function in it met a value of another type.
            return f"JSON in which {self.query!r} can't be told ({' '.join(str(error).split())})"
        return "" if same_json(found, self.value) else f"JSON in which {self.query!r} is {_shown(found)}"


@dataclass(frozen=True)
class Expectation:
    """What a good answer looks like.

    :param status: the codes that are good.
    :param headers: regular expressions by the names of the header fields in whose values they are searched for.
    :param body: the whole content; C(None) if it does not matter.
    :param contains: a part of the content; empty if it does not matter.
    :param regex: a regular expression that is searched for in the content; empty if it does not matter.
    :param json: values that the content has, as JSON.
    """

    status: Sequence[int]
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    contains: str = ""
    regex: str = ""
    json: Sequence[JsonValue] = ()

    def check(self) -> None:
        """Refuse what can't be searched for.

        :raises RequestError: a regular expression or a query can't be read.
        """
        for pattern in (self.regex, *self.headers.values()):
            _check_pattern(pattern)
        for value in self.json:
            value.check()

    def describe(self) -> str:
        """Say it in words."""
        words = ["status " + " or ".join(map(str, self.status))]
        words += [
            f"a header field {name} that matches {pattern!r}" if pattern else f"a header field {name}"
            for name, pattern in self.headers.items()
        ]
        if self.body is not None:
            words.append(f"the body {self.body!r}")
        if self.contains:
            words.append(f"a body that contains {self.contains!r}")
        if self.regex:
            words.append(f"a body that matches {self.regex!r}")
        return ", ".join([*words, *(value.describe() for value in self.json)])

    def differences(self, response: Response) -> list[str]:
        """Say what an answer lacks; nothing if it is good."""
        return [
            *([] if response.status in self.status else [f"status {response.status}"]),
            *self._header_differences(response),
            *self._text_differences(response.text),
            *self._json_differences(response.text),
        ]

    def _header_differences(self, response: Response) -> Iterator[str]:
        for name, pattern in self.headers.items():
            value = response.headers.get(name.lower())
            if value is None:
                yield f"no header field {name}"
            elif not re.search(pattern, value):
                yield f"the header field {name} {value!r}"

    def _text_differences(self, text: str) -> Iterator[str]:
        if self.body is not None and text != self.body:
            yield "another body"
        if self.contains and self.contains not in text:
            yield "a body without the text"
        if self.regex and not re.search(self.regex, text):
            yield "a body without a match"

    def _json_differences(self, text: str) -> Iterator[str]:
        if not self.json:
            return
        try:
            content = json.loads(text)
        except ValueError:
            yield "a body that is no JSON"
            return
        yield from filter(None, (value.difference(content) for value in self.json))


def _check_pattern(pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise RequestError(f"the regular expression {pattern!r} can't be read: {error}", "Correct it") from error


def same_json(first: Any, second: Any) -> bool:
    """Whether two values are the same in JSON, where true is no number, as it is in Python."""
    if isinstance(first, bool) or isinstance(second, bool):
        return first is second
    if isinstance(first, dict) and isinstance(second, dict):
        return first.keys() == second.keys() and all(same_json(value, second[key]) for key, value in first.items())
    if isinstance(first, list) and isinstance(second, list):
        return len(first) == len(second) and all(map(same_json, first, second))
    return bool(first == second)


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN_VALUE else f"{text[:_SHOWN_VALUE]}..."
