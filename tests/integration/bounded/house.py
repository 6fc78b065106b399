"""A whole web process over a real SQLite store, and a thread of its own for who attacks it."""

from __future__ import annotations

import asyncio
import tomllib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from gateway.bootstrap.house import House, open_house
from gateway.roles.running_channel import RunningChannel
from gateway.settings import Settings
from gateway.web import server
from gateway.web.auth import sha256
from tests.support.attacks import CHANNELS, Attacker
from tests.support.loop_time import Held, watched_loop
from tests.support.ports import free_port
from tests.support.waiting import ended

TOKENS = {"reader": ["tickets:read"], "writer": ["tickets:read", "tickets:write"], "contacts": ["contacts:write"]}


@dataclass(frozen=True, slots=True)
class WebProcess:
    """Runs in this thread's loop; ``attacked`` asks it from another thread, so that only its own work is counted."""

    house: House
    url: str

    async def attacked(self, attack: Callable[[Attacker], Awaitable[object]]) -> None:
        """Until ``attack`` is over."""

        async def run() -> None:
            timeout = aiohttp.ClientTimeout(total=120)
            async with aiohttp.ClientSession(timeout=timeout) as http:
                await attack(
                    Attacker(
                        self.url,
                        http,
                        contacts_token="token-of-contacts",
                        reader_token="token-of-reader",
                        writer_token="token-of-writer",
                    )
                )

        await asyncio.to_thread(lambda: asyncio.run(run()))

    async def held_by(self, attack: Callable[[Attacker], Awaitable[object]]) -> Held:
        """What ``attack`` made the loop do at once."""
        with watched_loop() as held:
            await self.attacked(attack)
        return held


@asynccontextmanager
async def web_process(folder: Path) -> AsyncIterator[WebProcess]:
    """What ``gateway run`` has in its web process, without the supervisor."""
    settings = Settings(**tomllib.loads(f'data_dir = "{folder}"\n[http]\nport = {free_port()}\n{CHANNELS}'))
    async with AsyncExitStack() as stack:
        house = await open_house(settings, ["web", "worker"], stack, migrate=True)
        assert house.web is not None
        assert house.written is not None
        for name, scopes in TOKENS.items():
            await house.base.database.tokens.add(name=name, scopes=scopes, token_sha256=sha256(f"token-of-{name}"))
        channels = [RunningChannel(built, house.base.here) for built in house.channels]

        async def unasked() -> Any:
            raise AssertionError

        async def ready() -> dict[str, bool]:
            return {channel.channel_id: await channel.ready() for channel in channels}

        app = house.web.app(ready=ready, metrics=unasked, alarms=unasked, channels=unasked)
        serving = await server.serve(app, host="127.0.0.1", port=0)
        running = [asyncio.create_task(channel.run()) for channel in channels]
        duties = [house.web.similar.run(), house.written.outbox.sending.run()]
        duties += [house.written.media.fetching.run(), house.written.media.hearing.run()]
        tasks = [asyncio.create_task(duty) for duty in duties]
        try:
            while not all((await ready()).values()):
                await asyncio.sleep(0.01)
            yield WebProcess(house, f"http://127.0.0.1:{serving.port}")
        finally:
            await ended(tasks)
            for channel in channels:
                await channel.close(0)
            await ended(running)
            await serving.aclose()
