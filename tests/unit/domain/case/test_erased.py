"""A ticket that was erased: nobody could act on it any more, so it is never in work again and nothing runs for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gateway.casework.case_report import TakeCaseReport
from gateway.casework.dispatch import DispatchTicket, LeaveUndecided
from gateway.domain.case.case import Offer
from gateway.domain.case.closing import Closing
from gateway.domain.case.reported import CaseReport, Reported
from gateway.domain.case.verbs import CaseVerb
from gateway.domain.command import Command
from gateway.domain.status import UNANSWERED, Status
from gateway.domain.task_status import Role
from gateway.domain.ticket import Ticket
from gateway.errors import AlreadyErased, Conflict, GatewayError
from gateway.intake.ticket.end_case import EndCase
from gateway.intake.ticket.merge import MergeTicket
from tests.support.casework import OneTicket, on, reply, sign

pytestmark = pytest.mark.unit
NOW = "12-02 09:00"


def running(ticket: OneTicket) -> list[str]:
    return [one.kind for one in ticket.ticket.form.handling.clocks if one.met_at is None and one.stopped_at is None]


def erased(ticket: OneTicket) -> OneTicket:
    """From now on its person is nobody's to know."""
    ticket.ticket.erased_at = on(NOW)
    EndCase(at=on(NOW), actor="cli:wang", ticket_id="t").decide(ticket.world)
    return ticket


def answered() -> OneTicket:
    ticket = OneTicket()
    ticket.dispatched("12-01 09:05", "M01")
    ticket.do("12-01 09:10", "M01", sign)
    ticket.do("12-01 10:00", "M01", reply)
    ticket.answered("12-01 10:05")
    return ticket


def judged() -> OneTicket:
    ticket = answered()
    ticket.whole("12-01 11:00", CaseVerb.EVALUATE, satisfied=1)
    return ticket


def archived() -> OneTicket:
    ticket = answered()
    ticket.whole("12-01 11:00", CaseVerb.EVALUATE, satisfied=5)
    ticket.whole("12-01 11:05", CaseVerb.ARCHIVE, reason="evaluated")
    return ticket


def informed() -> OneTicket:
    ticket = OneTicket()
    ticket.whole("12-01 09:05", CaseVerb.INFORM, reason="litigation")
    return ticket


def merged(begin: Callable[[], OneTicket] = OneTicket) -> OneTicket:
    ticket = begin()
    ticket.world.tickets["head"] = other(ticket, "head")
    merge = MergeTicket(at=on("12-01 12:00"), actor="user:li", ticket_id="t", head="head", version=0)
    merge.decide(ticket.world)
    return ticket


def other(ticket: OneTicket, ticket_id: str) -> Ticket:
    """Another ticket of the same world, registered only."""
    found = OneTicket().ticket
    found.ticket_id, found.journal = ticket_id, ticket.ticket.journal
    return found


def empty() -> OneTicket:
    ticket = OneTicket()
    ticket.ticket.empty = True
    return ticket


LIVES = (answered, judged, archived, informed, merged, lambda: merged(answered), lambda: merged(judged), empty)


def reported(status: Reported) -> TakeCaseReport:
    report = CaseReport(status=status, at=on("12-02 10:00"), note_id="n5")
    return TakeCaseReport(at=on("12-02 10:00"), actor="system:cases", ticket_id="t", report=report, keys=())


AGAIN: tuple[Command, ...] = (
    *(reported(status) for status in Reported if status is not Reported.REPLIED),
    MergeTicket(at=on("12-02 10:00"), actor="user:li", ticket_id="t", head="head", version=0, undo=True),
    DispatchTicket(
        at=on("12-02 10:00"),
        actor="user:li",
        ticket_id="t",
        offers=(Offer(task_id="k-M07", unit="M07", role=Role.LEAD),),
        stage="centre",
        directory="directory:1",
        policy="policy:1",
    ),
    LeaveUndecided(
        at=on("12-02 10:00"), actor="user:li", ticket_id="t", reason="crossed", steps=(), candidates=("M01",)
    ),
)


@pytest.mark.parametrize("life", LIVES)
def test_nothing_runs_for_it(life: Callable[[], OneTicket]) -> None:
    ticket = erased(life())
    assert running(ticket) == []
    before = len(ticket.ticket.journal.entries)
    EndCase(at=on(NOW), actor="cli:wang", ticket_id="t").decide(ticket.world)
    assert len(ticket.ticket.journal.entries) == before, "once"


def test_the_clocks_of_an_answered_one_stop() -> None:
    assert running(answered()) == ["visit"]
    assert running(judged()) == ["judge"]
    for ticket in (answered(), judged()):
        kind = running(ticket)[0]
        assert erased(ticket).clock(kind).stopped_at == on(NOW)
        assert (ticket.told("clock.stopped")[-1].clock_kind, ticket.told("clock.stopped")[-1].actor) == (
            kind,
            "cli:wang",
        )


@pytest.mark.parametrize("life", LIVES)
def test_whatever_is_tried_it_is_not_in_work_again(life: Callable[[], OneTicket]) -> None:
    tried = 0
    for verb in set(CaseVerb) - {CaseVerb.DISPATCH, CaseVerb.WITHDRAW}:
        for more in ({"satisfied": 1}, {"satisfied": 1, "reason": "not_solved"}, {"reason": "litigation"}):
            ticket = erased(life())
            tried += attempted(ticket, lambda ticket=ticket, verb=verb, more=more: ticket.whole(NOW, verb, **more))  # type: ignore[misc]
    for command in AGAIN:
        ticket = erased(life())
        ticket.world.tickets.setdefault("head", other(ticket, "head"))
        tried += attempted(ticket, lambda ticket=ticket, command=command: command.decide(ticket.world))  # type: ignore[misc]
    ticket = erased(life())
    closing = Closing(ticket.case(NOW), ticket.ticket, on(NOW), "user:li")
    tried += attempted(ticket, lambda: closing.dissatisfied(1, "x"))
    assert tried


def attempted(ticket: OneTicket, what: Callable[[], object]) -> bool:
    """Whether it was done; done or refused, it leaves nobody anything to do."""
    before = ticket.ticket.status
    try:
        what()
    except GatewayError:
        return False
    finally:
        assert running(ticket) == []
        assert before in UNANSWERED or ticket.ticket.status not in UNANSWERED
    return True


@pytest.mark.parametrize("life", [answered, archived, informed])
def test_it_is_not_reopened(life: Callable[[], OneTicket]) -> None:
    ticket = erased(life())
    with pytest.raises(AlreadyErased, match="not in work again"):
        ticket.whole(NOW, CaseVerb.REOPEN, reason="not_solved")
    with pytest.raises(AlreadyErased):
        reported(Reported.HANDLING).decide(answered_by_case_system := erased(answered()).world)
    assert answered_by_case_system.tickets["t"].status is Status.REPLIED


def test_what_was_in_work_when_it_was_merged_stays_merged() -> None:
    ticket = erased(merged())
    with pytest.raises(AlreadyErased):
        MergeTicket(at=on(NOW), actor="user:li", ticket_id="t", head="head", version=0, undo=True).decide(ticket.world)
    assert ticket.ticket.form.related.merged_into == "head"


def test_nothing_is_merged_into_it() -> None:
    ticket = erased(answered())
    ticket.world.tickets["x"] = other(ticket, "x")
    with pytest.raises(Conflict, match="has been erased"):
        MergeTicket(at=on(NOW), actor="user:li", ticket_id="x", head="t", version=0).decide(ticket.world)
    assert ticket.world.tickets["x"].status is Status.REGISTERED
