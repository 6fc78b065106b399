"""The channel: callbacks in (verify, translate, store, acknowledge), messages and media out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

from aiohttp import web

from channels.wechat import official
from channels.wechat.api import Api
from channels.wechat.crypto import CallbackCrypto
from channels.wechat.envelope import MAX_BODY, Fields, fields, required, text
from channels.wechat.official import Origin
from channels.wechat.outbound import Outbound
from channels.wechat.refusals import BadSignature, Refused, TooLarge, UnreadableCallback
from channels.wechat.settings import WechatSettings
from channels.wechat.sync import MessageSync
from gateway.domain.limits import LONG_BODY
from gateway.edge.http_channel import problem
from gateway.edge.off_loop import off_loop
from gateway.edge.unreadable import keep_unreadable
from gateway.errors import Conflict, GatewayError, PermanentDeliveryError, RejectedInput, StoreUnavailable
from gateway.ports.channel import ChannelContext, Intake
from gateway.ports.message import MediaRef, OutboundMessage, ReplyWindow, Sent, TextServices
from gateway.telemetry import log

_log = log.get("wechat")

_LONGEST_ECHO = 1024
_PROBE_S = 60.0
_LONGEST_PROBE_S = 600.0
WINDOW = ReplyWindow(messages=5, within_s=48 * 3600.0)
"""Of customer service messages."""


class WechatChannel:
    """One account's entrance; implements ``Channel``, ``HttpChannel`` and ``TextChannel``."""

    window: ReplyWindow | None = WINDOW
    """After a message of the person; after a menu, scan or subscribe event ``official.SHORT_WINDOW`` holds."""

    def __init__(
        self, settings: WechatSettings, context: ChannelContext, services: TextServices, intake: Intake
    ) -> None:
        self._settings = settings
        self._id = context.channel_id
        self._clock = context.clock
        self._text = services
        self._intake = intake
        self._crypto = CallbackCrypto(settings)
        self._api = Api(
            settings, channel_id=self._id, cache=services.cache, health=services.health, clock=context.clock
        )
        self._outbound = Outbound(settings, self._api, services.cache)
        self._sync: MessageSync | None = None
        if settings.platform == "wecom_kf":
            self._sync = MessageSync(
                settings, channel_id=self._id, api=self._api, services=services, clock=context.clock
            )
        self._storing: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """See ``Channel.run``."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch_token(), name=f"wechat-token-{self._id}")
            if self._sync is not None:
                group.create_task(self._sync.run(), name=f"wechat-sync-{self._id}")

    async def ready(self) -> bool:
        """See ``Channel.ready``: callbacks are taken as soon as the HTTP server listens."""
        return True

    async def aclose(self, *, drain_s: float) -> None:
        """See ``Channel.aclose``."""
        if self._storing:
            _, late = await asyncio.wait(self._storing, timeout=drain_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._api.aclose()

    async def send(self, message: OutboundMessage) -> Sent:
        """See ``TextChannel.send``."""
        return await self._outbound.send(message)

    async def fetch(self, media: MediaRef) -> AsyncIterator[bytes]:
        """See ``TextChannel.fetch``; of several recordings of one voice message, the first that can be had."""
        alternatives = media.ref.split()
        if not alternatives:
            raise PermanentDeliveryError("no medium is named")
        for media_id in alternatives:
            begun = False
            try:
                async for chunk in self._api.media(media_id):
                    begun = True
                    yield chunk
            except PermanentDeliveryError:
                if begun or media_id == alternatives[-1]:
                    raise
            else:
                return

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """A callback of the platform; always an answer, 503 when it could not be stored."""
        if request.match_info.get("tail", ""):
            return problem(404, "nothing is here")
        try:
            if request.method == "GET":
                return self._verify(request.query)
            if request.method == "POST":
                return await self._deliver(request)
        except Refused as refused:
            self._text.health.refused(refused.reason)
            _log.warning("wechat_callback_refused", reason=str(refused), exc_info=refused)
            return problem(refused.status, str(refused))
        except StoreUnavailable as error:
            return problem(503, "cannot be stored now", {"Retry-After": str(error.retry_after_s)})
        return problem(405, "GET and POST only", {"Allow": "GET, POST"})

    def _verify(self, query: Mapping[str, str]) -> web.Response:
        """Answer the platform's check of this address."""
        echo = query.get("echostr", "")
        if not echo or len(echo) > _LONGEST_ECHO:
            raise UnreadableCallback("echostr is missing or too long")
        if "msg_signature" in query or self._sync is not None:
            self._crypto.check(query, given="msg_signature", now_s=self._now_s(), encrypted=echo)
            echo = self._crypto.decrypt(echo)
        else:
            self._crypto.check(query, given="signature", now_s=self._now_s())
        # Plain text that no browser takes for anything else: the caller chose these characters.
        return web.Response(text=echo, headers={"X-Content-Type-Options": "nosniff"})

    async def _deliver(self, request: web.Request) -> web.Response:
        body = await _body(request)
        opened = await off_loop(len(body) > LONG_BODY, self._opened, body, request.query)
        task = asyncio.create_task(self._store(*opened), name=f"wechat-store-{self._id}")
        self._storing.add(task)
        task.add_done_callback(self._storing.discard)
        try:
            # Shielded: what has begun is finished, and the redelivery finds it.
            async with asyncio.timeout(self._settings.answer_within_s):
                await asyncio.shield(task)
        except TimeoutError as error:
            _log.warning("wechat_callback_late", after_s=self._settings.answer_within_s, exc_info=error)
            return problem(503, "not stored in time", {"Retry-After": "5"})
        finally:
            if not task.done():
                task.add_done_callback(_note_late)
        return web.Response(text="success")

    def _opened(self, body: bytes, query: Mapping[str, str]) -> tuple[Fields | None, bytes]:
        """The authentic fields of a body (of an encrypted one, only what was inside), and the body itself.

        None: its signature is right, and it cannot be read.
        """
        if self._settings.mode != "plain":
            # Parsed before it is trusted: the limits of ``envelope`` hold for everybody.
            found = _readable(body)
            encrypted = text(found, "Encrypt") if found is not None else None
            if encrypted is not None:
                self._crypto.check(query, given="msg_signature", now_s=self._now_s(), encrypted=encrypted)
                try:
                    inside = self._crypto.decrypt(encrypted)
                except UnreadableCallback:
                    return None, body
                return _readable(inside), inside.encode()
            if self._settings.mode == "safe":
                if found is None:
                    raise UnreadableCallback("the body is not XML that we take")
                raise BadSignature("a body that is not encrypted, in mode safe")
        self._crypto.check(query, given="signature", now_s=self._now_s())
        return _readable(body), body

    async def _store(self, found: Fields | None, body: bytes) -> None:
        try:
            try:
                if found is not None:
                    await self._hand_in(found)
                else:
                    await self._keep(body)
            except Refused:  # a sender or a kind is missing
                await self._keep(body)
        except (RejectedInput, Conflict) as error:
            # It can never be stored: acknowledged, or it would come again for nothing.
            self._text.health.refused(error.code)
            _log.warning("wechat_message_refused", exc_info=error)

    async def _keep(self, body: bytes) -> None:
        """Keep a body that is rightly signed and cannot be read, for a person to look at."""
        self._text.health.refused("malformed")
        _log.warning("wechat_body_unreadable", bytes=len(body))
        await keep_unreadable(
            self._intake,
            channel="wechat",
            channel_id=self._id,
            body=body,
            received_at=self._clock.now(),
            line=self._settings.line,
        )

    async def _hand_in(self, found: Fields) -> None:
        origin = Origin(self._id, self._clock.now())
        if self._sync is not None:
            if (text(found, "Event") or "").lower() == "kf_msg_or_event":
                await self._sync.announce(required(found, "OpenKfId"), text(found, "Token"))
            else:
                _log.info("wechat_event_ignored", event_name=(text(found, "Event") or "none")[:64])
            return
        outcomes = official.receipts(found, origin)
        for receipt in outcomes:
            await self._text.conversations.receipt(receipt)
        if not outcomes:
            await self._text.conversations.receive(official.translate(found, origin, self._settings))

    async def _watch_token(self) -> None:
        """Keep a valid token, so that a wrong secret is noticed at once and not at the first answer."""
        pause_s = _PROBE_S
        while True:
            try:
                await self._api.token.get()
                pause_s = _PROBE_S
            except GatewayError:
                pause_s = min(pause_s * 2, _LONGEST_PROBE_S)
            await asyncio.sleep(pause_s)

    def _now_s(self) -> float:
        return self._clock.now().timestamp()


def build(settings: WechatSettings, context: ChannelContext) -> WechatChannel:
    """A channel for one ``[[channel]]`` table."""
    if context.text is None or context.intake is None:
        raise TypeError("a wechat channel needs the house's text services")
    return WechatChannel(settings, context, context.text, context.intake)


async def _body(request: web.Request) -> bytes:
    if (request.content_length or 0) > MAX_BODY:
        raise TooLarge(f"more than {MAX_BODY} bytes")
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > MAX_BODY:
            raise TooLarge(f"more than {MAX_BODY} bytes")
    return bytes(body)


def _readable(body: bytes | str) -> Fields | None:
    try:
        return fields(body)
    except UnreadableCallback:
        return None


def _note_late(task: asyncio.Task[None]) -> None:
    """Log the outcome of a delivery whose request has been answered already."""
    if not task.cancelled() and (error := task.exception()) is not None:
        _log.warning("wechat_late_failed", exc_info=error)
