"""A reply comes back by the chat, and its requester judges it there by a figure or a word."""

from __future__ import annotations

from datetime import timedelta

import pytest

from gateway.domain.case.reply_plan import QuietHours
from gateway.domain.ids import from_rfc3339
from gateway.errors import ReplyWindowClosed
from tests.contract.conversations.house import PHONE, TEXTS, ConversationHouse, ScriptedChannel
from tests.support.centre import Centre
from tests.support.clocks import SHANGHAI

pytestmark = pytest.mark.contract


async def answered(house: ConversationHouse) -> tuple[Centre, str]:
    """A demand that was written and answered; its conversation is over."""
    record = await house.say("1", "龙华区国贸路10号路灯不亮", identities=PHONE)
    await house.deliver()
    house.clock.forward(2 * 3600)
    await house.idle.close_due()
    centre = Centre(house.database, house.clock)  # type: ignore[arg-type]  # as far as it is used alike
    await centre.replied(record["ticket_id"], "路灯已修好")
    await house.deliver()
    return centre, record["ticket_id"]


async def test_the_reply_comes_by_the_chat_and_is_judged_there(house: ConversationHouse) -> None:
    centre, ticket = await answered(house)
    assert "路灯已修好" in house.chat.sent[-1].text
    assert dict(house.chat.sent[-1].quick_replies)["rate5"] == "很满意"
    assert (await centre.reply(ticket))["state"] == "sent"
    record = await house.say("2", "2")
    assert record["ticket_id"] == ticket
    assert record["outcome"]["evaluation"] == {"channel": "webchat", "satisfied": 2, "comment": "2"}
    assert "抱歉" in (await house.answers())[-1]
    await house.say("2a", "跳过", choice="1")  # a button of a message before
    assert len((await centre.record(ticket))["outcome"]["evaluations"]) == 1
    record = await house.say("3", "很满意", choice="rate5")
    assert record["outcome"]["evaluation"]["satisfied"] == 5
    assert len(record["outcome"]["evaluations"]) == 2


async def test_a_figure_answers_what_was_asked_last(house: ConversationHouse) -> None:
    record = await house.say("1", "龙华区国贸路10号路灯不亮")
    assert "回复1跳过" in (await house.answers())[-1]
    centre = Centre(house.database, house.clock)  # type: ignore[arg-type]  # as far as it is used alike
    await centre.replied(record["ticket_id"], "路灯已修好")
    record = await house.say("2", "1")
    assert [one["satisfied"] for one in record["outcome"]["evaluations"]] == [1]
    await house.say("3", "跳过", choice="1")  # the conversation waits as before for its own answer
    record = await house.say("4", "2")
    assert [one["satisfied"] for one in record["outcome"]["evaluations"]] == [1, 2]


async def test_a_figure_is_the_flows_when_that_asked_after_the_reply(house: ConversationHouse) -> None:
    record = await house.say("1", "龙华区国贸路10号路灯不亮")
    house.clock.forward(2 * 3600)
    await house.idle.close_due()
    centre = Centre(house.database, house.clock)  # type: ignore[arg-type]  # as far as it is used alike
    await centre.replied(record["ticket_id"], "路灯已修好")
    other = await house.say("2", "秀英区长流镇有一处污水外溢，气味很大")
    assert "回复1跳过" in (await house.answers())[-1]
    assert other["ticket_id"] != record["ticket_id"]
    assert (await house.say("3", "1"))["outcome"]["evaluations"] == []
    assert (await centre.record(record["ticket_id"]))["outcome"]["evaluations"] == []


async def test_a_window_that_closes_before_it_is_sent_leaves_one_call(house: ConversationHouse) -> None:
    record = await house.say("1", "龙华区国贸路10号路灯不亮", sender="wu")
    house.clock.forward(2 * 3600)
    await house.idle.close_due()
    await house.deliver()
    centre = Centre(house.database, house.clock)  # type: ignore[arg-type]  # as far as it is used alike
    await centre.replied(record["ticket_id"], "路灯已修好")
    house.chat.failures = [ReplyWindowClosed("out of window")]
    await house.deliver()
    assert await centre.calls() == []  # the outbox leaves the next way to the plan of the reply
    await centre.follow()
    (call,) = await centre.calls()
    assert call["reasons"] == ["reply"]
    reply = await centre.reply(record["ticket_id"])
    assert (reply["way"], reply["tried"], reply["callback_id"]) == ("callback", ["channel"], call["callback_id"])


