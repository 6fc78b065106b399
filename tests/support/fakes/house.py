"""The house as a channel sees it: an intake that keeps the rules of ``Intake``, and a context around it."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from pathlib import Path

from gateway.domain.ids import new_ulid
from gateway.errors import Conflict, GatewayError
from gateway.ports.call import CallLeg
from gateway.ports.channel import Accepted, ChannelContext, InboundContact
from gateway.ports.clock import SystemClock
from gateway.ports.message import InboundMessage, OutboundMessage, Receipt, TextServices
from tests.support.fakes.conversations import MemoryConversations


class NoPhones:
    """A phone book without phones."""

    async def phone_secret(self, username: str, realm: str) -> str | None:
        return None

    async def bind(self, username: str, contact: str, expires_at: datetime | None, call_id: str, cseq: int) -> None:
        raise AssertionError("this house has no phones")

    async def bindings(self, username: str) -> list[tuple[str, datetime]]:
        return []


class MemoryState:
    """Durable values of one channel instance, in memory."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    async def get(self, key: str) -> str | None:
        return self.values.get(key)

    async def put(self, key: str, value: str) -> None:
        self.values[key] = value

    async def put_new(self, key: str, value: str) -> str:
        return self.values.setdefault(key, value)


class MemoryCache:
    """A shared cache in memory; what expired is forgotten when it is asked for."""

    def __init__(self) -> None:
        self.values: dict[str, tuple[str, float]] = {}
        self._held: dict[str, float] = {}

    async def get(self, key: str) -> str | None:
        value, until = self.values.get(key, ("", 0.0))
        return value if until > time.monotonic() else None

    async def put(self, key: str, value: str, ttl_s: float) -> None:
        self.values[key] = (value, time.monotonic() + ttl_s)

    def lock(self, key: str, ttl_s: float) -> AbstractAsyncContextManager[bool]:
        return self._lock(key, ttl_s)

    @asynccontextmanager
    async def _lock(self, key: str, ttl_s: float) -> AsyncIterator[bool]:
        until = time.monotonic() + ttl_s
        if self._held.get(key, 0.0) > time.monotonic():
            yield False
            return
        self._held[key] = until
        try:
            yield True
        finally:
            if self._held.get(key) == until:
                del self._held[key]


class RecordedHealth:
    """What a channel said of itself."""

    def __init__(self) -> None:
        self.tokens: list[tuple[bool, datetime | None]] = []
        self.up: bool | None = None
        self.refusals: list[str] = []

    def token(self, *, ok: bool, expires_at: datetime | None = None) -> None:
        self.tokens.append((ok, expires_at))

    def connected(self, *, up: bool) -> None:
        self.up = up

    def refused(self, reason: str) -> None:
        self.refusals.append(reason)


class FakeHouse:
    """Accepts contacts and messages in memory.

    Set ``failure`` to make ``accept``, ``receive`` and ``receipt`` raise it, ``draining`` to drain. One house stands
    for one database: its ``states`` outlive a channel that is built again with the same ``channel_id``.
    """

    def __init__(self, *, public_url: str = "http://gateway.test") -> None:
        self.accepted: list[InboundContact] = []
        self.conversations = MemoryConversations()
        self.states: dict[str, MemoryState] = {}
        self.cache = MemoryCache()
        self.health = RecordedHealth()
        self.public_url = public_url
        self._failure: GatewayError | None = None
        self.draining = False
        self.gauges: dict[str, float] = {}
        self._seen: dict[tuple[str, str], tuple[str | None, Accepted]] = {}

    @property
    def failure(self) -> GatewayError | None:
        return self._failure

    @failure.setter
    def failure(self, error: GatewayError | None) -> None:
        self._failure = error
        self.conversations.failure = error

    @property
    def received(self) -> list[InboundMessage]:
        """The messages received, replays left out."""
        return self.conversations.received

    @property
    def receipts(self) -> list[Receipt]:
        return self.conversations.receipts

    async def say(
        self,
        channel_id: str,
        sender: str,
        text: str,
        *,
        quick_replies: tuple[tuple[str, str], ...] = (),
        external_id: str | None = None,
    ) -> OutboundMessage:
        """Queue an answer to a person: in the history at once, and returned for ``TextChannel.send``."""
        return await self.conversations.say(
            channel_id, sender, text, quick_replies=quick_replies, external_id=external_id
        )

    async def accept(self, contact: InboundContact) -> Accepted:
        if self.failure is not None:
            raise self.failure
        key = (contact.channel_id, contact.external_id)
        if key in self._seen:
            body, first = self._seen[key]
            if body != contact.body_sha256:
                raise Conflict("the same external_id came with another body")
            return Accepted(
                ticket_id=first.ticket_id,
                ticket_no=first.ticket_no,
                interaction_id=first.interaction_id,
                replayed=True,
            )
        self.accepted.append(contact)
        accepted = Accepted(
            ticket_id=new_ulid(),
            ticket_no=f"20261123{len(self.accepted):07d}",
            interaction_id=new_ulid(),
            replayed=False,
        )
        self._seen[key] = (contact.body_sha256, accepted)
        return accepted

    async def refuse_call(self, leg: CallLeg) -> None:
        raise AssertionError(f"an unexpected call: {leg.info.call_id}")

    def context(self, *, channel_id: str, data_dir: Path) -> ChannelContext:
        """What this house hands to a channel."""
        return ChannelContext(
            channel_id=channel_id,
            intake=self,
            calls=self.refuse_call,
            clock=SystemClock(),
            data_dir=data_dir,
            draining=lambda: self.draining,
            phones=NoPhones(),
            gauge=self.gauges.__setitem__,
            text=TextServices(
                conversations=self.conversations,
                state=self.states.setdefault(channel_id, MemoryState()),
                cache=self.cache,
                public_url=self.public_url,
                health=self.health,
            ),
        )
