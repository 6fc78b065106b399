"""What users of other ticket systems have complained about, as cases of ours; each names the complaint."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from gateway.casework.fire_clock import FireClock
from gateway.domain.case.calendar import PublicDays, WorkCalendar
from gateway.domain.case.case import Case
from gateway.domain.case.clock import TICK
from gateway.domain.case.owner_time import own_times
from gateway.domain.case.policy import ClockKind, Reckoning, TimeLimit
from gateway.domain.case.rules_in_force import CaseRules
from gateway.domain.case.ticket_clocks import clock_shown
from gateway.domain.events import TicketMerged
from gateway.domain.form import UnitTask
from gateway.domain.hours import parse_span
from gateway.domain.merging import merge
from tests.support.casework import SHIPPED, OneTicket, give_back, on, reply, sign
from tests.support.clocks import SHANGHAI

pytestmark = pytest.mark.unit
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
OFFICE = WorkCalendar(
    code="M01",
    zone=SHANGHAI,
    spans=(parse_span("mon-fri 08:30-12:00"), parse_span("mon-fri 14:30-17:30")),
    public=PublicDays(
        holidays=frozenset(date(2026, 10, day) for day in range(1, 8)),
        workdays=frozenset({date(2026, 10, 10)}),
        years=frozenset({2026}),
    ),
)


def in_working_time(length: timedelta, works: WorkCalendar = OFFICE, **more: Any) -> CaseRules:
    """Signing and replying both take so much of the unit's working time."""
    limit = TimeLimit(length=length, counted=Reckoning.WORK, **more)
    limits = {**SHIPPED.policy.limits, ClockKind.SIGN: limit, ClockKind.REPLY: limit}
    return CaseRules(policy=replace(SHIPPED.policy, limits=limits, replies={}), calendars={"M01": works})


def pause(case: Case, task: UnitTask) -> None:
    case.pause(task, "materials", None)


def resume(case: Case, task: UnitTask) -> None:
    case.resume(task)


@pytest.mark.parametrize(
    ("at", "length", "due"),
    [
        ("2026-12-04 17:15", 30 * MINUTE, "2026-12-07 08:45"),
        ("2026-12-04 11:45", 30 * MINUTE, "2026-12-04 14:45"),
        ("2026-12-05 10:00", 30 * MINUTE, "2026-12-07 09:00"),
        ("2026-09-30 17:00", HOUR, "2026-10-08 09:00"),
        ("2026-10-10 17:00", HOUR, "2026-10-12 09:00"),
    ],
    ids=["zammad 4432", "chatwoot 14009: two spans", "chatwoot 14009: a closed day", "osTicket 6739", "a make-up day"],
)
def test_a_dispatch_counts_on_the_calendar_of_its_unit(at: str, length: timedelta, due: str) -> None:
    ticket = OneTicket(registered=at, rules=in_working_time(length))
    ticket.dispatched(at, "M01")
    assert (ticket.clock("sign").due_at, ticket.clock("sign").calendar) == (on(due), "M01")


def test_zammad_4432_nothing_is_told_while_nobody_works() -> None:
    ticket = OneTicket(registered="12-04 17:10", rules=in_working_time(30 * MINUTE, warn_before=10 * MINUTE))
    ticket.dispatched("12-04 17:15", "M01")
    ticket.time_passes("12-07 08:29:59")
    assert ticket.told("clock.warned") == ticket.told("clock.breached") == []


def test_zammad_1396_an_empty_calendar_counts_around_the_clock() -> None:
    rules = in_working_time(30 * MINUTE, WorkCalendar(code="M01", zone=SHANGHAI))
    ticket = OneTicket(registered="12-01 23:40", rules=rules)
    ticket.dispatched("12-01 23:50", "M01")
    assert ticket.clock("sign").due_at == on("12-02 00:20")


def test_zammad_5177_a_shorter_clock_does_not_hide_a_longer_one() -> None:
    ticket = OneTicket()
    ticket.dispatched("12-01 09:00", "M01")
    ticket.time_passes("12-01 09:31")
    assert [(one.kind, one.next_at) for one in (ticket.clock("sign"), ticket.clock("reply"))] == [
        ("sign", on("12-01 11:30")),
        ("reply", on("12-03 05:00")),
    ]
    ticket.time_passes("12-03 09:01")
    assert ticket.clock("reply").breached_at == on("12-03 09:00") + TICK


def test_glpi_10594_paused_on_friday_resumed_on_monday_costs_no_working_time() -> None:
    ticket = OneTicket(registered="12-04 14:50", rules=in_working_time(4 * HOUR))
    ticket.dispatched("12-04 15:00", "M01")
    ticket.do("12-04 15:01", "M01", sign)
    assert ticket.clock("reply").due_at == on("12-07 10:00")
    ticket.do("12-04 16:30", "M01", pause)
    ticket.do("12-07 09:30", "M01", resume)
    assert ticket.clock("reply").paused == 2 * HOUR
    assert ticket.clock("reply").due_at == on("12-07 12:00")


