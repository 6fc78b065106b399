"""The channel around sessions, lines and uploads: what ``/chat/{channel_id}…`` answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from channels.webchat import assets
from channels.webchat.answers import Origins, Refusal, answer, count, problem
from channels.webchat.exchange import Exchange
from channels.webchat.limits import ChatLimits
from channels.webchat.lines import Lines
from channels.webchat.proof import Proof, Proofs
from channels.webchat.protocol import VERSION, Hello, parse
from channels.webchat.sessions import Sessions, Signer
from channels.webchat.settings import WebChatSettings
from channels.webchat.uploads import Uploads
from gateway.domain.addresses import limit_key
from gateway.domain.limits import LONG_BODY
from gateway.edge.off_loop import off_loop
from gateway.errors import PermanentDeliveryError, StoreUnavailable
from gateway.ports.channel import ChannelContext
from gateway.ports.message import MediaRef, OutboundMessage, ReplyWindow, Sent

BODY_S = 15.0
"""A body that is no upload has come by then; uploads have a limit of their own."""
MOST_BODY = 4096
"""Of a body that holds no file and no message, or of what stands around these."""
_Handler = Callable[[web.Request, str], Awaitable[web.StreamResponse]]


class _Opening(BaseModel):
    """Body of POST session."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token: str | None = Field(default=None, max_length=200)
    proof: Proof | None = None


