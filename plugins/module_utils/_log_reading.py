# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reads functions' logs bit by bit: what one reading has told the next one does not tell, and none is left out.

CloudWatch lists events by their own time, and some arrive after later ones. So each reading begins a while before the
newest event that is known, and passes over those that were told already, by their ids.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any

with suppress(ImportError):  # AnsibleAWSModule says that it is missing, before anything here is called.
    from botocore.exceptions import ClientError

from ansible_collections.asesoria.serverless.plugins.module_utils._aws.errors import error_code
from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import explained
from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

#: Milliseconds by which an event may arrive later than one with a later time.
OVERLAP = 120_000
#: Pages of one log that a reading takes, and events of a page; what is left is for the next reading.
MAX_PAGES = 5
PAGE = 1000
_AGO = re.compile(r"(?P<number>\d+)\s*(?P<unit>[smhd]?)")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "": 60}
#: What a terminal would obey; tabs are harmless.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class SinceError(ServerlessError):
    """A beginning that is none."""


@dataclass(frozen=True)
class Event:
    """A line of a log, or several that were written at once.

    :param function: who wrote it.
    :param timestamp: in milliseconds since 1970.
    :param message: as it was written, without what a terminal would obey.
    """

    function: str
    timestamp: int
    message: str


@dataclass(frozen=True)
class Place:
    """How far one log was read.

    :param since: where the next reading begins, in milliseconds since 1970.
    :param token: of the next page, if the last reading left some.
    :param seen: the time of each event from there on that was told, by id.
    """

    since: int
    token: str = ""
    seen: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """What one reading has found.

    :param events: the oldest first.
    :param places: by function, for the next one.
    :param missing: log groups that are not there (yet).
    """

    events: Sequence[Event]
    places: Mapping[str, Place]
    missing: Sequence[str]

    @property
    def more(self) -> bool:
        """Whether some was left for the next reading."""
        return any(place.token for place in self.places.values())


def parse_since(text: str, *, now: datetime) -> int:
    """Say where to begin, in milliseconds since 1970.

    :param text: how long ago, as C(90s), C(10m), C(2h), C(1d) or minutes, or a time such as C(2026-11-25T20:30), in
        UTC if it does not say otherwise.
    :param now: the time.
    :raises SinceError: it is neither.
    """
    ago = _AGO.fullmatch(text.strip())
    with suppress(ValueError, OverflowError):
        if ago:
            begin = now - timedelta(seconds=int(ago["number"]) * _SECONDS[ago["unit"]])
        else:
            begin = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
            begin = begin if begin.tzinfo else begin.replace(tzinfo=timezone.utc)
        return int(begin.timestamp() * 1000)
    raise SinceError(
        f"since is {text!r}, which is no time", "Write how long ago, such as 10m or 2h, or a time: 2026-11-25T20:30"
    )


class LogReader:
    """Reads the logs of functions.

    :param client: a boto3 client of C(logs).
    :param pattern: CloudWatch's filter pattern; empty for all.
    """

    def __init__(self, client: Any, *, pattern: str = "") -> None:
        self._client = client
        self._pattern = pattern

    def read(self, places: Mapping[str, Place]) -> Reading:
        """Read what is new.

        :param places: by function, how far it was read.
        :raises ServerlessError: a log can't be read.
        """
        events: list[Event] = []
        after: dict[str, Place] = {}
        missing = []
        for function, place in places.items():
            found = self._read(f"/aws/lambda/{function}", place)
            if found is None:
                missing.append(f"/aws/lambda/{function}")
                after[function] = place
                continue
            told, after[function] = found
            events += [
                Event(function, int(event["timestamp"]), _CONTROL.sub("", event["message"]).rstrip()) for event in told
            ]
        return Reading(sorted(events, key=lambda event: event.timestamp), after, missing)

    @explained("reading the log")
    def _read(self, group: str, place: Place) -> tuple[list[dict[str, Any]], Place] | None:
        request: dict[str, Any] = {"logGroupName": group, "startTime": place.since, "limit": PAGE}
        if self._pattern:
            request["filterPattern"] = self._pattern
        seen = dict(place.seen)
        told: list[dict[str, Any]] = []
        token = place.token
        alike: Counter[str] = Counter()
        for _page in range(MAX_PAGES):
            try:
                answer = self._client.filter_log_events(**request, **({"nextToken": token} if token else {}))
            except ClientError as error:
                if error_code(error) == "ResourceNotFoundException":
                    return None
                raise
            named = {_identity(event, alike): event for event in answer["events"]}
            told += [event for name, event in named.items() if name not in seen]
            seen.update((name, int(event["timestamp"])) for name, event in named.items())
            token = answer.get("nextToken", "")
            if not token:
                break
        return told, _advance(place, token=token, seen=seen)


def _identity(event: Mapping[str, Any], alike: Counter[str]) -> str:
    """What tells an event from all others; a stand-in for AWS need not give it an id.

    :param alike: how many of that content there were so far.
    """
    if event.get("eventId"):
        return str(event["eventId"])
    content = f"{event.get('logStreamName')} {event['timestamp']} {event['message']}"
    digest = hashlib.sha256(content.encode()).hexdigest()[:32]
    alike[digest] += 1
    return f"{digest}-{alike[digest]}"


def _advance(place: Place, *, token: str, seen: Mapping[str, int]) -> Place:
    """Where the next reading begins: it goes on with the pages, or looks again at the last while."""
    if token:
        return Place(place.since, token, seen)
    since = max(place.since, max(seen.values(), default=0) - OVERLAP)
    return Place(since, "", {event: at for event, at in seen.items() if at >= since})


def as_lines(events: Iterable[Event], *, named: bool) -> list[str]:
    """Write events for people, the time in UTC first.

    :param named: whether it has to be told which function wrote it.
    """
    lines = []
    for event in events:
        at = datetime.fromtimestamp(event.timestamp / 1000, tz=timezone.utc)
        head = f"{at:%Y-%m-%d %H:%M:%S}.{at.microsecond // 1000:03}"
        name = f" {event.function}" if named else ""
        first, *others = event.message.splitlines() or [""]
        lines += [f"{head}{name} {first}", *(f"    {line}" for line in others)]
    return lines


def dump_places(places: Mapping[str, Place]) -> dict[str, Any]:
    """Write places so that the next reading, in another process, can go on from them."""
    return {name: {"since": at.since, "token": at.token, "seen": dict(at.seen)} for name, at in places.items()}


def load_places(dumped: Mapping[str, Any]) -> dict[str, Place]:
    """Read what :func:`dump_places` has written.

    :raises SinceError: it was written by something else.
    """
    try:
        return {
            name: Place(int(at["since"]), str(at["token"]), {key: int(time) for key, time in at["seen"].items()})
            for name, at in dumped.items()
        }
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise SinceError("cursor is none of this module", "Give what an earlier call has returned") from error
