"""What happens after: conversations rest, people come back and ask, urge, add, or have something new."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contract.conversations.house import PHONE, ConversationHouse
from tests.support.change import Change, NewEvent, Path

pytestmark = pytest.mark.contract


async def rest(house: ConversationHouse) -> int:
    house.clock.forward(1801)
    return await house.idle.close_due()


async def test_a_conversation_rests_after_half_an_hour_of_silence(house: ConversationHouse) -> None:
    record = await house.say("1", "路灯不亮", identities=PHONE)
    house.clock.forward(1000)
    await house.say("2", "三号楼前面")
    house.clock.forward(1000)
    assert await house.idle.close_due() == 0
    assert await rest(house) == 1
    assert await house.idle.close_due() == 0
    (interaction,) = (await house.database.reader.ticket(record["ticket_id"]))["interactions"]
    assert interaction["disposition"] == "completed"
    assert (await house.types(record["ticket_id"]))[-1] == "interaction.ended"


async def test_silence_while_the_store_was_away_is_nobodys(house: ConversationHouse) -> None:
    await house.say("1", "路灯不亮")
    house.store_steady_s = 30.0
    assert await rest(house) == 0
    house.store_steady_s = 60.0
    assert await house.idle.close_due() == 1


@pytest.mark.parametrize(
    ("words", "disposition"), [("你好", "idle_closed"), ("人工", "callback_requested"), ("小区停水", "completed")]
)
async def test_how_a_conversation_ended(house: ConversationHouse, words: str, disposition: str) -> None:
    record = await house.say("1", words)
    await rest(house)
    (interaction,) = (await house.database.reader.ticket(record["ticket_id"]))["interactions"]
    assert interaction["disposition"] == disposition


async def test_something_new_is_a_new_ticket_of_the_same_account(house: ConversationHouse) -> None:
    first = await house.say("1", "路灯不亮", identities=PHONE)
    await rest(house)
    second = await house.say("2", "楼上半夜装修很吵")
    assert second["ticket_id"] != first["ticket_id"]
    others = await house.database.reader.same_requester(second["ticket_id"])
    assert [one["ticket_id"] for one in others] == [first["ticket_id"]]
    assert second["requester"]["requester_id"] == first["requester"]["requester_id"]
    assert second["requester"]["returning"] is True
    # The phone is known from the last time: nobody asks for it again.
    await house.say("3", "龙华区国贸路1号")
    assert (await house.answers())[-1].startswith("谢谢")


@pytest.mark.parametrize(
    ("words", "event", "answer"),
    [
        ("还没修", "ticket.urged", "您的催促已记入工单{no}（路灯不亮）。当前进度：承办单位正在办理。"),
        ("进度怎么样了", "ticket.progress_asked", "工单{no}（路灯不亮）：承办单位正在办理。"),
        ("补充一下，是三号楼前面那盏", "ticket.added_to", "已补充到工单{no}（路灯不亮）。当前进度：承办单位正在办理。"),
        ("any update on my ticket please", "ticket.progress_asked", "Ticket {no} is being handled."),
    ],
)
async def test_plain_words_about_the_open_ticket(house: ConversationHouse, words: str, event: str, answer: str) -> None:
    first = await house.say("1", "路灯不亮", identities=PHONE)
    await rest(house)
    await _handling(house, first)
    record = await house.say("2", words)
    number = f"{first['ticket_no'][:8]}-{first['ticket_no'][8:]}"
    assert record["ticket_id"] == first["ticket_id"]
    assert len(record["interactions"]) == 2
    assert event in await house.types(first["ticket_id"])
    assert (await house.answers())[-1] == answer.format(no=number)
    added = event == "ticket.added_to"
    assert ("三号楼" in record["demand"]["content"]) is added
    # What follows is still about it.
    again = await house.say("3", "谢谢")
    assert (again["ticket_id"], len(again["interactions"])) == (first["ticket_id"], 2)


async def test_a_ticket_number_decides_from_another_channel(house: ConversationHouse) -> None:
    first = await house.say("1", "路灯不亮", identities=PHONE)
    await house.say("2", "楼上半夜装修很吵", sender="wang", identities=PHONE)
    number = first["ticket_no"]
    record = await house.say("3", f"{number[:8]}-{number[8:]}", sender="zhao", identities=PHONE)
    assert record["ticket_id"] == first["ticket_id"]
    assert "ticket.progress_asked" in await house.types(first["ticket_id"])


async def test_somebody_elses_number_gives_nothing_away(house: ConversationHouse) -> None:
    first = await house.say("1", "路灯不亮", identities=PHONE)
    record = await house.say("2", f"工单{first['ticket_no']}进度", sender="stranger")
    assert record["ticket_id"] != first["ticket_id"]
    assert "路灯" not in "".join(await house.answers("stranger"))


async def test_urging_within_the_conversation(house: ConversationHouse) -> None:
    record = await house.say("1", "路灯不亮", identities=PHONE)
    await house.say("2", "国贸路")
    await house.say("3", "怎么还没修")
    assert (await house.answers())[-1].startswith("您的催促已记入工单")
    assert "ticket.urged" in await house.types(record["ticket_id"])


async def test_a_long_complaint_is_new_whatever_words_it_holds(house: ConversationHouse) -> None:
    first = await house.say("1", "路灯不亮", identities=PHONE)
    await rest(house)
    told = "我们小区从上周三开始停水，物业说是管道坏了，到今天还没修，几百户人家做饭都成问题，请你们派人看看"
    assert (await house.say("2", told))["ticket_id"] != first["ticket_id"]


async def _handling(house: ConversationHouse, record: dict[str, Any]) -> None:
    fields: dict[Path, object] = {("status",): "handling"}
    event = NewEvent(type="ticket.handled", at=house.clock.now())
    await house.database.changes.execute(Change(ticket_id=record["ticket_id"], ticket_fields=fields, events=(event,)))


@pytest.mark.parametrize("words", ["谢谢", "好的", "thanks"])
async def test_thanks_after_the_conversation_open_nothing_and_are_answered(
    house: ConversationHouse, words: str
) -> None:
    old = await house.say("1", "路灯不亮", identities=PHONE)
    house.clock.forward(2000)
    await house.idle.close_due()
    record = await house.say("2", words, identities=PHONE)
    assert record["ticket_id"] == old["ticket_id"]
    assert (await house.answers())[-1].startswith(("不客气", "You are welcome"))
