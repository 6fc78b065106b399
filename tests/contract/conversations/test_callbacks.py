"""Who writes is owed a call like who telephones: at the number they gave, whenever and wherever they gave it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gateway.ports.message import MediaRef, ReplyWindow
from gateway.ports.recogniser import Final
from gateway.ports.store import CallbackQuery
from tests.contract.conversations.house import PHONE, ConversationHouse, ScriptedChannel
from tests.support.clocks import SetClock
from tests.support.stores import Open

pytestmark = pytest.mark.contract
VOICE = (Path(__file__).resolve().parents[2] / "data" / "sounds" / "tone.ogg").read_bytes()
GIVEN = "+8613912345678"


async def spoken(house: ConversationHouse, key: str, words: str) -> dict[str, Any]:
    """A voice message that is heard as ``words``; its ticket."""
    house.chat.contents["v"] = VOICE
    house.heard = [Final(start_ms=0, end_ms=900, text=words, language="zh", confidence=0.9, engine="whisper")]
    record = await house.say(key, kind="voice", media=MediaRef(ref="v"))
    await house.media.fetch_due()
    await house.media.hear_due()
    return await house.database.reader.ticket(record["ticket_id"])


async def owed(house: ConversationHouse) -> dict[str, Any]:
    (task,) = await house.database.reader.callbacks()
    return task


async def taken(house: ConversationHouse) -> dict[str, Any]:
    """A demand with its place and number."""
    await house.say("1", "小区停水")
    await house.say("2", "龙华区国贸路1号")
    return await house.say("3", "13912345678")


@pytest.mark.parametrize("words", ["人工", "human"])
async def test_a_person_is_asked_for_after_the_number_was_given(house: ConversationHouse, words: str) -> None:
    await taken(house)
    await house.say("4", words)
    task = await owed(house)
    assert (task["phone"], task["reasons"]) == (GIVEN, ["asked_for_person"])


async def test_a_person_is_asked_for_in_a_voice_message(house: ConversationHouse) -> None:
    await taken(house)
    record = await spoken(house, "4", "人工")
    task = await owed(house)
    assert (task["phone"], task["ticket_id"]) == (GIVEN, record["ticket_id"])
    assert (await house.types(record["ticket_id"])).count("callback.opened") == 1


async def test_a_voice_message_of_who_writes_from_a_number(house: ConversationHouse) -> None:
    await house.say("1", "小区停水", identities=PHONE)
    await spoken(house, "2", "人工")
    assert (await owed(house))["phone"] == PHONE[0].value


async def test_a_number_given_in_an_earlier_conversation_counts(house: ConversationHouse) -> None:
    await taken(house)
    house.clock.forward(1801)
    assert await house.idle.close_due() == 1
    record = await house.say("4", "楼上半夜装修很吵")
    assert record["requester"]["callback_phone"] is None
    await house.say("5", "人工")
    task = await owed(house)
    assert (task["phone"], task["ticket_id"]) == (GIVEN, record["ticket_id"])


async def test_a_number_said_in_a_voice_message_fills_the_task(house: ConversationHouse) -> None:
    await house.say("1", "小区停水")
    await house.say("2", "人工")
    (task,) = await house.database.reader.callbacks(CallbackQuery(has_phone=False))
    await spoken(house, "3", "13912345678")
    assert await owed(house) | {"phone": None, "phone_sure": False, "version": 1} == task
    assert (await owed(house))["phone"] == GIVEN


@pytest.mark.parametrize(
    "text",
    [
        "补充一下，我的电话是13912345678",
        "进度怎么样了？我的电话是13912345678",
        "还没修，请打13912345678",
        "any update? my number is 13912345678",
    ],
)
@pytest.mark.parametrize("closed", [True, False])
async def test_a_number_given_with_a_question_about_a_ticket_fills_the_task(
    house: ConversationHouse,
    text: str,
    closed: bool,  # noqa: FBT001
) -> None:
    await house.say("1", "小区停水")
    await house.say("2", "人工")
    record = await house.say("3", "进度")
    assert "还缺联系号码" in (await house.answers())[-1]
    if closed:
        house.clock.forward(1801)
        await house.idle.close_due()
    assert (await house.say("4", text))["ticket_id"] == record["ticket_id"]
    assert (await owed(house))["phone"] == GIVEN
    answer = (await house.answers())[-1]
    assert any(noted in answer for noted in ("坐席回电已安排", "call back is arranged", "已记下您的联系电话"))


async def test_a_place_given_with_an_addition_is_kept(house: ConversationHouse) -> None:
    await house.say("1", "小区停水")
    house.clock.forward(1801)
    await house.idle.close_due()
    record = await house.say("2", "补充一下，在龙华区国贸路10号")
    assert record["place"]["address"] == "龙华区国贸路10号"
    assert "国贸路10号" in record["demand"]["content"]


async def test_who_wants_no_call_is_not_told_of_one(house: ConversationHouse) -> None:
    await house.say("1", "小区停水，不要打电话，发消息就行")
    await house.say("2", "人工")
    await house.say("3", "进度")
    assert "坐席会用消息回复您" in (await house.answers())[-1]


async def test_who_asks_again_is_owed_one_call(house: ConversationHouse) -> None:
    record = await taken(house)
    for n, words in enumerate(("人工", "人工", "0")):
        await house.say(f"again{n}", words)
    task = await owed(house)
    assert task["reasons"] == ["asked_for_person"]
    assert (await house.types(record["ticket_id"])).count("callback.opened") == 1


def narrow(house: ConversationHouse) -> None:
    house.channels.put("web", ScriptedChannel(ReplyWindow(messages=5, within_s=60.0)))


async def test_an_answer_kept_back_adds_to_what_is_owed(house: ConversationHouse) -> None:
    narrow(house)
    record = await taken(house)
    await house.deliver()
    await house.say("4", "人工")
    house.clock.forward(61)
    await house.deliver()
    task = await owed(house)
    assert (task["phone"], task["reasons"]) == (GIVEN, ["asked_for_person", "reply_window_closed"])
    assert (await house.types(record["ticket_id"]))[-1] == "callback.reason_added"


async def test_an_answer_kept_back_after_the_person_was_called_is_owed_again(house: ConversationHouse) -> None:
    """A conversation whose task has ended is none that nothing can be owed on any more."""
    narrow(house)
    await taken(house)
    await house.say("4", "人工")
    await house.deliver()
    await house.called()
    assert await house.database.reader.callbacks() == []
    await house.say("5", "进度怎么样了")
    house.clock.forward(61)
    await house.deliver()
    task = await owed(house)
    assert (task["phone"], task["reasons"]) == (GIVEN, ["reply_window_closed"])


async def test_an_answer_never_goes_to_a_number_that_may_be_somebody_elses(
    opened: Open, clock: SetClock, tmp_path: Path
) -> None:
    house = ConversationHouse(await opened(), clock, tmp_path, sms="sms")
    sms = ScriptedChannel()
    house.channels.put("sms", sms)
    narrow(house)
    await house.say("1", "13912345678这个号码一直骚扰我")
    clock.forward(61)
    await house.deliver()
    assert sms.sent == []
    assert (await owed(house))["reasons"] == ["reply_window_closed"]


async def test_an_answer_kept_back_without_any_number_says_so(house: ConversationHouse) -> None:
    narrow(house)
    await house.say("1", "小区停水")
    house.clock.forward(61)
    await house.deliver()
    (task,) = await house.database.reader.callbacks(CallbackQuery(has_phone=False))
    assert (task["phone"], task["reasons"]) == (None, ["reply_window_closed"])
