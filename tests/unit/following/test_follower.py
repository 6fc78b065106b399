"""A follower hands on everything that is committed, in order, from its cursor on, whatever happens between."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from gateway.errors import StoreUnavailable
from gateway.following.follower import KEY, SAVE_EVERY, TRIES, Follower
from tests.support.virtual_time import run_virtual
from tests.unit.following.store import Log, during, stopped, story

pytestmark = pytest.mark.unit
PLACE = ("f", KEY)


def follower(log: Log, handle: Callable[[int], Awaitable[None]], **more: Any) -> Follower[int]:
    more = {"begin": log.newest, "cursors": log, "on": log.committed.next} | more
    return Follower("f", read=log.read, seq=lambda seq: seq, handle=handle, **more)


class Handled:
    """Keeps what it is given; raises what ``faults`` says, once each."""

    def __init__(self, **faults: Exception) -> None:
        self.seqs: list[int] = []
        self.faults = {int(seq[1:]): fault for seq, fault in faults.items()}

    async def __call__(self, seq: int) -> None:
        self.seqs.append(seq)
        if (fault := self.faults.pop(seq, None)) is not None:
            raise fault


@story
async def test_what_was_there_before_its_first_run_is_left_and_all_that_comes_is_handled_in_order() -> None:
    log, handled = Log(), Handled()
    log.commit(5)

    async def day() -> None:
        for events in (1, 7, 2):
            await asyncio.sleep(10)
            log.commit(events)
        await asyncio.sleep(10)

    await during(40, follower(log, handled).run(), day())
    assert handled.seqs == list(range(6, 16))
    assert log.cursor == {PLACE: "15"}


@story
async def test_it_asks_nothing_while_nothing_is_committed() -> None:
    log, handled = Log(), Handled()
    running = asyncio.create_task(follower(log, handled).run())
    await asyncio.sleep(1)
    reads = log.reads
    await asyncio.wait({running}, timeout=3600)
    assert log.reads == reads
    await stopped(running)


@story
async def test_a_commit_while_it_reads_or_handles_is_not_lost() -> None:
    log = Log()
    handled: list[int] = []

    async def handle(seq: int) -> None:
        handled.append(seq)
        if seq == 1:
            log.commit()
            await asyncio.sleep(5)
            log.commit()

    await during(60, follower(log, handle).run(), _after(1, log.commit))
    assert handled == [1, 2, 3]


async def _after(seconds: float, act: Callable[[], None]) -> None:
    await asyncio.sleep(seconds)
    act()
    await asyncio.sleep(seconds)


@story
async def test_what_it_does_not_want_is_passed_over_and_the_cursor_is_not_written_each_time() -> None:
    log, handled = Log(page=500), Handled()
    one = follower(log, handled, wants=lambda seq: seq % 1000 == 0)
    await during(10, one.run(), _after(1, lambda: log.commit(3 * SAVE_EVERY)))
    assert handled.seqs == []
    assert log.saved == [SAVE_EVERY, 2 * SAVE_EVERY, 3 * SAVE_EVERY]
    assert one.at == 3 * SAVE_EVERY


@story
async def test_a_store_that_is_away_is_waited_for_and_nothing_is_handled_twice() -> None:
    log = Log()
    handled: list[int] = []
    told: list[StoreUnavailable] = []

    async def handle(seq: int) -> None:
        if log.away:
            told.append(StoreUnavailable("away"))
            raise told[-1]
        handled.append(seq)

    async def outage() -> None:
        log.commit(2)
        await asyncio.sleep(1)
        log.away = True
        log.commit(2)
        await asyncio.sleep(600)
        log.away = False
        await asyncio.sleep(10)

    with capture_logs() as lines:
        await during(700, follower(log, handle, cursors=None).run(), outage())
    assert handled == [1, 2, 3, 4]
    waits = [line for line in lines if line["event"] == "follower_waits_for_store"]
    assert 600 / 5 <= len(waits) <= 600 / 2.5 + 3, "after growing pauses of up to five seconds"


@story
async def test_what_it_dies_over_is_handled_again_or_passed_over_as_it_was_told() -> None:
    for at_most_once, expected in ((False, [1, 2, 2, 3]), (True, [1, 2, 3])):
        log, handled = Log(), Handled(_2=RuntimeError("a fault of the handler"))
        log.cursor[PLACE] = "0"
        log.commit(3)
        one = follower(log, handled, at_most_once=at_most_once)
        with pytest.raises(RuntimeError):
            await during(10, one.run())
        await during(10, one.run())
        assert handled.seqs == expected
        assert log.cursor == {PLACE: "3"}


@story
async def test_what_each_process_builds_anew_goes_on_where_it_stood_when_its_run_is_begun_again() -> None:
    log, handled = Log(), Handled(_2=RuntimeError("a fault of the handler"))
    log.commit(2)
    one = follower(log, handled, begin=_zero, cursors=None)
    with pytest.raises(RuntimeError):
        await during(10, one.run())
    await during(10, one.run())
    assert handled.seqs == [1, 2, 2]


@story
async def test_what_can_never_be_handled_keeps_the_rest_back_only_for_some_runs_and_is_told() -> None:
    log = Log()
    handled: list[int] = []
    log.cursor[PLACE] = "0"
    log.commit(3)

    async def handle(seq: int) -> None:
        handled.append(seq)
        if seq == 2:
            raise RuntimeError

    one = follower(log, handle)
    for _ in range(TRIES - 1):
        with pytest.raises(RuntimeError):
            await during(10, one.run())
    with capture_logs() as lines:
        await during(10, one.run())
    assert handled == [1, *[2] * TRIES, 3]
    assert log.cursor == {PLACE: "3"}
    assert [(line["event"], line["event_seq"]) for line in lines if line["log_level"] == "error"] == [
        ("follower_left_out", 2)
    ]


async def _zero() -> int:
    return 0


@given(
    commits=st.lists(st.integers(1, 5), min_size=1, max_size=8),
    stops=st.sets(st.integers(1, 40)),
    wanted=st.sets(st.integers(1, 40)),
    page=st.integers(1, 6),
    at_most_once=st.booleans(),
)
def test_however_often_it_dies_it_leaves_nothing_out(
    commits: list[int], stops: set[int], wanted: set[int], page: int, *, at_most_once: bool
) -> None:
    """At least once: everything, in order, and again only what it died over. At most once: only that is missing."""
    log = Log(page)
    log.cursor[PLACE] = "0"
    ended: list[int] = []
    died: list[int] = []

    async def handle(seq: int) -> None:
        if seq in stops and seq not in died:
            died.append(seq)
            raise RuntimeError
        ended.append(seq)

    async def history() -> None:
        for events in commits:
            log.commit(events)
            while True:
                one = follower(log, handle, wants=wanted.__contains__, at_most_once=at_most_once)
                try:
                    await during(1, one.run())
                    break
                except RuntimeError:
                    continue

    run_virtual(history())
    there = [seq for seq in sorted(wanted) if seq <= log.last]
    assert ended == [seq for seq in there if not (at_most_once and seq in died)]
    assert died == [seq for seq in there if seq in stops]
