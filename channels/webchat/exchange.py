"""Handles one frame: messages are committed, then acknowledged; typing and read marks are passed on."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from channels.webchat.answers import Refusal, dumps
from channels.webchat.limits import ChatLimits
from channels.webchat.protocol import Beat, Kept, Language, SeenFrame, Text, Typing, inbound
from channels.webchat.settings import WebChatSettings
from gateway.errors import Conflict, RejectedInput, StoreUnavailable
from gateway.ports.channel import ChannelContext
from gateway.ports.message import InboundMessage, Receipt, TextServices

PAGE = 200
_MOST_READERS = 20_000
_RELAY_S = 2.0
_SETTLED = {"delivered": ("delivered", "read", "failed"), "read": ("read", "failed")}


@dataclass(slots=True, eq=False)
class ClientLine:
    """One open socket or stream of a person."""

    sender: str
    write: Callable[[str], Awaitable[None]]
    close: Callable[[], Awaitable[None]]
    last_seq: int = 0

    async def say(self, frame: dict[str, Any]) -> None:
        """Write one frame."""
        await self.write(dumps(frame))


@dataclass(slots=True)
class _Marks:
    """How far a person has received and read, and how far that is recorded."""

    upto: dict[str, int]
    told: dict[str, int]


class Exchange:
    """Shared by every line of one channel instance."""

    def __init__(
        self, settings: WebChatSettings, context: ChannelContext, text: TextServices, limits: ChatLimits
    ) -> None:
        self._settings = settings
        self._context = context
        self._text = text
        self._limits = limits
        self._lines: dict[str, set[ClientLine]] = {}
        self._marks: OrderedDict[str, _Marks] = OrderedDict()

    @property
    def lines(self) -> list[ClientLine]:
        """Every open line."""
        return [line for lines in self._lines.values() for line in lines]

    def joined(self, line: ClientLine) -> None:
        """A line opened."""
        self._lines.setdefault(line.sender, set()).add(line)

    def left(self, line: ClientLine) -> None:
        """A line closed."""
        lines = self._lines.get(line.sender, set())
        lines.discard(line)
        if not lines:
            self._lines.pop(line.sender, None)

    async def take(
        self,
        frame: Kept | Typing | SeenFrame | Beat,
        *,
        sender: str,
        address: str,
        language: Language | None = None,
        via: ClientLine | None = None,
    ) -> dict[str, Any] | None:
        """Act on ``frame``; what to answer, or None. Refusals are raised. ``language``: the browser's."""
        match frame:
            case Beat():
                return {"t": "beat"}
            case Typing():
                self._limits.sign(sender)
                await self.relay(sender, {"t": "typing", "from": "you", "on": frame.on}, but=via)
                return None
            case SeenFrame():
                self._limits.sign(sender)
                await self._seen(frame, sender, via)
                return None
            case _:
                return await self._keep(frame, sender, address, language)

    async def _keep(self, frame: Kept, sender: str, address: str, language: Language | None) -> dict[str, Any]:
        self._limits.message(address, sender)
        if isinstance(frame, Text) and len(frame.text.encode(errors="replace")) > self._settings.max_text_bytes:
            raise Refusal(413, "too_long", "This text is too long; send it in parts.")
        message = inbound(
            frame,
            channel_id=self._context.channel_id,
            sender=sender,
            now=self._context.clock.now(),
            line=self._settings.line,
            flow=self._settings.flow,
            language=frame.lang or language,
        )
        return await self.receive(message, frame.id)

    async def receive(self, message: InboundMessage, client_id: str) -> dict[str, Any]:
        """Commit ``message`` by the use case; returns its acknowledgement."""
        if self._context.draining():
            raise Refusal(503, "restarting", "Restarting; try again in a moment.", retry_after_s=2)
        try:
            received = await self._text.conversations.receive(message)
        except StoreUnavailable as error:
            raise Refusal(
                503, "unavailable", "Nothing can be stored now; try again.", retry_after_s=error.retry_after_s
            ) from error
        except Conflict as error:
            raise Refusal(409, "conflict", "This id came before with another content.") from error
        except RejectedInput as error:
            raise Refusal(422, "rejected", "This can not be stored as it is.") from error
        return {
            "t": "ack",
            "id": client_id,
            "seq": received.seq,
            "ticket_no": received.ticket_no,
            "replayed": received.replayed,
        }

    async def relay(self, sender: str, frame: dict[str, Any], *, but: ClientLine | None = None) -> None:
        """Pass a sign on to a person's other lines; one that does not take it in time misses it."""
        for line in [line for line in self._lines.get(sender, ()) if line is not but]:
            with suppress(TimeoutError, ConnectionError):
                async with asyncio.timeout(_RELAY_S):
                    await line.say(frame)

    async def _seen(self, frame: SeenFrame, sender: str, via: ClientLine | None) -> None:
        marks = self._marks.pop(sender, None) or _Marks({}, {})
        self._marks[sender] = marks
        if len(self._marks) > _MOST_READERS:
            self._marks.popitem(last=False)
        state = "read" if frame.t == "read" else "delivered"
        marks.upto[state] = max(marks.upto.get(state, 0), frame.upto)
        await self.settle(sender)
        if state == "read":
            await self.relay(sender, {"t": "read", "upto": frame.upto}, but=via)

    async def settle(self, sender: str) -> None:
        """Record what was delivered and read."""
        marks = self._marks.get(sender)
        if marks is None:
            return
        for state, upto in list(marks.upto.items()):
            while (told := marks.told.get(state, 0)) < upto:
                marks.told[state] = await self._tell(sender, state, told, upto)
                if marks.told[state] < told + PAGE:
                    break

    async def _tell(self, sender: str, state: str, after: int, upto: int) -> int:
        """Receipts for one page of messages behind ``after``; up to where receipts have been recorded now.

        A message may be read before it is recorded as sent; its id is the same then, by ``send``.
        """
        told = after
        for message in await self._text.conversations.history(
            self._context.channel_id, sender, after=after, limit=PAGE
        ):
            if message.seq > upto:
                break
            if message.direction == "outbound" and message.delivery not in _SETTLED[state]:
                await self._text.conversations.receipt(
                    Receipt(
                        channel_id=self._context.channel_id,
                        external_id=message.external_id or message.message_id,
                        state=state,
                        at=self._context.clock.now(),
                    )
                )
            told = message.seq
        return told
