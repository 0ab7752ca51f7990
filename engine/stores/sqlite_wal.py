"""Room in the write-ahead log, so that commits write over it.

A commit that makes a file longer waits for the file system's journal as well, about half as long again. SQLite writes
over the file once it has been checkpointed; here that state is reached at the sixteenth commit. Knows no table.
"""

from __future__ import annotations

import os
from contextlib import suppress

AUTOCHECKPOINT_PAGES = 4000
_FRAME = 4096 + 24
_ROOM = 32 + AUTOCHECKPOINT_PAGES * _FRAME
_AT_COMMIT, _EVERY = 16, 4096  # a short command is not worth it; somebody else may have cut the file


def is_worth_it(commits: int) -> bool:
    """Whether a writer with so many commits behind it should make room."""
    return commits % _EVERY == _AT_COMMIT


def make_room(path: str) -> None:
    """Lengthen the log of a database by zeros, in which SQLite sees no frame. Only with its write lock held.

    Where there is no room on the disk, nothing has happened.
    """
    with suppress(OSError), open(path + "-wal", "r+b", buffering=0) as log:
        size = log.seek(0, os.SEEK_END)
        try:
            for start in range(size, _ROOM, 1 << 20):
                log.write(bytes(min(1 << 20, _ROOM - start)))
        except OSError:
            log.truncate(size)
