"""``/api/v1/tickets``: list, read, events, vCon."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from gateway.domain.ids import parse_ticket_no
from gateway.ports.store import TicketQuery
from gateway.domain import masking
from gateway.web.api import vcon
from gateway.web.api.models import EventsQuery, TicketListQuery
from gateway.web.auth import READ, Principal
from gateway.web.routing import Context, Route, json_response


def shown(record: dict[str, Any], principal: Principal) -> dict[str, Any]:
    """``record`` as ``principal`` may see it."""
    return record if principal.sees_all else masking.record(record)


async def read(context: Context) -> dict[str, Any]:
    """The record that the path names, by ticket_id or by ticket number with or without its hyphen; ``NotFound``."""
    named = context.request.match_info["ticket"]
    return await context.services.reader.ticket(parse_ticket_no(named) or named.upper())


async def list_tickets(context: Context) -> web.Response:
    """One page of records."""
    query = context.query(TicketListQuery)
    page = await context.services.reader.tickets(
        TicketQuery(
            since=query.since,
            channel=query.channel,
            status=query.status.value if query.status else None,
            line=query.line.value if query.line else None,
            empty=query.empty,
            text=query.text or None,
            limit=query.limit,
            cursor=query.cursor,
            newest_first=query.order == "newest",
        )
    )
    principal = context.principal
    if principal.sees_all and page.items:
        await context.house.audit(principal, "tickets.listed_unmasked", None)
    return json_response({"items": [shown(item, principal) for item in page.items], "next_cursor": page.next_cursor})


async def get_ticket(context: Context) -> web.Response:
    """One whole record; its version is the ETag."""
    record = await read(context)
    if context.principal.sees_all:
        await context.house.audit(context.principal, "ticket.read_unmasked", record["ticket_id"])
    return ticket_response(record, context.principal)


def ticket_response(record: dict[str, Any], principal: Principal) -> web.Response:
    """A record and the ETag that a correction must name."""
    return json_response(shown(record, principal), headers={"ETag": f'"{record["version"]}"'})


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
    if context.principal.sees_all:
        await context.house.audit(context.principal, "ticket.exported_unmasked", record["ticket_id"])
    document = vcon.document(shown(record, context.principal), public_url=context.services.public_url)
    return json_response(document, content_type=vcon.MEDIA_TYPE)


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
        returns="Ticket",
        errors=(401, 403, 404, 429, 503),
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
