"""Updates in the shapes that core.telegram.org/bots/api documents; names, numbers and sentences are invented."""

from __future__ import annotations

import itertools
from typing import Any

TOKEN = "123456789:AAF-abcdefghijklmnopqrstuvwxyz012345"
SECRET = "hook-secret_0123456789abcdef"
BOT = {"id": 123456789, "is_bot": True, "first_name": "12345 热线", "username": "city12345_bot"}
PERSON = 5_550_001
USER = {"id": PERSON, "is_bot": False, "first_name": "小明", "last_name": "张", "language_code": "zh-hans"}
CHAT = {"id": PERSON, "type": "private", "first_name": "小明", "last_name": "张"}
DATE = 1_795_420_800
_NUMBERS = itertools.count(7_000)


def message(update_id: int | None = None, *, message_id: int = 11, date: int = DATE, **content: Any) -> dict[str, Any]:
    """An update with a message of ``PERSON``; ``content`` are fields of Message."""
    fields = {"message_id": message_id, "from": USER, "chat": CHAT, "date": date, **content}
    return {"update_id": next(_NUMBERS) if update_id is None else update_id, "message": fields}


def edited(**content: Any) -> dict[str, Any]:
    found = message(**content)
    return {"update_id": found["update_id"], "edited_message": found["message"] | {"edit_date": DATE + 60}}


def tap(key: str, label: str | None = None) -> dict[str, Any]:
    """A tap on an inline button; without ``label`` the message is too old to be shown."""
    shown: dict[str, Any] = {"message_id": 12, "chat": CHAT, "date": 0}
    if label is not None:
        markup = {"inline_keyboard": [[{"text": label, "callback_data": key}]]}
        shown |= {"date": DATE, "from": BOT, "text": "请选择", "reply_markup": markup}
    query = {"id": "4382bfdwdsb323b2d9", "from": USER, "message": shown, "chat_instance": "-3", "data": key}
    return {"update_id": next(_NUMBERS), "callback_query": query}


def member(status: str) -> dict[str, Any]:
    """The person starts or blocks the bot."""
    old = {"user": BOT, "status": "member"}
    new: dict[str, Any] = {"user": BOT, "status": status}
    if status == "kicked":
        new["until_date"] = 0
    change = {"chat": CHAT, "from": USER, "date": DATE, "old_chat_member": old, "new_chat_member": new}
    return {"update_id": next(_NUMBERS), "my_chat_member": change}


PHOTO = [
    {"file_id": "photo-s", "file_unique_id": "a", "width": 90, "height": 67, "file_size": 1_253},
    {"file_id": "photo-l", "file_unique_id": "b", "width": 1280, "height": 960, "file_size": 120_001},
    {"file_id": "photo-m", "file_unique_id": "c", "width": 320, "height": 240, "file_size": 20_337},
]
VOICE = {
    "duration": 4,
    "mime_type": "audio/ogg",
    "file_id": "voice-1",
    "file_unique_id": "v",
    "file_size": 10_244,
}
DOCUMENT = {
    "file_name": "合同.pdf",
    "mime_type": "application/pdf",
    "file_id": "doc-1",
    "file_unique_id": "d",
    "file_size": 48_211,
}
VIDEO = {
    "duration": 9,
    "width": 640,
    "height": 360,
    "mime_type": "video/mp4",
    "file_id": "video-1",
    "file_unique_id": "w",
}
STICKER = {
    "width": 512,
    "height": 512,
    "emoji": "👍",
    "is_animated": False,
    "is_video": False,
    "type": "regular",
    "file_id": "sticker-1",
    "file_unique_id": "s",
}
LOCATION = {"latitude": 20.0311, "longitude": 110.3288}
VENUE = {"location": LOCATION, "title": "秀英港", "address": "滨海大道96号"}
