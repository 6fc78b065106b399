"""``[health] port``: what a process that runs apart answers to monitoring, where it serves no API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack

from aiohttp import web

from gateway.errors import ConfigError
from gateway.settings.sections import HealthSection
from gateway.telemetry import alarms
from gateway.telemetry.exposition import CONTENT_TYPE, exposition, measured

Ready = Callable[[], Awaitable[dict[str, bool]]]
RETRY_AFTER_S = 5


async def serve_health(name: str, ready: Ready, settings: HealthSection, stack: AsyncExitStack) -> None:
    """``/healthz``, ``/readyz`` and ``/metrics`` of the process ``name``, until ``stack`` closes.

    Nothing where no port is set. ``ConfigError`` when it is taken.
    """
    if not settings.port:
        return

    async def healthz(_: web.Request) -> web.Response:
        return web.json_response({"status": "ok"})

    async def readyz(_: web.Request) -> web.Response:
        parts = await ready()
        up = all(parts.values())
        return web.json_response(
            {"status": "ready" if up else "not_ready", "parts": parts, **alarms.told(alarms.ringing(measured()))},
            status=200 if up else 503,
            headers={} if up else {"Retry-After": str(RETRY_AFTER_S)},
        )

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=exposition({name: measured()}), headers={"Content-Type": CONTENT_TYPE})

    app = web.Application()
    app.add_routes([web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", metrics)])
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    try:
        await web.TCPSite(runner, settings.host, settings.port).start()
    except OSError as error:
        where = f"[health] {settings.host}:{settings.port}"
        raise ConfigError(
            [f"{where} cannot be used ({error.strerror}); stop what uses it or set another port"]
        ) from error
