"""One lock for all who write to an SQLite file, in turn: SQLite's own busy handler sleeps, and whoever sleeps loses.

Two ``flock`` locks beside the database: who holds ``turn`` is the next to hold ``held``, so that a process which has
just let go and wants it again stands behind the one that waits. The kernel frees both when a process dies.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class FairLock:
    """Held by one thread of one process at a time. Blocking: use it in a thread."""

    def __init__(self, database: Path) -> None:
        """The lock of the file ``database``; nothing is opened before it is first wanted."""
        self._paths = (Path(f"{database}.turn"), Path(f"{database}.lock"))
        self._open: tuple[int, int] | None = None

    def acquire(self) -> None:
        """Wait for the lock, however long that takes."""
        if self._open is None:
            turn, held = (os.open(path, os.O_RDWR | os.O_CREAT, 0o600) for path in self._paths)
            self._open = (turn, held)
        turn, held = self._open
        fcntl.flock(turn, fcntl.LOCK_EX)
        try:
            fcntl.flock(held, fcntl.LOCK_EX)
        finally:
            fcntl.flock(turn, fcntl.LOCK_UN)

    def release(self) -> None:
        """Let the next one go on."""
        if self._open is not None:
            fcntl.flock(self._open[1], fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go and close."""
        for descriptor in self._open or ():
            os.close(descriptor)
        self._open = None
