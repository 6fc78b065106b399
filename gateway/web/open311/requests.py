"""Service requests: create, find, read; tokens."""

from __future__ import annotations

import re
from typing import Any

from aiohttp import web

from gateway.domain.coordinates import Crs
from gateway.domain.ids import new_ulid, parse_ticket_no
from gateway.domain.keys import Identity
from gateway.domain.limits import CONTENT_CHARS, NAME_CHARS, PARAGRAPH_CHARS, URL_CHARS, WORD_CHARS
from gateway.errors import NotFound
from gateway.intake.contact.phrases import danger_phrase
from gateway.ports.channel import Accepted, InboundContact
from gateway.ports.store import TicketQuery
from gateway.web.idempotency import key_of
from gateway.web.open311 import parameters
from gateway.web.open311.handlers import OWN, Call
from gateway.web.open311.parameters import RequestForm, bad
from gateway.web.open311.views import is_secret
from gateway.web.open311.views import request as shown
from gateway.web.problems import Problem
from gateway.web.reportable import OTHER, TAXONOMY, Service, unknown_service

_EMAIL = re.compile(r"^[^@\s]{1,64}@[^@\s]{1,190}$")
_URL = re.compile(r"^https?://[^\s]{1,1990}$")
_MOST_ATTRIBUTES = 50


async def create(call: Call) -> web.Response:
    """``POST requests``: a ticket like any other; its number is the service_request_id."""
    client = call.writer()
    call.context.house.contacts.take(client.actor)
    form = call.form
    code = form.text("service_code")
    if code is None:
        raise bad("service_code was not provided.")
    service = call.city.by_code.get(code)
    if service is None:
        raise unknown_service(code, call.city)
    now = call.context.services.clock.now()
    phone, email = form.text("phone", WORD_CHARS), _email(form)
    accepted = await call.context.services.intake.accept(
        InboundContact(
            channel=OWN,
            channel_id=OWN,
            external_id=f"{client.actor}:{_idempotency_key(call.context.request)}",
            received_at=now,
            content=_content(form, service),
            source_name=client.name,
            from_raw=phone or email or form.text("device_id"),
            requester=_requester(form, phone),
            identities=(Identity(kind="email", value=email.lower()),) if email else (),
            place=_place(form),
            attachments=_media(form),
            category=_category(service),
            demand_type=service.demand_type,
        )
    )
    made = {"service_request_id": accepted.ticket_no, "service_notice": _notice(accepted)}
    return call.answer("service_requests", [made | {"account_id": form.text("account_id")}])


def _notice(accepted: Accepted) -> str | None:
    """What the person has to read at once: where to call when danger to life was spoken of."""
    if accepted.emergency is None:
        return None
    return " ".join(danger_phrase(accepted.emergency, language) for language in ("zh", "en"))


async def find(call: Call) -> web.Response:
    """``GET requests``: the numbers that were named, or a search, newest first."""
    call.check_reading()
    named = call.form.text("service_request_id", 4000)
    if named is not None:
        return await _list(call, await _named(call, parameters.request_ids(named)))
    wanted = parameters.search(call.form, call.context.services.clock.now())
    page = await call.context.services.reader.tickets(
        TicketQuery(
            created_from=wanted.start,
            created_to=wanted.end,
            statuses=wanted.statuses,
            categories=wanted.codes,
            known_categories=tuple(call.city.by_code),
            channels=call.channels(),
            bbox=wanted.bbox,
            empty=False,
            limit=wanted.page_size,
            skip=(wanted.page - 1) * wanted.page_size,
            newest_first=True,
        )
    )
    # Of a secret ticket's place a box on the map would tell what is not shown.
    boxed = wanted.bbox is not None and not call.reads_all
    return await _list(call, [one for one in page.items if call.shows(one) and not (boxed and is_secret(one))])


async def read(call: Call) -> web.Response:
    """``GET requests/{ids}``: one, or several with commas; 404 when there is none of them."""
    call.check_reading()
    found = await _named(call, parameters.request_ids(call.context.request.match_info["ids"]))
    if not found:
        raise Problem(404, "not_found", "service_request_id was not found.")
    return await _list(call, found)


