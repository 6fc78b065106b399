"""The channel: signed posts in (verify, translate, store, acknowledge), signed call-backs out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

from aiohttp import web

from channels.platform.codec import EVENT, Delivered, MalformedBody, Message, parsed
from channels.platform.outward import Outward
from channels.platform.settings import PlatformSettings
from channels.platform.signing import HEADER, refusal
from gateway.domain.limits import LONG_BODY
from gateway.edge.contact import ContactBody, inbound
from gateway.edge.off_loop import off_loop
from gateway.errors import Conflict, RejectedInput, StoreUnavailable
from gateway.ports.channel import ChannelContext
from gateway.ports.message import MediaRef, OutboundMessage, ReplyWindow, Sent, TextServices
from gateway.telemetry import log, trace

_log = log.get("platform")


class PlatformChannel:
    """One platform; implements ``Channel``, ``HttpChannel`` and ``TextChannel``."""

    window: ReplyWindow | None = None

    def __init__(self, settings: PlatformSettings, context: ChannelContext, text: TextServices) -> None:
        """Nothing is connected before the first call-back."""
        self._settings = settings
        self._context = context
        self._text = text
        self._outward = Outward(settings, context.clock)
        self._running = False

    async def run(self) -> None:
        """See ``Channel.run``: the platform comes to us."""
        self._running = True
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self._running = False

    async def ready(self) -> bool:
        """See ``Channel.ready``."""
        return self._running

    async def aclose(self, *, drain_s: float) -> None:  # noqa: ARG002 - nothing of ours outlives a request
        """See ``Channel.aclose``."""
        await self._outward.aclose()

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """A post of the platform: 201 or 200 (a repeat) once it is stored; 503 when it could not be."""
        body = await request.read()
        turned_away = self._turned_away(request, body)
        if turned_away is not None:
            return turned_away
        try:
            return await self._take(await off_loop(len(body) > LONG_BODY, parsed, body))
        except MalformedBody as error:
            return self._refused(400, "malformed", str(error))
        except RejectedInput:
            # It could never be stored: sent again it would stand in the way for ever.
            return self._refused(200, "malformed", "this can never be stored; it was left out")
        except Conflict as error:
            return _answer(409, detail=str(error))
        except StoreUnavailable as error:
            return _answer(503, {"Retry-After": str(error.retry_after_s)}, detail="cannot be stored now")

    def _turned_away(self, request: web.Request, body: bytes) -> web.Response | None:
        """The answer to what is not looked into; None when the signature vouches for it."""
        if request.match_info.get("tail", "").strip("/"):
            return _answer(404, detail="nothing is here")
        if request.method != "POST":
            return _answer(405, {"Allow": "POST"}, detail="POST only")
        if self._context.draining():
            return _answer(503, {"Retry-After": "5"}, detail="this process is stopping")
        why = refusal(
            self._settings.secrets, body, request.headers.get(HEADER, ""), self._context.clock.now().timestamp()
        )
        if why is None:
            trace.take_over(request.headers.get("traceparent"))
            return None
        return self._refused(403, why, f"{HEADER} does not fit this body, or its time is more than 300 s off")

    async def _take(self, posted: Message | Delivered | ContactBody) -> web.Response:
        now, own = self._context.clock.now(), self._context.channel_id
        if isinstance(posted, Delivered):
            await self._text.conversations.receipt(posted.receipt(own, now))
            return _answer(200)
        if isinstance(posted, ContactBody):
            return await self._contact(posted)
        settings = self._settings
        received = await self._text.conversations.receive(
            posted.inbound(
                channel_id=own, source=settings.source, received_at=now, flow=settings.flow, line=settings.line
            )
        )
        return _answer(
            200 if received.replayed else 201,
            ticket_id=received.ticket_id,
            ticket_no=received.ticket_no,
            interaction_id=received.interaction_id,
        )

    async def _contact(self, body: ContactBody) -> web.Response:
        """The same key as ``POST /api/v1/contacts`` gives it, so that it is one contact whichever way it came."""
        source = self._settings.source
        if body.source.name != source or body.source.event_id is None:
            raise MalformedBody(f"source.name must be {source}, and source.event_id given")
        if any(item.url is None for item in body.attachments):
            raise MalformedBody("attachments: files themselves are sent to POST /api/v1/contacts")
        try:
            contact = inbound(
                body,
                channel="platform",
                channel_id=self._context.channel_id,
                external_id=f"source:{source}:{EVENT}{source}:{body.source.event_id}",
                received_at=self._context.clock.now(),
            )
        except RejectedInput as error:
            raise MalformedBody(str(error)) from None
        assert self._context.intake is not None, "contacts are taken in the role web"
        accepted = await self._context.intake.accept(contact)
        return _answer(
            200 if accepted.replayed else 201,
            ticket_id=accepted.ticket_id,
            ticket_no=accepted.ticket_no,
            interaction_id=accepted.interaction_id,
        )

    async def send(self, message: OutboundMessage) -> Sent:
        """See ``TextChannel.send``: a call-back to a person's conversation, or about a contact (``EVENT``)."""
        about = message.recipient.startswith(EVENT)
        event_id = message.recipient.removeprefix(EVENT) if about else message.context.get("event_id")
        path = f"/api/v1/contacts/{self._settings.source}/{quote(str(event_id), safe='')}"
        payload: dict[str, Any] = {
            "type": "status" if about else "message",
            "message_id": message.message_id,
            "source": {"name": self._settings.source, "event_id": event_id},
            "recipient": None if about else message.recipient,
            "text": message.text,
            "quick_replies": [{"key": key, "label": label} for key, label in message.quick_replies],
            "created_at": message.created_at.isoformat(),
            "status_url": f"{self._text.public_url}{path}" if about else None,
        }
        await self._outward.call_back(message.message_id, payload)
        return Sent(external_id=message.message_id)

    async def fetch(self, media: MediaRef) -> AsyncIterator[bytes]:
        """See ``TextChannel.fetch``."""
        async for chunk in self._outward.fetch(media.ref):
            yield chunk

    def _refused(self, status: int, reason: str, detail: str) -> web.Response:
        self._text.health.refused(reason)
        _log.warning("platform_post_refused", channel_id=self._context.channel_id, reason=reason)
        return _answer(status, refused=reason, detail=detail)


def _answer(status: int, headers: dict[str, str] | None = None, /, **body: Any) -> web.Response:
    return web.json_response(body, status=status, headers=headers)


def build(settings: PlatformSettings, context: ChannelContext) -> PlatformChannel:
    """What ``SPEC`` builds a channel with."""
    assert context.text is not None, "written channels are built with text services"
    return PlatformChannel(settings, context, context.text)
