"""The channel: updates in (verify, translate, store, acknowledge), texts and files out."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Coroutine
from dataclasses import replace
from datetime import datetime
from typing import Any

from aiohttp import web

from channels.telegram.api import BotApi
from channels.telegram.polling import Poller
from channels.telegram.settings import TelegramSettings
from channels.telegram.texts import pieces
from channels.telegram.updates import NoUpdate, Translated, Translator
from gateway.domain.limits import LONG_BODY
from gateway.edge.http_channel import problem
from gateway.edge.off_loop import off_loop
from gateway.edge.unreadable import keep_unreadable
from gateway.errors import Conflict, GatewayError, PermanentDeliveryError, RejectedInput, StoreUnavailable
from gateway.ports.channel import ChannelContext, Intake
from gateway.ports.message import (
    InboundMessage,
    MediaRef,
    OutboundMessage,
    Received,
    ReplyWindow,
    Sent,
    TextServices,
)
from gateway.telemetry import log

_log = log.get("telegram")

SECRET_HEADER = "X-Telegram-Bot-Api-Secret-Token"  # noqa: S105 - the header's name
MAX_BODY = 1_048_576
"""Far above any update."""
_CHOICE_BYTES = 64
_CHECK_S = 600.0
_RETRY_S = 5.0
_REMEMBER_S = 86_400.0


class TelegramChannel:
    """One bot; implements ``Channel``, ``HttpChannel`` and ``TextChannel``."""

    window: ReplyWindow | None = None

    def __init__(self, settings: TelegramSettings, context: ChannelContext, text: TextServices, intake: Intake) -> None:
        """Nothing is connected before ``run`` or the first message."""
        self._settings = settings
        self._id = context.channel_id
        self._clock = context.clock
        self._text = text
        self._intake = intake
        self._secret = settings.secret_token.get_secret_value().encode()
        self._api = BotApi(settings, text.health)
        self._translator = Translator(settings=settings, channel_id=self._id, bot_id=self._api.bot_id)
        self._courtesies: set[asyncio.Task[None]] = set()
        self._asking: asyncio.Task[None] | None = None
        self._problem_at: datetime | None = None

    async def run(self) -> None:
        """See ``Channel.run``."""
        self._asking = asking = asyncio.create_task(self._ask())
        try:
            await asyncio.wait({asking})
            if not asking.cancelled():
                asking.result()
        finally:
            await self._stop_asking()

    async def ready(self) -> bool:
        """See ``Channel.ready``."""
        return self._asking is not None

    async def aclose(self, *, drain_s: float) -> None:
        """See ``Channel.aclose``."""
        await self._stop_asking()
        if self._courtesies:
            _, late = await asyncio.wait(self._courtesies, timeout=drain_s)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
        await self._api.aclose()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """A delivery of Telegram's: 200 once it is stored, 503 when it could not be."""
        if request.match_info.get("tail", "").strip("/") or self._settings.mode != "webhook":
            return problem(404, "nothing is here")
        if request.method != "POST":
            return problem(405, "POST only", {"Allow": "POST"})
        given = request.headers.get(SECRET_HEADER, "").encode("utf-8", "surrogateescape")
        if not hmac.compare_digest(given, self._secret):
            self._text.health.refused("bad_signature")
            _log.warning("telegram_update_refused", reason="secret_token")
            return problem(403, "the secret token does not fit")
        try:
            body = await _body(request)
            try:
                found = await off_loop(len(body) > LONG_BODY, self._read, body)
            except (ValueError, RecursionError):  # Malformed, and what json raises
                await self._keep(body)
            else:
                await self._store(found)
        except NoUpdate:
            self._refused("malformed")
            return problem(400, "this is no update")
        except StoreUnavailable as error:
            return problem(503, "cannot be stored now", {"Retry-After": str(error.retry_after_s)})
        return web.Response()

    async def send(self, message: OutboundMessage) -> Sent:
        """See ``TextChannel.send``. A text of several parts goes on, when sent again, where it stopped."""
        if not message.recipient.removeprefix("-").isdecimal():
            raise PermanentDeliveryError("no such person on this channel")
        texts = pieces(message.text)
        progress = f"telegram:{message.channel_id}:sent:{message.message_id}"
        done = int(await self._text.cache.get(progress) or 0) if len(texts) > 1 else 0
        choices = [(key, label) for key, label in message.quick_replies if len(key.encode()) <= _CHOICE_BYTES]
        external_id: str | None = None
        for at, text in enumerate(texts[done:], done + 1):
            external_id = await self._api.say(message.recipient, text, choices if at == len(texts) else ())
            if at < len(texts):
                await self._text.cache.put(progress, str(at), _REMEMBER_S)
        return Sent(external_id=external_id)

    async def fetch(self, media: MediaRef) -> AsyncIterator[bytes]:
        """See ``TextChannel.fetch``."""
        if not media.ref:
            raise PermanentDeliveryError("no medium is named")
        async for chunk in self._api.file(media.ref):
            yield chunk

    async def _take(self, raw: Any) -> None:
        """Store one update that was asked for; returns when it may be counted as read. ``StoreUnavailable``."""
        try:
            found = self._translator.translate(raw, self._clock.now())
        except NoUpdate:
            await self._keep(json.dumps(raw, ensure_ascii=False).encode("utf-8", "replace"))
            return
        await self._store(found)

    async def _keep(self, body: bytes) -> None:
        """Keep a delivery that has the right secret and cannot be read, for a person to look at."""
        self._refused("malformed")
        await keep_unreadable(
            self._intake,
            channel="telegram",
            channel_id=self._id,
            body=body,
            received_at=self._clock.now(),
            line=self._settings.line,
        )

    def _read(self, body: bytes) -> Translated:
        """A delivery of Telegram's; ``NoUpdate``, and what json raises."""
        return self._translator.translate(json.loads(body), self._clock.now())

    async def _store(self, found: Translated) -> None:
        """Store one update; returns when it may be acknowledged. ``StoreUnavailable``."""
        received: Received | None = None
        if found.message is not None:
            received = await self._receive(found.message)
        if found.callback_id is not None:
            self._courtesy(self._api.tapped(found.callback_id))
        if found.greet and found.message and received and not received.replayed and self._settings.greeting:
            self._courtesy(self._greet(found.message.sender))

    async def _receive(self, message: InboundMessage) -> Received | None:
        conversations = self._text.conversations
        try:
            try:
                return await conversations.receive(message)
            except Conflict:
                # Numbers begin anew after a quiet week: another update under an old number is kept as well.
                told = json.dumps([message.sender, message.text, message.sent_at], default=str)
                digest = hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:16]
                return await conversations.receive(replace(message, external_id=f"{message.external_id}#{digest}"))
        except (RejectedInput, Conflict):
            # It can never be stored: acknowledged, or it would come again for nothing.
            self._refused("malformed")
            return None

    async def _greet(self, chat: str) -> None:
        await self._api.say(chat, self._settings.greeting)

    def _refused(self, reason: str) -> None:
        self._text.health.refused(reason)
        _log.warning("telegram_update_refused", reason=reason)

    def _courtesy(self, call: Coroutine[Any, Any, None]) -> None:
        """Run something beside the acknowledgement; its failure is logged only."""

        async def attempt() -> None:
            try:
                await call
            except GatewayError as error:
                _log.info("telegram_courtesy_failed", reason=str(error), exc_info=error)

        task = asyncio.create_task(attempt(), name=f"telegram-courtesy-{self._id}")
        self._courtesies.add(task)
        task.add_done_callback(self._courtesies.discard)

    async def _ask(self) -> None:
        """Poll, or keep the webhook set, until cancelled."""
        if self._settings.mode == "polling":
            wait_s = self._settings.poll_timeout_s + self._settings.request_timeout_s
            await Poller(self._api, self._text, self._clock, wait_s=wait_s, take=self._take).run()
        else:
            await self._watch_webhook()

    async def _stop_asking(self) -> None:
        """End the question in hand, and ask no other."""
        asking, self._asking = self._asking, None
        if asking is not None:
            asking.cancel()
            await asyncio.wait({asking})

    async def _watch_webhook(self) -> None:
        """Keep our address known to Telegram, and its complaints known to us."""
        url = f"{self._text.public_url.rstrip('/')}/hooks/{self._id}"
        pause_s = _RETRY_S
        while True:
            try:
                await self._check_webhook(url)
                pause_s = _CHECK_S
            except GatewayError as error:
                _log.warning("telegram_webhook_unset", reason=str(error), exc_info=error)
                pause_s = min(pause_s * 2, _CHECK_S)
            await asyncio.sleep(pause_s)

    async def _check_webhook(self, url: str) -> None:
        known = await self._api.webhook()
        if self._settings.set_webhook and (known.url != url or self._problem_at is None):
            await self._api.set_webhook(url)
            _log.info("telegram_webhook_set", waiting=known.pending_update_count)
        since = self._problem_at or self._clock.now()
        if known.last_error_date is not None and known.last_error_date > since:
            # Telegram's words may hold an address of ours, never a person's.
            _log.warning(
                "telegram_webhook_failing", waiting=known.pending_update_count, reason=known.last_error_message
            )
        self._problem_at = self._clock.now()


def build(settings: TelegramSettings, context: ChannelContext) -> TelegramChannel:
    """A channel for one ``[[channel]]`` table."""
    if context.text is None or context.intake is None:
        raise TypeError("a telegram channel needs the house's text services")
    return TelegramChannel(settings, context, context.text, context.intake)


async def _body(request: web.Request) -> bytes:
    body = bytearray()
    async for chunk in request.content.iter_any():
        body += chunk
        if len(body) > MAX_BODY:
            raise NoUpdate("larger than any update")
    return bytes(body)
