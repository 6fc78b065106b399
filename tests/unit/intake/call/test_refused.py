"""Calls for which there was no room: one entry a number, bounded whatever comes, written behind the call."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from prometheus_client import REGISTRY

from gateway.errors import StoreUnavailable
from gateway.intake.call.refused import MAX_WAITING, RefusedCalls
from gateway.ports.call import CallInfo
from gateway.ports.refused_call import RefusedCall
from tests.support.clocks import SHANGHAI, SetClock

pytestmark = pytest.mark.unit


class Rows:
    """Keeps what it is given; may be away."""

    def __init__(self) -> None:
        self.rows: list[RefusedCall] = []
        self.away = False

    async def add(self, calls: Sequence[RefusedCall], *, most_a_day: int) -> int:
        if self.away:
            raise StoreUnavailable("away")
        self.rows += calls
        return 0

    async def listed(self, *, since: datetime, limit: int) -> list[dict[str, Any]]:
        raise NotImplementedError

    async def forget(self, before: datetime) -> int:
        return 0


def call(number: str, external_id: str, channel_id: str = "h-refused") -> CallInfo:
    return CallInfo(
        channel_id=channel_id, call_id=external_id, external_id=external_id, from_raw=f"<sip:{number}@192.0.2.1>",
        to_raw="<sip:12345@192.0.2.2>", from_user=number, to_user="12345",
    )  # fmt: skip


def counted(name: str, channel_id: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, {"channel_id": channel_id, **labels}) or 0.0


async def test_one_row_a_number_and_a_day_with_how_often_and_why() -> None:
    rows, clock = Rows(), SetClock()  # noon UTC is evening in Shanghai
    refused = RefusedCalls(store=rows, clock=clock, zone=SHANGHAI)
    refused(call("13800138000", "a"), "full", False)
    refused(call("13800138000", "a"), "full", False)  # the same INVITE once more
    clock.forward(60)
    refused(call("+8613800138000", "b"), "rate", True)
    refused(call("anonymous", "c"), "full", True)
    await refused.flush()
    await refused.flush()
    first, other = rows.rows
    assert (first.phone, first.number, first.attempts, first.reason, first.proved) == (
        "+8613800138000", "+8613800138000", 2, "rate", True,
    )  # fmt: skip
    assert (first.last_at - first.first_at).total_seconds() == 60
    assert (other.phone, other.number, other.attempts) == (None, "anonymous", 1)
    assert counted("gateway_calls_total", "h-refused", disposition="rejected") == 3


async def test_nothing_is_lost_while_the_store_is_away() -> None:
    rows, clock = Rows(), SetClock()
    refused = RefusedCalls(store=rows, clock=clock, zone=SHANGHAI)
    rows.away = True
    refused(call("13800138000", "a"), "full", True)
    await refused.flush()
    clock.forward(5)
    refused(call("13800138000", "b"), "rate", True)
    await refused.flush()
    rows.away = False
    await refused.flush()
    (row,) = rows.rows
    assert (row.attempts, row.reason, (row.last_at - row.first_at).total_seconds()) == (2, "rate", 5)


async def test_what_proved_a_caller_before_is_kept_and_a_writer_that_is_stopped_loses_nothing() -> None:
    rows = Rows()
    refused = RefusedCalls(store=rows, clock=SetClock(), zone=SHANGHAI)

    async def stopped(*_: Any, **__: Any) -> int:
        refused(call("13800138000", "b"), "rate", False)
        raise asyncio.CancelledError

    refused(call("13800138000", "a"), "full", True)
    rows.add = stopped  # type: ignore[method-assign]
    with pytest.raises(asyncio.CancelledError):
        await refused.flush()
    del rows.add  # type: ignore[method-assign]
    await refused.flush()
    (row,) = rows.rows
    assert (row.attempts, row.proved) == (2, True)


async def test_a_flood_of_numbers_is_counted_and_not_kept() -> None:
    rows = Rows()
    refused = RefusedCalls(store=rows, clock=SetClock(), zone=SHANGHAI)
    for n in range(MAX_WAITING + 7):
        refused(call(f"1380{n:07d}", f"flood-{n}", "h-flood"), "rate", False)
    await refused.flush()
    assert len(rows.rows) == MAX_WAITING
    assert counted("gateway_refused_calls_lost_total", "h-flood") == 7
    assert counted("gateway_calls_total", "h-flood", disposition="rejected") == MAX_WAITING + 7
