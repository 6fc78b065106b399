"""``GET /api/v1/refused-calls``: who called when there was no room."""

from __future__ import annotations

from datetime import timedelta

from aiohttp import web

from gateway.domain import masking
from gateway.web.api.models import RefusedCallsQuery
from gateway.web.auth import READ
from gateway.web.routing import Context, Route, json_response


async def list_refused_calls(context: Context) -> web.Response:
    """Refused calls of the last hours, one row for each number and day, longest ago first."""
    query, services = context.query(RefusedCallsQuery), context.services
    since = services.clock.now() - timedelta(hours=query.hours)
    items = await services.refused_calls.listed(since=since, limit=query.limit)
    if not context.principal.sees_all:
        items = [masking.refused_call(item) for item in items]
    return json_response({"items": items})


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/refused-calls",
        handler=list_refused_calls,
        summary="Calls refused for want of room, by number",
        scope=READ,
        query=RefusedCallsQuery,
        returns="RefusedCallList",
        errors=(400, 401, 403, 429, 503),
        tag="callbacks",
    ),
)
