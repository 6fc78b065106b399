"""What a process looks at: disks that shrink, recognisers that are gone, parts that are down."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from gateway.calls.recorder import LocalRecordings
from gateway.errors import StoreUnavailable
from gateway.recognition import pool
from gateway.recognition.connection import Access, Unreachable
from gateway.roles import watching
from gateway.telemetry import metrics
from gateway.telemetry.alarms import ringing
from gateway.telemetry.exposition import measured
from tests.support.waiting import until

pytestmark = pytest.mark.unit


async def while_running(duty: Coroutine[Any, Any, None], true: Any) -> None:
    task = asyncio.create_task(duty)
    try:
        await until(true)
    finally:
        task.cancel()
        await asyncio.wait({task})


def own(names: set[str]) -> set[tuple[str, str | None]]:
    return {(one.name, one.of) for one in ringing(measured()) if one.name in names}


async def test_a_disk_that_shrinks_is_told_within_a_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = {"free": 60}
    look = SimpleNamespace(f_blocks=100)
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(**vars(look), f_bavail=disk["free"]))
    monkeypatch.setattr(watching, "LOOK_S", 0.0)
    recordings = LocalRecordings(tmp_path, min_free_percent=5)
    names = {"recordings_disk_low", "data_disk_low", "recording_stopped"}

    async def look_after() -> None:
        await asyncio.gather(watching.recordings_disk(recordings), watching.data_disk(tmp_path))

    def told(free: float) -> bool:
        return {
            REGISTRY.get_sample_value(f"gateway_{disk}_free_fraction") for disk in ("recording", "data")
        } == {free}  # fmt: skip

    try:
        await while_running(look_after(), lambda: told(0.6))
        assert own(names) == set()
        disk["free"] = 14
        await while_running(look_after(), lambda: told(0.14))
        assert own(names) == {("recordings_disk_low", None), ("data_disk_low", None)}
        disk["free"] = 4
        await while_running(look_after(), lambda: told(0.04))
        assert own(names) == {(name, None) for name in names}
    finally:
        for gauge in (metrics.RECORDING_FREE_FRACTION, metrics.DATA_FREE_FRACTION, metrics.RECORDING_ALARM):
            gauge.unset()


def test_a_disk_that_cannot_be_had_has_no_room(tmp_path: Path) -> None:
    assert watching.free_fraction(tmp_path / "gone") == 0.0
    assert 0.0 <= watching.free_fraction(tmp_path) <= 1.0


class NobodyThere:
    """The part of ``Access`` that looks whether a recogniser can be used."""

    def __init__(self) -> None:
        self.looks = 0

    async def probe(self, url: str) -> None:
        self.looks += 1
        raise Unreachable(f"{url}: nobody listens there")


async def test_recognisers_that_cannot_be_used_alarm_once_models_have_had_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "PROBE_S", 0.0)
    access = NobodyThere()
    ours = pool.Pool(lambda: ["ws://127.0.0.1:1"], cast("Access", access))
    try:
        await while_running(ours.watch(loading_s=600), lambda: access.looks > 2)
        assert own({"recogniser_unusable"}) == set(), "it may be loading its model"
        await while_running(ours.watch(), lambda: own({"recogniser_unusable"}))
    finally:
        metrics.ASR_USABLE.unset()


class Clocks:
    """The part of ``OpenWorkStore`` that tells the database's time."""

    def __init__(self) -> None:
        self.offset: float | None = None
        self.away = False

    async def count(self, feeds: object) -> Any:
        raise NotImplementedError

    async def clock_offset_s(self) -> float | None:
        if self.away:
            raise StoreUnavailable("away")
        return self.offset


async def test_parts_that_are_down_and_a_clock_that_is_off_alarm_and_draining_does_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watching, "LOOK_S", 0.0)
    clocks, names = Clocks(), {"part_down", "clock_wrong"}
    clocks.offset = -2.5

    async def ready() -> dict[str, bool]:
        return {"sql": False, "flows": True, "accepting": False}

    def lines_of(lines: list[Any]) -> set[str]:
        return {line["event"] for line in lines}

    try:
        with capture_logs() as lines:
            await while_running(watching.alarms(ready, clocks), lambda: names <= lines_of(lines))
        assert own(names) == {("part_down", "sql"), ("clock_wrong", None)}
        clocks.away = True
        await while_running(
            watching.alarms(ready, clocks),
            lambda: REGISTRY.get_sample_value("gateway_clock_offset_seconds") is None,
        )
    finally:
        metrics.PART_UP.unset()
        metrics.CLOCK_OFFSET.unset()
