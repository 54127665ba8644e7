# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prints the account's volumes as JSON. amazon.aws.ec2_vol_info wants a snapshot, which the stand-in's have not.

Usage: volumes.py FILTER VALUE
"""

from __future__ import annotations

import json
import sys

import boto3


def main() -> None:
    """Print them."""
    name, value = sys.argv[1:3]
    volumes = boto3.client("ec2").describe_volumes(Filters=[{"Name": name, "Values": [value]}])["Volumes"]
    sys.stdout.write(json.dumps(volumes, default=str))


if __name__ == "__main__":
    main()