def test_glpi_14937_a_pause_over_the_weekend_by_wall_time() -> None:
    ticket = OneTicket(registered="12-04 10:00")
    ticket.dispatched("12-04 10:00", "M01")
    ticket.do("12-04 10:01", "M01", sign)
    ticket.do("12-04 16:00", "M01", pause)
    ticket.do("12-07 09:00", "M01", resume)
    assert ticket.clock("reply").due_at == on("12-09 03:00")


def test_glpi_6902_urgency_raised_while_paused() -> None:
    ticket = OneTicket()
    ticket.dispatched("12-01 09:01", "M01")
    ticket.do("12-01 09:05", "M01", sign)
    ticket.do("12-01 09:10", "M01", pause)
    ticket.corrected("12-01 09:20", urgent=True)
    assert (ticket.clock("respond").due_at, ticket.clock("respond").paused_at) == (on("12-01 09:30"), None)
    ticket.do("12-01 09:25", "M01", resume)
    assert ticket.clock("respond").due_at == on("12-01 09:30")
    ticket.time_passes("12-01 09:31")
    assert ticket.clock("respond").breached_at == on("12-01 09:30") + TICK


def test_glpi_24481_nothing_is_breached_while_paused() -> None:
    ticket = OneTicket()
    ticket.dispatched("12-01 10:00", "M01")
    ticket.do("12-01 10:01", "M01", sign)
    ticket.do("12-03 09:50", "M01", pause)
    ticket.time_passes("12-03 12:00")
    assert (ticket.clock("reply").breached_at, ticket.clock("reply").next_at) == (None, None)
    ticket.do("12-03 12:00", "M01", resume)
    assert ticket.clock("reply").due_at == on("12-03 12:10")
    ticket.time_passes("12-03 12:10:00.001")
    assert ticket.clock("reply").breached_at == on("12-03 12:10:00.001")


def test_glpi_1911_and_frappe_1895_each_unit_answers_for_its_own_time() -> None:
    ticket = OneTicket()
    ticket.dispatched("12-01 09:00", "E01")
    ticket.do("12-01 11:00", "E01", give_back("not_our_duty"))
    ticket.do("12-01 12:00", "E01", lambda case, task: case.returned(task))
    ticket.dispatched("12-01 12:00", "M01")
    ticket.do("12-01 12:10", "M01", sign)
    ticket.do("12-01 13:00", "M01", pause)
    ticket.do("12-01 14:00", "M01", resume)
    ticket.do("12-01 15:00", "M01", reply)
    ticket.answered("12-01 15:00")
    handling = ticket.ticket.form.handling
    times = own_times(map(clock_shown, handling.clocks), on("12-05 09:00"), SHIPPED)
    units: dict[str | None, str | None] = {one.task_id: one.unit for one in handling.units}
    assert {units.get(task_id): time for task_id, time in times.items()} == {
        "E01": 2 * HOUR,
        None: HOUR,
        "M01": 2 * HOUR,
    }
    assert sum(times.values(), timedelta()) == on("12-01 15:00") - on("12-01 09:00") - HOUR


def test_a_wall_clock_that_jumps_fires_nothing_twice_and_loses_nothing() -> None:
    ticket = OneTicket()
    ticket.dispatched("12-01 10:00", "M01")
    clock = ticket.clock("sign")
    assert clock.next_at is not None
    for at in ("12-01 14:00", "12-01 10:05", "12-01 14:00"):
        FireClock(at=on(at), ticket_id="t", clock_id=clock.clock_id, next_at=clock.next_at).decide(ticket.world)
    (breach,) = ticket.told("clock.breached")
    assert (breach.due, ticket.clock("sign").breached_at) == ("2026-12-01T02:30:00.001Z", on("12-01 10:30") + TICK)
    assert len(ticket.told("clock.warned")) == 1


def test_zammad_904_merging_moves_no_limit_of_the_head() -> None:
    head, older = OneTicket(), OneTicket(registered="11-30 09:00")
    head.dispatched("12-01 10:00", "M01")
    older.dispatched("11-30 09:00", "M07")
    older.time_passes("11-30 12:00")
    older.ticket.ticket_id = "older"
    due = head.clock("reply").due_at
    merge(older.ticket, head.ticket, TicketMerged(at=on("12-01 11:00"), into="t"))
    older.case("12-01 11:00").cancel()
    assert head.clock("reply").due_at == due
    assert older.clock("sign").breached_at == on("11-30 09:30") + TICK
    assert older.clock("reply").stopped_at == on("12-01 11:00")
    assert older.task("M07").status == "cancelled"


def test_a_ticket_that_is_unmerged_is_the_centres_to_give_out_again() -> None:
    ticket = OneTicket()
    ticket.dispatched("12-01 10:00", "M01")
    ticket.case("12-01 11:00").cancel()
    ticket.case("12-01 12:00").unmerged()
    assert ticket.clock("decide").due_at == on("12-01 14:00")
    ticket.dispatched("12-01 12:30", "M07")
