# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does the same in several regions at once, and lets no two runs of one machine do it together."""

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
def exclusive(name: str, *, regions: Sequence[str], folder: Path) -> Iterator[None]:
    """Hold a layer's locks of some regions, after whoever else on this machine has them.

    The system gives a lock back when its holder dies, however it dies. Where no lock can be made the block runs
    without: what two runs then do at once is put right as if they were on two machines.

    :param name: of the layer.
    :param regions: which; none for a run that only looks.
    :param folder: for the locks' files.
    """
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):
            # In one order, so that no two runs wait for each other.
            for region in sorted(regions):
                folder.mkdir(parents=True, exist_ok=True)
                lock = stack.enter_context((folder / f"layer-{name}-{region}.lock").open("w"))
                fcntl.flock(lock, fcntl.LOCK_EX)
        yield