class WebChatChannel:
    """A ``ports.channel.Channel``, ``HttpChannel`` and ``ports.message.TextChannel``."""

    window: ReplyWindow | None = None

    def __init__(self, settings: WebChatSettings, context: ChannelContext) -> None:
        """Nothing is opened: requests come through ``handle``."""
        assert context.text is not None, "a web chat converses"
        text = context.text
        signer = Signer(text)
        self._settings = settings
        self._context = context
        self._health = text.health
        self._origins = Origins(settings.allowed_origins)
        self._limits = ChatLimits(settings, context.clock)
        self._sessions = Sessions(signer, context.clock, days=settings.session_days)
        self._proofs = Proofs(signer, context.clock, text.cache, numbers=settings.proof_numbers)
        self._exchange = Exchange(settings, context, text, self._limits)
        self._lines = Lines(
            settings=settings,
            context=context,
            text=text,
            sessions=self._sessions,
            limits=self._limits,
            exchange=self._exchange,
        )
        self._uploads = Uploads(settings=settings, context=context, limits=self._limits, exchange=self._exchange)
        self._routes: dict[tuple[str, str], _Handler] = {
            ("GET", ""): self._page,
            ("GET", "config"): self._config,
            ("GET", "challenge"): self._challenge,
            ("POST", "session"): self._session,
            ("GET", "ws"): self._ws,
            ("GET", "events"): self._events,
            ("POST", "messages"): self._message,
            ("POST", "files"): self._file,
        }
        self._closed = asyncio.Event()

    async def run(self) -> None:
        """Serve until cancelled or closed; everything happens in ``handle``."""
        await self._closed.wait()

    async def ready(self) -> bool:
        """Whether requests are answered."""
        return not self._closed.is_set()

    async def aclose(self, *, drain_s: float) -> None:
        """Close every line; clients come back by themselves and resume. There is nothing else to drain."""
        self._closed.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(max(drain_s, 0.1)):
                await asyncio.gather(*(line.close() for line in self._exchange.lines), return_exceptions=True)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """See ``HttpChannel``."""
        tail = request.match_info.get("tail", "").strip("/")
        try:
            response = await self._answer(request, tail)
        except Refusal as refusal:
            count(self._health, refusal)
            response = problem(refusal)
        except StoreUnavailable as error:
            response = problem(Refusal(503, "unavailable", "Try again in a moment.", retry_after_s=error.retry_after_s))
        if not response.prepared:
            for name, value in self._origins.headers(request).items():
                response.headers.setdefault(name, value)
        return response

    async def send(self, message: OutboundMessage) -> Sent:
        """Accepted: every line of the person is pushed what is stored, now or when they come back."""
        if not message.recipient.startswith("web-"):
            raise PermanentDeliveryError("no such person on this channel")
        return Sent(external_id=message.message_id)

    def fetch(self, media: MediaRef) -> AsyncIterator[bytes]:
        """Uploads are handed in with their bytes; there is nothing to fetch."""
        raise PermanentDeliveryError(f"{media.name or 'this medium'} came without its bytes")

    async def _answer(self, request: web.Request, tail: str) -> web.StreamResponse:
        if request.method in {"GET", "HEAD"} and tail in assets.files():
            return assets.asset(request, tail, channel_id=self._context.channel_id)
        if request.method == "OPTIONS":
            return self._origins.preflight(request)
        handler = self._routes.get((request.method.replace("HEAD", "GET"), tail))
        if handler is None:
            raise Refusal(404, "not_found", "There is nothing at this address.")
        if self._closed.is_set():
            raise Refusal(503, "restarting", "Restarting; try again in a moment.", retry_after_s=2)
        if tail:
            self._origins.check(request)
        return await handler(request, limit_key(request.remote or "local"))

    async def _page(self, request: web.Request, _: str) -> web.Response:
        return assets.page(request, channel_id=self._context.channel_id, titles=self._settings.title)

    async def _config(self, _: web.Request, __: str) -> web.Response:
        settings = self._settings
        return answer(
            {
                "v": VERSION,
                "title": dict(settings.title),
                "greeting": dict(settings.greeting),
                "proof": settings.proof,
                "heartbeat_s": settings.heartbeat_s,
                "max_text_bytes": settings.max_text_bytes,
                "max_file_bytes": settings.max_file_bytes,
            }
        )

    async def _challenge(self, _: web.Request, address: str) -> web.Response:
        self._limits.session(address)
        return answer(await self._proofs.challenge())

    async def _session(self, request: web.Request, address: str) -> web.Response:
        """A token: the same person's when a good one is shown, a new person's otherwise."""
        self._limits.session(address)
        opening = await _opening(request)
        known = bool(opening.token and await self._sessions.find(opening.token))
        if self._settings.proof == "altcha" and not known:
            await self._proofs.check(opening.proof)
        session = await self._sessions.open(opening.token)
        return answer({"token": session.token, "resumed": session.resumed}, status=200 if session.resumed else 201)

    async def _ws(self, request: web.Request, address: str) -> web.StreamResponse:
        self._refuse_while_draining()
        if request.headers.get("Upgrade", "").lower() != "websocket":
            raise Refusal(426, "upgrade_needed", "This address speaks WebSocket.")
        return await self._lines.socket(request, address)

    async def _events(self, request: web.Request, address: str) -> web.StreamResponse:
        self._refuse_while_draining()
        sender = await self._bearer(request, address)
        return await self._lines.stream(request, sender, address, self._origins.headers(request))

    async def _message(self, request: web.Request, address: str) -> web.Response:
        """One frame; its acknowledgement, or 204 for a sign."""
        sender = await self._bearer(request, address)
        body = await _body(request, 4 * self._settings.max_text_bytes + MOST_BODY)
        frame = await off_loop(len(body) > LONG_BODY, parse, body)
        if isinstance(frame, Hello):
            raise Refusal(422, "malformed", "hello is for sockets.")
        reply = await self._exchange.take(
            frame, sender=sender, address=address, language=assets.reader_language(request)
        )
        return web.Response(status=204) if reply is None else answer(reply)

    async def _file(self, request: web.Request, address: str) -> web.Response:
        sender = await self._bearer(request, address)
        return answer(await self._uploads.take(request, sender, address))

    async def _bearer(self, request: web.Request, address: str) -> str:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        found = await self._sessions.find(token) if scheme.lower() == "bearer" and len(token) <= 200 else None  # noqa: PLR2004 - four times a token
        if found is None:
            self._limits.session(address)
            raise Refusal(401, "session_over", "This session is over; begin a new one with POST session.")
        return found

    def _refuse_while_draining(self) -> None:
        if self._context.draining():
            raise Refusal(503, "restarting", "Restarting; try again in a moment.", retry_after_s=2)


async def _body(request: web.Request, most: int) -> bytes:
    parts = bytearray()
    try:
        async with asyncio.timeout(BODY_S):
            async for chunk in request.content.iter_chunked(65_536):
                parts += chunk
                if len(parts) > most:
                    raise Refusal(413, "too_long", "This is too long.")
    except TimeoutError:
        raise Refusal(408, "too_slow", "This took too long.", retry_after_s=5) from None
    return bytes(parts)


async def _opening(request: web.Request) -> _Opening:
    try:
        return _Opening.model_validate(json.loads(await _body(request, MOST_BODY) or b"{}"))
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        raise Refusal(422, "malformed", f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except (ValueError, RecursionError):
        raise Refusal(400, "malformed", "The body is no JSON.") from None


def build(settings: WebChatSettings, context: ChannelContext) -> WebChatChannel:
    """What ``SPEC`` builds a channel with."""
    return WebChatChannel(settings, context)
