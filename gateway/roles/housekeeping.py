"""Deletion by age, each minute, safe against clock jumps (``domain.retention``); costs by what is deleted only."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial

from gateway.bootstrap.house import House
from gateway.casework.notices import worker as notices
from gateway.domain.retention import first_kept
from gateway.following.poll import every
from gateway.intake.call import refused
from gateway.intake.channel import outbox
from gateway.roles import traces
from gateway.roles.watching import LOOK_S
from gateway.telemetry import log

EVERY_S = 60.0
Step = Callable[[datetime], Awaitable[None]]
_log = log.get("housekeeping")


def housekeeping(house: House, *, apart: bool) -> dict[str, Callable[[], Awaitable[None]]]:
    """Deletion duties by name: shared data is left to the workers, this machine's own to one process on it."""
    steps: dict[str, Step] = {}
    if house.worker is not None:
        steps |= {"recordings": lambda now: _recordings(house, now), "rows": lambda now: _rows(house, now)}
        steps["personal"] = house.worker.old_tickets.step
    if house.worker is not None and house.base.settings.attachments.retention_days:
        steps["attachments"] = lambda now: _attachments(house, now)
    if house.worker is not None or (house.voice is not None and apart):
        steps["traces"] = lambda now: _traces(house, now)
    duties = {name: _again_and_again(house, step) for name, step in steps.items()}
    return duties | ({"attachments-disk": lambda: _watch_attachments(house)} if house.written is not None else {})


def _again_and_again(house: House, step: Step) -> Callable[[], Awaitable[None]]:
    async def believed() -> None:
        now = await house.base.retention.believed()
        if now is not None:
            await step(now)

    return lambda: every(EVERY_S, believed, partial(_log.warning, "housekeeping_waits_for_store"))


async def _recordings(house: House, now: datetime) -> None:
    kept_from = first_kept(now, house.base.settings.recording.retention_days)
    if expired := await asyncio.to_thread(house.base.recordings.expire, kept_from):
        _log.info("recordings_expired", recordings=len(expired))


async def _attachments(house: House, now: datetime) -> None:
    kept_from = first_kept(now, house.base.settings.attachments.retention_days)
    if expired := await asyncio.to_thread(house.base.files.expire, kept_from):
        _log.info("attachments_expired", attachments=len(expired))


async def _traces(house: House, now: datetime) -> None:
    kept_from = first_kept(now, house.base.settings.recording.retention_days)
    if days := await asyncio.to_thread(traces.expire, house.base.settings.data_dir / "traces", kept_from):
        _log.info("traces_expired", days=days)


async def _rows(house: House, now: datetime) -> None:
    """What was sent to people and to units, and calls for which there was no room."""
    await house.base.database.outbox.forget(now - timedelta(days=outbox.KEPT_DAYS))
    await house.base.database.unit_notices.forget(now - timedelta(days=notices.KEPT_DAYS))
    if gone := await house.base.database.refused_calls.forget(now - timedelta(days=refused.KEPT_DAYS)):
        _log.info("refused_calls_forgotten", rows=gone)


async def _watch_attachments(house: House) -> None:
    """Watch the disk of attachments."""
    await every(LOOK_S, partial(asyncio.to_thread, house.base.files.free_fraction))
