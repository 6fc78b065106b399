"""A clock that jumped deletes nothing: see ``gateway.domain.retention``."""

from __future__ import annotations

from datetime import datetime, timedelta

from gateway.domain.ids import from_rfc3339, rfc3339
from gateway.domain.retention import ClockDoubt
from gateway.ports.clock import Clock
from gateway.ports.conversation_store import ChannelStates
from gateway.ports.store import TicketReader
from gateway.telemetry import log, metrics

SEEN = ("*", "retention_seen_at")
"""Where the instant is stored: no channel is called so."""
WRITE_EVERY = timedelta(hours=1)
_log = log.get("retention")


class StoredRetentionClock:
    """What is deleted by age is deleted by this clock; one a process."""

    def __init__(self, *, states: ChannelStates, reader: TicketReader, clock: Clock) -> None:
        """``states`` keeps what a believed clock said last; until there is any, the newest event tells."""
        self._states = states
        self._reader = reader
        self._clock = clock
        self._doubt = ClockDoubt()
        self._doubted = False

    async def believed(self) -> datetime | None:
        """Now; None while this machine's clock is doubted: then nothing is deleted. ``StoreUnavailable``."""
        stored = await self._states.get(*SEEN)
        now = self._clock.now()
        seen = from_rfc3339(stored) if stored else await self._newest_event() or now
        believed = self._doubt.believes(now, self._clock.monotonic(), seen)
        if stored is None or (believed and abs(now - seen) >= WRITE_EVERY):
            await self._states.put(*SEEN, rfc3339(now if believed else seen))
        metrics.RETENTION_CLOCK_DOUBTED.set(not believed)
        if self._doubted == believed:
            self._doubted = not believed
            if believed:
                _log.info("retention_clock_believed")
            else:
                _log.error(
                    "retention_clock_doubted",
                    clock=rfc3339(now),
                    house=rfc3339(seen),
                    do="nothing is deleted for now; set this machine's clock, if it is the one that is wrong",
                )
        return now if believed else None

    async def _newest_event(self) -> datetime | None:
        last = await self._reader.last_event_seq()
        events = await self._reader.events(after=last - 1, limit=1) if last else []
        return from_rfc3339(events[0]["at"]) if events else None
