"""The judge of played dialogues: what counts as asking, and that every kind of fault is found."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conversations.judge import Exchange, Played, asked, before_asking, transcript, wrong
from tests.conversations.script import Dialogue, Play, Turn, plays

pytestmark = pytest.mark.unit
TICKET: dict[str, Any] = {
    "ticket_no": "202611290000007",
    "status": "classified",
    "empty": False,
    "requester": {"phone": "+8613800138000", "callback_phone": None, "anonymous": False, "secret": False},
    "demand": {"type": "help", "content": "路灯坏了", "urgency": {"level": "normal"}, "emergency": None},
    "place": {"address": "国贸大道1号", "district": {"code": "460106", "name": "龙华区"}},
    "handling": {"callback": {"state": "open"}},
    "interactions": [{"disposition": "completed"}],
    "attachments": [],
    "event_types": ["ticket.registered"],
}
RIGHT: dict[str, Any] = {
    "empty": False,
    "anonymous": False,
    "secret": False,
    "emergency": None,
    "urgency": "normal",
    "type": ["help"],
    "status": ["classified"],
    "district": "龙华区",
    "address": "国贸大道",
    "address_none": ["海秀"],
    "phone": "+8613800138000",
    "content": ["路灯"],
    "content_none": ["你好"],
    "callback": True,
    "disposition": ["completed"],
    "events": ["ticket.registered"],
    "attachments": 0,
    "told": True,
}
WRONG: dict[str, Any] = {
    "empty": True,
    "anonymous": True,
    "secret": True,
    "emergency": ["119"],
    "urgency": "urgent",
    "type": ["praise"],
    "status": ["withdrawn"],
    "district": None,
    "address": False,
    "address_none": ["国贸"],
    "phone": None,
    "content": ["水管"],
    "content_none": ["路灯"],
    "callback": False,
    "disposition": ["abandoned_in_flow"],
    "events": ["emergency.raised"],
    "attachments": 1,
    "told": False,
}


def played(turns: list[tuple[dict[str, Any], list[str]]], expect: dict[str, Any] | None = None, **more: Any) -> Played:
    dialogue = Dialogue.model_validate(
        {"id": "d", "channels": ["webchat"], "turns": [turn for turn, _ in turns], "expect": expect or {}, **more}
    )
    exchanges = [Exchange(Turn.model_validate(turn), answers) for turn, answers in turns]
    return Played(Play("theme", dialogue, "webchat"), None, exchanges, [TICKET])


@pytest.mark.parametrize(
    ("text", "subjects"),
    [
        ("请问事情发生在哪里？", {"place"}),
        ("请问您反映什么事，发生在哪里？", {"demand"}),
        ("请直接描述您的诉求：发生了什么、在哪里。也可以发图片、语音或位置。", {"demand"}),
        ("请用文字、图片、语音或位置告诉我们。", set()),
        ("请问在哪里？请留下电话。", {"place", "phone"}),
        ("请说明您的诉求。", {"demand"}),
        ("请告诉我们具体地址。", {"place"}),
        ("请留下您的联系电话。", {"phone"}),
        ("您好，请问有什么可以帮您？", {"demand"}),
        ("请立即拨打119！", set()),
        ("您的诉求已登记，工单号 202611290000007。", set()),
        ("请保存好工单号，可随时查询。", set()),
        ("如需补充地址，请直接回复。", set()),
        ("Where did it happen? Please write district, street and number.", {"place"}),
        ("Please leave a phone number.", {"phone"}),
        ("Your ticket number is 202611290000007.", set()),
    ],
)
def test_what_counts_as_asking(text, subjects):
    assert asked(text) == subjects


def test_what_is_said_before_a_question():
    assert before_asking("请立即拨打119！\n事情发生在哪里？请拨打110。") == "请立即拨打119！"


@pytest.mark.parametrize(
    ("turns", "fault"),
    [
        ([({"say": "路灯坏了"}, [])], "no answer"),
        ([({"say": "路灯坏了", "silent": True}, ["好"])], "an answer, where none was expected"),
        ([({"say": "路灯坏了"}, ["好"]), ({"say": "在吗"}, ["好"])], "word for word"),
        ([({"say": "着火了", "says_any": ["119"]}, ["好"])], "is said"),
        ([({"say": "着火了", "says_first": ["119"]}, ["在哪里？拨打119"])], "before something is asked"),
        ([({"say": "着火了", "says_none": ["跳过"]}, ["跳过"])], "['跳过'] is said"),
        ([({"say": "路灯坏了", "asks": "place"}, ["请留下电话"])], "should ask for place"),
        ([({"say": "路灯坏了", "asks": ["place", "nothing"]}, ["请留下电话"])], "may ask for place"),
        ([({"say": f"{n}"}, [f"{n}，请问在哪里？"]) for n in range(3)], "place is asked for 3 times"),
        ([({"say": "路灯坏了"}, ["见 01KAX3V5Q2M8N4P6R7S9T0W1X2"])], "is shown"),
        ([({"say": "路灯坏了"}, ["工单号 {ticket_no}"])], "'{ticket_no}' is shown"),
    ],
)
def test_every_fault_of_an_answer_is_found(turns, fault):
    (found,) = wrong(played(turns))
    assert fault in found


def test_an_english_page_is_english_in_every_word():
    (found,) = wrong(played([({"say": "hello"}, ["Hello 您好"])], language="en"))
    assert "Chinese on an English page" in found


def test_a_dialogue_as_expected_is_not_complained_of():
    good = [
        ({"say": "你好", "asks": "demand"}, ["请问有什么可以帮您？"]),
        ({"say": "路灯"}, ["工单号 20261129-0000007"]),
    ]
    assert wrong(played(good, {"demands": 1, "tickets": [RIGHT]})) == []


@pytest.mark.parametrize("fact", sorted(RIGHT))
def test_every_fact_of_a_ticket_is_looked_at(fact):
    turns = [({"say": "路灯坏了"}, ["工单号 20261129-0000007"])]
    assert wrong(played(turns, {"tickets": [{fact: RIGHT[fact]}]})) == []
    done = played(turns, {"tickets": [{fact: WRONG[fact]}]})
    (found,) = wrong(done)
    assert found.startswith("ticket 1: ")
    assert f"WRONG {found}" in transcript(done, [found])


def test_missing_and_superfluous_tickets_are_found():
    found = wrong(played([({"say": "路灯坏了"}, ["好"])], {"demands": 2, "tickets": [{}, {}]}))
    assert found == ["1 tickets with a demand, expected 2", "there is no ticket 2"]


def test_a_telephone_number_is_no_address():
    done = played([({"say": "路灯坏了"}, ["好"])])
    done.tickets = [{**TICKET, "place": {"address": "138 0013 8000", "district": None}}]
    (found,) = wrong(done)
    assert "telephone number" in found


def test_what_could_not_be_played_is_a_fault():
    done = played([({"say": "路灯坏了"}, ["好"])])
    done.failure = "could not be played: no"
    assert wrong(done) == ["could not be played: no"]


def test_there_are_dialogues_over_every_channel_and_in_both_languages():
    found = plays()
    assert len({(play.theme, play.dialogue.id) for play in found}) >= 120
    assert {play.channel for play in found} == {"webchat", "sms", "wechat", "voice"}
    assert sum(play.dialogue.language == "en" for play in found) >= 15
