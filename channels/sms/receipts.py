"""Receipts of texts that left as several short messages: the operator names each, the house knows one id."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from gateway.ports.clock import Clock
from gateway.ports.message import ChannelState, Conversations, Receipt

BUCKETS = 64
KEEP_S = 3 * 86400.0
"""Operators report for 48 hours (CMPP 2.0, 7.4.5.1)."""


@dataclass(frozen=True, slots=True)
class Word:
    """What an operator says of one short message: ``delivered``, ``failed``, or None for a state on the way."""

    external_id: str
    state: str | None
    error: str | None = None


class Sending:
    """The parts of one text while they leave: words on them wait until all parts are known."""

    def __init__(self) -> None:
        """No part has left."""
        self.ids: list[str] = []
        self.over = asyncio.Event()


class Receipts:
    """Turns words on parts into the word on the message: failed when one failed, delivered when all are."""

    def __init__(self, channel_id: str, state: ChannelState, clock: Clock, conversations: Conversations) -> None:
        """State keys are ``sent/00`` to ``sent/63``."""
        self._channel_id = channel_id
        self._state = state
        self._clock = clock
        self._conversations = conversations
        self._locks = [asyncio.Lock() for _ in range(BUCKETS)]
        self._leaving: dict[str, Sending] = {}

    @contextmanager
    def sending(self) -> Iterator[Sending]:
        """Around the sending of one text; ``left`` is called for each part in it."""
        sending = Sending()
        try:
            yield sending
        finally:
            sending.over.set()
            for one in sending.ids:
                self._leaving.pop(one, None)

    def left(self, sending: Sending, external_id: str) -> None:
        """The operator took a part and named it."""
        if external_id:
            sending.ids.append(external_id)
            self._leaving[external_id] = sending

    async def sent(self, parts: list[str]) -> str | None:
        """The id that stands for all parts (the last one's); durable when there are several. None: none has one."""
        ids = [one for one in parts if one]
        if not ids:
            return None
        whole = ids[-1]
        if len(ids) > 1:
            at = _bucket(whole)
            async with self._locks[at]:
                held = await self._load(f"sent/{at:02}")
                held[whole] = [self._now(), *ids]
                await self._save(f"sent/{at:02}", held)
            for one in ids[:-1]:
                await self._note(one, whole)
        return whole

    async def heard(self, word: Word) -> None:
        """Returns when the house has it; raises ``StoreUnavailable``: do not acknowledge."""
        if word.state is None:
            return
        if (sending := self._leaving.get(word.external_id)) is not None:
            await sending.over.wait()
        whole = await self._whole_of(word.external_id)
        state: str | None = word.state
        if state == "delivered":
            state = await self._delivered(whole, word.external_id)
        if state is not None:
            await self._conversations.receipt(
                Receipt(
                    channel_id=self._channel_id,
                    external_id=whole,
                    state=state,
                    at=self._clock.now(),
                    error=word.error,
                )
            )

    async def _delivered(self, whole: str, part: str) -> str | None:
        """Cross a part off; ``delivered`` when none is left."""
        at = _bucket(whole)
        async with self._locks[at]:
            held = await self._load(f"sent/{at:02}")
            if whole not in held:
                return "delivered"
            since, *waiting = held[whole]
            left = [one for one in waiting if one != part]
            held[whole] = [since, *left]
            await self._save(f"sent/{at:02}", held)
        return None if left else "delivered"

    async def _note(self, part: str, whole: str) -> None:
        at = _bucket(part)
        async with self._locks[at]:
            held = await self._load(f"part/{at:02}")
            held[part] = [self._now(), whole]
            await self._save(f"part/{at:02}", held)

    async def _whole_of(self, part: str) -> str:
        at = _bucket(part)
        async with self._locks[at]:
            entry = (await self._load(f"part/{at:02}")).get(part)
        return str(entry[1]) if entry else part

    async def _load(self, key: str) -> dict[str, list[str]]:
        held: dict[str, list[str]] = json.loads(await self._state.get(key) or "{}")
        return held

    async def _save(self, key: str, held: dict[str, list[str]]) -> None:
        oldest = self._clock.now().timestamp() - KEEP_S
        kept = {one: entry for one, entry in held.items() if float(entry[0]) > oldest}
        await self._state.put(key, json.dumps(kept, separators=(",", ":")))

    def _now(self) -> str:
        return f"{self._clock.now().timestamp():.0f}"


def _bucket(external_id: str) -> int:
    return zlib.crc32(external_id.encode()) % BUCKETS
