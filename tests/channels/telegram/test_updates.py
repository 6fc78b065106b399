"""Updates in documented shapes, translated; no network."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from channels.telegram.settings import TelegramSettings
from channels.telegram.texts import UNITS, pieces
from channels.telegram.updates import NoUpdate, Translator
from gateway.domain.keys import Identity
from gateway.ports.message import InboundMessage, Location
from tests.channels.telegram import shapes

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
SETTINGS = TelegramSettings(token=shapes.TOKEN, secret_token=shapes.SECRET, flow="chat", line="enterprise")
TRANSLATOR = Translator(settings=SETTINGS, channel_id="tg", bot_id="123456789")


def translated(update: dict[str, Any]) -> InboundMessage:
    found = TRANSLATOR.translate(update, NOW).message
    assert found is not None
    return found


def test_a_text() -> None:
    found = translated(shapes.message(4321, text="路灯不亮 🚨", message_id=77))
    assert (found.channel, found.channel_id, found.external_id) == ("telegram", "tg", "123456789:4321")
    assert (found.sender, found.from_raw, found.to_raw) == ("5550001", "5550001", "123456789")
    assert (found.kind, found.text, found.name) == ("text", "路灯不亮 🚨", "小明 张")
    assert (found.line, found.flow, found.opens, found.received_at) == ("enterprise", "chat", True, NOW)
    assert found.identities == (Identity(kind="telegram", value="5550001"),)
    assert found.sent_at == datetime.fromtimestamp(shapes.DATE, UTC) + timedelta(microseconds=77)


def test_messages_of_one_second_keep_their_order() -> None:
    first, second = (translated(shapes.message(text="x", message_id=number)) for number in (41, 42))
    assert first.sent_at is not None
    assert second.sent_at is not None
    assert first.sent_at < second.sent_at < first.sent_at + timedelta(seconds=1)


@pytest.mark.parametrize(
    ("content", "kind", "ref", "media_type", "text"),
    [
        ({"photo": shapes.PHOTO, "caption": "井盖"}, "image", "photo-l", "image/jpeg", "井盖"),
        ({"voice": shapes.VOICE}, "voice", "voice-1", "audio/ogg", None),
        (
            {"audio": shapes.VOICE | {"file_id": "audio-1", "mime_type": "audio/mpeg"}},
            "voice",
            "audio-1",
            "audio/mpeg",
            None,
        ),
        ({"document": shapes.DOCUMENT, "caption": "见附件"}, "file", "doc-1", "application/pdf", "见附件"),
        ({"document": shapes.DOCUMENT | {"mime_type": "image/png"}}, "image", "doc-1", "image/png", None),
        ({"video": shapes.VIDEO}, "file", "video-1", "video/mp4", None),
        (
            {"animation": shapes.VIDEO | {"file_id": "gif-1"}, "document": shapes.DOCUMENT},
            "file",
            "gif-1",
            "video/mp4",
            None,
        ),
        (
            {"video_note": {"length": 240, "duration": 3, "file_id": "note-1", "file_unique_id": "n"}},
            "file",
            "note-1",
            "video/mp4",
            None,
        ),
    ],
    ids=["photo", "voice", "audio", "document", "picture_as_document", "video", "animation", "video_note"],
)
def test_media(content: dict[str, Any], kind: str, ref: str, media_type: str, text: str | None) -> None:
    found = translated(shapes.message(**content))
    assert found.media is not None
    assert (found.kind, found.media.ref, found.media.media_type, found.text) == (kind, ref, media_type, text)


def test_the_name_and_size_of_a_document() -> None:
    media = translated(shapes.message(document=shapes.DOCUMENT)).media
    assert media is not None
    assert (media.name, media.size) == ("合同.pdf", 48_211)


def test_places() -> None:
    found = translated(shapes.message(location=shapes.LOCATION))
    assert (found.kind, found.location) == ("location", Location(lat=20.0311, lon=110.3288, crs="wgs84"))
    found = translated(shapes.message(venue=shapes.VENUE, location=shapes.LOCATION))
    assert found.location == Location(lat=20.0311, lon=110.3288, crs="wgs84", label="秀英港 滨海大道96号")


def test_ones_own_contact_is_a_phone_identity() -> None:
    contact = {"phone_number": "8613800138000", "first_name": "小明", "user_id": shapes.PERSON}
    found = translated(shapes.message(contact=contact))
    assert (found.kind, found.text) == ("text", "+8613800138000")
    assert Identity(kind="phone", value="+8613800138000") in found.identities


def test_somebody_elses_contact_is_only_text() -> None:
    contact = {"phone_number": "+86 138-0013-8001", "first_name": "物业", "last_name": "李", "user_id": 7}
    found = translated(shapes.message(contact=contact))
    assert found.text == "物业 李 +8613800138001"
    assert [one.kind for one in found.identities] == ["telegram"]
    assert translated(shapes.message(contact={"phone_number": "110", "first_name": "警"})).text == "警 110"


def test_what_cannot_be_used_is_an_event() -> None:
    found = translated(shapes.message(sticker=shapes.STICKER))
    assert (found.kind, found.event, found.event_data) == ("event", "unsupported", {"type": "sticker"})
    assert (found.text, found.opens) == ("👍", True)
    found = translated(shapes.message(dice={"emoji": "🎲", "value": 4}))
    assert (found.event, found.event_data) == ("unsupported", {"type": "dice"})


def test_a_kind_of_the_future_is_an_event() -> None:
    found = translated(shapes.message(hologram={"file_id": "h"}))
    assert (found.kind, found.event, found.event_data) == ("event", "unsupported", {"type": "hologram"})


def test_fields_of_the_future_are_passed_over() -> None:
    update = shapes.message(text="你好", mood={"level": 3})
    update["sequence_hint"] = 9
    assert translated(update).text == "你好"


def test_word_of_the_chat_itself_opens_nothing() -> None:
    found = translated(shapes.message(chat_background_set={"type": {"type": "chat_theme", "theme_name": "🏝"}}))
    assert (found.kind, found.event, found.opens) == ("event", "notice", False)


def test_start_is_greeted_and_opens_nothing() -> None:
    found = TRANSLATOR.translate(shapes.message(text="/start poster-17"), NOW)
    assert found.greet
    assert found.message is not None
    assert (found.message.event, found.message.opens) == ("subscribe", False)
    assert found.message.event_data == {"scene": "poster-17"}


def test_an_edit() -> None:
    found = translated(shapes.edited(text="不是三天，是五天", message_id=41))
    assert (found.kind, found.event, found.text) == ("event", "edit", "不是三天，是五天")
    assert found.event_data == {"of_message": 41}
    assert found.sent_at == datetime.fromtimestamp(shapes.DATE + 60, UTC)


def test_a_live_location_is_kept_but_not_answered() -> None:
    found = translated(shapes.edited(location=shapes.LOCATION))
    assert (found.kind, found.event, found.opens) == ("event", "notice", False)
    assert found.location is not None


def test_a_tap_is_a_choice_with_its_label() -> None:
    found = TRANSLATOR.translate(shapes.tap("human", "转人工"), NOW)
    assert found.callback_id == "4382bfdwdsb323b2d9"
    assert found.message is not None
    assert (found.message.kind, found.message.text, found.message.choice) == ("text", "转人工", "human")
    old = translated(shapes.tap("human"))
    assert (old.text, old.choice) == ("human", "human")


@pytest.mark.parametrize(("status", "event"), [("kicked", "unsubscribe"), ("member", "subscribe")])
def test_blocking_and_coming_back(status: str, event: str) -> None:
    found = translated(shapes.member(status))
    assert (found.event, found.opens) == (event, False)


@pytest.mark.parametrize("kind", ["message", "edited_message"])
def test_groups_are_no_conversation(kind: str) -> None:
    update = shapes.message(text="@city12345_bot 你好")
    body = update.pop("message") | {"chat": {"id": -100_1, "type": "supergroup", "title": "业主群"}}
    found = TRANSLATOR.translate({**update, kind: body | {"edit_date": shapes.DATE}}, NOW)
    assert found.message is None


def test_other_updates_are_passed_over() -> None:
    assert TRANSLATOR.translate({"update_id": 5, "purchased_paid_media": {}}, NOW).message is None
    assert TRANSLATOR.translate({"update_id": 5, "brain_wave": {"x": 1}}, NOW).message is None


def test_a_shape_that_the_library_refuses_is_kept() -> None:
    update = shapes.message(text="水管爆了")
    del update["message"]["date"]
    found = translated(update)
    assert (found.event, found.text, found.sender) == ("unsupported", "水管爆了", str(shapes.PERSON))
    assert TRANSLATOR.translate({"update_id": 6, "message": {"chat": 3}}, NOW).message is None


@pytest.mark.parametrize("raw", [{}, [], 3, None, {"update_id": "7"}, {"update_id": True}])
def test_no_update_at_all(raw: Any) -> None:
    with pytest.raises(NoUpdate):
        TRANSLATOR.translate(raw, NOW)


def test_long_texts_are_cut_at_ends_of_sentences() -> None:
    text = "甲" * 4000 + "。" + "乙" * 4000
    assert pieces(text) == ["甲" * 4000 + "。", "乙" * 4000]
    emoji = "🚨" * 5000
    assert "".join(pieces(emoji)) == emoji
    assert max(len(one.encode("utf-16-le")) // 2 for one in pieces(emoji)) <= UNITS
    assert pieces("") == [""]
    assert pieces("短") == ["短"]


@pytest.mark.parametrize(
    ("keys", "named"),
    [
        ({"token": "nonsense"}, "token"),
        ({"secret_token": "short"}, "secret_token"),
        ({"secret_token": "has spaces in it, which Telegram refuses"}, "secret_token"),
        ({"base_url": "ftp://x"}, "base_url"),
        ({"webhook_port": 1}, "webhook_port"),
    ],
)
def test_mistakes_in_the_configuration_are_named(keys: dict[str, Any], named: str) -> None:
    with pytest.raises(ValueError, match=named) as refused:
        TelegramSettings(**{"token": shapes.TOKEN, "secret_token": shapes.SECRET} | keys)
    assert shapes.TOKEN not in str(refused.value)


def test_polling_needs_no_secret_token() -> None:
    assert TelegramSettings(token=shapes.TOKEN, mode="polling").files == "https://api.telegram.org"
