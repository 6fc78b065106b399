"""Playing dialogues over web chat, SMS and WeChat: a whole web process, real adapters, providers on loopback.

Every person is a browser with a socket, a handset behind an SMS provider, or somebody behind WeChat's servers. A turn
is over when the gateway has acknowledged it, has looked after what came with it, and all that it wrote has arrived.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import io
import itertools
import json
import tomllib
from abc import ABC, abstractmethod
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

import aiohttp
from aiohttp import web

from gateway.bootstrap.foundation import Foundation, valkey_url
from gateway.bootstrap.house import House
from gateway.live import client as valkey
from gateway.live.shared_cache import ValkeyCache
from gateway.live.wakeup import Wakeup
from gateway.media.wav import alaw_wav, read_wav
from gateway.ports.clock import SystemClock
from gateway.ports.recogniser import Final
from gateway.roles.running_channel import RunningChannel
from gateway.settings import Settings
from gateway.storage.database import open_database
from gateway.web import server
from gateway.web.auth import sha256
from tests.channels.wechat.api_server import ApiServer
from tests.conversations.judge import Exchange, Played, filled
from tests.conversations.script import Play, Turn
from tests.support.ports import free_port
from tests.support.waiting import until

ROOT = Path(__file__).resolve().parents[2]
SPEECH = read_wav(ROOT / "demo" / "street_lamp.wav").alaw()
TOKEN = "token-of-the-bench"
WECHAT_TOKEN = "callback-token-of-the-bench"
SMS_TOKEN = "path-token-of-the-bench-0001"
AT_ONCE = 12
"""Dialogues played at the same time: people do not wait for each other either."""
NIGHT_STEP_S = 4.0
"""Less than what the store calls a gap: it has answered all night, as far as it knows itself."""
NIGHT_STEPS = 20
UNSHOWABLE = "【收到不支持的消息类型，暂无法显示】"
"""What WeChat hands on instead of a sticker."""
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNk+A8AAQUBAScY42YAAAAASUVORK5CYII="
)
WORDS_MS = 100
"""A voice message is as many of these long as its place in the list of those that were sent."""


class DaysLater(SystemClock):
    """The machine's clock, some days ahead."""

    def __init__(self) -> None:
        self._ahead = timedelta()
        self._awake_s = 0.0

    def now(self) -> datetime:
        return super().now() + self._ahead

    def monotonic(self) -> float:
        return super().monotonic() + self._awake_s

    def next_day(self) -> None:
        self._ahead += timedelta(days=1)

    def some_seconds(self) -> None:
        """Of a night that is not lived through at length."""
        self._awake_s += NIGHT_STEP_S


class Hearing:
    """Understands in a voice message what the script says is spoken in it, which it knows by its length."""

    def __init__(self) -> None:
        self._spoken = [""]

    def message(self, words: str) -> bytes:
        """A sound file in which ``words`` are spoken."""
        self._spoken.append(words)
        return alaw_wav((SPEECH * 4)[: 8 * WORDS_MS * (len(self._spoken) + 5)])

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
    clock: DaysLater
    hearing: Hearing
    wechat: Platform
    short_messages: dict[str, list[str]]
    url: str
    http: aiohttp.ClientSession
    numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def people(self, channel: str, language: str) -> Person:
        """Somebody new."""
        kinds: dict[str, Callable[[City, int, str], Person]] = {"webchat": Browser, "sms": Handset, "wechat": Follower}
        return kinds[channel](self, next(self.numbers), language)

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
        self.clock.next_day()
        for _ in range(NIGHT_STEPS):
            self.clock.some_seconds()
            await self.house.base.database.reader.last_event_seq()
        idle = self.house.written.idle  # type: ignore[union-attr]  # this house has the room
        assert await idle.close_due(), "the conversations of yesterday were not closed"
        while await idle.close_due():
            pass


