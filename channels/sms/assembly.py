"""Long messages from parts that come in any order, twice, late or never.

What must outlive a crash is in ``ChannelState`` before a part is acknowledged. That store knows no deletion, so there
are 64 fixed keys; a person's sets of parts are all in one of them. A finished set leaves digests of its parts for a
while, so that a part sent again is known again.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from channels.sms.codec import alphabet
from channels.sms.codec.udh import Concat
from gateway.domain.limits import LONG_TEXT
from gateway.edge.off_loop import off_loop
from gateway.errors import GatewayError
from gateway.ports.clock import Clock
from gateway.ports.message import ChannelState
from gateway.telemetry import log

_log = log.get("sms")

BUCKETS = 64
REMEMBER_S = 900.0
"""How long a finished set's parts are recognised when the operator sends them again."""
REPEAT_S = 300.0
"""How long the same short message of one person, without an id of its own, counts as sent again by the operator."""
DOUBLE_S = 10.0
"""… unless the operator had our answer: then the same words after so long are the person's ("1" to two questions)."""
PROMPT_S = 5.0
"""An answer that took longer may have crossed with the operator's second try."""
MANY = 20_000
MOST_OPEN = 64
"""Long messages of one person that wait for parts at once; one more, and the oldest is handed in as it is."""
LONG_DUMP = 500
"""From so many entries on, a key of the store is written beside the event loop."""
GAP = "[…]"


@dataclass(frozen=True, slots=True)
class MessagePart:
    """A short message as it came, its header taken off; ``external_id`` where the operator gives a lasting one."""

    sender: str
    recipient: str
    body: bytes
    alphabet: str
    concat: Concat | None = None
    external_id: str | None = None

    @property
    def digest(self) -> str:
        """Tells two contents of one person apart, also in another run."""
        told = f"{self.sender}\x1f{self.recipient}\x1f{self.alphabet}".encode() + b"\x1f" + self.body
        return hashlib.sha256(told).hexdigest()[:24]


@dataclass(frozen=True, slots=True)
class Whole:
    """A message to hand in. ``text`` is None when it is not text; then ``raw`` is all there is of it."""

    external_id: str
    sender: str
    recipient: str
    text: str | None
    raw: bytes
    incomplete: bool = False
    doubtful: bool = False
    """The text was read otherwise than it was labelled, or not all of it could be: ``raw`` is kept too."""


@dataclass(slots=True, eq=False)
class _Set:
    """Parts that belong together; times are Unix seconds."""

    sender: str
    recipient: str
    ref: str
    total: int
    first_at: float
    last_at: float
    parts: dict[int, tuple[str, bytes]] = field(default_factory=dict)

    @property
    def complete(self) -> bool:
        return len(self.parts) == self.total

    @property
    def name(self) -> str:
        """An id that is the same whenever these parts are handed in again, and no other set's."""
        told = f"{self.first_at:.3f}\x1f" + "\x1f".join(sorted(self.digests()))
        return hashlib.sha256(told.encode()).hexdigest()[:24]

    def digests(self) -> list[str]:
        """What ``MessagePart.digest`` was of each part."""
        return [
            MessagePart(self.sender, self.recipient, body, name, Concat(self.ref, self.total, number)).digest
            for number, (name, body) in self.parts.items()
        ]

    def to_json(self) -> list[Any]:
        parts = [[n, name, base64.b64encode(body).decode()] for n, (name, body) in self.parts.items()]
        return [self.sender, self.recipient, self.ref, self.total, self.first_at, self.last_at, parts]

    @classmethod
    def from_json(cls, stored: list[Any]) -> _Set:
        sender, recipient, ref, total, first_at, last_at, parts = stored
        held = {n: (name, base64.b64decode(body)) for n, name, body in parts}
        return cls(sender, recipient, ref, total, first_at, last_at, held)


