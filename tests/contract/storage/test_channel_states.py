"""Small durable values of channels: kept, replaced, and made once however many make them."""

from __future__ import annotations

import asyncio

import pytest

from gateway.storage.database import Database
from tests.support.stores import SQL_ALONE, Open

pytestmark = [pytest.mark.contract, SQL_ALONE]


async def test_a_value_is_kept_and_replaced(db: Database) -> None:
    states = db.channel_states
    assert await states.get("web", "cursor") is None
    await states.put("web", "cursor", "1")
    await states.put("web", "cursor", "2")
    await states.put("other", "cursor", "3")
    assert await states.get("web", "cursor") == "2"


async def test_of_many_processes_that_make_a_value_one_makes_it_and_all_know_that_one(opened: Open) -> None:
    processes = [await opened() for _ in range(3)]
    made = await asyncio.gather(
        *(p.channel_states.put_new("web", "key", f"{n}") for n, p in enumerate(processes * 5)),
    )
    assert len(set(made)) == 1
    for process in processes:
        assert await process.channel_states.get("web", "key") == made[0]
        assert await process.channel_states.put_new("web", "key", "later") == made[0]
    assert await processes[0].channel_states.put_new("other", "key", "another") == "another"
