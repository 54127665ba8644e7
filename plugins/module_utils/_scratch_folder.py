# Copyright: (c) 2026, The asesoria.serverless authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A folder for thousands of files that are gone soon after.

ext4 gives no inode away again for some minutes after a file was deleted, and looks at all of these one by one whenever
a file is made near them. What was built and cleaned up a minute ago would make the next build a third slower. So this
folder is told to be the top of a tree of its own, and ext4 then lays what is in it into a part of the disk that
it chooses by its name, which is another each time. Other file systems don't know the like and don't need it.

Source: Linux, fs/ext4/ialloc.c, C(recently_deleted) and C(find_group_orlov); chattr(1), attribute C(T).
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
import tempfile
from collections.abc import Iterator
from pathlib import Path

# linux/fs.h, as the processors have them that Lambda offers; ioctl_iflags(2).
_GET_FLAGS = 0x80086601
_SET_FLAGS = 0x40086602
_TOP_OF_TREE = 0x00020000
_FLAGS = struct.Struct("i")


@contextlib.contextmanager
def scratch_folder(parent: Path, *, prefix: str) -> Iterator[Path]:
    """An empty folder, which is removed afterwards with all that is in it.

    :param parent: a folder on the disk to use.
    :param prefix: how the name of what is made in I(parent) begins, so that it can be found should it be left behind.
    :raises OSError: it can't be made.
    """
    with tempfile.TemporaryDirectory(prefix=prefix, dir=parent, ignore_cleanup_errors=True) as top:
        with contextlib.suppress(OSError):
            _set_top_of_tree(top)
        yield Path(tempfile.mkdtemp(dir=top))


def _set_top_of_tree(folder: str) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # Room for a long, which the calls are declared with; the kernel uses an int of it.
        flags = bytearray(8)
        fcntl.ioctl(handle, _GET_FLAGS, flags)
        _FLAGS.pack_into(flags, 0, _FLAGS.unpack_from(flags)[0] | _TOP_OF_TREE)
        fcntl.ioctl(handle, _SET_FLAGS, flags)
    finally:
        os.close(handle)
