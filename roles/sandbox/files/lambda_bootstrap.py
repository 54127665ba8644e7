# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What starts a function: mounted as C(/var/runtime/bootstrap.py), beside AWS's own client of the Runtime API.

The order of imports is that of Lambda: the function, its layers, the runtime, Python itself
(AWS Lambda Developer Guide, "Working with layers for Python Lambda functions").
"""

from __future__ import annotations

import os
import sys

from awslambdaric.__main__ import main

_VERSION = f"python{sys.version_info.major}.{sys.version_info.minor}"
_FIRST = ["/var/task", f"/opt/python/lib/{_VERSION}/site-packages", "/opt/python", "/var/runtime"]

if __name__ == "__main__":
    sys.path[:] = _FIRST + [path for path in sys.path if path not in _FIRST]
    main(["bootstrap", os.environ["_HANDLER"]])
