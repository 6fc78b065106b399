"""One change of the record as contract tests say it: any combination of what commands do, decided as they decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from gateway.domain import merging
from gateway.domain import world as world_module
from gateway.domain.attachments import AttachmentUpdate, NewAttachment
from gateway.domain.callback import NewCallback
from gateway.domain.callback_work import Work
from gateway.domain.command import Applied, Refs
from gateway.domain.erasing import stays
from gateway.domain.events import (
    SYSTEM,
    Event,
    InteractionStarted,
    TicketMerged,
    TicketRegistered,
    TicketUnmerged,
)
from gateway.domain.filling import Filling, said_by
from gateway.domain.form import AttachmentShown, Filled, Form, Mentioned, Routing, Source
from gateway.domain.form_paths import COLUMNS, path_of
from gateway.domain.guess import Guess, Mention
from gateway.domain.ids import new_ulid
from gateway.domain.interaction import FlowRun, Interaction, Recording
from gateway.domain.keys import ExternalKey, Identity
from gateway.domain.messages import DeliveryUpdate, NewMessage, ThreadStep, is_news
from gateway.domain.owed_calls import OwedCalls, check_work, taken_back
from gateway.domain.ticket import Ticket
from gateway.domain.transcript import NewSegment
from gateway.domain.words import Disposition
from gateway.domain.world import World
from gateway.errors import NotFound, RejectedInput
from gateway.intake.conversation.take_message import check_dialogue

UPDATED = "ticket.updated"
"""The event of a Change that names none; no command of the house is without."""
Path = tuple[str, ...]
Thread = ThreadStep
_CODED = ("queued_at", "answered_at", "ended_at", "disposition")
_PLAIN = ("agent_id", "node", "from_raw", "to_raw", "recording_path")
_OF_INTERACTION = frozenset({*_CODED, *_PLAIN, "owner", "dtmf", "flow", "recording"})


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRequester:
    """The person a new ticket is from; an identity seen before makes the ticket theirs (``returning``)."""

    identities: tuple[Identity, ...] = ()
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Requester fields of the record (kind, name, phone, callback_phone, …); the rest take their defaults."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTicket:
    """A ticket to register; the writer draws ``ticket_no`` in commit order."""

    ticket_id: str
    created_at: datetime
    line: str
    channel: str
    channel_id: str
    entry_number: str | None = None
    source_name: str | None = None
    source_event_id: str | None = None
    empty: bool = False
    requester: NewRequester = NewRequester()
    fields: Mapping[Path, Any] = field(default_factory=dict)
    """Any other record field by path (demand, place, handling, outcome, prefill, related)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewInteraction:
    """An interaction that begins; it belongs to the Change's ticket and is owned by a process under a lease."""

    interaction_id: str
    channel: str
    channel_id: str
    direction: str
    started_at: datetime
    external_id: str | None = None
    from_raw: str | None = None
    to_raw: str | None = None
    asserted_identity: str | None = None
    diversion: str | None = None
    node: str | None = None
    owner: str | None = None
    """The process of ``node`` that handles it."""
    lease_until: datetime | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Any other interaction field of the record: flow, queued_at, answered_at, ended_at, disposition, …"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """并单: this Change's ticket goes into ``other``, or, with ``undo``, becomes one of its own again.

    Both tickets change and both get the Change's event. A Change that was made before is ``skipped``, whatever its
    ``expected_version``; ``Conflict`` when ``other`` is merged itself, or one of the two is closed.
    """

    other: str
    """The ticket_id of the ticket that stays."""
    undo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """One fact for the append-only log. ``data`` holds ids, field names and non-personal values only."""

    type: str
    at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)
    actor: str = "system"


@dataclass(slots=True, kw_only=True)
class Change:
    """One atomic change. Exactly one of ``new_ticket`` and ``ticket_id`` is given; the rest as needed.

    ``close_unless_closed`` makes the whole Change a no-op when the interaction already has a disposition (the owner
    and the lease sweeper may race). With ``owner`` the owner's close wins: where recovery closed in its place, because
    it was out of reach, the whole Change applies all the same, and the call that recovery said is owed is not, or is
    for this Change's reason from now on.

    Calls that are owed (``gateway.domain.callback``) follow from what is written: whether ``callback`` makes a task or
    joins one, at which number, and which tasks a call settles. The store adds the events that tell of it.
    """

    new_ticket: NewTicket | None = None
    ticket_id: str | None = None
    dedupe: ExternalKey | None = None
    also: tuple[ExternalKey, ...] = ()
    """Further names under which this delivery can be found; who came first under a name keeps it."""
    expected_version: int | None = None
    ticket_fields: Mapping[Path, Any] = field(default_factory=dict)
    """Record fields to set by path; ``status``, ``line``, ``empty`` and ``requester.*`` paths included."""
    guesses: tuple[Guess, ...] = ()
    """Pre-filled fields: kept in ``prefill.fields``, and set in the record when sure enough (``FILL_AT``). A field
    that a person confirmed is left alone."""
    mentions: tuple[Mention, ...] = ()
    """What else was said: in place of what was known, or, with ``content`` or ``join``, beside it."""
    join: ExternalKey | None = None
    """A conversation's key: when an open interaction carries it as ``external_id``, this Change's ``new_ticket`` and
    ``new_interaction`` are dropped and the rest goes there."""
    new_interaction: NewInteraction | None = None
    interaction_id: str | None = None
    interaction_fields: Mapping[str, Any] = field(default_factory=dict)
    lease_until: datetime | None = None
    close_unless_closed: bool = False
    owner: str | None = None
    segments: tuple[NewSegment, ...] = ()
    messages: tuple[NewMessage, ...] = ()
    corrected_segments: Mapping[int, str] = field(default_factory=dict)
    callback: NewCallback | None = None
    work: Work | None = None
    """What somebody did about the task that the Change names."""
    lifts_secrecy: bool = False
    """Without this ``requester.secret`` stays once it is true, whatever ``ticket_fields`` say."""
    content: str | None = None
    """More of what the requester said, appended to ``demand.content``; spans of ``guesses`` count from its start.
    For changes of a known ticket; a new ticket's own content lies in its fields."""
    thread: ThreadStep | None = None
    """Whose messages ``messages`` are."""
    dialogue: str | None = None
    """The flow's state of the interaction, as JSON."""
    expected_dialogue: int | None = None
    """With ``join``: how often the open conversation's dialogue must have been written (0: none is open). Another
    number means that somebody else went on with it: ``StaleVersion``."""
    attachments: tuple[NewAttachment, ...] = ()
    attachment_updates: tuple[AttachmentUpdate, ...] = ()
    message_texts: Mapping[str, str] = field(default_factory=dict)
    """message_id -> its text, learned later (a voice message's words)."""
    merge: Merge | None = None
    deliveries: tuple[DeliveryUpdate, ...] = ()
    """An update that takes a message back makes the whole Change a no-op (``skipped``)."""
    events: tuple[NewEvent, ...] = ()
    trace: str | None = None
    """The id of the contact in the logs, 32 hexadecimal digits; None: of whoever hands the Change to the store."""

    def refs(self) -> Refs:
        """Everything that it names."""
        new = self.new_ticket
        keys = (*((self.dedupe,) if self.dedupe else ()), *self.also)
        tickets = (*((self.ticket_id,) if self.ticket_id else ()), *((self.merge.other,) if self.merge else ()))
        return Refs(
            tickets=tickets,
            interactions=(self.interaction_id,) if self.interaction_id else (),
            conversation=self.join,
            seen=keys,
            new_ticket_at=new.created_at if new else None,
            people=new.requester.identities if new else (),
            thread=self.thread.key if self.thread else None,
            messages=tuple(one.message_id for one in self.deliveries),
            writes_messages=bool(self.messages),
            transcript=bool(self.segments),
            corrects=bool(self.corrected_segments),
            calls=True,
            owes=self.callback is not None,
            callback=self.work.callback_id if self.work else None,
        )

    def decide(self, world: World) -> Applied:
        """As the commands of the use cases do it, in the same order."""
        self._check()
        if self.dedupe and (seen := world.replayed(self.dedupe)):
            return seen
        joined = world.conversation(self.join) if self.join else None
        if self.expected_dialogue is not None:
            check_dialogue(joined, self.expected_dialogue)
        ticket, interaction = self._known(world, joined)
        if ticket is not None and self._is_done(world, ticket, interaction):
            return world.applied(ticket, interaction, skipped=True)
        for seq in self.corrected_segments:
            if seq not in {one.seq for one in self.segments} and (self.interaction_id, seq) not in world.segments:
                raise NotFound(f"the transcript has no segment {seq}")
        left = {TicketRegistered.TYPE, InteractionStarted.TYPE} if joined is not None else {TicketRegistered.TYPE}
        events: list[Event] = [Told.of(one) for one in self.events if one.type not in left]
        if not events and self.work is None and self.merge is None and self.new_ticket is None:
            fields = [".".join(path) for path in self.ticket_fields] + list(self.interaction_fields)
            events = [Told.of(NewEvent(type=UPDATED, at=self._at, data={"fields": fields}))]
        if ticket is None:
            ticket = world.register(self._new_ticket(), self._at)
        calls = OwedCalls(world, ticket, self._at)
        began = Event(at=self._at)
        if interaction is None and self.new_interaction is not None:
            interaction = world.begin(_interaction(self.new_interaction), ticket, began)
        filling = Filling(ticket, more=joined is not None or self.content is not None)
        if joined is not None and self.new_ticket is not None:
            filling.join(self._new_ticket())
        elif joined is not None or self.content is not None:
            filling.extend(self.content)
            filling.set("empty", ticket.empty and not self.content)
        false = taken_back(world, interaction, self.owner) if interaction is not None else None
        seqs = self._converse(world, ticket, interaction, began) if interaction is not None else ()
        filling.guess(self.guesses)
        filling.mention(self.mentions)
        self._set(ticket, filling)
        told = events[0] if events else None
        if self.merge is not None:
            self._merge(world, ticket)
        elif told is not None:
            told.changed |= began.changed
            ticket.record(told, filling.alteration)
            for event in events[1:]:
                ticket.record(event)
        elif self.work is None and (self.new_ticket is None or self.guesses or began.changed):
            updated = Told.of(NewEvent(type=UPDATED, at=self._at))
            updated.changed |= began.changed
            ticket.record(updated, filling.alteration)
        read = self.ticket_fields.get(("prefill", "pending")) is False
        served = "disposition" in self.interaction_fields or read
        calls.settle(interaction, callback=self.callback, false=false, served=served)
        if self.work is not None:
            calls.work(self.work)
        world.see((*((self.dedupe,) if self.dedupe else ()), *self.also), ticket, interaction)
        return world.applied(ticket, interaction, seqs=seqs)

    @property
    def _at(self) -> datetime:
        if self.work is not None:
            return self.work.at
        return self.events[-1].at if self.events else datetime.now(UTC)

    @property
    def _codes_alone(self) -> bool:
        """Whether it brings nothing of a person's."""
        said = (self.segments, self.corrected_segments, self.messages, self.message_texts, self.content)
        read = (self.guesses, self.mentions, self.attachments, self.attachment_updates)
        begun = (self.new_interaction, self.interaction_fields, self.callback)
        return not any((*said, *read, *begun)) and all(stays(".".join(path)) for path in self.ticket_fields)

    def _check(self) -> None:
        if (self.new_ticket is None) == (self.ticket_id is None):
            raise RejectedInput("a change needs either a new ticket or a ticket_id")
        if self.merge is not None and self.ticket_id is None:
            raise RejectedInput("only a ticket that is there already can be merged")
        parts = (self.segments, self.messages, self.callback, self.corrected_segments, self.attachments)
        if self.interaction_id is None and self.new_interaction is None and any(parts):
            raise RejectedInput("transcript, messages, attachments and callbacks need an interaction")
        if unknown := self.interaction_fields.keys() - _OF_INTERACTION:
            raise RejectedInput(f"an interaction has no field {min(unknown)!r} that can be set")
        for path, value in self.ticket_fields.items():
            if path[:2] != ("prefill", "fields") and path[0] not in COLUMNS and path != ("prefill", "mentions"):
                path_of(".".join(path)).shaped(value)
        for guess in self.guesses:
            path_of(guess.path).shaped(guess.value)

    def _known(self, world: World, joined: Interaction | None) -> tuple[Ticket | None, Interaction | None]:
        if joined is not None:
            return world.ticket(joined.ticket_id), joined
        if self.new_ticket is not None:
            return None, None
        ticket = world.ticket(self.ticket_id or "", erased=True)
        if self.interaction_id is None or self.new_interaction is not None:
            return ticket, None
        return ticket, world.interaction(self.interaction_id, ticket)

    def _is_done(self, world: World, ticket: Ticket, interaction: Interaction | None) -> bool:
        if self.merge is not None:
            into = None if self.merge.undo else self.merge.other
            if ticket.form.related.merged_into == into:
                return True
        world.ticket(ticket.ticket_id, version=self.expected_version, erased=self._codes_alone)
        if self.close_unless_closed and interaction is not None and not interaction.open:
            return not (self.owner is not None and interaction.closed_by_recovery)
        if not all(is_news(world.deliveries.get(one.message_id), one.state) for one in self.deliveries):
            return True
        return self.work is not None and check_work(world, self.work)

    def _merge(self, world: World, ticket: Ticket) -> None:
        assert self.merge is not None
        head = world.ticket(self.merge.other, erased=True)
        about: dict[str, Any] = {"at": self._at, "actor": self.events[0].actor if self.events else SYSTEM}
        if self.merge.undo:
            merging.unmerge(ticket, head, TicketUnmerged(**about, from_=self.merge.other))
        else:
            merging.merge(ticket, head, TicketMerged(**about, into=self.merge.other))

    def _new_ticket(self) -> world_module.NewTicket:
        new = self.new_ticket
        assert new is not None
        form = Form(entry_number=new.entry_number, source=Source(new.source_name, new.source_event_id))
        given: dict[Path, Any] = {("requester", key): value for key, value in new.requester.fields.items()} | dict(
            new.fields
        )
        for path, value in given.items():
            if path == ("attachments",):
                form.attachments = [AttachmentShown(**one) for one in value]
            elif path == ("handling", "routing_trace"):
                form.handling.routing_trace = [Routing(**one) for one in value]
            elif path == ("prefill", "fields"):
                form.prefill.fields = {name: Filled(**one) for name, one in value.items()}
            elif path[:2] == ("prefill", "fields"):
                form.prefill.fields[path[2]] = Filled(**value)
            elif value is not None:
                field = path_of(".".join(path))
                field.put(form, field.shaped(value))
        return world_module.NewTicket(
            ticket_id=new.ticket_id,
            created_at=new.created_at,
            line=new.line,
            channel=new.channel,
            channel_id=new.channel_id,
            empty=new.empty,
            requester_id=new_ulid(),
            people=new.requester.identities,
            form=form,
        )

    def _converse(self, world: World, ticket: Ticket, interaction: Interaction, began: Event) -> tuple[int, ...]:
        fields = dict(self.interaction_fields)
        if "owner" in fields:
            interaction.owner = fields["owner"]
        for name in _PLAIN:
            if name in fields:
                setattr(interaction, name, fields[name])
        if "dtmf" in fields:
            interaction.dtmf = list(fields["dtmf"])
        if "flow" in fields:
            interaction.flow = FlowRun(**fields["flow"])
        if "recording" in fields:
            recording = fields["recording"]
            interaction.record(Recording(**recording) if recording else None)
        if self.lease_until is not None:
            interaction.lease_until = self.lease_until
        coded = {name: fields[name] for name in _CODED if name in fields}
        if coded.get("disposition"):
            coded["disposition"] = Disposition(coded["disposition"])
        interaction._alter(began, **coded)
        world.follow(interaction)
        world.say(interaction, self.segments)
        for seq, text in self.corrected_segments.items():
            world.corrected_words.append((interaction.interaction_id, seq, text))
        seqs = world.write(self.messages, ticket, interaction, self.thread)
        interaction.step(self.dialogue)
        for update in self.deliveries:
            world.deliver(update, interaction)
        for message_id, text in self.message_texts.items():
            world.new_texts.append((interaction.interaction_id, message_id, text))
        world.attach(self.attachments, ticket, interaction)
        for one in self.attachment_updates:
            world.attached(one, ticket)
        return seqs

    def _set(self, ticket: Ticket, filling: Filling) -> None:
        actor = next((e.actor for e in self.events if e.type == "ticket.corrected" and e.actor != "system"), None)
        fields = ticket.form.prefill.fields
        for path, value in self.ticket_fields.items():
            name = ".".join(path)
            if path[:2] == ("prefill", "fields"):
                fields[path[2]] = Filled(**value)
            elif path == ("prefill", "mentions"):
                ticket.form.prefill.mentions = [Mentioned(**one) for one in value]
            elif actor is None and not self.lifts_secrecy:
                filling.set(name, value)
            else:
                filling.alteration.set(name, value, lifts_secrecy=self.lifts_secrecy)
            if actor is not None and ("prefill", "fields", name) not in self.ticket_fields and path[0] != "prefill":
                entry = said_by(actor, name, value)
                if entry is not None:
                    fields[name] = entry


class Told(Event):
    """An event of any type."""

    __slots__ = ("TYPE", "given")
    given: dict[str, Any]

    @classmethod
    def of(cls, new: NewEvent) -> Told:
        """With the data that ``new`` holds."""
        told = cls(at=new.at, actor=new.actor)
        told.TYPE = new.type  # type: ignore[misc]
        told.given = dict(new.data)
        return told

    def data(self) -> dict[str, Any]:
        """As it was given, and what it changes."""
        return self.given | ({"changed": self.changed} if self.changed else {})


def _interaction(new: NewInteraction) -> Interaction:
    given = dict(new.fields)
    if recording := given.pop("recording", None):
        given["recording"] = Recording(**recording)
        given.setdefault("recording_path", recording["location"])
    if flow := given.pop("flow", None):
        given["flow"] = FlowRun(**flow)
    if disposition := given.pop("disposition", None):
        given["disposition"] = Disposition(disposition)
    names = [name for name in new.__slots__ if name != "fields"]
    return Interaction(**{name: getattr(new, name) for name in names}, **given)
