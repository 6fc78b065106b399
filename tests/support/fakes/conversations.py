"""Written conversations in memory: the rules that a channel can see of ``ports.message``, without SQL and flows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from gateway.domain.ids import new_ulid
from gateway.errors import Conflict, GatewayError, RejectedInput
from gateway.intake.conversation.watching import Watchers
from gateway.ports.message import InboundMessage, OutboundMessage, Receipt, Received, StoredMessage


@dataclass(slots=True)
class _Thread:
    """All that one person and we wrote on one channel instance."""

    messages: list[StoredMessage] = field(default_factory=list)
    open: Received | None = None
    context: dict[str, Any] = field(default_factory=dict)


class MemoryConversations:
    """Implements ``Conversations``. Set ``failure`` to make ``receive`` and ``receipt`` raise it."""

    def __init__(self) -> None:
        self.received: list[InboundMessage] = []
        self.receipts: list[Receipt] = []
        self.failure: GatewayError | None = None
        self._seen: dict[tuple[str, str], tuple[object, Received]] = {}
        self._threads: dict[tuple[str, str], _Thread] = {}
        self._tickets = 0
        self._watchers = Watchers()

    async def receive(self, message: InboundMessage) -> Received:
        if self.failure is not None:
            raise self.failure
        for text in (message.text, message.external_id, message.sender, message.name):
            if text is not None and ("\0" in text or any("\ud800" <= c <= "\udfff" for c in text)):
                raise RejectedInput("NUL or a lone surrogate cannot be stored")
        key = (message.channel_id, message.external_id)
        body = (message.sender, message.kind, message.text, message.event, message.choice)
        if key in self._seen:
            first_body, first = self._seen[key]
            if body != first_body:
                raise Conflict("the same external_id came with another content")
            return replace(first, replayed=True)
        thread = self._thread(message.channel_id, message.sender)
        self.received.append(message)
        if thread.open is None and message.opens:
            self._tickets += 1
            thread.open = Received(
                interaction_id=new_ulid(),
                ticket_id=new_ulid(),
                ticket_no=f"20261123{self._tickets:07d}",
                seq=0,
                replayed=False,
            )
        ours = thread.open or Received(interaction_id=None, ticket_id=None, ticket_no=None, seq=0, replayed=False)
        thread.context = dict(message.reply_context)
        stored = self._append(
            thread,
            direction="inbound",
            sent_at=message.sent_at or message.received_at,
            kind=message.kind,
            text=message.text,
            attachment_id=new_ulid() if message.media else None,
            external_id=message.external_id,
        )
        received = replace(ours, seq=stored.seq)
        if message.event == "end":
            thread.open = None
        self._seen[key] = (body, received)
        self._watchers.wake(message.channel_id, message.sender)
        return received

    async def receipt(self, receipt: Receipt) -> None:
        if self.failure is not None:
            raise self.failure
        self.receipts.append(receipt)
        for (channel_id, sender), thread in self._threads.items():
            for at, message in enumerate(thread.messages):
                if (channel_id, message.external_id, message.direction) == (
                    receipt.channel_id,
                    receipt.external_id,
                    "outbound",
                ):
                    thread.messages[at] = replace(message, delivery=receipt.state)
                    self._watchers.wake(channel_id, sender)

    async def history(self, channel_id: str, sender: str, *, after: int = 0, limit: int = 200) -> list[StoredMessage]:
        messages = self._thread(channel_id, sender).messages
        return [message for message in messages if message.seq > after][:limit]

    def watch(self, channel_id: str, sender: str) -> AbstractAsyncContextManager[AsyncIterator[None]]:
        return self._watchers.watch(channel_id, sender)

    async def say(
        self,
        channel_id: str,
        sender: str,
        text: str,
        *,
        quick_replies: tuple[tuple[str, str], ...] = (),
        external_id: str | None = None,
    ) -> OutboundMessage:
        """What the house would queue for a person: in ``history`` at once, and returned for ``TextChannel.send``."""
        thread = self._thread(channel_id, sender)
        now = datetime.now(UTC)
        stored = self._append(
            thread,
            direction="outbound",
            sent_at=now,
            kind="text",
            text=text,
            attachment_id=None,
            external_id=external_id,
            delivery="queued",
            quick_replies=quick_replies,
        )
        self._watchers.wake(channel_id, sender)
        return OutboundMessage(
            message_id=stored.message_id,
            channel_id=channel_id,
            recipient=sender,
            text=text,
            quick_replies=quick_replies,
            context=thread.context,
            created_at=now,
        )

    def _append(self, thread: _Thread, **fields: Any) -> StoredMessage:
        given: dict[str, Any] = {"delivery": None, "quick_replies": ()} | fields
        stored = StoredMessage(
            seq=len(thread.messages) + 1,
            message_id=new_ulid(),
            ticket_no=thread.open.ticket_no if thread.open else None,
            **given,
        )
        thread.messages.append(stored)
        return stored

    def _thread(self, channel_id: str, sender: str) -> _Thread:
        return self._threads.setdefault((channel_id, sender), _Thread())
