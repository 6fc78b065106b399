"""Polling: ask for updates, store them, then acknowledge them by asking for the next."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

from channels.telegram.api import BotApi
from gateway.errors import GatewayError, StoreUnavailable, TransientDeliveryError
from gateway.ports.clock import Clock
from gateway.ports.message import TextServices
from gateway.telemetry import log

_log = log.get("telegram")

FORGET = timedelta(days=6)
"""After a week without updates Telegram numbers them anew from anywhere; an offset that old could skip them."""
_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 60.0
_SPARE_S = 30.0


class Poller:
    """Asks for one bot. Of several processes, the one that holds the lock asks; the others wait for it to let go."""

    def __init__(
        self,
        api: BotApi,
        text: TextServices,
        clock: Clock,
        *,
        wait_s: float,
        take: Callable[[Any], Awaitable[None]],
    ) -> None:
        """``take`` stores one update and raises ``StoreUnavailable``; a question takes ``wait_s`` at most."""
        self._api = api
        self._text = text
        self._clock = clock
        self._ttl_s = wait_s + _SPARE_S
        self._take = take
        self._key = f"offset:{api.bot_id}"

    async def run(self) -> None:
        """Ask until cancelled."""
        pause_s = _PAUSE_S
        unhooked = False
        while True:
            try:
                if not unhooked:
                    await self._api.delete_webhook()
                    unhooked = True
                async with self._text.cache.lock(f"telegram:poll:{self._api.bot_id}", self._ttl_s) as mine:
                    if mine:
                        await self._round()
                self._text.health.connected(up=True)
                if not mine:
                    await asyncio.sleep(_PAUSE_S)
            except GatewayError as error:
                if not isinstance(error, StoreUnavailable):
                    self._text.health.connected(up=False)
                wait_s = _wait_s(error) or pause_s
                _log.warning("telegram_polling_paused", reason=str(error), wait_s=wait_s, exc_info=error)
                await asyncio.sleep(wait_s)
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
            else:
                pause_s = _PAUSE_S

    async def _round(self) -> None:
        """One question. What was stored is remembered also when a later update of the answer could not be."""
        offset = await self._offset()
        reached = offset
        try:
            found = await self._api.updates(offset)
            for raw in found:
                await self._take(raw)
                if isinstance(raw, dict) and type(raw.get("update_id")) is int:
                    reached = raw["update_id"] + 1
            if found and reached == offset:
                raise TransientDeliveryError("Telegram's updates carry no update_id")
        finally:
            if reached != offset:
                at = self._clock.now().isoformat()
                await self._text.state.put(self._key, json.dumps({"offset": reached, "at": at}))

    async def _offset(self) -> int | None:
        kept = await self._text.state.get(self._key)
        if kept is None:
            return None
        found = json.loads(kept)
        if self._clock.now() - datetime.fromisoformat(found["at"]) > FORGET:
            return None
        return int(found["offset"])


def _wait_s(error: GatewayError) -> float | None:
    """Seconds that the Bot API asks to wait."""
    if isinstance(error, StoreUnavailable):
        return float(error.retry_after_s)
    return error.retry_after_s if isinstance(error, TransientDeliveryError) else None
