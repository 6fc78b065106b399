"""``/api/v1/tickets``: list, read, events, vCon."""

from __future__ import annotations

import asyncio
from typing import Any

from aiohttp import web

from gateway.domain.ids import parse_ticket_no
from gateway.domain.limits import MASKED_PAGE
from gateway.domain.phone_numbers import e164
from gateway.ports.store import TicketQuery
from gateway.web.api import vcon
from gateway.web.api.models import EventsQuery, TicketListQuery, UnmaskedQuery
from gateway.web.auth import READ
from gateway.web.masked import encoded
from gateway.web.problems import Problem
from gateway.web.routing import Context, Route, json_page, json_response

_WHOLE_NUMBER = 10
"""Digits of the shortest numbers that are looked up: area code and seven digits."""


async def read(context: Context) -> dict[str, Any]:
    """The record that the path names, by ticket_id or by ticket number with or without its hyphen; ``NotFound``."""
    return await find(context, context.request.match_info["ticket"])


async def find(context: Context, named: str) -> dict[str, Any]:
    """The record of this ticket_id or ticket number; ``NotFound``."""
    return await context.services.reader.ticket(parse_ticket_no(named) or named.upper())


async def list_tickets(context: Context) -> web.Response:
    """One page of records."""
    query = context.query(TicketListQuery)
    principal = context.principal
    if query.name is not None and not principal.at_desk:
        raise Problem(403, "desk_only", "Only people at the desk may look up a name.")
    number = _whole_number(query.text)
    for sought in (number, query.name):
        if sought is not None:
            await context.house.look_up(principal, sought)
    page = await context.services.reader.tickets(
        TicketQuery(
            ids=tuple(query.ids.split(",")) if query.ids else (),
            since=query.since,
            channel=query.channel,
            status=query.status.value if query.status else None,
            line=query.line.value if query.line else None,
            empty=query.empty,
            text=query.text if query.text and number is None else None,
            phone=number,
            name=query.name,
            hidden_too=principal.sees_all,
            unit=query.unit,
            category=query.category,
            division=query.division,
            created_from=query.created_from,
            created_to=query.created_to,
            due_from=query.due_from,
            due_to=query.due_to,
            limit=query.limit if principal.sees_all else min(query.limit, MASKED_PAGE),
            cursor=query.cursor,
            newest_first=query.order == "newest",
        )
    )
    if principal.sees_all:
        for item in page.items:
            context.house.seen.saw(principal.actor, "list", item["ticket_id"])
    return json_page(await context.house.masked.items(page.items, principal), next_cursor=page.next_cursor)


def _whole_number(text: str | None) -> str | None:
    """The telephone number (E.164) that ``text`` is, as a whole; None for words, pieces and numbers of tickets."""
    digits = sum(c.isdigit() for c in text or "")
    return e164(text) if digits >= _WHOLE_NUMBER and parse_ticket_no(text or "") is None else None


def asks_unmasked(context: Context) -> bool:
    """Whether the answer is to be unmasked (``?unmasked=true``); 403 for anybody who is not at the desk."""
    asked = context.query(UnmaskedQuery).unmasked
    if asked and not context.principal.at_desk:
        raise Problem(403, "desk_only", "Only people at the desk may see unmasked values.")
    return asked


async def get_ticket(context: Context) -> web.Response:
    """One whole record; its version is the ETag."""
    return await ticket_response(context, await read(context))


async def ticket_response(context: Context, record: dict[str, Any]) -> web.Response:
    """A record and the ETag that a correction must name; who saw how much of it is written down.

    A person at the desk sees it unmasked with ``?unmasked=true``; 403 for anybody else who asks for that.
    """
    principal = context.principal
    asked = asks_unmasked(context)
    if asked:
        await context.house.reveal(principal, record["ticket_id"])
    else:
        seen = "reveal" if principal.sees_all else "record"
        context.house.seen.saw(principal.actor, seen, record["ticket_id"])
    index = context.services.similar
    similar = await index.related(record["ticket_id"]) if index is not None else record["related"]["similar"]

    def told(whole: dict[str, Any]) -> bytes:
        return encoded(whole | {"related": whole["related"] | {"similar": similar}})

    if asked:
        body = await asyncio.to_thread(told, record)
    else:
        body = await context.house.masked.told(record, principal, told)
    return web.Response(body=body, content_type="application/json", headers={"ETag": f'"{record["version"]}"'})


async def events(context: Context) -> web.Response:
    """What happened to a ticket, in order."""
    query = context.query(EventsQuery)
    record = await read(context)
    items = await context.services.reader.events(after=query.after, ticket_id=record["ticket_id"], limit=query.limit)
    following = items[-1]["event_seq"] if len(items) == query.limit else None
    return json_response({"items": items, "next_after": following})


async def get_vcon(context: Context) -> web.Response:
    """The ticket's conversations as one vCon."""
    record = await read(context)
    await context.house.audit(context.principal, "export", record["ticket_id"])
    public_url = context.services.public_url
    body = await context.house.masked.told(
        record, context.principal, lambda told: encoded(vcon.document(told, public_url=public_url))
    )
    return web.Response(body=body, content_type=vcon.MEDIA_TYPE)


_TICKET = "/api/v1/tickets/{ticket}"
ROUTES = (
    Route(
        method="GET",
        path="/api/v1/tickets",
        handler=list_tickets,
        summary="Tickets in order of their change (since) or age; empty ones too unless filtered",
        scope=READ,
        query=TicketListQuery,
        returns="TicketPage",
        errors=(400, 401, 403, 422, 429, 503),
    ),
    Route(
        method="GET",
        path=_TICKET,
        handler=get_ticket,
        summary="One ticket by ticket_id or ticket_no",
        scope=READ,
        query=UnmaskedQuery,
        returns="Ticket",
        errors=(400, 401, 403, 404, 429, 503),
    ),
    Route(
        method="GET",
        path=f"{_TICKET}/events",
        handler=events,
        summary="What happened to a ticket",
        scope=READ,
        query=EventsQuery,
        returns="EventPage",
        errors=(400, 401, 403, 404, 429, 503),
    ),
    Route(
        method="GET",
        path=f"{_TICKET}/vcon",
        handler=get_vcon,
        summary="The ticket's conversations as a vCon (draft-ietf-vcon-vcon-core)",
        scope=READ,
        returns=vcon.MEDIA_TYPE,
        errors=(401, 403, 404, 429, 503),
    ),
)
