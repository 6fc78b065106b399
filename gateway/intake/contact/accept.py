"""The one door for written contacts: an ``InboundContact`` becomes a ticket in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gateway.domain.change import (
    Applied,
    Change,
    ExternalKey,
    Identity,
    NewAttachment,
    NewEvent,
    NewInteraction,
    NewMessage,
    NewRequester,
    NewTicket,
    Path,
)
from gateway.domain.guess import Guess
from gateway.domain.ids import new_ulid
from gateway.domain.limits import LONG_TEXT
from gateway.domain.phone_numbers import CITY, e164
from gateway.domain.said_at import said_at
from gateway.domain.words import Disposition
from gateway.edge.off_loop import off_loop
from gateway.intake.contact.emergency import emergency_raised
from gateway.intake.contact.turns import Turns
from gateway.ports.channel import Accepted, InboundContact, ReceivedFile
from gateway.ports.clock import Clock
from gateway.ports.store import ChangeStore
from gateway.prefill.danger import raised_in
from gateway.prefill.reader import PrefillReader
from gateway.telemetry import log, spans, trace

_log = log.get("intake")
_PLACED = frozenset({"district", "street", "community", "address", "lat"})
"""When the sender says one of these, it knows the place better than we do."""


class ContactIntake:
    """Implements ``ports.channel.Intake``: returns after commit, so that the adapter may acknowledge."""

    def __init__(self, *, store: ChangeStore, prefill: PrefillReader, clock: Clock) -> None:
        """Write through ``store``; guess with ``prefill``."""
        self._store = store
        self._prefill = prefill
        self._clock = clock
        self._conversations = Turns()

    async def accept(self, contact: InboundContact) -> Accepted:
        """See ``ports.channel.Intake.accept``.

        Each contact is an interaction and a ticket of its own, unless its ``conversation_id`` names an open one.
        """
        entry, began = trace.current() is None, self._clock.monotonic()
        with trace.scope(trace.current()), spans.span("intake", entry=entry, channel_id=contact.channel_id):
            if contact.conversation_id:
                async with self._conversations.alone((contact.channel_id, contact.conversation_id)):
                    applied, emergency = await self._register(contact)
            else:
                applied, emergency = await self._register(contact)
            _log.info(
                "contact_committed",
                channel_id=contact.channel_id,
                ticket_no=applied.ticket_no,
                interaction_id=applied.interaction_id,
                replayed=applied.replayed,
                ms=round((self._clock.monotonic() - began) * 1000, 1),
            )
        return Accepted(
            ticket_id=applied.ticket_id,
            ticket_no=applied.ticket_no,
            interaction_id=applied.interaction_id,
            replayed=applied.replayed,
            emergency=emergency,
        )

    async def _register(self, contact: InboundContact) -> tuple[Applied, str | None]:
        change = await off_loop(len(contact.content) > LONG_TEXT, self.change, contact)
        return await self._store.apply(change), raised_in(change.guesses)

    def change(self, contact: InboundContact) -> Change:
        """The Change that registers ``contact``."""
        now = self._clock.now()
        conversation = (
            ExternalKey(channel_id=contact.channel_id, external_id=f"conversation:{contact.conversation_id}")
            if contact.conversation_id
            else None
        )
        requester = dict(contact.requester)
        phone = e164(requester.get("phone"), CITY) or e164(contact.from_raw)
        requester["phone"] = phone
        if given := requester.get("callback_phone"):
            requester["callback_phone"] = e164(given, CITY) or given
        heard_at = said_at(contact.sent_at, contact.received_at)
        reading = self._prefill.read(contact.content, at=heard_at)
        guesses: list[Guess] = list(reading.guesses)
        if _PLACED & {key for key, value in contact.place.items() if value}:
            guesses = [g for g in guesses if not g.path.startswith("place.")]
        fields: dict[Path, Any] = {("place", key): value for key, value in contact.place.items()}
        fields["demand", "content"] = contact.content
        if contact.attachments:
            fields["attachments",] = [_attachment(given) for given in contact.attachments]
        empty = not contact.content.strip() and not contact.attachments and not contact.files
        if contact.demand_type is not None:
            fields["demand", "type"] = contact.demand_type
            guesses = [g for g in guesses if g.path != "demand.type"]
        if contact.category:
            fields["demand", "category"] = dict(contact.category)
            guesses = [g for g in guesses if g.path != "demand.category"]
        files = tuple(_stored(file, contact.channel_id) for file in contact.files)
        return Change(
            dedupe=ExternalKey(
                channel_id=contact.channel_id,
                external_id=contact.external_id,
                body_sha256=contact.body_sha256,
            ),
            also=tuple(ExternalKey(channel_id=contact.channel_id, external_id=name) for name in contact.also),
            join=conversation,
            new_ticket=NewTicket(
                ticket_id=new_ulid(),
                created_at=now,
                line=contact.line,
                channel=contact.channel,
                channel_id=contact.channel_id,
                entry_number=contact.to_raw,
                source_name=contact.source_name,
                source_event_id=contact.source_event_id,
                empty=empty,
                requester=NewRequester(
                    identities=((Identity(kind="phone", value=phone),) if phone else ()) + contact.identities,
                    fields=requester,
                ),
                fields=fields,
            ),
            new_interaction=NewInteraction(
                interaction_id=new_ulid(),
                channel=contact.channel,
                channel_id=contact.channel_id,
                direction="inbound",
                started_at=heard_at,
                external_id=conversation.external_id if conversation else contact.external_id,
                from_raw=contact.from_raw,
                to_raw=contact.to_raw,
                fields={}
                if conversation
                else {"ended_at": contact.received_at, "disposition": Disposition.COMPLETED.value},
            ),
            guesses=tuple(guesses),
            mentions=reading.mentions,
            messages=(
                NewMessage(
                    message_id=new_ulid(),
                    direction="inbound",
                    sent_at=heard_at,
                    text=contact.content,
                    external_id=contact.external_id,
                ),
                *_location(contact, heard_at),
                *(
                    NewMessage(
                        message_id=file.message_id,
                        direction="inbound",
                        sent_at=heard_at,
                        kind=file.kind,
                        attachment_id=file.attachment_id,
                    )
                    for file in files
                ),
            ),
            attachments=files,
            events=(
                NewEvent(
                    type="ticket.registered",
                    at=now,
                    data={"channel": contact.channel, "line": contact.line, "empty": empty},
                ),
                NewEvent(type="message.received", at=now),
                *emergency_raised(guesses, now),
            ),
        )


def _location(contact: InboundContact, at: datetime) -> tuple[NewMessage, ...]:
    """The coordinates as they came, beside the converted ones of the record's place."""
    if contact.raw_location is None:
        return ()
    return (
        NewMessage(message_id=new_ulid(), direction="inbound", sent_at=at, kind="location", text=contact.raw_location),
    )


def _stored(file: ReceivedFile, channel_id: str) -> NewAttachment:
    family = file.media_type.partition("/")[0]
    kind = {"image": "image", "audio": "voice"}.get(family, "file")
    return NewAttachment(
        attachment_id=new_ulid(),
        channel_id=channel_id,
        kind=kind,
        message_id=new_ulid(),
        name=file.name,
        media_type=file.media_type,
        bytes=file.bytes,
        sha256=file.sha256,
        location=file.location,
        transcribe=kind == "voice",
    )


def _attachment(given: Mapping[str, Any]) -> dict[str, Any]:
    """A file that stays at its source, as the record has it."""
    known = {key: given.get(key) for key in ("name", "media_type", "bytes", "sha256", "url")}
    return {"attachment_id": new_ulid(), **known}
