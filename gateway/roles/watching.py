"""Gauges of a process's parts, disks and clock, and the alarms that follow from them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

from gateway.errors import StoreUnavailable
from gateway.ports.open_work import OpenWorkStore
from gateway.ports.recordings import Recordings
from gateway.telemetry import metrics
from gateway.telemetry.alarm_log import AlarmLog
from gateway.telemetry.alarms import ringing
from gateway.telemetry.exposition import measured

LOOK_S = 5.0
"""A disk that fills at 100 MB/s loses half a gigabyte between two looks."""
ACCEPTING = "accepting"
"""The part that is down while a process drains, as it was told to."""


async def recordings_disk(recordings: Recordings) -> None:
    """Watch the disk of recordings; raises or ends the recording alarm."""
    while True:
        metrics.RECORDING_FREE_FRACTION.set(await asyncio.to_thread(recordings.free_fraction))
        await asyncio.sleep(LOOK_S)


async def data_disk(folder: Path) -> None:
    """Watch the disk of ``data_dir``; one process of a machine does."""
    while True:
        metrics.DATA_FREE_FRACTION.set(await asyncio.to_thread(free_fraction, folder))
        await asyncio.sleep(LOOK_S)


def free_fraction(folder: Path) -> float:
    """Free share of the disk that ``folder`` is on, 0..1; 0 when it cannot be had."""
    try:
        disk = os.statvfs(folder)
    except OSError:
        return 0.0
    return disk.f_bavail / disk.f_blocks if disk.f_blocks else 0.0


async def valkey(answers: Callable[[], Awaitable[bool]]) -> None:
    """Watch whether Valkey answers this process: without it nothing fails, so nobody would notice."""
    while True:
        await asyncio.sleep(LOOK_S)  # a machine's own starts beside this
        metrics.VALKEY_UP.set(await answers())


async def alarms(ready: Callable[[], Awaitable[dict[str, bool]]], store: OpenWorkStore) -> None:
    """Say which parts are up and how far the clock is off, and log what alarms here and what does no more."""
    told = AlarmLog()
    while True:
        await asyncio.sleep(LOOK_S)  # at first, too: listeners begin beside this
        parts = await ready()
        metrics.PART_UP.replace({part: float(up) for part, up in parts.items() if part != ACCEPTING})
        await _compare_clocks(store)
        told.now(ringing(measured()))


async def _compare_clocks(store: OpenWorkStore) -> None:
    try:
        offset = await store.clock_offset_s()
    except StoreUnavailable:
        offset = None
    if offset is None:
        metrics.CLOCK_OFFSET.unset()
    else:
        metrics.CLOCK_OFFSET.set(abs(offset))
