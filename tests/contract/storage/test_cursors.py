"""Where followers stand: one row for all processes, that only moves forward, on both databases."""

from __future__ import annotations

import asyncio

import pytest

from gateway.storage.database import Database
from tests.contract.storage.conftest import Open

pytestmark = pytest.mark.contract


async def test_a_cursor_stands_where_it_was_put_and_never_goes_back(db: Database) -> None:
    cursors = db.cursors
    assert await cursors.get("f") is None
    await cursors.put("f", 7)
    await cursors.put("f", 5)
    await cursors.put("g", 1)
    assert (await cursors.get("f"), await cursors.get("g")) == (7, 1)
    await cursors.put("f", 2**53)
    assert await cursors.get("f") == 2**53


async def test_of_many_that_begin_at_once_all_begin_where_the_first_does(opened: Open) -> None:
    processes = [await opened() for _ in range(2)]
    began = await asyncio.gather(*(p.cursors.put_new("f", n) for n, p in enumerate(processes * 5)))
    assert len(set(began)) == 1
    assert await processes[0].cursors.get("f") == began[0]
    assert await processes[1].cursors.put_new("f", 99) == began[0]
