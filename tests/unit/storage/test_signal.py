"""Whatever order commits are told of in, and how often: each is news once, and only what is missing raises doubt."""

from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.commit import Commit
from gateway.storage.signal import CommitSignal

pytestmark = pytest.mark.unit


@st.composite
def told(draw: st.DrawFn) -> tuple[list[Commit], list[Commit]]:
    """Gap-free commits, and some of them in any order, some more than once."""
    ends = sorted(draw(st.sets(st.integers(1, 60), min_size=1, max_size=15)))
    commits = [Commit(before + 1, end) for before, end in pairwise([0, *ends])]
    heard = draw(st.lists(st.sampled_from(commits), max_size=40))
    return commits, heard


@given(told())
def test_each_commit_is_news_once_and_a_gap_is_doubt(case: tuple[list[Commit], list[Commit]]) -> None:
    commits, heard = case
    signal = CommitSignal()
    signal.look()
    signal.looked(0, None)
    news = [commit for commit in heard if signal.hear(commit)]
    assert len(news) == len(set(news))
    assert set(news) == set(heard)
    reached = 0
    for commit in commits:
        if commit not in news:
            break
        reached = commit.last
    assert signal.look() == reached
    assert signal.doubtful == any(commit.last > reached for commit in news)
    assert not signal.doubtful or signal.doubt.is_set()


@given(told(), st.integers(0, 14))
def test_after_a_look_only_what_came_later_is_news(case: tuple[list[Commit], list[Commit]], upto: int) -> None:
    commits, heard = case
    last = commits[min(upto, len(commits) - 1)].last
    signal = CommitSignal()
    signal.looked(0, None)
    for commit in heard:
        signal.hear(commit)
    signal.look()
    signal.looked(last, None)
    for commit in commits:
        assert signal.hear(commit) == (commit.last > last and commit not in heard)
    assert signal.look() == commits[-1].last
    assert not signal.doubtful


async def test_this_process_tells_of_its_own_commit_though_a_look_found_it_first() -> None:
    """The look may read between a commit and its writer's word of it; other processes have still to hear of it."""
    signal = CommitSignal()
    signal.looked(0, None)
    own = aiter(signal.own())
    told_of = asyncio.create_task(anext(own))
    await asyncio.sleep(0)
    signal.looked(2, Commit(1, 2))
    signal.fire(Commit(1, 2))
    assert await told_of == [Commit(1, 2)]
    await own.aclose()


@pytest.mark.parametrize("told", ["here", "elsewhere", "by nobody"])
async def test_who_sends_is_woken_by_what_is_to_be_sent_and_by_nothing_else(told: str) -> None:
    signal = CommitSignal()
    signal.looked(0, None)

    def happen(commit: Commit) -> None:
        if told == "by nobody":
            signal.looked(commit.last, commit)
        elif told == "here":
            signal.fire(commit)
        else:
            signal.hear(commit)

    commits, todo = signal.next(), signal.next_todo()
    happen(Commit(1, 2))
    assert (commits.done(), todo.done()) == (True, False)
    happen(Commit(3, 4, todo=True))
    assert todo.done()
    assert not signal.next().done()
    assert not signal.next_todo().done()


async def test_a_word_that_was_missed_is_doubt_until_somebody_looks() -> None:
    signal = CommitSignal()
    signal.looked(0, None)
    assert not signal.doubt.is_set()
    assert signal.hear(None)
    assert signal.doubt.is_set()
    assert signal.doubtful
    signal.look()
    signal.hear(None)  # while the log is read
    signal.looked(0, None)
    assert signal.doubtful
