"""A ticket that was merged by mistake is one of its own again, where it stood."""

from __future__ import annotations

import pytest

from gateway.domain.case.verbs import CaseVerb
from gateway.domain.fold import coded_state, recounted
from gateway.domain.form import Filled, Routing
from gateway.domain.status import Status
from gateway.domain.ticket import Ticket
from gateway.intake.ticket.correct import CorrectTicket
from gateway.intake.ticket.merge import MergeTicket
from tests.support.casework import OneTicket, on, reply, sign

pytestmark = pytest.mark.unit


def merged(ticket: OneTicket, at: str, *, undo: bool = False) -> Ticket:
    """It goes into another one, or comes back."""
    world, own = ticket.world, ticket.ticket
    head = world.tickets.get("head") or Ticket(
        journal=world.journal,
        ticket_id="head",
        channel="web",
        channel_id="web",
        created_at=own.created_at,
        new=True,
        form=type(own.form)(),
    )
    world.tickets["head"] = head
    MergeTicket(at=on(at), actor="user:li", ticket_id="t", head="head", version=own.version, undo=undo).decide(world)
    return own


def confirm(ticket: OneTicket, at: str) -> None:
    """A person says that the category is right."""
    guess = Filled(ticket.category, "rules", None, 0.9, "user:li")
    entries = {"demand.category": guess}
    told = ("demand.category",)
    CorrectTicket(at=on(at), actor="user:li", ticket_id="t", entries=entries, told=told).decide(ticket.world)


def answered() -> OneTicket:
    """A unit replied, and so did the centre."""
    ticket = OneTicket()
    ticket.dispatched("12-01 10:00", "M01")
    ticket.do("12-01 11:00", "M01", reply)
    ticket.answered("12-01 12:00")
    return ticket


def back(ticket: OneTicket, *, into: str = "12-02 09:00", out: str = "12-02 10:00") -> str:
    """Its status after it was merged and came back; all that happened to it since is told."""
    before, since = coded_state(ticket.ticket, ()), len(ticket.ticket.journal.entries)
    merged(ticket, into)
    assert ticket.ticket.status == "merged"
    own = merged(ticket, out, undo=True)
    told = [one.event for one in own.journal.entries[since:] if one.ticket_id == "t"]
    assert recounted([(None, event) for event in told], before) == coded_state(own, ())
    return own.status.value


def test_what_nobody_had_begun_with_is_registered_again() -> None:
    assert back(OneTicket()) == "registered"


def test_what_a_case_system_said_without_tasks_here_comes_back() -> None:
    ticket = OneTicket()
    ticket.ticket.status = Status.HANDLING
    assert back(ticket) == "handling"
    assert ticket.ticket.form.handling.undecided_since is None


def test_what_a_person_classified_meanwhile_is_classified() -> None:
    ticket = OneTicket(category="0402")
    merged(ticket, "12-02 09:00")
    confirm(ticket, "12-02 09:30")
    assert ticket.ticket.status == "merged"
    assert merged(ticket, "12-02 10:00", undo=True).status == "classified"


def test_what_was_classified_and_only_waited_waits_again_and_is_not_undecided() -> None:
    ticket = OneTicket(category="0402")
    confirm(ticket, "12-01 09:05")
    ticket.case("12-01 09:10").give_out()
    assert back(ticket) == "classified"
    assert (ticket.ticket.form.handling.undecided_since, ticket.told("case.undecided")) == (None, [])
    assert ticket.clock("decide").due_at == on("12-02 12:00")
    assert not ticket.clock("decide").ended


def test_what_nobody_follows_from_is_undecided_again() -> None:
    ticket = OneTicket(category="0402")
    ticket.case("12-01 09:10").undecided("crossed", [Routing(stage="function", rule="named", units=["M01", "M02"])])
    assert back(ticket) == "classified"
    assert ticket.ticket.form.handling.undecided_since is not None


def test_what_was_opened_again_without_a_unit_is_undecided_again() -> None:
    ticket = OneTicket(category="0402")
    ticket.answered("12-01 10:00")
    ticket.whole("12-01 11:00", CaseVerb.REOPEN, reason="not_solved")
    assert back(ticket) == "classified"
    assert ticket.ticket.form.handling.undecided_since is not None


def test_units_that_lost_it_do_not_have_it_again_the_centre_decides() -> None:
    ticket = OneTicket()
    ticket.dispatched("12-01 10:00", "M01", "M02")
    ticket.do("12-01 10:05", "M01", sign)
    assert back(ticket) == "classified"
    assert ticket.ticket.form.handling.undecided_since is not None
    assert ticket.clock("decide").due_at == on("12-02 12:00")


def test_where_only_a_joint_unit_is_left_the_centre_names_who_leads() -> None:
    ticket = OneTicket()
    ticket.dispatched("12-01 10:00", "M01", "M02")
    ticket.do("12-01 11:00", "M02", reply)
    assert back(ticket) == "handling"
    assert ticket.ticket.form.handling.undecided_since is not None


def test_what_was_answered_is_answered_and_its_requester_is_still_asked() -> None:
    ticket = answered()
    assert back(ticket) == "replied"
    assert ticket.clock("visit").ended is False
    assert ticket.clock("visit").started_at == on("12-02 10:00")


def test_of_what_is_evaluated_nobody_asks_again() -> None:
    ticket = answered()
    ticket.whole("12-01 13:00", CaseVerb.EVALUATE, satisfied=5)
    assert back(ticket) == "evaluated"
    assert ticket.clock("visit").ended


def test_discontent_that_was_not_decided_about_is_to_be_decided_after_all() -> None:
    ticket = answered()
    ticket.whole("12-01 13:00", CaseVerb.EVALUATE, satisfied=1)
    assert back(ticket) == "evaluated"
    assert not ticket.clock("judge").ended
    assert len(ticket.told("case.dissatisfied")) == 2
    ticket.whole("12-02 11:00", CaseVerb.SUPERVISE, reason="slow")
    assert back(ticket, into="12-02 12:00", out="12-02 13:00") == "evaluated"
    assert not ticket.clock("judge").ended, "it is still to be reopened or put away"


def test_a_merged_reporter_keeps_their_own_rating() -> None:
    ticket = answered()
    merged(ticket, "12-02 09:00")
    ticket.whole("12-02 09:30", CaseVerb.EVALUATE, satisfied=2)
    assert ticket.ticket.status == "merged"
    own = merged(ticket, "12-02 10:00", undo=True)
    assert own.status == "evaluated"
    assert [one.satisfied for one in own.form.outcome.evaluations] == [2]
    assert not ticket.clock("judge").ended
    assert ticket.world.tickets["head"].form.outcome.evaluations == []
