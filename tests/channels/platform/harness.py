"""A city platform on this machine: it signs, posts, and takes call-backs whose signature it checks itself."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import aiohttp
from aiohttp import web

from channels.platform import SPEC
from gateway.ports.channel import ChannelSpec
from gateway.ports.message import Sent
from tests.contract.channels.harness import BaseHarness, Said
from tests.support.servers import served
from tests.support.signatures import by_hmac

SECRET = "the citizen cloud's own secret"
FIRST = 1_790_000_000


def sign(body: bytes, *, secret: str = SECRET, at: float | None = None) -> str:
    """As ``by_hmac``, now where nothing else is said."""
    return by_hmac(body, secret=secret, at=time.time() if at is None else at)


class Harness(BaseHarness):
    spec: ClassVar[ChannelSpec[Any]] = SPEC

    def __init__(self, tmp_path: Path) -> None:
        super().__init__(tmp_path)
        self.taken: list[dict[str, Any]] = []
        self.files: dict[str, bytes] = {}
        self.outside = ""
        """Where the platform listens."""
        self._next: list[tuple[int, dict[str, str]]] = []
        self._serving = AsyncExitStack()
        self._http: aiohttp.ClientSession | None = None

    @property
    def table(self) -> Mapping[str, Any]:
        return {
            "source": "ycsmy",
            "secret": SECRET,
            "callback_url": f"{self.outside}/callback",
            "media_hosts": [self.outside.removeprefix("http://")],
        }

    async def open(self) -> None:
        await super().open()
        app = web.Application()
        app.router.add_post("/callback", self._callback)
        app.router.add_get("/files/{name}", self._file)
        self.outside = await self._serving.enter_async_context(served(app, ending_s=1))
        self._http = aiohttp.ClientSession()

    async def close(self) -> None:
        await super().close()
        if self._http is not None:
            await self._http.close()
        await self._serving.aclose()

    async def post(self, body: Any, *, header: str | None = None, path: str = "") -> tuple[int, dict[str, Any]]:
        assert self._http is not None
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"X-Gateway-Signature": sign(raw) if header is None else header}
        async with self._http.post(f"{self.url}/hooks/{self.channel_id}{path}", data=raw, headers=headers) as answer:
            return answer.status, await answer.json() if "json" in answer.content_type else {}

    def message(self, said: Said) -> dict[str, Any]:
        at = datetime.fromtimestamp(FIRST + said.number, UTC).isoformat()
        return {"event_id": f"m-{said.number}", "sender": self.person(said.sender), "text": said.text, "sent_at": at}

    async def deliver(self, said: Said) -> bool:
        try:
            return (await self.post(self.message(said)))[0] in {200, 201}
        except aiohttp.ClientError:
            return False

    async def forge(self, said: Said) -> bool:
        raw = json.dumps(self.message(said)).encode()
        return (await self.post(raw, header=sign(raw, secret="somebody else's secret")))[0] in {200, 201}

    def person(self, sender: int) -> str:
        return f"user-{sender:04d}-on-ycsmy"

    def sent(self) -> list[tuple[str, str]]:
        return [(told["recipient"], told["text"]) for told in self.taken]

    async def receipt(self, sent: Sent, *, delivered: bool) -> None:
        told = {"message_id": sent.external_id, "state": "delivered" if delivered else "failed"}
        assert (await self.post({"receipt": told}))[0] == 200

    def throttle(self, retry_after_s: float) -> None:
        self._next.append((429, {"Retry-After": f"{retry_after_s:.0f}"}))

    def refuse(self) -> None:
        self._next.append((403, {}))

    def fail(self) -> None:
        self._next.append((502, {}))

    async def _callback(self, request: web.Request) -> web.Response:
        body = await request.read()
        header = request.headers["X-Gateway-Signature"]
        at = int(header.partition(",")[0].removeprefix("t="))
        assert header == sign(body, at=at)
        assert abs(at - time.time()) < 60
        if self._next:
            status, headers = self._next.pop(0)
            return web.Response(status=status, headers=headers)
        told = json.loads(body)
        assert request.headers["Idempotency-Key"] == told["message_id"]
        self.taken.append(told)
        return web.json_response({"ok": True})

    async def _file(self, request: web.Request) -> web.Response:
        content = self.files.get(request.match_info["name"])
        return web.Response(status=404) if content is None else web.Response(body=content)


HARNESSES = {"": Harness}
