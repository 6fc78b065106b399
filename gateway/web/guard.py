"""The request middleware: time limits, error format, security headers, a log line without personal data."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from gateway.errors import GatewayError
from gateway.telemetry import log, metrics, spans, trace
from gateway.web.problems import Problem, from_gateway_error, from_http
from gateway.web.routing import HOUSE, Route
from gateway.web.services import Limits

_log = log.get("web")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


@web.middleware
async def guard(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The one middleware. It sends the response itself, so that a peer that takes no bytes is cut off in time."""
    with trace.scope():
        route = _route(request)
        if route is not None and route.quiet:
            return await _guarded(request, handler)
        with spans.span("http", entry=True, method=_method(request), route=_name(request)) as told:
            response = await _guarded(request, handler)
            told["status"] = response.status
        return response


async def _guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
    house = request.app[HOUSE]
    limits = house.services.limits
    clock = house.services.clock
    route = _route(request)
    started = clock.monotonic()
    response: web.StreamResponse
    try:
        async with asyncio.timeout(_limit_s(request, route, limits)):
            response = await handler(request)
    except TimeoutError:
        response = Problem(
            503, "too_slow", "This took too long and was given up.", headers={"Retry-After": "5", "Connection": "close"}
        ).response()
        response.force_close()
    except ConnectionError:
        response = _cut_off(request)
    except Exception as error:  # noqa: BLE001 - the last net: nothing of our insides may reach a client
        response = _problem(error).response()
    name = _name(request)
    metrics.HTTP_REQUESTS.labels(name, str(response.status)).inc()
    tell = _log.debug if _is_usual(request, route, response.status) else _log.info
    tell(
        "http_request",
        method=_method(request),
        route=name,
        status=response.status,
        ms=round((clock.monotonic() - started) * 1000, 1),
        pii_client=house.proxies.client(request),
    )
    await _send(request, response, limits.stall_s)
    return response


def _is_usual(request: web.Request, route: Route | None, status: int) -> bool:
    """Probes, a page's files and a browser's questions before its requests, answered as they mostly are."""
    return status < 400 and (request.method == "OPTIONS" or (route is not None and route.quiet))  # noqa: PLR2004 - errors


def _method(request: web.Request) -> str:
    return request.method if request.method in _METHODS else "other"


_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def _problem(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, web.HTTPException):
        return from_http(error)
    problem = from_gateway_error(error) if isinstance(error, GatewayError) else from_gateway_error(GatewayError())
    if problem.status >= 500:  # noqa: PLR2004 - the class of server errors
        _log.error("request_failed", code=problem.code, exc_info=error)
    return problem


def _limit_s(request: web.Request, route: Route | None, limits: Limits) -> float | None:
    """How long this request may take; None: as long as it wants, and only what is read may."""
    if route is None or not route.streaming:
        return limits.handler_s
    return None if request.method == "GET" else limits.upload_s


def _route(request: web.Request) -> Route | None:
    return getattr(request.match_info.handler, "route", None)


async def _send(request: web.Request, response: web.StreamResponse, stall_s: float) -> None:
    try:
        async with asyncio.timeout(stall_s):
            await response.prepare(request)
            await response.write_eof()
    except TimeoutError:
        _cut_off(request)
    except ConnectionError as error:
        # The client is gone; aiohttp notices it by itself when it finishes the response.
        _log.debug("client_gone", route=_name(request), exc_info=error)


def _cut_off(request: web.Request) -> web.Response:
    """Drop a peer that takes no bytes, or is gone already."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=499, reason="Client Gone")


def _name(request: web.Request) -> str:
    route = _route(request)
    return route.path if route is not None else "other"


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Signal handler: security headers on everything, no caching of what the API says."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")
    house = request.app[HOUSE]
    if house.proxies.secure(request):
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    response.headers["Server"] = "gateway"
