"""A whole web process with its real adapters, and providers on loopback around it."""

from __future__ import annotations

import asyncio
import json
import tomllib
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import aiohttp
from aiohttp import web

from gateway.bootstrap.foundation import Foundation, valkey_url
from gateway.bootstrap.house import House
from gateway.bootstrap.written import WrittenContacts
from gateway.interprocess import valkey_client as valkey
from gateway.interprocess.shared_cache import ValkeyCache
from gateway.interprocess.wakeup import Wakeup
from gateway.media.wav import alaw_wav, read_wav
from gateway.ports.recogniser import Final
from gateway.roles.running_channel import RunningChannel
from gateway.settings import Settings
from gateway.storage.database import open_database
from gateway.web import server
from gateway.web.auth import sha256
from tests.channels.wechat.api_server import ApiServer
from tests.support.clocks import ShiftedClock
from tests.support.databases import ready_sqlite
from tests.support.ports import free_port
from tests.support.servers import served
from tests.support.sounds import speech
from tests.support.waiting import ended, until

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "token-of-the-bench"
WECHAT_TOKEN = "callback-token-of-the-bench"
SMS_TOKEN = "path-token-of-the-bench-0001"
NIGHT_STEP_S = 4.0
"""Less than what the store calls a gap: it has answered all night, as far as it knows itself."""
NIGHT_STEPS = 20
WORDS_MS = 100
"""A voice message is as many of these long as its place in the list of those that were sent."""


class Hearing:
    """Understands in a voice message what the script says is spoken in it, which it knows by its length."""

    def __init__(self) -> None:
        self._spoken = [""]

    def message(self, words: str) -> bytes:
        """A sound file in which ``words`` are spoken."""
        self._spoken.append(words)
        return alaw_wav((speech() * 4)[: 8 * WORDS_MS * (len(self._spoken) + 5)])

    async def transcribe(self, path: Path, channel: int) -> list[Final]:
        """See ``Transcribe`` of the media worker."""
        assert channel == 0
        text = self._spoken[round(read_wav(path).duration_s * 1000 / WORDS_MS) - 6]
        if not text:
            return []
        return [Final(start_ms=0, end_ms=1000, text=text, language="zh", confidence=0.9, engine="script")]


@dataclass
class City:
    """The gateway and the providers around it."""

    house: House
    written: WrittenContacts
    clock: ShiftedClock
    hearing: Hearing
    wechat: Platform
    short_messages: dict[str, list[str]]
    url: str
    http: aiohttp.ClientSession

    async def get(self, path: str) -> Any:
        """JSON of the API."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with self.http.get(f"{self.url}/api/v1/{path}", headers=headers) as answer:
            assert answer.status == 200, (path, answer.status, await answer.text())
            return await answer.json()

    async def tickets(self) -> dict[str, list[dict[str, Any]]]:
        """Every ticket, by who wrote, in order of their numbers."""
        items: list[dict[str, Any]] = []
        cursor: str | None = ""
        while cursor is not None:
            page = await self.get(f"tickets?since=0&limit=1000{f'&cursor={cursor}' if cursor else ''}")
            items += page["items"]
            cursor = page["next_cursor"]
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for item in sorted(items, key=lambda item: item["ticket_no"]):
            for sender in {one["external_id"].partition(":")[2] for one in item["interactions"] if one["external_id"]}:
                found[sender].append(item)
        return found

    async def whole(self, item: dict[str, Any]) -> dict[str, Any]:
        """A ticket's record, with the types of its events."""
        record: dict[str, Any] = await self.get(f"tickets/{item['ticket_id']}")
        events = await self.get(f"tickets/{item['ticket_id']}/events?limit=1000")
        return record | {"event_types": [event["type"] for event in events["items"]]}

    async def next_day(self) -> None:
        """A day passes; conversations in which nobody writes are closed, as the worker does it."""
        self.clock.ahead += timedelta(days=1)
        for _ in range(NIGHT_STEPS):
            self.clock.passed_s += NIGHT_STEP_S
            await self.house.base.database.reader.last_event_seq()
        idle = self.written.idle
        assert await idle.close_due(), "the conversations of yesterday were not closed"
        while await idle.close_due():
            pass


