"""Updates of the Bot API, translated. Objects are the library's; fields it does not know yet are passed over."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from telegram import CallbackQuery, ChatMemberUpdated, Message, Update, User

from channels.telegram.settings import TelegramSettings
from gateway.domain.keys import Identity
from gateway.ports.message import InboundMessage, Location, MediaRef

CRS = "wgs84"
"""Telegram hands on what the telephone says."""
_GONE = frozenset({"kicked", "left"})
_MICROSECONDS = 1_000_000
_PHONE_DIGITS = range(5, 16)


class NoUpdate(ValueError):
    """No update at all; nothing of it can be kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Translated:
    """What an update came to; ``message`` is None for what does not concern a person who writes to us."""

    message: InboundMessage | None = None
    callback_id: str | None = None
    """A tap that the app waits to be told of."""
    greet: bool = False
    """The person pressed Start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Translator:
    """Translates the updates of one bot."""

    settings: TelegramSettings
    channel_id: str
    bot_id: str

    def translate(self, raw: Any, received_at: datetime) -> Translated:
        """An update as it came, parsed from JSON. ``NoUpdate`` when it has no update_id."""
        if not isinstance(raw, dict) or type(raw.get("update_id")) is not int:
            raise NoUpdate("an update has an update_id")
        try:
            return self._translate(raw, received_at)
        except Exception:  # noqa: BLE001 - what the library raises, or leaves out, on unknown shapes is not documented
            return self._unreadable(raw, received_at)

    def _translate(self, raw: Mapping[str, Any], received_at: datetime) -> Translated:
        update = Update.de_json(dict(raw), None)
        common = {"external_id": self._id(update.update_id), "received_at": received_at}
        if update.message is not None:
            return self._message(update.message, common)
        if update.edited_message is not None:
            return self._edited(update.edited_message, common)
        if update.callback_query is not None:
            return self._tapped(update.callback_query, common)
        if update.my_chat_member is not None:
            return self._member(update.my_chat_member, common)
        return Translated()

    def _id(self, update_id: int) -> str:
        """Numbers of updates are a bot's own; another bot behind the same channel begins elsewhere."""
        return f"{self.bot_id}:{update_id}"

    def _build(self, chat: int, user: User | None, common: Mapping[str, Any], content: Mapping[str, Any]) -> Translated:
        person = str(chat)
        identities = (Identity(kind="telegram", value=person), *content.get("identities", ()))
        fields: dict[str, Any] = {**common, **content, "identities": identities}
        return Translated(
            message=InboundMessage(
                channel="telegram",
                channel_id=self.channel_id,
                sender=person,
                name=user.full_name if user is not None else None,
                from_raw=person,
                to_raw=self.bot_id,
                line=self.settings.line,
                flow=self.settings.flow,
                **fields,
            )
        )

    def _message(self, message: Message, common: Mapping[str, Any]) -> Translated:
        if message.chat.type != message.chat.PRIVATE:
            return Translated()
        content = dict(_content(message)) | {"sent_at": _moment(message.date, message.message_id)}
        found = self._build(message.chat.id, message.from_user, common, content)
        return Translated(message=found.message, greet=content.get("event") == "subscribe")

    def _edited(self, message: Message, common: Mapping[str, Any]) -> Translated:
        if message.chat.type != message.chat.PRIVATE:
            return Translated()
        content = dict(_content(message))
        if content["kind"] == "location":
            # A live location moves every few seconds; each is kept, none is answered.
            content |= _notice("live_location")
        elif content["kind"] != "event":
            content |= {"kind": "event", "event": "edit", "event_data": {"of_message": message.message_id}}
        return self._build(message.chat.id, message.from_user, common, content | {"sent_at": message.edit_date})

    def _tapped(self, query: CallbackQuery, common: Mapping[str, Any]) -> Translated:
        message, key = query.message, query.data
        if message is None or key is None or message.chat.type != message.chat.PRIVATE:
            return Translated(callback_id=query.id)
        content = {"kind": "text", "text": _label(message, key), "choice": key}
        found = self._build(message.chat.id, query.from_user, common, content)
        return Translated(message=found.message, callback_id=query.id)

    def _member(self, change: ChatMemberUpdated, common: Mapping[str, Any]) -> Translated:
        if change.chat.type != change.chat.PRIVATE:
            return Translated()
        status = change.new_chat_member.status
        event = "unsubscribe" if status in _GONE else "subscribe"
        content = {"kind": "event", "event": event, "event_data": {"status": status}, "opens": False}
        return self._build(change.chat.id, change.from_user, common, content | {"sent_at": change.date})

    def _unreadable(self, raw: Mapping[str, Any], received_at: datetime) -> Translated:
        """A shape the library refuses: kept as an unsupported event when it tells who wrote in private."""
        message = raw.get("message")
        chat = message.get("chat") if isinstance(message, dict) else None
        if not isinstance(chat, dict) or type(chat.get("id")) is not int or chat.get("type") != "private":
            return Translated()
        written = message.get("text") if isinstance(message, dict) else None
        common = {"external_id": self._id(raw["update_id"]), "received_at": received_at}
        content = _unsupported("unreadable") | {"text": written if isinstance(written, str) else None}
        return self._build(chat["id"], None, common, content)


