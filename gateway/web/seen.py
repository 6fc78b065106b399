"""Audit rows of reads: written after the read, in batches; repeated looks at one thing are one row."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque

from gateway.errors import StoreUnavailable
from gateway.ports.audit import AuditTrail, Look
from gateway.ports.clock import Clock
from gateway.telemetry import log, trace

AGAIN_S = 600.0
"""Looking at the same thing again within this time is the same look: a page reloads its ticket with every word said."""
GATHER_S = 0.5
"""So long looks wait for others; a crash may lose those of this time. What reveals is written before it answers."""
RETRY_S = 5.0
BATCH = 500
REMEMBERED = 50_000
WAITING = 100_000
"""Looks kept while the database is down; beyond that the oldest go to the log instead."""
_log = log.get("web.seen")


class SeenLog:
    """The audit trail's writer for reads."""

    def __init__(self, audit: AuditTrail, clock: Clock) -> None:
        """Starts nothing."""
        self._audit = audit
        self._clock = clock
        self._recent: OrderedDict[tuple[str, str, str | None], float] = OrderedDict()
        self._waiting: deque[Look] = deque()
        self._flushing: asyncio.Task[None] | None = None

    def knows(self, actor: str, what: str, ticket_id: str | None) -> bool:
        """Whether this look was recorded within ``AGAIN_S``."""
        last = self._recent.get((actor, what, ticket_id))
        return last is not None and self._clock.monotonic() - last < AGAIN_S

    def remember(self, actor: str, what: str, ticket_id: str | None) -> None:
        """Note a look: repeats within ``AGAIN_S`` are not recorded."""
        key = (actor, what, ticket_id)
        self._recent[key] = self._clock.monotonic()
        self._recent.move_to_end(key)
        if len(self._recent) > REMEMBERED:
            self._recent.popitem(last=False)

    def saw(self, actor: str, what: str, ticket_id: str | None) -> None:
        """Remember a look; it is in SQL shortly after."""
        if self.knows(actor, what, ticket_id):
            return
        self.remember(actor, what, ticket_id)
        if len(self._waiting) >= WAITING:
            lost = self._waiting.popleft()
            _log.error("look_not_stored", actor=lost.actor, what=lost.action, ticket_id=lost.ticket_id)
        self._waiting.append(Look(actor, what, ticket_id, self._clock.now()))
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._flush_soon(), name="web-seen", context=trace.outside())

    async def flush(self) -> None:
        """Write everything that waits; ``StoreUnavailable`` when it must go on waiting."""
        while self._waiting:
            some = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
            try:
                await self._audit.write_all(some)
            except BaseException:
                self._waiting.extendleft(reversed(some))
                raise

    async def _flush_soon(self) -> None:
        await asyncio.sleep(GATHER_S)
        while self._waiting:
            try:
                await self.flush()
            except StoreUnavailable:
                await asyncio.sleep(RETRY_S)

    async def aclose(self) -> None:
        """Write what waits, once; what the database does not take is told to the log."""
        if self._flushing is not None:
            self._flushing.cancel()
            await asyncio.gather(self._flushing, return_exceptions=True)
        try:
            await self.flush()
        except StoreUnavailable as error:
            _log.error("looks_not_stored", count=len(self._waiting), exc_info=error)
