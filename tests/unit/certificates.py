# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Certificates that vouch for themselves, made by the openssl command."""

from __future__ import annotations

import subprocess
from pathlib import Path


def make_certificate(folder: Path, *, name: str) -> tuple[Path, Path]:
    """Make one and its key.

    :param name: what it is for, as a certificate has it: C(DNS:app.example.com).
    """
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-days", "1", "-subj", f"/CN={name.partition(':')[2]}", "-addext", f"subjectAltName={name}"),
            *("-out", str(certificate), "-keyout", str(key)),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key
