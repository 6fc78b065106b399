"""``gateway run``: one machine's processes. All of them are children of this one; they live and die with it."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from gateway.errors import ConfigError, StoreUnavailable
from gateway.live.server import EmbeddedValkey
from gateway.roles import told
from gateway.roles.child import MAX_BACKOFF_S, Child, ChildSpec
from gateway.roles.hangup import on_hangup
from gateway.roles.role import ASR, READER, process_name
from gateway.roles.run_folder import clear_away, sole_supervisor
from gateway.settings import Settings, load
from gateway.storage.database import migrate_database
from gateway.telemetry import log

VOICE, WRITTEN = "voice", "web+worker"
VOICE_MARGIN_S = 15.0
"""From the end of its last call to the end of the process: last words, open commits."""
WRITTEN_STOP_S = 40.0
"""Messages under way to a provider are given half a minute; commonly it is gone in a second."""
WRITTEN_NICE = 5
_log = log.get("supervisor")


def children(settings: Settings, config: Path | None) -> list[Child]:
    """What this configuration runs, in the order of starting; they are stopped in the opposite one.

    The voice process is the first to stop and has the machine's attention before the others: what a message, a web
    request or a recogniser costs is never paid by a call.
    """
    names = list(_names(settings))
    own = [sys.executable, "-m", "gateway", "run"] + (["--config", str(config)] if config else [])

    def argv(name: str, role: str, index: int = 0) -> list[str]:
        siblings = ",".join(other for other in names if other != name)
        return [*own, "--role", role, "--index", str(index), "--siblings", siblings]

    specs = []
    if not settings.redis.url:
        valkey = EmbeddedValkey(settings.data_dir)
        specs.append(
            ChildSpec(
                name="valkey",
                argv=valkey.command(),
                death_signal=signal.SIGTERM,
                prepare=valkey.prepare,
            ),
        )
    specs += [
        ChildSpec(
            name=name,
            argv=argv(name, ASR, index),
            nice=settings.asr.nice,
            essential=False,  # without a recogniser calls are taken all the same
        )
        for index, name in enumerate(_recognisers(settings))
    ]
    specs += [
        # Without a reader calls are taken all the same, and what was said in them is read later.
        ChildSpec(name=READER, argv=argv(READER, READER), nice=WRITTEN_NICE, essential=False),
        ChildSpec(name=WRITTEN, argv=argv(WRITTEN, WRITTEN), stop_s=WRITTEN_STOP_S, nice=WRITTEN_NICE, reloads=True),
        ChildSpec(name=VOICE, argv=argv(VOICE, VOICE), stop_s=settings.calls.drain_s + VOICE_MARGIN_S, reloads=True),
    ]
    return [Child(spec) for spec in specs]


def _recognisers(settings: Settings) -> list[str]:
    return [] if settings.asr.url else [process_name(ASR, index) for index in range(settings.asr.workers)]


def _names(settings: Settings) -> Iterator[str]:
    """The children that answer questions."""
    yield VOICE
    yield WRITTEN
    yield READER
    yield from _recognisers(settings)


class _Reload:
    """SIGHUP: children read what is theirs anew; what is outside of channels and feeds is told here, once for all."""

    def __init__(self, running: list[Child], settings: Settings, config: Path | None) -> None:
        self._running = running
        self._in_force = settings
        self._config = config

    def __call__(self) -> None:
        for child in self._running:
            child.reload()
        try:
            self._in_force = told.sections_taken(self._in_force, load(self._config))
        except ConfigError as error:
            told.refused(error)


async def supervise(settings: Settings, config: Path | None) -> None:
    """Run until SIGTERM or SIGINT, then stop the children, voice first: the desk sees it drain its calls."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    with sole_supervisor(settings.data_dir):
        clear_away(settings.data_dir)
        if await _database_prepared(settings, stop):
            running = children(settings, config)
            on_hangup(_Reload(running, settings, config))
            await _run(running, stop)


async def _run(running: list[Child], stop: asyncio.Event) -> None:
    tasks = [asyncio.create_task(child.run(), name=child.spec.name) for child in running]
    stopping = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait({*tasks, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for task in done - {stopping}:
            task.result()
    finally:
        _log.info("stopping")
        for child in reversed(running):
            await child.stop()
        for task in (*tasks, stopping):
            task.cancel()
        await asyncio.gather(*tasks, stopping, return_exceptions=True)


async def _database_prepared(settings: Settings, stop: asyncio.Event) -> bool:
    """Migrate before any child starts: none of them has to, and no two at once. False: stopped before it could be."""
    while not stop.is_set():
        try:
            await migrate_database(settings.database_url, data_dir=settings.data_dir)
        except StoreUnavailable as error:
            _log.error("database_awaited", why=str(error), retry_in_s=MAX_BACKOFF_S)
            with suppress(TimeoutError):
                async with asyncio.timeout(MAX_BACKOFF_S):
                    await stop.wait()
        else:
            return True
    return False
