"""A reply reaches every requester once, by the way that is open to them; a call that is owed really is."""

from __future__ import annotations

from dataclasses import replace
from datetime import time, timedelta
from typing import Any

import pytest

from gateway.casework.tell_reply import TellReply
from gateway.domain.callback_work import Verb
from gateway.domain.case.reply_plan import QuietHours
from gateway.domain.command import Applied
from gateway.domain.events import event_of
from gateway.domain.fold import recounted
from gateway.domain.ids import from_rfc3339
from gateway.storage.database import Database
from tests.support.centre import MOBILE, Centre, ways
from tests.support.clocks import NOON, SHANGHAI, SetClock

pytestmark = pytest.mark.contract


@pytest.fixture
def centre(db: Database, clock: SetClock) -> Centre:
    return Centre(db, clock)


async def test_wechat_within_its_window_goes_by_wechat(centre: Centre) -> None:
    ticket = await centre.registered("wechat", "o1", phone=MOBILE)
    centre.at(hours=47, minutes=59)
    await centre.replied(ticket)
    (message,) = await centre.messages(ticket)
    reply = await centre.reply(ticket)
    assert (reply["way"], reply["state"], reply["because"]) == ("channel", "under_way", "writes_there")
    assert reply["channel_id"] == "wechat"
    assert "已经恢复供水" in message["text"]


async def test_wechat_last_heard_49_hours_ago_goes_by_sms(centre: Centre) -> None:
    ticket = await centre.registered("wechat", "o1", phone=MOBILE)
    centre.at(hours=49)
    await centre.replied(ticket)
    reply = await centre.reply(ticket)
    assert (reply["way"], reply["because"], reply["channel_id"]) == ("sms", "window_closed", "sms")
    assert len(await centre.messages(ticket)) == 1
    assert await centre.calls() == []


async def test_without_a_number_to_text_somebody_calls_and_the_call_exists(centre: Centre) -> None:
    ticket = await centre.registered("wechat", "o1")
    centre.at(hours=49)
    await centre.replied(ticket)
    assert (await centre.reply(ticket))["way"] == "callback"
    (call,) = await centre.calls()
    assert (call["ticket_id"], call["callback_id"]) == (ticket, (await centre.reply(ticket))["callback_id"])
    assert await centre.messages(ticket) == []


async def test_a_chat_page_that_was_left_long_ago_is_the_last_way(centre: Centre) -> None:
    known, unknown = await centre.registered("web", "v1", phone=MOBILE), await centre.registered("web", "v2")
    centre.at(hours=30)
    await centre.replied(known)
    await centre.replied(unknown)
    assert [(await centre.reply(one))["way"] for one in (known, unknown)] == ["sms", "channel"]
    assert (await centre.reply(unknown))["because"] == "last_way"


async def test_a_landline_is_called_never_texted(centre: Centre) -> None:
    ticket = await centre.registered("hotline", phone="+8689866223344")
    await centre.replied(ticket)
    assert (await centre.reply(ticket))["way"] == "callback"


async def test_a_callback_really_exists_also_the_second_time(centre: Centre) -> None:
    ticket = await centre.registered("hotline", phone="+8689866223344")
    await centre.replied(ticket)
    (first,) = await centre.calls()
    await centre.call(first, Verb.DONE, "reached")
    assert (await centre.reply(ticket))["state"] == "told"
    await centre.do("reopen", ticket, reason="dissatisfied")
    await centre.replied(ticket, "又修了一次")
    (second,) = await centre.calls()
    assert second["callback_id"] != first["callback_id"]
    assert (await centre.reply(ticket))["callback_id"] == second["callback_id"]


async def test_every_reporter_of_a_merge_gets_exactly_one_reply(centre: Centre) -> None:
    head = await centre.registered("wechat", "o1")
    others = [
        await centre.registered("sms", MOBILE, phone=MOBILE),
        await centre.registered("telegram", "t1"),
        await centre.registered("hotline"),
    ]
    for ticket in others:
        await centre.merged(ticket, head)
    await centre.replied(head)
    ways = [(await centre.reply(one))["way"] for one in (head, *others)]
    assert ways == ["channel", "channel", "channel", "callback"]
    counted = [len(await centre.messages(one)) for one in (head, *others)]
    assert counted == [1, 1, 1, 0]
    assert [call["ticket_id"] for call in await centre.calls()] == [others[2]]
    await centre.follow(again=True)
    assert [len(await centre.messages(one)) for one in (head, *others)] == counted
    assert len(await centre.calls()) == 1


async def test_merged_after_the_reply_still_gets_one(centre: Centre) -> None:
    head = await centre.registered("wechat", "o1")
    early = await centre.registered("wechat", "o2")
    late = await centre.registered("wechat", "o3")
    await centre.merged(early, head)
    await centre.replied(head)
    centre.at(hours=1)
    await centre.merged(late, head)
    await centre.follow()
    assert [len(await centre.messages(one)) for one in (head, early, late)] == [1, 1, 1]


