"""How long each unit and the centre have had a ticket: nobody's time is left out, and none is counted twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.case.clock import CaseClock, start
from gateway.domain.case.owner_time import own_times
from gateway.domain.case.policy import PLAN, WALL, ClockKind, ClockTerms
from gateway.domain.case.ticket_clocks import clock_shown
from tests.support.casework import SHIPPED, OneTicket, give_back, on, reply

pytestmark = pytest.mark.unit
APPROVING = replace(SHIPPED, policy=replace(SHIPPED.policy, approve_replies=True))
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
NINE = datetime(2026, 12, 1, 1, tzinfo=UTC)
CENTRES = (ClockKind.RESPOND, ClockKind.DECIDE, ClockKind.REVIEW, ClockKind.APPROVE, ClockKind.ANSWER)


def times_of(ticket: OneTicket, until: str) -> dict[str | None, timedelta]:
    """By unit; None: the centre's."""
    handling = ticket.ticket.form.handling
    units: dict[str | None, str | None] = {one.task_id: one.unit for one in handling.units}
    times = own_times(map(clock_shown, handling.clocks), on(until), ticket.rules)
    return {units.get(task_id): time for task_id, time in times.items()}


def test_what_is_urgent_and_not_given_out_the_centre_has() -> None:
    ticket = OneTicket(category="010101")
    ticket.case("12-01 09:00").answer_urgent()
    assert times_of(ticket, "12-01 09:20") == {None: 20 * MINUTE}
    ticket.case("12-01 09:20").undecided("crossed")
    assert times_of(ticket, "12-01 09:30") == {None: 30 * MINUTE}, "two clocks of it are one time"
    ticket.dispatched("12-01 09:30", "M01")
    assert times_of(ticket, "12-01 10:00") == {None: 30 * MINUTE, "M01": 30 * MINUTE}


def test_a_reply_that_waits_for_approval_the_centre_has() -> None:
    ticket = OneTicket(rules=APPROVING)
    ticket.dispatched("12-01 09:00", "M01")
    ticket.do("12-01 10:00", "M01", reply)
    assert times_of(ticket, "12-01 20:00") == {"M01": HOUR, None: 10 * HOUR}
    ticket.do("12-01 20:00", "M01", lambda case, task: case.accept(task))
    assert times_of(ticket, "12-01 21:00") == {"M01": HOUR, None: 11 * HOUR}
    ticket.answered("12-01 21:00")
    assert times_of(ticket, "12-05 09:00") == {"M01": HOUR, None: 11 * HOUR}


def test_what_the_centre_read_for_days_before_it_sent_it_back_stays_the_centres() -> None:
    ticket = OneTicket(rules=APPROVING)
    ticket.dispatched("12-01 09:00", "M01")
    ticket.do("12-01 10:00", "M01", reply)
    ticket.do("12-05 10:00", "M01", lambda case, task: case.send_back(task, "incomplete", None))
    assert times_of(ticket, "12-05 11:00")[None] == 4 * timedelta(days=1)


def test_two_returns_that_are_reviewed_at_once_are_one_time() -> None:
    ticket = OneTicket()
    ticket.dispatched("12-01 09:00", "M01", "M02")
    for unit in ("M01", "M02"):
        ticket.do("12-01 10:00", unit, give_back("not_ours"))
    for unit in ("M01", "M02"):
        ticket.do("12-01 12:00", unit, lambda case, task: case.uphold(task, None))
    assert times_of(ticket, "12-01 13:00") == {"M01": 2 * HOUR, "M02": 2 * HOUR, None: 2 * HOUR}


@st.composite
def clocks_of_the_centre(draw: st.DrawFn) -> CaseClock:
    """One that may begin and end at any time of twenty hours after nine."""
    kind = draw(st.sampled_from(CENTRES))
    terms = ClockTerms(limit=PLAN.limits[kind], calendar=WALL, policy=0)
    begun = NINE + draw(st.integers(0, 20)) * HOUR
    clock = start("c", kind, begun, terms)
    end = begun + draw(st.integers(0, 20)) * HOUR
    match draw(st.sampled_from(["met", "stopped", "runs"])):
        case "met":
            return replace(clock, met_at=end)
        case "stopped":
            return replace(clock, stopped_at=end)
        case _:
            return clock


@given(clocks=st.lists(clocks_of_the_centre(), max_size=6), hours=st.integers(0, 40))
def test_each_hour_in_which_anything_waits_for_the_centre_counts_once(clocks: list[CaseClock], hours: int) -> None:
    until = NINE + hours * HOUR
    found = own_times(clocks, until, SHIPPED).get(None, timedelta())
    assert found <= until - NINE, "never longer than since registration"
    assert found == sum(
        any(one.started_at <= hour < (one.met_at or one.stopped_at or until) for one in clocks)
        for hour in (NINE + nth * HOUR for nth in range(hours))
    ) * timedelta(hours=1)
    assert own_times([*clocks, *clocks], until, SHIPPED).get(None, timedelta()) == found
