"""Answers leave in order, again after faults, never twice, never outside a provider's window."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.ids import new_ulid
from gateway.domain.messages import NewMessage, Queued, ThreadStep
from gateway.errors import PermanentDeliveryError, ReplyWindowClosed, TransientDeliveryError
from gateway.ports.message import Receipt, ReplyWindow
from tests.contract.conversations.house import PHONE, TEXTS, ConversationHouse, ScriptedChannel
from tests.contract.storage.changes import pass_by
from tests.support.change import Change
from tests.support.clocks import SetClock
from tests.support.stores import Open
from tests.support.waiting import until

pytestmark = pytest.mark.contract


async def deliveries(house: ConversationHouse, ticket_id: str) -> list[str]:
    record = await house.database.reader.ticket(ticket_id)
    messages = [m for i in record["interactions"] for m in i["messages"] if m["direction"] == "outbound"]
    return [m["delivery"] for m in messages]


async def test_an_answer_that_clients_fetch_is_sent_with_its_commit(house: ConversationHouse) -> None:
    async with house.conversations.watch("web", "li"):
        record = await house.say("1", "路灯不亮", pulls=True)
        at_hand = await house.conversations.history("web", "li")
    assert await house.conversations.history("web", "li") == at_hand
    assert at_hand[1].delivery == "sent"
    assert not await house.outbox.sending.step()
    assert not await house.database.outbox.pending()
    assert (await house.types(record["ticket_id"])).count("message.sent") == 1
    read = Receipt(channel_id="web", external_id=at_hand[1].message_id, state="read", at=house.clock.now())
    await house.conversations.receipt(read)
    assert await deliveries(house, record["ticket_id"]) == ["read"]


async def test_answers_are_sent_in_order_with_the_newest_context(house: ConversationHouse) -> None:
    record = await house.say("1", "路灯不亮", reply_context={"reply_to": "1"})
    await house.say("2", "龙华区", reply_context={"reply_to": "2"})
    await house.deliver()
    assert [m.text.splitlines()[-1][:3] for m in house.chat.sent] == ["请问事", "请留一"]
    assert house.chat.sent[0].quick_replies == (("1", "跳过"), ("0", "转人工"))
    assert {m.context["reply_to"] for m in house.chat.sent} == {"2"}
    assert await deliveries(house, record["ticket_id"]) == ["sent", "sent"]
    assert (await house.types(record["ticket_id"])).count("message.sent") == 2
    assert not await house.outbox.sending.step()


async def test_a_throttled_message_waits_as_long_as_it_is_told(house: ConversationHouse) -> None:
    house.chat.failures = [TransientDeliveryError("slow down", retry_after_s=30)]
    record = await house.say("1", "路灯不亮")
    await house.say("2", "龙华区")
    await house.deliver()
    house.clock.forward(29)
    await house.deliver()
    assert house.chat.sent == []
    house.clock.forward(2)
    await house.deliver()
    assert [m.text.splitlines()[-1][:3] for m in house.chat.sent] == ["请问事", "请留一"]
    assert await deliveries(house, record["ticket_id"]) == ["sent", "sent"]


async def test_one_persons_trouble_does_not_hold_up_another(house: ConversationHouse) -> None:
    house.chat.failures = [TransientDeliveryError("no route")]
    await house.say("1", "路灯不亮")
    await house.deliver()
    await house.say("2", "停水", sender="wang")
    await house.deliver()
    assert [m.recipient for m in house.chat.sent] == ["wang"]


async def test_a_refusal_for_good_is_on_the_ticket(house: ConversationHouse) -> None:
    house.chat.failures = [PermanentDeliveryError("blocked by the user")]
    record = await house.say("1", "路灯不亮")
    await house.deliver()
    assert await deliveries(house, record["ticket_id"]) == ["failed"]
    events = await house.database.reader.events(ticket_id=record["ticket_id"])
    assert events[-1]["type"] == "message.failed"
    assert "blocked" not in str(events[-1]["data"])
    house.clock.forward(100_000)
    assert not await house.outbox.sending.step()


async def test_receipts_move_forwards_only(house: ConversationHouse) -> None:
    record = await house.say("1", "路灯不亮")
    await house.deliver()
    for state in ("read", "delivered", "sent", "failed"):
        receipt = Receipt(channel_id="web", external_id="out-1", state=state, at=house.clock.now())
        await house.conversations.receipt(receipt)
    await house.conversations.receipt(
        Receipt(channel_id="web", external_id="nobody's", state="read", at=house.clock.now())
    )
    assert await deliveries(house, record["ticket_id"]) == ["read"]
    assert "message.failed" not in await house.types(record["ticket_id"])


async def test_a_receipt_that_overtakes_its_own_commit_is_not_lost(house: ConversationHouse) -> None:
    await house.conversations.receipt(
        Receipt(channel_id="web", external_id="out-1", state="delivered", at=house.clock.now())
    )
    record = await house.say("1", "路灯不亮")
    await house.deliver()
    assert await deliveries(house, record["ticket_id"]) == ["delivered"]


async def test_a_receipt_under_another_spelling_finds_the_message_to_its_telephone(house: ConversationHouse) -> None:
    """Two texts whose ids are each other's in the other base: the telephone tells which one is meant."""
    records = []
    for key, sender, external_id in (("1", "+8613800138001", "16"), ("2", "+8613800138002", "10")):
        records.append(await house.say(key, "路灯不亮", sender=sender))
        house.chat.ids.append(external_id)
        await house.deliver()
    await house.conversations.receipt(
        Receipt(
            channel_id="web",
            external_id="16",
            also=("16", "10"),
            recipient="8613800138002",
            state="delivered",
            at=house.clock.now(),
        )
    )
    assert [await deliveries(house, one["ticket_id"]) for one in records] == [["sent"], ["delivered"]]


