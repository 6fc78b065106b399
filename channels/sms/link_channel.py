"""A channel over a kept connection: connects, hands in what comes, acknowledges after that, submits, reconnects."""

from __future__ import annotations

import asyncio
import random
import zlib
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from channels.sms.assembly import Assembly, MessagePart
from channels.sms.codec.split import Segment, split
from channels.sms.inbound import InboundTexts, services
from channels.sms.link import Frame, Header, Link, LinkError
from channels.sms.receipts import PartReceipts, Word
from channels.sms.settings import LinkSettings
from gateway.errors import PermanentDeliveryError, RejectedInput, StoreUnavailable, TransientDeliveryError
from gateway.ports.channel import ChannelContext
from gateway.ports.message import MediaRef, OutboundMessage, ReplyWindow, Sent
from gateway.telemetry import log

_log = log.get("sms")

SWEEP_S = 5.0
_HALF_SENT = 1000


class BindRefused(LinkError):
    """The operator refused the bind; ``credential``: because of our credentials."""

    def __init__(self, message: str, *, credential: bool) -> None:
        super().__init__(message)
        self.credential = credential


@dataclass(frozen=True, slots=True)
class OperatorRequest:
    """A request of the operator, understood. ``taken`` answers it when stored, ``later`` when it could not be."""

    part: MessagePart | None
    word: Word | None
    taken: tuple[int, int, bytes]
    """Command, status and body of the answer."""
    later: tuple[int, int, bytes] | None
    """None: stay silent and hang up; the operator sends it again after we are back."""
    malformed: bool = False


class Dialect(Protocol):
    """What differs between the protocols."""

    header: Header
    test_command: int
    test_every_s: float
    tries: int
    plain: str | None
    """The alphabet for texts that need no UCS-2."""

    async def open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect; ``OSError``."""
        ...

    async def bind(self, link: Link) -> None:
        """Authenticate; ``BindRefused`` or ``LinkError``."""
        ...

    async def unbind(self, link: Link) -> None:
        """Unbind; ``LinkError``."""
        ...

    async def answer(self, link: Link, frame: Frame) -> OperatorRequest | None:
        """Understand a request; what needs no store is answered here and gives None."""
        ...

    async def submit(self, link: Link, recipient: str, segment: Segment) -> str:
        """Hand one short message over; its id, or "" when it got none. ``send``'s errors, and ``LinkError``."""
        ...


