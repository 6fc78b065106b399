"""What a process keeps doing, by name: of each room that it runs, everything, and nothing twice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from gateway.bootstrap.house import House
from gateway.errors import ConfigError
from gateway.roles import traces
from gateway.roles.child import FIRST_BACKOFF_S, MAX_BACKOFF_S
from gateway.telemetry import log, metrics

HOUSEKEEPING_S = 60.0
Duty = Callable[[], Awaitable[None]]
_log = log.get("process")


def duties(house: House, *, apart: bool) -> dict[str, Duty]:
    """Everything but channels and feeds. ``apart``: no supervisor runs the other roles beside this process."""
    base = house.base
    work: dict[str, Duty] = {"wakeups": base.wakeup.run, "announce": base.announce, "channels": house.watch.run}
    if house.voice is not None:
        work |= {"leases": base.live.run, "spool": house.voice.spool.run, "disk": lambda: _watch_disk(house)}
        work |= {"refused-calls": house.voice.refused.run}
    written = house.written
    if written is not None:
        # Each process sends and fetches for the channels that run in it.
        work |= {"outbox": written.outbox.run, "waiting": written.watch, "conversations": written.follow}
        work["media"] = lambda: written.media.run(hears=house.worker is not None)
    if house.web is not None:
        work |= {"similar": house.web.similar.run}
    if house.worker is not None and written is not None:
        work |= {"recovery": house.worker.recovery.run, "recordings": lambda: _expire_recordings(house)}
        work |= {"idle": written.idle.run, "source-callbacks": house.worker.source_callbacks.run}
        work |= {"titles": house.worker.titles.run} if house.worker.titles is not None else {}
    if house.worker is not None or (house.voice is not None and apart):
        work |= {"traces": lambda: _expire_traces(house)}
    return work


async def kept(name: str, duty: Duty) -> None:
    """A duty that outlives its own faults; only a mistake in the configuration ends the process."""
    backoff = FIRST_BACKOFF_S
    while True:
        try:
            await duty()
        except ConfigError:
            raise
        except Exception as error:  # noqa: BLE001 - reported and begun anew: nobody else would do its work
            _log.error("duty_failed", duty=name, exc_info=error)
        await asyncio.sleep(backoff)
        backoff = min(backoff * 2, MAX_BACKOFF_S)


async def _watch_disk(house: House) -> None:
    """Whoever records looks whether there is room for it, and raises or ends the alarm."""
    while True:
        metrics.RECORDING_FREE_FRACTION.set(await asyncio.to_thread(house.base.recordings.free_fraction))
        await asyncio.sleep(HOUSEKEEPING_S)


async def _expire_recordings(house: House) -> None:
    """Delete recordings past their retention."""
    while True:
        expired = await asyncio.to_thread(house.base.recordings.expire, house.base.settings.recording.retention_days)
        if expired:
            _log.info("recordings_expired", recordings=len(expired))
        await asyncio.sleep(HOUSEKEEPING_S)


async def _expire_traces(house: House) -> None:
    """Delete traces past their retention, on the machine that wrote them."""
    settings = house.base.settings
    folder, days = settings.data_dir / "traces", settings.recording.retention_days
    while True:
        gone = await asyncio.to_thread(traces.expire, folder, house.base.clock.now(), days)
        if gone:
            _log.info("traces_expired", days=gone)
        await asyncio.sleep(HOUSEKEEPING_S)
