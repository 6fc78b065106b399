"""A channel that only one process may run has one owner at every moment, on both databases."""

from __future__ import annotations

import asyncio

import pytest

from gateway.ports.store import ChannelLeases
from gateway.storage.database import Database
from tests.support.clocks import SetClock
from tests.support.stores import SQL_ALONE, Open

pytestmark = [pytest.mark.contract, SQL_ALONE]


async def take(leases: ChannelLeases, owner: str, *, gone: str = "") -> bool:
    return await leases.take("sms", owner, lease_s=30, is_gone=lambda held: held == gone)


async def test_of_many_that_ask_at_once_one_owns_it(opened: Open) -> None:
    one, two = await opened(), await opened()
    asked = [take(db.channel_leases, f"n-{k}") for k, db in enumerate([one, two] * 5)]
    assert sorted(await asyncio.gather(*asked)) == [False] * 9 + [True]


async def test_it_is_handed_over_when_it_runs_out_and_not_before(db: Database, clock: SetClock) -> None:
    leases = db.channel_leases
    assert await take(leases, "a")
    clock.forward(20)
    assert not await take(leases, "b")
    assert await take(leases, "a")
    assert not await take(leases, "b")
    clock.forward(29)
    assert not await take(leases, "b")
    clock.forward(1)
    assert await take(leases, "b")
    assert not await take(leases, "a")


@pytest.mark.parametrize(("owners_clock", "others_clock"), [(3600, 0), (-3600, 0), (0, 3600), (0, -3600)])
async def test_no_clock_has_a_say_in_whose_channel_it_is(
    opened: Open, clock: SetClock, owners_clock: int, others_clock: int
) -> None:
    here, there = clock.ahead(owners_clock), clock.ahead(others_clock)
    owner, other = await opened(clock=here), await opened(clock=there)
    for n in range(6):
        assert await take(owner.channel_leases, "a")
        assert not await take(other.channel_leases, "b")
        clock.forward(10)
        if n == 2:
            here.ahead_s, there.ahead_s = others_clock, owners_clock
    clock.forward(19)
    assert not await take(other.channel_leases, "b")
    clock.forward(1)
    assert await take(other.channel_leases, "b")
    assert not await take(owner.channel_leases, "a")


async def test_a_dead_owner_is_not_waited_for(db: Database) -> None:
    leases = db.channel_leases
    assert await take(leases, "a")
    assert not await take(leases, "b", gone="c")
    assert await take(leases, "b", gone="a")
    assert not await take(leases, "a")


async def test_it_is_let_go_by_its_owner_alone(db: Database) -> None:
    leases = db.channel_leases
    assert await take(leases, "a")
    await leases.release("sms", "b")
    assert not await take(leases, "b")
    await leases.release("sms", "a")
    assert await take(leases, "b")


async def test_channels_are_owned_apart(db: Database) -> None:
    assert await take(db.channel_leases, "a")
    assert await db.channel_leases.take("bot", "b", lease_s=30, is_gone=lambda _: False)
