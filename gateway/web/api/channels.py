"""How the channels are doing."""

from __future__ import annotations

from aiohttp import web

from gateway.web.auth import READ
from gateway.web.routing import Context, Route, json_response


async def list_channels(context: Context) -> web.Response:
    """Every configured channel: which process runs it, its last messages, errors, credential and connection."""
    report = context.services.channels_report
    return json_response({"items": await report() if report is not None else []})


ROUTES = (
    Route(
        method="GET",
        path="/api/v1/channels",
        handler=list_channels,
        summary="Health of the channels",
        scope=READ,
        returns="ChannelList",
        errors=(401, 403, 429, 503),
        tag="operations",
    ),
)
