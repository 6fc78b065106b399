"""The ``asr`` role: one recogniser process, reached over loopback and, where configured, from other machines."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from contextlib import AsyncExitStack
from pathlib import Path

from gateway.errors import ConfigError
from gateway.interprocess.connection import SocketListener
from gateway.interprocess.run_dir import socket_path
from gateway.plugins.engines import engine_settings
from gateway.recognition.local import load_engine
from gateway.recognition.server import RecognitionServer
from gateway.recognition.tls import Certificate
from gateway.roles.hangup import on_hangup
from gateway.roles.health_port import serve_health
from gateway.roles.measures import ANSWERS
from gateway.roles.role import ASR, process_name
from gateway.settings import Settings
from gateway.settings.sections import AsrServerSection
from gateway.telemetry import log, metrics
from gateway.telemetry.alarm_log import AlarmLog
from gateway.telemetry.alarms import ringing
from gateway.telemetry.exposition import measured

LOOK_S = 5.0
_log = log.get("asr")


async def recognise(settings: Settings, index: int, *, supervised: bool) -> None:
    """Load the engine, serve it on a free loopback port named in ``run/asr-<index>.json``, until SIGTERM.

    Other machines reach it at ``[asr_server] port`` + ``index``. SIGHUP reads its certificate anew.
    Its measures are asked for at ``run/asr-<index>.sock``, and at ``[health] port`` when it is not ``supervised``.
    ``ConfigError`` when the model is missing or wrong, or the port is taken: the supervisor starts this anew, later.
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
    certificate = _certificate(settings.asr_server)
    async with AsyncExitStack() as stack:
        listener = SocketListener(socket_path(settings.data_dir, name), ANSWERS)
        await listener.start()
        place.unlink(missing_ok=True)
        stack.push_async_callback(listener.aclose)
        serving = asyncio.Event()

        async def ready() -> dict[str, bool]:
            return {"recogniser": serving.is_set()}

        if not supervised:
            await serve_health(name, ready, settings.health, stack)
        watching = asyncio.create_task(_watch(certificate))
        stack.callback(watching.cancel)
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
            max_streams=settings.asr_server.max_streams,
        )
        url = await server.start()
        try:
            served = await _serve_others(server, settings.asr_server, index, certificate)
            _announce(place, url)
            serving.set()
            _log.info("recogniser_ready", engine=spec.name, url=url, others_at=served)
            await stopping
        finally:
            place.unlink(missing_ok=True)
            await server.aclose()


def _certificate(settings: AsrServerSection) -> Certificate | None:
    """What is shown to other machines, read anew at SIGHUP; None: no certificate is configured."""
    certificate = (
        Certificate(settings.cert_file, settings.key_file) if settings.cert_file and settings.key_file else None
    )

    def reload() -> None:
        if certificate is None:
            return
        try:
            certificate.load()
        except ConfigError as error:
            _log.error("certificate_not_reloaded", problems=error.problems, exc_info=error)
        else:
            _log.info("certificate_reloaded", file=str(certificate.cert_file))

    on_hangup(reload)
    return certificate


async def _watch(certificate: Certificate | None) -> None:
    """Tell how long the certificate holds, and log what alarms in this process."""
    told = AlarmLog()
    while True:
        if certificate is not None:
            metrics.CERTIFICATE_EXPIRES.set(certificate.days_left())
        told.now(ringing(measured()))
        await asyncio.sleep(LOOK_S)


async def _serve_others(
    server: RecognitionServer, settings: AsrServerSection, index: int, certificate: Certificate | None
) -> str | None:
    """Listen for other machines, where that is configured; the address."""
    if not settings.port:
        return None
    port = settings.port + index
    try:
        return await server.listen(settings.host, port, certificate.context if certificate else None)
    except OSError as error:
        raise ConfigError(
            [f"[asr_server] {settings.host}:{port} cannot be used ({error.strerror}); free it, or set another"]
        ) from error


def _announce(place: Path, url: str) -> None:
    """Write atomically: whoever reads sees all of it or nothing."""
    place.parent.mkdir(parents=True, exist_ok=True)
    draft = place.with_suffix(f".{os.getpid()}")
    draft.write_text(json.dumps({"url": url, "pid": os.getpid()}), encoding="ascii")
    draft.replace(place)
