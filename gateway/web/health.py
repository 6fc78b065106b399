"""``/healthz``, ``/readyz`` and ``/metrics``: for load balancers and monitoring; nothing personal in them."""

from __future__ import annotations

import asyncio

from aiohttp import web

from gateway.telemetry import alarms
from gateway.telemetry.exposition import CONTENT_TYPE
from gateway.web.routing import Context, Route, json_response

TEXT = "text/plain"


async def healthz(context: Context) -> web.Response:  # noqa: ARG001 - every handler takes its context
    """200 while the event loop runs."""
    return json_response({"status": "ok"})


async def readyz(context: Context) -> web.Response:
    """200 when SQL, listeners and flows are up in every process of this machine; 503 and which of them is not.

    A recogniser, feed or channel that is down changes nothing, for calls and messages are taken without them: it is
    named in ``degraded``, with the alarms that say so.
    """
    parts, ringing = await asyncio.gather(context.services.ready(), context.services.alarms())
    up = all(parts.values()) and not context.house.closing
    return json_response(
        {"status": "ready" if up else "not_ready", "parts": parts, **alarms.told(ringing)},
        status=200 if up else 503,
        headers={} if up else {"Retry-After": "5"},
    )


async def get_metrics(context: Context) -> web.Response:
    """Prometheus text of every process of this machine; one that does not answer in half a second is down in it."""
    response = web.Response(body=await context.services.metrics())
    response.headers["Content-Type"] = CONTENT_TYPE
    return response


ROUTES = (
    Route(
        method="GET",
        path="/healthz",
        handler=healthz,
        summary="Alive",
        public=True,
        quiet=True,
        returns="Health",
        tag="operations",
    ),
    Route(
        method="GET",
        path="/readyz",
        handler=readyz,
        summary="SQL, listeners and flows are up",
        public=True,
        quiet=True,
        returns="Readiness",
        errors=(503,),
        tag="operations",
    ),
    Route(
        method="GET",
        path="/metrics",
        handler=get_metrics,
        summary="Prometheus metrics",
        public=True,
        quiet=True,
        returns=TEXT,
        tag="operations",
    ),
)
