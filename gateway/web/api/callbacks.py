"""``GET /api/v1/callbacks``: whom the city owes a call."""

from __future__ import annotations

from aiohttp import web

from gateway.domain import masking
from gateway.web.api.models import CallbacksQuery
from gateway.web.auth import READ
from gateway.web.routing import Context, Route, json_response


async def list_callbacks(context: Context) -> web.Response:
    """Callback tasks, earliest due first."""
    query = context.query(CallbacksQuery)
    state = None if query.state == "all" else query.state
    items = await context.services.reader.callbacks(state=state, limit=query.limit)
    if context.principal.sees_all:
        for item in items:
            context.house.seen.saw(context.principal.actor, "list", item["ticket_id"])
    else:
        items = [masking.callback(item) for item in items]
    return json_response({"items": [{key: item[key] for key in item if key != "hidden"} for item in items]})


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/callbacks",
        handler=list_callbacks,
        summary="Callback tasks, earliest due first",
        scope=READ,
        query=CallbacksQuery,
        returns="CallbackList",
        errors=(400, 401, 403, 429, 503),
        tag="callbacks",
    ),
)
