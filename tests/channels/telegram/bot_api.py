"""A Bot API server on this machine that answers as core.telegram.org/bots/api documents it, with faults on request."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
from collections import deque
from contextlib import AsyncExitStack
from typing import Any

import aiohttp
from aiohttp import web

from tests.channels.telegram.shapes import BOT
from tests.support.servers import served

OGG = b"OggS" + bytes(range(256)) * 40


class BotApiServer:
    """One bot's server. Updates that were put wait until they are delivered and acknowledged."""

    def __init__(self, token: str) -> None:
        self.token = token
        self.url = ""
        self.updates: list[dict[str, Any]] = []
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.faults: dict[str, deque[tuple[int, dict[str, Any]]]] = {}
        self.files: dict[str, tuple[str, bytes]] = {"voice-1": ("voice/file_1.oga", OGG)}
        self.missing: set[str] = set()
        self.file_size: int | None = None
        self.webhook: dict[str, Any] = {}
        self.garbage: set[str] = set()
        self.asked = 0
        self._message_id = 900
        self._news = asyncio.Event()
        self._serving = AsyncExitStack()
        self._http: aiohttp.ClientSession | None = None

    async def open(self) -> None:
        app = web.Application()
        app.router.add_route("*", "/bot{token}/{method}", self._answer)
        app.router.add_get("/file/bot{token}/{path:.+}", self._file)
        self.url = await self._serving.enter_async_context(served(app, ending_s=0.5))
        self._http = aiohttp.ClientSession()

    async def close(self) -> None:
        self.let_go()
        assert self._http is not None
        await self._http.close()
        await self._serving.aclose()

    def fail(self, method: str, code: int, description: str, **parameters: Any) -> None:
        """The next call of ``method`` is answered so."""
        body: dict[str, Any] = {"ok": False, "error_code": code, "description": description}
        if parameters:
            body["parameters"] = parameters
        self.faults.setdefault(method, deque()).append((code, body))

    def of(self, method: str) -> list[dict[str, Any]]:
        """The parameters of the calls of one method."""
        return [parameters for name, parameters in self.calls if name == method]

    def put(self, *updates: dict[str, Any]) -> None:
        """Let updates wait for getUpdates."""
        self.updates += updates
        self._news.set()

    def let_go(self) -> None:
        """Answer who waits for updates; who hung up would be waited for until the end of the question's time."""
        self._news.set()

    async def push(self, url: str, update: Any, *, secret: str | None) -> int:
        """Deliver by webhook, once; the status that came back."""
        assert self._http is not None
        headers = {"Content-Type": "application/json"}
        if secret is not None:
            headers["X-Telegram-Bot-Api-Secret-Token"] = secret
        body = update if isinstance(update, bytes) else json.dumps(update).encode()
        async with self._http.post(url, data=io.BytesIO(body), headers=headers) as answer:
            await answer.read()
            return answer.status

    async def _answer(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        if request.match_info["token"] != self.token:
            return web.json_response({"ok": False, "error_code": 401, "description": "Unauthorized"}, status=401)
        parameters: dict[str, Any] = {**request.query, **(await request.post())}
        self.calls.append((method, parameters))
        if method in self.garbage:
            return web.Response(text="<html>诉求内容 502</html>", content_type="text/html")
        if waiting := self.faults.get(method):
            status, body = waiting.popleft()
            return web.json_response(body, status=status)
        handler = getattr(self, f"_{method}", None)
        if handler is None:
            return web.json_response({"ok": False, "error_code": 404, "description": "Not Found"}, status=404)
        return web.json_response({"ok": True, "result": await handler(parameters)})

    async def _getMe(self, _: dict[str, Any]) -> dict[str, Any]:  # noqa: N802 - the method's name
        return BOT

    async def _getUpdates(self, parameters: dict[str, Any]) -> list[dict[str, Any]]:  # noqa: N802
        offset = int(parameters.get("offset", 0))
        self.updates = [update for update in self.updates if update.get("update_id", offset) >= offset]
        self.asked += 1
        if not self.updates:
            self._news.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), min(float(parameters.get("timeout", 0)), 5))
        return self.updates[: int(parameters.get("limit", 100))]

    async def _setWebhook(self, parameters: dict[str, Any]) -> bool:  # noqa: N802
        self.webhook = parameters
        return True

    async def _deleteWebhook(self, _: dict[str, Any]) -> bool:  # noqa: N802
        self.webhook = {}
        return True

    async def _getWebhookInfo(self, _: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        return {
            "url": self.webhook.get("url", ""),
            "has_custom_certificate": False,
            "pending_update_count": len(self.updates),
        }

    async def _sendMessage(self, parameters: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        self._message_id += 1
        found = {
            "message_id": self._message_id,
            "from": BOT,
            "chat": {"id": int(parameters["chat_id"]), "type": "private", "first_name": "张"},
            "date": 1_795_000_000,
            "text": parameters["text"],
        }
        if "reply_markup" in parameters:
            found["reply_markup"] = json.loads(parameters["reply_markup"])
        return found

    async def _answerCallbackQuery(self, _: dict[str, Any]) -> bool:  # noqa: N802
        return True

    async def _getFile(self, parameters: dict[str, Any]) -> dict[str, Any]:  # noqa: N802
        file_id = parameters["file_id"]
        path, content = self.files[file_id]
        size = self.file_size if self.file_size is not None else len(content)
        return {"file_id": file_id, "file_unique_id": "u", "file_size": size, "file_path": path}

    async def _file(self, request: web.Request) -> web.Response:
        path = request.match_info["path"]
        found = None if path in self.missing else dict(self.files.values()).get(path)
        if request.match_info["token"] != self.token or found is None:
            return web.json_response({"ok": False, "error_code": 404, "description": "Not Found"}, status=404)
        return web.Response(body=found)
