"""``kind = "webhook"``: each event as one signed HTTP POST, a CloudEvent 1.0 in structured JSON mode."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Literal

import aiohttp
from pydantic import AnyHttpUrl, Field, SecretStr, field_validator

from gateway import __version__
from gateway.domain.events import REGISTRY
from gateway.edge.dataschema import dataschema
from gateway.edge.http_client import HttpClient
from gateway.errors import FeedRefused, PermanentDeliveryError, TransientDeliveryError
from gateway.feeds.common import FeedContext, FeedSettings, NotSent
from gateway.ports.feed import Delivery
from gateway.telemetry.trace import traceparent

MIN_SECRET = 16
REMEMBERED_BYTES = 200
"""So much of a refusal is kept for the person who looks at the dead letter."""
TRY_AGAIN = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})
WRONG_KEY = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.PROXY_AUTHENTICATION_REQUIRED})
WRONG_ADDRESS = frozenset(
    {
        HTTPStatus.NOT_FOUND,
        HTTPStatus.METHOD_NOT_ALLOWED,
        HTTPStatus.NOT_ACCEPTABLE,
        HTTPStatus.GONE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.MISDIRECTED_REQUEST,
        HTTPStatus.UPGRADE_REQUIRED,
    },
)
"""These, and every redirect: whatever is there takes no events, whichever they are."""


class WebhookSettings(FeedSettings):
    """``[[feed]]`` of kind ``webhook``."""

    url: AnyHttpUrl
    """Where to post. Redirects are not followed: they would carry citizens' data to a place nobody configured."""
    secret: SecretStr = Field(min_length=MIN_SECRET)
    """Signs every post; the receiver knows it too."""
    previous_secret: SecretStr = SecretStr("")
    """While the secret is being changed: signs every post as well, for a receiver that still has this one."""
    format: Literal["cloudevents"] = "cloudevents"
    type_prefix: str = Field("cn.hotline12345.", pattern=r"^[a-z0-9.-]*$")
    """Before our event types, so that a receiver of many senders tells them apart."""
    max_body_bytes: int = Field(4 * 1024 * 1024, ge=1024)
    """A ticket that is larger is sent without its transcripts and messages (``data.truncated``)."""

    @field_validator("previous_secret")
    @classmethod
    def _as_long(cls, value: SecretStr) -> SecretStr:
        if 0 < len(value.get_secret_value()) < MIN_SECRET:
            raise ValueError(f"needs {MIN_SECRET} characters, as the secret does; or leave it out")
        return value


class WebhookFeed:
    """A feed that posts."""

    def __init__(self, settings: WebhookSettings, context: FeedContext) -> None:
        """Nothing is connected yet."""
        self._settings = settings
        self._context = context
        given = (settings.secret.get_secret_value(), settings.previous_secret.get_secret_value())
        self._secrets = [secret.encode() for secret in given if secret]
        self._http = HttpClient(self._session)

    async def deliver(self, delivery: Delivery) -> None:
        """Post one event. 2xx and 409 (has it already) mean delivered; 408, 425, 429, 5xx and network errors: later.

        A wrong key, address, name or certificate, and a redirect: not this feed. Any other 4xx: not this event.
        """
        body = await asyncio.to_thread(self._body, delivery)
        headers = {
            "Content-Type": "application/cloudevents+json; charset=utf-8",
            "Idempotency-Key": delivery.event_id,
            "X-Gateway-Signature": signature(self._secrets, body, int(time.time())),
        }
        if delivery.trace is not None:
            headers["traceparent"] = traceparent(delivery.trace)
        try:
            async with self._http.session().post(
                str(self._settings.url), data=body, headers=headers, allow_redirects=False
            ) as answer:
                if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES or answer.status == HTTPStatus.CONFLICT:
                    return
                text = (await answer.content.read(REMEMBERED_BYTES)).decode("utf-8", "replace")
                raise _refusal(answer.status, text, answer.headers.get("Retry-After"))
        except aiohttp.ClientSSLError as error:
            raise FeedRefused(f"{type(error).__name__}: {error}", cause="certificate") from error
        except aiohttp.ClientConnectorDNSError as error:
            raise FeedRefused(f"{type(error).__name__}: {error}", cause="name") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise TransientDeliveryError(f"{type(error).__name__}: {error}") from error

    async def aclose(self) -> None:
        """Close connections."""
        await self._http.aclose()

    def _session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=self._settings.timeout_s),
            connector=aiohttp.TCPConnector(limit=self._settings.parallel),
            headers={"User-Agent": f"hotline-gateway/{__version__}"},
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    def _body(self, delivery: Delivery) -> bytes:
        event = cloud_event(
            delivery,
            source=self._context.public_url,
            type_prefix=self._settings.type_prefix,
            schemas_url=self._context.schemas_url,
        )
        body = _encode(event)
        if len(body) <= self._settings.max_body_bytes:
            return body
        event["data"] = {**event["data"], "ticket": _shortened(delivery.record), "truncated": True}
        body = _encode(event)
        if len(body) > self._settings.max_body_bytes:
            raise NotSent(
                f"{len(body)} bytes even without transcripts; raise max_body_bytes of feed {delivery.feed} and replay"
            )
        return body


