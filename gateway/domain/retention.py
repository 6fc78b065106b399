"""What is kept for a number of days, and when a clock may be believed that says they are over.

A day is one of UTC, as in the names of folders. What began at ``t`` goes between ``days`` and ``days + 1`` days later.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

LEAP = timedelta(days=1)
"""A clock that differs by more from what it should say has jumped, or nothing ran meanwhile."""
DOUBT_S = 20 * 3600.0
"""A clock that leaped is believed after it has gone evenly for so long: the alarm rings meanwhile, and who is woken by
it can set the clock. Less than a day, so that a house that is restarted each night gets there."""


def first_kept(now: datetime, days: int) -> date:
    """The first day (UTC) of which everything is kept; what began earlier goes. Never raises for an odd clock."""
    today = now.astimezone(UTC).date()
    return today - timedelta(days=days) if today.toordinal() > days else date.min


class ClockDoubt:
    """Whether this machine's clock may be believed when it says that something is to be deleted.

    It is held against the instant ``seen`` that the house has stored: what a believed clock said last, of whichever
    machine. A clock that is more than ``LEAP`` away from it, either way, is doubted until it has gone evenly for
    ``DOUBT_S``, and for longer while a machine whose clock is believed moves ``seen`` on: then ours is the wrong one.
    """

    def __init__(self) -> None:
        """Nothing is doubted yet."""
        self._since: tuple[datetime, float, datetime] | None = None

    def believes(self, now: datetime, monotonic: float, seen: datetime) -> bool:
        """Ask again and again: ``now`` is the wall clock, ``monotonic`` counts seconds and never jumps."""
        if abs(now - seen) <= LEAP:
            self._since = None
            return True
        if self._since is not None:
            since, began, others = self._since
            passed = monotonic - began
            if others == seen and abs((now - since) - timedelta(seconds=passed)) <= LEAP:
                if passed < DOUBT_S:
                    return False
                self._since = None
                return True
        self._since = (now, monotonic, seen)
        return False
