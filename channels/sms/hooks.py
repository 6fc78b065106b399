"""Base of the providers that call by HTTP: authentication, acknowledgement after storing, API calls."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

import aiohttp
from aiohttp import web
from pydantic import SecretStr
from yarl import URL

from channels.sms.inbound import InboundTexts, services
from channels.sms.settings import HookSettings
from gateway.domain.limits import LONG_BODY, MESSAGE_CHARS
from gateway.edge.http_client import HttpClient
from gateway.edge.off_loop import off_loop
from gateway.edge.unreadable import keep_unreadable
from gateway.errors import PermanentDeliveryError, StoreUnavailable, TransientDeliveryError
from gateway.ports.channel import ChannelContext
from gateway.ports.message import MediaRef, OutboundMessage, Receipt, ReplyWindow, Sent
from gateway.telemetry import log

_log = log.get("sms")
T = TypeVar("T")

MANY = 50
CHUNK = MESSAGE_CHARS - 100
TOO_MANY, SERVER_ERRORS = 429, 500


class Forged(Exception):
    """The request does not come from the provider."""


class NotUnderstood(Exception):
    """The request's body is not what the provider documents; the message says what."""


class HookChannel(ABC):
    """A ``Channel``, ``HttpChannel``, ``TextChannel``; a provider's class adds ``verify``, ``take`` and ``send``."""

    window: ReplyWindow | None = None

    def __init__(self, settings: HookSettings, context: ChannelContext) -> None:
        """Nothing is opened before ``run`` or the first sending."""
        text = services(context)
        self.context = context
        self.inbound = InboundTexts(settings, context)
        self.conversations = text.conversations
        if context.intake is None:
            raise ValueError("a channel of kind sms needs the house's intake")
        self._intake = context.intake
        self._line = settings.line
        self.health = text.health
        self.own_url = f"{text.public_url.rstrip('/')}/hooks/{context.channel_id}"
        self._allowed = [ipaddress.ip_network(one, strict=False) for one in settings.allowed_ips]
        timeout = aiohttp.ClientTimeout(total=settings.request_timeout_s)
        self.http = HttpClient(lambda: aiohttp.ClientSession(timeout=timeout))
        self._running = False

    async def run(self) -> None:
        """Serve until cancelled; requests come to ``handle``."""
        self._running = True
        try:
            await asyncio.Event().wait()
        finally:
            self._running = False

    async def ready(self) -> bool:
        """Whether it runs; the provider is not asked."""
        return self._running

    async def aclose(self, *, drain_s: float) -> None:  # noqa: ARG002 - requests end with the web server
        """Close connections to the provider."""
        await self.http.aclose()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """403 for strangers, 503 when it cannot be stored, else the provider's word: all that it sends is kept."""
        try:
            self._check_address(request)
            tail = request.match_info.get("tail", "")
            if request.method != "POST":
                return web.Response(status=405, headers={"Allow": "POST"})
            body = await request.read()
            self.verify(request, tail, body)
            try:
                return await self.take(body)
            except NotUnderstood as error:
                await self.keep(body, str(error))
                return self.accepted()
        except Forged as error:
            self.health.refused("bad_signature")
            _log.warning("sms_hook_refused", channel=self.context.channel_id, reason=str(error), exc_info=error)
            return web.json_response({"error": "forbidden"}, status=403)
        except StoreUnavailable as error:
            return web.json_response(
                {"error": "try again later"}, status=503, headers={"Retry-After": str(error.retry_after_s)}
            )

    @abstractmethod
    def verify(self, request: web.Request, tail: str, body: bytes) -> None:
        """Raises ``Forged`` unless the provider sent it."""

    @abstractmethod
    async def take(self, body: bytes) -> web.Response:
        """Store what is in it, then answer; ``NotUnderstood``, ``StoreUnavailable``."""

    @abstractmethod
    def accepted(self) -> web.Response:
        """The answer after which the provider does not send a delivery again."""

    @abstractmethod
    async def send(self, message: OutboundMessage) -> Sent:
        """See ``TextChannel``."""

    async def fetch(self, media: MediaRef) -> AsyncIterator[bytes]:
        """See ``TextChannel``; most short messages have no media."""
        raise PermanentDeliveryError(f"a short message has no medium {media.ref!r}")
        yield b""

    def check_token(self, tail: str, *tokens: SecretStr | None) -> None:
        """The first segment of the path must be one of the secrets, compared in constant time."""
        given = tail.strip("/").partition("/")[0].encode()
        fits = [hmac.compare_digest(given, token.get_secret_value().encode()) for token in tokens if token is not None]
        if not any(fits):
            raise Forged("wrong path token")

    async def receipt(
        self, external_id: str, state: str, *, error: str | None = None, at: datetime | None = None
    ) -> None:
        """Hand a receipt on."""
        await self.conversations.receipt(
            Receipt(
                channel_id=self.context.channel_id,
                external_id=external_id,
                state=state,
                at=at or self.context.clock.now(),
                error=error,
            )
        )

    async def keep(self, body: bytes, reason: str) -> None:
        """What the provider sent cannot be understood: counted, and kept as it came for a person to look at."""
        self.health.refused("malformed")
        _log.warning("sms_hook_not_understood", channel=self.context.channel_id, reason=reason)
        await keep_unreadable(
            self._intake,
            channel="sms",
            channel_id=self.context.channel_id,
            body=body,
            received_at=self.context.clock.now(),
            line=self._line,
        )

    async def keep_items(self, items: list[Any]) -> None:
        """The same for those of a delivery's items that cannot be understood, as few contacts as hold them all."""
        for body in await off_loop(len(items) > MANY, _in_chunks, items):
            await self.keep(body.encode("utf-8", "replace"), "items are neither message nor report")

    async def call(self, url: str | URL, **options: Any) -> tuple[int, Any]:
        """POST to the provider: status and JSON. ``TransientDeliveryError``: the way or the server failed."""
        try:
            async with self.http.session().post(url, allow_redirects=False, **options) as response:
                text = await response.text()
                status, headers = response.status, response.headers
        except (aiohttp.ClientError, TimeoutError, UnicodeDecodeError) as error:
            raise TransientDeliveryError(f"the provider cannot be reached: {type(error).__name__}") from error
        if status == TOO_MANY:
            raise TransientDeliveryError(
                "the provider throttles", retry_after_s=_retry_after(headers) or 1.0, http_status=status
            )
        if status >= SERVER_ERRORS:
            raise TransientDeliveryError(
                f"the provider answered {status}", retry_after_s=_retry_after(headers), http_status=status
            )
        try:
            return status, json.loads(text)
        except ValueError as error:
            raise TransientDeliveryError(f"the provider answered {status} without JSON", http_status=status) from error

    def _check_address(self, request: web.Request) -> None:
        if not self._allowed:
            return
        try:
            address = ipaddress.ip_address(request.remote or "")
        except ValueError:
            raise Forged("no address to check") from None
        if not any(address in network for network in self._allowed):
            raise Forged("address not in allowed_ips")


