"""Clocks that tests set, move and mislead; each implements ``gateway.ports.clock.Clock``."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from gateway.edge.system_clock import SystemClock

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
"""12:00 in Shanghai."""


class SetClock:
    """Stands still until told otherwise."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at
        self._passed_s = 0.0

    def now(self) -> datetime:
        """See ``Clock.now``."""
        return self.at

    def monotonic(self) -> float:
        """Seconds that passed since it was made."""
        return self._passed_s

    def forward(self, seconds: float) -> None:
        """Time passes."""
        self.at += timedelta(seconds=seconds)
        self._passed_s += seconds

    def jump(self, seconds: float) -> None:
        """Somebody puts the time of day right, or wrong: no time passes."""
        self.at += timedelta(seconds=seconds)

    def ahead(self, seconds: float = 0) -> ClockAhead:
        """The clock of a machine on which it is so much later than here."""
        return ClockAhead(self, seconds)


class ClockAhead:
    """Runs with another clock, some seconds ahead of it or (negative) behind."""

    def __init__(self, true: SetClock, ahead_s: float) -> None:
        self.true, self.ahead_s = true, ahead_s

    def now(self) -> datetime:
        """See ``Clock.now``."""
        return self.true.now() + timedelta(seconds=self.ahead_s)

    def monotonic(self) -> float:
        """See ``Clock.monotonic``."""
        return self.true.monotonic()

    def forward(self, seconds: float) -> None:
        """Time passes, for both."""
        self.true.forward(seconds)


class ShiftedClock(SystemClock):
    """The machine's clocks, each put forward by so much as a test sets."""

    def __init__(self, *, ahead: timedelta = timedelta(), passed_s: float = 0.0) -> None:
        self.ahead = ahead
        """Added to the time of day alone."""
        self.passed_s = passed_s
        """Added to the clock that never jumps, alone."""

    def now(self) -> datetime:
        """See ``Clock.now``."""
        return super().now() + self.ahead

    def monotonic(self) -> float:
        """See ``Clock.monotonic``."""
        return super().monotonic() + self.passed_s
