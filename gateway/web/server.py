"""The HTTP server, with its limits on slow and idle clients."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from gateway.web.routing import HOUSE

SHUTDOWN_S = 5.0
_BACKLOG = 2048


@dataclass(frozen=True, slots=True)
class Serving:
    """A listening server."""

    runner: web.AppRunner
    port: int

    async def aclose(self) -> None:
        """Stop listening, end streams, let requests in hand finish for at most ``SHUTDOWN_S``."""
        await self.runner.cleanup()


async def serve(app: web.Application, *, host: str, port: int) -> Serving:
    """Listen; ``OSError`` when the port is taken. ``port`` 0 takes a free one.

    The keep-alive time also bounds how long a peer may take over a request head (aiohttp >= 3.14).
    """
    runner = web.AppRunner(
        app,
        access_log=None,
        keepalive_timeout=app[HOUSE].services.limits.stall_s,
        shutdown_timeout=SHUTDOWN_S,
        handle_signals=False,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port, backlog=_BACKLOG, reuse_address=True).start()
    except OSError:
        await runner.cleanup()
        raise
    return Serving(runner, int(runner.addresses[0][1]))
