"""Short messages as ``InboundMessage``, handed to the use case."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime

from channels.sms.assembly import Whole
from channels.sms.numbers import person
from channels.sms.settings import SmsSettings
from gateway.domain.keys import Identity
from gateway.domain.phone_numbers import e164
from gateway.errors import Conflict, RejectedInput
from gateway.ports.channel import ChannelContext
from gateway.ports.message import InboundMessage, MediaRef, TextServices
from gateway.telemetry import log

_log = log.get("sms")


def services(context: ChannelContext) -> TextServices:
    """What a written channel needs of its context."""
    if context.text is None:
        raise ValueError("a channel of kind sms needs text services")
    return context.text


class InboundTexts:
    """Hands messages to the use case; what it returns from may be acknowledged."""

    def __init__(self, settings: SmsSettings, context: ChannelContext) -> None:
        """Nothing happens before the first message."""
        self._settings = settings
        self._context = context
        self._text = services(context)

    def message(
        self,
        *,
        external_id: str,
        sender: str,
        recipient: str,
        text: str | None,
        sent_at: datetime | None = None,
        media: MediaRef | None = None,
        incomplete: bool = False,
    ) -> InboundMessage:
        """``sender`` and ``recipient`` as they came; without text and medium it is an event of kind unsupported."""
        phone = e164(sender)
        text = None if text is None else storable(text)
        kind = "text" if text is not None and media is None else "event" if media is None else _kind(media)
        return InboundMessage(
            channel="sms",
            channel_id=self._context.channel_id,
            external_id=external_id,
            sender=person(sender),
            received_at=self._context.clock.now(),
            sent_at=sent_at,
            kind=kind,
            text=text,
            media=media,
            event="unsupported" if kind == "event" else None,
            identities=(Identity(kind="phone", value=phone),) if phone else (),
            from_raw=sender,
            to_raw=recipient,
            line=self._settings.line,
            flow=self._settings.flow,
            incomplete=incomplete,
        )

    async def whole(self, whole: Whole) -> None:
        """A message from the operator's network; octets that are no text are kept as an unsupported event's medium."""
        raw = MediaRef(media_type="application/octet-stream", name="sms.bin", size=len(whole.raw), data=whole.raw)
        if whole.text is None:
            message = replace(
                self.message(external_id=whole.external_id, sender=whole.sender, recipient=whole.recipient, text=None),
                media=raw,
                event_data={"reason": "binary", "bytes": len(whole.raw)},
            )
        else:
            message = self.message(
                external_id=whole.external_id,
                sender=whole.sender,
                recipient=whole.recipient,
                text=whole.text,
                incomplete=whole.incomplete,
            )
            if whole.doubtful:
                message = replace(message, media=raw)
        await self.receive(replace(message, incomplete=whole.incomplete))

    async def receive(self, message: InboundMessage) -> None:
        """Returns when the message is stored, or can never be. Raises ``StoreUnavailable``: do not acknowledge.

        A provider that gives one id to two messages loses neither: the second one's id gets a digest of its content.
        """
        try:
            try:
                await self._text.conversations.receive(message)
            except Conflict:
                told = f"{message.sender}\x1f{message.text or ''}\x1f{message.media.ref if message.media else ''}"
                digest = hashlib.sha256(told.encode("utf-8", "replace")).hexdigest()[:16]
                await self._text.conversations.receive(replace(message, external_id=f"{message.external_id}#{digest}"))
        except (RejectedInput, Conflict) as error:
            self._text.health.refused("malformed")
            _log.warning("sms_refused", reason=error.code, external_id=message.external_id, exc_info=error)


def storable(text: str) -> str:
    """``text`` with U+FFFD for what no database stores: NUL and halves of surrogate pairs."""
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").replace("\0", "�")


def _kind(media: MediaRef) -> str:
    family = (media.media_type or "").partition("/")[0]
    return {"image": "image", "audio": "voice"}.get(family, "file")
