"""Twilio Programmable Messaging: signed webhooks, status callbacks, media, and sending with basic authentication."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import aiohttp
from aiohttp import web

from channels.sms.hooks import SERVER_ERRORS, TOO_MANY, Forged, HookChannel, NotUnderstood, word
from channels.sms.settings import TwilioSettings
from gateway.errors import PermanentDeliveryError, TransientDeliveryError
from gateway.ports.channel import ChannelContext
from gateway.ports.message import MediaRef, OutboundMessage, Sent

_STATES = {"delivered": "delivered", "read": "read", "failed": "failed", "undelivered": "failed"}
_MAX_MEDIA = 10
_CREATED, _REFUSED = 201, 400
_UNAUTHORISED = frozenset({401, 403})
_CHUNK = 65_536


def signature(url: str, form: Iterable[tuple[str, str]], token: str) -> str:
    """X-Twilio-Signature of a form POST: the URL, then names and values in order, HMAC-SHA1, base64."""
    told = url + "".join(name + value for name, value in sorted(set(form)))
    digest = hmac.new(token.encode(), told.encode("utf-8", "replace"), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def _ways_to_write(url: str) -> list[str]:
    """Twilio signs some addresses with the scheme's port and some without."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    return [url, *(urlunsplit(parts._replace(netloc=netloc)) for netloc in (host, f"{host}:{port}"))]


class TwilioChannel(HookChannel):
    """See ``HookChannel``."""

    def __init__(self, settings: TwilioSettings, context: ChannelContext) -> None:
        """``settings`` as checked."""
        super().__init__(settings, context)
        self._settings = settings
        login = f"{settings.account_sid}:{settings.auth_token.get_secret_value()}"
        self._credentials = {"Authorization": f"Basic {base64.b64encode(login.encode()).decode()}"}

    def verify(self, request: web.Request, tail: str, body: bytes) -> None:
        """The signature is over the address that Twilio calls, so it is built from ``public_url``."""
        query = request.rel_url.raw_query_string
        url = f"{self.own_url}{'/' + tail.lstrip('/') if tail else ''}{'?' + query if query else ''}"
        given = request.headers.get("X-Twilio-Signature", "").encode()
        token = self._settings.auth_token.get_secret_value()
        try:
            form = _form(body)
        except NotUnderstood as error:
            raise Forged(str(error)) from error
        # Every way is tried, so that the time says nothing about which one was near.
        good = [hmac.compare_digest(signature(one, form, token).encode(), given) for one in _ways_to_write(url)]
        if not any(good):
            raise Forged("wrong X-Twilio-Signature")

    async def take(self, body: bytes) -> web.Response:
        """A message, or the status of one of ours. The answer is TwiML that says nothing; answers leave by ``send``."""
        form = dict(_form(body))
        sid = form.get("MessageSid") or form.get("SmsSid")
        if not sid:
            raise NotUnderstood("no MessageSid")
        if "MessageStatus" in form:
            state = _STATES.get(form["MessageStatus"])
            if state is not None:
                error = f"Twilio {form['ErrorCode']}" if form.get("ErrorCode") else form["MessageStatus"]
                await self.receipt(sid, state, error=error if state == "failed" else None)
        elif "From" in form:
            await self._message(sid, form)
        else:
            raise NotUnderstood("neither From nor MessageStatus")
        return self.accepted()

    def accepted(self) -> web.Response:
        """See ``HookChannel``."""
        return web.Response(text="<Response/>", content_type="text/xml")

    async def _message(self, sid: str, form: dict[str, str]) -> None:
        """The text goes with the first medium; each further one is a message of its own."""
        count = form.get("NumMedia", "0")
        total = min(int(count), _MAX_MEDIA) if count.isascii() and count.isdigit() else 0
        media = [
            MediaRef(ref=form[f"MediaUrl{n}"], media_type=form.get(f"MediaContentType{n}"))
            for n in range(total)
            if form.get(f"MediaUrl{n}")
        ]
        message = self.inbound.message(
            external_id=sid,
            sender=form["From"],
            recipient=form.get("To", ""),
            text=form.get("Body", "") or (None if media else ""),
            media=media[0] if media else None,
        )
        await self.inbound.receive(message)
        for n, one in enumerate(media[1:], 1):
            more = self.inbound.message(
                external_id=f"{sid}-{n}", sender=form["From"], recipient=form.get("To", ""), text=None, media=one
            )
            await self.inbound.receive(replace(more, received_at=message.received_at))

    async def send(self, message: OutboundMessage) -> Sent:
        """POST Messages.json."""
        settings = self._settings
        form = {"To": message.recipient, "Body": message.text}
        if settings.messaging_service_sid:
            form["MessagingServiceSid"] = settings.messaging_service_sid
        else:
            form["From"] = settings.number
        if settings.receipts:
            form["StatusCallback"] = f"{self.own_url}/status"
        url = f"{settings.base_url}/2010-04-01/Accounts/{settings.account_sid}/Messages.json"
        status, answer = await self.call(url, data=form, headers=self._credentials)
        fields = answer if isinstance(answer, dict) else {}
        if status == _CREATED:
            self.health.token(ok=True)
            return Sent(external_id=word(fields, "sid") or None)
        if status in _UNAUTHORISED:
            self.health.token(ok=False)
        code = word(fields, "code") or None
        raise PermanentDeliveryError(
            f"Twilio refused it with {status}, code {code or 'none'}", http_status=status, errcode=code
        )

    async def fetch(self, media: MediaRef) -> AsyncIterator[bytes]:
        """A medium's bytes, from ``base_url`` only; a redirect to elsewhere leaves our credentials out."""
        if urlsplit(media.ref)[:2] != urlsplit(self._settings.base_url)[:2]:
            raise PermanentDeliveryError("the medium is not at Twilio's address")
        try:
            async with self.http.session().get(media.ref, headers=self._credentials) as response:
                if response.status == TOO_MANY or response.status >= SERVER_ERRORS:
                    raise TransientDeliveryError("Twilio does not hand the medium out", http_status=response.status)
                if response.status >= _REFUSED:
                    raise PermanentDeliveryError("Twilio does not hand the medium out", http_status=response.status)
                async for chunk in response.content.iter_chunked(_CHUNK):
                    yield chunk
        except (aiohttp.ClientError, TimeoutError) as error:
            raise TransientDeliveryError(f"the medium cannot be reached: {type(error).__name__}") from error


def _form(body: bytes) -> list[tuple[str, str]]:
    try:
        return parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=1000)
    except ValueError:
        raise NotUnderstood("the body is no form") from None


def build(settings: TwilioSettings, context: ChannelContext) -> TwilioChannel:
    """A channel by Twilio."""
    return TwilioChannel(settings, context)
