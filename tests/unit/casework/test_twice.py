"""What is told twice is done once: a second click, a second delivery, two officers with one thought."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from gateway.casework.case_work import CaseVerb
from gateway.casework.task_work import WorkOnTask
from gateway.domain.case.case import Offer
from gateway.domain.command import Applied
from gateway.domain.task_status import Role, TaskVerb
from tests.support.casework import OneTicket, give_back, on, reply, sign

pytestmark = pytest.mark.unit
BEFORE: dict[TaskVerb, list[Any]] = {
    TaskVerb.UPHOLD: [give_back("not_our_duty")],
    TaskVerb.ACCEPT: [give_back("not_our_duty")],
    TaskVerb.EXTEND: [sign],
    TaskVerb.PAUSE: [sign],
    TaskVerb.RESUME: [sign, lambda case, task: case.pause(task, "weather", None)],
    TaskVerb.SEND_BACK: [reply],
}
TAKES: dict[TaskVerb, dict[str, Any]] = {
    TaskVerb.EXTEND: {"reason": "materials", "until": on("12-04 09:00")},
    TaskVerb.REASSIGN: {"reason": "wrong_unit", "to": Offer(task_id="k2", unit="M07", role=Role.LEAD)},
    TaskVerb.RETURN: {"reason": "not_our_duty"},
    TaskVerb.PAUSE: {"reason": "weather"},
    TaskVerb.SEND_BACK: {"reason": "incomplete"},
}


def told(ticket: OneTicket, verb: TaskVerb, at: datetime) -> Applied:
    return WorkOnTask(
        at=at, actor="user:li", ticket_id="t", task_id="k-M01", verb=verb, note_id="n7", **TAKES.get(verb, {})
    ).decide(ticket.world)


@pytest.mark.parametrize("verb", [one for one in TaskVerb if one is not TaskVerb.REPLY])
def test_a_verb_done_twice_changes_nothing_the_second_time(verb: TaskVerb) -> None:
    ticket = OneTicket()
    ticket.dispatched("12-01 09:00", "M01")
    for nth, step in enumerate(BEFORE.get(verb, [])):
        ticket.do(f"12-01 09:0{nth + 1}", "M01", step)
    assert not told(ticket, verb, on("12-01 09:10")).skipped
    events = len(ticket.ticket.journal.entries)
    assert told(ticket, verb, on("12-01 09:20")).skipped
    assert len(ticket.ticket.journal.entries) == events


@pytest.mark.parametrize(
    ("verb", "reason"), [(CaseVerb.INFORM, "petition"), (CaseVerb.DEFLECT, "110"), (CaseVerb.ARCHIVE, "evaluated")]
)
def test_what_ends_a_case_ends_it_once(verb: CaseVerb, reason: str) -> None:
    ticket = OneTicket()
    if verb is CaseVerb.ARCHIVE:
        ticket.answered("12-01 09:30")
        ticket.whole("12-01 09:40", CaseVerb.EVALUATE, satisfied=5)

    assert not ticket.whole("12-01 10:00", verb, reason=reason).skipped
    events = len(ticket.ticket.journal.entries)
    assert ticket.whole("12-01 10:00", verb, reason=reason).skipped
    assert len(ticket.ticket.journal.entries) == events


def test_asking_twice_for_the_same_time_asks_once() -> None:
    ticket = OneTicket()
    ticket.dispatched("12-01 09:00", "M01")
    ticket.do("12-01 09:04", "M01", sign)
    ticket.do("12-01 09:05", "M01", lambda case, task: case.ask_extension(task, on("12-04 09:00"), "materials", None))
    assert told(ticket, TaskVerb.EXTEND, on("12-01 09:10")).skipped
    assert len(ticket.clocks("approve")) == 1
