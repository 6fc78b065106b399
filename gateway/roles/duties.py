"""The duties of a process by name: everything that the parts it runs keep doing, and nothing twice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from gateway.bootstrap.house import House
from gateway.errors import ConfigError
from gateway.roles import watching
from gateway.roles.child import FIRST_BACKOFF_S, MAX_BACKOFF_S
from gateway.roles.housekeeping import housekeeping
from gateway.telemetry import log

LOADING_S = 60.0
"""A machine's own recognisers are started with everything else and load their models first."""
WITH_CHANNELS = ("outbox", "media", "notices")
"""What sends and fetches through the written channels of this process: it ends before they are closed."""
Duty = Callable[[], Awaitable[None]]
_log = log.get("process")


def duties(house: House, *, apart: bool) -> dict[str, Duty]:
    """Everything but channels and feeds. ``apart``: no supervisor runs the other roles beside this process."""
    base = house.base
    work: dict[str, Duty] = {"wakeups": base.wakeup.run, "announce": base.announce, "channels": house.watch.run}
    work |= {"case-tables": base.tables.run}
    work |= {"commits": base.database.net.run, "valkey": lambda: watching.valkey(base.cache.answers)}
    if base.recogniser is not None and (house.voice is not None or house.worker is not None):
        pool, loading_s = base.recogniser.pool, LOADING_S if base.settings.asr.workers_here else 0.0
        work |= {"recognisers": lambda: pool.watch(loading_s=loading_s)}
    if house.voice is not None:
        work |= {
            "leases": base.live.run,
            "spool": house.voice.spool.run,
            "disk": lambda: watching.recordings_disk(base.recordings),
        }
        work |= {"refused-calls": house.voice.refused.run}
    written = house.written
    if written is not None:
        # Each process sends and fetches for the channels that run in it; notices to units leave by them, too.
        work |= {"outbox": written.outbox.sending.run, "media": written.media.fetching.run}
        work |= {"conversations": written.follow, "notices": written.notices.sending.run}
    if house.web is not None:
        work |= {"similar": house.web.similar.run}
    if house.worker is not None and written is not None:
        work |= {"hearing": written.media.hearing.run}
        work |= {"recovery": house.worker.recovery.run, "baselines": base.database.baselines.run}
        work |= {"noticing": written.notices.following.run}
        work |= {"search-index": base.database.search.run}
        work |= {"clocks": house.worker.clocks.run, "dispatch": house.worker.dispatch.run}
        work |= {"late-calendar": house.worker.late_calendar.run}
        work |= {"idle": written.idle.run, "source-callbacks": house.worker.source_callbacks.run}
        work |= {"replies": house.worker.replies.run, "after-reply": house.worker.after_reply.run}
        work |= {"open-work": house.worker.open_work.run}
        work |= {"titles": house.worker.titles.run} if house.worker.titles is not None else {}
    if house.voice is not None or apart:
        work |= {"data-disk": lambda: watching.data_disk(base.settings.data_dir)}
    return work | housekeeping(house, apart=apart)


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
