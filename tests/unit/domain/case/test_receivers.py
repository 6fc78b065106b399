"""Who is told of what happens to a case, and by which way an address is written to."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from gateway.domain.case.directory import Directory, Unit, UnitContact, UnitKind
from gateway.domain.case.policy import BY_CALL, ClockKind
from gateway.domain.case.receivers import ROBOTS, NoticeWay, Posts, receivers, way_of
from gateway.domain.case.rules_in_force import BY_PLAN
from gateway.domain.events import (
    CaseSupervised,
    CaseUndecided,
    ClockBreached,
    ClockEscalated,
    ClockWarned,
    TaskOffered,
    TaskSigned,
    TicketAddedTo,
    TicketUrged,
)
from gateway.domain.form import Demand, Form, Handling, Related, UnitTask, Urgency

pytestmark = pytest.mark.unit
TODAY = date(2026, 11, 30)


def unit(code: str, *contacts: str, deputies: tuple[str, ...] = (), **more: Any) -> Unit:
    people = {"contacts": contacts, "deputies": deputies}
    written = {key: tuple(UnitContact(address=one) for one in addresses) for key, addresses in people.items()}
    return Unit(code=code, name_zh=code, name_en=code, kind=UnitKind.DEPARTMENT, **written, **more)


DIRECTORY = Directory(
    [
        unit("M01", "head@m01.example"),
        unit("M02", "+8613800000001", "+8613800000001", "+8689866001234", deputies=("vice@m02.example",), parent="M01"),
        unit("M03", "old@m03.example", parent="M01", effective_to=date(2026, 10, 31)),
        unit("M04", deputies=("vice@m04.example",)),
        unit("C00", "duty@centre.example"),
    ]
)


def form(*units: str, status: str = "offered", **more: Any) -> Form:
    tasks = [UnitTask(f"k-{code}", unit=code, status=status) for code in units]
    return Form(handling=Handling(units=tasks, **more))


def told(kind: str, of: Form, posts: Posts | None = None, **data: Any) -> dict[str, tuple[str, ...]]:
    event = {"event_seq": 1, "type": kind, "at": "", "ticket_id": "t", "ticket_no": "1", "data": data}
    found = receivers(event, of, DIRECTORY, posts or Posts(centre="C00"), TODAY, urgent=BY_PLAN.is_urgent(of))
    return {one.unit.code: one.addresses for one in found}


@pytest.mark.parametrize(
    ("address", "way"),
    [
        ("+8613800000001", NoticeWay.SMS),
        ("+8689866001234", None),
        ("+85291234567", None),
        ("duty@water.example", NoticeWay.EMAIL),
        (f"{ROBOTS}k", NoticeWay.WECOM),
        ("https://elsewhere.example/cgi-bin/webhook/send?key=k", None),
        (f"https://evil.example/?{ROBOTS}k", None),
    ],
)
def test_an_address_says_by_which_way_it_is_written_to(address: str, way: NoticeWay | None) -> None:
    assert way_of(address) is way


def test_the_unit_of_the_task_is_told_at_each_address_once() -> None:
    assert told(TaskOffered.TYPE, form("M02", "M01"), task_id="k-M02") == {"M02": ("+8613800000001",)}
    assert told(TaskSigned.TYPE, form("M02"), task_id="k-M02") == {}
    assert told("of.a.newer.release", form("M02"), task_id="k-M02") == {}


def test_a_unit_that_has_ended_is_told_through_the_one_above_and_one_with_deputies_alone_through_them() -> None:
    assert told(TaskOffered.TYPE, form("M03"), task_id="k-M03") == {"M01": ("head@m01.example",)}
    assert told(TaskOffered.TYPE, form("M04"), task_id="k-M04") == {"M04": ("vice@m04.example",)}


def test_of_what_is_urgent_deputies_are_told_with_the_contacts() -> None:
    urgent = form("M02")
    urgent.demand = Demand(urgency=Urgency(level="urgent"))
    assert told(TaskOffered.TYPE, urgent, task_id="k-M02") == {"M02": ("+8613800000001", "vice@m02.example")}


def test_steps_of_an_escalation_that_name_nobody_reach_the_centre() -> None:
    def step(to: str, unit: str | None, posts: Posts | None = None) -> set[str]:
        return set(told(ClockEscalated.TYPE, form("M02"), posts, to=to, unit=unit))

    assert step("unit", "M02") == {"M02"}
    assert step("parent", "M02") == {"M01"}
    assert step("parent", "M01") == {"C00"}
    assert step("unit", None) == {"C00"}
    assert step("supervision", "M02") == {"C00"}
    assert step("supervision", "M02", Posts(centre="C00", supervision="M01")) == {"M01"}
    assert step("centre", "M02", Posts()) == set()


def test_supervision_presses_on_whoever_is_not_done_and_whoever_leads() -> None:
    assert set(told(CaseSupervised.TYPE, form("M01", "M02"), reason="late")) == {"M01", "M02"}
    done = form("M01", "M02", status="accepted")
    assert told(CaseSupervised.TYPE, done, reason="late") == {}
    done.handling.units[0].role = "lead"
    assert set(told(CaseSupervised.TYPE, done, reason="late")) == {"M01"}
    done.handling.units[0].status = "cancelled"
    assert told(CaseSupervised.TYPE, done, reason="late") == {}
    assert set(told(CaseUndecided.TYPE, form(), reason="unclear")) == {"C00"}


@pytest.mark.parametrize("kind", [ClockWarned.TYPE, ClockBreached.TYPE])
@pytest.mark.parametrize("clock", ClockKind)
def test_of_its_own_limits_the_centre_is_told_but_of_those_that_stand_among_the_calls(
    kind: str, clock: ClockKind
) -> None:
    assert set(told(kind, form(), clock_kind=clock.value)) == (set() if clock in BY_CALL else {"C00"})


@pytest.mark.parametrize("kind", [TicketUrged.TYPE, TicketAddedTo.TYPE])
def test_whoever_urges_a_merged_ticket_reaches_the_units_of_its_head_alone(kind: str) -> None:
    own, head = form("M02", status="cancelled"), form("M01")
    assert set(told(kind, own)) == {"C00"}
    own.related = Related(merged_into="head")
    assert (told(kind, own), set(told(kind, head))) == ({}, {"M01"})
