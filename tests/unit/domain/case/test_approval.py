"""Replies that somebody has to approve, extensions that are asked for, and policies that change in the middle."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from gateway.casework.case_work import CaseVerb
from gateway.domain.case.case import Case
from gateway.domain.case.clock import TICK
from gateway.domain.case.owner_time import own_times
from gateway.domain.case.policy import CasePolicy, TimeLimit
from gateway.domain.case.rules_in_force import CaseRules
from gateway.domain.form import UnitTask
from gateway.domain.words import DemandType
from gateway.errors import Conflict
from tests.support.casework import SHIPPED, OneTicket, on, reply, sign

pytestmark = pytest.mark.unit


def policy(**altered: Any) -> CasePolicy:
    return replace(SHIPPED.policy, **altered)


APPROVING = CaseRules(policy=policy(approve_replies=True))


def accept(case: Case, task: UnitTask) -> None:
    case.accept(task)


def send_back(case: Case, task: UnitTask) -> None:
    case.send_back(task, "incomplete", None)


def replied(at: str) -> OneTicket:
    """M01, which has until 12-03 10:00, says what it did."""
    ticket = OneTicket(registered="12-01 09:59", rules=APPROVING)
    ticket.dispatched("12-01 10:00", "M01")
    ticket.do("12-01 10:10", "M01", sign)
    ticket.do(at, "M01", reply)
    return ticket


def test_an_unapproved_reply_does_not_go_out() -> None:
    ticket = replied("12-02 10:00")
    assert (ticket.task("M01").status, ticket.clock("approve").due_at) == ("replied", on("12-03 10:00"))
    assert ticket.clock("reply").next_at is None
    with pytest.raises(Conflict, match="M01 has not finished"):
        ticket.answered("12-02 10:05")
    ticket.do("12-02 11:00", "M01", accept)
    assert ticket.clock("approve").met_at == on("12-02 11:00")
    assert (ticket.clock("answer").due_at, ticket.clock("answer").unit) == (on("12-02 15:00"), None)
    ticket.answered("12-02 11:01")
    assert ticket.clock("answer").met_at == on("12-02 11:01")


def test_what_is_sent_back_goes_on_with_the_time_that_was_left() -> None:
    ticket = replied("12-02 10:00")
    ticket.do("12-02 11:00", "M01", send_back)
    assert (ticket.task("M01").status, ticket.task("M01").replied_at) == ("sent_back", None)
    assert (ticket.clock("reply").due_at, len(ticket.clocks("reply"))) == (on("12-03 11:00"), 1)
    assert ticket.task("M01").due_at == "2026-12-03T03:00:00.000Z"
    ticket.time_passes("12-03 11:01")
    assert ticket.clock("reply").breached_at == on("12-03 11:00") + TICK


@pytest.mark.parametrize("sent_back", ["12-01 11:01", "12-03 10:01", "12-05 11:00", "12-31 11:00"])
def test_the_time_of_reading_counts_for_nobody(sent_back: str) -> None:
    ticket = replied("12-01 11:00")
    ticket.time_passes(sent_back)
    ticket.do(sent_back, "M01", send_back)
    assert ticket.clock("reply").due_at == on(sent_back) + timedelta(hours=47)
    ticket.time_passes(sent_back)
    assert {one.clock_kind for one in ticket.told("clock.breached")} <= {"approve"}
    hour_later = on(sent_back) + timedelta(hours=1)
    assert own_times(ticket.clocks("reply"), hour_later, APPROVING)["k-M01"] == timedelta(hours=2)


def test_the_units_reply_counts_when_it_was_given_not_when_it_was_read() -> None:
    ticket = replied("12-03 09:59")
    ticket.time_passes("12-03 10:20")
    ticket.do("12-03 10:30", "M01", accept)
    assert (ticket.clock("reply").met_at, ticket.clock("reply").breached_at) == (on("12-03 09:59"), None)
    assert ticket.told("clock.breached") == []


def test_who_replies_in_the_last_minute_has_a_minute_when_it_is_sent_back() -> None:
    ticket = replied("12-03 09:59")
    ticket.do("12-03 10:30", "M01", send_back)
    ticket.time_passes("12-03 10:32")
    assert ticket.clock("reply").breached_at == on("12-03 10:31") + TICK


def test_who_was_late_is_late_when_it_is_sent_back() -> None:
    ticket = replied("12-03 10:30")
    ticket.do("12-04 10:30", "M01", send_back)
    clock = ticket.clock("reply")
    assert (clock.due_at, clock.breached_at) == (on("12-03 10:00"), on("12-03 10:00") + TICK)


def test_a_new_policy_moves_nothing_that_runs() -> None:
    day = TimeLimit(length=timedelta(hours=24))
    second = policy(version=2, replies={**SHIPPED.policy.replies, DemandType.COMPLAINT: day})
    ticket = OneTicket(registered="12-01 09:59")
    ticket.dispatched("12-01 10:00", "M01")
    ticket.do("12-01 10:10", "M01", sign)
    ticket.rules = ticket.world.case_rules = CaseRules(policy=second, earlier={1: SHIPPED.policy})
    ticket.do("12-01 12:01", "M01", lambda case, task: case.pause(task, "weather", None))
    ticket.do("12-01 13:01", "M01", lambda case, task: case.resume(task))
    assert (ticket.clock("reply").policy, ticket.clock("reply").due_at) == (1, on("12-03 11:00"))
    later = OneTicket(registered="12-01 12:00", rules=ticket.rules)
    later.dispatched("12-01 12:01", "M01")
    assert (later.clock("reply").policy, later.clock("reply").due_at) == (2, on("12-02 12:01"))
    ticket.do("12-01 14:00", "M01", reply)
    ticket.answered("12-01 14:05")
    ticket.whole("12-01 15:00", CaseVerb.REOPEN, reason="not_solved")
    assert (ticket.clock("reply").policy, ticket.clock("reply").due_at) == (2, on("12-02 15:00"))


@pytest.mark.parametrize("reason", ["litigation", "arbitration", "discipline", "reconsideration", "petition"])
def test_what_others_decide_by_law_is_told_and_no_clock_is_left_running(reason: str) -> None:
    ticket = OneTicket()
    ticket.dispatched("12-01 10:00", "M01")
    ticket.time_passes("12-01 10:31")
    ticket.whole("12-01 11:00", CaseVerb.INFORM, reason=reason)
    assert (ticket.ticket.status, ticket.task("M01").status) == ("informed", "cancelled")
    assert [clock.kind for clock in (*ticket.clocks("sign"), *ticket.clocks("reply")) if not clock.ended] == []
    assert ticket.clock("sign").breached_at == on("12-01 10:30") + TICK