async def test_what_a_dead_process_left_is_sent_by_the_next(opened: Open, clock: SetClock, tmp_path: Path) -> None:
    dying = ConversationHouse(await opened(), clock, tmp_path, name="dying")
    record = await dying.say("1", "路灯不亮")
    dying.chat.hold = asyncio.Event()
    assert await dying.outbox.sending.step()
    heir = ConversationHouse(await opened(), clock, tmp_path, name="heir")
    await heir.deliver()
    assert heir.chat.sent == []  # it may still be sending
    clock.forward(120)
    await heir.deliver()
    assert heir.chat.sent == []  # the store may have been away: then it could not write down what it sent
    await pass_by(heir.database, clock, 61)
    await heir.deliver()
    assert len(heir.chat.sent) == 1
    assert await deliveries(heir, record["ticket_id"]) == ["sent"]
    dying.chat.hold.set()
    await dying.outbox.sending.settled()


@pytest.mark.parametrize("ahead_s", [3600, -3600])
async def test_a_clock_that_jumps_neither_repeats_nor_stops_what_is_sent(
    house: ConversationHouse, clock: SetClock, opened: Open, tmp_path: Path, ahead_s: int
) -> None:
    """Neither the clock of this machine nor that of another one that takes part."""
    wrong = clock.ahead(ahead_s)
    other = ConversationHouse(await opened(clock=wrong), wrong, tmp_path, name="other")
    await other.say("1", "路灯不亮")
    house.chat.hold = asyncio.Event()
    assert await house.outbox.sending.step(), "what was queued by a clock an hour ahead is due"
    await other.deliver()
    clock.jump(-ahead_s)
    await house.outbox.sending.step()
    await other.deliver()
    await other.deliver()
    house.chat.hold.set()
    await house.outbox.sending.settled()
    assert (len(house.chat.sent), len(other.chat.sent)) == (1, 0)
    house.chat.failures = [TransientDeliveryError("busy")]
    await house.say("2", "井盖坏了", sender="another")
    await house.deliver()
    clock.jump(ahead_s)
    clock.forward(60)
    await house.deliver()
    assert len(house.chat.sent) == 2, "what failed just before a jump is tried again soon"


async def test_leases_of_a_process_known_to_be_dead_end_at_once(opened: Open, clock: SetClock, tmp_path: Path) -> None:
    dead = ConversationHouse(await opened(), clock, tmp_path, name="dead")
    await dead.say("1", "路灯不亮")
    dead.chat.hold = asyncio.Event()
    assert await dead.outbox.sending.step()
    knowing = await opened(is_gone=lambda owner: owner == "dead")
    heir = ConversationHouse(knowing, clock, tmp_path, name="heir")
    running = asyncio.create_task(heir.outbox.sending.run())
    await until(lambda: heir.chat.sent, "the heir's sending")
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    dead.chat.hold.set()
    await dead.outbox.sending.settled()


