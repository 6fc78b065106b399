"""Messages as they are taken in: every text within its cap, and what is longer kept whole beside them."""

from __future__ import annotations

from dataclasses import replace

from gateway.domain.attachments import NewAttachment
from gateway.domain.ids import new_ulid
from gateway.domain.limits import EXTERNAL_ID_CHARS, LINE_CHARS, MESSAGE_CHARS, NAME_CHARS
from gateway.errors import RejectedInput
from gateway.ports.attachments import Attachments
from gateway.ports.message import InboundMessage

FILE_NAME = "全文.txt"


def bounded(message: InboundMessage) -> InboundMessage:
    """``message`` with texts of no more characters than are taken; ``RejectedInput`` when its ids are too long."""
    if len(message.sender) > LINE_CHARS or len(message.external_id) > EXTERNAL_ID_CHARS:
        raise RejectedInput(f"a sender has at most {LINE_CHARS} characters, an id {EXTERNAL_ID_CHARS}")
    place = message.location
    return replace(
        message,
        text=_cut(message.text, MESSAGE_CHARS),
        name=_cut(message.name, NAME_CHARS),
        from_raw=_cut(message.from_raw, LINE_CHARS),
        to_raw=_cut(message.to_raw, LINE_CHARS),
        choice=_cut(message.choice, LINE_CHARS),
        location=replace(place, label=_cut(place.label, LINE_CHARS)) if place else None,
    )


def _cut(text: str | None, most: int) -> str | None:
    return text if text is None or len(text) <= most else text[:most]


async def kept_whole(message: InboundMessage, files: Attachments, message_id: str) -> NewAttachment | None:
    """A text that is longer than a message may be, as a file on the disk; None for all others.

    It belongs to the message ``message_id``. ``OSError`` when the disk takes none.
    """
    text = message.text
    if text is None or len(text) <= MESSAGE_CHARS:
        return None
    stored = await files.keep_text(text)
    return NewAttachment(
        attachment_id=new_ulid(),
        channel_id=message.channel_id,
        kind="file",
        message_id=message_id,
        name=FILE_NAME,
        media_type=stored.media_type,
        bytes=stored.bytes,
        sha256=stored.sha256,
        location=stored.location,
    )
