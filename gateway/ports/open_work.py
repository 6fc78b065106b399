"""What the record says is still to be done, counted for operations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How much waits, and since when the first of it does; None: nothing waits."""

    waiting: int = 0
    oldest: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedBacklog(Backlog):
    """What a feed still has to deliver, and what it gave up."""

    dead: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWork:
    """One look at all of it."""

    transcripts: Backlog
    """Ended calls whose recording waits to be transcribed, by their end; more than ``MOST`` tickets are not counted."""
    outbox: Mapping[str, Backlog] = field(default_factory=dict)
    """Messages to people whose hour has come, by channel, those of channels that are configured no more included."""
    callbacks_open: int = 0
    callbacks_overdue: int = 0
    feeds: Mapping[str, FeedBacklog] = field(default_factory=dict)
    notices: Mapping[str, FeedBacklog] = field(default_factory=dict)
    """To units, by way: what is due and has not left."""
    clocks: Backlog = field(default_factory=Backlog)
    """Of cases: what is due and has not fired."""


MOST = 10_000


class OpenWorkStore(Protocol):
    """Where it is counted: at the cost of what is open, never of what is kept."""

    async def count(self, feeds: Sequence[str]) -> OpenWork:
        """All of it, with the queues of ``feeds``. ``StoreUnavailable``."""
        ...

    async def clock_offset_s(self) -> float | None:
        """Seconds by which the database's clock is ahead of ours; None where it is one clock. ``StoreUnavailable``."""
        ...
