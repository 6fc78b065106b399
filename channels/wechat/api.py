"""The platforms' HTTP API: calls with the token, refreshed once when refused; errors sorted; media streamed.

The token travels in the address, so no error raised here quotes an address or keeps aiohttp's error as its cause.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from channels.wechat.api_errors import TOKEN_CODES, failure
from channels.wechat.settings import WechatSettings
from channels.wechat.token import Issued, TokenSource
from gateway.edge.http_client import HttpClient
from gateway.errors import PermanentDeliveryError, TransientDeliveryError
from gateway.ports.clock import Clock
from gateway.ports.message import ChannelHealth, SharedCache

_MAX_ANSWER = 8 * 1024 * 1024
"""Bytes of a JSON answer: a full page of sync_msg is about 2 MB."""
_CHUNK = 65_536
_TEXTUAL = frozenset({"application/json", "text/plain", "text/json"})


class Api:
    """One account's API. ``aclose`` when done."""

    def __init__(
        self, settings: WechatSettings, *, channel_id: str, cache: SharedCache, health: ChannelHealth, clock: Clock
    ) -> None:
        self._settings = settings
        self._http = HttpClient(aiohttp.ClientSession)
        self.token = TokenSource(
            key=f"wechat:{channel_id}:token",
            issue=self._issue,
            cache=cache,
            health=health,
            clock=clock,
            lock_s=settings.request_timeout_s + 5,
        )

    async def post(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Call with a JSON body. ``TransientDeliveryError`` or ``PermanentDeliveryError``."""
        token = await self.token.get()
        answer = await self._call(path, token, body)
        if _code(answer) in TOKEN_CODES:
            token = await self.token.get(refused=token)
            answer = await self._call(path, token, body)
        return _checked(path, answer)

    async def media(self, media_id: str) -> AsyncIterator[bytes]:
        """The bytes of a temporary medium, as they come; a video that comes as an address is followed."""
        token = await self.token.get()
        refreshed = False
        while True:
            query = {"access_token": token, "media_id": media_id}
            async with self._request("GET", "/cgi-bin/media/get", query) as response:
                if "Content-Disposition" in response.headers or response.content_type not in _TEXTUAL:
                    async for chunk in _chunks(response):
                        yield chunk
                    return
                answer = await _json("media/get", response)
            if refreshed or _code(answer) not in TOKEN_CODES:
                break
            token = await self.token.get(refused=token)
            refreshed = True
        address = _checked("media/get", answer).get("video_url")
        if not isinstance(address, str) or urlsplit(address).scheme not in {"http", "https"}:
            raise PermanentDeliveryError("media/get: neither a medium nor its address")
        async with self._request("GET", address, {}) as response:
            async for chunk in _chunks(response):
                yield chunk

    async def aclose(self) -> None:
        """Close the connections; calls that come later fail as transient."""
        await self._http.aclose()

    async def _issue(self, force: bool) -> Issued:  # noqa: FBT001 - TokenSource's callback
        secret = self._settings.app_secret.get_secret_value()
        if self._settings.platform == "wecom_kf":
            query = {"corpid": self._settings.app_id, "corpsecret": secret}
            async with self._request("GET", "/cgi-bin/gettoken", query) as response:
                answer = await _json("gettoken", response)
        else:
            body = {
                "grant_type": "client_credential",
                "appid": self._settings.app_id,
                "secret": secret,
                "force_refresh": force,
            }
            answer = await self._call("/cgi-bin/stable_token", None, body)
        _checked("token", answer)
        value, expires = answer.get("access_token"), answer.get("expires_in")
        if not isinstance(value, str) or not value or not isinstance(expires, int):
            raise TransientDeliveryError("token: the answer has none")
        return Issued(value, expires)

    async def _call(self, path: str, token: str | None, body: Mapping[str, Any]) -> dict[str, Any]:
        # The platform shows \u escapes to the reader as they stand: send the characters themselves.
        data = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        query = {} if token is None else {"access_token": token}
        async with self._request("POST", path, query, data) as response:
            return await _json(path, response)

    @asynccontextmanager
    async def _request(
        self, method: str, path: str, query: Mapping[str, str], data: bytes | None = None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        address = path if "://" in path else self._settings.api + path
        longest_s = self._settings.request_timeout_s
        # A download has no limit in all: its caller sets one, and bytes must keep coming.
        limit = aiohttp.ClientTimeout(
            total=None if data is None else longest_s, sock_connect=longest_s, sock_read=longest_s
        )
        headers = {"Content-Type": "application/json; charset=utf-8"} if data is not None else {}
        name = path if "://" not in path else "media"
        try:
            async with self._http.session().request(
                method, address, params=query, data=data, headers=headers, timeout=limit, allow_redirects="://" in path
            ) as response:
                if response.status != 200:  # noqa: PLR2004 - the API answers 200 even to refuse
                    raise _http_failure(name, response)
                yield response
        except (TimeoutError, aiohttp.ClientError, OSError, ValueError) as error:
            raise TransientDeliveryError(f"{name}: {type(error).__name__}") from None


def _http_failure(name: str, response: aiohttp.ClientResponse) -> TransientDeliveryError | PermanentDeliveryError:
    said = f"{name}: HTTP {response.status}"
    if response.status in {408, 425, 429} or response.status >= 500:  # noqa: PLR2004 - RFC 9110 15.6
        wish = response.headers.get("Retry-After", "")
        wait = float(wish) if wish.isascii() and wish.isdigit() else None
        return TransientDeliveryError(said, retry_after_s=wait, http_status=response.status)
    return PermanentDeliveryError(said, http_status=response.status)


async def _chunks(response: aiohttp.ClientResponse) -> AsyncIterator[bytes]:
    async for chunk in response.content.iter_chunked(_CHUNK):
        yield chunk


async def _json(name: str, response: aiohttp.ClientResponse) -> dict[str, Any]:
    raw = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        raw += chunk
        if len(raw) > _MAX_ANSWER:
            raise TransientDeliveryError(f"{name}: the answer is too long")
    try:
        answer = json.loads(raw)
    except (ValueError, RecursionError):
        raise TransientDeliveryError(f"{name}: the answer is not JSON") from None
    if not isinstance(answer, dict):
        raise TransientDeliveryError(f"{name}: the answer is not an object")
    return answer


def _code(answer: Mapping[str, Any]) -> int:
    code = answer.get("errcode", 0)
    return code if isinstance(code, int) else -1


def _checked(name: str, answer: dict[str, Any]) -> dict[str, Any]:
    if code := _code(answer):
        raise failure(name, code, str(answer.get("errmsg", "")))
    return answer
