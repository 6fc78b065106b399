"""After a call: the ticket's whole number by SMS, committed with the registration itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gateway.domain.ids import new_ulid
from gateway.domain.messages import TICKET_NO, NewMessage, Queued, ThreadStep
from gateway.domain.phone_numbers import is_mobile
from gateway.intake.contact.phrases import phrase


@dataclass(frozen=True, slots=True, kw_only=True)
class Texted:
    """What a command takes along so that the text is sent."""

    thread: ThreadStep
    message: NewMessage


class Texting:
    """Writes to callers through one SMS channel."""

    def __init__(self, channel_id: str) -> None:
        """Through ``channel_id``; the outbox sends what is committed."""
        self._channel_id = channel_id

    def message(self, phone: str | None, language: str, now: datetime) -> Texted | None:
        """The text for ``phone`` (E.164); None for a number withheld or not a mainland mobile: nothing can be sent."""
        if phone is None or not is_mobile(phone):
            return None
        queue = Queued(channel_id=self._channel_id, recipient=phone)
        text = phrase("texted", language).replace("{number}", TICKET_NO)
        return Texted(
            thread=ThreadStep(channel_id=self._channel_id, sender=phone),
            message=NewMessage(message_id=new_ulid(), direction="outbound", sent_at=now, text=text, queue=queue),
        )
