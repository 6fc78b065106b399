"""The web application: routes, guard, desk."""

from __future__ import annotations

from aiohttp import web

from gateway.web import desk, guard, health, hooks, judging
from gateway.web.api import (
    attachments,
    audit,
    callbacks,
    case_reports,
    case_view,
    cases,
    catalogues,
    channels,
    contacts,
    corrections,
    erasure,
    event_schemas,
    feeds,
    notices,
    openapi,
    recordings,
    refused_calls,
    same_requester,
    secrecy,
    session,
    similar,
    stream,
    tasks,
    tickets,
    unit_pictures,
    unit_tasks,
    withdraw,
)
from gateway.web.api.hub import EventHub
from gateway.web.open311.routes import ROUTES as OPEN311_ROUTES
from gateway.web.routing import HOUSE, ROUTES, WebRoom, register
from gateway.web.services import WebServices

API_ROUTES = (
    *contacts.ROUTES,
    *tickets.ROUTES,
    *similar.ROUTES,
    *same_requester.ROUTES,
    *secrecy.ROUTES,
    *withdraw.ROUTES,
    *erasure.ROUTES,
    *cases.ROUTES,
    *tasks.ROUTES,
    *case_view.ROUTES,
    *corrections.ROUTES,
    *recordings.ROUTES,
    *attachments.ROUTES,
    *channels.ROUTES,
    *stream.ROUTES,
    *callbacks.ROUTES,
    *refused_calls.ROUTES,
    *notices.ROUTES,
    *feeds.ROUTES,
    *event_schemas.ROUTES,
    *audit.ROUTES,
    *catalogues.ROUTES,
    *case_reports.ROUTES,
    *unit_tasks.ROUTES,
    *unit_pictures.ROUTES,
    *session.ROUTES,
    *openapi.ROUTES,
    *health.ROUTES,
)


def build_app(services: WebServices) -> web.Application:
    """The application, ready for a runner; ``server.serve`` is the runner that keeps its time limits."""
    app = web.Application(middlewares=[guard.guard], client_max_size=services.limits.body_bytes)
    app[HOUSE] = WebRoom(services)
    app[ROUTES] = API_ROUTES
    streams = stream.Streams(EventHub(services.reader))
    app[stream.STREAMS] = streams
    app.on_response_prepare.append(guard.add_headers)
    app.on_shutdown.append(streams.close)
    app.on_cleanup.append(_write_down)
    register(app, (*API_ROUTES, *desk.ROUTES, *judging.ROUTES, *OPEN311_ROUTES, *hooks.ROUTES))
    return app


async def _write_down(app: web.Application) -> None:
    """Clean-up signal."""
    await app[HOUSE].aclose()