class Person(ABC):
    """Somebody who writes. ``received`` is what has arrived, in order."""

    channel_id: str

    def __init__(self, city: City, number: int, language: str) -> None:
        self.city = city
        self.number = number
        self.language = language
        self.sender = ""
        self.received: list[str] = []
        self._sent = 0

    @abstractmethod
    async def begin(self) -> None:
        """Before the first word."""

    async def close(self) -> None:  # noqa: B027 - most have nothing open
        """After the last one."""

    @abstractmethod
    async def text(self, words: str) -> None:
        """Write; returns once the gateway has acknowledged it."""

    async def picture(self, name: str) -> None:
        """Send a picture."""
        raise NotImplementedError(name)

    async def sticker(self, emoji: str) -> None:
        """Send a sticker, or an emoji alone."""
        await self.text(emoji)

    async def location(self, lat: float, lon: float, label: str) -> None:
        """Send a position."""
        raise NotImplementedError(label)

    async def voice(self, words: str) -> None:
        """Send a voice message."""
        raise NotImplementedError(words)

    def next_id(self) -> str:
        """Of this person's next message; of no other."""
        self._sent += 1
        return f"{self.number:05d}{self._sent:04d}"

    @property
    def phone(self) -> str | None:
        """The number that the gateway knows from the channel."""
        return None

    async def do(self, turn: Turn, words: str | None) -> list[str]:
        """Act; everything that was answered. ``words`` is what is said, with its numbers filled in."""
        before = len(self.received)
        if words is not None:
            await self.text(words)
        elif turn.key is not None:
            await self.text(turn.key)
        elif turn.picture is not None:
            await self.picture(turn.picture)
        elif turn.sticker is not None:
            await self.sticker(turn.sticker)
        elif turn.location is not None:
            await self.location(*turn.location)
        elif turn.voice is not None:
            await self.voice(turn.voice)
        await self.settled()
        return self.received[before:]

    async def settled(self) -> None:
        """Until what was sent has been fetched and heard, and everything written to this person has arrived."""
        conversations = self.city.house.written.conversations  # type: ignore[union-attr]  # this house has the room
        await until(self._fetched, f"the files of {self.sender} to be fetched")

        async def arrived() -> bool:
            history = await conversations.history(self.channel_id, self.sender)
            return len(self.received) >= sum(message.direction == "outbound" for message in history)

        await until(arrived, f"what was written to {self.sender} to arrive")

    async def _fetched(self) -> bool:
        conversations = self.city.house.written.conversations  # type: ignore[union-attr]  # this house has the room
        history = await conversations.history(self.channel_id, self.sender)
        if not any(message.attachment_id for message in history):
            return True
        for item in (await self.city.tickets())[self.sender]:
            record = await self.city.get(f"tickets/{item['ticket_id']}")
            files = {file["attachment_id"]: file for file in record["attachments"]}
            for message in (m for one in record["interactions"] for m in one["messages"]):
                file = files.get(message["attachment_id"])
                if file is None or file["error"]:
                    continue
                if not file["sha256"] or (message["kind"] == "voice" and not message["text"]):
                    return False
        return True


class Browser(Person):
    """A visitor of the web chat, with one open socket."""

    channel_id = "web"

    async def begin(self) -> None:
        self._headers = {"Accept-Language": "en-GB,en;q=0.9" if self.language == "en" else "zh-CN,zh;q=0.9"}
        await until(self._session, "a session of the web chat")
        self.sender = "web-" + base64.urlsafe_b64decode(self._token + "=" * (-len(self._token) % 4))[:26].decode()
        self._socket = await self.city.http.ws_connect(f"{self._url}/ws", headers=self._headers)
        await self._socket.send_json({"t": "hello", "token": self._token})
        self._acknowledged: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._reading = asyncio.create_task(self._read())

    async def close(self) -> None:
        await self._socket.close()
        await self._reading

    async def text(self, words: str) -> None:
        name = f"message-{self.next_id()}"
        taken = self._acknowledged[name] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"t": "text", "id": name, "text": words})
        answer = await taken
        assert answer["t"] == "ack", answer

    async def picture(self, name: str) -> None:
        query = urlencode({"id": f"picture-{self.next_id()}", "kind": "image", "name": name})
        headers = {**self._headers, "Authorization": f"Bearer {self._token}"}
        async with self.city.http.post(
            f"{self._url}/files?{query}", data=io.BytesIO(PICTURE), headers=headers
        ) as answer:
            assert answer.status == 200, await answer.text()

    async def _session(self) -> bool:
        """Whether there is one now: the first of a new gateway are told to come again in a moment."""
        async with self.city.http.post(f"{self._url}/session", json={}, headers=self._headers) as answer:
            assert answer.status in {201, 503}, await answer.text()
            self._token = (await answer.json()).get("token", "")
            return answer.status == 201

    @property
    def _url(self) -> str:
        return f"{self.city.url}/chat/{self.channel_id}"

    async def _read(self) -> None:
        async for message in self._socket:
            frame = json.loads(message.data)
            if frame["t"] == "message" and frame["from"] == "us":
                self.received.append(frame["text"])
            elif frame["t"] in {"ack", "refused"} and not self._acknowledged[frame["id"]].done():
                self._acknowledged[frame["id"]].set_result(frame)


