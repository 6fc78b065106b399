"""Wishes in written and spoken messages: kept in the ticket, and never taken back by what is said by the way."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.ports.message import MediaRef
from gateway.ports.recogniser import Final
from tests.contract.conversations.house import HERE, ConversationHouse

pytestmark = pytest.mark.contract
VOICE = (Path(__file__).resolve().parents[2] / "data" / "sounds" / "tone.ogg").read_bytes()


@pytest.mark.parametrize("text", ["请保密", "保密", "别透露我的信息", "please keep this confidential"])
async def test_a_wish_in_an_answer_is_kept_and_what_follows_does_not_take_it_back(
    house: ConversationHouse, text: str
) -> None:
    await house.say("1", "路灯不亮")
    record = await house.say("2", text)
    assert record["requester"]["secret"] is True
    start, end = record["prefill"]["fields"]["requester.secret"]["span"]
    assert record["demand"]["content"][start:end] in text
    for number, more in enumerate(("不用保密", "我叫王强，可以公开", "没必要保密了")):
        record = await house.say(f"more{number}", more)
    assert record["requester"]["secret"] is True


async def test_a_wish_that_is_spoken_is_kept(house: ConversationHouse) -> None:
    house.chat.contents["v"] = VOICE
    house.heard = [
        Final(
            start_ms=0, end_ms=900, text="我要匿名反映路灯不亮请保密", language="zh", confidence=0.9, engine="whisper"
        )
    ]
    record = await house.say("1", kind="voice", media=MediaRef(ref="v"))
    await house.fetch_due()
    await house.hear_due()
    requester = (await house.database.reader.ticket(record["ticket_id"]))["requester"]
    assert (requester["secret"], requester["anonymous"]) == (True, True)


async def test_who_wants_no_call_is_not_asked_for_a_number_and_is_owed_a_message(house: ConversationHouse) -> None:
    await house.say("1", "路灯不亮，不要打电话，发消息就行")
    await house.say("2", kind="location", location=HERE)
    record = await house.say("3", "转人工")
    assert record["requester"]["contact_by"] == "message"
    assert record["handling"]["callback"]["how"] == "message"
    assert not any("电话" in said or "号码" in said for said in await house.answers())
