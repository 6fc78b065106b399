"""What the city's plan says about cases, sentence by sentence, at instants: limits, 退改签, several units."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from gateway.casework.case_work import CaseVerb
from gateway.domain.case.case import Case
from gateway.domain.case.clock import TICK
from gateway.domain.case.policy import ClockKind, UnreviewedReturn
from gateway.domain.case.stage import WITHIN
from gateway.domain.form import UnitTask
from gateway.domain.status import Status
from gateway.errors import Conflict, RejectedInput, StaleVersion
from tests.support.casework import SHIPPED, OneTicket, give_back, on, reply, sign

pytestmark = pytest.mark.unit


# S3: the loop


def test_the_stage_is_that_of_the_tasks() -> None:
    ticket = OneTicket()
    ticket.dispatched("12-01 09:00", "E01", "M01")
    ticket.do("12-01 09:05", "E01", sign)
    assert ticket.ticket.status is Status.SIGNED
    ticket.do("12-01 09:06", "M01", reply)
    assert ticket.ticket.status is Status.HANDLING
    ticket.do("12-01 09:07", "E01", reply)
    assert ticket.ticket.status is Status.HANDLING  # until the requester has heard it
    ticket.answered("12-01 09:10")
    assert ticket.ticket.status is Status.REPLIED


def test_nothing_is_archived_without_an_evaluation() -> None:
    ticket = OneTicket()
    ticket.dispatched("12-01 09:00", "E01")
    ticket.do("12-01 09:05", "E01", reply)
    ticket.answered("12-01 09:10")
    for why in ("evaluated", "no_evaluation_needed"):
        with pytest.raises(Conflict):
            ticket.whole("12-01 09:11", CaseVerb.ARCHIVE, reason=why)
    ticket.whole("12-01 10:00", CaseVerb.EVALUATE, satisfied=5)
    ticket.whole("12-01 10:01", CaseVerb.ARCHIVE, reason="evaluated")
    told = [one.event.TYPE for one in ticket.ticket.journal.entries]
    assert told.index("case.replied") < told.index("ticket.rated") < told.index("case.archived")


def test_what_is_answered_rests_until_it_is_reopened() -> None:
    ticket = OneTicket()
    ticket.dispatched("12-01 09:00", "E01")
    ticket.do("12-01 09:05", "E01", reply)
    ticket.answered("12-01 09:10")
    with pytest.raises(Conflict, match="the ticket is replied"):
        ticket.do("12-01 09:20", "E01", lambda case, task: case.send_back(task, "incomplete", None))
    ticket.whole("12-01 09:30", CaseVerb.REOPEN, reason="not_solved")
    assert (ticket.task("E01").status, ticket.clock("reply").due_at) == ("sent_back", on("12-03 09:30"))


@pytest.mark.parametrize("status", sorted(set(Status) - WITHIN))
def test_what_is_answered_or_over_is_not_left_to_the_centre(status: Status) -> None:
    ticket = OneTicket()
    ticket.ticket.status = status
    with pytest.raises(Conflict):
        ticket.case("12-01 09:30").undecided("crossed")
    assert ticket.clocks("decide") == []


def test_what_is_not_answered_or_merged_is_not_reopened() -> None:
    ticket = OneTicket()
    for status in (Status.REGISTERED, Status.DISPATCHED, Status.HANDLING, Status.MERGED):
        ticket.ticket.status = status
        with pytest.raises(Conflict):
            ticket.whole("12-01 09:30", CaseVerb.REOPEN, reason="not_solved")


# S13: who acts is not known


def test_what_is_undecided_has_a_clock_of_its_own() -> None:
    for at, breached in (("12-01 11:00:00.000", False), ("12-01 11:00:00.001", True)):
        ticket = OneTicket()
        ticket.case("12-01 09:00").undecided("crossed")
        clock = ticket.clock("decide")
        assert (clock.due_at, clock.warn_at, clock.unit) == (on("12-01 11:00"), on("12-01 10:30"), None)
        assert ticket.ticket.status is Status.CLASSIFIED
        assert ticket.clocks("sign") == ticket.clocks("reply") == []
        ticket.dispatched(at, "M01")
        assert (ticket.clock("decide").breached_at is not None) is breached
        assert ticket.clock("sign").started_at == on(at)


# S14: urgent ones


@pytest.mark.parametrize("category", ["010101", "020101", "030201", "140101"])
def test_water_power_gas_and_tourists_have_30_minutes_from_registration(category: str) -> None:
    ticket = OneTicket(category=category)
    ticket.dispatched("12-01 09:12", "E01")
    clock = ticket.clock("respond")
    assert (clock.due_at, clock.warn_at) == (on("12-01 09:30"), on("12-01 09:20"))
    assert clock.owned_at == on("12-01 09:12")
    assert ticket.clocks("sign") == []


@pytest.mark.parametrize("category", ["010201", "150101"])
def test_what_is_not_one_of_them_is_signed_from_dispatch_on(category: str) -> None:
    ticket = OneTicket(category=category)
    ticket.dispatched("12-01 09:12", "E01")
    assert ticket.clock("sign").due_at == on("12-01 09:42")
    assert ticket.clocks("respond") == []


def test_met_by_response_or_by_arrival() -> None:
    for at, met in (("12-01 09:29:59.999", True), ("12-01 09:30:00.000", True), ("12-01 09:30:00.001", False)):
        for what in (Case.respond, Case.arrive):
            ticket = OneTicket(urgent=True)
            ticket.dispatched("12-01 09:01", "E01")
            ticket.do(at, "E01", lambda case, task, what=what: what(case, task, None))
            assert (ticket.clock("respond").breached_at is None) is met


def test_a_signature_alone_answers_nobody() -> None:
    ticket = OneTicket(urgent=True)
    ticket.dispatched("12-01 09:01", "E01")
    ticket.do("12-01 09:05", "E01", sign)
    ticket.time_passes("12-01 09:31")
    assert ticket.clock("respond").breached_at == on("12-01 09:30") + TICK


def test_a_ticket_found_urgent_late_is_due_from_registration() -> None:
    ticket = OneTicket(category="010201")
    ticket.dispatched("12-01 09:35", "E01")
    ticket.corrected("12-01 09:40", category="010101")
    ticket.time_passes("12-01 09:41")
    clock = ticket.clock("respond")
    assert (clock.due_at, clock.breached_at) == (on("12-01 09:30"), on("12-01 09:30") + TICK)
    (breach,) = ticket.told("clock.breached")
    assert breach.unit is None  # the limit had passed before the unit knew
    assert ticket.clock("sign").stopped_at == on("12-01 09:40")


def test_urgent_that_is_corrected_to_normal_keeps_what_was_breached() -> None:
    ticket = OneTicket(category="010101")
    ticket.dispatched("12-01 09:01", "E01")
    ticket.time_passes("12-01 09:44")
    ticket.corrected("12-01 09:45", category="010201")
    clock = ticket.clock("respond")
    assert (clock.breached_at, clock.stopped_at) == (on("12-01 09:30") + TICK, on("12-01 09:45"))
    assert ticket.told("clock.breached")[0].unit == "E01"
    assert ticket.clock("sign").due_at == on("12-01 10:15")


# S15: signing


@pytest.mark.parametrize(
    ("at", "breached"), [("12-02 00:19:00", False), ("12-02 00:20:00.000", False), ("12-02 00:20:00.001", True)]
)
def test_signed_within_30_minutes_of_dispatch_across_midnight(at: str, breached: bool) -> None:  # noqa: FBT001 - a parameter
    ticket = OneTicket(registered="12-01 23:49")
    ticket.dispatched("12-01 23:50", "M01")
    assert ticket.clock("sign").warn_at == on("12-02 00:10")
    ticket.do(at, "M01", sign)
    assert ticket.clock("sign").breached_at == (on("12-02 00:20:00.001") if breached else None)


def test_each_unit_has_a_clock_of_its_own() -> None:
    ticket = OneTicket()
    ticket.dispatched("12-01 09:00", "E01")
    ticket.dispatched("12-01 09:20", "M01", joint=True)
    ticket.do("12-01 09:25", "E01", sign)
    assert [ticket.clock("sign", unit).due_at for unit in ("E01", "M01")] == [on("12-01 09:30"), on("12-01 09:50")]
    assert [ticket.clock("sign", unit).met_at for unit in ("E01", "M01")] == [on("12-01 09:25"), None]


def test_unsigned_returned_reassigned_the_first_units_breach_stays() -> None:
    ticket = OneTicket()
    ticket.dispatched("12-01 09:00", "E01")
    ticket.time_passes("12-01 09:44")
    ticket.do("12-01 09:45", "E01", give_back("not_our_duty"))
    ticket.reassigned("12-01 10:00", "E01", "M01")
    assert ticket.clock("sign", "M01").due_at == on("12-01 10:30")
    assert ticket.clock("sign", "E01").breached_at == on("12-01 09:30") + TICK
    assert [one.unit for one in ticket.told("clock.breached")] == ["E01"]


# S16, S17: replying


@pytest.mark.parametrize("kind", ["consultation", "suggestion"])
def test_questions_and_proposals_within_24_hours(kind: str) -> None:
    ticket = OneTicket(type=kind)
    ticket.dispatched("12-01 10:00", "M01")
    clock = ticket.clock("reply")
    assert (clock.due_at, clock.warn_at) == (on("12-02 10:00"), on("12-02 08:00"))
    ticket.do("12-02 10:00", "M01", reply)
    assert ticket.clock("reply").breached_at is None


def test_weekends_and_holidays_do_not_stop_wall_time() -> None:
    ticket = OneTicket(registered="10-01 17:50", type="consultation")
    ticket.dispatched("10-01 18:00", "M01")
    assert ticket.clock("reply").due_at == on("10-02 18:00")


@pytest.mark.parametrize("kind", ["complaint", "help", "report", "other"])
def test_complaints_within_48_hours(kind: str) -> None:
    ticket = OneTicket(type=kind)
    ticket.dispatched("12-01 10:00", "M01")
    assert (ticket.clock("reply").due_at, ticket.clock("reply").warn_at) == (on("12-03 10:00"), on("12-03 06:00"))
    ticket.do("12-03 10:00:00.001", "M01", reply)
    assert ticket.clock("reply").breached_at == on("12-03 10:00:00.001")


def test_the_type_corrected_after_20_hours_moves_the_due_time_and_keeps_the_old_one() -> None:
    ticket = OneTicket()
    ticket.dispatched("12-01 10:00", "M01")
    ticket.do("12-01 10:10", "M01", sign)
    ticket.corrected("12-02 06:00", type="consultation")
    clock = ticket.clock("reply")
    assert (clock.due_at, ticket.task("M01").due_at) == (on("12-02 10:00"), "2026-12-02T02:00:00.000Z")
    assert [(one.due_at, one.why, one.at) for one in clock.earlier] == [
        (on("12-03 10:00"), "corrected", on("12-02 06:00"))
    ]
    ticket.time_passes("12-02 11:00")
    ticket.corrected("12-02 11:00", type="complaint")
    clock = ticket.clock("reply")
    assert (clock.due_at, clock.breached_at) == (on("12-03 10:00"), None)
    assert clock.earlier[-1].breached_at == on("12-02 10:00") + TICK


# S18: 退改签


def test_signed_returned_reviewed_and_given_to_another() -> None:
    ticket = OneTicket()
    ticket.dispatched("12-01 09:00", "M01")
    ticket.do("12-01 09:10", "M01", give_back("not_our_duty"))
    assert ticket.task("M01").status == "returning"
    assert ticket.clock("review").due_at == on("12-02 09:10")
    ticket.do("12-01 10:00", "M01", lambda case, task: case.returned(task))
    handling = ticket.ticket.form.handling
    assert (handling.undecided_since, ticket.ticket.status) == ("2026-12-01T02:00:00.000Z", Status.CLASSIFIED)
    assert ticket.clock("decide").due_at == on("12-01 12:00")
    assert [one.rule for one in ticket.task("M01").returns] == ["not_our_duty"]
    ticket.dispatched("12-01 10:30", "M07")
    assert (handling.undecided_since, handling.lead_unit) == (None, "M07")
    assert ticket.clock("decide").met_at == on("12-01 10:30")


def test_a_joined_unit_that_is_out_leaves_the_others_at_work() -> None:
    ticket = OneTicket()
    ticket.dispatched("12-01 09:00", "M01", "M07")
    ticket.do("12-01 09:10", "M01", sign)
    ticket.do("12-01 09:10", "M07", give_back("not_our_duty"))
    ticket.do("12-01 10:00", "M07", lambda case, task: case.returned(task))
    assert ticket.ticket.status is Status.SIGNED
    assert ticket.ticket.form.handling.undecided_since is None


def test_where_the_lead_is_out_the_centre_names_another_and_the_joined_ones_go_on() -> None:
    ticket = OneTicket()
    ticket.dispatched("12-01 09:00", "M01", "M07")
    ticket.do("12-01 09:10", "M07", lambda case, task: case.respond(task, None))
    ticket.do("12-01 09:10", "M01", give_back("not_our_duty"))
    ticket.do("12-01 10:00", "M01", lambda case, task: case.returned(task))
    assert ticket.ticket.status is Status.HANDLING
    assert ticket.ticket.form.handling.undecided_since is not None


@pytest.mark.parametrize("silence", UnreviewedReturn)
def test_silence_of_the_centre_decides_by_policy(silence: UnreviewedReturn) -> None:
    ticket = OneTicket(rules=replace(SHIPPED, policy=replace(SHIPPED.policy, silence=silence)))
    ticket.dispatched("12-01 09:00", "M01")
    ticket.do("12-01 09:10", "M01", give_back("not_our_duty"))
    ticket.time_passes("12-02 09:10")
    assert ticket.task("M01").status == "returning"
    ticket.time_passes("12-02 09:10:00.001")
    assert ticket.task("M01").status == silence.value
    (decided,) = ticket.told(f"task.{silence}")
    assert (decided.by_silence, decided.actor, decided.at) == (True, "system", on("12-02 09:10:00.001"))
    assert ticket.clock("reply").due_at == on("12-03 09:00")


def test_a_second_return_for_the_same_reason_is_final() -> None:
    ticket = OneTicket()
    ticket.dispatched("12-01 09:00", "M01")
    ticket.do("12-01 09:10", "M01", give_back("not_our_duty"))
    ticket.do("12-01 09:20", "M01", lambda case, task: case.uphold(task, None))
    with pytest.raises(Conflict):
        ticket.do("12-01 09:30", "M01", give_back("not_our_duty"))
    ticket.do("12-01 09:40", "M01", give_back("other_town"))
    assert ticket.task("M01").status == "returning"


@pytest.mark.parametrize(("keep", "due"), [((), "12-04 09:00"), ((ClockKind.REPLY,), "12-03 09:00")])
def test_the_clock_after_a_reassignment_restarts_or_goes_on_as_the_policy_says(
    keep: tuple[ClockKind, ...], due: str
) -> None:
    policy = replace(SHIPPED.policy, keep_on_reassignment=frozenset(keep))
    ticket = OneTicket(rules=replace(SHIPPED, policy=policy))
    ticket.dispatched("12-01 09:00", "M01")
    ticket.do("12-01 09:01", "M01", sign)
    ticket.reassigned("12-02 09:00", "M01", "M07")
    new, old = ticket.clock("reply", "M07"), ticket.clock("reply", "M01")
    assert (new.due_at, new.owned_at, old.stopped_at) == (on(due), on("12-02 09:00"), on("12-02 09:00"))
    wall = SHIPPED.terms(ClockKind.REPLY, ticket.ticket.form.demand, "M07").calendar
    assert old.owner_time(on("12-02 15:00"), wall) == timedelta(hours=24)
    assert new.owner_time(on("12-02 15:00"), wall) == timedelta(hours=6)


def test_urgent_that_is_reassigned_has_half_an_hour_of_its_own_or_what_was_left() -> None:
    keeping = replace(SHIPPED, policy=replace(SHIPPED.policy, keep_on_reassignment=frozenset({ClockKind.RESPOND})))
    for rules, at, due in (
        (SHIPPED, "12-01 09:10", "12-01 09:40"),
        (SHIPPED, "12-01 10:00", "12-01 10:30"),
        (keeping, "12-01 09:10", "12-01 09:30"),
        (keeping, "12-01 10:00", "12-01 10:30"),
    ):
        ticket = OneTicket(urgent=True, rules=rules)
        ticket.dispatched("12-01 09:01", "M01")
        ticket.time_passes(at)
        ticket.reassigned(at, "M01", "M07")
        assert ticket.clock("respond", "M07").due_at == on(due)


# S19: several units


def test_the_ticket_is_done_when_every_unit_is() -> None:
    ticket = OneTicket()
    ticket.dispatched("12-01 09:00", "E01", "M01")
    ticket.time_passes("12-01 09:31")
    ticket.do("12-01 10:00", "E01", reply)
    with pytest.raises(Conflict, match="M01 has not finished"):
        ticket.answered("12-01 10:01")
    with pytest.raises(Conflict):
        ticket.whole("12-01 10:01", CaseVerb.ARCHIVE, reason="unreachable")
    ticket.do("12-01 12:00", "M01", reply)
    ticket.answered("12-01 12:01")
    assert sorted(one.unit for one in ticket.told("clock.breached")) == ["E01", "M01"]


def test_work_of_one_unit_gives_no_other_a_conflict() -> None:
    ticket = OneTicket()
    ticket.dispatched("12-01 09:00", "E01", "M01")
    read = ticket.task("M01").version

    def at_version(version: int, case: Case, task: UnitTask) -> None:
        case.respond(case.task(task.task_id, version), "n1")

    for nth in range(100):
        ticket.do("12-01 09:05", "E01", lambda case, task, nth=nth: at_version(nth + 1, case, task))
    ticket.do("12-01 09:06", "M01", lambda case, task: at_version(read, case, task))
    with pytest.raises(StaleVersion):
        ticket.do("12-01 09:07", "M01", lambda case, task: at_version(read, case, task))


# S21: who was asked first


def test_who_was_asked_first_holds_it_to_the_end() -> None:
    ticket = OneTicket()
    ticket.dispatched("12-01 09:00", "M09", "M08", stage="first_asked")
    assert [ticket.task(unit).held for unit in ("M09", "M08")] == [True, False]
    with pytest.raises(Conflict, match="asked first"):
        ticket.do("12-01 09:10", "M09", give_back("not_our_duty"))
    ticket.do("12-01 09:10", "M08", give_back("not_our_duty"))
    ticket.reassigned("12-01 10:00", "M09", "M07")
    (taken,) = ticket.told("task.reassigned")
    assert (taken.actor, taken.reason) == ("user:li", "wrong_unit")
    assert not ticket.task("M07").held
    ticket.do("12-01 10:10", "M07", give_back("not_our_duty"))


def test_the_first_asked_does_not_close_while_a_joined_unit_is_open() -> None:
    ticket = OneTicket()
    ticket.dispatched("12-01 09:00", "M09", "M08", stage="first_asked")
    ticket.do("12-01 10:00", "M09", reply)
    with pytest.raises(Conflict, match="M08 has not finished"):
        ticket.answered("12-01 10:01")
    ticket.do("12-01 11:00", "M08", reply)
    ticket.answered("12-01 11:01")


# S35 and extensions


def test_an_extension_needs_approval_and_happens_once() -> None:
    ticket = OneTicket()
    ticket.dispatched("12-01 10:00", "M01")
    ticket.do("12-01 10:05", "M01", sign)
    until = on("12-04 10:00")
    ticket.do("12-03 09:00", "M01", lambda case, task: case.ask_extension(task, until, "materials", "n1"))
    assert (ticket.clock("reply").due_at, ticket.task("M01").asked_until) == (
        on("12-03 10:00"),
        "2026-12-04T02:00:00.000Z",
    )
    ticket.do("12-03 09:30", "M01", lambda case, task: case.extend(task, until, None, None))
    clock = ticket.clock("reply")
    assert (clock.due_at, clock.earlier[-1].due_at) == (until, on("12-03 10:00"))
    assert ticket.clock("approve").met_at == on("12-03 09:30")
    with pytest.raises(Conflict, match="which is the most"):
        ticket.do("12-03 12:00", "M01", lambda case, task: case.extend(task, on("12-05 10:00"), "more", None))


def test_an_extension_is_no_longer_than_the_policy_says() -> None:
    ticket = OneTicket()
    ticket.dispatched("12-01 10:00", "M01")
    ticket.do("12-01 10:10", "M01", sign)
    for ask in (Case.ask_extension, Case.extend):
        with pytest.raises(RejectedInput, match="48 hours"):
            ticket.do("12-02 09:00", "M01", lambda case, task, ask=ask: ask(case, task, on("12-05 11:00"), "m", None))
    ticket.do("12-02 09:00", "M01", lambda case, task: case.extend(task, on("12-05 10:00"), "m", None))


def test_while_an_extension_is_not_decided_the_clock_goes_on_and_a_breach_stays() -> None:
    ticket = OneTicket()
    ticket.dispatched("12-01 10:00", "M01")
    ticket.do("12-01 10:10", "M01", sign)
    ticket.do("12-03 09:00", "M01", lambda case, task: case.ask_extension(task, on("12-04 10:00"), "m", "n1"))
    ticket.time_passes("12-03 10:29")
    with pytest.raises(Conflict, match="passed"):
        ticket.do("12-03 10:30", "M01", lambda case, task: case.extend(task, on("12-04 10:00"), None, None))
    assert ticket.clock("reply").breached_at == on("12-03 10:00") + TICK