def cloud_event(delivery: Delivery, *, source: str, type_prefix: str, schemas_url: str) -> dict[str, Any]:
    """CloudEvents 1.0 section 3; ``sequence`` is the extension of that name, our gap-free event_seq.

    ``dataschema`` is left out where the receiver could not fetch it: no public address is configured, or the event is
    of a newer release that runs beside this one.
    """
    kind = REGISTRY.get(delivery.type) if schemas_url else None
    return {
        "specversion": "1.0",
        "id": delivery.event_id,
        "source": source,
        "type": type_prefix + delivery.type,
        "subject": delivery.ticket_id,
        "time": delivery.at,
        "datacontenttype": "application/json",
        **({"dataschema": dataschema(schemas_url, kind)} if kind is not None else {}),
        "sequence": str(delivery.event_seq),
        "data": {"event": delivery.event, "ticket": delivery.record},
    }


def signature(secrets: Sequence[bytes], body: bytes, at: int) -> str:
    """``t=<unix seconds>,v1=<hex hmac-sha256 of "t.body">``, one ``v1`` a secret.

    A receiver takes a post of which any ``v1`` is its own, and refuses an old t, so that a copy is of no use.
    """
    signed = b"%d.%b" % (at, body)
    return ",".join([f"t={at}", *(f"v1={hmac.new(secret, signed, hashlib.sha256).hexdigest()}" for secret in secrets)])


def retry_after_s(value: str | None, now: datetime) -> float | None:
    """Seconds that a Retry-After header asks for (RFC 9110 section 10.2.3), None when it says nothing usable."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        until = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(0.0, (until.replace(tzinfo=until.tzinfo or UTC) - now).total_seconds())


def _refusal(
    status: int, text: str, retry_after: str | None
) -> TransientDeliveryError | PermanentDeliveryError | FeedRefused:
    message = f"HTTP {status}: {text}" if text else f"HTTP {status}"
    if status in TRY_AGAIN or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        wish = retry_after_s(retry_after, datetime.now(UTC))
        return TransientDeliveryError(message, retry_after_s=wish, http_status=status)
    if status in WRONG_KEY:
        return FeedRefused(message, cause="key", http_status=status)
    if status in WRONG_ADDRESS or status < HTTPStatus.BAD_REQUEST:
        return FeedRefused(message, cause="address", http_status=status)
    return PermanentDeliveryError(message, http_status=status)


def _shortened(record: Mapping[str, Any]) -> dict[str, Any]:
    interactions = [{**i, "transcript": [], "messages": []} for i in record["interactions"]]
    return {**record, "interactions": interactions}


def _encode(event: Mapping[str, Any]) -> bytes:
    return json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
