"""``POST /api/v1/contacts``: other systems hand over a contact, once, however often they send it."""

from __future__ import annotations

import hashlib
import hmac
import json
import re

from aiohttp import web

from gateway.domain.words import Line
from gateway.ports.channel import InboundContact
from gateway.web.api.models import ContactBody, Place
from gateway.web.auth import CONTACTS, Principal
from gateway.web.problems import Problem
from gateway.web.routing import Context, Route, check, json_response

CHANNEL = "platform"
CHANNEL_ID = "api"
SOURCE, STAMP, SIGNATURE, KEY = "X-Source", "X-Timestamp", "X-Signature", "Idempotency-Key"
MAX_SKEW_S = 300
_KEY = re.compile(r"^[\x21-\x7e]{1,200}$")


def signature(secret: str, timestamp: str, key: str, body: bytes) -> str:
    """``v1=`` and the hex HMAC-SHA256 of ``timestamp.key.body``: what ``X-Signature`` must hold.

    ``key`` is the Idempotency-Key as sent, empty without one; ``timestamp`` is in Unix seconds.
    """
    signed = f"{timestamp}.{key}.".encode() + body
    return "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


async def create(context: Context) -> web.Response:
    """Accept a contact; 201, or 200 when this key was accepted before."""
    principal, raw = await _client(context)
    context.house.contacts.take(principal.actor)
    body = context.parse(ContactBody, raw)
    key = _key(context.request, body)
    accepted = await context.services.intake.accept(_contact(context, principal, key, body))
    return json_response(
        {"ticket_id": accepted.ticket_id, "ticket_no": accepted.ticket_no, "interaction_id": accepted.interaction_id},
        status=200 if accepted.replayed else 201,
        headers={"Location": f"{context.services.public_url}/api/v1/tickets/{accepted.ticket_id}"},
    )


async def _client(context: Context) -> tuple[Principal, bytes]:
    """Who hands it over: a signing source, or whoever holds a token."""
    request = context.request
    if SOURCE in request.headers:
        raw = await context.raw_body()
        return await _signed(context, raw), raw
    principal = await context.house.auth.principal(request)
    check(principal, ROUTE)
    return principal, await context.raw_body()


async def _signed(context: Context, raw: bytes) -> Principal:
    headers = context.request.headers
    name, stamp = headers[SOURCE], headers.get(STAMP, "")
    auth = context.house.auth
    auth.check_failures(context.request)
    secret = await context.services.accounts.source_secret(name)
    expected = signature(secret or "", stamp, headers.get(KEY, ""), raw)
    fits = hmac.compare_digest(expected.encode(), headers.get(SIGNATURE, "").strip().encode())
    if secret is None or not fits:
        raise auth.failed(context.request, f"{SIGNATURE} does not fit this source and body.")
    now = context.services.clock.now().timestamp()
    if not stamp.isdigit() or abs(now - int(stamp)) > MAX_SKEW_S:
        raise auth.failed(context.request, f"{STAMP} is more than {MAX_SKEW_S} s away from our clock.")
    return Principal(actor=f"source:{name}", name=name, scopes=frozenset({CONTACTS}))


def _key(request: web.Request, body: ContactBody) -> str:
    key = request.headers.get(KEY)
    if key is not None:
        if not _KEY.match(key):
            raise Problem(400, "invalid_idempotency_key", f"{KEY} is 1 to 200 visible ASCII characters.")
        return f"key:{key}"
    if body.source.event_id is None:
        raise Problem(
            400,
            "idempotency_key_missing",
            f"Send {KEY} or source.event_id, so that a repeat is told from a new contact.",
        )
    return f"event:{body.source.name}:{body.source.event_id}"


def _contact(context: Context, principal: Principal, key: str, body: ContactBody) -> InboundContact:
    content = body.model_dump(mode="json", exclude_none=True)
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    requester = body.requester.model_dump(exclude_none=True)
    line = body.line or (Line.ENTERPRISE if body.requester.kind == "enterprise" else Line.CITIZEN)
    return InboundContact(
        channel=CHANNEL,
        channel_id=CHANNEL_ID,
        external_id=f"{principal.actor}:{key}",
        received_at=context.services.clock.now(),
        content=body.content,
        source_name=body.source.name,
        source_event_id=body.source.event_id,
        from_raw=body.requester.phone,
        sent_at=body.sent_at,
        line=line.value,
        conversation_id=f"{body.source.name}:{body.conversation_id}" if body.conversation_id else None,
        requester=requester,
        place=_place(body.place),
        attachments=tuple(item.model_dump(exclude_none=True) for item in body.attachments),
        body_sha256=hashlib.sha256(canonical.encode()).hexdigest(),
    )


def _place(place: Place | None) -> dict[str, object]:
    return place.model_dump(exclude_none=True) if place is not None else {}


ROUTE = Route(
    method="POST",
    path="/api/v1/contacts",
    handler=create,
    summary="Hand over one contact; a repeat with the same key changes nothing",
    scope=CONTACTS,
    own_auth=True,
    body=ContactBody,
    returns="Accepted",
    status=201,
    errors=(400, 401, 403, 409, 413, 415, 422, 429, 503),
    headers=(
        (KEY, "Tells a repeat from a new contact; without it source.event_id does. Scoped to the client."),
        (SOURCE, "Instead of a token: the name of a signing source."),
        (STAMP, f"With {SOURCE}: Unix seconds, at most {MAX_SKEW_S} s off."),
        (
            SIGNATURE,
            "With X-Source: 'v1=' and the hex HMAC-SHA256 of X-Timestamp + '.' + Idempotency-Key + '.' + body.",
        ),
    ),
    tag="contacts",
)
ROUTES = (ROUTE,)