async def test_two_workers_never_send_one_message_twice(opened: Open, clock: SetClock, tmp_path: Path) -> None:
    houses = [ConversationHouse(await opened(), clock, tmp_path, name=name) for name in "ab"]
    for n in range(10):
        await houses[0].say(f"m{n}", "路灯不亮", sender=f"p{n}")
    await asyncio.gather(*(house.deliver() for house in houses))
    sent = [m.message_id for house in houses for m in house.chat.sent]
    assert len(sent) == len(set(sent)) == 10


def windowed(house: ConversationHouse, **window: Any) -> ScriptedChannel:
    channel = ScriptedChannel(ReplyWindow(messages=window.get("messages", 2), within_s=window.get("within_s", 60.0)))
    house.channels.put("web", channel, TEXTS)
    return channel


async def test_a_closed_window_becomes_a_callback(house: ConversationHouse) -> None:
    channel = windowed(house)
    record = await house.say("1", "路灯不亮", identities=PHONE)
    house.clock.forward(61)
    await house.deliver()
    assert channel.sent == []
    assert await deliveries(house, record["ticket_id"]) == ["failed"]
    (task,) = await house.database.reader.callbacks()
    assert (task["reason"], task["phone"]) == ("reply_window_closed", "+8613800138000")
    failed = next(
        e for e in await house.database.reader.events(ticket_id=record["ticket_id"]) if e["type"] == "message.failed"
    )
    assert (failed["data"]["reason"], failed["data"]["instead"]) == ("reply_window_closed", "callback")


async def test_a_window_that_the_provider_calls_closed_becomes_a_callback(house: ConversationHouse) -> None:
    channel = windowed(house)
    channel.failures.append(ReplyWindowClosed("45015 response out of time limit"))
    record = await house.say("1", "路灯不亮", identities=PHONE)
    await house.deliver()
    assert await deliveries(house, record["ticket_id"]) == ["failed"]
    (task,) = await house.database.reader.callbacks()
    assert task["reason"] == "reply_window_closed"


async def test_a_closed_window_goes_by_sms_where_there_is_one(opened: Open, clock: SetClock, tmp_path: Path) -> None:
    house = ConversationHouse(await opened(), clock, tmp_path, sms="sms")
    sms = ScriptedChannel()
    house.channels.put("sms", sms, TEXTS)
    windowed(house)
    record = await house.say("1", "路灯不亮", identities=PHONE)
    house.clock.forward(61)
    await house.deliver()
    (sent,) = sms.sent
    assert (sent.recipient, sent.text.startswith("您好")) == ("+8613800138000", True)
    assert sorted(await deliveries(house, record["ticket_id"])) == ["failed", "sent"]
    assert await house.database.reader.callbacks() == []


async def test_the_person_opens_the_window_again(house: ConversationHouse) -> None:
    channel = windowed(house, messages=1)
    await house.say("1", "路灯不亮", identities=PHONE)
    await house.deliver()
    house.clock.forward(1)
    await house.say("2", "龙华区")
    await house.deliver()
    assert len(channel.sent) == 2
    assert await house.database.reader.callbacks() == []


async def test_what_was_sent_long_ago_is_forgotten_a_few_at_a_time(
    house: ConversationHouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.storage.outbox.FORGET_AT_ONCE", 2)
    for n in range(5):
        await house.say(str(n), "路灯不亮", sender=f"s{n}")
    await house.deliver()
    house.clock.forward(10)
    await house.say("new", "路灯不亮", sender="s9")
    assert await house.database.outbox.forget(house.clock.now()) == 5
    assert await house.database.outbox.forget(house.clock.now()) == 0


async def test_a_message_that_waits_for_its_hour_holds_back_nobody_elses(house: ConversationHouse) -> None:
    record = await house.say("1", "路灯不亮")
    await house.deliver()
    morning = house.clock.now() + timedelta(hours=9)
    held = NewMessage(
        message_id=new_ulid(),
        direction="outbound",
        sent_at=house.clock.now(),
        text="答复",
        queue=Queued(channel_id="web", recipient="li", not_before=morning),
    )
    interaction_id = record["interactions"][0]["interaction_id"]
    thread = ThreadStep(channel_id="web", sender="li")
    change = Change(ticket_id=record["ticket_id"], interaction_id=interaction_id, messages=(held,), thread=thread)
    await house.database.changes.execute(change)
    await house.say("2", "龙华区")
    await house.deliver()
    assert [m.text for m in house.chat.sent].count("答复") == 0
    assert len(house.chat.sent) == 2
    house.clock.forward(9 * 3600)
    await house.deliver()
    assert house.chat.sent[-1].text == "答复"
