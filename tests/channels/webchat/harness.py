"""The channel behind a small application, in front of a fake house, and a client that speaks its protocol."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, ClassVar

import aiohttp
from aiohttp import web

from channels.webchat import SPEC
from channels.webchat.channel import WebChatChannel
from gateway.ports.message import Sent
from tests.contract.channels.harness import BaseHarness, Said
from tests.support.fakes.house import FakeHouse
from tests.support.servers import served

HOST_PAGE = """<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><title>某区政务服务</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>body{{margin:0;font:16px/1.8 "Noto Sans CJK SC",sans-serif;background:#eef1f4;color:#223}}
header{{background:#1d4f91;color:#fff;padding:18px 28px;font-size:20px}}main{{padding:28px;max-width:760px}}
button{{color:red;font-size:30px}}</style></head><body><header>某区政务服务网</header><main><h1>办事指南</h1>
<p>身份证补办、居住证签注、水电气报修、噪声投诉,均可在线办理。</p><p>如有疑问,点右下角与 12345 联系。</p>
<a href="#end" id="link">返回首页</a></main>
<script src="{base}/chat/{channel}/widget.js" {attributes}></script></body></html>"""


class Site:
    """A listening application: the channel under /chat/web, and a foreign site that embeds the widget."""

    def __init__(self, house: FakeHouse, channel: WebChatChannel, base: str, foreign: str) -> None:
        self.house = house
        self.channel = channel
        self.base = base
        self.foreign = foreign
        self.attributes = ""
        self.refuse_sockets = False


@asynccontextmanager
async def site(tmp_path: Path, *, house: FakeHouse | None = None, **settings: Any) -> AsyncIterator[Site]:
    house = house or FakeHouse()
    channel = SPEC.build(SPEC.settings(**settings), house.context(channel_id="web", data_dir=tmp_path))
    assert isinstance(channel, WebChatChannel)
    running = asyncio.create_task(channel.run())
    opened: list[Site] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        if opened and opened[0].refuse_sockets and request.match_info["tail"] == "/ws":
            return web.Response(status=502)
        return await channel.handle(request)

    async def embed(_: web.Request) -> web.Response:
        text = HOST_PAGE.format(base=opened[0].base, channel="web", attributes=opened[0].attributes)
        return web.Response(text=text, content_type="text/html")

    app = web.Application()
    app.router.add_route("*", "/chat/{channel_id}{tail:(?:/.*)?}", handle)
    other = web.Application()
    other.router.add_get("/", embed)
    try:
        async with served(app, ending_s=1) as url, served(other) as elsewhere:
            opened.append(Site(house, channel, url, elsewhere))
            try:
                yield opened[0]
            finally:
                await channel.aclose(drain_s=1)
    finally:
        await asyncio.wait_for(running, 5)


class Client:
    """A browser's side of the protocol."""

    def __init__(self, http: aiohttp.ClientSession, base: str) -> None:
        self.http = http
        self.url = f"{base}/chat/web"
        self.token = ""

    async def begin(self, **body: Any) -> dict[str, Any]:
        async with self.http.post(f"{self.url}/session", json=body) as answer:
            found: dict[str, Any] = await answer.json()
            assert answer.status in {200, 201}, found
        self.token = found["token"]
        return found

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    @asynccontextmanager
    async def socket(self, last_seq: int = 0) -> AsyncIterator[Socket]:
        async with self.http.ws_connect(f"{self.url}/ws") as raw:
            socket = Socket(raw)
            await socket.send(t="hello", token=self.token, last_seq=last_seq)
            yield socket

    async def post(self, **frame: Any) -> tuple[int, dict[str, Any]]:
        async with self.http.post(f"{self.url}/messages", json=frame, headers=self.bearer) as answer:
            return answer.status, json.loads(await answer.text() or "{}")

    async def upload(self, content: bytes, **query: str) -> tuple[int, dict[str, Any]]:
        async with self.http.post(f"{self.url}/files", data=content, params=query, headers=self.bearer) as answer:
            return answer.status, await answer.json()


class Socket:
    """Frames of one WebSocket."""

    def __init__(self, raw: aiohttp.ClientWebSocketResponse) -> None:
        self.raw = raw

    async def send(self, **frame: Any) -> None:
        await self.raw.send_json(frame)

    async def next(self, *kinds: str) -> dict[str, Any]:
        """The next frame of one of ``kinds``; others are passed over."""
        while True:
            frame: dict[str, Any] = await self.raw.receive_json(timeout=10)
            if not kinds or frame["t"] in kinds:
                return frame


class Harness(BaseHarness):
    """The contract's people: browsers that keep a socket each and come back when it was cut."""

    spec = SPEC
    _ALWAYS = "what the house has stored is pushed as it is; nobody stands between who could refuse it"
    not_applicable: ClassVar[Mapping[str, str]] = {
        "throttle": _ALWAYS,
        "permanent": _ALWAYS,
        "receipt": "a browser tells what arrived and was read (test_protocol.py), and never that something failed",
        "send_closed": "what is said lies in the history, which a browser reads when it comes back",
    }

    def __init__(self, tmp_path: Path) -> None:
        super().__init__(tmp_path)
        self._tokens: dict[int, str] = {}
        self._sockets: dict[int, Socket] = {}
        self._arrived: list[tuple[str, str]] = []
        self._http: aiohttp.ClientSession | None = None

    @property
    def table(self) -> Mapping[str, Any]:
        return {"messages_per_minute": 10_000.0}

    @property
    def secrets(self) -> tuple[str, ...]:
        return (*self._tokens.values(), *self.house.states[self.channel_id].values.values())

    async def open(self) -> None:
        await super().open()
        self._http = aiohttp.ClientSession(connector=aiohttp.TCPConnector(force_close=True))

    async def close(self) -> None:
        await self.drop()
        assert self._http is not None
        await self._http.close()
        await super().close()

    async def start(self) -> None:
        await super().start()
        for sender in (1, 2, 3):
            if sender not in self._tokens:
                await self._begin(sender)

    async def _begin(self, sender: int) -> None:
        assert self._http is not None
        async with self._http.post(f"{self.url}/chat/{self.channel_id}/session", json={}) as answer:
            self._tokens[sender] = (await answer.json())["token"]

    async def _connect(self, token: str) -> Socket:
        assert self._http is not None
        socket = Socket(await self._http.ws_connect(f"{self.url}/chat/{self.channel_id}/ws"))
        await socket.send(t="hello", token=token)
        return socket

    async def _socket(self, sender: int) -> Socket:
        if sender not in self._sockets or self._sockets[sender].raw.closed:
            self._sockets[sender] = await self._connect(self._tokens[sender])
        return self._sockets[sender]

    async def deliver(self, said: Said) -> bool:
        for _ in range(2):  # a browser whose line was cut comes back and says it again
            try:
                socket = await self._socket(said.sender)
                await socket.send(t="text", id=f"contract-{said.number:04}", text=said.text)
                return (await socket.next("ack", "refused"))["t"] == "ack"
            except (aiohttp.ClientError, TypeError):  # a close frame is no JSON
                self._sockets.pop(said.sender, None)
        return False

    async def forge(self, said: Said) -> bool:
        token = self._tokens[said.sender]
        socket = await self._connect(token[:8] + ("A" if token[8] != "A" else "B") + token[9:])
        await socket.send(t="text", id=f"contract-{said.number:04}", text=said.text)
        taken = (await socket.next("ack", "refused"))["t"] == "ack"
        await socket.raw.close()
        return taken

    async def drop(self) -> None:
        sockets, self._sockets = self._sockets, {}
        for socket in sockets.values():
            socket.raw._response.close()  # no close frame: as a network that is gone

    def person(self, sender: int) -> str:
        token = self._tokens[sender]
        return "web-" + base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))[:26].decode()

    async def send(self, sender: int, text: str) -> Sent:
        sent = await super().send(sender, text)
        socket = await self._socket(sender)
        while (frame := await socket.next("message"))["id"] != sent.external_id:
            pass
        self._arrived.append((self.person(sender), frame["text"]))
        return sent

    def sent(self) -> list[tuple[str, str]]:
        return self._arrived

    async def receipt(self, sent: Sent, *, delivered: bool) -> None:
        raise AssertionError(self.not_applicable["receipt"])

    def throttle(self, retry_after_s: float) -> None:
        raise AssertionError(self._ALWAYS)

    def refuse(self) -> None:
        raise AssertionError(self._ALWAYS)


HARNESSES = {"": Harness}
