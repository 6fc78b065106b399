"""The platforms' API as far as a channel calls it, on loopback: one valid token at a time, answers tests can script."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web


@dataclass
class Call:
    """A request that arrived."""

    path: str
    body: dict[str, Any]
    raw: bytes


@dataclass
class ApiServer:
    """Answers like WeChat and WeCom. ``script[path]`` holds answers that come before the usual one."""

    base: str = ""
    issued: list[str] = field(default_factory=list)
    token_delay_s: float = 0.0
    expires_in: int = 7200
    calls: list[Call] = field(default_factory=list)
    script: dict[str, deque[Any]] = field(default_factory=lambda: defaultdict(deque))
    media: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    stream: list[dict[str, Any]] = field(default_factory=list)
    """What sync_msg reads; the cursor is a position in it."""
    page: int = 1000
    token_refusal: dict[str, Any] | None = None

    def to(self, path: str) -> list[Call]:
        return [call for call in self.calls if call.path == path]

    @asynccontextmanager
    async def serve(self) -> AsyncIterator[ApiServer]:
        app = web.Application()
        app.router.add_route("*", "/{tail:.*}", self._answer)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        self.base = f"http://127.0.0.1:{runner.addresses[0][1]}"
        try:
            yield self
        finally:
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        body = json.loads(raw) if raw else dict(request.query)
        path = request.path
        self.calls.append(Call(path, body, raw))
        if path in {"/cgi-bin/stable_token", "/cgi-bin/gettoken"}:
            return await self._token(path, body)
        if path == "/video":
            return web.Response(body=b"the video", content_type="video/mp4")
        if request.query.get("access_token") not in self.issued[-1:]:
            return web.json_response({"errcode": 40001, "errmsg": "invalid credential, access_token is invalid"})
        if self.script[path]:
            return await self._scripted(self.script[path].popleft(), request)
        if path == "/cgi-bin/media/get":
            return self._media(request.query["media_id"])
        return web.json_response({"errcode": 0, "errmsg": "ok"} | self._usual(path, body))

    async def _scripted(self, scripted: Any, request: web.Request) -> web.StreamResponse:
        if isinstance(scripted, web.StreamResponse):
            return scripted
        if callable(scripted):
            return await scripted(request)
        # WeChat sends JSON as text/plain.
        return web.Response(text=json.dumps(scripted), content_type="text/plain")

    def _usual(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        if path == "/cgi-bin/kf/sync_msg":
            return self._sync(body)
        if path == "/cgi-bin/kf/send_msg":
            return {"msgid": body.get("msgid")}
        return {"msgid": 200228332} if path == "/cgi-bin/message/template/send" else {}

    async def _token(self, path: str, body: dict[str, Any]) -> web.Response:
        await asyncio.sleep(self.token_delay_s)
        if self.token_refusal is not None:
            return web.json_response(self.token_refusal)
        forced = body.get("force_refresh") or path == "/cgi-bin/gettoken"
        if forced or not self.issued:
            self.issued.append(f"TOKEN-{len(self.issued) + 1}-secret")
        return web.json_response({"access_token": self.issued[-1], "expires_in": self.expires_in})

    def revoke(self) -> None:
        """Somebody else fetched a token: ours is dead."""
        self.issued.append("TOKEN-of-somebody-else")

    def _media(self, media_id: str) -> web.StreamResponse:
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
        until = min(at + min(self.page, body["limit"]), len(self.stream))
        mine = [item for item in self.stream[at:until] if item.get("open_kfid", body["open_kfid"]) == body["open_kfid"]]
        return {
            "next_cursor": str(until),
            "has_more": int(until < len(self.stream)),
            "msg_list": mine,
        }
