"""Calls for which there was no room: counted as given up, and kept so that they can be called back.

Nothing of this is on a call's way: a refusal is noted in memory, one entry for each number, and written behind it. A
flood costs a bounded number of entries and rows; what is beyond them is counted only.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import replace
from zoneinfo import ZoneInfo

from gateway.domain.words import Disposition
from gateway.errors import StoreUnavailable
from gateway.following.poll import every
from gateway.intake.call.numbers import caller_number
from gateway.ports.call import CallInfo
from gateway.ports.clock import Clock
from gateway.ports.refused_call import RefusedCall, RefusedCallStore
from gateway.telemetry import log, metrics

WRITE_S = 2.0
MAX_WAITING = 1000
"""Numbers kept until they are written."""
MAX_A_DAY = 20_000
"""Rows of one channel and day."""
REMEMBERED = 4096
"""Calls whose repeated INVITE is known to be the same."""
KEPT_DAYS = 30
"""Of a row."""
NUMBER_CHARS, RAW_CHARS = 64, 256
_log = log.get("call")


class RefusedCalls:
    """Implements ``ports.refused_call.OnRefusedCall``; ``run`` writes."""

    def __init__(self, *, store: RefusedCallStore, clock: Clock, zone: ZoneInfo) -> None:
        """``zone`` is the city's: it says when a row's day ends."""
        self._store = store
        self._clock = clock
        self._zone = zone
        self._waiting: dict[tuple[str, str, str], RefusedCall] = {}
        self._known: OrderedDict[str, None] = OrderedDict()

    def __call__(self, info: CallInfo, reason: str, proved: bool) -> None:  # noqa: FBT001 - the port's shape
        """Note one refusal."""
        if info.external_id in self._known:
            return
        self._known[info.external_id] = None
        if len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        metrics.CALLS.labels(info.channel_id, Disposition.REJECTED.value).inc()
        now = self._clock.now()
        phone = caller_number(info)
        number = phone or info.from_user[:NUMBER_CHARS]
        day = now.astimezone(self._zone).date().isoformat()
        key = (info.channel_id, day, number)
        before = self._waiting.get(key)
        if before is not None:
            self._waiting[key] = replace(
                before,
                reason=reason,
                last_at=now,
                attempts=before.attempts + 1,
                proved=before.proved or proved,
            )
        elif len(self._waiting) < MAX_WAITING:
            self._waiting[key] = RefusedCall(
                channel_id=info.channel_id,
                day=day,
                number=number,
                phone=phone,
                to_raw=info.to_raw[:RAW_CHARS],
                reason=reason,
                proved=proved,
                first_at=now,
                last_at=now,
                attempts=1,
            )
        else:
            metrics.REFUSED_CALLS_LOST.labels(info.channel_id).inc()

    async def run(self) -> None:
        """Write what was noted until cancelled; what is left then is written once more."""
        try:
            await every(WRITE_S, self.flush)
        finally:
            await self.flush()

    async def flush(self) -> None:
        """Write what waits; it goes on waiting while the store is away."""
        calls = list(self._waiting.values())
        if not calls:
            return
        self._waiting.clear()
        try:
            left_out = await self._store.add(calls, most_a_day=MAX_A_DAY)
        except (StoreUnavailable, asyncio.CancelledError) as error:
            for call in calls:
                self._keep(call)
            if isinstance(error, asyncio.CancelledError):
                raise
            return
        if left_out:
            _log.error("refused_calls_full", left_out=left_out, most_a_day=MAX_A_DAY)
            metrics.REFUSED_CALLS_LOST.labels(calls[0].channel_id).inc(left_out)

    def _keep(self, call: RefusedCall) -> None:
        """Put back what could not be written, under what came meanwhile."""
        key = (call.channel_id, call.day, call.number)
        newer = self._waiting.get(key)
        if newer is not None:
            attempts, proved = newer.attempts + call.attempts, newer.proved or call.proved
            call = replace(newer, first_at=call.first_at, attempts=attempts, proved=proved)
        if newer is not None or len(self._waiting) < MAX_WAITING:
            self._waiting[key] = call
        else:
            metrics.REFUSED_CALLS_LOST.labels(call.channel_id).inc(call.attempts)
