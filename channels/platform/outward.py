"""Client of the platform: signed call-backs, and files fetched from the hosts that are allowed."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from channels.platform.settings import PlatformSettings
from channels.platform.signing import HEADER, signature
from gateway.edge.http_client import HttpClient
from gateway.errors import PermanentDeliveryError, TransientDeliveryError
from gateway.ports.clock import Clock

_LATER = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
_CHUNK = 65_536


class Outward:
    """Redirects are followed by neither."""

    def __init__(self, settings: PlatformSettings, clock: Clock) -> None:
        """Nothing is connected yet."""
        self._settings = settings
        self._clock = clock
        self._http = HttpClient(self._session)

    async def call_back(self, message_id: str, payload: Mapping[str, Any]) -> None:
        """Post ``payload``; 2xx and 409 (has it already) mean taken. Raises as ``TextChannel.send``."""
        if not self._settings.callback_url:
            raise PermanentDeliveryError("this platform has no callback_url; its contact asks for the status itself")
        body = json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode()
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": message_id,
            HEADER: signature(self._settings.secrets, body, int(self._clock.now().timestamp())),
        }
        try:
            async with self._http.session().post(
                self._settings.callback_url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                _check(answer, "call-back")
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise TransientDeliveryError(f"call-back: {type(error).__name__}") from None

    async def fetch(self, url: str) -> AsyncIterator[bytes]:
        """The bytes of a file at the platform. Raises as ``TextChannel.fetch``."""
        if urlsplit(url).netloc.lower() not in self._settings.media_hosts:
            raise PermanentDeliveryError("the file's host is not among media_hosts of this channel")
        try:
            async with self._http.session().get(url, allow_redirects=False) as answer:
                _check(answer, "file")
                async for chunk in answer.content.iter_chunked(_CHUNK):
                    yield chunk
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise TransientDeliveryError(f"file: {type(error).__name__}") from None

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def _session(self) -> aiohttp.ClientSession:
        seconds = self._settings.timeout_s
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=seconds, sock_read=seconds)
        return aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar())


def _check(answer: aiohttp.ClientResponse, what: str) -> None:
    status = answer.status
    if HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES or (status == HTTPStatus.CONFLICT and what == "call-back"):
        return
    if status in _LATER or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        after = answer.headers.get("Retry-After", "").strip()
        wait = float(after) if after.isascii() and after.isdigit() else None
        raise TransientDeliveryError(f"{what}: HTTP {status}", retry_after_s=wait, http_status=status)
    raise PermanentDeliveryError(f"{what}: HTTP {status}", http_status=status)