class Handset(Person):
    """A mobile telephone behind an SMS provider that calls us by HTTP."""

    channel_id = "sms"

    async def begin(self) -> None:
        self._mobile = f"1390001{self.number:04d}"
        self.sender = f"+86{self._mobile}"
        self.received = self.city.short_messages[self._mobile]

    @property
    def phone(self) -> str:
        return self.sender

    async def text(self, words: str) -> None:
        when = (self.city.clock.now() + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M:%S")
        item = {"phone_number": self._mobile, "content": words, "send_time": when, "dest_code": "12345"}
        body = [item | {"sequence_id": self.next_id()}]
        async with self.city.http.post(f"{self.city.url}/hooks/sms/{SMS_TOKEN}", json=body) as answer:
            assert answer.status == 200, await answer.text()


class Follower(Person):
    """Somebody who follows the official account; WeChat's servers hand over what they send."""

    channel_id = "wechat"

    async def begin(self) -> None:
        self.sender = f"oFollower{self.number:05d}"
        self.received = self.city.wechat.followers[self.sender]

    async def text(self, words: str) -> None:
        await self._deliver("text", f"<Content><![CDATA[{words}]]></Content>")

    async def sticker(self, emoji: str) -> None:
        await self.text(UNSHOWABLE)

    async def picture(self, name: str) -> None:
        media = self._media("image/png", PICTURE)
        await self._deliver("image", f"<PicUrl>http://127.0.0.1:9/{name}</PicUrl><MediaId>{media}</MediaId>")

    async def voice(self, words: str) -> None:
        media = self._media("audio/amr", self.city.hearing.message(words))
        await self._deliver("voice", f"<MediaId>{media}</MediaId><Format>amr</Format>")

    async def location(self, lat: float, lon: float, label: str) -> None:
        await self._deliver(
            "location",
            f"<Location_X>{lat}</Location_X><Location_Y>{lon}</Location_Y><Scale>16</Scale>"
            f"<Label><![CDATA[{label}]]></Label>",
        )

    def _media(self, media_type: str, content: bytes) -> str:
        name = f"media-{self.number}-{self._sent}"
        self.city.wechat.media[name] = (media_type, content)
        return name

    async def _deliver(self, kind: str, content: str) -> None:
        at, nonce = str(int(self.city.clock.now().timestamp())), "1320562132"
        body = (
            f"<xml><ToUserName>gh_12345</ToUserName><FromUserName>{self.sender}</FromUserName><CreateTime>{at}</CreateTime>"
            f"<MsgType>{kind}</MsgType>{content}<MsgId>{self.next_id()}</MsgId></xml>"
        )
        signed = hashlib.sha1("".join(sorted((WECHAT_TOKEN, at, nonce))).encode()).hexdigest()  # noqa: S324 - WeChat signs so
        query = urlencode({"signature": signed, "timestamp": at, "nonce": nonce})
        async with self.city.http.post(f"{self.city.url}/hooks/wechat?{query}", data=body.encode()) as answer:
            assert (answer.status, await answer.text()) == (200, "success")


class Platform(ApiServer):
    """WeChat's API; what we write is handed to whom it is for."""

    def __init__(self) -> None:
        super().__init__()
        self.followers: dict[str, list[str]] = defaultdict(list)

    def _usual(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        if path == "/cgi-bin/message/custom/send":
            self.followers[body["touser"]].append(_shown(body))
        return super()._usual(path, body)


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
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


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
    clock, hearing, platform = DaysLater(), Hearing(), Platform()
    short_messages: dict[str, list[str]] = defaultdict(list)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(platform.serve())
        sms = await stack.enter_async_context(short_message_provider(short_messages))
        settings = _settings(folder, wechat=platform.base, sms=sms)
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
        await database.accounts.add_token(name="bench", scopes=["admin"], token_sha256=sha256(TOKEN))
        channels = [RunningChannel(built, base.here) for built in house.channels]

        async def ready() -> dict[str, bool]:
            return {channel.channel_id: await channel.ready() for channel in channels}

        async def unasked() -> Any:
            raise AssertionError("nobody looks at metrics here")

        app = house.web.app(ready=ready, metrics=unasked, channels=unasked)
        serving = await server.serve(app, host="127.0.0.1", port=0)
        duties = [
            *(channel.run() for channel in channels),
            house.written.outbox.run(),
            house.written.media.run(hears=True),
        ]
        tasks = [asyncio.create_task(duty) for duty in duties]
        # Every browser keeps a socket open: more than a client's connections are limited to by default.
        unlimited = aiohttp.TCPConnector(limit=0)
        http = await stack.enter_async_context(aiohttp.ClientSession(connector=unlimited))
        try:
            await until(lambda: _all(ready), "the channels to run")
            yield City(house, clock, hearing, platform, short_messages, f"http://127.0.0.1:{serving.port}", http)
        finally:
            for channel in channels:
                await channel.close(0)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await serving.aclose()


async def _all(ready: Callable[[], Any]) -> bool:
    return all((await ready()).values())


class _Running:
    """One dialogue under way."""

    def __init__(self, place: City, play: Play) -> None:
        self.played = Played(play, None)
        self._city = place
        self._people: dict[str, Person] = {}

    async def day(self, number: int, turns: Sequence[Turn]) -> None:
        """Play one day; what goes wrong in it ends the dialogue."""
        if self.played.failure:
            return
        try:
            for turn in turns:
                person = await self._person(turn.by)
                words = await self._words(turn)
                self.played.exchanges.append(Exchange(turn, await person.do(turn, words), number))
        except (AssertionError, aiohttp.ClientError) as error:
            self.played.failure = f"could not be played: {error}"

    async def _person(self, who: str) -> Person:
        if who not in self._people:
            dialogue = self.played.play.dialogue
            person = self._city.people(self.played.play.channel, dialogue.language)
            await person.begin()
            self._people[who] = person
            if who == "me":
                self.played.sender = person.phone
        return self._people[who]

    async def _words(self, turn: Turn) -> str | None:
        if turn.say is not None and "{" in turn.say:
            await self.read(await self._city.tickets())
            return filled(turn.say, self.played)
        return turn.say

    async def read(self, tickets: dict[str, list[dict[str, Any]]], *, whole: bool = False) -> None:
        """Find the tickets of both."""
        for who, person in self._people.items():
            found = tickets[person.sender]
            if whole:
                found = [await self._city.whole(item) for item in found]
            if who == "me":
                self.played.tickets = found
            else:
                self.played.others = found

    async def close(self) -> None:
        """Everybody goes."""
        for person in self._people.values():
            await person.close()


async def play_all(wanted: Iterable[Play], folder: Path) -> dict[str, Played]:
    """Play what is wanted, all of a day at the same time; by name."""
    async with city(folder) as place:
        running = [_Running(place, play) for play in wanted]
        places = asyncio.Semaphore(AT_ONCE)

        async def day(one: _Running, number: int, turns: Sequence[Turn]) -> None:
            async with places:
                await one.day(number, turns)

        left = running
        for number in itertools.count():
            await asyncio.gather(*(day(one, number, one.played.play.dialogue.days[number]) for one in left))
            tickets = await place.tickets()
            for one in left:
                await one.read(tickets, whole=True)
            left = [one for one in left if number + 1 < len(one.played.play.dialogue.days)]
            if not left:
                break
            await place.next_day()
        for one in running:
            await one.close()
        return {one.played.play.name: one.played for one in running}
