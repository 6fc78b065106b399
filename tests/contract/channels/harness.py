"""What a channel kind supplies to be held to the contract: a provider of its kind on this machine (README.md)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

from aiohttp import web

from gateway.plugins.channels import abilities_of
from gateway.ports.channel import Abilities, Channel, ChannelSpec
from gateway.ports.message import Sent, TextChannel
from tests.support.fakes.house import FakeHouse
from tests.support.servers import served


@dataclass(frozen=True, slots=True)
class Said:
    """One message as the suite wants it said. The same ``number`` again is a redelivery: same id, same content."""

    number: int
    """1, 2, 3 …: becomes the provider's message id and, in seconds, its time."""
    text: str
    sender: int = 1
    """1, 2 …: becomes the provider's id of a person (``ChannelHarness.person``)."""


class ChannelHarness(Protocol):
    """One channel instance on a fake house, with a provider around it. ``README.md`` says what each method must do."""

    spec: ClassVar[ChannelSpec[Any]]
    not_applicable: ClassVar[Mapping[str, str]]
    longest_text: ClassVar[int]
    house: FakeHouse

    def __init__(self, tmp_path: Path) -> None: ...

    @property
    def table(self) -> Mapping[str, Any]: ...

    @property
    def secrets(self) -> tuple[str, ...]: ...

    @property
    def channel(self) -> Channel: ...

    @property
    def abilities(self) -> Abilities: ...

    async def open(self) -> None: ...

    async def close(self) -> None: ...

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def deliver(self, said: Said) -> bool: ...

    async def forge(self, said: Said) -> bool: ...

    async def drop(self) -> None: ...

    def stored(self) -> list[str]: ...

    def person(self, sender: int) -> str: ...

    async def send(self, sender: int, text: str) -> Sent: ...

    def sent(self) -> list[tuple[str, str]]: ...

    async def receipt(self, sent: Sent, *, delivered: bool) -> None: ...

    def throttle(self, retry_after_s: float) -> None: ...

    def refuse(self) -> None: ...


class BaseHarness:
    """Start, stop and the usual answers; subclass it and add the provider. Mounts an HTTP channel like the web room."""

    spec: ClassVar[ChannelSpec[Any]]
    not_applicable: ClassVar[Mapping[str, str]] = {}
    longest_text: ClassVar[int] = 34_000
    channel_id: ClassVar[str] = "under-test"

    def __init__(self, tmp_path: Path) -> None:
        self.house = FakeHouse()
        self.data_dir = tmp_path
        self.url = ""
        """Where the little web room listens; the channel is at ``{url}/hooks/{channel_id}`` and ``/chat/…``."""
        self._channel: Channel | None = None
        self._running: asyncio.Task[None] | None = None
        self._serving = AsyncExitStack()

    @property
    def table(self) -> Mapping[str, Any]:
        """Keys of a working ``[[channel]]`` table, without id and kind; read at every ``start``."""
        raise NotImplementedError

    @property
    def secrets(self) -> tuple[str, ...]:
        return tuple(str(value) for key, value in self.table.items() if any(w in key for w in ("token", "secret")))

    @property
    def channel(self) -> Channel:
        assert self._channel is not None, "start it first"
        return self._channel

    @property
    def abilities(self) -> Abilities:
        """What the channel can do, as its SPEC says of this table."""
        return abilities_of(self.spec, self.spec.settings(**self.table))

    async def open(self) -> None:
        """The provider and our web room begin to listen."""
        app = web.Application(client_max_size=64 * 1024 * 1024)
        for root in ("hooks", "chat"):
            app.router.add_route("*", f"/{root}/{{channel_id}}{{tail:(?:/.*)?}}", self._handle)
        self.url = await self._serving.enter_async_context(served(app, ending_s=1))
        self.house.public_url = self.url

    async def close(self) -> None:
        await self.stop()
        await self._serving.aclose()

    async def start(self) -> None:
        """Build the channel anew on the same house, run it, wait until it is ready."""
        context = self.house.context(channel_id=self.channel_id, data_dir=self.data_dir)
        self._channel = self.spec.build(self.spec.settings(**self.table), context)
        self._running = asyncio.create_task(self._channel.run())
        async with asyncio.timeout(5):
            while not await self._channel.ready():
                assert not self._running.done(), "run() ended while starting"
                await asyncio.sleep(0.01)

    async def stop(self) -> None:
        """As the supervisor does it: drain, then cancel what runs."""
        channel, running = self._channel, self._running
        self._channel = self._running = None
        if channel is not None:
            await channel.aclose(drain_s=1)
        if running is not None:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    def stored(self) -> list[str]:
        return [message.text or "" for message in self.house.received]

    def person(self, sender: int) -> str:
        raise NotImplementedError

    async def drop(self) -> None:
        """HTTP providers come with a new connection each time; kinds with a kept connection cut it here."""

    async def send(self, sender: int, text: str) -> Sent:
        channel: Any = self.channel
        speaking: TextChannel = channel
        return await speaking.send(await self.house.say(self.channel_id, self.person(sender), text))

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        if self._channel is None or request.match_info["channel_id"] != self.channel_id:
            return web.Response(status=503, headers={"Retry-After": "1"})
        access = self.abilities.http
        if access is None or not request.path.startswith(f"/{access.entrance}/"):
            return web.Response(status=404)
        handler: Any = self._channel
        answer: web.StreamResponse = await handler.handle(request.clone(client_max_size=access.body_bytes))
        return answer