class LinkChannel:
    """A ``Channel`` and ``TextChannel`` over SMPP or CMPP."""

    window: ReplyWindow | None = None

    def __init__(self, settings: LinkSettings, context: ChannelContext, dialect: Dialect) -> None:
        """Nothing is connected before ``run``."""
        text = services(context)
        self._settings = settings
        self._context = context
        self._dialect = dialect
        self._health = text.health
        self._inbound = InboundTexts(settings, context)
        self._assembly = Assembly(
            text.state, context.clock, timeout_s=settings.part_timeout_s, deliver=self._inbound.whole
        )
        self._receipts = PartReceipts(
            context.channel_id,
            text.state,
            context.clock,
            text.conversations,
            settle_s=settings.receipt_settle_s,
        )
        self._link: Link | None = None
        self._links = 0
        self._in_hand: set[asyncio.Task[None]] = set()
        self._running = False
        self._closing = False
        self._pause_s = settings.reconnect_min_s
        self._half_sent: OrderedDict[str, list[str]] = OrderedDict()

    async def run(self) -> None:
        """Keep a connection until cancelled; without one it tries again, ever more slowly."""
        await self._assembly.load()
        await self._receipts.load()
        self._running = True
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._sweep())
                tasks.create_task(self._stay_connected())
        finally:
            self._running = False
            for task in self._in_hand:
                task.cancel()

    async def ready(self) -> bool:
        """Whether it runs; the operator may be away."""
        return self._running

    async def aclose(self, *, drain_s: float) -> None:
        """Unbind, let what is in hand end, close."""
        self._closing = True
        with suppress(LinkError, TimeoutError):
            async with asyncio.timeout(max(drain_s, 0.1)):
                if self._in_hand:
                    await asyncio.wait(set(self._in_hand))
                if self._link is not None:
                    await self._dialect.unbind(self._link)
        for task in self._in_hand:
            task.cancel()  # not acknowledged: the operator sends it again
        if self._link is not None:
            self._link.end("closed")

    async def send(self, message: OutboundMessage) -> Sent:
        """See the port. A retry of a half-sent text sends only the rest, under the same reference."""
        link = self._link
        if link is None or self._closing:
            raise TransientDeliveryError("not connected to the operator", retry_after_s=self._pause_s)
        try:
            segments = split(message.text, ref=zlib.crc32(message.message_id.encode()), plain=self._dialect.plain)
        except ValueError as error:
            raise PermanentDeliveryError(str(error)) from error
        ids = self._half_sent.pop(message.message_id, [])
        with self._receipts.sending(message.recipient) as sending:
            for one in ids:
                self._receipts.left(sending, one)
            try:
                for segment in segments[len(ids) :]:
                    external_id = await self._dialect.submit(link, message.recipient, segment)
                    ids.append(external_id)
                    self._receipts.left(sending, external_id)
            except LinkError as error:
                self._keep(message, ids)
                raise TransientDeliveryError(f"the operator did not answer: {error}") from error
            except TransientDeliveryError:
                self._keep(message, ids)
                raise
            return Sent(external_id=await self._receipts.sent(ids, message.recipient))

    async def fetch(self, media: MediaRef) -> AsyncIterator[bytes]:
        """Short messages bring their bytes along."""
        raise PermanentDeliveryError(f"a short message has no medium {media.ref!r}")
        yield b""

    def _keep(self, message: OutboundMessage, ids: list[str]) -> None:
        if ids:
            self._half_sent[message.message_id] = ids
        while len(self._half_sent) > _HALF_SENT:
            self._half_sent.popitem(last=False)

    async def _stay_connected(self) -> None:
        while not self._closing:
            await self._connect_and_serve()
            pause = self._pause_s * random.uniform(0.8, 1.2)  # noqa: S311 - spreads reconnecting clients
            self._pause_s = min(self._pause_s * 2, self._settings.reconnect_max_s)
            await asyncio.sleep(pause)

    async def _connect_and_serve(self) -> None:
        where = self._settings.host
        try:
            link = await self._open()
        except (OSError, TimeoutError) as error:
            self._health.connected(up=False)  # one that never connected alarms like one that was cut off
            _log.warning(
                "sms_not_connected", channel=self._context.channel_id, peer=where, reason=str(error), exc_info=error
            )
            return
        serving = asyncio.create_task(link.serve())
        testing: asyncio.Task[None] | None = None
        try:
            await self._dialect.bind(link)
            self._link = link
            self._pause_s = self._settings.reconnect_min_s
            self._health.token(ok=True)
            self._health.connected(up=True)
            _log.info("sms_connected", channel=self._context.channel_id, peer=where)
            testing = asyncio.create_task(link.test(self._dialect.test_command, every_s=self._dialect.test_every_s))
            reason = await serving
            _log.warning("sms_disconnected", channel=self._context.channel_id, peer=where, reason=reason)
        except LinkError as error:
            if isinstance(error, BindRefused) and error.credential:
                self._health.token(ok=False)
            _log.warning(
                "sms_not_bound", channel=self._context.channel_id, peer=where, reason=str(error), exc_info=error
            )
        finally:
            link.end("closed")
            self._link = None
            self._health.connected(up=False)
            for task in (serving, testing):
                if task is not None:
                    task.cancel()

    async def _open(self) -> Link:
        async with asyncio.timeout(self._settings.response_timeout_s):
            reader, writer = await self._dialect.open()
        self._links += 1
        return Link(
            reader,
            writer,
            number=self._links,
            header=self._dialect.header,
            window=self._settings.window,
            timeout_s=self._settings.response_timeout_s,
            tries=self._dialect.tries,
            on_request=self._on_request,
            in_hand=self._in_hand,
        )

    async def _on_request(self, link: Link, frame: Frame) -> None:
        """Store, then acknowledge."""
        began = self._context.clock.monotonic()
        delivery = await self._dialect.answer(link, frame)
        if delivery is None or self._closing:
            return
        if delivery.malformed:
            self._health.refused("malformed")
        try:
            if delivery.part is not None:
                await self._assembly.take(delivery.part, link=link.number)
            if delivery.word is not None:
                await self._receipts.heard(delivery.word)
        except StoreUnavailable as error:
            _log.warning("sms_not_stored", channel=self._context.channel_id, exc_info=error)
            if delivery.later is None:
                self._pause_s = max(self._pause_s, error.retry_after_s)
                link.end("the store is unavailable")
                return
            command, status, body = delivery.later
            await link.write(command, status, frame.sequence, body)
            return
        except RejectedInput:
            self._health.refused("malformed")  # it would be refused again: taken, so that it does not come for ever
        command, status, body = delivery.taken
        await link.write(command, status, frame.sequence, body)
        if delivery.part is not None:
            took_s = self._context.clock.monotonic() - began
            self._assembly.answered(delivery.part, link=link.number, after_s=took_s)

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(min(SWEEP_S, self._settings.part_timeout_s / 2, self._settings.receipt_settle_s))
            await self._assembly.sweep()
            try:
                await self._receipts.settle()
            except StoreUnavailable as error:
                _log.warning("sms_not_stored", channel=self._context.channel_id, exc_info=error)
