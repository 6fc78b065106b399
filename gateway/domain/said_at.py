"""When something was said, as whoever handed it over tells it: their clocks may be wrong."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
"""No channel of ours is older; a clock that was never set shows 1970."""
AHEAD = timedelta(days=1)
"""A clock that goes further ahead than this is wrong rather than inexact."""


def plausible(said: datetime, now: datetime) -> bool:
    """Whether it can have been said at ``said`` (aware) when ``now`` is the time here."""
    return EARLIEST <= said <= now + AHEAD


def said_at(sent: datetime | None, received: datetime) -> datetime:
    """The sender's time, but never after the arrival, and the arrival's where theirs is absurd or not told."""
    return sent if sent is not None and EARLIEST <= sent <= received else received
