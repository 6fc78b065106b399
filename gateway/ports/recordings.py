"""Where call audio lives. A recording is one stereo A-law WAV (8 kHz): left the caller, right our side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedRecording:
    """A closed recording."""

    location: str
    duration_s: float
    sha256: str
    bytes: int


class RecordingWriter(Protocol):
    """A recording under way; what was written is readable at any moment, also after kill -9."""

    @property
    def location(self) -> str:
        """Where it lies, relative to the recordings' root."""
        ...

    async def begun(self, wait_s: float) -> None:
        """Return when the file is there, when it is known that there will be none, or after ``wait_s`` seconds."""
        ...

    def write(self, caller: bytes, ours: bytes) -> None:
        """Append one 20 ms frame pair (160 A-law bytes each).

        Never raises: a full disk stops recording and raises an alarm.
        """
        ...

    def close(self) -> FinishedRecording | None:
        """Flush and hash; None when nothing was recorded. Blocking: call it in a thread."""
        ...


class Recordings(Protocol):
    """The recordings port: a local or shared folder."""

    def location(self, interaction_id: str, at: datetime) -> str:
        """Where ``start`` with the same arguments will write."""
        ...

    def start(self, interaction_id: str, at: datetime) -> RecordingWriter:
        """Begin a recording."""
        ...

    def path(self, location: str) -> Path:
        """The file of a location; ``NotFound`` when it is gone or lies outside the root."""
        ...

    def finish(self, location: str) -> FinishedRecording | None:
        """Repair the header of a recording whose process died, and hash it.

        None when there is no file. One without audio is kept: it was begun for a call that was answered. Blocking.
        """
        ...

    def expire(self, first_kept: date) -> list[str]:
        """Delete the recordings of calls that began before that day (UTC); their locations. Blocking."""
        ...

    def remove(self, location: str) -> bool:
        """Delete one recording, whose call is over; False when there was none. Blocking; ``OSError``."""
        ...

    def free_fraction(self) -> float:
        """Free share of the disk, 0..1."""
        ...
