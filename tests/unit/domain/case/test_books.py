"""挂账 recounted from events: whatever is done in whatever order, the list of each instant is what stood there."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.case.books import OverdueClock
from gateway.domain.case.case import Case, Offer
from gateway.domain.case.closing import Closing
from gateway.domain.case.rules_in_force import BY_PLAN
from gateway.domain.events import CaseDispatched
from gateway.domain.form import Form
from gateway.domain.ids import from_rfc3339, rfc3339
from gateway.domain.journal import Journal, Recorded
from gateway.domain.task_status import Role
from gateway.domain.ticket import Ticket
from gateway.errors import GatewayError
from tests.support.books import overdue_at

pytestmark = pytest.mark.unit
NINE = datetime(2026, 11, 30, 1, tzinfo=UTC)
VERBS = ("sign", "return", "uphold", "returned", "pause", "resume", "extend", "reply", "send_back", "supervise", "fire")
STEPS = st.lists(
    st.tuples(st.sampled_from(VERBS), st.sampled_from(("M01", "M02")), st.integers(1, 3000)), min_size=1, max_size=25
)


def entry(recorded: Recorded) -> Mapping[str, Any]:
    event = recorded.event
    return {
        "event_seq": recorded.event_seq,
        "type": event.TYPE,
        "at": rfc3339(event.at),
        "ticket_id": recorded.ticket_id,
        "data": event.data(),
    }


def do(ticket: Ticket, verb: str, unit: str, now: datetime) -> None:
    """One verb at one instant; a refusal alters nothing."""
    case = Case(ticket, now, "user:li", BY_PLAN)
    try:
        task = case.task(f"k-{unit}")
        match verb:
            case "sign":
                case.sign(task)
            case "return":
                case.ask_return(task, "not_ours", None, None)
            case "uphold":
                case.uphold(task, None)
            case "returned":
                case.returned(task)
            case "pause":
                case.pause(task, "rain", None)
            case "resume":
                case.resume(task)
            case "extend":
                case.extend(task, now + timedelta(hours=72), "parts", None)
            case "reply":
                case.reply(task, "n", solved=True)
            case "send_back":
                case.send_back(task, "again", None)
            case "supervise":
                Closing(case, ticket, now, "user:wang").supervise("late", None)
    except GatewayError:
        pass


def fire(ticket: Ticket, now: datetime) -> None:
    """Everything that is due."""
    for clock in list(ticket.form.handling.clocks):
        if clock.next_at is not None and from_rfc3339(clock.next_at) <= now:
            Case(ticket, now, "system", BY_PLAN).clocks.fire(clock.clock_id, from_rfc3339(clock.next_at))


def standing(ticket: Ticket) -> dict[str, tuple[Any, ...]]:
    """What is overdue by the ticket's own clocks."""
    return {
        one.clock_id: (one.kind, one.task_id, one.unit, one.due_at, one.breached_at)
        for one in ticket.form.handling.clocks
        if one.breached_at and not one.met_at and not one.stopped_at
    }


def shown(listed: list[OverdueClock]) -> dict[str, tuple[Any, ...]]:
    return {
        one.clock_id: (one.kind, one.task_id, one.unit, rfc3339(one.due_at), rfc3339(one.overdue_since))
        for one in listed
    }


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_the_list_of_every_instant_is_what_stood_there_then(steps: list[tuple[str, str, int]]) -> None:
    journal = Journal(0)
    ticket = Ticket(
        journal=journal, ticket_id="t", channel="sip", channel_id="hotline", created_at=NINE, form=Form(), new=True
    )
    decided = CaseDispatched(
        at=NINE, stage="function", rule="r", trace=["function:r"], directory="directory:1", policy="policy:0"
    )
    offers = [
        Offer(task_id="k-M01", unit="M01", role=Role.LEAD),
        Offer(task_id="k-M02", unit="M02", role=Role.JOINT),
    ]
    Case(ticket, NINE, "user:li", BY_PLAN).dispatch(decided, offers)
    now, kept = NINE, [(NINE, standing(ticket))]
    for verb, unit, minutes in steps:
        now += timedelta(minutes=minutes)
        do(ticket, verb, unit, now)
        fire(ticket, now)
        kept.append((now, standing(ticket)))
    events = [entry(one) for one in journal.entries]
    for at, stood in kept:
        assert shown(overdue_at(events, at)) == stood
        assert shown(overdue_at(events, at, "M02")) == {key: one for key, one in stood.items() if one[2] == "M02"}


def test_supervision_counts_from_the_breach_on() -> None:
    breached = {"handling.clocks.c.kind": [None, "reply"], "handling.clocks.c.due_at": [None, rfc3339(NINE)]}
    breached["handling.clocks.c.breached_at"] = [None, rfc3339(NINE + timedelta(milliseconds=1))]

    def event(kind: str, hours: float, changed: Mapping[str, Any] | None = None) -> Mapping[str, Any]:
        at = rfc3339(NINE + timedelta(hours=hours))
        return {"event_seq": 0, "type": kind, "at": at, "ticket_id": "t", "data": {"changed": dict(changed or {})}}

    events = [
        event("case.supervised", -1),
        event("clock.breached", 0.1, breached),
        event("case.supervised", 2),
        event("case.supervised", 3),
    ]
    (one,) = overdue_at(events, NINE + timedelta(hours=5))
    assert (one.supervised, one.supervised_at) == (2, NINE + timedelta(hours=3))
    (one,) = overdue_at(events, NINE + timedelta(hours=1))
    assert (one.supervised, one.supervised_at) == (0, None)
    assert overdue_at(events, NINE) == []
