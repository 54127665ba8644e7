# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does the same in several regions at once, and lets no two runs of one machine publish one zip together."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from ansible_collections.asesoria.serverless.plugins.module_utils._errors import ServerlessError

Result = TypeVar("Result")
#: How many regions at a time. Each has a zip of up to 50 MB in memory, a third larger once it is in a request.
AT_A_TIME = 4


class RegionsError(ServerlessError):
    """Some regions failed.

    :param errors: by region.
    :param done: the regions that did not fail.
    """

    def __init__(self, errors: Mapping[str, ServerlessError], *, done: Sequence[str]) -> None:
        self.done = tuple(done)
        problems = [f"{region}: {error.problem}" for region, error in errors.items()]
        remedies = dict.fromkeys(error.remedy for error in errors.values() if error.remedy)
        also = f"; done in {', '.join(done)}" if done else ""
        super().__init__("; ".join(problems) + also, ". ".join(remedies))


def wanted_regions(first: str, others: Sequence[str]) -> list[str]:
    """The regions to work in, each once, in the order in which they are given.

    >>> wanted_regions("us-east-1", ["eu-west-1", "us-east-1"])
    ['us-east-1', 'eu-west-1']
    """
    return list(dict.fromkeys((first, *others)))


def in_regions(
    regions: Sequence[str], work: Callable[[str], Result]
) -> tuple[dict[str, Result], dict[str, ServerlessError]]:
    """Work in all regions at once; one that fails does not stop the others.

    :param work: does it for one region.
    :returns: results and errors by region.
    """
    results: dict[str, Result] = {}
    errors: dict[str, ServerlessError] = {}
    with ThreadPoolExecutor(max_workers=min(len(regions), AT_A_TIME)) as pool:
        futures = {region: pool.submit(work, region) for region in regions}
    for region, future in futures.items():
        error = future.exception()
        if isinstance(error, ServerlessError):
            errors[region] = error
        else:
            results[region] = future.result()
    return results, errors


def raise_errors(errors: Mapping[str, ServerlessError], *, regions: Sequence[str], done: Sequence[str] = ()) -> None:
    """End with what went wrong, if anything did.

    :param errors: by region.
    :param regions: all that were worked in. The error of a single one stays as it is.
    :param done: those in which something has been written, or did not need to be.
    :raises ServerlessError: something went wrong.
    """
    if not errors:
        return
    if len(regions) == 1:
        raise next(iter(errors.values()))
    raise RegionsError(errors, done=done)


@contextlib.contextmanager
def exclusive(archive: Path) -> Iterator[None]:
    """Let no other run of this machine publish the same zip meanwhile; wait for the one that does.

    The lock is on the zip itself, so nothing is left behind, and the system gives it back when its holder dies, however
    it dies. Where no lock can be had the block runs without: what two runs then do at once is put right as if they
    were on two machines.

    :param archive: that is to be published.
    """
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):
            fcntl.flock(stack.enter_context(archive.open("rb")), fcntl.LOCK_EX)
        yield
