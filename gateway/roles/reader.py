"""The ``reader`` role: reads callers' words into fields, outside the process that paces their audio."""

from __future__ import annotations

import asyncio
import signal
from contextlib import AsyncExitStack

from gateway.interprocess.connection import SocketListener
from gateway.interprocess.reader_client import READER, VERB
from gateway.interprocess.reader_service import handler
from gateway.interprocess.run_dir import socket_path
from gateway.prefill.reader import PrefillReader
from gateway.roles import collector
from gateway.roles.health_port import serve_health
from gateway.roles.measures import ANSWERS
from gateway.settings import Settings
from gateway.telemetry import log

_log = log.get("reader")


async def read(settings: Settings, *, supervised: bool) -> None:
    """Answer at ``run/reader.sock``, and at ``[health] port`` when it is not ``supervised``, until SIGTERM.

    ``ConfigError`` names everything wrong in the tables that it reads by.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    prefill = PrefillReader.of(settings.config_dir, settings.timezone)
    async with AsyncExitStack() as stack:
        listener = SocketListener(socket_path(settings.data_dir, READER), {VERB: handler(prefill), **ANSWERS})
        await listener.start()
        stack.push_async_callback(listener.aclose)
        if not supervised:
            await serve_health(READER, _ready, settings.health, stack)
        collector.settle()
        _log.info("reader_ready")
        await stop.wait()


async def _ready() -> dict[str, bool]:
    return {"reader": True}
