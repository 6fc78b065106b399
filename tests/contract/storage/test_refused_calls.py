"""Refused calls in SQL: coalesced over processes, bounded a day, forgotten in time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.ports.refused_call import RefusedCall
from gateway.storage.database import Database
from tests.support.clocks import NOON
from tests.support.stores import SQL_ALONE

pytestmark = [pytest.mark.contract, SQL_ALONE]

CALL = RefusedCall(
    channel_id="hotline", day="2026-11-23", number="+8613800138000", phone="+8613800138000", to_raw="sip:12345@x",
    reason="full", proved=False, first_at=NOON, last_at=NOON, attempts=2,
)  # fmt: skip


async def test_a_number_has_one_row_a_day(db: Database) -> None:
    later = replace(CALL, first_at=NOON + timedelta(hours=1), last_at=NOON + timedelta(hours=2), reason="rate")
    await db.refused_calls.add([CALL], most_a_day=10)
    await db.refused_calls.add([replace(later, proved=True)], most_a_day=10)
    await db.refused_calls.add([replace(CALL, number="", phone=None)], most_a_day=10)
    nobody, somebody = await db.refused_calls.listed(since=NOON, limit=10)
    assert (nobody["number"], nobody["phone"], nobody["proved"]) == ("", None, False)
    assert somebody == {
        "channel_id": "hotline", "number": "+8613800138000", "phone": "+8613800138000", "to_raw": "sip:12345@x",
        "reason": "rate", "proved": True, "first_at": "2026-11-23T04:00:00.000Z",
        "last_at": "2026-11-23T06:00:00.000Z", "attempts": 4,
    }  # fmt: skip
    assert len(await db.refused_calls.listed(since=NOON, limit=1)) == 1
    assert await db.refused_calls.listed(since=NOON + timedelta(hours=3), limit=10) == []


async def test_a_day_holds_so_many_rows_and_the_next_has_room_again(db: Database) -> None:
    flood = [replace(CALL, number=f"{n}") for n in range(5)]
    assert await db.refused_calls.add(flood[:2], most_a_day=3) == 0
    assert await db.refused_calls.add(flood, most_a_day=3) == 2
    assert await db.refused_calls.add([replace(one, day="2026-11-24") for one in flood], most_a_day=5) == 0
    assert len(await db.refused_calls.listed(since=NOON, limit=100)) == 8


async def test_old_rows_are_forgotten(db: Database) -> None:
    await db.refused_calls.add([CALL, replace(CALL, number="new", last_at=NOON + timedelta(days=2))], most_a_day=10)
    assert await db.refused_calls.forget(NOON + timedelta(days=1)) == 1
    assert [row["number"] for row in await db.refused_calls.listed(since=NOON, limit=10)] == ["new"]