async def token(call: Call) -> web.Response:
    """``GET tokens/{id}``: requests are real-time here; a ticket_id or the number itself is a token for the number."""
    call.check_reading()
    given = call.context.request.match_info["token"]
    try:
        record = await call.context.services.reader.ticket(parse_ticket_no(given) or given.upper())
    except NotFound:
        record = None
    if record is None or not call.shows(record):
        raise Problem(404, "not_found", "token was not found.")
    return call.answer("service_requests", [{"service_request_id": record["ticket_no"], "token": given}])


async def _named(call: Call, numbers: list[str]) -> list[dict[str, Any]]:
    found = []
    for number in numbers:
        try:
            record = await call.context.services.reader.ticket(number)
        except NotFound:
            continue
        if call.shows(record):
            found.append(record)
    return found


async def _list(call: Call, records: list[dict[str, Any]]) -> web.Response:
    city, public_url = call.city, call.context.services.public_url
    client = call.client is not None
    return await call.listed(
        "service_requests", records, lambda record: shown(record, city, client=client, public_url=public_url)
    )


def _idempotency_key(request: web.Request) -> str:
    """The standard has no key; who sends our header gets a repeat for what it is."""
    try:
        return key_of(request) or f"request:{new_ulid()}"
    except ValueError as error:
        raise bad(str(error)) from None


def _content(form: RequestForm, service: Service) -> str:
    """The description, and attributes that nobody asked for behind it."""
    described = form.text("description", PARAGRAPH_CHARS) or service.name
    if len(form.attributes) > _MOST_ATTRIBUTES:
        raise bad(f"At most {_MOST_ATTRIBUTES} attributes.")
    if any(len(value) > PARAGRAPH_CHARS for _, value in form.attributes):
        raise bad(f"An attribute has at most {PARAGRAPH_CHARS} characters.")
    content = "\n".join([described, *(f"{name}: {value}" for name, value in form.attributes)])
    if len(content) > CONTENT_CHARS:
        raise bad(f"Description and attributes have at most {CONTENT_CHARS} characters together.")
    return content


def _category(service: Service) -> dict[str, str]:
    """A category for services that are more than a type of demand."""
    if service.code in {service.demand_type, OTHER}:
        return {}
    return {"code": service.code, "l1": service.group, "l2": service.name, "taxonomy_version": TAXONOMY}


def _requester(form: RequestForm, phone: str | None) -> dict[str, str]:
    first, last = form.text("first_name", NAME_CHARS // 2), form.text("last_name", NAME_CHARS // 2)
    cjk = all(not part or not part.isascii() for part in (first, last))
    name = f"{last or ''}{first or ''}" if cjk else " ".join(part for part in (first, last) if part)
    return {key: value for key, value in {"kind": "citizen", "name": name, "phone": phone}.items() if value}


def _email(form: RequestForm) -> str | None:
    email = form.text("email", 255)
    if email is not None and not _EMAIL.match(email):
        raise bad("email is no e-mail address.")
    return email


def _place(form: RequestForm) -> dict[str, Any]:
    """One of lat and long (WGS-84), address_string or address_id."""
    lat, lon = form.number("lat", -90, 90), form.number("long", -180, 180)
    address, address_id = form.text("address_string"), form.text("address_id")
    if (lat is None) != (lon is None):
        raise bad("lat and long belong together.")
    if lat is None and address is None and address_id is None:
        raise bad("Provide lat and long, address_string or address_id.")
    place: dict[str, Any] = {} if lat is None else {"lat": lat, "lon": lon, "crs": Crs.WGS84.value}
    if text := address or address_id:
        place["address"] = text
    return place


def _media(form: RequestForm) -> tuple[dict[str, Any], ...]:
    url = form.text("media_url", URL_CHARS)
    if url is None:
        return ()
    if not _URL.match(url):
        raise bad("media_url is an http or https address.")
    return ({"name": url.rpartition("/")[2][:200] or "media", "media_type": None, "url": url},)
