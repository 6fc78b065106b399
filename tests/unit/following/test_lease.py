"""What only one process may do is done by one, also after its own faults, and handed over."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from gateway.following.lease import Lease
from tests.unit.following.store import Leases, during, stopped, story

pytestmark = pytest.mark.unit


def lease(leases: Leases, owner: str, is_gone: Callable[[str], bool] = lambda _: False) -> Lease:
    return Lease(leases=leases, name="duty", owner=owner, is_gone=is_gone, lease_s=30)


class Work:
    """Who is at it, and how many ever were at once."""

    def __init__(self) -> None:
        self.at_it: list[str] = []
        self.most = 0

    def of(self, name: str) -> Callable[[], asyncio.Future[None]]:
        async def work() -> None:
            self.at_it.append(name)
            self.most = max(self.most, len(self.at_it))
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                self.at_it.remove(name)

        return lambda: asyncio.ensure_future(work())


@story
async def test_one_of_two_is_at_it_and_the_other_follows_at_once_when_it_is_let_go() -> None:
    leases, work = Leases(), Work()
    one = asyncio.create_task(lease(leases, "one").run(work.of("one")))
    two = asyncio.create_task(lease(leases, "two").run(work.of("two")))
    await asyncio.sleep(3600)
    assert work.at_it == ["one"]
    await stopped(one)
    assert leases.owner is None
    await asyncio.sleep(11)
    assert (work.at_it, work.most) == (["two"], 1)
    await stopped(two)


@story
async def test_who_cannot_renew_it_stops_before_another_one_may_begin_and_goes_on_later() -> None:
    cut, work = Leases(), Work()
    one = asyncio.create_task(lease(cut, "one").run(work.of("one")))
    await asyncio.sleep(1)
    cut.away = True
    await asyncio.sleep(31)
    assert work.at_it == [], "its lease has run out"
    assert cut.owner == "one"
    cut.away = False
    await asyncio.sleep(11)
    assert work.at_it == ["one"]
    await stopped(one)


@story
async def test_a_fault_of_the_work_ends_the_run_and_not_the_lease() -> None:
    leases, work = Leases(), Work()
    own = lease(leases, "one")

    async def broken() -> None:
        raise RuntimeError("a fault of the work")

    with pytest.raises(RuntimeError):
        await during(1, own.run(broken))
    assert leases.owner == "one"
    await asyncio.gather(during(100, own.run(work.of("one"))), _until_at_it(work, "one"))


async def _until_at_it(work: Work, name: str) -> None:
    await asyncio.sleep(1)
    assert work.at_it == [name]


@story
async def test_work_that_ends_by_itself_is_told_from_a_lost_lease() -> None:
    leases = Leases()

    async def done() -> None:
        await asyncio.sleep(1)

    assert await lease(leases, "one").hold(done)
    assert not await lease(leases, "two", is_gone=lambda owner: owner == "one").hold(lambda: _lose(leases)), (
        "another one has it now"
    )


async def _lose(leases: Leases) -> None:
    leases.owner, leases.until = "three", 1e9
    await asyncio.get_running_loop().create_future()
