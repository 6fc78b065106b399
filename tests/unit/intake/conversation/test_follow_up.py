from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from gateway.intake.conversation.follow_up import Intent, answer, follow_up, intent_of, numbers_in
from gateway.ports.conversation_store import TicketBrief

pytestmark = pytest.mark.unit
NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def ticket(serial: int, *, days: int = 1, status: str = "handling") -> TicketBrief:
    return TicketBrief(
        ticket_id=f"T{serial}",
        ticket_no=f"20261122{serial:07d}",
        status=status,
        title="路灯不亮",
        created_at=NOW - timedelta(days=days),
        callback=None,
        callback_phone=None,
        by_message=False,
        public_reply=None,
    )


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("还没修", Intent.URGE),
        ("怎么还没人来", Intent.URGE),
        ("催一下", Intent.URGE),
        ("到现在都没人处理", Intent.URGE),
        ("nobody came", Intent.URGE),
        ("it is still not fixed", Intent.URGE),
        ("还没人来，叫人工", Intent.PERSON),
        ("进度怎么样", Intent.PROGRESS),
        ("我的事处理得怎么样了？", Intent.PROGRESS),
        ("有结果了吗", Intent.PROGRESS),
        ("什么时候能修", Intent.PROGRESS),
        ("any update?", Intent.PROGRESS),
        ("补充一下，是三号楼", Intent.ADDITION),
        ("之前反映的那个路灯在三号楼", Intent.ADDITION),
        ("路灯不亮", None),
        ("我要投诉楼上噪音", None),
        ("", None),
        (None, None),
        ("the street lamp is broken", None),
    ],
)
def test_what_plain_words_ask(text: str | None, intent: Intent | None) -> None:
    assert intent_of(text) is intent


def test_a_long_message_tells_something_of_its_own() -> None:
    assert intent_of("我们小区从上周三开始停水，物业说管道坏了，到今天还没修，几百户人家做饭都成问题") is None


@pytest.mark.parametrize(
    "text",
    [
        *(
            "202611220000001",
            "20261122-0000001",
            "20261122 0000001",
            "2026 1122 0000 001",
            "２０２６１１２２００００００１",
        ),
        *(
            "工单号：20261122－0000001",
            "二零二六一一二二零零零零零零一",
            "两洞两六幺幺两两，洞洞洞洞洞洞幺",
            "二零二六幺幺双二三个零三个零一",
            "尾号三个零幺",
            "20261122—0000001",
            "我的工单20261122-0000001",
            "2026-11-22-0000001",
        ),
        *("尾号0001", "0001", "#0001", "ticket number 20261122-0000001"),
    ],
)
def test_a_bare_number_asks_for_progress_however_it_is_spelled(text: str) -> None:
    found = follow_up(text, [ticket(2), ticket(1)], NOW)
    assert found is not None
    assert found.ticket is not None
    assert (found.intent, found.ticket.ticket_id) == (Intent.PROGRESS, "T1")


@pytest.mark.parametrize("text", ["202611220000009", "20261122-0000009 进度", "工单20261122-0000009"])
@pytest.mark.parametrize("own", [[], [ticket(1)]])
def test_somebody_elses_number_is_not_found_and_nothing_is_told(text: str, own: list[TicketBrief]) -> None:
    found = follow_up(text, own, NOW)
    assert found is not None
    assert found.ticket is None
    assert "没有查到" in answer(found, "zh")
    assert "0000001" not in answer(found, "zh")


@pytest.mark.parametrize("text", ["13800138000", "1203室", "三栋301", "0898-66668888", "9999"])
def test_other_numbers_name_no_ticket(text: str) -> None:
    assert follow_up(text, [ticket(1)], NOW) is None


def test_numbers_as_people_write_them() -> None:
    assert numbers_in("工单20261123-0000001和20261123 0000002，身份证460100202611230000001") == [
        "202611230000001",
        "202611230000002",
    ]


def test_the_newest_ticket_unless_a_number_names_another() -> None:
    tickets = [ticket(2), ticket(1)]
    urged = follow_up("还没修", tickets, NOW)
    assert urged is not None
    assert urged.ticket is not None
    assert (urged.intent, urged.ticket.ticket_id) == (Intent.URGE, "T2")
    named = follow_up("20261122-0000001 现在到哪一步了", tickets, NOW)
    assert named is not None
    assert named.ticket is not None
    assert (named.intent, named.ticket.ticket_id) == (Intent.PROGRESS, "T1")
    told = follow_up("20261122-0000001 又有一盏灯坏了", tickets, NOW)
    assert told is not None
    assert told.intent is Intent.ADDITION
    assert follow_up("20261122-0000009 又有一盏灯坏了", tickets, NOW) is None
    for none in ([ticket(1, days=100)], []):
        nothing = follow_up("还没修", none, NOW)
        assert nothing is not None
        assert nothing.ticket is None


def test_answers_name_number_and_status_in_both_languages() -> None:
    found = follow_up("进度", [ticket(1, status="dispatched")], NOW)
    assert found is not None
    assert answer(found, "zh") == "工单20261122-0000001（路灯不亮）：已派给承办单位，等待签收。"
    assert answer(found, "en") == "Ticket 20261122-0000001 is sent to the responsible unit."
