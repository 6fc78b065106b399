"""The platforms' API as far as a channel calls it: tokens, sending, media, and the messages of 微信客服.

``api_base`` of the channel's table points here. One token is valid at a time, as with WeChat and WeCom.
"""

from __future__ import annotations

import asyncio
import json
import struct
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web

TOKENS = {"/cgi-bin/stable_token": ("appid", "secret"), "/cgi-bin/gettoken": ("corpid", "corpsecret")}
"""Of an official account and of WeCom, with the names of account and secret there."""
SENDS = (
    "/cgi-bin/message/custom/send",
    "/cgi-bin/message/template/send",
    "/cgi-bin/message/subscribe/bizsend",
    "/cgi-bin/kf/send_msg",
)
SYNC, MEDIA = "/cgi-bin/kf/sync_msg", "/cgi-bin/media/get"
PICTURE = "simulated-picture"
"""A medium that is always there."""
_OK: dict[str, Any] = {"errcode": 0, "errmsg": "ok"}


def _png(side: int = 16) -> bytes:
    """A grey square (PNG, ISO/IEC 15948)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x80" * side) * side)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@dataclass
class WechatApi:
    """Answers like WeChat and WeCom."""

    app_id: str = ""
    """The account; empty: anybody's."""
    secret: str = ""
    asks_on: bool = False
    """Say after each page of messages that there may be more: the next cursor tells what the gateway has stored."""
    base: str = ""
    """Where it listens."""
    issued: list[str] = field(default_factory=list)
    expires_in: int = 7200
    media: dict[str, tuple[str, bytes]] = field(default_factory=lambda: {PICTURE: ("image/png", _png())})
    stream: list[dict[str, Any]] = field(default_factory=list)
    """What sync_msg reads; the cursor is a position in it."""
    read_to: int = 0
    """The largest cursor that came back."""
    page: int = 1000
    sent: list[dict[str, Any]] = field(default_factory=list)
    """What the gateway sent to people."""
    _read: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def has_read(self, position: int) -> None:
        """Wait until the gateway has stored the stream up to there; with ``asks_on``."""
        async with self._read:
            await self._read.wait_for(lambda: self.read_to >= position)

    @asynccontextmanager
    async def serve(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Self]:
        """Listen; port 0 takes a free one. ``OSError`` when it cannot."""
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", self.answer)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await web.TCPSite(runner, host, port).start()
            self.base = f"http://{host}:{runner.addresses[0][1]}"
            yield self
        finally:
            await runner.cleanup()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Any call."""
        raw = await request.read()
        body = json.loads(raw) if raw else dict(request.query)
        if request.path in TOKENS:
            return await self.token(request.path, body)
        if request.query.get("access_token") not in self.issued[-1:]:
            return web.json_response({"errcode": 40001, "errmsg": "invalid credential, access_token is invalid"})
        return await self.respond(request, body)

    async def token(self, path: str, body: dict[str, Any]) -> web.StreamResponse:
        """The valid token, or a new one."""
        account, secret = (body.get(name) for name in TOKENS[path])
        if self.app_id and account != self.app_id:
            return web.json_response({"errcode": 40013, "errmsg": "invalid appid"})
        if self.secret and secret != self.secret:
            return web.json_response({"errcode": 40125, "errmsg": "invalid appsecret"})
        if body.get("force_refresh") or path == "/cgi-bin/gettoken" or not self.issued:
            self.issued.append(f"TOKEN-{len(self.issued) + 1}-secret")
        return web.json_response({"access_token": self.issued[-1], "expires_in": self.expires_in})

    async def respond(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        """A call with the valid token."""
        path = request.path
        if path == MEDIA:
            return self._medium(request.query.get("media_id", ""))
        if path == SYNC:
            page = self._sync(body)
            async with self._read:
                self._read.notify_all()
            return web.json_response(_OK | page)
        if path not in SENDS:
            return web.Response(status=404, text=f"{path} is not simulated\n")
        self.sent.append(body)
        found = {"/cgi-bin/kf/send_msg": body.get("msgid"), "/cgi-bin/message/template/send": 200228332}.get(path)
        return web.json_response(_OK | ({"msgid": found} if found else {}))

    def _medium(self, media_id: str) -> web.StreamResponse:
        if media_id not in self.media:
            return web.Response(text='{"errcode":40007,"errmsg":"invalid media_id"}', content_type="text/plain")
        content_type, content = self.media[media_id]
        return web.Response(
            body=content,
            content_type=content_type,
            headers={"Content-Disposition": f'attachment; filename="{media_id}"'},
        )

    def _sync(self, body: dict[str, Any]) -> dict[str, Any]:
        at = int(body.get("cursor") or 0)
        self.read_to = max(self.read_to, at)
        until = min(at + min(self.page, body["limit"]), len(self.stream))
        mine = [item for item in self.stream[at:until] if item.get("open_kfid", body["open_kfid"]) == body["open_kfid"]]
        more = until < len(self.stream) or (self.asks_on and until > at)
        return {"next_cursor": str(until), "has_more": int(more), "msg_list": mine}
