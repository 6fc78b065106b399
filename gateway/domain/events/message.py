"""Events of messages and of what comes with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from gateway.domain.events.base import Event, event, or_null


@event("message.received", zh="收到留言", en="Message received")
class MessageReceived(Event):
    """A person wrote. ``event``: what the channel calls it when it is no plain message, with the channel's codes."""

    message_id: str | None = None
    kind: str | None = None
    event: str | None = None
    incomplete: bool = False
    channel: str | None = None
    addition: bool = False
    reported_status: str | None = None
    codes: Mapping[str, Any] = field(default_factory=dict)
    """The channel's own keys, told beside ours."""

    def data(self) -> dict[str, Any]:
        """With the channel's keys beside ours."""
        told = Event.data(self)
        return told | dict(told.pop("codes", {}))


@event("message.sent", zh="答复已发出", en="Answer sent")
class MessageSent(Event):
    """The provider has taken it, or the person's client has fetched it."""

    message_id: str
    error: str | None = or_null()


@event("message.delivered", zh="答复已送达", en="Answer delivered")
class MessageDelivered(Event):
    """It has reached the person's device."""

    message_id: str
    error: str | None = or_null()


@event("message.read", zh="答复已读", en="Answer read")
class MessageRead(Event):
    """The person has seen it."""

    message_id: str
    error: str | None = or_null()


@event("message.failed", zh="答复未送达", en="Answer not delivered")
class MessageFailed(Event):
    """It will never reach the person. ``instead``: sms or callback."""

    message_id: str
    error: str | None = or_null()
    """What the provider calls the reason."""
    reason: str | None = None
    instead: str | None = None


@event("attachment.stored", zh="附件已保存", en="Attachment kept")
class AttachmentStored(Event):
    """A file is kept."""

    attachment_id: str
    bytes: int | None = None
    media_type: str | None = None


@event("attachment.transcribed", zh="语音已转写", en="Voice message transcribed")
class AttachmentTranscribed(Event):
    """The words of a voice message are known."""

    attachment_id: str
    message_id: str
    error: str | None = None


@event("attachment.failed", zh="附件未保存或无法转写", en="Attachment not kept, or not understood")
class AttachmentFailed(Event):
    """It is not kept, or cannot be heard."""

    attachment_id: str
    message_id: str
    reason: str
