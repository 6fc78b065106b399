"""Providers and web clients reach running channels by id; what people sent is served safely."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from gateway.domain.change import AttachmentUpdate, Change, NewAttachment, NewEvent, NewMessage
from gateway.domain.ids import new_ulid
from gateway.errors import RejectedInput, StoreUnavailable
from gateway.intake.channel.here import ChannelsHere
from gateway.intake.media.attachment_files import AttachmentFiles
from gateway.web.services import Limits
from tests.support.web_house import web_house

pytestmark = pytest.mark.integration
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + (1).to_bytes(4) * 2 + bytes(50)


class EchoChannel:
    """Says what it was asked, over HTTP and WebSocket."""

    def __init__(self) -> None:
        self.failure: Exception | None = None

    async def run(self) -> None:
        raise AssertionError("nobody runs this channel")

    async def ready(self) -> bool:
        return True

    async def aclose(self, *, drain_s: float) -> None:
        raise AssertionError(f"nobody closes this channel in {drain_s} s")

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if self.failure is not None:
            raise self.failure
        if request.headers.get("Upgrade"):
            socket = web.WebSocketResponse()
            await socket.prepare(request)
            async for message in socket:
                await socket.send_str(f"echo {message.data}")
            return socket
        body = await request.read()
        tail = request.match_info["tail"]
        return web.json_response({"method": request.method, "tail": tail, "size": len(body), "client": request.remote})


class ChatChannel(EchoChannel):
    """The same for web clients."""

    for_web_clients = True


async def test_requests_find_their_channel(tmp_path: Path) -> None:
    here, channel = ChannelsHere(), EchoChannel()
    here.put("wechat", channel)
    async with web_house(tmp_path, channels=here) as house:
        told = {"method": "POST", "tail": "", "size": 5, "client": "127.0.0.1"}
        assert await house.ask("POST", "/hooks/wechat", None, data=b"hello") == (200, told)
        status, told = await house.ask("GET", "/hooks/wechat/a/b?x=1", None)
        assert (status, told["tail"]) == (200, "/a/b")
        assert (await house.ask("POST", "/hooks/nobody", None))[0] == 404
        assert (await house.ask("POST", "/hooks/wechat", None, data=bytes(65_537)))[0] == 413
        here.put("web", ChatChannel())
        assert (await house.ask("POST", "/chat/web/files", None, data=bytes(200_000)))[1]["size"] == 200_000


async def test_each_channel_has_one_entrance(tmp_path: Path) -> None:
    here = ChannelsHere(["wechat", "web"])
    here.put("wechat", EchoChannel())
    here.put("web", ChatChannel())
    async with web_house(tmp_path, channels=here, widget_channel="wechat") as house:
        for path in ("/chat/wechat", "/chat/wechat/files", "/hooks/web", "/hooks/web/session"):
            for method in ("GET", "POST"):
                status, problem = await house.ask(method, path, None)
                assert (status, problem["code"]) == (404, "unknown_channel"), path
        assert (await house.get("/static/widget.js", None))[0] == 404
        assert (await house.ask("POST", "/hooks/wechat", None, data=b"x"))[0] == 200
        assert (await house.get("/chat/web", None))[0] == 200


async def test_a_body_that_a_web_client_never_ends_is_ended_as_on_every_other_route(tmp_path: Path) -> None:
    here = ChannelsHere()
    here.put("wechat", EchoChannel())
    here.put("web", ChatChannel())
    held = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield b"{"
        await held.wait()

    async with web_house(tmp_path, channels=here, limits=Limits(handler_s=0.2, upload_s=0.3)) as house:
        for path in ("/chat/web", "/hooks/wechat", "/api/v1/contacts"):
            headers = {**house.bearer("contacts"), "Content-Type": "application/json"}
            async with asyncio.timeout(20), house.http.post(house.url + path, data=endless(), headers=headers) as told:
                assert (told.status, (await told.json())["code"]) == (503, "too_slow"), path
        held.set()


async def test_a_channel_that_is_starting_says_come_again(tmp_path: Path) -> None:
    here, channel = ChannelsHere(["wechat"]), EchoChannel()
    async with web_house(tmp_path, channels=here) as house:
        async with house.http.post(f"{house.url}/hooks/wechat", data=b"hello") as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
        here.put("wechat", channel)
        assert (await house.ask("POST", "/hooks/wechat", None, data=b"hello"))[0] == 200
        here.remove("wechat", channel)
        assert (await house.ask("POST", "/hooks/wechat", None, data=b"hello"))[0] == 503
        assert (await house.ask("POST", "/hooks/nobody", None))[0] == 404


async def test_a_body_without_length_is_capped_too(tmp_path: Path) -> None:
    here = ChannelsHere()
    here.put("wechat", EchoChannel())

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(80):
            yield bytes(1024)

    async with web_house(tmp_path, channels=here) as house:
        assert (await house.ask("POST", "/hooks/wechat", None, data=endless()))[0] == 413


async def test_what_a_channel_raises_becomes_a_problem(tmp_path: Path) -> None:
    here, channel = ChannelsHere(), EchoChannel()
    here.put("wechat", channel)
    async with web_house(tmp_path, channels=here) as house:
        channel.failure = StoreUnavailable("down")
        status, told = await house.ask("POST", "/hooks/wechat", None)
        assert (status, told["code"]) == (503, "store_unavailable")
        channel.failure = RejectedInput("bad")
        assert (await house.ask("POST", "/hooks/wechat", None))[0] == 422
        channel.failure = RuntimeError("the secret is 42")
        status, told = await house.ask("POST", "/hooks/wechat", None)
        assert status == 500
        assert "42" not in str(told)


async def test_sockets_pass(tmp_path: Path) -> None:
    here = ChannelsHere()
    here.put("web", ChatChannel())
    async with web_house(tmp_path, channels=here) as house, house.http.ws_connect(f"{house.url}/chat/web/ws") as ws:
        await ws.send_str("你好")
        answer = await ws.receive(timeout=10)
        assert (answer.type, answer.data) == (aiohttp.WSMsgType.TEXT, "echo 你好")


async def test_attachments_are_served_to_those_who_may_see_them(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = AttachmentFiles(tmp_path / "attachments")
    async with web_house(tmp_path, files=files) as house:
        stored = await files.keep(_once(PNG))
        accepted = await house.contact()
        attachment_id, message_id = new_ulid(), new_ulid()
        change = Change(
            ticket_id=accepted["ticket_id"],
            interaction_id=accepted["interaction_id"],
            messages=(
                NewMessage(
                    message_id=message_id,
                    direction="inbound",
                    sent_at=house.clock.now(),
                    kind="image",
                    attachment_id=attachment_id,
                ),
            ),
            attachments=(
                NewAttachment(
                    attachment_id=attachment_id,
                    channel_id="web",
                    kind="image",
                    message_id=message_id,
                    name='灯"\r\nX: 1/../坏.png',
                ),
            ),
            events=(NewEvent(type="message.received", at=house.clock.now()),),
        )
        await house.database.changes.apply(change)
        path = f"/api/v1/attachments/{attachment_id}"
        assert (await house.get(path, "reader"))[0] == 403
        assert (await house.get(path, "listener"))[0] == 409
        update = AttachmentUpdate(
            attachment_id=attachment_id,
            todo=None,
            sha256=stored.sha256,
            location=stored.location,
            media_type="image/png",
            bytes=stored.bytes,
        )
        await house.database.changes.apply(
            Change(
                ticket_id=accepted["ticket_id"],
                interaction_id=accepted["interaction_id"],
                attachment_updates=(update,),
            )
        )
        assert (await house.get(path, None))[0] == 401
        assert (await house.get(path, "contacts"))[0] == 403
        assert (await house.get("/api/v1/attachments/nothing", "listener"))[0] == 404
        async with house.http.get(house.url + path, headers=house.bearer("listener")) as answer:
            assert (answer.status, await answer.read()) == (200, PNG)
            assert answer.headers["Content-Type"] == "image/png"
            assert answer.headers["Content-Disposition"].startswith('inline; filename="_.png"')
            assert "sandbox" in answer.headers["Content-Security-Policy"]
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            etag = answer.headers["ETag"]
        known = {**house.bearer("listener"), "If-None-Match": etag}
        async with house.http.get(house.url + path, headers=known) as answer:
            assert (answer.status, answer.headers["ETag"]) == (304, f'"{stored.sha256}"')
        part = {**house.bearer("listener"), "Range": "bytes=1-3"}
        async with house.http.get(house.url + path, headers=part) as answer:
            assert (answer.status, await answer.read()) == (206, PNG[1:4])
    assert "Unhandled exception" not in caplog.text, "aiohttp could not end an answer"


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
