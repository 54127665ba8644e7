# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Calls a handler as AWS's runtime client does: a line of input is an event, a line of output an answer."""

from __future__ import annotations

import importlib
import json
import os
import sys

with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
    # What an app prints is no answer.
    os.dup2(2, 1)
    handler = importlib.import_module(sys.argv[1]).handler
    for line in sys.stdin:
        answers.write(json.dumps(handler(json.loads(line), None)) + "\n")
        answers.flush()
