"""A message as it is written: within the caps, its files on the disk."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace

from gateway.domain.attachments import NewAttachment
from gateway.domain.ids import new_ulid
from gateway.edge.off_loop import off_loop
from gateway.errors import StoreUnavailable
from gateway.intake.contact.long_text import bounded, kept_whole
from gateway.intake.conversation.message_change import Arrived, body_sha256
from gateway.ports.attachments import AttachmentRefused, Attachments
from gateway.ports.message import InboundMessage, MediaRef


class Arrivals:
    """Keeps what comes along with messages."""

    def __init__(self, files: Attachments) -> None:
        """``files`` is where it goes."""
        self._files = files

    async def of(self, message: InboundMessage) -> Arrived:
        """``message`` as it is written; its files are on the disk when this returns."""
        kept = bounded(message)
        message_id = new_ulid()
        media = message.media
        long = media is not None and media.data is not None
        try:
            attachment = await self._attachment(message, message_id) if media else None
            whole = await kept_whole(message, self._files, new_ulid() if media else message_id)
        except OSError as error:
            raise StoreUnavailable("the disk takes no attachments; free space") from error
        return Arrived(
            message=kept,
            message_id=message_id,
            body_sha256=await off_loop(long or whole is not None, body_sha256, message),
            attachment=attachment,
            whole=whole,
        )

    async def _attachment(self, message: InboundMessage, message_id: str) -> NewAttachment:
        """The attachment's row; bytes that came along are on the disk when this returns. ``OSError``."""
        media = message.media
        assert media is not None
        new = NewAttachment(
            attachment_id=new_ulid(),
            channel_id=message.channel_id,
            kind=message.kind,
            message_id=message_id,
            ref=media.ref,
            name=media.name,
            media_type=media.media_type,
            bytes=media.size,
            transcribe=message.kind == "voice" and not message.text,
        )
        if media.data is None:
            return replace(new, error="too_large") if (media.size or 0) > self._files.max_bytes else new
        try:
            stored = await self._files.keep(_once(media), media.name)
        except AttachmentRefused as refused:
            return replace(new, error=refused.why, bytes=len(media.data))
        return replace(
            new, sha256=stored.sha256, location=stored.location, bytes=stored.bytes, media_type=stored.media_type
        )


async def _once(media: MediaRef) -> AsyncIterator[bytes]:
    yield media.data or b""
