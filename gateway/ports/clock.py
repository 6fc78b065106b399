"""Time as a dependency, so that tests can run it."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Wall time and the passing of time."""

    def now(self) -> datetime:
        """The current instant, timezone-aware UTC. May jump; never subtract two of these to measure."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that never jumps."""
        ...
