"""暂停 that the centre has to approve: asked for, granted, refused, or gone by what the unit does next."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.casework.task_work import WorkOnTask
from gateway.domain.case.clock import TICK
from gateway.domain.case.rules_in_force import CaseRules
from gateway.domain.command import Applied
from gateway.domain.fold import coded_state, recounted
from gateway.domain.task_status import TaskVerb
from gateway.errors import Conflict
from tests.support.casework import SHIPPED, OneTicket, on, reply, sign

pytestmark = pytest.mark.unit
ALONE = CaseRules(policy=replace(SHIPPED.policy, approve_pauses=False))


def signed(rules: CaseRules = SHIPPED) -> OneTicket:
    """M01 has until 12-03 10:00."""
    ticket = OneTicket(registered="12-01 09:59", rules=rules)
    ticket.dispatched("12-01 10:00", "M01")
    ticket.do("12-01 10:10", "M01", sign)
    return ticket


def work(ticket: OneTicket, at: str, verb: TaskVerb, *, unit: str | None = "M01", **more: Any) -> Applied:
    """``verb`` on the task of M01; ``unit`` None: by the centre."""
    command = WorkOnTask(
        at=on(at), actor="user:li", unit=unit, ticket_id="t", task_id="k-M01", verb=verb, note_id="n1", **more
    )
    return command.decide(ticket.world)


def asked() -> OneTicket:
    ticket = signed()
    work(ticket, "12-01 12:00", TaskVerb.PAUSE, reason="weather")
    return ticket


def test_a_pause_is_asked_for_and_time_counts_until_it_is_granted() -> None:
    ticket = asked()
    task = ticket.task("M01")
    assert (task.status, task.asked_pause, ticket.clock("reply").paused_at) == ("signed", "weather", None)
    assert ticket.clock("approve").due_at == on("12-02 12:00")
    (event,) = ticket.told("task.pause_asked")
    assert (event.reason, event.changed["handling.units.k-M01.asked_pause"]) == ("weather", [None, "weather"])
    work(ticket, "12-01 14:00", TaskVerb.PAUSE, unit=None, reason="weather")
    task = ticket.task("M01")
    assert (task.status, task.asked_pause, ticket.clock("approve").met_at) == ("paused", None, on("12-01 14:00"))
    work(ticket, "12-01 16:00", TaskVerb.RESUME)
    assert ticket.clock("reply").due_at == on("12-03 12:00")


def test_a_refused_pause_leaves_the_limit() -> None:
    ticket = asked()
    work(ticket, "12-01 14:00", TaskVerb.UPHOLD, unit=None)
    task = ticket.task("M01")
    assert (task.status, task.asked_pause, ticket.clock("approve").met_at) == ("signed", None, on("12-01 14:00"))
    assert len(ticket.told("task.pause_refused")) == 1
    assert ticket.clock("reply").due_at == on("12-03 10:00")
    with pytest.raises(Conflict):
        work(ticket, "12-01 14:01", TaskVerb.UPHOLD, unit=None)


def test_where_the_policy_asks_nobody_the_unit_pauses_alone() -> None:
    ticket = signed(ALONE)
    work(ticket, "12-01 12:00", TaskVerb.PAUSE, reason="weather")
    assert (ticket.task("M01").status, ticket.clocks("approve")) == ("paused", [])


def test_the_same_wish_once_more_is_none_and_another_one_waits_for_the_centre() -> None:
    ticket = asked()
    assert work(ticket, "12-01 12:05", TaskVerb.PAUSE, reason="weather").skipped
    with pytest.raises(Conflict, match="decide"):
        work(ticket, "12-01 12:06", TaskVerb.PAUSE, reason="materials")
    with pytest.raises(Conflict, match="decide"):
        work(ticket, "12-01 12:06", TaskVerb.EXTEND, reason="materials", until=on("12-04 10:00"))
    assert len(ticket.clocks("approve")) == 1


def test_more_time_that_is_asked_for_twice_is_one_wish_of_the_later_instant() -> None:
    ticket = signed()
    for until in ("12-03 12:00", "12-03 14:00"):
        work(ticket, "12-01 12:00", TaskVerb.EXTEND, reason="materials", until=on(until))
    assert ticket.task("M01").asked_until == "2026-12-03T06:00:00.000Z"
    assert len(ticket.clocks("approve")) == 1


@pytest.mark.parametrize("verb", [TaskVerb.REPLY, TaskVerb.RETURN])
@pytest.mark.parametrize("wish", [TaskVerb.PAUSE, TaskVerb.EXTEND])
def test_who_replies_or_returns_wishes_for_nothing_more(verb: TaskVerb, wish: TaskVerb) -> None:
    ticket = signed()
    until = on("12-03 12:00") if wish is TaskVerb.EXTEND else None
    work(ticket, "12-01 12:00", wish, reason="weather", until=until)
    work(ticket, "12-01 13:00", verb, reason="not_ours", text="办好了")
    task = ticket.task("M01")
    assert (task.asked_until, task.asked_pause) == (None, None)
    assert ticket.clock("approve").stopped_at == on("12-01 13:00")
    with pytest.raises(Conflict):
        ticket.case("12-01 13:01").refuse(task, None)


def test_a_ticket_that_is_withdrawn_leaves_no_wish() -> None:
    ticket = asked()
    ticket.case("12-01 13:00").cancel()
    assert (ticket.task("M01").asked_pause, ticket.clock("approve").ended) == (None, True)


def test_a_pause_that_is_granted_over_the_limit_takes_back_no_breach() -> None:
    ticket = asked()
    ticket.time_passes("12-03 10:01")
    work(ticket, "12-03 11:00", TaskVerb.PAUSE, unit=None, reason="weather")
    work(ticket, "12-03 15:00", TaskVerb.RESUME)
    assert ticket.clock("reply").breached_at == on("12-03 10:00") + TICK
    ticket.do("12-03 16:00", "M01", reply)
    assert ticket.clock("reply").breached_at == on("12-03 10:00") + TICK


def test_the_state_is_the_fold_of_the_events() -> None:
    before = coded_state(OneTicket(registered="12-01 09:59").ticket, ())
    ticket = asked()
    assert recounted(((None, one.event) for one in ticket.ticket.journal.entries), before) == coded_state(
        ticket.ticket, ()
    )
