"""Whom the city owes a call: the pure rule."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.callback import (
    MOST_REASONS,
    Number,
    Reason,
    Task,
    called_again,
    ended,
    joined,
    moved,
    number_after,
    number_of,
    number_to_call,
    number_to_write,
    owed,
    owed_after,
    settles,
    task_to_join,
    without,
)
from gateway.domain.form import Filled, Requester
from gateway.domain.guess import SURE
from gateway.domain.words import ABANDONED, CallbackState, Disposition

pytestmark = pytest.mark.unit
OWN, SPOKEN, OTHER = "+8613800138000", "+8613912345678", "+8613700000000"
NOW = datetime(2026, 11, 29, 4, tzinfo=UTC)
numbers = st.sampled_from([None, OWN, SPOKEN, OTHER])
known = st.none() | st.builds(Number, st.sampled_from([OWN, SPOKEN, OTHER]), st.booleans())
names = st.sampled_from("abc")
reasons = st.builds(
    Reason, reason=st.sampled_from(["interrupted", "asked_for_person"]), ticket_id=names, interaction_id=names
)


def entry(value: str | None, confidence: float, confirmed_by: str | None = None) -> Filled:
    return Filled(value, "rule", None, confidence, confirmed_by)


OPEN = st.just(CallbackState.OPEN)


@st.composite
def tasks(draw: st.DrawFn, state: st.SearchStrategy[CallbackState] = OPEN) -> Task:
    return Task(
        callback_id=draw(st.uuids().map(str)),
        requester_id=draw(names),
        line=draw(st.sampled_from(["citizen", "enterprise"])),
        phone=draw(numbers),
        reasons=tuple(draw(st.lists(reasons, min_size=1, max_size=4, unique=True))),
        due_at=NOW + timedelta(minutes=draw(st.integers(0, 90))),
        created_at=NOW,
        state=draw(state),
    )


@pytest.mark.parametrize(
    ("requester", "spoken", "called"),
    [
        ({"phone": OWN}, None, Number(OWN, sure=False)),
        ({"phone": OWN, "callback_phone": SPOKEN}, entry(SPOKEN, 0.95), Number(SPOKEN, sure=True)),
        ({"phone": OWN, "callback_phone": SPOKEN}, entry(SPOKEN, 0.7), Number(OWN, sure=False)),
        ({"callback_phone": SPOKEN}, entry(SPOKEN, 0.7), Number(SPOKEN, sure=False)),
        ({}, entry(SPOKEN, 0.3), Number(SPOKEN, sure=False)),
        ({"phone": OWN, "callback_phone": OTHER}, None, Number(OTHER, sure=True)),
        ({"phone": OWN, "callback_phone": OTHER}, entry(SPOKEN, 0.95), Number(OTHER, sure=True)),
        ({"phone": OWN, "callback_phone": OTHER}, entry(OTHER, 1.0, "user:li"), Number(OTHER, sure=True)),
        ({"phone": OWN, "callback_phone": None}, entry(None, 1.0, "user:li"), Number(OWN, sure=False)),
        ({}, None, None),
    ],
)
def test_which_number_is_called(requester: dict[str, Any], spoken: Filled | None, called: Number | None) -> None:
    assert number_to_call(Requester(**requester), spoken) == called


@given(own=numbers, spoken=numbers, sure=st.floats(0, 1), earlier=numbers)
def test_a_number_is_none_only_where_nobody_ever_gave_one(
    own: str | None, spoken: str | None, sure: float, earlier: str | None
) -> None:
    said = entry(spoken, sure) if spoken else None
    filled = spoken if sure >= 0.5 else None
    requester = Requester(phone=own, callback_phone=filled)
    found = number_to_call(requester, said, earlier)
    assert (found is None) == (own is None and spoken is None and earlier is None)
    if own or spoken:
        assert found is not None
        assert found.value in {own, spoken}
    written = number_to_write(requester, said)
    assert written == (spoken if spoken and sure >= SURE else own)


@given(st.lists(known))
def test_of_several_tickets_a_sure_number_is_called(given_numbers: list[Number | None]) -> None:
    found = number_of(given_numbers)
    sure = [number.value for number in given_numbers if number and number.sure]
    if sure:
        assert found == sure[-1]
    else:
        assert (found is None) == all(number is None for number in given_numbers)


@given(phone=numbers, before=known, after=known)
def test_a_number_given_later_fills_the_task(phone: str | None, before: Number | None, after: Number | None) -> None:
    now = number_after(phone, before, after)
    if after is not None and after != before and (after.sure or phone is None):
        assert now == after.value
    if after == before:
        assert now == phone
    if after is None and before is not None and before.value == phone:
        assert now is None


@pytest.mark.parametrize("disposition", Disposition)
def test_a_call_leaves_a_debt_or_settles_one_never_both(disposition: Disposition) -> None:
    owes = owed_after(disposition, proved=True)
    assert (owes == disposition.value) == (disposition in ABANDONED)
    assert owed_after(disposition, proved=False) is None
    assert not (owes and settles("sip", disposition, answered=True, empty=False))
    assert not settles("sip", disposition, answered=True, empty=True)
    assert not settles("sip", disposition, answered=False, empty=False)
    assert not settles("webchat", disposition, answered=True, empty=False)


def test_what_a_change_says_is_owed() -> None:
    assert owed(None, NOW, timedelta(hours=1)) is None
    new = owed("asked_for_person", NOW, timedelta(hours=1))
    assert new is not None
    assert (new.reason, new.due_at) == ("asked_for_person", NOW + timedelta(hours=1))


@given(
    st.lists(tasks(state=st.sampled_from(CallbackState)), max_size=6), names, st.sampled_from(["citizen", "enterprise"])
)
def test_a_reason_joins_an_open_task_of_the_person_and_line(all_tasks: list[Task], person: str, line: str) -> None:
    theirs = [t for t in all_tasks if t.open and (t.requester_id, t.line) == (person, line)]
    found = task_to_join(all_tasks, person, line)
    assert (found is None) == (theirs == [])
    if found:
        assert found.due_at == min(t.due_at for t in theirs)


@given(tasks(), reasons, st.integers(0, 90), known)
def test_joining_keeps_the_reasons_and_never_puts_off(
    task: Task, reason: Reason, minutes: int, number: Number | None
) -> None:
    due_at = NOW + timedelta(minutes=minutes)
    after = joined(task, reason, due_at, number)
    assert after.reasons[: len(task.reasons)] == task.reasons
    assert (reason.reason, reason.ticket_id) in {(one.reason, one.ticket_id) for one in after.reasons}
    assert after.due_at <= task.due_at
    assert after.phone is not None or (task.phone is None and (number is None or after is task))
    assert joined(after, reason, due_at, number) is after


def test_a_task_is_joined_so_often_only() -> None:
    many = tuple(Reason(reason="interrupted", ticket_id=str(n), interaction_id=str(n)) for n in range(MOST_REASONS))
    task = Task(callback_id="c", requester_id="r", line="citizen", phone=None, reasons=many, due_at=NOW, created_at=NOW)
    assert task_to_join([task], "r", "citizen") is None


@given(tasks(), reasons)
def test_a_false_reason_goes_and_the_last_one_cancels(task: Task, reason: Reason) -> None:
    after = without(task, reason, NOW)
    if task.reasons == (reason,):
        assert (after.state, after.closed and after.closed.why) == (CallbackState.CANCELLED, "call_went_on")
    else:
        assert after.open
        assert after.reasons == tuple(one for one in task.reasons if one != reason)


@given(tasks(), st.data())
def test_a_ticket_that_leaves_takes_its_own_reasons_along(task: Task, data: st.DataObject) -> None:
    ticket_id = data.draw(st.sampled_from(task.tickets))
    own, left = moved(task, ticket_id, "somebody else", task.line, "its own now")
    assert own.tickets == (ticket_id,)
    assert own.requester_id == "somebody else"
    if left is None:
        assert own.callback_id == task.callback_id
    else:
        assert own.callback_id != task.callback_id
        assert ticket_id not in left.tickets
        assert {*own.reasons, *left.reasons} == set(task.reasons)


@given(st.lists(tasks(state=st.sampled_from(CallbackState)), max_size=6), names, names)
def test_a_call_that_went_well_ends_what_was_owed_before_it(all_tasks: list[Task], person: str, now: str) -> None:
    over = called_again(all_tasks, person, "citizen", now, NOW)
    for task in over:
        assert (task.state, task.closed and task.closed.why) == (CallbackState.DONE, "called_again")
    ids = {task.callback_id for task in over}
    for task in all_tasks:
        newer = any(reason.interaction_id >= now for reason in task.reasons)
        theirs = task.open and task.requester_id == person and task.line == "citizen"
        assert (task.callback_id in ids) == (theirs and not newer)


@given(tasks())
def test_a_task_that_has_ended_is_nobodys(task: Task) -> None:
    after = ended(task, CallbackState.DONE, "user:li", "reached", NOW, note="谢谢")
    assert not after.open
    assert (after.claimed_by, after.claimed_until) == (None, None)
    assert after.version == task.version + 1
