"""The simulated API, which remembers what was called and answers as a test wants it to."""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from gateway.cli.simulators.wechat_api import WechatApi


@dataclass
class Call:
    """A request that arrived."""

    path: str
    body: dict[str, Any]
    raw: bytes


@dataclass
class ApiServer(WechatApi):
    """``script[path]`` holds answers that come before the usual one."""

    token_delay_s: float = 0.0
    calls: list[Call] = field(default_factory=list)
    script: dict[str, deque[Any]] = field(default_factory=lambda: defaultdict(deque))
    token_refusal: dict[str, Any] | None = None

    def to(self, path: str) -> list[Call]:
        return [call for call in self.calls if call.path == path]

    async def answer(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        self.calls.append(Call(request.path, json.loads(raw) if raw else dict(request.query), raw))
        if request.path == "/video":
            return web.Response(body=b"the video", content_type="video/mp4")
        return await super().answer(request)

    async def token(self, path: str, body: dict[str, Any]) -> web.StreamResponse:
        await asyncio.sleep(self.token_delay_s)
        if self.token_refusal is not None:
            return web.json_response(self.token_refusal)
        return await super().token(path, body)

    async def respond(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        if not self.script[request.path]:
            return await super().respond(request, body)
        scripted = self.script[request.path].popleft()
        if isinstance(scripted, web.StreamResponse):
            return scripted
        if callable(scripted):
            answered: web.StreamResponse = await scripted(request)
            return answered
        # WeChat sends JSON as text/plain.
        return web.Response(text=json.dumps(scripted), content_type="text/plain")

    def revoke(self) -> None:
        """Somebody else fetched a token: ours is dead."""
        self.issued.append("TOKEN-of-somebody-else")
