"""A leased worker takes up what is due, as much as it has room for, soon, and ends in order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from structlog.testing import capture_logs

from gateway.domain.commit import Commit
from gateway.errors import StoreUnavailable
from gateway.following.poll import PollLoop, every, never, until_stored
from gateway.following.worker import GATHER_S, LeasedWorker
from gateway.storage.signal import CommitSignal
from tests.support.virtual_time import run_virtual
from tests.unit.following.store import during, stopped, story

pytestmark = pytest.mark.unit


class Queue:
    """Units that are due, and what became of them."""

    def __init__(self, due: int = 0, takes_s: float = 0.0) -> None:
        self.committed = CommitSignal()
        self.due = list(range(due))
        self.takes_s = takes_s
        self.rounds: list[tuple[float, int]] = []
        self.ended: list[int] = []
        self.at_work = self.most_at_work = 0
        self.away = False

    async def take(self, room: int) -> list[int]:
        if self.away:
            raise StoreUnavailable("away")
        taken, self.due = self.due[:room], self.due[room:]
        self.rounds.append((asyncio.get_running_loop().time(), len(taken)))
        return taken

    async def work(self, one: int) -> None:
        self.at_work += 1
        self.most_at_work = max(self.most_at_work, self.at_work)
        try:
            await asyncio.sleep(self.takes_s)
        finally:
            self.at_work -= 1
        self.ended.append(one)

    def worker(self, work: Callable[[int], Awaitable[None]] | None = None, **more: Any) -> LeasedWorker[int]:
        more = {"parallel": 4, "poll_s": 1.0, "on": self.committed.next} | more
        return LeasedWorker("test", take=self.take, work=work or self.work, **more)


@story
async def test_everything_is_worked_on_never_more_at_once_than_there_is_room_for() -> None:
    queue = Queue(due=19, takes_s=0.5)
    await during(5, queue.worker().run())
    assert sorted(queue.ended) == list(range(19))
    assert queue.most_at_work == 4


@story
async def test_what_is_committed_is_taken_up_at_once_and_what_comes_due_by_itself_within_a_poll() -> None:
    queue = Queue()
    running = asyncio.create_task(queue.worker().run())
    await asyncio.sleep(0.3)
    queue.due = [1]
    queue.committed.fire(Commit(1, 1))
    await asyncio.sleep(0.01)
    assert queue.ended == [1]
    queue.due = [2]
    await asyncio.sleep(1.01)
    assert queue.ended == [1, 2]
    await stopped(running)


@story
async def test_what_ends_or_comes_together_is_one_round() -> None:
    queue = Queue(due=4, takes_s=0.5)
    running = asyncio.create_task(queue.worker(gather_s=GATHER_S, poll_s=60).run())
    await asyncio.sleep(2)
    before = len(queue.rounds)
    for n in range(3):
        queue.due.append(n)
        queue.committed.fire(Commit(n + 1, n + 1))
        await asyncio.sleep(0.001)
    await asyncio.sleep(0.1)
    assert [taken for _, taken in queue.rounds[before:]] == [3]
    await stopped(running)


@story
async def test_one_slow_unit_keeps_no_other_waiting() -> None:
    queue = Queue(due=12)

    async def work(one: int) -> None:
        await asyncio.sleep(3600 if one == 0 else 0.1)
        queue.ended.append(one)

    await during(10, queue.worker(work).run())
    assert sorted(queue.ended) == list(range(1, 12))


@story
async def test_a_fault_in_one_unit_ends_no_other_and_is_told() -> None:
    queue = Queue(due=3)

    async def work(one: int) -> None:
        if one == 1:
            raise KeyError("a mistake of the programmer's")
        queue.ended.append(one)

    with capture_logs() as lines:
        await during(5, queue.worker(work).run())
    assert queue.ended == [0, 2]
    [line] = [line for line in lines if line["event"] == "work_broke"]
    assert (line["worker"], type(line["exc_info"])) == ("test", KeyError)


@pytest.mark.parametrize("fault", [KeyError("a mistake"), StoreUnavailable("full")], ids=["mistake", "store"])
def test_what_breaks_and_is_due_again_at_once_does_not_spin(fault: Exception) -> None:
    """As of a disk that can be read and takes nothing more."""
    tried = []

    async def take(room: int) -> list[int]:
        return list(range(room))

    async def work(one: int) -> None:
        tried.append(one)
        raise fault

    async def minute() -> None:
        await during(60, LeasedWorker("test", take=take, work=work, parallel=2, poll_s=1.0, on=never).run())

    run_virtual(minute())
    assert 60 <= len(tried) <= 2 * 61


@story
async def test_a_store_that_is_away_is_asked_with_growing_pauses_and_then_everything_goes_on() -> None:
    queue = Queue(due=2)
    asked: list[float] = []

    async def outage() -> None:
        queue.away = True
        await asyncio.sleep(60)
        queue.away = False
        await asyncio.sleep(10)

    loop = asyncio.get_running_loop()
    await during(70, queue.worker(away=lambda **_: asked.append(loop.time())).run(), outage())
    assert 60 / 5 <= len(asked) <= 60 / 2.5 + 3
    assert queue.ended == [0, 1]


@story
async def test_at_its_end_what_is_under_way_has_its_time_and_no_more() -> None:
    queue = Queue(due=3)

    async def work(one: int) -> None:
        try:
            await asyncio.sleep((1, 5, 3600)[one])
        finally:
            queue.at_work += 1
        queue.ended.append(one)

    running = asyncio.create_task(queue.worker(work, drain_s=10).run())
    await asyncio.sleep(0.5)
    began = asyncio.get_running_loop().time()
    await stopped(running)
    assert queue.ended == [0, 1]
    assert queue.at_work == 3, "the last one was cancelled and waited for"
    assert asyncio.get_running_loop().time() - began == 10
    assert len(asyncio.all_tasks()) == 1


@story
async def test_a_step_takes_up_what_there_is_room_for() -> None:
    queue = Queue(due=5, takes_s=1.0)
    worker = queue.worker()
    assert [await worker.step(), await worker.step()] == [True, False]
    await worker.settled()
    assert sorted(queue.ended) == [0, 1, 2, 3]


@story
async def test_a_loop_whose_step_has_more_to_do_does_not_pause() -> None:
    left = [5]

    async def step() -> bool:
        left[0] -= left[0] > 0
        return left[0] > 0

    await during(1, PollLoop(step, poll_s=3600).run())
    assert left == [0]


@story
async def test_a_wake_up_during_a_step_is_followed_by_another() -> None:
    steps = []

    async def step() -> bool:
        steps.append(asyncio.get_running_loop().time())
        if len(steps) == 1:
            loop.wake()
        return False

    loop = PollLoop(step, poll_s=3600)
    await during(1, loop.run())
    assert len(steps) == 2


@story
async def test_what_is_done_every_so_often_outlives_the_stores_absence_and_nothing_else() -> None:
    done: list[float] = []
    faults: list[Exception] = [StoreUnavailable("away"), RuntimeError("a fault")]

    async def step() -> None:
        if len(done) == 2 and faults:
            raise faults.pop(0)
        done.append(asyncio.get_running_loop().time())

    with pytest.raises(RuntimeError):
        await during(100, every(10, step))
    assert done == [0, 10]


@story
async def test_what_has_to_be_written_is_written_when_the_store_is_back() -> None:
    left = [20]

    async def write() -> str:
        left[0] -= 1
        if left[0]:
            raise StoreUnavailable("away")
        return "written"

    assert await until_stored(write) == "written"
    assert asyncio.get_running_loop().time() < 20 * 5
