"""How often a channel is heard at which hour of the day: pure; every time is given, in the city's zone."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

HOURS = 24
SMOOTHING = 0.3
"""What one day's hour counts against the days before it."""
PAUSE_SMOOTHING = 0.1
FEW = 20
"""So many messages make a usual pause."""
LOOKS_BACK = timedelta(hours=48)
"""Longer silences are as long as this one."""


@dataclass(slots=True)
class Rhythm:
    """Messages an hour, learned hour by hour; an hour not lived through yet is judged by the usual pause."""

    last: datetime | None = None
    heard_in_all: int = 0
    pause_s: float | None = None
    hourly: list[float | None] = field(default_factory=lambda: [None] * HOURS)
    _hour: datetime | None = None
    """The hour that is being counted, by its beginning."""
    _whole: bool = False
    """Whether it was watched from its beginning."""
    _count: int = 0

    def heard(self, now: datetime) -> None:
        """A message has come."""
        self.passes(now)
        self._count += 1
        self.heard_in_all += 1
        if self.last is not None:
            pause = max(0.0, (now - self.last).total_seconds())
            before = self.pause_s if self.pause_s is not None else pause
            self.pause_s = before + PAUSE_SMOOTHING * (pause - before)
        self.last = now

    def passes(self, now: datetime) -> None:
        """Time goes by in which somebody listens: an hour that was watched from beginning to end is learned."""
        hour = _beginning(now)
        if self._hour == hour:
            return
        followed = self._hour is not None and hour - self._hour == timedelta(hours=1)
        if self._hour is not None and followed and self._whole:
            usual = self.hourly[self._hour.hour]
            self.hourly[self._hour.hour] = self._count if usual is None else usual + SMOOTHING * (self._count - usual)
        self._hour, self._whole, self._count = hour, followed, 0

    def missing(self, now: datetime) -> float:
        """How many messages should have come since the last one."""
        if self.last is None or self.pause_s is None or self.heard_in_all < FEW:
            return 0.0
        at, missing = max(self.last, now - LOOKS_BACK), 0.0
        while at < now:
            until = min(now, _beginning(at) + timedelta(hours=1))
            seconds, usual = (until - at).total_seconds(), self.hourly[at.hour]
            missing += seconds * usual / 3600 if usual is not None else seconds / max(self.pause_s, 1e-3)
            at = until
        return missing

    def written(self) -> str:
        """What outlives a restart; the hour under way does not."""
        return json.dumps(
            {
                "last": self.last.isoformat() if self.last is not None else None,
                "heard_in_all": self.heard_in_all,
                "pause_s": self.pause_s,
                "hourly": self.hourly,
            }
        )

    @classmethod
    def read(cls, text: str) -> Rhythm:
        """What ``written`` gave; ``ValueError`` for anything else."""
        try:
            kept: dict[str, Any] = json.loads(text)
            last = datetime.fromisoformat(kept["last"]) if kept["last"] is not None else None
            rhythm = cls(last, kept["heard_in_all"], kept["pause_s"], [*kept["hourly"]])
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError("not a rhythm") from error
        if len(rhythm.hourly) != HOURS:
            raise ValueError("not a rhythm: a day has 24 hours")
        return rhythm


def _beginning(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
