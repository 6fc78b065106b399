"""What a letter to a unit says, in both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gateway.casework.notices.wording import MOST_ASKED, Language, Wording
from gateway.domain.case.receivers import NoticeWay
from gateway.domain.events import REGISTRY, CaseConferred, ClockBreached, ClockWarned, TaskOffered, TicketUrged
from gateway.domain.form import Category, Demand, Division, Form, Handling, Place, TicketClock, UnitTask
from gateway.ports.notices import Letter, NoticeLine
from tests.support.clocks import SHANGHAI

pytestmark = pytest.mark.unit

FORM = Form(
    demand=Demand(category=Category(code="010101", l1="供水", l2="供水故障"), content="我是张三"),
    place=Place(address="二东路8号", street=Division("460108001", "海甸街道")),
    handling=Handling(
        units=[UnitTask("j", unit="M07"), UnitTask("k", unit="M02")],
        clocks=[
            TicketClock("k-sign", kind="sign", task_id="k", due_at="2026-11-30T01:30:00.000Z"),
            TicketClock("k-reply", kind="reply", task_id="k", due_at="2026-12-02T01:00:00.000Z"),
            TicketClock("j-sign", kind="sign", task_id="j", due_at="2026-11-30T00:30:00.000Z"),
            TicketClock("k-old", kind="sign", task_id="k", due_at="2026-11-29T00:30:00.000Z", met_at="x"),
        ],
    ),
)


def line(seq: int, kind: str = TaskOffered.TYPE, ticket: int = 12, form: Form | None = FORM) -> NoticeLine:
    clock = "sign" if kind.startswith("clock.") else None
    return NoticeLine(
        event_seq=seq,
        ticket_id=f"t{ticket}",
        ticket_no=f"20261130{ticket:07}",
        type=kind,
        clock_kind=clock,
        task_id="k",
        attempts=0,
        at=datetime(2026, 11, 30, 1, tzinfo=UTC),
        form=form,
    )


def letter(*lines: NoticeLine, unit: str = "M02", urgent: bool = False) -> Letter:
    return Letter(unit=unit, way=NoticeWay.EMAIL, address="a@b.example", urgent=urgent, lines=lines)


def wording(language: Language) -> Wording:
    return Wording(language=language, zone=SHANGHAI, link="https://g/unit/", desk="https://g/desk/", at_desk={"C00"})


def test_one_ticket_is_one_line_with_its_nearest_limit_and_the_link() -> None:
    one = letter(line(1, ClockWarned.TYPE))
    assert wording("zh").text(one, 5) == (
        "12345 20261130-0000012 签收临期提醒 供水故障 海甸街道 时限 11-30 09:30\nhttps://g/unit/#/tasks/k"
    )
    assert wording("en").text(one, 5) == (
        "12345 20261130-0000012 Sign: due soon 供水故障 海甸街道 due 11-30 09:30\nhttps://g/unit/#/tasks/k"
    )
    assert wording("zh").subject(one) == "12345 签收临期提醒 20261130-0000012"


def test_many_are_counted_by_what_happened_and_each_ticket_stands_once_with_the_newest() -> None:
    many = letter(line(1), line(2, ticket=13), line(3, ClockBreached.TYPE), line(4, ticket=14), urgent=True)
    assert wording("zh").text(many, 2).split("\n") == [
        "[紧急] 12345 共 3 件：派给单位 2，签收超时 1",
        "20261130-0000012 签收超时 供水故障 海甸街道 时限 11-30 09:30",
        "20261130-0000013 派给单位 供水故障 海甸街道 时限 11-30 09:30",
        "另有 1 件，见链接。",
        "https://g/unit/",
    ]
    assert wording("en").subject(many).startswith("[URGENT] 12345 3 tickets: Given to a unit 2, ")


def test_a_ticket_that_is_gone_is_named_by_its_number_and_the_centre_gets_its_own_link() -> None:
    assert wording("zh").text(letter(line(1, form=None), unit="C00"), 5) == (
        "12345 20261130-0000012 派给单位\nhttps://g/desk/#/tickets/t12"
    )


@pytest.mark.parametrize("kind", sorted(name for name, one in REGISTRY.items() if one.TELLS is not None))
def test_every_event_that_tells_units_can_be_worded(kind: str) -> None:
    for language in ("zh", "en"):
        assert "20261130-0000012" in wording(language).text(letter(line(1, kind)), 5)  # type: ignore[arg-type]  # a Language


def test_what_a_newer_release_tells_is_called_by_its_code() -> None:
    assert wording("zh").subject(letter(line(1, "of.tomorrow"))) == "12345 of.tomorrow 20261130-0000012"


def test_who_has_no_task_of_the_ticket_gets_no_link_to_one() -> None:
    """The unit above is told of an escalation: on its page it would find nothing."""
    told = letter(line(1, ClockBreached.TYPE), unit="M01")
    assert wording("zh").text(told, 5).endswith("\n详情请询 12345 中心。")
    assert wording("en").text(told, 5).endswith("\nAsk the 12345 centre for more.")
    many = letter(line(1), line(2, ticket=13), line(3, ticket=14), unit="M01")
    assert wording("zh").text(many, 2).split("\n")[-2:] == ["另有 1 件。", "详情请询 12345 中心。"]


def test_a_unit_reads_its_own_limit_and_its_own_task_whoevers_task_it_is_about() -> None:
    told = letter(line(1), unit="M07")
    assert wording("zh").text(told, 5).endswith("时限 11-30 08:30\nhttps://g/unit/#/tasks/j")


def test_what_happened_several_times_is_one_line_that_counts() -> None:
    urged = letter(*(line(n, TicketUrged.TYPE) for n in range(3)))
    assert "20261130-0000012 催办 ×3 供水故障" in wording("zh").text(urged, 5)
    assert "Urged ×3" in wording("en").text(urged, 5)
    assert wording("zh").subject(urged) == "12345 催办 20261130-0000012"


def test_every_question_is_told_and_a_long_one_is_cut() -> None:
    asked = letter(*(replace(line(n, CaseConferred.TYPE), asked=words) for n, words in enumerate(("一？", "二" * 500))))
    lines = wording("zh").text(asked, 5).split("\n")
    assert lines[1:3] == ["一？", "二" * MOST_ASKED + "…"]
