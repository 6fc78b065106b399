"""Calls that were refused for want of room, so that somebody can call back who never got through."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from gateway.ports.call import CallInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedCall:
    """One number's refused calls of one day of the city at one channel: one row, however often it called."""

    channel_id: str
    day: str
    """YYYY-MM-DD in the city's time."""
    number: str
    """What tells callers apart: the phone, else what the network said, cut; empty for those who gave none."""
    phone: str | None
    """E.164."""
    to_raw: str
    reason: str
    """Of the last one: a reason of ``gateway_sip_refused_total``, or ``store``."""
    proved: bool
    """Whether the caller's network is known; other numbers may be invented."""
    first_at: datetime
    last_at: datetime
    attempts: int


class RefusedCallStore(Protocol):
    """Where they are kept."""

    async def add(self, calls: Sequence[RefusedCall], *, most_a_day: int) -> int:
        """Add them to the rows of their day; how many new rows were left out as a channel's day has ``most_a_day``."""
        ...

    async def listed(self, *, since: datetime, limit: int) -> list[dict[str, Any]]:
        """Those of ``since`` and later, oldest call first.

        {channel_id, number, phone, to_raw, reason, proved, first_at, last_at, attempts}.
        """
        ...

    async def forget(self, before: datetime) -> int:
        """Delete rows whose last call is older; how many."""
        ...


OnRefusedCall = Callable[[CallInfo, str, bool], None]
"""A channel tells the house of a call that it refused: what signalling said, the reason, whether the caller's network
is known. Never waits and never raises."""
