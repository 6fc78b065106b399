"""What people do about a call that is owed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.callback import Reason, Task
from gateway.domain.callback_work import CLAIM, LATER, Verb, Work, worked
from gateway.domain.owed_calls import event_of_work
from gateway.domain.words import CallbackState
from gateway.errors import AlreadyClaimed, CallbackClosed, GatewayError, StaleVersion

pytestmark = pytest.mark.unit
NOW = datetime(2026, 11, 29, 4, tzinfo=UTC)
TASK = Task(
    callback_id="c",
    requester_id="r",
    line="citizen",
    phone=None,
    reasons=(Reason(reason="interrupted", ticket_id="t", interaction_id="i"),),
    due_at=NOW,
    created_at=NOW,
)


def work(verb: Verb, actor: str = "user:li", *, minutes: float = 0, **more: Any) -> Work:
    results = {Verb.ATTEMPT: "no_answer", Verb.DONE: "reached"}
    given = {"result": results.get(verb), "note": "电话13800138000"} | more
    return Work(callback_id="c", verb=verb, actor=actor, at=NOW + timedelta(minutes=minutes), **given)


def test_a_claim_is_one_persons_until_it_runs_out() -> None:
    mine = worked(TASK, work(Verb.CLAIM))
    assert (mine.claimed_by, mine.claimed_until) == ("user:li", NOW + CLAIM)
    assert worked(mine, work(Verb.CLAIM, minutes=1)) is mine
    for verb in Verb:
        with pytest.raises(AlreadyClaimed, match=r"user:li has taken this callback until 2026-11-29T04:30:00\.000Z"):
            worked(mine, work(verb, "user:wang", minutes=29))
    theirs = worked(mine, work(Verb.CLAIM, "user:wang", minutes=30))
    assert theirs.claimed_by == "user:wang"


def test_an_attempt_lets_the_task_go_and_puts_it_off_longer_each_time() -> None:
    task = worked(TASK, work(Verb.CLAIM))
    for count, later in enumerate((*LATER, LATER[-1]), start=1):
        task = worked(task, work(Verb.ATTEMPT, result="busy"))
        assert (task.attempts, task.due_at, task.claimed_by) == (count, NOW + later, None)
        assert task.last_attempt is not None
        assert (task.last_attempt.result, task.last_attempt.by) == ("busy", "user:li")
    wished = worked(task, work(Verb.ATTEMPT, due_at=NOW + timedelta(hours=5)))
    assert wished.due_at == NOW + timedelta(hours=5)


@pytest.mark.parametrize(
    ("asked", "state", "why"),
    [
        (work(Verb.DONE), CallbackState.DONE, "reached"),
        (work(Verb.DONE, result="not_reached"), CallbackState.FAILED, "not_reached"),
        (work(Verb.CANCEL), CallbackState.CANCELLED, "cancelled"),
    ],
)
def test_it_ends_once(asked: Work, state: CallbackState, why: str) -> None:
    over = worked(worked(TASK, work(Verb.CLAIM)), asked)
    assert (over.state, over.closed and over.closed.why) == (state, why)
    assert worked(over, asked) is over
    for other in (replace(asked, actor="user:wang"), work(Verb.CLAIM), work(Verb.ATTEMPT)):
        with pytest.raises(CallbackClosed, match=f"closed by user:li \\({why}\\)"):
            worked(over, other)


def test_a_version_that_is_old_is_refused() -> None:
    tried = worked(TASK, work(Verb.ATTEMPT, expected_version=1))
    with pytest.raises(StaleVersion, match="version 2"):
        worked(tried, work(Verb.ATTEMPT, expected_version=1))


works = st.builds(
    work,
    st.sampled_from(Verb),
    st.sampled_from(["user:li", "user:wang"]),
    minutes=st.integers(0, 90),
)


@given(st.lists(works, max_size=12))
def test_whatever_people_do_the_task_tells_the_truth(done: list[Work]) -> None:
    task, attempts = TASK, 0
    for one in sorted(done, key=lambda each: each.at):
        try:
            after = worked(task, one)
        except GatewayError:
            continue
        attempts += one.verb == Verb.ATTEMPT
        assert after is task or after.version == task.version + 1
        task = after
    assert task.attempts == attempts
    assert (task.last_attempt is None) == (attempts == 0)
    assert (task.closed is None) == task.open
    assert task.open or task.claimed_by is None


@given(works)
def test_events_hold_no_text_of_a_person(one: Work) -> None:
    told = event_of_work(one, worked(TASK, one)).data()
    assert "13800138000" not in str(told)
    assert set(told) <= {"callback_id", "attempts", "result", "due_at", "why"}
