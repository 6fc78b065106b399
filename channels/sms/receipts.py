"""Receipts of texts sent as several short messages: the operator names each part, the record has one id."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from gateway.domain.phone_numbers import same_subscriber
from gateway.ports.clock import Clock
from gateway.ports.message import ChannelState, Conversations, Receipt

BUCKETS = 64
_LONGEST_ID = 32
_WIDTHS = (8, 10, 16, 20)
"""To which ids are filled with zeros: 32 and 64 bits in either base."""
_WITH_RECIPIENT = 2
KEEP_S = 3 * 86400.0
"""Operators report for 48 hours (CMPP 2.0, 7.4.5.1)."""


@dataclass(frozen=True, slots=True)
class Word:
    """An operator's status of one short message: ``delivered``, ``failed``, or None for a state on the way."""

    external_id: str
    state: str | None
    error: str | None = None
    sender: str | None = None
    """The telephone that it is about, where the operator says so."""

    def is_about(self, recipient: str) -> bool:
        """Whether it may be about a text to ``recipient``: the same telephone, as far as both are known."""
        return same_subscriber(self.sender, recipient)

    @property
    def ids(self) -> tuple[str, ...]:
        """The id as it came, then as other ends write it: in the other base, with and without zeros in front.

        An SMSC may name a message in hexadecimal when it takes it and in decimal in its receipt, or the reverse
        (SMPP 3.4 leaves the form of message_id to it).
        """
        given = self.external_id
        bare = given.lstrip("0") or given
        found = [given, bare, given.lower(), given.upper(), bare.lower(), bare.upper()]
        for base, spell in ((10, "{:x}"), (16, "{:d}")):
            try:
                number = int(given, base) if len(given) <= _LONGEST_ID else None
            except ValueError:
                continue
            if number is not None and given.isalnum():
                spelled = spell.format(number)
                wide = (spelled.zfill(width) for width in _WIDTHS if width > len(spelled))
                found += [one for each in (spelled, *wide) for one in (each, each.upper())]
        for cased in (bare, bare.lower(), bare.upper()):
            found += [cased.zfill(width) for width in _WIDTHS if width > len(bare)]
        return tuple(dict.fromkeys(found))


class Sending:
    """The parts of one text while they leave: words on them wait until all parts are known."""

    def __init__(self, recipient: str) -> None:
        """No part has left."""
        self.recipient = recipient
        self.ids: list[str] = []
        self.over = asyncio.Event()


class PartReceipts:
    """Turns words on parts into the word on the message: failed when one failed, delivered when all are.

    Some operators report a long text once: ``settle_s`` after the first part was delivered the others count as well.
    """

    def __init__(
        self,
        channel_id: str,
        state: ChannelState,
        clock: Clock,
        conversations: Conversations,
        *,
        settle_s: float,
    ) -> None:
        """State keys are ``whole/00`` to ``whole/63`` and ``part/00`` to ``part/63``; ``load`` comes first."""
        self._channel_id = channel_id
        self._state = state
        self._clock = clock
        self._conversations = conversations
        self._settle_s = settle_s
        self._locks = [asyncio.Lock() for _ in range(BUCKETS)]
        self._leaving: dict[str, Sending] = {}
        self._settling: dict[str, float] = {}
        """Id of a text of which a part was delivered -> when."""

    async def load(self) -> None:
        """Read which texts an earlier run left half reported."""
        for at in range(BUCKETS):
            held = await self._load(f"whole/{at:02}")
            self._settling |= {whole: float(heard) for whole, (_, heard, *_left) in held.items() if heard}

    @contextmanager
    def sending(self, recipient: str) -> Iterator[Sending]:
        """Around the sending of one text; ``left`` is called for each part in it."""
        sending = Sending(recipient)
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

    async def sent(self, parts: list[str], recipient: str) -> str | None:
        """The id that stands for all parts (the last one's); durable when there are several. None: none has one."""
        ids = [one for one in parts if one]
        if not ids:
            return None
        whole = ids[-1]
        if len(ids) > 1:
            at = _bucket(whole)
            async with self._locks[at]:
                held = await self._load(f"whole/{at:02}")
                held[whole] = [self._now(), "", *ids]
                await self._save(f"whole/{at:02}", held)
            for one in ids:
                await self._note(one, whole, recipient)
        return whole

    async def heard(self, word: Word) -> None:
        """Returns when the status is recorded; raises ``StoreUnavailable``: do not acknowledge."""
        if word.state is None:
            return
        leaving = (self._leaving.get(one) for one in word.ids)
        if (sending := next((one for one in leaving if one and word.is_about(one.recipient)), None)) is not None:
            await sending.over.wait()
        part, whole = await self._whole_of(word)
        state: str | None = word.state
        if whole is not None and state == "delivered":
            state = await self._delivered(whole, part)
        elif whole is not None:
            self._settling.pop(whole, None)
        if state is not None:
            await self._tell(whole or word.external_id, state, word)

    async def settle(self) -> None:
        """Tell of texts whose operator reported a part and says nothing of the others."""
        now = float(self._now())
        for whole, heard in list(self._settling.items()):
            if now - heard >= self._settle_s:
                await self._tell(whole, "delivered", None)
                self._settling.pop(whole, None)

    async def _tell(self, external_id: str, state: str, word: Word | None) -> None:
        await self._conversations.receipt(
            Receipt(
                channel_id=self._channel_id,
                external_id=external_id,
                state=state,
                at=self._clock.now(),
                error=word.error if word else None,
                also=word.ids if word else (),
                recipient=word.sender if word else None,
            )
        )

    async def _delivered(self, whole: str, part: str) -> str | None:
        """Cross a part off; ``delivered`` when none is left."""
        at = _bucket(whole)
        async with self._locks[at]:
            held = await self._load(f"whole/{at:02}")
            if whole not in held:
                return "delivered"
            since, _, *waiting = held[whole]
            left = [one for one in waiting if one != part]
            held[whole] = [since, self._now() if left else "", *left]
            await self._save(f"whole/{at:02}", held)
        if left:
            self._settling[whole] = float(self._now())
            return None
        self._settling.pop(whole, None)
        return "delivered"

    async def _note(self, part: str, whole: str, recipient: str) -> None:
        at = _bucket(part)
        async with self._locks[at]:
            held = await self._load(f"part/{at:02}")
            held[part] = [self._now(), whole, recipient]
            await self._save(f"part/{at:02}", held)

    async def _whole_of(self, word: Word) -> tuple[str, str | None]:
        """The part's id as it was given, and the id of its text; None when it is no part that we know."""
        for one in word.ids:
            at = _bucket(one)
            async with self._locks[at]:
                entry = (await self._load(f"part/{at:02}")).get(one)
            if entry is not None and word.is_about(entry[2] if len(entry) > _WITH_RECIPIENT else ""):
                return one, str(entry[1])
        return word.external_id, None

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