class Platform(ApiServer):
    """WeChat's API; what we write is handed to whom it is for."""

    def __init__(self) -> None:
        super().__init__()
        self.followers: dict[str, list[str]] = defaultdict(list)

    async def respond(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        if request.path == "/cgi-bin/message/custom/send":
            self.followers[body["touser"]].append(_shown(body))
        return await super().respond(request, body)


def _shown(body: dict[str, Any]) -> str:
    """A customer-service message as its reader sees it."""
    if body["msgtype"] == "msgmenu":
        menu = body["msgmenu"]
        return "\n".join([menu["head_content"], *(choice["content"] for choice in menu["list"]), menu["tail_content"]])
    return str(body[body["msgtype"]]["content"])


@asynccontextmanager
async def short_message_provider(taken: dict[str, list[str]]) -> AsyncIterator[str]:
    """An API that takes short messages; its address."""

    async def send(request: web.Request) -> web.Response:
        query = parse_qs(request.rel_url.raw_query_string)
        taken[query["PhoneNumbers"][0]].append(json.loads(query["TemplateParam"][0])["content"])
        return web.json_response({"Code": "OK", "BizId": f"B{sum(map(len, taken.values()))}"})

    app = web.Application()
    app.router.add_post("/", send)
    async with served(app) as url:
        yield url


def _settings(folder: Path, *, wechat: str, sms: str) -> Settings:
    text = f"""
data_dir = "{folder}"
[http]
port = {free_port()}
[[channel]]
id = "web"
kind = "webchat"
flow = "chat"
sessions_per_minute_per_ip = 100000
[[channel]]
id = "wechat"
kind = "wechat"
mode = "plain"
app_id = "wx2c2769f8efd9abc2"
app_secret = "secret"
token = "{WECHAT_TOKEN}"
api_base = "{wechat}"
[[channel]]
id = "sms"
kind = "sms"
provider = "aliyun"
base_url = "{sms}"
access_key_id = "id"
access_key_secret = "secret"
path_token = "{SMS_TOKEN}"
sign_name = "12345"
template_code = "SMS_1"
"""
    return Settings(**tomllib.loads(text))


@asynccontextmanager
async def city(folder: Path) -> AsyncIterator[City]:
    """Everything, running."""
    clock, hearing, platform = ShiftedClock(), Hearing(), Platform()
    short_messages: dict[str, list[str]] = defaultdict(list)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(platform.serve())
        sms = await stack.enter_async_context(short_message_provider(short_messages))
        settings = _settings(folder, wechat=platform.base, sms=sms)
        ready_sqlite(folder / "gateway.db")
        database = await open_database("", data_dir=folder, zone=settings.zone, synchronous="OFF", clock=clock)
        stack.push_async_callback(database.aclose)
        absent = valkey.connect(valkey_url(settings))
        stack.push_async_callback(absent.aclose)
        base = Foundation(settings, database, Wakeup(absent), ValkeyCache(absent))
        base.clock = clock
        base.recogniser = hearing  # type: ignore[assignment]  # voice messages need no more of it
        house = House(base, ["web", "worker"])
        assert house.web is not None
        assert house.written is not None
        await database.tokens.add(name="bench", scopes=["admin"], token_sha256=sha256(TOKEN))
        channels = [RunningChannel(built, base.here) for built in house.channels]

        async def ready() -> dict[str, bool]:
            return {channel.channel_id: await channel.ready() for channel in channels}

        async def unasked() -> Any:
            raise AssertionError("nobody looks at metrics here")

        app = house.web.app(ready=ready, metrics=unasked, alarms=unasked, channels=unasked)
        serving = await server.serve(app, host="127.0.0.1", port=0)
        running = [asyncio.create_task(channel.run()) for channel in channels]
        duties = [
            house.written.outbox.sending.run(),
            house.written.media.fetching.run(),
            house.written.media.hearing.run(),
        ]
        tasks = [asyncio.create_task(duty) for duty in duties]
        # Every browser keeps a socket open: more than a client's connections are limited to by default.
        unlimited = aiohttp.TCPConnector(limit=0)
        http = await stack.enter_async_context(aiohttp.ClientSession(connector=unlimited))
        try:
            await until(lambda: _all(ready), "the channels to run")
            yield City(
                house, house.written, clock, hearing, platform, short_messages, f"http://127.0.0.1:{serving.port}", http
            )
        finally:
            await ended(tasks)
            for channel in channels:
                await channel.close(0)
            await ended(running)
            await serving.aclose()


async def _all(ready: Callable[[], Any]) -> bool:
    return all((await ready()).values())
