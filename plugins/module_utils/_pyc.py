# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The first bytes of a C(.pyc) file, and the hash of a source as another Python would compute it (PEP 552).

C(importlib.util.source_hash) can't be used: its key is the magic number of the Python that runs, and CPython 3.11 went
from SipHash-2-4 to SipHash-1-3.
"""

from __future__ import annotations

import _imp
import struct
import sys
from dataclasses import dataclass

HEADER_SIZE = 16
_HASHED = 0x1
_CHECKED = 0x2
_CRLF = int.from_bytes(b"\r\n", "little") << 16
_FIRST_WITH_SIPHASH13 = 3495
_WORD = (1 << 64) - 1


@dataclass(frozen=True)
class BytecodeHeader:
    """How Python decides whether bytecode belongs to a source.

    :param magic: which Python it is for.
    :param flags: 0 for a time and a size, 1 for a hash that is not looked at, 3 for one that is.
    :param stamp: time, size; or the hash.
    """

    magic: int
    flags: int
    stamp: bytes

    @property
    def hashed(self) -> bool:
        """Whether it holds the source's hash."""
        return bool(self.flags & _HASHED)

    @property
    def known(self) -> bool:
        """Whether Python knows the flags; it refuses any others."""
        return not self.flags & ~(_HASHED | _CHECKED)

    @property
    def modified(self) -> int:
        """The source's time of change in seconds, modulo 2**32."""
        return int.from_bytes(self.stamp[:4], "little")

    @property
    def size(self) -> int:
        """The source's size in bytes, modulo 2**32."""
        return int.from_bytes(self.stamp[4:], "little")


def read_header(head: bytes) -> BytecodeHeader | None:
    """Read the beginning of a C(.pyc) file; C(None) if it is none.

    :param head: its first 16 bytes, or more.
    """
    if len(head) < HEADER_SIZE or head[2:4] != b"\r\n":
        return None
    magic, _crlf, flags = struct.unpack_from("<HHI", head)
    return BytecodeHeader(magic=magic, flags=flags, stamp=head[8:HEADER_SIZE])


def source_hash(source: bytes, *, magic: int) -> bytes:
    """The hash that the Python with this magic number writes into bytecode of a source.

    :param source: the whole file.
    :param magic: the number at the beginning of its C(.pyc) files.
    """
    key = magic | _CRLF
    modern = magic >= _FIRST_WITH_SIPHASH13
    if modern == (sys.version_info >= (3, 11)):
        return _imp.source_hash(key, source)
    return _siphash(source, key=key, rounds=(1, 3) if modern else (2, 4))


def _siphash(data: bytes, *, key: int, rounds: tuple[int, int]) -> bytes:
    """SipHash with a 64-bit key; for a Python whose own is another one, about 30 MB a minute."""
    state = (key ^ 0x736F6D6570736575, 0x646F72616E646F6D, key ^ 0x6C7967656E657261, 0x7465646279746573)
    whole = len(data) & ~7
    last = int.from_bytes(data[whole:], "little") | (len(data) & 0xFF) << 56
    for (word,) in (*struct.iter_unpack("<Q", data[:whole]), (last,)):
        state = (*state[:3], state[3] ^ word)
        for _round in range(rounds[0]):
            state = _sipround(*state)
        state = (state[0] ^ word, *state[1:])
    state = (*state[:2], state[2] ^ 0xFF, state[3])
    for _round in range(rounds[1]):
        state = _sipround(*state)
    return (state[0] ^ state[1] ^ state[2] ^ state[3]).to_bytes(8, "little")


def _sipround(v0: int, v1: int, v2: int, v3: int) -> tuple[int, int, int, int]:
    v0 = (v0 + v1) & _WORD
    v1 = _rotate(v1, 13) ^ v0
    v0 = _rotate(v0, 32)
    v2 = (v2 + v3) & _WORD
    v3 = _rotate(v3, 16) ^ v2
    v0 = (v0 + v3) & _WORD
    v3 = _rotate(v3, 21) ^ v0
    v2 = (v2 + v1) & _WORD
    v1 = _rotate(v1, 17) ^ v2
    v2 = _rotate(v2, 32)
    return v0, v1, v2, v3


def _rotate(value: int, bits: int) -> int:
    return ((value << bits) | (value >> (64 - bits))) & _WORD
