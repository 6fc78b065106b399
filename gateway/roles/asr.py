"""The ``asr`` role: one recogniser process, reached over loopback."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from contextlib import AsyncExitStack
from pathlib import Path

from gateway.errors import ConfigError
from gateway.live.connection import Listener
from gateway.live.run_dir import socket_path
from gateway.plugins.engines import engine_settings
from gateway.recognition.local import load_engine
from gateway.recognition.server import RecognitionServer
from gateway.roles.health_port import serve_health
from gateway.roles.measures import ANSWERS
from gateway.roles.role import ASR, process_name
from gateway.settings import Settings
from gateway.telemetry import log

_log = log.get("asr")


async def recognise(settings: Settings, index: int, *, supervised: bool) -> None:
    """Load the engine, serve it on a free loopback port named in ``run/asr-<index>.json``, until SIGTERM.

    Its measures are asked for at ``run/asr-<index>.sock``, and at ``[health] port`` when it is not ``supervised``.
    ``ConfigError`` when the model is missing or wrong: the supervisor starts this anew, later.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    name = process_name(ASR, index)
    place = settings.data_dir / "run" / f"{name}.json"
    spec, options = engine_settings(settings.asr)
    if spec.load is None:
        raise ConfigError([f"[asr] engine = {spec.name!r} runs elsewhere: set [asr] url, or workers = 0"])
    async with AsyncExitStack() as stack:
        listener = Listener(socket_path(settings.data_dir, name), ANSWERS)
        await listener.start()
        place.unlink(missing_ok=True)
        stack.push_async_callback(listener.aclose)
        serving = asyncio.Event()

        async def ready() -> dict[str, bool]:
            return {"recogniser": serving.is_set()}

        if not supervised:
            await serve_health(name, ready, settings.health, stack)
        loading = asyncio.create_task(asyncio.to_thread(load_engine, spec, options, settings.models_dir))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({loading, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not loading.done():
            return
        server = RecognitionServer(
            await loading,
            languages=settings.asr.languages,
            hotwords=settings.asr.hotwords,
            token=settings.asr.token.get_secret_value(),
        )
        url = await server.start()
        try:
            _announce(place, url)
            serving.set()
            _log.info("recogniser_ready", engine=spec.name, url=url)
            await stopping
        finally:
            place.unlink(missing_ok=True)
            await server.aclose()


def _announce(place: Path, url: str) -> None:
    """Write atomically: whoever reads sees all of it or nothing."""
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = place.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps({"url": url, "pid": os.getpid()}), encoding="ascii")
    draft.replace(place)
