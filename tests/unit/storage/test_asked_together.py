"""However many ask in one turn of the loop, the database is asked once, and everybody gets what they asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from gateway.errors import StoreUnavailable
from gateway.storage.asked_together import AskedTogether

pytestmark = pytest.mark.unit


class Rows:
    """A table of squares that counts its statements."""

    def __init__(self) -> None:
        self.asked: list[Sequence[str]] = []
        self.away = False

    async def find(self, keys: Sequence[str]) -> dict[str, int]:
        self.asked.append(keys)
        await asyncio.sleep(0)
        if self.away:
            raise StoreUnavailable("away")
        return {key: int(key) ** 2 for key in keys if key.isdecimal()}


async def test_one_statement_answers_all_who_ask_at_once() -> None:
    rows = Rows()
    together = AskedTogether(rows.find)
    found = await asyncio.gather(*(together.get(key) for key in ("3", "1", "x", "3", "2")))
    assert found == [9, 1, None, 9, 4]
    assert rows.asked == [["1", "2", "3", "x"]]
    assert await together.get("5") == 25
    assert rows.asked[1:] == [["5"]]


async def test_who_asks_while_a_statement_runs_is_answered_by_the_next() -> None:
    rows = Rows()
    together = AskedTogether(rows.find)
    first = asyncio.create_task(together.get("1"))
    while not rows.asked:
        await asyncio.sleep(0)
    assert await asyncio.gather(first, together.get("1")) == [1, 1]
    assert rows.asked == [["1"], ["1"]]


async def test_one_who_gives_up_costs_the_others_nothing_and_a_fault_is_everybodys() -> None:
    rows = Rows()
    together = AskedTogether(rows.find)
    one, other = (asyncio.create_task(together.get(key)) for key in ("1", "2"))
    await asyncio.sleep(0)
    one.cancel()
    assert await other == 4
    assert one.cancelled()
    rows.away = True
    faults = await asyncio.gather(together.get("1"), together.get("2"), return_exceptions=True)
    assert [type(fault) for fault in faults] == [StoreUnavailable, StoreUnavailable]
