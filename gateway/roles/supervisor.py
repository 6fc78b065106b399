"""``gateway run``: the supervisor of one machine's processes, which are its children and end with it."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from gateway.errors import ConfigError, StoreUnavailable
from gateway.interprocess.valkey_server import EmbeddedValkey
from gateway.roles import told
from gateway.roles.census import telling
from gateway.roles.child import MAX_BACKOFF_S, Child, ChildSpec
from gateway.roles.hangup import on_hangup
from gateway.roles.role import ASR, READER, process_name
from gateway.roles.run_folder import clear_away
from gateway.settings import Settings, load_again
from gateway.storage.database import migrate_database
from gateway.telemetry import log

VOICE, WRITTEN = "voice", "web+worker"
VOICE_MARGIN_S = 15.0
"""From the end of its last call to the end of the process: last words, open commits."""
WRITTEN_STOP_S = 40.0
"""Messages under way to a provider are given half a minute; commonly it is gone in a second."""
WRITTEN_NICE = 5
_log = log.get("supervisor")


def children(settings: Settings, config: Path | None, *, inherits: Sequence[int] = ()) -> list[Child]:
    """What this configuration runs, in the order of starting; they are stopped in the opposite one.

    The voice process is the first to stop and has the machine's attention before the others: what a message, a web
    request or a recogniser costs is never paid by a call.
    """
    names = child_names(settings)
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
                log=valkey.log,
            ),
        )
    specs += [
        ChildSpec(
            name=name,
            argv=argv(name, ASR, index),
            nice=settings.asr.nice,
            essential=False,  # without a recogniser calls are taken all the same
            reloads=True,
        )
        for index, name in enumerate(_recognisers(settings))
    ]
    specs += [
        # Without a reader calls are taken all the same, and what was said in them is read later.
        ChildSpec(name=READER, argv=argv(READER, READER), nice=WRITTEN_NICE, essential=False),
        ChildSpec(name=WRITTEN, argv=argv(WRITTEN, WRITTEN), stop_s=WRITTEN_STOP_S, nice=WRITTEN_NICE, reloads=True),
        ChildSpec(name=VOICE, argv=argv(VOICE, VOICE), stop_s=settings.calls.drain_s + VOICE_MARGIN_S, reloads=True),
    ]
    return [Child(spec, inherits) for spec in specs]


def _recognisers(settings: Settings) -> list[str]:
    return [process_name(ASR, index) for index in range(settings.asr.workers_here)]


def child_names(settings: Settings) -> list[str]:
    """The children that answer questions."""
    return [VOICE, WRITTEN, READER, *_recognisers(settings)]


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
            self._in_force = told.sections_taken(self._in_force, load_again(self._config))
        except ConfigError as error:
            told.refused(error)


async def supervise(settings: Settings, config: Path | None, *, lock: int) -> None:
    """Run until SIGTERM or SIGINT, then stop the children, voice first: the desk sees it drain its calls.

    The children inherit ``lock``, which holds ``data_dir``: nobody else begins there before the last of them is gone.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    clear_away(settings.data_dir)
    running = children(settings, config, inherits=(lock,))
    async with telling(settings.data_dir, running):
        if await _database_prepared(settings, stop):
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
            _log.error("database_awaited", why=str(error), retry_in_s=MAX_BACKOFF_S, exc_info=error)
            with suppress(TimeoutError):
                async with asyncio.timeout(MAX_BACKOFF_S):
                    await stop.wait()
        else:
            return True
    return False
