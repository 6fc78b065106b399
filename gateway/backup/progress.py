"""How far long work has come, for a person who waits at a terminal."""

from __future__ import annotations

import time
from typing import TextIO

EVERY_S = 2.0


class Progress:
    """A line on ``stream`` every ``EVERY_S`` seconds."""

    def __init__(self, stream: TextIO) -> None:
        """Say nothing yet."""
        self._stream = stream
        self._what = ""
        self._files = self._bytes = 0
        self._next = 0.0

    def begin(self, what: str) -> None:
        """A new part of the work."""
        self._what, self._files, self._bytes = what, 0, 0
        self._next = time.monotonic() + EVERY_S
        print(f"{what} …", file=self._stream, flush=True)

    def add(self, size: int, *, files: int = 1) -> None:
        """So much more is done."""
        self._files += files
        self._bytes += size
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + EVERY_S
            print(f"{self._what}: {self._files} files, {spelled(self._bytes)}", file=self._stream, flush=True)


def spelled(size: float) -> str:
    """A number of bytes as people read it."""
    for unit in ("bytes", "kB", "MB", "GB"):
        if size < 1000:  # noqa: PLR2004 - the SI's step
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"
