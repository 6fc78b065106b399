"""The bare server that a bench holds ours against: an aiohttp application in a process of its own."""

from __future__ import annotations

import asyncio
import sys

from aiohttp import web


async def serve_bare(app: web.Application) -> None:
    """Tell the port on the standard output, and serve until the standard input ends."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    sys.stdout.write(f"{runner.addresses[0][1]}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