async def test_a_merge_after_the_reply_asks_of_nobody_who_was_told(centre: Centre) -> None:
    """A thousand reporters of a burst pipe cost a late one nothing; before the reply a merge costs nothing at all."""
    head = await centre.registered("wechat", "o1")
    asked: list[TellReply] = []
    execute = centre.db.changes.execute

    class Counting:
        async def execute(self, command: Any) -> Applied:
            asked.append(command)
            return await execute(command)

    centre.followers[0]._store = Counting()
    for nth in range(10):
        await centre.merged(await centre.registered("wechat", f"early{nth}"), head)
    await centre.follow()
    assert asked == []
    assert (await centre.db.replies.answered(head)).people == ()
    await centre.replied(head)
    assert len(asked) == 11
    asked.clear()
    late = await centre.registered("wechat", "late")
    await centre.merged(late, head)
    await centre.follow()
    assert [one.tickets for one in asked] == [(late,)]


async def test_what_a_merged_ticket_brought_along_is_told_too(centre: Centre) -> None:
    head, middle, leaf = [await centre.registered("wechat", f"o{nth}") for nth in range(3)]
    await centre.merged(leaf, middle)
    await centre.replied(head)
    await centre.merged(middle, head)
    await centre.follow()
    assert [len(await centre.messages(one)) for one in (head, middle, leaf)] == [1, 1, 1]


async def test_one_person_with_two_merged_tickets_gets_one_that_names_both(centre: Centre) -> None:
    head = await centre.registered("telegram", "t1")
    first = await centre.registered("wechat", "o1", phone=MOBILE)
    second = await centre.registered("wechat", "o1", phone=MOBILE)
    for ticket in (first, second):
        await centre.merged(ticket, head)
    await centre.replied(head)
    (message,) = await centre.messages(first, second)
    numbers = [(await centre.record(one))["ticket_no"] for one in (first, second)]
    assert all(f"{number[:8]}-{number[8:]}" in message["text"] for number in numbers)
    told = [await centre.reply(one) for one in (first, second)]
    assert {one["state"] for one in told} == {"under_way", "sent"}


async def test_a_second_ticket_of_somebody_who_was_told_is_told_with_the_first(centre: Centre) -> None:
    head = await centre.registered("telegram", "t1")
    first, second = [await centre.registered("wechat", "o1", phone=MOBILE) for _ in range(2)]
    await centre.merged(first, head)
    await centre.replied(head)
    await centre.merged(second, head)
    await centre.follow()
    assert [len(await centre.messages(one)) for one in (first, second)] == [1, 0]
    reply = await centre.reply(second)
    assert (reply["way"], reply["together"], reply["state"]) == ("together", first, "sent")
    assert (await centre.record(second))["outcome"]["public_reply"] == "已经恢复供水"


async def test_two_plans_made_at_once_tell_a_person_once(centre: Centre) -> None:
    head = await centre.registered("telegram", "t1")
    first, second = [await centre.registered("wechat", "o1", phone=MOBILE) for _ in range(2)]
    await centre.merged(first, head)
    reply_id = "r-at-once"
    await centre.do("reply", head, text="已经恢复供水", note_id=reply_id)
    held: list[TellReply] = []
    teller = centre.followers[0]
    execute = centre.db.changes.execute

    class Holding:
        async def execute(self, command: Any) -> Applied:
            held.append(command)
            return Applied(ticket_id="", ticket_no="", interaction_id=None, version=0, event_seq=0, skipped=True)

    teller._store = Holding()
    await centre.follow()
    await centre.merged(second, head)
    await centre.follow()
    for command in reversed(held):
        await execute(command)
    assert len(await centre.messages(first, second)) == 1
    assert {(await centre.reply(one))["reply_id"] for one in (first, second)} == {reply_id}


async def test_parted_again_a_reporter_keeps_what_they_were_told(centre: Centre) -> None:
    head, other = await centre.registered("wechat", "o1"), await centre.registered("wechat", "o2")
    await centre.merged(other, head)
    await centre.replied(head, "已经恢复供水")
    await centre.merged(other, head, undo=True)
    await centre.follow(again=True)
    record = await centre.record(other)
    assert (record["status"], record["outcome"]["public_reply"]) == ("registered", "已经恢复供水")
    await centre.do("reopen", head, reason="dissatisfied")
    await centre.replied(head, "又修了一次")
    assert [len(await centre.messages(one)) for one in (head, other)] == [2, 1]


async def test_a_way_that_fails_is_followed_by_the_next_one_until_none_is_left(centre: Centre) -> None:
    ticket = await centre.registered("wechat", "o1", phone=MOBILE)
    await centre.replied(ticket)
    await centre.delivery(ticket, "failed", "reply_window_closed")
    reply = await centre.reply(ticket)
    assert (reply["way"], reply["tried"], reply["because"]) == ("sms", ["channel"], "way_failed")
    await centre.delivery(ticket, "sent")
    await centre.delivery(ticket, "failed")
    reply = await centre.reply(ticket)
    assert (reply["way"], reply["tried"], reply["reached_at"]) == ("callback", ["channel", "sms"], None)
    (call,) = await centre.calls()
    await centre.call(call, Verb.DONE, "not_reached")
    assert (await centre.reply(ticket))["state"] == "unreached"
    assert len(await centre.messages(ticket)) == 2
    await centre.follow(again=True)
    assert len(await centre.messages(ticket)) == 2


