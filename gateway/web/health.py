"""``/healthz``, ``/readyz`` and ``/metrics``: for load balancers and monitoring; nothing personal in them."""

from __future__ import annotations

import asyncio

from aiohttp import web
from prometheus_client import generate_latest

from gateway.telemetry import metrics
from gateway.web.routing import Context, Route, json_response

TEXT = "text/plain"


async def healthz(context: Context) -> web.Response:  # noqa: ARG001 - every handler takes its context
    """The event loop turns."""
    return json_response({"status": "ok"})


async def readyz(context: Context) -> web.Response:
    """200 when SQL, listeners and flows are up; 503 and which of them is not."""
    parts = await context.services.ready()
    up = all(parts.values()) and not context.house.closing
    return json_response(
        {"status": "ready" if up else "not_ready", "parts": parts},
        status=200 if up else 503,
        headers={} if up else {"Retry-After": "5"},
    )


async def get_metrics(context: Context) -> web.Response:
    """Prometheus text."""
    context.services.refresh_metrics()
    metrics.TASKS.set(len(asyncio.all_tasks()))
    response = web.Response(body=generate_latest())
    response.headers["Content-Type"] = f"{TEXT}; version=0.0.4; charset=utf-8"
    return response


ROUTES = (
    Route(
        method="GET", path="/healthz", handler=healthz, summary="Alive", public=True, returns="Health", tag="operations"
    ),
    Route(
        method="GET",
        path="/readyz",
        handler=readyz,
        summary="SQL, listeners and flows are up",
        public=True,
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
        returns=TEXT,
        tag="operations",
    ),
)
