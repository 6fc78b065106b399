"""Waking workers and followers, here and in other processes: a hint that nobody depends on.

It carries the newest event_seq: to the processes of this machine by datagrams (``neighbours``), to other machines over
a Valkey stream. Who is never woken goes on by its own timeout: a Valkey that is down costs other machines latency.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from redis.exceptions import RedisError

from gateway.domain.ids import new_ulid
from gateway.live.client import Client, ask
from gateway.live.neighbours import Neighbours
from gateway.telemetry import log

STREAM = "gateway:wakeup"
STREAM_LENGTH = 1000
BLOCK_MS = 2000
"""How long one read waits; less than the client's answer timeout."""
RETRY_S = 1.0
_log = log.get("wakeup")


class Wakeup:
    """Counts what has become due. ``run`` carries the count's changes to and from other processes."""

    def __init__(
        self,
        client: Client | None,
        *,
        neighbours: Neighbours | None = None,
        hear: Callable[[int | None], None] = lambda _: None,
    ) -> None:
        """``client`` None: no other machine hears of it. ``hear`` gets the event_seq of others, None when unknown."""
        self._client = client
        self._neighbours = neighbours
        self._hear = hear
        self._newest = 0
        self._origin = new_ulid()
        self._position = 0
        self._waiters: set[asyncio.Future[None]] = set()
        self._unsent = asyncio.Event()

    @property
    def position(self) -> int:
        """Grows with every wake-up. Read it before looking for work, hand it to ``wait`` when there was none."""
        return self._position

    async def notify(self, event_seq: int = 0) -> None:
        """There is new work, up to ``event_seq``. Never waits and never fails; others hear of it through ``run``."""
        self._newest = max(self._newest, event_seq)
        self._wake()
        if self._neighbours is not None:
            self._neighbours.tell(self._newest)
        self._unsent.set()

    async def wait(self, timeout_s: float, *, since: int | None = None) -> bool:
        """Until a wake-up later than ``since`` (None: than now) or ``timeout_s``; True when there was one."""
        if since is not None and since != self._position:
            return True
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            async with asyncio.timeout(timeout_s):
                await waiter
        except TimeoutError:
            return False
        finally:
            self._waiters.discard(waiter)
        return True

    async def run(self) -> None:
        """Exchange wake-ups with other processes until cancelled."""
        async with asyncio.TaskGroup() as group:
            if self._neighbours is not None:
                group.create_task(self._neighbours.run(self._heard), name="wakeup-neighbours")
            if self._client is not None:
                group.create_task(self._send(self._client), name="wakeup-send")
                group.create_task(self._receive(self._client), name="wakeup-receive")

    def _heard(self, event_seq: int | None) -> None:
        self._hear(event_seq)
        self._wake()

    def _wake(self) -> None:
        self._position += 1
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)

    async def _send(self, client: Client) -> None:
        """Any number of ``notify`` while one entry is under way become one entry more."""
        while True:
            await self._unsent.wait()
            self._unsent.clear()
            try:
                entry: dict[Any, Any] = {"from": self._origin, "seq": self._newest}
                await ask(client.xadd(STREAM, entry, maxlen=STREAM_LENGTH, approximate=True))
            except (RedisError, OSError):
                self._unsent.set()
                await asyncio.sleep(RETRY_S)

    async def _receive(self, client: Client) -> None:
        last: Any = "$"
        up = True
        while True:
            try:
                answer = await ask(client.xread({STREAM: last}, block=BLOCK_MS))
            except (RedisError, OSError) as error:
                if up:
                    _log.warning("wakeups_by_timeout", exc_info=error)
                up, last = False, "$"
                await asyncio.sleep(RETRY_S)
                continue
            if not up:
                _log.info("wakeups_back")
                up = True
                self._heard(None)  # what came meanwhile was not heard
            entries = [entry for _, stream in _streams(answer) for entry in stream]
            if entries:
                last = entries[-1][0]
            others = [fields for _, fields in entries if fields.get(b"from") != self._origin.encode()]
            if others:
                self._heard(max(int(fields.get(b"seq", 0)) for fields in others) or None)


def _streams(answer: Any) -> Any:
    """A RESP3 connection answers with a mapping, a RESP2 one with pairs."""
    return answer.items() if isinstance(answer, dict) else answer or ()