@dataclass(slots=True)
class _Bucket:
    """One key of the store. ``done``: digest of a part -> when it may be forgotten. ``seen``: digest -> first time."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    open: list[_Set] = field(default_factory=list)
    done: dict[str, float] = field(default_factory=dict)
    seen: dict[str, float] = field(default_factory=dict)

    @property
    def long(self) -> bool:
        """Whether writing it down takes milliseconds."""
        return sum(len(one.parts) for one in self.open) + len(self.done) + len(self.seen) > LONG_DUMP

    def dump(self) -> str:
        sets = [one.to_json() for one in self.open]
        return json.dumps([sets, self.done, self.seen], separators=(",", ":"))

    def load(self, value: str) -> None:
        sets, self.done, self.seen = json.loads(value)
        self.open = [_Set.from_json(one) for one in sets]

    def forget(self, now: float) -> None:
        self.done = {digest: until for digest, until in self.done.items() if until > now}
        self.seen = {digest: at for digest, at in self.seen.items() if now - at < REPEAT_S}


class Assembly:
    """Hands whole messages to ``deliver``, which returns after they are stored (or raises, and is asked again)."""

    def __init__(
        self, state: ChannelState, clock: Clock, *, timeout_s: float, deliver: Callable[[Whole], Awaitable[None]]
    ) -> None:
        """``load`` comes before the first ``take``."""
        self._state = state
        self._clock = clock
        self._timeout_s = timeout_s
        self._deliver = deliver
        self._buckets = [_Bucket() for _ in range(BUCKETS)]
        self._answered: dict[str, tuple[int, float]] = {}
        """Digest -> the connection that carried our first answer, and when: what came before may be a try in vain."""

    async def load(self) -> None:
        """Read what an earlier run left."""
        for at, bucket in enumerate(self._buckets):
            if value := await self._state.get(_key(at)):
                bucket.load(value)

    async def take(self, part: MessagePart, *, link: int = 0) -> None:
        """Returns when the part is durable, and the message with it when it was the last; only then acknowledge.

        ``link`` numbers the connection that it came by. Raises what ``deliver`` and the store raise; the part may then
        come again.
        """
        at = zlib.crc32(f"{part.sender}\x1f{part.recipient}".encode()) % BUCKETS
        bucket = self._buckets[at]
        async with bucket.lock:
            if part.concat is None:
                await self._single(at, bucket, part, link)
            else:
                await self._part(at, bucket, part, part.concat)

    def answered(self, part: MessagePart, *, link: int, after_s: float) -> None:
        """The operator was told that the part is here, ``after_s`` seconds after it came."""
        if part.concat is None and part.external_id is None and after_s < PROMPT_S:
            known = self._answered.get(part.digest)
            if known is None or known[0] != link:
                self._answered[part.digest] = (link, self._now())

    async def sweep(self) -> None:
        """Hand in what has waited too long, and what was whole but could not be handed in before."""
        for at, bucket in enumerate(self._buckets):
            if not bucket.open:
                continue
            async with bucket.lock:
                for one in list(bucket.open):
                    if one.complete or self._now() - one.last_at >= self._timeout_s:
                        try:
                            await self._finish(at, bucket, one)
                        except GatewayError as error:
                            _log.warning("sms_parts_kept", reason=error.code, parts=len(one.parts), exc_info=error)

    def _now(self) -> float:
        return round(self._clock.now().timestamp(), 3)

    async def _save(self, at: int, bucket: _Bucket) -> None:
        bucket.forget(self._now())
        if len(self._answered) > MANY:
            known = {digest for one in self._buckets for digest in one.seen}
            self._answered = {digest: told for digest, told in self._answered.items() if digest in known}
        # The bucket's lock is held: nobody alters it meanwhile.
        await self._state.put(_key(at), await off_loop(bucket.long, bucket.dump))

    async def _single(self, at: int, bucket: _Bucket, part: MessagePart, link: int) -> None:
        external_id = part.external_id
        if external_id is None:
            digest, now = part.digest, self._now()
            first = bucket.seen.get(digest)
            if first is None or self._anew(digest, link, first, now):
                self._answered.pop(digest, None)
                bucket.seen[digest] = now
                try:
                    await self._save(at, bucket)
                except BaseException:
                    bucket.seen.pop(digest, None)
                    raise
                first = now
            external_id = f"{digest}-{int(first * 1000)}"
        read = await off_loop(len(part.body) > LONG_TEXT, alphabet.read, part.body, part.alphabet)
        whole = Whole(external_id, part.sender, part.recipient, read.text, part.body, doubtful=read.doubtful)
        await self._deliver(whole)

    def _anew(self, digest: str, link: int, first: float, now: float) -> bool:
        told_by, told_at = self._answered.get(digest, (None, first))
        return now - told_at >= DOUBLE_S if told_by == link else now - first >= REPEAT_S

    async def _part(self, at: int, bucket: _Bucket, part: MessagePart, concat: Concat) -> None:
        stored = (part.alphabet, part.body)
        now = self._now()
        if bucket.done.get(part.digest, 0.0) > now:
            _log.info("sms_part_again", ref=concat.ref, number=concat.number)
            return
        wanted = (part.sender, part.recipient, concat.ref, concat.total)
        alike = [one for one in bucket.open if (one.sender, one.recipient, one.ref, one.total) == wanted]
        known = [one for one in alike if one.parts.get(concat.number) == stored]
        free = [one for one in alike if concat.number not in one.parts]
        if known:
            mine = known[-1]
        else:
            if not free:
                await self._make_room(at, bucket, part.sender)
            mine = free[-1] if free else _Set(*wanted, first_at=now, last_at=now)
            await self._add(at, bucket, mine, concat.number, stored, now)
        if mine.complete:
            await self._finish(at, bucket, mine)

    async def _make_room(self, at: int, bucket: _Bucket, sender: str) -> None:
        """Hand in the oldest of a person's messages that wait for parts, when there are too many of them."""
        waiting = [one for one in bucket.open if one.sender == sender]
        if len(waiting) >= MOST_OPEN:
            await self._finish(at, bucket, min(waiting, key=lambda one: one.last_at))

    async def _add(
        self, at: int, bucket: _Bucket, mine: _Set, number: int, stored: tuple[str, bytes], now: float
    ) -> None:
        """Durably; when the store fails, memory is as it was."""
        before = mine.last_at
        fresh = mine not in bucket.open
        if fresh:
            bucket.open.append(mine)
        mine.parts[number] = stored
        mine.last_at = now
        try:
            await self._save(at, bucket)
        except BaseException:
            del mine.parts[number]
            mine.last_at = before
            if fresh:
                bucket.open.remove(mine)
            raise

    async def _finish(self, at: int, bucket: _Bucket, one: _Set) -> None:
        read, raw = await off_loop(True, join, one.parts, one.total)
        whole = Whole(
            f"{one.name}-{one.total}",
            one.sender,
            one.recipient,
            read.text,
            raw,
            incomplete=not one.complete,
            doubtful=read.doubtful,
        )
        if whole.incomplete:
            _log.warning("sms_parts_missing", ref=one.ref, total=one.total, came=sorted(one.parts))
        await self._deliver(whole)
        until = self._now() + REMEMBER_S
        bucket.done |= dict.fromkeys(one.digests(), until)
        bucket.open = [other for other in bucket.open if other is not one]
        await self._save(at, bucket)


def join(parts: dict[int, tuple[str, bytes]], total: int) -> tuple[alphabet.Read, bytes]:
    """The text of parts, a mark where some are missing, and their octets.

    Neighbours in one alphabet are joined before they are decoded (a surrogate pair may lie across them); parts in
    another alphabet are decoded by their own. No text at all gives None.
    """
    runs: list[tuple[str, bytearray]] = []
    last = 0
    for number in sorted(parts):
        name, body = parts[number]
        if number != last + 1:
            runs.append(("", bytearray()))
        if runs and runs[-1][0] == name:
            runs[-1][1].extend(body)
        else:
            runs.append((name, bytearray(body)))
        last = number
    if last != total:
        runs.append(("", bytearray()))
    reads = [alphabet.Read(GAP) if not name else alphabet.read(bytes(body), name) for name, body in runs]
    raw = b"".join(parts[number][1] for number in sorted(parts))
    doubtful = any(read.doubtful for read in reads)
    if all(read.text is None or read.text == GAP for read in reads):
        return alphabet.Read(None), raw
    return alphabet.Read("".join("�" if read.text is None else read.text for read in reads), doubtful), raw


def _key(at: int) -> str:
    return f"parts/{at:02}"