async def test_thanks_restarts_nothing(house: ConversationHouse) -> None:
    centre, ticket = await answered(house)
    before = (await centre.record(ticket))["handling"]["clocks"]
    record = await house.say("2", "谢谢")
    assert (record["ticket_id"], record["status"]) == (ticket, "replied")
    assert record["outcome"]["evaluations"] == []
    assert record["handling"]["clocks"] == before


async def test_a_figure_long_after_is_no_judgement(house: ConversationHouse) -> None:
    centre, ticket = await answered(house)
    house.clock.forward(timedelta(days=31).total_seconds())
    await house.say("2", "5")
    assert (await centre.record(ticket))["outcome"]["evaluations"] == []


async def test_another_figure_within_ten_minutes_is_one_more(house: ConversationHouse) -> None:
    centre, ticket = await answered(house)
    await house.say("2", "5")
    house.clock.forward(9 * 60)
    assert (await house.say("3", "1分"))["outcome"]["evaluation"]["satisfied"] == 1
    house.clock.forward(9 * 60)
    await house.say("4", "4")
    assert len((await centre.record(ticket))["outcome"]["evaluations"]) == 2


async def test_without_a_reply_a_figure_is_what_it_was(house: ConversationHouse) -> None:
    record = await house.say("1", "5")
    assert record["outcome"]["evaluations"] == []


async def test_who_urges_what_was_answered_is_offered_to_the_centre(house: ConversationHouse) -> None:
    centre, ticket = await answered(house)
    await house.say("2", "怎么还没修好")
    record = await centre.record(ticket)
    assert record["status"] == "replied"
    (judge,) = [one for one in record["handling"]["clocks"] if one["kind"] == "judge"]
    assert from_rfc3339(judge["started_at"]) == house.clock.now()


async def test_a_judgement_that_cannot_be_is_answered_and_its_message_kept(house: ConversationHouse) -> None:
    """Answered, reopened, withdrawn: nobody judges that, but nobody is left without an answer either."""
    centre, ticket = await answered(house)
    await centre.do("reopen", ticket, reason="not_solved")
    await centre.withdrawn(ticket)
    for nth, said in enumerate(({"text": "5"}, {"text": "很满意", "choice": "rate5"})):
        record = await house.say(f"r{nth}", said.pop("text"), **said)
        assert record["ticket_id"] == ticket
        assert record["outcome"]["evaluations"] == []
        assert "不能再评价" in (await house.answers())[-1]
    record = await centre.record(ticket)
    texts = [one["text"] for one in record["interactions"][-1]["messages"] if one["direction"] == "inbound"]
    assert texts[-2:] == ["5", "很满意"]


async def test_minds_are_changed_a_few_times_in_a_chat_too(house: ConversationHouse) -> None:
    centre, ticket = await answered(house)
    for nth in range(7):
        await house.say(f"r{nth}", str(1 + nth % 5))
    record = await centre.record(ticket)
    assert [one["satisfied"] for one in record["outcome"]["evaluations"]] == [1, 2, 3, 4, 5]
    assert "不能再评价" in (await house.answers())[-1]


async def test_a_reply_held_over_night_is_dropped_when_its_case_is_reopened(house: ConversationHouse) -> None:
    sms = ScriptedChannel()
    house.channels.put("sms", sms, TEXTS)
    record = await house.say("1", "龙华区国贸路10号路灯不亮", identities=PHONE)
    await house.deliver()
    house.clock.forward(26 * 3600)  # the page was left: it goes by SMS
    await house.idle.close_due()
    hour = house.clock.now().astimezone(SHANGHAI)
    quiet = QuietHours(begin=(hour - timedelta(hours=1)).time(), end=(hour + timedelta(hours=1)).time(), zone=SHANGHAI)
    centre = Centre(house.database, house.clock, quiet=quiet)  # type: ignore[arg-type]  # as far as it is used alike
    ticket = record["ticket_id"]
    await centre.replied(ticket, "路灯已修好")
    assert (await centre.reply(ticket))["way"] == "sms"
    await house.say("2", "5", channel="sms", channel_id="sms", sender=PHONE[0].value)
    assert (await centre.record(ticket))["outcome"]["evaluations"] == []  # what waits has been read by nobody
    await centre.do("reopen", ticket, reason="not_solved")
    house.clock.forward(2 * 3600)
    await house.deliver()
    await centre.follow()
    assert not any("路灯已修好" in one.text for one in sms.sent)
    assert (await centre.reply(ticket))["state"] == "failed"
    assert [one for one in await centre.calls() if "reply" in one["reasons"]] == []
    await centre.replied(ticket, "路灯换了新的")
    await house.deliver()
    assert sum("路灯换了新的" in one.text for one in sms.sent) == 1
