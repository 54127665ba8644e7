# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Stands in for the script that ansible-test downloads to put pip into a new virtual environment.

The pip that comes with Python installs the version that is asked for, from the package index that the user has set.
"""

from __future__ import annotations

import ensurepip
import os
import runpy
import sys

environment = dict(os.environ)
ensurepip.bootstrap()
# ensurepip has turned the user's settings of pip off for the rest of this process.
os.environ.clear()
os.environ.update(environment)
wanted = [argument for argument in sys.argv[1:] if argument not in ("--no-setuptools", "--no-wheel")]
sys.argv = ["pip", "install", "--upgrade", *wanted]
runpy.run_module("pip", run_name="__main__", alter_sys=True)