async def each(items: Sequence[T]) -> AsyncIterator[T]:
    """The items of one delivery; others come in between, however many there are and however little each one costs."""
    for item in items:
        await asyncio.sleep(0)
        yield item


async def parse_json(body: bytes) -> Any:
    """The body as JSON; ``NotUnderstood``."""
    try:
        return await off_loop(len(body) > LONG_BODY, json.loads, body)
    except (ValueError, RecursionError):
        raise NotUnderstood("the body is no JSON") from None


def _in_chunks(items: list[Any]) -> list[str]:
    """``items`` as JSON, a line each, in texts that a contact holds whole; the same again for the same items."""
    chunks: list[str] = []
    for line in (json.dumps(item, ensure_ascii=False) for item in items if item is not None):
        if chunks and len(chunks[-1]) + len(line) < CHUNK:
            chunks[-1] += f"\n{line}"
        else:
            chunks.append(line)
    return chunks


def word(item: Mapping[str, Any], *names: str) -> str:
    """The first of these members that is a text or a number; "" when none is."""
    for name in names:
        value = item.get(name)
        if isinstance(value, str | int) and not isinstance(value, bool):
            return str(value)
    return ""


def _retry_after(headers: Mapping[str, str]) -> float | None:
    value = headers.get("Retry-After", "")
    return float(value) if value.isascii() and value.isdigit() else None
