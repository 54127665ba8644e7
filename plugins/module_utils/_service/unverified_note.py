# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A note that deployments were not verified yet, and which version was the last one that was.

A run that is interrupted between a deployment and its verification leaves the note to the next one, which may find
nothing to deploy and would not know which version to go back to. The note is written before CloudFormation is asked to
change the stack. It names every deployment since the last verified one, because an interrupted run can't tell which of
them the stack will hold in the end.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from ansible_collections.asesoria.serverless.plugins.module_utils._cloudformation import Stack
from ansible_collections.asesoria.serverless.plugins.module_utils._function_alias import deployed_fingerprint


@dataclass(frozen=True)
class Note:
    """Deployments that were not verified, and the last one that was.

    :param fingerprints: Fingerprints of the deployments.
    :param previous: Version to go back to; empty if no version was verified before.
    """

    fingerprints: tuple[str, ...]
    previous: str

    def covers(self, stack: Stack | None) -> bool:
        """Return True if a stack holds one of the deployments, all of it or as a canary.

        :param stack: The stack; ``None`` if there is none.
        """
        return stack is not None and deployed_fingerprint(stack.outputs) in self.fingerprints

    def with_deployment(self, fingerprint: str) -> Note:
        """Return the note with one more deployment.

        :param fingerprint: Fingerprint of the deployment.
        """
        others = tuple(known for known in self.fingerprints if known != fingerprint)
        return Note(fingerprints=(*others, fingerprint), previous=self.previous)

    def text(self) -> str:
        """Write the note as JSON."""
        return json.dumps(asdict(self))


def read_note(text: str) -> Note | None:
    """Read a note.

    :param text: The note as JSON.
    :returns: The note; ``None`` if the text is no note.
    """
    try:
        content = json.loads(text)
    except ValueError:
        return None
    if not isinstance(content, Mapping):
        return None
    fingerprints, previous = content.get("fingerprints"), content.get("previous")
    if not isinstance(previous, str) or not isinstance(fingerprints, list):
        return None
    named = tuple(item for item in fingerprints if isinstance(item, str) and item)
    return Note(fingerprints=named, previous=previous) if named else None
