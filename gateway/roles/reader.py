"""The ``reader`` role: reads what callers say, so that the process that paces their audio does not."""

from __future__ import annotations

import asyncio
import signal

from gateway.live.connection import Listener
from gateway.live.run_dir import socket_path
from gateway.live.speech_reader import VERB, handler
from gateway.prefill.reader import Prefill
from gateway.roles import collector
from gateway.settings import Settings
from gateway.telemetry import log

SOCKET = "reader"
_log = log.get("reader")


async def read(settings: Settings) -> None:
    """Answer at ``run/reader.sock`` until SIGTERM; ``ConfigError`` names everything wrong in the tables it reads by."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    prefill = Prefill.of(settings.config_dir, settings.timezone)
    listener = Listener(socket_path(settings.data_dir, SOCKET), {VERB: handler(prefill)})
    await listener.start()
    try:
        collector.settle()
        _log.info("reader_ready")
        await stop.wait()
    finally:
        await listener.aclose()
