"""What was closed and is open again, what two officers do at once, what units lead: nothing is left that nobody has."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.casework.dispatch import DispatchTicket
from gateway.casework.task_work import WorkOnTask
from gateway.domain.case.case import Offer
from gateway.domain.case.reported import CaseReport, Reported, take_report
from gateway.domain.case.verbs import CaseVerb
from gateway.domain.command import Applied
from gateway.domain.task_status import Role, TaskVerb
from gateway.errors import Conflict
from tests.support.casework import SHIPPED, OneTicket, give_back, on, reply, sign

pytestmark = pytest.mark.unit
ELSEWHERE = replace(SHIPPED, policy=replace(SHIPPED.policy, gives_out=False))


def offered(ticket: OneTicket, at: str, unit: str, role: Role = Role.LEAD) -> Applied:
    """The centre names a unit."""
    return DispatchTicket(
        at=on(at),
        actor="user:li",
        ticket_id="t",
        offers=(Offer(task_id=f"k2-{unit}", unit=unit, role=role),),
        stage="centre",
        directory="directory:1",
        policy="policy:1",
    ).decide(ticket.world)


def task_work(ticket: OneTicket, at: str, verb: TaskVerb, **more: object) -> Applied:
    return WorkOnTask(
        at=on(at),
        actor="user:li",
        ticket_id="t",
        task_id="k-M01",
        verb=verb,
        note_id="n1",
        **more,  # type: ignore[arg-type]
    ).decide(ticket.world)


def without_lead() -> OneTicket:
    """M01 led and gave it back, M02 helps."""
    ticket = OneTicket()
    ticket.dispatched("12-01 10:00", "M01", "M02")
    ticket.do("12-01 10:10", "M01", give_back("not_ours"))
    ticket.do("12-01 10:20", "M01", lambda case, task: case.returned(task))
    return ticket


def test_what_waited_for_the_centre_when_it_was_informed_waits_for_it_again() -> None:
    ticket = OneTicket()
    ticket.case("12-01 09:10").undecided("unclear")
    ticket.whole("12-01 09:20", CaseVerb.INFORM, reason="petition")
    assert ticket.ticket.form.handling.undecided_since is None
    ticket.whole("12-01 10:00", CaseVerb.REOPEN, reason="not_solved")
    assert ticket.ticket.form.handling.undecided_since == "2026-12-01T02:00:00.000Z"
    assert ticket.clock("decide").due_at == on("12-01 12:00")


def test_so_does_what_was_put_away() -> None:
    ticket = OneTicket(type="praise")
    ticket.case("12-01 09:10").undecided("unclear")
    ticket.whole("12-01 09:20", CaseVerb.ARCHIVE, reason="no_evaluation_needed")
    assert ticket.ticket.form.handling.undecided_since is None
    ticket.whole("12-01 10:00", CaseVerb.REOPEN, reason="not_solved")
    assert not ticket.clock("decide").ended


def test_what_is_reopened_and_led_by_nobody_is_for_the_centre_to_give() -> None:
    ticket = without_lead()
    ticket.do("12-01 11:00", "M02", reply)
    ticket.answered("12-01 12:00")
    ticket.whole("12-01 13:00", CaseVerb.REOPEN, reason="not_solved")
    assert ticket.task("M02").status == "sent_back"
    assert not ticket.clock("decide").ended


def test_what_another_system_gives_out_does_not_wait_here_when_it_is_reopened() -> None:
    ticket = OneTicket(rules=ELSEWHERE)
    ticket.answered("12-01 10:00")
    ticket.whole("12-01 11:00", CaseVerb.REOPEN, reason="not_solved")
    handling = ticket.ticket.form.handling
    assert (ticket.ticket.status, handling.undecided_since, ticket.clocks("decide")) == ("handling", None, [])
    had = OneTicket(rules=ELSEWHERE)
    had.dispatched("12-01 10:00", "M01")
    had.do("12-01 10:05", "M01", give_back("not_ours"))
    had.do("12-01 10:10", "M01", lambda case, task: case.returned(task))
    had.whole("12-01 10:20", CaseVerb.INFORM, reason="petition")
    had.whole("12-01 11:00", CaseVerb.REOPEN, reason="not_solved")
    assert not had.clock("decide").ended, "it was given out here, and is again"


def test_a_unit_that_helps_can_be_named_to_lead() -> None:
    ticket = without_lead()
    ticket.do("12-01 10:30", "M02", sign)
    assert not offered(ticket, "12-01 10:40", "M02").skipped
    task = ticket.task("M02")
    assert (task.role, task.status, ticket.ticket.form.handling.lead_unit) == ("lead", "signed", "M02")
    assert (ticket.ticket.form.handling.undecided_since, ticket.clock("decide").met_at) == (None, on("12-01 10:40"))
    (event,) = ticket.told("task.leads")
    assert event.changed["handling.units.k-M02.role"] == ["joint", "lead"]
    assert [one.unit for one in ticket.ticket.form.handling.units] == ["M01", "M02"]
    assert offered(ticket, "12-01 10:50", "M02").skipped


def test_a_unit_that_has_finished_is_sent_back_before_it_leads() -> None:
    ticket = without_lead()
    ticket.do("12-01 10:30", "M02", reply)
    with pytest.raises(Conflict, match="M02 has finished"):
        offered(ticket, "12-01 10:40", "M02")


def test_a_unit_that_leads_is_named_beside_nobody_twice() -> None:
    ticket = OneTicket()
    ticket.dispatched("12-01 10:00", "M01", "M02")
    assert offered(ticket, "12-01 10:10", "M02", Role.JOINT).skipped
    with pytest.raises(Conflict, match="M01 leads"):
        offered(ticket, "12-01 10:10", "M02")


def test_two_officers_who_give_a_task_to_different_units_are_told() -> None:
    ticket = OneTicket()
    ticket.dispatched("12-01 10:00", "M01")
    to = {unit: Offer(task_id=f"k-{unit}", unit=unit, role=Role.LEAD) for unit in ("M02", "M03")}
    task_work(ticket, "12-01 10:10", TaskVerb.REASSIGN, reason="wrong_unit", to=to["M02"])
    assert task_work(ticket, "12-01 10:11", TaskVerb.REASSIGN, reason="wrong_unit", to=to["M02"]).skipped
    with pytest.raises(Conflict):
        task_work(ticket, "12-01 10:11", TaskVerb.REASSIGN, reason="wrong_unit", to=to["M03"])


def test_a_return_for_another_reason_while_one_is_reviewed_is_none() -> None:
    ticket = OneTicket()
    ticket.dispatched("12-01 10:00", "M01")
    task_work(ticket, "12-01 10:10", TaskVerb.RETURN, reason="not_ours")
    assert task_work(ticket, "12-01 10:11", TaskVerb.RETURN, reason="not_ours").skipped
    with pytest.raises(Conflict):
        task_work(ticket, "12-01 10:11", TaskVerb.RETURN, reason="other_town")


def test_the_same_judgement_twice_is_one() -> None:
    ticket = OneTicket()
    ticket.answered("12-01 10:00")
    assert not ticket.whole("12-01 11:00", CaseVerb.EVALUATE, satisfied=4).skipped
    assert ticket.whole("12-01 11:00", CaseVerb.EVALUATE, satisfied=4).skipped
    assert not ticket.whole("12-01 11:01", CaseVerb.EVALUATE, satisfied=4, text="还行").skipped
    assert not ticket.whole("12-01 11:02", CaseVerb.EVALUATE, satisfied=5).skipped
    assert [one.satisfied for one in ticket.ticket.form.outcome.evaluations] == [4, 4, 5]


def reported(ticket: OneTicket, at: str, status: Reported, text: str | None = None) -> bool:
    report = CaseReport(status=status, at=on(at), note_id=f"n-{at}", text=text)
    return take_report(report, ticket.ticket, ticket.case(at), on(at), "token:cases")


def test_what_a_case_system_opens_again_is_decided_about_and_nobody_is_asked() -> None:
    ticket = OneTicket()
    ticket.answered("12-01 10:00")
    ticket.whole("12-01 11:00", CaseVerb.EVALUATE, satisfied=1)
    assert reported(ticket, "12-01 12:00", Reported.OPEN)
    assert (ticket.clock("judge").met_at, ticket.clock("visit").ended) == (on("12-01 12:00"), True)
    unasked = OneTicket()
    unasked.answered("12-01 10:00")
    assert reported(unasked, "12-01 12:00", Reported.HANDLING)
    assert unasked.clock("visit").stopped_at == on("12-01 12:00")


def test_the_same_reply_of_a_case_system_is_told_once_and_another_one_is_told() -> None:
    ticket = OneTicket()
    assert reported(ticket, "12-01 10:00", Reported.REPLIED, "修好了")
    assert not reported(ticket, "12-01 11:00", Reported.REPLIED, "修好了")
    assert len(ticket.ticket.form.handling.replies) == 1
    assert reported(ticket, "12-01 12:00", Reported.REPLIED, "又换了一根管子")
    assert (ticket.ticket.status, ticket.ticket.form.handling.reopened) == ("replied", 1)
    assert len(ticket.ticket.form.handling.replies) == 2
    assert ticket.clock("visit").started_at - on("12-01 12:00") == timedelta()


def test_what_a_unit_of_ours_did_and_a_case_system_opens_again_is_the_centres_to_answer() -> None:
    ticket = OneTicket()
    ticket.dispatched("12-01 09:00", "M01")
    ticket.do("12-01 10:00", "M01", lambda case, task: case.reply(task, "n1", "修好了", solved=True))
    assert ticket.ticket.status == "replied"
    assert reported(ticket, "12-01 11:00", Reported.HANDLING)
    assert (ticket.clock("answer").started_at, ticket.clock("answer").ended) == (on("12-01 11:00"), False)
    assert reported(ticket, "12-01 12:00", Reported.REPLIED, "又换了一根管子")
    assert ticket.clock("answer").met_at == on("12-01 12:00")
    assert reported(ticket, "12-01 13:00", Reported.REPLIED, "再换一根")
    assert len(ticket.clocks("answer")) == 1, "what comes with its reply waits for none"
