"""What the simulators share: one delivery, by HTTP usually, and what a provider's side has to know."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

import aiohttp

QUIET_S = 1.0
"""At the end: when the gateway has sent nothing for so long, it is done answering."""
SETTLED_WITHIN_S = 15.0


class NotNow(ValueError):
    """The gateway asks to come back later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedPost:
    """One POST (or what stands for it), complete; sending it again is a redelivery."""

    url: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """Where to deliver: the gateway's address, the channel's id, and the keys of its ``[[channel]]`` table."""

    base: str
    channel_id: str
    options: Mapping[str, Any]
    run: int
    """A number of its own for each run (Unix time in seconds): ids of two runs differ."""
    api: bool = False
    """Whether the provider's API is simulated too, where that is a choice."""

    @property
    def hook(self) -> str:
        """The channel's address for providers."""
        return f"{self.base}/hooks/{self.channel_id}"

    def option(self, name: str) -> str:
        """A key of the table; ``ValueError`` when it is missing."""
        value = self.options.get(name)
        if value in {None, ""}:
            raise ValueError(f"{name} is needed: give --config with the channel's table, or --set {name}=…")
        return str(value)


async def settled(count: Callable[[], int]) -> None:
    """Wait until the gateway has answered people: until ``count`` stands still, or ``SETTLED_WITHIN_S``."""
    before, last_look = -1, time.monotonic() + SETTLED_WITHIN_S
    while before != count() and time.monotonic() < last_look:
        before = count()
        await asyncio.sleep(QUIET_S)


class Provider(Protocol):
    """A provider's side of one channel kind."""

    forges: bool
    """Whether strangers can deliver in its name at all."""

    def running(self) -> AbstractAsyncContextManager[None]:
        """Whatever of it has to listen while the run lasts.

        ``ValueError`` or ``OSError`` at the entry when it cannot, or the gateway does not come; the exit waits for what
        is under way.
        """
        ...

    async def enter(self, http: aiohttp.ClientSession, person: int) -> None:
        """Whatever a person does before the first message; ``NotNow`` when the gateway asks to come back."""
        ...

    def delivery(self, number: int, person: int, text: str) -> SimulatedPost:
        """Message ``number`` (from 1) of the run, signed now. The same arguments give the same message."""
        ...

    def forged(self, delivery: SimulatedPost) -> SimulatedPost:
        """The same from somebody who does not know the secret."""
        ...

    async def send(self, http: aiohttp.ClientSession, delivery: SimulatedPost) -> tuple[str, bool]:
        """Deliver: what was answered in a word, and whether the gateway said that it has the message.

        ``aiohttp.ClientError``, ``ConnectionError`` or ``TimeoutError`` when nothing was.
        """
        ...

    def heard(self) -> Mapping[str, int]:
        """What the gateway sent to people, where the provider sees that: counts for the summary."""
        ...


class HookProvider:
    """Usual answers of providers that call a hook."""

    forges = True

    def __init__(self, target: Destination) -> None:
        self.target = target

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Nothing of it listens."""
        yield

    async def enter(self, http: aiohttp.ClientSession, person: int) -> None:
        """Nothing to do."""

    async def send(self, http: aiohttp.ClientSession, delivery: SimulatedPost) -> tuple[str, bool]:
        """POST it."""
        async with http.post(delivery.url, data=delivery.body, headers=delivery.headers) as answer:
            body = await answer.read()
            return str(answer.status), self.acknowledged(answer.status, body)

    def heard(self) -> Mapping[str, int]:
        """It does not see what the gateway sends."""
        return {}

    def acknowledged(self, status: int, body: bytes) -> bool:  # noqa: ARG002 - some providers read it
        """Any 2xx."""
        return 200 <= status < 300  # noqa: PLR2004 - success in HTTP
