"""``/api/v1/contacts``: other systems hand over a contact, once, however often they send it, and ask after it."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass, replace
from typing import Any

from aiohttp import web

from gateway.domain.limits import CONTACT_BYTES, LONG_BODY
from gateway.edge.contact import ContactBody, inbound
from gateway.edge.off_loop import off_loop
from gateway.errors import NotFound
from gateway.ports.channel import ReceivedFile
from gateway.telemetry import trace
from gateway.web.api import uploads
from gateway.web.auth import CONTACTS, Principal
from gateway.web.idempotency import HEADER, key_of
from gateway.web.problems import Problem
from gateway.web.routing import Context, Route, check, json_response

CHANNEL = "platform"
CHANNEL_ID = "api"
SIGNATURE = "X-Gateway-Signature"
MAX_SKEW_S = 300
_SIGNATURE = re.compile(r"^t=(\d{1,12}),v1=([0-9a-f]{64})$")


def signature(secret: str, body: bytes, at: int) -> str:
    """``t=<Unix seconds>,v1=<hex HMAC-SHA256 of "t.body">``, the same form as our webhooks have."""
    digest = hmac.new(secret.encode(), str(at).encode() + b"." + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


def status_text(source: str, event_id: str) -> bytes:
    """What the signature of a status query covers instead of a body."""
    return f"GET /api/v1/contacts/{source}/{event_id}".encode()


@dataclass(frozen=True, slots=True)
class _Client:
    """The system that hands a contact over, and the channel that it belongs to."""

    principal: Principal
    channel_id: str
    signed: bool


async def create(context: Context) -> web.Response:
    """Accept a contact; 201, or 200 when this key was accepted before."""
    if context.request.content_type == uploads.MEDIA_TYPE:
        client, body, files = await _multipart(context)
    else:
        client, raw = await _client(context)
        context.house.contacts.take(client.principal.actor)
        body, files = await context.parse(ContactBody, raw), ()
    trace.take_over(context.request.headers.get("traceparent"))
    uploads.check_listed(body, files, signed=client.signed)
    own = f"{client.principal.actor}:"
    key = own + (_event_key(body) if client.signed else _key(context.request, body))
    contact = inbound(
        body,
        channel=CHANNEL,
        channel_id=client.channel_id,
        external_id=key,
        received_at=context.services.clock.now(),
        files=files,
    )
    if body.source.event_id is not None and (name := own + _event_key(body)) != key:
        contact = replace(contact, also=(name,))
    accepted = await context.services.intake.accept(contact)
    told = {"emergency": accepted.emergency} if accepted.emergency else {}
    made = {"ticket_id": accepted.ticket_id, "ticket_no": accepted.ticket_no, "interaction_id": accepted.interaction_id}
    return json_response(
        made | told,
        status=200 if accepted.replayed else 201,
        headers={"Location": f"{context.services.public_url}/api/v1/tickets/{accepted.ticket_id}"},
    )


async def status(context: Context) -> web.Response:
    """What became of a contact, for who handed it over; no personal field."""
    source, event_id = context.request.match_info["source"], context.request.match_info["event_id"]
    client = await _asker(context, source, event_id)
    context.house.requests.take(client.principal.actor)
    reader = context.services.reader
    name = client.principal.name
    for channel_id in dict.fromkeys((client.channel_id, CHANNEL_ID)):
        for actor in (f"source:{name}", f"token:{name}"):
            found = await reader.delivered(channel_id, f"{actor}:{_event_name(source, event_id)}")
            if found is not None:
                return json_response(_told(source, event_id, found, await reader.ticket(found["ticket_id"])))
    raise NotFound("no contact with this event_id was handed over under this name")


def _told(source: str, event_id: str, found: dict[str, Any], record: dict[str, Any]) -> dict[str, Any]:
    outcome, handling = record["outcome"], record["handling"]
    return {
        "source": {"name": source, "event_id": event_id},
        "interaction_id": found["interaction_id"],
        **{key: record[key] for key in ("ticket_id", "ticket_no", "status", "created_at", "updated_at")},
        "lead_unit": handling["lead_unit"],
        "callback": (handling["callback"] or {}).get("state"),
        **{key: outcome[key] for key in ("replied_at", "public_reply", "resolved", "closed_at")},
    }


async def _asker(context: Context, source: str, event_id: str) -> _Client:
    request = context.request
    if SIGNATURE in request.headers and "Authorization" not in request.headers:
        return await _signer(context, status_text(source, event_id), source)
    principal = await context.house.auth.principal(request)
    check(principal, STATUS)
    return _Client(principal, CHANNEL_ID, signed=False)


async def _client(context: Context) -> tuple[_Client, bytes]:
    """The client that sends a JSON body, and the body."""
    request = context.request
    if SIGNATURE in request.headers and "Authorization" not in request.headers:
        raw = await context.raw_body(CONTACT_BYTES)
        return await _signer(context, raw, await _named(raw)), raw
    principal = await context.house.auth.principal(request)
    check(principal, ROUTE)
    return _Client(principal, CHANNEL_ID, signed=False), await context.raw_body(CONTACT_BYTES)


async def _multipart(context: Context) -> tuple[_Client, ContactBody, tuple[ReceivedFile, ...]]:
    """The client that sends a multipart body: its signature covers the JSON part, which names the files by sha256."""
    request = context.request
    signed = SIGNATURE in request.headers and "Authorization" not in request.headers
    clients: list[_Client] = []
    if not signed:
        principal = await context.house.auth.principal(request)
        check(principal, ROUTE)
        clients.append(_Client(principal, CHANNEL_ID, signed=False))

    async def vouch(raw: bytes) -> ContactBody:
        if signed:
            clients.append(await _signer(context, raw, await _named(raw)))
        context.house.contacts.take(clients[0].principal.actor)
        return await context.parse(ContactBody, raw)

    body, files = await uploads.read(request, context.services.files, vouch)
    return clients[0], body, files


async def _signer(context: Context, signed: bytes, name: str | None) -> _Client:
    """The source ``name``, if the signature is its own, of ``signed``, and fresh."""
    auth, services = context.house.auth, context.services
    header = context.request.headers[SIGNATURE].strip()
    found = _SIGNATURE.match(header)
    at = int(found.group(1)) if found else 0
    configured = services.sources.get(name) if name else None
    stored = await services.tokens.signing_source(name) if name and not configured else None
    known = (configured.secret, configured.previous_secret) if configured else ((stored or {}).get("hmac_secret"),)
    expected = [signature(secret, signed, at) for secret in known if secret]
    fits = [hmac.compare_digest(one.encode(), header.encode()) for one in expected or [signature("", signed, at)]]
    if found is None or name is None or not expected or not any(fits):
        raise auth.failed(context.request, f"{SIGNATURE} does not fit this request and the source that it names.")
    if stored is not None:
        auth.check_holder(context.request, stored)
    if abs(services.clock.now().timestamp() - at) > MAX_SKEW_S:
        raise auth.failed(context.request, f"The time in {SIGNATURE} is more than {MAX_SKEW_S} s away from our clock.")
    principal = Principal(actor=f"source:{name}", name=name, scopes=frozenset({CONTACTS}))
    return _Client(principal, configured.channel_id if configured else CHANNEL_ID, signed=True)


async def _named(raw: bytes) -> str | None:
    """The ``source.name`` of a body that is not authenticated yet."""
    return await off_loop(len(raw) > LONG_BODY, _source_name, raw)


def _source_name(raw: bytes) -> str | None:
    try:
        name = json.loads(raw)["source"]["name"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return name if isinstance(name, str) else None


def _key(request: web.Request, body: ContactBody) -> str:
    try:
        return key_of(request) or _event_key(body)
    except ValueError as error:
        raise Problem(400, "invalid_idempotency_key", str(error)) from None


def _event_key(body: ContactBody) -> str:
    """What the source itself calls the contact; the only key that a signature covers."""
    if body.source.event_id is None:
        raise Problem(
            400,
            "idempotency_key_missing",
            f"Send source.event_id (or {HEADER} with a token), so that a repeat is told from a new contact.",
        )
    return _event_name(body.source.name, body.source.event_id)


def _event_name(source: str, event_id: str) -> str:
    return f"event:{source}:{event_id}"


_SIGNING = (
    "Instead of a token: t=<Unix seconds>,v1=<hex HMAC-SHA256 of 't.' and {covered}> under the secret of the source "
    f"that the {{where}} names; t at most {MAX_SKEW_S} s off."
)
ROUTE = Route(
    method="POST",
    path="/api/v1/contacts",
    handler=create,
    summary="Hand over one contact, as JSON or as multipart/form-data with files; a repeat changes nothing",
    scope=CONTACTS,
    own_auth=True,
    body=ContactBody,
    files=True,
    returns="Accepted",
    status=201,
    errors=(400, 401, 403, 409, 413, 415, 422, 429, 503),
    headers=(
        (
            HEADER,
            "Tells a repeat from a new contact; without it source.event_id does. Scoped to the token.",
        ),
        (
            SIGNATURE,
            _SIGNING.format(covered="the body (of multipart: the part 'contact')", where="body")
            + " The key is then source.event_id.",
        ),
    ),
    tag="contacts",
)
STATUS = Route(
    method="GET",
    path="/api/v1/contacts/{source}/{event_id}",
    handler=status,
    summary="What became of a contact; only for who handed it over",
    scope=CONTACTS,
    own_auth=True,
    returns="ContactStatus",
    errors=(401, 403, 404, 429, 503),
    headers=(
        (
            SIGNATURE,
            _SIGNING.format(covered="'GET /api/v1/contacts/{source}/{event_id}' (not percent-encoded)", where="path"),
        ),
    ),
    tag="contacts",
)
ROUTES = (ROUTE, STATUS)