def _moment(date: datetime, message_id: int) -> datetime:
    """Telegram tells seconds; within one, the message's id (it rises in a chat) keeps the order."""
    return date + timedelta(microseconds=message_id % _MICROSECONDS)


def _content(message: Message) -> Mapping[str, Any]:
    for attribute, read in _KINDS.items():
        if getattr(message, attribute):
            return read(message)
    # What is left is a sticker-like message, or word of what happened in the chat (a pinned message, a call).
    shown = next((name for name in _UNSUPPORTED if getattr(message, name)), None)
    if shown is not None:
        return _unsupported(shown) | {"text": message.caption}
    if message.api_kwargs:
        return _unsupported(min(message.api_kwargs)[:64])
    return _notice("service")


def _unsupported(kind: str) -> dict[str, Any]:
    return {"kind": "event", "event": "unsupported", "event_data": {"type": kind}}


def _notice(name: str) -> dict[str, Any]:
    return {"kind": "event", "event": "notice", "event_data": {"name": name}, "opens": False}


def _text(message: Message) -> dict[str, Any]:
    text = message.text or ""
    command, _, payload = text.partition(" ")
    if command == "/start":
        data = {"scene": payload[:64]} if payload else {}
        return {"kind": "event", "event": "subscribe", "event_data": data, "opens": False}
    return {"kind": "text", "text": text}


def _media(kind: str, message: Message, media: Any, *, media_type: str | None = None) -> dict[str, Any]:
    """``media``: any of the library's file objects."""
    ref = MediaRef(
        ref=media.file_id,
        media_type=getattr(media, "mime_type", None) or media_type,
        name=getattr(media, "file_name", None),
        size=media.file_size,
    )
    return {"kind": kind, "media": ref, "text": message.caption}


def _photo(message: Message) -> dict[str, Any]:
    largest = max(message.photo, key=lambda size: size.width * size.height)
    return _media("image", message, largest, media_type="image/jpeg")


def _document(message: Message) -> dict[str, Any]:
    assert message.document is not None
    family = (message.document.mime_type or "").partition("/")[0]
    return _media({"image": "image", "audio": "voice"}.get(family, "file"), message, message.document)


def _location(message: Message) -> dict[str, Any]:
    place = message.location
    assert place is not None
    return {"kind": "location", "location": Location(lat=place.latitude, lon=place.longitude, crs=CRS)}


def _venue(message: Message) -> dict[str, Any]:
    venue = message.venue
    assert venue is not None
    label = " ".join(part for part in (venue.title, venue.address) if part) or None
    place = venue.location
    return {"kind": "location", "location": Location(lat=place.latitude, lon=place.longitude, crs=CRS, label=label)}


def _contact(message: Message) -> dict[str, Any]:
    """A telephone number; whoever sends their own contact proves that it is theirs."""
    contact = message.contact
    assert contact is not None
    digits = "".join(one for one in contact.phone_number if one.isascii() and one.isdigit())
    phone = f"+{digits}" if len(digits) in _PHONE_DIGITS else contact.phone_number
    own = message.from_user is not None and contact.user_id == message.from_user.id
    if own and phone.startswith("+"):
        return {"kind": "text", "text": phone, "identities": (Identity(kind="phone", value=phone),)}
    name = " ".join(part for part in (contact.first_name, contact.last_name) if part)
    return {"kind": "text", "text": f"{name} {phone}".strip()}


def _sticker(message: Message) -> dict[str, Any]:
    assert message.sticker is not None
    return _unsupported("sticker") | {"text": message.sticker.emoji}


def _label(message: Any, key: str) -> str:
    """What stood on the button; the key when the message is too old to be shown."""
    markup = getattr(message, "reply_markup", None)
    rows = markup.inline_keyboard if markup is not None else ()
    return next((button.text for row in rows for button in row if button.callback_data == key), key)


_KINDS: Mapping[str, Callable[[Message], Mapping[str, Any]]] = MappingProxyType({
    "text": _text,
    "photo": _photo,
    "voice": lambda message: _media("voice", message, message.voice, media_type="audio/ogg"),
    "audio": lambda message: _media("voice", message, message.audio, media_type="audio/mpeg"),
    "animation": lambda message: _media("file", message, message.animation, media_type="video/mp4"),
    "document": _document,
    "video": lambda message: _media("file", message, message.video, media_type="video/mp4"),
    "video_note": lambda message: _media("file", message, message.video_note, media_type="video/mp4"),
    "venue": _venue,
    "location": _location,
    "contact": _contact,
    "sticker": _sticker,
})  # fmt: skip
"""In the order in which they are looked for: an animation comes with a document, a venue with a location."""
_UNSUPPORTED = (
    "dice",
    "poll",
    "game",
    "story",
    "invoice",
    "paid_media",
    "checklist",
    "giveaway",
    "passport_data",
    "web_app_data",
    "users_shared",
    "chat_shared",
)
