"""Tasks of a ticket, and the stage that follows from them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from gateway.domain.case.case import Case, Offer
from gateway.domain.case.rules_in_force import BY_PLAN
from gateway.domain.case.stage import stage
from gateway.domain.events import CaseDispatched
from gateway.domain.fold import coded_state, recounted
from gateway.domain.form import Form, UnitTask
from gateway.domain.journal import Journal
from gateway.domain.status import Status
from gateway.domain.task_status import NEXT, Role, TaskStatus, TaskVerb
from gateway.domain.ticket import Ticket
from gateway.errors import Conflict, GatewayError, StaleVersion

pytestmark = pytest.mark.unit
NINE = datetime(2026, 11, 30, 1, tzinfo=UTC)
RULES = BY_PLAN
UNITS = ("M01", "M02", "M03", "T01")


def new_ticket() -> Ticket:
    return Ticket(
        journal=Journal(0), ticket_id="t", channel="sip", channel_id="hotline", created_at=NINE, form=Form(), new=True
    )


def decided(at: datetime) -> CaseDispatched:
    return CaseDispatched(
        at=at, stage="function", rule="water", trace=["function:water"], directory="directory:1", policy="policy:1"
    )


def dispatched(*units: str, ticket: Ticket | None = None, at: datetime = NINE) -> Ticket:
    ticket = ticket or new_ticket()
    offers = [
        Offer(task_id=f"k-{unit}", unit=unit, role=Role.JOINT if nth else Role.LEAD) for nth, unit in enumerate(units)
    ]
    Case(ticket, at, "agent:li", RULES).dispatch(decided(at), offers)
    return ticket


def test_every_state_but_the_gone_ones_leads_somewhere() -> None:
    assert {before for before, after in NEXT.items() if not after} == {TaskStatus.RETURNED, TaskStatus.CANCELLED}
    reached = {TaskStatus.OFFERED} | {after for ways in NEXT.values() for after in ways.values()}
    assert reached == set(TaskStatus)


def test_the_first_signature_signs_the_ticket_and_one_unit_never_conflicts_with_another() -> None:
    ticket = dispatched("M01", "M02")
    case = Case(ticket, NINE, "unit:M01", RULES)
    mine, theirs = case.task("k-M01", 1), case.task("k-M02", 1)
    case.sign(mine)
    assert ticket.status is Status.SIGNED
    case = Case(ticket, NINE, "unit:M02", RULES)
    case.respond(case.task("k-M02", theirs.version), None)
    assert ticket.status is Status.HANDLING
    with pytest.raises(StaleVersion):
        case.task("k-M01", mine.version)


def test_a_return_for_a_reason_that_was_decided_is_final() -> None:
    ticket = dispatched("M01")
    case = Case(ticket, NINE, "unit:M01", RULES)
    case.ask_return(case.task("k-M01"), "not_ours", None, "这不是我们的职责")
    Case(ticket, NINE, "agent:li", RULES).uphold(case.task("k-M01"), None)
    assert ticket.form.handling.units[0].returns[0].upheld
    with pytest.raises(Conflict, match="decided about this reason"):
        case.ask_return(case.task("k-M01"), "not_ours", None, "还是不是")
    case.ask_return(case.task("k-M01"), "other_town", None, None)
    assert [one.rule for one in ticket.form.handling.units[0].returns] == ["not_ours", "other_town"]


def test_who_is_taken_a_task_away_keeps_what_it_did_and_the_next_one_leads() -> None:
    ticket = dispatched("M01")
    case = Case(ticket, NINE + timedelta(hours=1), "agent:li", RULES)
    to = Offer(task_id="k-M03", unit="M03", role=Role.LEAD)
    case.reassign(case.task("k-M01"), to, "wrong_unit", None, "directory:1")
    first, second = ticket.form.handling.units
    assert (first.status, second.status, ticket.form.handling.lead_unit) == ("cancelled", "offered", "M03")
    assert ticket.status is Status.DISPATCHED


@pytest.mark.parametrize("status", sorted(TaskStatus))
def test_the_stage_of_an_answered_or_closed_ticket_is_not_moved_by_tasks(status: TaskStatus) -> None:
    for given in set(Status) - {
        Status.REGISTERED,
        Status.CLASSIFIED,
        Status.DISPATCHED,
        Status.SIGNED,
        Status.HANDLING,
    }:
        assert stage(given, [UnitTask("k", status=status.value)], classified=True) is given


class Units(RuleBasedStateMachine):
    """Whatever is done in whatever order, a refusal alters nothing and the state is the fold of the events."""

    def __init__(self) -> None:
        super().__init__()
        self.ticket, self.now, self.made = new_ticket(), NINE, 0

    @rule(units=st.lists(st.sampled_from(UNITS), min_size=1, max_size=3, unique=True))
    def dispatch(self, units: list[str]) -> None:
        offers = []
        for nth, unit in enumerate(units):
            self.made += 1
            offers.append(Offer(task_id=f"k{self.made}", unit=unit, role=Role.JOINT if nth else Role.LEAD))
        self.tried(lambda case: case.dispatch(decided(self.now), offers))

    @precondition(lambda self: self.ticket.form.handling.units)
    @rule(verb=st.sampled_from(sorted(TaskVerb)), data=st.data(), reason=st.sampled_from(["not_ours", "other_town"]))
    def act(self, verb: TaskVerb, data: st.DataObject, reason: str) -> None:
        task_id = data.draw(st.sampled_from([one.task_id for one in self.ticket.form.handling.units]))
        self.made += 1
        to = Offer(task_id=f"k{self.made}", unit=data.draw(st.sampled_from(UNITS)), role=Role.LEAD)
        until = self.now + timedelta(days=1)

        def do(on: Case) -> None:
            task = on.task(task_id)
            match verb:
                case TaskVerb.SIGN:
                    on.sign(task)
                case TaskVerb.RESPOND:
                    on.respond(task, None)
                case TaskVerb.ARRIVE:
                    on.arrive(task, "n1")
                case TaskVerb.RETURN:
                    on.ask_return(task, reason, "n2", "words")
                case TaskVerb.UPHOLD:
                    on.uphold(task, None)
                case TaskVerb.REASSIGN:
                    on.reassign(task, to, "wrong_unit", None, "directory:1")
                case TaskVerb.EXTEND:
                    on.extend(task, until, reason, None)
                case TaskVerb.PAUSE:
                    on.pause(task, "weather", None)
                case TaskVerb.RESUME:
                    on.resume(task)
                case TaskVerb.REPLY:
                    on.reply(task, "n3", solved=True)
                case TaskVerb.ACCEPT if task.status == TaskStatus.RETURNING:
                    on.returned(task)
                case TaskVerb.ACCEPT:
                    on.accept(task)
                case TaskVerb.SEND_BACK:
                    on.send_back(task, "incomplete", None)

        self.tried(do)

    @rule()
    def cancel(self) -> None:
        self.tried(lambda case: case.cancel())

    def tried(self, do: Callable[[Case], object]) -> None:
        self.now += timedelta(minutes=7)
        before, told = coded_state(self.ticket, ()), len(self.ticket.journal.entries)
        try:
            do(Case(self.ticket, self.now, "agent:li", RULES))
        except GatewayError as error:
            if "a ticket that is" in str(error):
                raise
            assert (coded_state(self.ticket, ()), len(self.ticket.journal.entries)) == (before, told)

    @invariant()
    def the_state_is_the_fold_of_the_events(self) -> None:
        events = [(None, one.event) for one in self.ticket.journal.entries]
        assert recounted(events) == coded_state(self.ticket, ())

    @invariant()
    def the_stage_follows_from_the_tasks(self) -> None:
        units = self.ticket.form.handling.units
        assert self.ticket.status is stage(self.ticket.status, units, classified=False)
        if any(one.status == TaskStatus.SIGNED for one in units):
            assert self.ticket.status in {Status.SIGNED, Status.HANDLING}


TestUnits = Units.TestCase
TestUnits.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
