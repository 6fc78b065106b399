"""``GET /api/v1/tickets/{ticket}/notices``: which units were told of a ticket, by which way, when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiohttp import web

from gateway.domain.case.receivers import NoticeWay
from gateway.web.api.tickets import read
from gateway.web.auth import READ
from gateway.web.routing import Context, Route, json_response

MOST = 500
_SHOWN = ("event_seq", "unit", "way", "type", "clock_kind", "task_id", "urgent", "at", "due_at")
_BECAME = ("next_at", "sent_at", "dead_at", "attempts", "error")


async def list_notices(context: Context) -> web.Response:
    """The newest first. People at the desk see whom to call; a robot's key writes to its group, so nobody sees it."""
    record = await read(context)
    found = await context.services.notices.listed(ticket_no=record["ticket_no"], limit=MOST)
    return json_response({"items": [_shown(row, at_desk=context.principal.at_desk) for row in found]})


def _shown(row: Mapping[str, Any], *, at_desk: bool) -> dict[str, Any]:
    told = {name: row[name] for name in (*_SHOWN, *_BECAME)} | {"address": row["address"]}
    hidden = [] if at_desk else ["address", "error"]  # a server's words repeat the mailbox
    if row["way"] == NoticeWay.WECOM:
        hidden.append("address")
    return told | dict.fromkeys(hidden)


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/tickets/{ticket}/notices",
        handler=list_notices,
        summary="Notices to units about a ticket: who was told, by which way, when; what waits and what failed",
        scope=READ,
        returns="NoticeList",
        errors=(401, 403, 404, 429, 503),
        tag="tickets",
    ),
)
