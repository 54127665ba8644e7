# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Tells binaries of Windows and macOS by their first bytes."""

from __future__ import annotations

_DOS = b"MZ"
_PE = b"PE\0\0"
_PE_POINTER = slice(0x3C, 0x40)
_MACH_O = {bytes.fromhex(magic) for magic in ("feedface", "feedfacf", "cefaedfe", "cffaedfe")}
_MACH_O_HEADER = 28
_FAT = {bytes.fromhex(magic) for magic in ("cafebabe", "cafebabf")}
_FAT_HEADER = 8
#: A Java class begins with the same bytes and then has its version, which has never been below 45.
_FIRST_JAVA = 45


def foreign_system(content: bytes) -> str:
    """C(Windows), C(macOS), or nothing.

    :param content: the whole file.
    """
    if content.startswith(_DOS):
        at = int.from_bytes(content[_PE_POINTER], "little")
        return "Windows" if content[at : at + len(_PE)] == _PE else ""
    if content[:4] in _MACH_O and len(content) >= _MACH_O_HEADER:
        return "macOS"
    if content[:4] in _FAT and len(content) >= _FAT_HEADER:
        return "macOS" if 0 < int.from_bytes(content[4:8], "big") < _FIRST_JAVA else ""
    return ""
