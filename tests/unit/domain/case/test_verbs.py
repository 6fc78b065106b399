"""What is said to be possible is what can be done, of every stage."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from gateway.domain.case.case import Case, Offer
from gateway.domain.case.closing import Closing, standing_of
from gateway.domain.case.policy import PLAN, ClockKind
from gateway.domain.case.reasons import ConferWay, WhyArchived, WhyInformed
from gateway.domain.case.reported import CaseReport, Reported, take_report
from gateway.domain.case.rules_in_force import BY_PLAN, CaseRules
from gateway.domain.case.verbs import CaseVerb
from gateway.domain.events import CaseDispatched, TicketWithdrawn
from gateway.domain.form import Form, UnitTask
from gateway.domain.journal import Journal
from gateway.domain.task_status import Role, TaskStatus, TaskVerb
from gateway.domain.ticket import Ticket
from gateway.errors import Conflict, RejectedInput

pytestmark = pytest.mark.unit
NINE = datetime(2026, 12, 1, 1, tzinfo=UTC)


class Doing:
    """Whoever does something to a ticket."""

    def __init__(self, ticket: Ticket) -> None:
        self.case = Case(ticket, NINE, "user:li", BY_PLAN)
        self.closing = Closing(self.case, ticket, NINE, "user:li")


STEPS: tuple[tuple[str, Callable[[Doing], object]], ...] = (
    ("registered", lambda on: on),
    ("undecided", lambda on: on.case.undecided("no_row")),
    ("dispatched", lambda on: dispatch(on.case)),
    ("signed", lambda on: on.case.sign(on.case.task("k1"))),
    ("returning", lambda on: on.case.ask_return(on.case.task("k1"), "not_ours", None, None)),
    ("upheld", lambda on: on.case.uphold(on.case.task("k1"), None)),
    ("paused", lambda on: on.case.pause(on.case.task("k1"), "weather", None)),
    ("accepted", lambda on: on.case.reply(on.case.task("k1"), "n1", solved=True)),
    ("replied", lambda on: on.closing.reply("n2", "修好了", "desk")),
    ("evaluated", lambda on: on.closing.evaluate(2, "desk", None)),
    ("reopened", lambda on: on.closing.reopen("not_solved", None)),
    ("again", lambda on: on.case.reply(on.case.task("k1"), "n3", solved=True)),
    ("replied again", lambda on: on.closing.reply("n4", "又修好了", "desk")),
    ("judged again", lambda on: on.closing.evaluate(5, "desk", None)),
    ("archived", lambda on: on.closing.archive(WhyArchived.EVALUATED, UTC)),
)


def dispatch(case: Case, unit: str = "M01", task_id: str = "k1") -> None:
    decided = CaseDispatched(at=NINE, stage="function", trace=["function:named"], directory="directory:1", policy="p")
    case.dispatch(decided, [Offer(task_id=task_id, unit=unit, role=Role.LEAD)])


def until(step: str) -> Ticket:
    """A ticket after ``step``."""
    ticket = Ticket(
        journal=Journal(0), ticket_id="t", channel="sip", channel_id="hotline", created_at=NINE, form=Form(), new=True
    )
    for name, do in STEPS:
        do(Doing(ticket))
        if name == step:
            return ticket
    raise AssertionError(step)


def done(ticket: Ticket, verb: CaseVerb) -> bool:
    """Whether ``verb`` is done to a copy of ``ticket``."""
    ticket = deepcopy(ticket)
    case, closing = (on := Doing(ticket)).case, on.closing

    def archive() -> None:
        refused = [standing_of(ticket, UTC).not_archived(why) for why in WhyArchived]
        closing.archive(list(WhyArchived)[refused.index(None)] if None in refused else WhyArchived.UNREACHABLE, UTC)

    ways: dict[CaseVerb, Callable[[], object]] = {
        CaseVerb.DISPATCH: lambda: case.undecided("no_row"),
        CaseVerb.REPLY: lambda: closing.reply("n9", "好了", "desk"),
        CaseVerb.EVALUATE: lambda: closing.evaluate(5, "desk", None),
        CaseVerb.ARCHIVE: archive,
        CaseVerb.REOPEN: lambda: closing.reopen("not_solved", None),
        CaseVerb.INFORM: lambda: closing.inform(WhyInformed.PETITION, None, None),
        CaseVerb.DEFLECT: lambda: closing.deflect("other_city", None, None),
        CaseVerb.SUPERVISE: lambda: closing.supervise("overdue", None),
        CaseVerb.CONFER: lambda: closing.confer(ConferWay.PHONE, ["M02"], None),
        CaseVerb.WITHDRAW: lambda: ticket.withdraw(TicketWithdrawn(at=NINE, reason="settled")),
    }
    try:
        ways[verb]()
    except Conflict:
        return False
    return True


@pytest.mark.parametrize("step", [name for name, _ in STEPS])
def test_what_is_possible_can_be_done_and_nothing_else(step: str) -> None:
    ticket = until(step)
    assert {verb for verb in CaseVerb if done(ticket, verb)} == set(standing_of(ticket, UTC).possible())


@pytest.mark.parametrize("said", Reported)
def test_what_is_possible_can_be_done_also_when_a_case_system_has_it(said: Reported) -> None:
    ticket = until("registered")
    report = CaseReport(status=said, at=NINE, note_id="n1", text="修好了" if said is Reported.REPLIED else None)
    take_report(report, ticket, Doing(ticket).case, NINE, "token:cases")
    assert ticket.status == ("registered" if said is Reported.OPEN else said)
    assert {verb for verb in CaseVerb if done(ticket, verb)} == set(standing_of(ticket, UTC).possible())


@pytest.mark.parametrize("step", [name for name, _ in STEPS[2:]])
def test_the_verbs_of_a_task_are_those_that_alter_it(step: str) -> None:
    ticket = until(step)
    (task,) = ticket.form.handling.units
    possible = standing_of(ticket, UTC).task_verbs(TaskStatus(task.status))

    def can(verb: TaskVerb) -> bool:
        copied = deepcopy(ticket)
        case = Case(copied, NINE, "user:li", BY_PLAN)
        own = case.task("k1")
        to, later = Offer(task_id="k2", unit="M02", role=Role.LEAD), NINE + timedelta(hours=60)
        ways: dict[TaskVerb, Callable[[UnitTask], object]] = {
            TaskVerb.SIGN: case.sign,
            TaskVerb.RETURN: lambda one: case.ask_return(one, "other_place", None, None),
            TaskVerb.UPHOLD: lambda one: case.uphold(one, None),
            TaskVerb.REASSIGN: lambda one: case.reassign(one, to, "duty", None, None),
            TaskVerb.EXTEND: lambda one: case.extend(one, later, "weather", None),
            TaskVerb.PAUSE: lambda one: case.pause(one, "weather", None),
            TaskVerb.RESUME: case.resume,
            TaskVerb.ARRIVE: lambda one: case.arrive(one, None),
            TaskVerb.RESPOND: lambda one: case.respond(one, None),
            TaskVerb.REPLY: lambda one: case.reply(one, "n5", solved=True),
            TaskVerb.ACCEPT: lambda one: case.returned(one) if one.status == "returning" else case.accept(one),
            TaskVerb.SEND_BACK: lambda one: case.send_back(one, "incomplete", None),
        }
        try:
            ways[verb](own)
        except Conflict:
            return False
        return True

    assert [verb for verb in TaskVerb if can(verb)] == possible


def test_an_extension_happens_once_and_is_not_longer_than_the_policy_allows() -> None:
    ticket = until("signed")
    case = Case(ticket, NINE, "user:li", BY_PLAN)
    due = NINE + timedelta(hours=48)
    with pytest.raises(RejectedInput, match="48 hours at most"):
        case.extend(case.task("k1"), due + timedelta(hours=49), "weather", None)
    case.extend(case.task("k1"), due + timedelta(hours=24), "weather", None)
    with pytest.raises(Conflict, match="extended 1 times"):
        case.ask_extension(case.task("k1"), due + timedelta(hours=25), "weather", None)


@pytest.mark.parametrize(("kept", "hours"), [(frozenset(), 58), (frozenset({ClockKind.REPLY}), 48)])
def test_another_unit_has_the_time_that_the_policy_leaves_it(kept: frozenset[ClockKind], hours: int) -> None:
    ticket, rules = until("signed"), CaseRules(policy=replace(PLAN, keep_on_reassignment=kept))
    later = NINE + timedelta(hours=10)
    case = Case(ticket, later, "user:li", rules)
    case.reassign(case.task("k1"), Offer(task_id="k2", unit="M02", role=Role.LEAD), "duty", None, None)
    (clock,) = case.clocks.running(ClockKind.REPLY)
    assert (clock.unit, clock.due_at - NINE, clock.owned_at) == ("M02", timedelta(hours=hours), later)
    assert ticket.form.handling.units[1].due_at is not None


def test_an_urgent_matter_that_is_reassigned_has_its_half_hour_again() -> None:
    ticket = until("registered")
    ticket.form.demand.urgency.level = "urgent"
    dispatch(Case(ticket, NINE + timedelta(minutes=12), "user:li", BY_PLAN))
    case = Case(ticket, NINE + timedelta(minutes=40), "user:li", BY_PLAN)
    (first,) = case.clocks.running(ClockKind.RESPOND)
    assert (first.due_at - NINE, first.owned_at - NINE) == (timedelta(minutes=30), timedelta(minutes=12))
    case.reassign(case.task("k1"), Offer(task_id="k2", unit="M02", role=Role.LEAD), "duty", None, None)
    (second,) = case.clocks.running(ClockKind.RESPOND)
    assert (second.unit, second.due_at - NINE) == ("M02", timedelta(minutes=70))
    old = next(one for one in ticket.form.handling.clocks if one.clock_id == first.clock_id)
    assert old.breached_at is not None


def test_more_time_that_was_asked_for_is_granted_or_refused() -> None:
    ticket = until("signed")
    due = NINE + timedelta(hours=48)
    case = Case(ticket, NINE, "user:li", BY_PLAN)
    case.ask_extension(case.task("k1"), due + timedelta(hours=24), "weather", None)
    assert TaskVerb.UPHOLD in standing_of(ticket, UTC).task_verbs(TaskStatus.SIGNED, asked=True)
    (approve,) = case.clocks.running(ClockKind.APPROVE)
    case.refuse(case.task("k1"), None)
    (clock,) = case.clocks.running(ClockKind.REPLY)
    assert (clock.due_at, list(case.clocks.running(ClockKind.APPROVE)), approve.unit) == (due, [], None)
    assert (case.task("k1").status, case.task("k1").asked_until) == ("signed", None)
    with pytest.raises(Conflict, match="not asked"):
        case.refuse(case.task("k1"), None)
