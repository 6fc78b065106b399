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
SIGNATURE, KEY = "X-Gateway-Signature", "Idempotency-Key"
MAX_SKEW_S = 300
_KEY = re.compile(r"^[\x21-\x7e]{1,200}$")
_SIGNATURE = re.compile(r"^t=(\d{1,12}),v1=([0-9a-f]{64})$")


def signature(secret: str, body: bytes, at: int) -> str:
    """``t=<Unix seconds>,v1=<hex HMAC-SHA256 of "t.body">``, the same form as our webhooks have."""
    digest = hmac.new(secret.encode(), str(at).encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


async def create(context: Context) -> web.Response:
    """Accept a contact; 201, or 200 when this key was accepted before."""
    principal, raw, signed = await _client(context)
    context.house.contacts.take(principal.actor)
    body = context.parse(ContactBody, raw)
    key = _event_key(body) if signed else _key(context.request, body)
    accepted = await context.services.intake.accept(_contact(context, principal, key, body))
    return json_response(
        {"ticket_id": accepted.ticket_id, "ticket_no": accepted.ticket_no, "interaction_id": accepted.interaction_id},
        status=200 if accepted.replayed else 201,
        headers={"Location": f"{context.services.public_url}/api/v1/tickets/{accepted.ticket_id}"},
    )


async def _client(context: Context) -> tuple[Principal, bytes, bool]:
    """Who hands it over, the body, and whether its signature is what vouches for it."""
    request = context.request
    if SIGNATURE in request.headers and "Authorization" not in request.headers:
        raw = await context.raw_body()
        return await _signer(context, raw), raw, True
    principal = await context.house.auth.principal(request)
    check(principal, ROUTE)
    return principal, await context.raw_body(), False


async def _signer(context: Context, raw: bytes) -> Principal:
    """The source that the body names, if the signature is its own and fresh."""
    auth, services = context.house.auth, context.services
    found = _SIGNATURE.match(context.request.headers[SIGNATURE].strip())
    at = int(found.group(1)) if found else 0
    name = _named(raw)
    secret = await services.accounts.source_secret(name) if name else None
    expected = signature(secret or "", raw, at)
    fits = hmac.compare_digest(expected.encode(), context.request.headers[SIGNATURE].strip().encode())
    if found is None or name is None or secret is None or not fits:
        raise auth.failed(context.request, f"{SIGNATURE} does not fit this body and the source that it names.")
    if abs(services.clock.now().timestamp() - at) > MAX_SKEW_S:
        raise auth.failed(context.request, f"The time in {SIGNATURE} is more than {MAX_SKEW_S} s away from our clock.")
    return Principal(actor=f"source:{name}", name=name, scopes=frozenset({CONTACTS}))


def _named(raw: bytes) -> str | None:
    """The source.name of a body that nobody vouches for yet."""
    try:
        name = json.loads(raw)["source"]["name"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return name if isinstance(name, str) else None


def _key(request: web.Request, body: ContactBody) -> str:
    key = request.headers.get(KEY)
    if key is None:
        return _event_key(body)
    if not _KEY.match(key):
        raise Problem(400, "invalid_idempotency_key", f"{KEY} is 1 to 200 visible ASCII characters.")
    return f"key:{key}"


def _event_key(body: ContactBody) -> str:
    """What the source itself calls the contact; the only key that a signature covers."""
    if body.source.event_id is None:
        raise Problem(
            400,
            "idempotency_key_missing",
            f"Send source.event_id (or {KEY} with a token), so that a repeat is told from a new contact.",
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
        (KEY, "Tells a repeat from a new contact; without it source.event_id does. Scoped to the token."),
        (
            SIGNATURE,
            (
                "Instead of a token: t=<Unix seconds>,v1=<hex HMAC-SHA256 of 't.body'> under the secret of the source "
                f"that the body names; t at most {MAX_SKEW_S} s off. The key is then source.event_id."
            ),
        ),
    ),
    tag="contacts",
)
ROUTES = (ROUTE,)
