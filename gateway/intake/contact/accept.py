"""The one door for written contacts: an ``InboundContact`` becomes a ticket in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.domain.attachments import NewAttachment
from gateway.domain.command import Applied, Refs
from gateway.domain.events import MessageReceived
from gateway.domain.filling import Filling
from gateway.domain.form import AttachmentShown, Form, Source
from gateway.domain.form_paths import path_of
from gateway.domain.guess import Guess, Mention
from gateway.domain.ids import new_ulid
from gateway.domain.interaction import Interaction
from gateway.domain.keys import ExternalKey, Identity
from gateway.domain.limits import LONG_TEXT
from gateway.domain.messages import NewMessage
from gateway.domain.owed_calls import OwedCalls, touches_people
from gateway.domain.phone_numbers import CITY, e164
from gateway.domain.said_at import said_at
from gateway.domain.words import Disposition
from gateway.domain.world import NewTicket, World
from gateway.edge.off_loop import off_loop
from gateway.intake.contact.turns import Turns
from gateway.ports.channel import Accepted, InboundContact, ReceivedFile
from gateway.ports.clock import Clock
from gateway.ports.store import CommandStore
from gateway.prefill.danger import raised_in
from gateway.prefill.reader import PrefillReader
from gateway.telemetry import log, spans, trace

_log = log.get("intake")
_PLACED = frozenset({"district", "street", "community", "address", "lat"})
"""When the sender says one of these, it knows the place better than we do."""


@dataclass(slots=True, kw_only=True)
class AcceptContact:
    """A written contact: a ticket of its own, unless its conversation is open."""

    at: datetime
    key: ExternalKey
    also: tuple[ExternalKey, ...] = ()
    """Further names under which this delivery can be found."""
    conversation: ExternalKey | None = None
    ticket: NewTicket
    interaction: Interaction
    guesses: tuple[Guess, ...] = ()
    mentions: tuple[Mention, ...] = ()
    emergency: str | None = None
    messages: tuple[NewMessage, ...] = ()
    attachments: tuple[NewAttachment, ...] = ()
    trace: str | None = None

    def refs(self) -> Refs:
        """The conversation, who may be known, whether the delivery came before."""
        return Refs(
            conversation=self.conversation,
            seen=(self.key, *self.also),
            new_ticket_at=self.ticket.created_at,
            people=self.ticket.people,
            writes_messages=True,
            calls=self.conversation is not None or touches_people([guess.path for guess in self.guesses]),
        )

    def decide(self, world: World) -> Applied:
        """``Conflict`` when the delivery came before with another body."""
        if (seen := world.replayed(self.key)) is not None:
            return seen
        received = MessageReceived(at=self.at)
        interaction = world.conversation(self.conversation) if self.conversation is not None else None
        joined = interaction is not None
        if interaction is None:
            ticket = world.register(self.ticket, self.at)
            interaction = world.begin(self.interaction, ticket, received)
        else:
            ticket = world.ticket(interaction.ticket_id)
        calls = OwedCalls(world, ticket, self.at)
        filling = Filling(ticket, more=joined)
        if joined:
            filling.join(self.ticket)
        seqs = world.write(self.messages, ticket, interaction)
        world.attach(self.attachments, ticket, interaction)
        filling.guess(self.guesses)
        filling.mention(self.mentions)
        ticket.record(received, filling.alteration)
        ticket.raise_emergency(self.emergency, self.at)
        calls.settle(interaction)
        world.see((self.key, *self.also), ticket, interaction)
        return world.applied(ticket, interaction, seqs=seqs)


class ContactIntake:
    """Implements ``ports.channel.Intake``: returns after commit, so that the adapter may acknowledge."""

    def __init__(self, *, store: CommandStore, prefill: PrefillReader, clock: Clock) -> None:
        """Write through ``store``; guess with ``prefill``."""
        self._store = store
        self._prefill = prefill
        self._clock = clock
        self._conversations = Turns()

    async def accept(self, contact: InboundContact) -> Accepted:
        """See ``ports.channel.Intake.accept``.

        Each contact is an interaction and a ticket of its own, unless its ``conversation_id`` names an open one.
        """
        known, began = trace.current(), self._clock.monotonic()
        with trace.scope(known), spans.span("intake", entry=known is None, channel_id=contact.channel_id):
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
        command = await off_loop(len(contact.content) > LONG_TEXT, self.command, contact)
        return await self._store.execute(command), command.emergency

    def command(self, contact: InboundContact) -> AcceptContact:
        """What ``contact`` asks of the record."""
        now = self._clock.now()
        conversation = (
            ExternalKey.of_conversation(contact.channel_id, contact.conversation_id)
            if contact.conversation_id
            else None
        )
        heard_at = said_at(contact.sent_at, contact.received_at)
        reading = self._prefill.read(contact.content, at=heard_at)
        guesses = tuple(guess for guess in reading.guesses if not _stated(contact, guess.path))
        files = tuple(_stored(file, contact.channel_id) for file in contact.files)
        form = _form(contact)
        key = ExternalKey(
            channel_id=contact.channel_id, external_id=contact.external_id, body_sha256=contact.body_sha256
        )
        return AcceptContact(
            at=now,
            key=key,
            also=tuple(ExternalKey(channel_id=contact.channel_id, external_id=name) for name in contact.also),
            conversation=conversation,
            ticket=NewTicket(
                ticket_id=new_ulid(),
                created_at=now,
                line=contact.line,
                channel=contact.channel,
                channel_id=contact.channel_id,
                empty=not contact.content.strip() and not contact.attachments and not contact.files,
                requester_id=new_ulid(),
                people=(*_by_phone(form.requester.phone), *contact.identities),
                form=form,
            ),
            interaction=Interaction(
                interaction_id=new_ulid(),
                channel=contact.channel,
                channel_id=contact.channel_id,
                started_at=heard_at,
                external_id=conversation.external_id if conversation else contact.external_id,
                from_raw=contact.from_raw,
                to_raw=contact.to_raw,
                ended_at=None if conversation else contact.received_at,
                disposition=None if conversation else Disposition.COMPLETED,
            ),
            guesses=guesses,
            mentions=reading.mentions,
            emergency=raised_in(guesses),
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
        )


def _by_phone(phone: str | None) -> tuple[Identity, ...]:
    return (Identity(kind="phone", value=phone),) if phone else ()


def _stated(contact: InboundContact, path: str) -> bool:
    """Whether the sender says itself what a guess would say."""
    if path.startswith("place."):
        return bool(_PLACED & {key for key, value in contact.place.items() if value})
    return (path == "demand.type" and contact.demand_type is not None) or (
        path == "demand.category" and bool(contact.category)
    )


def _form(contact: InboundContact) -> Form:
    """What the contact says, in the record's fields."""
    given = {key: value for key, value in contact.requester.items() if value is not None}
    given["phone"] = e164(given.get("phone"), CITY) or e164(contact.from_raw)
    if number := given.get("callback_phone"):
        given["callback_phone"] = e164(number, CITY) or number
    form = Form(entry_number=contact.to_raw, source=Source(name=contact.source_name, event_id=contact.source_event_id))
    stated = {f"requester.{key}": value for key, value in given.items()}
    stated |= {f"place.{key}": value for key, value in contact.place.items() if value is not None}
    stated["demand.content"] = contact.content
    if contact.demand_type is not None:
        stated["demand.type"] = contact.demand_type
    if contact.category:
        stated["demand.category"] = contact.category
    for path, value in stated.items():
        field = path_of(path)
        field.put(form, field.shaped(value))
    form.attachments = [_attachment(given) for given in contact.attachments]
    return form


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


def _attachment(given: Mapping[str, Any]) -> AttachmentShown:
    """A file that stays at its source, as the record has it."""
    known = {key: given.get(key) for key in ("name", "media_type", "bytes", "sha256", "url")}
    return AttachmentShown(new_ulid(), **known)