async def test_delivered_is_when_it_reached_them(centre: Centre) -> None:
    ticket = await centre.registered("wechat", "o1")
    await centre.replied(ticket)
    centre.at(minutes=5)
    await centre.delivery(ticket, "sent")
    centre.at(minutes=7)
    await centre.delivery(ticket, "delivered")
    reply = await centre.reply(ticket)
    assert reply["state"] == "delivered"
    assert from_rfc3339(reply["replied_at"]) == NOON
    assert from_rfc3339(reply["reached_at"]) == NOON + timedelta(minutes=5)


async def test_a_secret_or_anonymous_reporter_is_told_without_being_named(centre: Centre) -> None:
    ticket = await centre.registered("wechat", "o1", phone=MOBILE, name="王小明", secret=True)
    await centre.replied(ticket)
    (message,) = await centre.messages(ticket)
    assert "王小明" not in message["text"]
    assert "已经恢复供水" not in str(await centre.db.reader.events(ticket_id=ticket))


async def test_a_platform_is_told_of_each_ticket_that_it_handed_over(centre: Centre) -> None:
    centre.sources.add("city")
    ticket = await centre.registered("city", phone=MOBILE, event_id="E1")
    await centre.replied(ticket)
    reply = await centre.reply(ticket)
    assert (reply["way"], reply["state"]) == ("source", "sent")
    assert await centre.messages(ticket) == []


async def test_at_night_nobody_is_called(centre: Centre) -> None:
    centre.quiet = QuietHours(begin=time(22), end=time(7), zone=SHANGHAI)
    ticket = await centre.registered("hotline", phone="+8689866223344")
    centre.at(hours=11)  # 23:00 in Shanghai
    await centre.replied(ticket)
    (call,) = await centre.calls()
    assert from_rfc3339(call["due_at"]) == NOON + timedelta(hours=19, minutes=30)  # half an hour after 7:00


async def test_what_is_urgent_by_the_rule_in_force_does_not_wait_for_the_morning(centre: Centre) -> None:
    quiet = QuietHours(begin=time(22), end=time(7), zone=SHANGHAI)
    by_matter = replace(ways(quiet=quiet), is_urgent=lambda form: form.demand.urgency.level is None)
    centre.followers[0]._ways = lambda: by_matter
    ticket = await centre.registered("hotline", phone="+8689866223344")
    centre.at(hours=11)
    await centre.replied(ticket)
    (call,) = await centre.calls()
    assert from_rfc3339(call["due_at"]) == NOON + timedelta(hours=11, minutes=30)


async def test_a_call_in_between_does_not_count_as_told(centre: Centre) -> None:
    ticket = await centre.registered("hotline", phone="+8689866223344")
    await centre.replied(ticket)
    (call,) = await centre.calls()
    await centre.call(call, Verb.ATTEMPT, "no_answer")
    reply = await centre.reply(ticket)
    assert (reply["state"], len(reply["called_at"])) == ("under_way", 1)


@pytest.mark.parametrize(("verb", "reason"), [("inform", "litigation"), ("deflect", "police")])
async def test_who_is_informed_or_redirected_is_told_and_asked_nothing(centre: Centre, verb: str, reason: str) -> None:
    head, other = await centre.registered("wechat", "o1"), await centre.registered("telegram", "t1")
    await centre.merged(other, head)
    await centre.do(verb, head, reason=reason, text="请向法院查询")
    await centre.follow()
    told = [message["text"] for message in await centre.messages(head, other)]
    assert len(told) == 2
    assert all("请向法院查询" in text and "评价" not in text for text in told)
    assert not [one for one in (await centre.record(head))["handling"]["clocks"] if one["next_at"]]


async def test_rows_equal_the_fold_of_events(centre: Centre) -> None:
    head, other = await centre.registered("wechat", "o1", phone=MOBILE), await centre.registered("hotline")
    await centre.merged(other, head)
    await centre.replied(head)
    await centre.delivery(head, "failed")
    for ticket_id in (head, other):
        events = await centre.db.reader.events(ticket_id=ticket_id)
        told = [
            (one["interaction_id"], event_of(one["type"], from_rfc3339(one["at"]), one["actor"], one["data"]))
            for one in events
        ]
        counted = {
            path.rpartition(".")[2]: value
            for path, value in recounted(told).items()
            if path.startswith("handling.replies.") and value not in (None, [])
        }
        reply = {key: value for key, value in (await centre.reply(ticket_id)).items() if value not in (None, [])}
        del reply["reply_id"]
        assert counted == reply
