# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The option that lets pass what the gates of a layer refuse, for the documentation of the modules that have it."""

from __future__ import annotations


class ModuleDocFragment:
    """Ansible finds its fragments by this name. The rules are those of the utility C(_rules)."""

    DOCUMENTATION = r"""
options:
  allow:
    description:
      - Findings to accept, each by its rule and the distribution that it is about.
    type: list
    elements: dict
    default: []
    suboptions:
      rule:
        description:
          - The rule, one of those that M(asesoria.serverless.layer_audit) describes.
        type: str
        required: true
        choices:
          - damaged
          - duplicate-name
          - foreign-binary
          - glibc-too-new
          - layout
          - libstdcxx-too-new
          - missing-library
          - record-mismatch
          - requirement-conflict
          - requirement-missing
          - stale-bytecode
          - too-many-layers
          - unreadable
          - unsafe-link
          - unsafe-path
          - unzipped-too-large
          - wrong-abi
          - wrong-machine
      distribution:
        description:
          - Name of the distribution.
        type: str
        required: true
"""

    #: The same where the modules of a distribution are imported as well. It has a type because the sanity test of YAML
    #: takes any other assignment here for a literal.
    IMPORT: str = DOCUMENTATION.replace(
        "the distribution that it is about.\n",
        "the distribution that it is about.\n"
        "      - The rule V(import) is for a distribution whose modules need not import.\n",
    ).replace("          - damaged\n", "          - import\n          - damaged\n")
