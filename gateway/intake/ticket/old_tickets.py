"""What was closed long ago is erased, and erasures whose process died are finished: some at a time, day by day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from gateway.domain.retention import first_kept
from gateway.errors import Conflict
from gateway.intake.ticket.erase import Erasure
from gateway.ports.erasure import ErasureStore
from gateway.telemetry import log

ACTOR = "system:retention"
AT_ONCE = 500
"""Tickets looked at, and erased, at once."""
PAGES = 40
"""So many times in one step, while there is nothing to erase."""
LEFT_ALONE = timedelta(hours=1)
"""So long an erasure may be somebody's who is at it."""
_log = log.get("erasure")


class OldTickets:
    """Goes through all tickets once a day, oldest first. Several processes may: each ticket is erased once."""

    def __init__(self, *, store: ErasureStore, erasure: Erasure, days: int) -> None:
        """``days`` as ``[retention] personal_days``; 0: only what was begun is finished."""
        self._store = store
        self._erasure = erasure
        self._days = days
        self._after = ""
        self._gone_through: date | None = None
        self._erased = 0

    async def step(self, now: datetime) -> None:
        """One step; ``now`` is a clock's that is believed (``gateway.domain.retention``)."""
        for line in await self._store.undone(now - LEFT_ALONE, AT_ONCE):
            try:
                await self._erasure.erase(line.subject, actor=line.actor)
            except (Conflict, OSError) as error:
                _log.warning("erasure_waits", subject=line.subject.id, exc_info=error)
        if self._days and self._gone_through != now.date():
            await self._go_on(now)

    async def _go_on(self, now: datetime) -> None:
        before = datetime.combine(first_kept(now, self._days), time(), UTC)
        for _ in range(PAGES):
            due, after = await self._store.closed_before(before, self._after, AT_ONCE)
            self._erased += await self._erasure.erase_old(due, actor=ACTOR)
            self._after = after or ""
            if after is None:
                self._gone_through = now.date()
                if self._erased:
                    _log.info("personal_data_expired", tickets=self._erased)
                    await self._store.scrub()
                self._erased = 0
            if due or after is None:
                return
