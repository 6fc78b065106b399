"""Spreads new events to all streams of a process, with one read of the event log for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from gateway.ports.store import Record, TicketReader
from gateway.telemetry import log, trace

QUEUE = 2000
"""Events that may wait for one client; a slower one is dropped and comes back with Last-Event-ID."""
PAGE = 500
_log = log.get("web.hub")
Waiting = asyncio.Queue[Record | None]


class EventHub:
    """Spreads new events over bounded queues. It reads only while there are listeners."""

    def __init__(self, reader: TicketReader) -> None:
        """Nothing runs until the first listener."""
        self._reader = reader
        self._listeners: set[Waiting] = set()
        self._seq = 0
        self._pump: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()

    async def follow(self, after: int) -> AsyncGenerator[Record, None]:
        """Events after ``after``: stored ones first, then each as it commits. Ends when the client is too slow."""
        await self._start()
        queue: Waiting = asyncio.Queue(QUEUE)
        self._listeners.add(queue)
        reached = self._seq  # everything later comes by the queue
        try:
            while after < reached:
                page = await self._reader.events(after=after, limit=PAGE)
                for event in page:
                    after = event["event_seq"]
                    yield event
                if not page:
                    break
            while (event_or_end := await queue.get()) is not None:
                if event_or_end["event_seq"] > after:
                    yield event_or_end
        finally:
            self._listeners.discard(queue)
            if not self._listeners and self._pump is not None:
                self._pump.cancel()
                self._pump = None

    async def _start(self) -> None:
        async with self._starting:
            if self._pump is None:
                self._seq = await self._reader.last_event_seq()
                self._pump = asyncio.create_task(self._run(), name="web-event-hub", context=trace.outside())

    async def _run(self) -> None:
        try:
            async for event in self._reader.watch(self._seq):
                self._seq = event["event_seq"]
                for queue in tuple(self._listeners):
                    if queue.full():
                        self._end(queue)
                    else:
                        queue.put_nowait(event)
        except Exception as error:  # noqa: BLE001 - whatever it was, listeners must not wait for ever
            _log.warning("event_hub_stopped", exc_info=error)
        # Not reached when cancelled: then there is no listener, or only those of the next pump.
        self._pump = None
        for queue in tuple(self._listeners):
            self._end(queue)

    def _end(self, queue: Waiting) -> None:
        """Tell a listener to stop; what waits for it is not sent any more, it will ask for it again."""
        self._listeners.discard(queue)
        while not queue.empty():
            queue.get_nowait()
        queue.put_nowait(None)
