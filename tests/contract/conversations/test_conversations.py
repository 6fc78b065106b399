"""One open interaction a person and channel; messages written once, in order, whoever writes at the same time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.coordinates import gcj02_to_wgs84
from gateway.domain.limits import MESSAGE_CHARS
from gateway.errors import Conflict, RejectedInput
from gateway.ports.message import Received
from gateway.ports.store import TicketQuery
from tests.contract.conversations.house import HERE, PHONE, ConversationHouse
from tests.support.clocks import SetClock
from tests.support.stores import Open

pytestmark = pytest.mark.contract


async def test_a_message_becomes_a_ticket_with_a_flow_and_an_answer(house: ConversationHouse) -> None:
    record = await house.say("1", "路灯不亮好几天了", identities=PHONE, name="李")
    (interaction,) = record["interactions"]
    assert record["empty"] is False
    assert record["demand"]["content"] == "路灯不亮好几天了"
    assert record["demand"]["type"] == "help"
    assert (record["requester"]["phone"], record["requester"]["name"]) == ("+8613800138000", "李")
    assert interaction["disposition"] is None
    assert interaction["flow"]["name"] == "chat"
    inbound, outbound = interaction["messages"]
    assert (inbound["direction"], inbound["external_id"], inbound["delivery"]) == ("inbound", "1", None)
    number = f"{record['ticket_no'][:8]}-{record['ticket_no'][8:]}"
    assert outbound["text"].startswith(f"您好，12345热线已收到您的消息。工单号：{number}\n请问事情发生在哪里？")
    assert outbound["delivery"] == "queued"
    assert await house.types(record["ticket_id"]) == [
        "ticket.registered",
        "interaction.started",
        "message.received",
        "ticket.demand_taken",
    ]


async def test_it_asks_only_for_what_is_missing_and_takes_the_answers(house: ConversationHouse) -> None:
    await house.say("1", "路灯不亮")
    record = await house.say("2", "龙华区国贸路10号")
    assert record["place"]["address"] == "龙华区国贸路10号"
    assert record["place"]["district"]["code"] == "460106"
    assert record["prefill"]["fields"]["place.address"]["source"] == "flow"
    content, span = record["demand"]["content"], record["prefill"]["fields"]["place.address"]["span"]
    assert content[slice(*span)] == "龙华区国贸路10号"
    record = await house.say("3", "电话13800138000")
    assert record["requester"]["callback_phone"] == "+8613800138000"
    assert [text.splitlines()[-1][:4] for text in await house.answers()] == ["请问事情", "请留一个", "谢谢，诉"]
    record = await house.say("4", "一共三盏灯")
    record = await house.say("5", "晚上很黑")
    assert (await house.answers())[3:] == ["已补充到工单。", "这条也记下了。"]
    assert record["demand"]["content"].endswith("一共三盏灯\n晚上很黑")
    assert len(record["interactions"]) == 1


async def test_a_sent_location_is_the_place(house: ConversationHouse) -> None:
    record = await house.say("1", "路灯不亮", identities=PHONE)
    record = await house.say("2", kind="location", location=HERE)
    assert record["place"]["crs"] == "WGS84"
    assert (record["place"]["lat"], record["place"]["lon"]) == pytest.approx(gcj02_to_wgs84(HERE.lat, HERE.lon))
    sent = next(m for m in record["interactions"][-1]["messages"] if m["kind"] == "location")
    assert "(20.030000,110.330000 gcj02)" in sent["text"]
    assert (await house.answers())[-1].startswith("谢谢")


@pytest.mark.parametrize("words", ["人工", "0"])
async def test_a_person_is_a_callback_task(house: ConversationHouse, words: str) -> None:
    record = await house.say("1", "小区停水")
    record = await house.say("2", words)
    assert record["handling"]["callback"]["state"] == "open"
    assert (await house.answers())[-1] == "好的，已登记，坐席会联系您。\n请留下接听回电的号码。"
    await house.say("3", "13800138000")
    (task,) = await house.database.reader.callbacks()
    assert (task["phone"], task["reason"]) == ("+8613800138000", "asked_for_person")
    assert words not in record["demand"]["content"]


async def test_a_greeting_says_nothing_yet(house: ConversationHouse) -> None:
    record = await house.say("1", "你好")
    assert record["empty"] is True
    assert "请直接描述您的诉求" in (await house.answers())[0]
    assert (await house.say("2", "小区停水"))["empty"] is False


async def test_english_is_answered_in_english(house: ConversationHouse) -> None:
    await house.say("1", "the street lamp in my road is broken")
    assert (await house.answers())[0].startswith("Hello, this is 12345.")


async def test_fifty_messages_at_once_are_one_conversation(house: ConversationHouse) -> None:
    start = house.clock.now()
    messages = [
        house.message(f"m{n}", f"第{n:02d}句", sent_at=start - timedelta(seconds=60 - n)) for n in reversed(range(50))
    ]
    results = await asyncio.gather(*(house.conversations.receive(m) for m in messages))
    assert len({r.interaction_id for r in results}) == 1
    record = await house.database.reader.ticket(results[0].ticket_id or "")
    inbound = [m for m in record["interactions"][0]["messages"] if m["direction"] == "inbound"]
    assert [m["text"] for m in inbound] == [f"第{n:02d}句" for n in range(50)]
    assert len({r.seq for r in results}) == 50
    history = await house.conversations.history("web", "li")
    assert [m.seq for m in history] == list(range(1, len(history) + 1))
    page = await house.database.reader.tickets(TicketQuery(limit=100))
    assert len(page.items) == 1


async def test_two_processes_never_open_two_or_step_twice(opened: Open, clock: SetClock, tmp_path: Path) -> None:
    houses = [ConversationHouse(await opened(), clock, tmp_path, name=name) for name in ("a", "b")]
    results: list[Received] = await asyncio.gather(
        *(houses[n % 2].conversations.receive(houses[0].message(f"m{n}", f"第{n}句")) for n in range(12))
    )
    assert len({r.interaction_id for r in results}) == 1
    record = await houses[0].database.reader.ticket(results[0].ticket_id or "")
    said = [m["text"] for m in record["interactions"][0]["messages"] if m["direction"] == "outbound"]
    assert len([text for text in said if "工单号" in text]) == 1
    assert len([text for text in said if "请问事情发生在哪里" in text]) == 1


@pytest.mark.parametrize(
    ("said", "asked"), [("龙华区国贸路10号的路灯不亮", "请留一个"), ("龙华区的路灯不亮", "请问事情")]
)
async def test_a_place_that_was_written_is_not_asked_for(house: ConversationHouse, said: str, asked: str) -> None:
    record = await house.say("1", said)
    assert record["place"]["district"]["code"] == "460106"
    assert [text.splitlines()[-1][:4] for text in await house.answers()] == [asked]


async def test_a_redelivery_changes_nothing(house: ConversationHouse) -> None:
    first = await house.conversations.receive(house.message("1", "路灯不亮"))
    await house.say("2", "龙华区")
    again = await house.conversations.receive(house.message("1", "路灯不亮"))
    assert again.replayed
    assert (again.ticket_id, again.interaction_id, again.seq) == (first.ticket_id, first.interaction_id, first.seq)
    with pytest.raises(Conflict):
        await house.conversations.receive(house.message("1", "别的话"))
    with pytest.raises(RejectedInput):
        await house.conversations.receive(house.message("3", "\ud83d"))
    record = await house.database.reader.ticket(first.ticket_id or "")
    assert len([m for m in record["interactions"][0]["messages"] if m["direction"] == "inbound"]) == 2


async def test_emoji_and_other_planes(house: ConversationHouse) -> None:
    text = "路灯😀𠮷" * (MESSAGE_CHARS // 4)
    record = await house.say("1", text)
    assert record["demand"]["content"] == text
    assert record["attachments"] == []


async def test_events_are_kept_and_answered(house: ConversationHouse) -> None:
    await house.say("1", "路灯不亮", identities=PHONE)
    await house.say("2", "路灯坏了,三号楼", kind="event", event="edit", event_data={"of": "1"})
    await house.say("3", kind="event", event="recall", event_data={"of": "1"})
    record = await house.say("4", kind="event", event="unsupported", event_data={"type": "sticker"})
    said = await house.answers()
    assert said[1] == "已记下您的更正。"
    assert said[2].startswith("已记下您撤回")
    assert said[3].startswith("这种消息暂时无法办理")
    kinds = [m["kind"] for m in record["interactions"][0]["messages"] if m["direction"] == "inbound"]
    assert kinds == ["text", "event", "event", "event"]
    assert "三号楼" in record["demand"]["content"]


async def test_what_is_no_contact_opens_nothing(house: ConversationHouse) -> None:
    received = await house.conversations.receive(house.message("1", kind="event", event="subscribe", opens=False))
    assert (received.ticket_id, received.seq) == (None, 0)
    assert (await house.database.reader.tickets(TicketQuery(limit=100))).items == []


async def test_end_closes_and_a_rating_still_finds_its_ticket(house: ConversationHouse) -> None:
    await house.say("1", "路灯不亮", identities=PHONE)
    record = await house.say("2", kind="event", event="end")
    assert record["interactions"][0]["disposition"] == "completed"
    rated = await house.say("3", kind="event", event="rating", event_data={"satisfied": 4}, opens=False)
    assert rated["ticket_id"] == record["ticket_id"]
    assert rated["outcome"]["evaluation"] == {"channel": "webchat", "satisfied": 4, "comment": None}
    assert len(rated["interactions"]) == 1


@pytest.mark.parametrize("ended", [True, False])
async def test_the_words_of_a_rating_are_kept_with_it_and_are_no_demand(
    house: ConversationHouse, *, ended: bool
) -> None:
    await house.say("1", "龙华区国贸路路灯不亮", identities=PHONE)
    if ended:
        await house.say("2", kind="event", event="end")
    rating: dict[str, Any] = {"kind": "event", "event": "rating", "opens": False}
    rated = await house.say("3", "  修得快，态度好 ", event_data={"satisfied": 5}, **rating)
    told = {"channel": "webchat", "satisfied": 5, "comment": "修得快，态度好"}
    assert rated["outcome"]["evaluation"] == told
    assert "态度" not in rated["demand"]["content"]
    again = await house.say("4", event_data={"satisfied": 2}, **rating)
    last = told | {"satisfied": 2, "comment": None}
    assert again["outcome"]["evaluation"] == last
    kept = [{key: one[key] for key in told} for one in again["outcome"]["evaluations"]]
    assert kept == [told, last]
    assert {one["reply_id"] for one in again["outcome"]["evaluations"]} == {None}  # nobody had answered
    assert all(one["at"] for one in again["outcome"]["evaluations"])


async def test_parts_that_never_came_are_told(house: ConversationHouse) -> None:
    record = await house.say("1", "小区停水已经", incomplete=True)
    assert record["demand"]["content"] == "小区停水已经〔部分缺失〕"


async def test_history_resumes_and_watchers_wake(house: ConversationHouse) -> None:
    async with house.conversations.watch("web", "li") as news:
        await house.say("1", "路灯不亮")
        await asyncio.wait_for(anext(news), 5)
    first = await house.conversations.history("web", "li")
    assert first[1].quick_replies == (("1", "跳过"), ("0", "转人工"))
    await house.say("2", "龙华区")
    later = await house.conversations.history("web", "li", after=first[-1].seq)
    assert [m.direction for m in later] == ["inbound", "outbound"]
    assert await house.conversations.history("web", "wang") == []
