"""What is longer than a message may be is kept whole beside it; a content stops growing; order holds."""

from __future__ import annotations

import asyncio

import pytest

from gateway.domain.limits import (
    CONTENT_CHARS,
    CONTENT_FULL,
    EXTERNAL_ID_CHARS,
    LINE_CHARS,
    MESSAGE_CHARS,
    NAME_CHARS,
)
from gateway.errors import Conflict, RejectedInput
from gateway.ports.message import Location, MediaRef
from tests.contract.conversations.house import ConversationHouse

pytestmark = pytest.mark.contract
LONG = "路灯坏了。" * 2_000
PNG = b"\x89PNG\r\n\x1a\n" + bytes(50)


async def test_a_long_text_is_kept_whole_beside_its_beginning(house: ConversationHouse) -> None:
    record = await house.say("1", LONG)
    (said, answer) = record["interactions"][0]["messages"]
    (kept,) = record["attachments"]
    assert said["text"] == LONG[:MESSAGE_CHARS]
    assert record["demand"]["content"] == LONG[:MESSAGE_CHARS]
    assert said["attachment_id"] == kept["attachment_id"]
    assert (kept["name"], kept["media_type"], kept["bytes"]) == ("全文.txt", "text/plain", len(LONG.encode()))
    assert (await house.file_of(kept)).read_text(encoding="utf-8") == LONG
    assert answer["text"].startswith("您的文字较长，已作为附件全文保存")


async def test_the_answer_is_in_the_persons_language(house: ConversationHouse) -> None:
    await house.say("1", "the street lamp is broken " * 400)
    assert (await house.answers())[0].startswith("Your text is long. It was kept whole")


@pytest.mark.parametrize("channel", ["webchat", "wechat", "sms", "telegram", "platform"])
async def test_the_cap_is_the_same_on_every_channel(house: ConversationHouse, channel: str) -> None:
    record = await house.say("1", LONG, channel=channel, channel_id=channel)
    assert len(record["demand"]["content"]) == MESSAGE_CHARS
    assert len(record["attachments"]) == 1


async def test_what_looks_like_a_page_is_kept_too(house: ConversationHouse) -> None:
    text = "<html><script>1</script>\x01" * 400
    record = await house.say("1", text)
    assert (await house.file_of(record["attachments"][0])).read_text(encoding="utf-8") == text


async def test_a_picture_with_a_long_text_has_both(house: ConversationHouse) -> None:
    record = await house.say("1", LONG, kind="image", media=MediaRef(media_type="image/png", data=PNG))
    inbound = [one for one in record["interactions"][0]["messages"] if one["direction"] == "inbound"]
    assert [(one["kind"], one["text"]) for one in inbound] == [("image", LONG[:MESSAGE_CHARS]), ("file", None)]
    kept = {one["attachment_id"]: one["media_type"] for one in record["attachments"]}
    assert [kept[one["attachment_id"]] for one in inbound] == ["image/png", "text/plain"]


async def test_a_long_text_sent_again_is_the_same_and_another_end_is_none(house: ConversationHouse) -> None:
    first = await house.conversations.receive(house.message("1", LONG))
    again = await house.conversations.receive(house.message("1", LONG))
    assert (again.replayed, again.seq, again.ticket_id) == (True, first.seq, first.ticket_id)
    with pytest.raises(Conflict):
        await house.conversations.receive(house.message("1", LONG + "!"))
    assert len((await house.say("2", "龙华区"))["attachments"]) == 1


async def test_half_a_character_beyond_the_cap_is_refused(house: ConversationHouse) -> None:
    with pytest.raises(RejectedInput):
        await house.conversations.receive(house.message("1", LONG + "\ud83d"))


async def test_the_content_of_a_ticket_stops_growing_and_says_so(house: ConversationHouse) -> None:
    texts = [f"第{n}条" + "路灯坏了。" * 1_500 for n in range(5)]
    records = [await house.say(str(n), text) for n, text in enumerate(texts)]
    content = records[-1]["demand"]["content"]
    assert len(content) == CONTENT_CHARS
    assert content.startswith(texts[0])
    assert content.endswith(CONTENT_FULL)
    assert content.count(CONTENT_FULL) == 1
    said = [one["text"] for one in records[-1]["interactions"][0]["messages"] if one["direction"] == "inbound"]
    assert said == texts


async def test_evidence_behind_the_contents_end_names_no_place_in_it(house: ConversationHouse) -> None:
    for n in range(3):
        await house.say(str(n), "路灯坏了。" * 1_500)
    record = await house.say("phone", "我的电话13800138000")
    fields, mentions = record["prefill"]["fields"], record["prefill"]["mentions"]
    (heard,) = [one for one in mentions if one["kind"] == "phone"]
    assert (heard["value"], heard["span"]) == ("+8613800138000", None)
    said = len(record["demand"]["content"]) - len(CONTENT_FULL)
    spans = [entry["span"] for entry in (*fields.values(), *mentions) if entry["span"]]
    assert all(end <= said for _, end in spans)


async def test_long_and_short_messages_of_a_person_keep_their_order(house: ConversationHouse) -> None:
    texts = [f"第{n}条" + "路灯坏了。" * (2_000 if n == 3 else 500 if n % 2 else 1) for n in range(8)]
    await asyncio.gather(*(house.conversations.receive(house.message(str(n), text)) for n, text in enumerate(texts)))
    record = await house.say("last", "谢谢")
    said = [one["text"] for one in record["interactions"][0]["messages"] if one["direction"] == "inbound"]
    assert said == [*(text[:MESSAGE_CHARS] for text in texts), "谢谢"]
    assert record["demand"]["content"].startswith(f"{texts[0]}\n{texts[1]}\n第2条")


async def test_names_and_labels_are_cut_and_ids_that_are_too_long_refused(house: ConversationHouse) -> None:
    place = Location(lat=20.0, lon=110.0, crs="wgs84", label="国" * 5_000)
    record = await house.say("1", kind="location", location=place, name="王" * 5_000, from_raw="x" * 5_000)
    assert len(record["requester"]["name"]) == NAME_CHARS
    assert len(record["place"]["address"]) == LINE_CHARS
    assert len(record["interactions"][0]["from_raw"]) == LINE_CHARS
    for more in ({"sender": "s" * (LINE_CHARS + 1)}, {"key": "k" * (EXTERNAL_ID_CHARS + 1)}):
        with pytest.raises(RejectedInput):
            await house.conversations.receive(house.message(more.pop("key", "2"), "路灯", **more))
