"""An open case is always somebody's, with a limit: before a unit has it, while it is given back, when all are done."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gateway.casework.await_dispatch import AwaitDispatch
from gateway.casework.dispatch import DispatchTicket
from gateway.casework.task_work import WorkOnTask
from gateway.domain.case.case import Case, Offer
from gateway.domain.case.clock import TICK
from gateway.domain.case.rules_in_force import BY_PLAN, CaseRules
from gateway.domain.case.verbs import CaseVerb
from gateway.domain.form import UnitTask
from gateway.domain.status import Status
from gateway.domain.task_status import Role, TaskVerb
from gateway.domain.ticket import Ticket
from gateway.domain.world import NewTicket
from gateway.errors import Conflict, StaleVersion
from gateway.intake.ticket.correct import CorrectTicket
from gateway.intake.ticket.merge import MergeTicket
from gateway.intake.ticket.withdraw import WithdrawTicket
from tests.support.casework import SHIPPED, OneTicket, give_back, on, reply, sign

pytestmark = pytest.mark.unit
ELSEWHERE = replace(SHIPPED, policy=replace(SHIPPED.policy, gives_out=False))
APPROVING = replace(SHIPPED, policy=replace(SHIPPED.policy, approve_replies=True))


def registered(
    category: str | None, *, empty: bool = False, rules: CaseRules = SHIPPED, hidden: bool = False
) -> OneTicket:
    """A ticket as it is accepted at nine; ``hidden``: who asks wants to stay unknown."""
    one = OneTicket(category=category, rules=rules)
    form = one.ticket.form
    form.requester.anonymous = hidden
    new = NewTicket(
        ticket_id="t", created_at=on("12-01 09:00"), line="citizen", channel="web", channel_id="web", empty=empty,
        requester_id="r", form=form,
    )  # fmt: skip
    told = len(one.world.journal.entries)
    one.ticket = one.world.register(new, on("12-01 09:00"))
    one.world.finish(told, one.world.applied(one.ticket))
    return one


def done(one: OneTicket, command: Any) -> Any:
    """``command`` is decided and finished, as in a batch."""
    told = len(one.world.journal.entries)
    applied = command.decide(one.world)
    one.world.finish(told, applied)
    return applied


def awaits(one: OneTicket, at: str) -> Any:
    return done(one, AwaitDispatch(at=on(at), ticket_id="t"))


def correct(one: OneTicket, at: str, code: str) -> None:
    path = "demand.category"
    done(one, CorrectTicket(at=on(at), actor="user:li", ticket_id="t", values={path: {"code": code}}, told=(path,)))


def merge(one: OneTicket, at: str, *, undo: bool = False) -> None:
    head = Ticket(
        journal=one.world.journal, ticket_id="head", channel="web", channel_id="web", created_at=on("12-01 08:00"),
        form=type(one.ticket.form)(), new=True,
    )  # fmt: skip
    one.world.tickets.setdefault("head", head)
    about: dict[str, Any] = {"at": on(at), "actor": "user:li", "ticket_id": "t", "head": "head"}
    done(one, MergeTicket(**about, version=one.ticket.version, undo=undo))


def running(one: OneTicket) -> list[tuple[str, str | None]]:
    """Kind and task of every clock that has not ended."""
    return [
        (clock.kind or "", clock.task_id)
        for clock in one.ticket.form.handling.clocks
        if clock.met_at is None and clock.stopped_at is None
    ]


# S14: from registration, whether dispatched or not


@pytest.mark.parametrize("hidden", [False, True])
def test_what_is_urgent_is_the_centres_until_a_unit_has_it(hidden: bool) -> None:  # noqa: FBT001 - a parameter
    one = registered("010101", hidden=hidden)
    clock = one.clock("respond")
    assert (clock.task_id, clock.unit, clock.due_at) == (None, None, on("12-01 09:30"))
    one.time_passes("12-01 09:31")
    assert one.clock("respond").breached_at == on("12-01 09:30") + TICK
    assert [to.to for to in one.told("clock.escalated")] == ["unit"]
    one.dispatched("12-01 09:40", "M02")
    assert running(one) == [("respond", "k-M02"), ("reply", "k-M02")]
    assert one.clock("respond").due_at == on("12-01 10:10"), "nobody inherits a breach"
    assert [one.unit for one in one.told("clock.breached")] == [None]


def test_the_unit_has_what_is_left_of_the_half_hour() -> None:
    one = registered("010101")
    one.dispatched("12-01 09:12", "M02", "M07")
    assert [one.clock("respond", unit).due_at for unit in ("M02", "M07")] == [on("12-01 09:30")] * 2
    one.do("12-01 09:20", "M02", lambda case, task: case.respond(task, None))
    one.dispatched("12-01 09:50", "M08", joint=True)
    assert one.clock("respond", "M08").due_at == on("12-01 10:20"), "it was answered in time before it was asked"


def test_what_was_registered_before_its_matter_was_known_to_be_urgent_is_answered_at_once_all_the_same() -> None:
    one = registered("010101", rules=BY_PLAN)
    assert running(one) == []
    one.world.case_rules = SHIPPED
    assert not awaits(one, "12-01 09:05").skipped
    assert running(one) == [("respond", None)]
    assert one.clock("respond").due_at == on("12-01 09:30")
    assert awaits(one, "12-01 09:06").skipped


@pytest.mark.parametrize(
    ("category", "empty", "rules"),
    [("010201", False, SHIPPED), ("010101", True, SHIPPED), ("010101", False, ELSEWHERE)],
)
def test_accepting_starts_no_other_clock(category: str, empty: bool, rules: CaseRules) -> None:  # noqa: FBT001 - a parameter
    assert running(registered(category, empty=empty, rules=rules)) == []


def test_found_urgent_before_a_unit_has_it_or_not_urgent_after_all() -> None:
    one = registered("010201")
    assert not awaits(one, "12-01 09:05").skipped
    assert running(one) == [("decide", None)]
    correct(one, "12-01 09:40", "010101")
    one.time_passes("12-01 09:41")
    assert one.clock("respond").breached_at == on("12-01 09:30") + TICK
    correct(one, "12-01 09:50", "010201")
    assert running(one) == [("decide", None)]
    two = registered("010101")
    correct(two, "12-01 09:10", "010201")
    assert running(two) == [("decide", None)], "it was somebody's, and still is"


def test_given_back_it_is_the_centres_once_more_and_merged_it_is_the_other_tickets() -> None:
    one = registered("010101")
    one.dispatched("12-01 09:05", "M02")
    one.do("12-01 09:10", "M02", give_back("not_ours"))
    one.do("12-01 09:15", "M02", lambda case, task: case.returned(task))
    assert running(one) == [("decide", None), ("respond", None)]
    assert one.clock("respond").due_at == on("12-01 09:30")
    merge(one, "12-01 09:20")
    assert running(one) == []
    assert one.ticket.form.handling.undecided_since is None
    merge(one, "12-01 09:25", undo=True)
    assert sorted(running(one)) == [("decide", None), ("respond", None)]
    assert one.ticket.form.handling.undecided_since is not None


def test_who_takes_it_back_leaves_nothing_undecided() -> None:
    one = registered("010201")
    one.case("12-01 09:10").undecided("crossed")
    done(
        one,
        WithdrawTicket(
            at=on("12-01 09:20"), actor="user:li", ticket_id="t", version=one.ticket.version, reason="settled"
        ),
    )
    assert (one.ticket.form.handling.undecided_since, running(one)) == (None, [])


# S13: nobody has given it out


def test_what_nobody_gives_out_waits_by_a_clock_once() -> None:
    one = registered("010201")
    assert not awaits(one, "12-01 09:05").skipped
    assert awaits(one, "12-01 09:06").skipped
    assert one.clock("decide").due_at == on("12-01 11:05")
    one.dispatched("12-01 09:30", "M02")
    assert one.clock("decide").met_at == on("12-01 09:30")
    assert awaits(one, "12-01 09:31").skipped


def test_what_nobody_follows_from_has_the_whole_time_of_the_decision() -> None:
    one = registered("010201")
    awaits(one, "12-01 09:05")
    one.case("12-01 09:30").undecided("crossed")
    assert running(one) == [("decide", None)]
    assert one.clock("decide").due_at == on("12-01 11:30")


def test_where_another_system_gives_out_nothing_waits_here() -> None:
    assert awaits(registered("010201", rules=ELSEWHERE), "12-01 09:05").skipped
    assert awaits(registered("010201", empty=True), "12-01 09:05").skipped


def test_merged_before_anybody_looked_it_waits_when_it_is_back() -> None:
    one = registered("010201")
    merge(one, "12-01 09:20")
    assert awaits(one, "12-01 09:21").skipped
    merge(one, "12-01 09:25", undo=True)
    assert (one.ticket.status, running(one)) == (Status.REGISTERED, [("decide", None)])


# who leads is decided when it happens


def dispatching(*offers: tuple[str, Role], beside: bool = False) -> DispatchTicket:
    return DispatchTicket(
        at=on("12-01 10:00"),
        actor="user:li",
        ticket_id="t",
        offers=tuple(Offer(task_id=f"k-{unit}", unit=unit, role=role) for unit, role in offers),
        stage="centre",
        directory="directory:1",
        policy="policy:1",
        beside=beside,
    )


def test_where_nobody_leads_nobody_only_helps() -> None:
    one = registered("010201")
    for offers in ([("M02", Role.JOINT)], [("M02", Role.LEAD), ("M07", Role.LEAD)]):
        with pytest.raises(Conflict, match="one unit has to"):
            done(one, dispatching(*offers))
    one.dispatched("12-01 09:00", "M02")
    one.do("12-01 09:10", "M02", give_back("not_ours"))
    one.do("12-01 09:20", "M02", lambda case, task: case.returned(task))
    done(one, dispatching(("M07", Role.LEAD), beside=True))
    assert (one.task("M07").role, one.ticket.form.handling.lead_unit) == ("lead", "M07")
    done(one, dispatching(("M08", Role.LEAD), beside=True))
    assert (one.task("M08").role, one.ticket.form.handling.lead_unit) == ("joint", "M07")


def test_a_unit_takes_over_only_what_the_other_one_was() -> None:
    one = registered("010201")
    one.dispatched("12-01 09:00", "M02", "M07")
    other = WorkOnTask(
        at=on("12-01 10:00"), actor="user:li", ticket_id="t", task_id="k-M02", verb=TaskVerb.REASSIGN, reason="duty",
        note_id="n", to=Offer(task_id="k-M08", unit="M08", role=Role.JOINT),
    )  # fmt: skip
    with pytest.raises(StaleVersion, match="M02 is lead by now"):
        done(one, other)
    assert one.case("12-01 10:00").led_by == "M02"


# S16, S17: the requester hears it


def replies(one: OneTicket, at: str, unit: str) -> None:
    done(
        one,
        WorkOnTask(
            at=on(at), actor=f"user:{unit}", unit=unit, ticket_id="t", task_id=f"k-{unit}", verb=TaskVerb.REPLY,
            text=f"{unit}已修好", note_id=f"n-{unit}",
        ),
    )  # fmt: skip


def test_the_leads_words_given_last_go_on_to_the_requester() -> None:
    one = registered("010201")
    one.dispatched("12-01 09:00", "M02", "M07")
    replies(one, "12-01 10:00", "M07")
    assert one.ticket.status is Status.HANDLING
    replies(one, "12-01 11:00", "M02")
    (told,) = one.told("case.replied")
    assert (told.note_id, told.by, told.actor) == ("n-M02", "unit", "user:M02")
    assert (one.ticket.status, one.ticket.form.outcome.public_reply) == (Status.REPLIED, "M02已修好")
    assert [given.reply_id for given in one.ticket.form.handling.replies] == ["n-M02"]
    assert running(one) == [("visit", None)]
    assert one.clocks("answer") == []


def test_where_another_unit_finishes_last_the_centre_words_it_in_time() -> None:
    one = registered("010201")
    one.dispatched("12-01 09:00", "M02", "M07")
    replies(one, "12-01 10:00", "M02")
    replies(one, "12-01 11:00", "M07")
    assert (one.ticket.status, running(one)) == (Status.HANDLING, [("answer", None)])
    assert one.clock("answer").due_at == on("12-01 15:00")
    one.do("12-01 12:00", "M07", lambda case, task: case.send_back(task, "incomplete", None))
    assert running(one) == [("reply", "k-M07")]
    replies(one, "12-01 13:00", "M07")
    one.answered("12-01 14:00")
    assert (one.clock("answer").met_at, one.clock("answer").breached_at) == (on("12-01 14:00"), None)


def test_a_helper_that_is_out_last_leaves_the_answer_to_the_centre() -> None:
    one = registered("010201")
    one.dispatched("12-01 09:00", "M02", "M07")
    one.do("12-01 09:10", "M07", give_back("not_ours"))
    replies(one, "12-01 10:00", "M02")
    one.do("12-01 11:00", "M07", lambda case, task: case.returned(task))
    assert running(one) == [("answer", None)]
    one.dispatched("12-01 11:30", "M08", joint=True)
    assert ("answer", None) not in running(one)


def test_what_was_finished_before_it_was_merged_is_to_be_answered_when_it_is_back() -> None:
    one = registered("010201", rules=APPROVING)
    one.dispatched("12-01 09:00", "M02")
    one.do("12-01 10:00", "M02", reply)
    one.do("12-01 10:10", "M02", lambda case, task: case.accept(task))
    merge(one, "12-01 11:00")
    assert running(one) == []
    merge(one, "12-01 12:00", undo=True)
    assert running(one) == [("answer", None)]


def test_nobody_is_late_while_the_centre_reads_and_a_pause_before_that_counts_for_nobody() -> None:
    one = registered("010201", rules=APPROVING)
    one.dispatched("12-01 10:00", "M02")
    one.do("12-01 10:10", "M02", sign)
    one.do("12-02 10:00", "M02", lambda case, task: case.pause(task, "weather", None))
    one.do("12-02 12:00", "M02", reply)
    one.time_passes("12-03 11:59")
    one.do("12-03 11:59", "M02", lambda case, task: case.send_back(task, "incomplete", None))
    assert (one.clock("reply").due_at, one.told("clock.breached")) == (on("12-04 11:59"), [])
    one.time_passes("12-04 12:00")
    assert one.clock("reply").breached_at == on("12-04 11:59") + TICK


# signing and responding


def test_more_time_is_for_who_has_signed() -> None:
    one = registered("010201")
    one.dispatched("12-01 09:00", "M02")
    with pytest.raises(Conflict, match="extend is not possible for a task that is offered"):
        one.do("12-01 09:10", "M02", lambda case, task: case.ask_extension(task, on("12-03 20:00"), "parts", None))
    one.do("12-01 09:10", "M02", give_back("not_ours"))
    one.do("12-01 09:20", "M02", lambda case, task: case.uphold(task, None))
    one.do("12-01 09:30", "M02", lambda case, task: case.extend(task, on("12-03 20:00"), "parts", None))
    assert (one.task("M02").status, one.task("M02").signed_at) == ("extended", "2026-12-01T01:30:00.000Z")


@pytest.mark.parametrize("what", [Case.respond, Case.arrive])
def test_who_gives_back_what_is_urgent_may_still_answer_it(what: Any) -> None:
    one = registered("010101")
    one.dispatched("12-01 09:05", "M02")
    one.do("12-01 09:10", "M02", give_back("not_ours"))

    def goes(case: Case, task: UnitTask) -> None:
        what(case, task, None)

    one.do("12-01 09:20", "M02", goes)
    assert one.task("M02").status == "returning"
    assert (one.clock("respond").met_at, one.clock("respond").breached_at) == (on("12-01 09:20"), None)
    one.do("12-01 09:40", "M02", lambda case, task: case.returned(task))
    assert running(one) == [("decide", None)], "it was answered: the centre has only to say who acts"


def test_the_centres_own_answer_is_a_response() -> None:
    one = registered("010101")
    one.whole("12-01 09:10", CaseVerb.REPLY, text="已恢复供水")
    assert (one.clock("respond").met_at, one.ticket.status) == (on("12-01 09:10"), Status.REPLIED)
