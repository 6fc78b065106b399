"""Whoever speaks of danger to life hears where to call at once: in every step, on every kind of message."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.ports.message import MediaRef
from tests.contract.conversations.house import PHONE, ConversationHouse
from tests.contract.conversations.test_media import OPUS, heard, work

pytestmark = pytest.mark.contract

FIRE = "我家着火了快来人"
DANGERS = (
    (FIRE, "119", "zh"),
    ("有人要跳楼", "110", "zh"),
    ("我不想活了", "12356", "zh"),
    ("Someone is breaking into my house", "110", "en"),
    ("She is not breathing", "120", "en"),
    ("龙昆南路发生车祸，有人受伤", "122", "zh"),
)
STEPS = {
    "the first message": (),
    "after a greeting": ("你好",),
    "asked where": ("路灯不亮",),
    "asked for a number": ("路灯不亮", "龙华区国贸路10号"),
    "at rest": ("路灯不亮", "龙华区国贸路10号", "1"),
    "an agent will call": ("人工",),
}


def assert_answered(record: dict[str, Any], answers: list[str], number: str, language: str) -> None:
    assert number in answers[-1]
    assert answers[-1].isascii() is (language == "en")
    for question in ("请问事情", "请留", "请直接描述", "Where is it", "leave a phone", "Which number"):
        assert question not in answers[-1], "nothing is asked of who is in danger"
    assert record["demand"]["emergency"] == ("110" if number == "12356" else number)
    assert record["demand"]["urgency"]["level"] == "urgent"
    assert record["empty"] is False


@pytest.mark.parametrize("before", STEPS.values(), ids=STEPS)
@pytest.mark.parametrize(("words", "number", "language"), DANGERS, ids=[number for _, number, _ in DANGERS])
async def test_danger_is_answered_at_every_step(
    house: ConversationHouse, before: tuple[str, ...], words: str, number: str, language: str
) -> None:
    for n, said in enumerate(before):
        await house.say(f"before-{n}", said)
    record = await house.say("danger", words)
    assert_answered(record, await house.answers(), number, language)
    assert (await house.types(record["ticket_id"])).count("emergency.raised") == 1


async def test_danger_is_told_in_a_voice_message(house: ConversationHouse) -> None:
    house.chat.contents["v"] = OPUS
    await house.say("1", "路灯不亮")
    record = await house.say("2", kind="voice", media=MediaRef(ref="v"))
    house.heard = heard(FIRE)
    await work(house)
    record = await house.database.reader.ticket(record["ticket_id"])
    assert_answered(record, await house.answers(), "119", "zh")
    assert "emergency.raised" in await house.types(record["ticket_id"])


async def test_words_of_danger_that_arrive_when_the_conversation_is_over_are_answered(house: ConversationHouse) -> None:
    house.chat.contents["v"] = OPUS
    record = await house.say("1", kind="voice", media=MediaRef(ref="v"))
    house.clock.forward(2000)
    assert await house.idle.close_due() == 1
    house.heard = heard(FIRE)
    await work(house)
    record = await house.database.reader.ticket(record["ticket_id"])
    assert_answered(record, await house.answers(), "119", "zh")


async def test_danger_beside_an_older_ticket_is_not_an_urging_of_it(house: ConversationHouse) -> None:
    old = await house.say("1", "路灯不亮", identities=PHONE)
    house.clock.forward(2000)
    await house.idle.close_due()
    record = await house.say("2", "怎么还没人来，路灯着火了", identities=PHONE)
    assert record["ticket_id"] != old["ticket_id"]
    assert_answered(record, await house.answers(), "119", "zh")


async def test_a_correction_of_a_message_can_tell_of_danger(house: ConversationHouse) -> None:
    await house.say("1", "路灯不亮")
    record = await house.say("2", FIRE, kind="event", event="edit")
    assert record["demand"]["emergency"] == "119"
    assert "119" in (await house.answers())[-1]


async def test_what_follows_is_still_taken_down_and_takes_nothing_back(house: ConversationHouse) -> None:
    await house.say("1", FIRE)
    record = await house.say("2", "在龙华区国贸路10号三楼")
    assert record["demand"]["emergency"] == "119"
    assert record["demand"]["urgency"]["level"] == "urgent"
    assert record["place"]["district"]["code"] == "460106"


async def test_what_only_looks_like_danger_is_a_demand_like_others(house: ConversationHouse) -> None:
    record = await house.say("1", "消防通道被堵了")
    assert record["demand"]["emergency"] is None
    assert "请问事情发生在哪里" in (await house.answers())[-1]


@pytest.mark.parametrize("words", ["你们这帮废物，我不想活了", "fuck you I want to kill myself", "他妈的有人要杀我"])
async def test_danger_among_insults_is_danger(house: ConversationHouse, words: str) -> None:
    record = await house.say("1", words)
    assert record["demand"]["emergency"] == "110"
    assert record["empty"] is False
    assert "emergency.raised" in await house.types(record["ticket_id"])


async def test_an_edit_and_a_rating_after_the_conversation_can_tell_of_danger(house: ConversationHouse) -> None:
    await house.say("1", "路灯不亮")
    house.clock.forward(2000)
    await house.idle.close_due()
    record = await house.say("2", FIRE, kind="event", event="edit")
    assert record["demand"]["emergency"] == "119"
    assert "119" in (await house.answers())[-1]
    record = await house.say("3", "有人要跳楼", kind="event", event="rating", event_data={"satisfied": 1})
    assert "110" in (await house.answers())[-1]
    assert (await house.types(record["ticket_id"])).count("emergency.raised") == 2


async def test_a_rating_within_the_conversation_can_tell_of_danger(house: ConversationHouse) -> None:
    await house.say("1", "路灯不亮")
    record = await house.say("2", "有人要跳楼", kind="event", event="rating", event_data={"satisfied": 1})
    assert "110" in (await house.answers())[-1]
    assert record["demand"]["emergency"] == "110"
