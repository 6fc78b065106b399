"""What the commands of one batch see and alter: aggregates by their ids, and what is new beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, tzinfo

from gateway.domain.attachments import AttachmentUpdate, NewAttachment
from gateway.domain.callback import Task
from gateway.domain.case.case import MOVES_LIMITS, Case
from gateway.domain.case.note import Note, NoteKind, Writes
from gateway.domain.case.rules_in_force import BY_PLAN, CaseRules
from gateway.domain.events import Event, InteractionEnded, TicketCorrected, TicketRegistered
from gateway.domain.form import Form, cloned
from gateway.domain.form_paths import coded_values
from gateway.domain.ids import city_day, rfc3339, spelled_no, ticket_no
from gateway.domain.interaction import Interaction
from gateway.domain.journal import Journal
from gateway.domain.keys import ExternalKey, Identity
from gateway.domain.messages import TICKET_NO, DeliveryUpdate, NewMessage, Thread, ThreadStep
from gateway.domain.refs import Applied
from gateway.domain.status import Status
from gateway.domain.ticket import Ticket
from gateway.domain.transcript import NewSegment, Spoken, kept, new_words
from gateway.domain.words import Disposition
from gateway.errors import AlreadyErased, Conflict, NotFound, StaleVersion

Key = tuple[str, str]


@dataclass(slots=True, kw_only=True)
class NewTicket:
    """A ticket to register; ``ticket_no`` is drawn in commit order.

    An identity of ``people`` that was seen before makes the ticket theirs (``returning``).
    """

    ticket_id: str
    created_at: datetime
    line: str
    channel: str
    channel_id: str
    empty: bool = False
    requester_id: str
    """Of its requester, when nobody known is."""
    people: tuple[Identity, ...] = ()
    form: Form = field(default_factory=Form)


@dataclass(slots=True, kw_only=True)
class Seen:
    """A delivery that was accepted, and what it came to."""

    external_id: str
    channel_id: str
    body_sha256: str | None
    ticket_id: str
    ticket_no: str
    interaction_id: str | None
    version: int
    event_seq: int


@dataclass(slots=True)
class Written:
    """A message as it is stored."""

    message: NewMessage
    ticket_id: str
    interaction_id: str
    seq: int
    text: str | None
    thread: Key | None = None
    """(channel_id, sender)."""
    thread_seq: int | None = None
    trace: str | None = None


@dataclass(slots=True)
class World:
    """Loaded for one batch under the writers' lock. Nobody else alters the record meanwhile."""

    journal: Journal
    zone: tzinfo
    """The city's, for the days of ticket numbers."""
    new_id: Callable[[], str]
    """Ids that the batch was given for what it may have to make."""
    case_rules: CaseRules = BY_PLAN
    """By which cases are decided now."""
    tickets: dict[str, Ticket] = field(default_factory=dict)
    interactions: dict[str, Interaction] = field(default_factory=dict)
    open: dict[Key, str] = field(default_factory=dict)
    """(channel_id, external_id) -> the open interaction."""
    seen: dict[Key, Seen] = field(default_factory=dict)
    people: dict[Key, str] = field(default_factory=dict)
    """(kind, value) -> requester_id, of requesters with a ticket that is not hidden."""
    threads: dict[Key, Thread] = field(default_factory=dict)
    deliveries: dict[str, str] = field(default_factory=dict)
    """message_id -> how its delivery stands."""
    tasks: dict[str, Task] = field(default_factory=dict)
    """Calls that are owed to the people of the batch, and others that somebody works on."""
    earlier: dict[str, str] = field(default_factory=dict)
    """requester_id -> the number of an earlier ticket, of people who are owed a call and have none in theirs."""
    segments: set[tuple[str, int]] = field(default_factory=set)
    """(interaction_id, seq) of pieces of transcript that may be corrected."""
    spoken: dict[str, list[Spoken]] = field(default_factory=dict)
    """What the transcripts of closed interactions hold."""
    serials: dict[str, int] = field(default_factory=dict)
    """City day -> the last serial drawn."""
    trace: str | None = None
    """The id, in the logs, of the contact whose command decides."""
    calls: bool = True
    """Whether that command asked to see the calls that are owed: else they stay, whoever else of the batch did."""
    drawn: set[str] = field(default_factory=set)
    altered_threads: set[Key] = field(default_factory=set)
    new_seen: list[Seen] = field(default_factory=list)
    new_people: list[tuple[Identity, str]] = field(default_factory=list)
    new_words: list[tuple[str, NewSegment]] = field(default_factory=list)
    corrected_words: list[tuple[str, int, str]] = field(default_factory=list)
    new_messages: list[Written] = field(default_factory=list)
    new_texts: list[tuple[str, str, str]] = field(default_factory=list)
    """(interaction_id, message_id, text) of messages whose words are known later."""
    told_deliveries: list[tuple[str, DeliveryUpdate]] = field(default_factory=list)
    """With the interaction_id of the message."""
    new_attachments: list[tuple[NewAttachment, str, str]] = field(default_factory=list)
    """With ticket_id and interaction_id."""
    told_attachments: list[AttachmentUpdate] = field(default_factory=list)
    new_notes: list[Note] = field(default_factory=list)

    # -- what is there ------------------------------------------------------------------------------------------------

    def ticket(self, ticket_id: str, *, version: int | None = None, erased: bool = False) -> Ticket:
        """``NotFound``; ``StaleVersion`` when it is not at ``version``.

        ``erased``: whoever asks brings nothing of a person's; else ``AlreadyErased`` for a ticket that was erased.
        """
        found = self.tickets.get(ticket_id)
        if found is None:
            raise NotFound(f"there is no ticket {ticket_id}")
        if version is not None and found.version != version:
            raise StaleVersion(f"the ticket is at version {found.version}; read it again and repeat your change")
        if found.erased_at is not None and not erased:
            raise AlreadyErased(
                "this ticket has been erased and takes in nothing more of its person; register a new one"
            )
        return found

    def interaction(self, interaction_id: str, ticket: Ticket) -> Interaction:
        """An interaction of ``ticket``; ``NotFound``."""
        found = self.interactions.get(interaction_id)
        if found is None or found.ticket_id != ticket.ticket_id:
            raise NotFound(f"the ticket has no interaction {interaction_id}")
        return found

    def conversation(self, key: ExternalKey) -> Interaction | None:
        """The open interaction that carries ``key``."""
        found = self.open.get(key.pair)
        return self.interactions[found] if found is not None else None

    def replayed(self, key: ExternalKey | None) -> Applied | None:
        """What a delivery came to that came before; ``Conflict`` when it had another body then."""
        seen = self.seen.get(key.pair) if key is not None else None
        if key is None or seen is None:
            return None
        if key.body_sha256 is not None and seen.body_sha256 is not None and key.body_sha256 != seen.body_sha256:
            raise Conflict("the same key came before with another body; use a new key for a new message")
        return Applied(
            ticket_id=seen.ticket_id,
            ticket_no=seen.ticket_no,
            interaction_id=seen.interaction_id,
            version=seen.version,
            event_seq=seen.event_seq,
            replayed=True,
        )

    # -- what becomes of it -------------------------------------------------------------------------------------------

    def register(self, new: NewTicket, at: datetime, *, empty: bool | None = None) -> Ticket:
        """A new ticket with the next number of its day, and its requester.

        A number is no person: what earlier tickets say is offered to the desk, never asserted. Who hides is nobody
        known. ``empty`` is told in the event where it differs from what the ticket says of itself.
        """
        day = city_day(new.created_at, self.zone)
        self.serials[day] = serial = self.serials.get(day, 0) + 1
        self.drawn.add(day)
        form = new.form.copied()
        requester = form.requester
        ticket = Ticket(
            journal=self.journal,
            ticket_id=new.ticket_id,
            ticket_no=ticket_no(day, serial),
            channel=new.channel,
            channel_id=new.channel_id,
            created_at=new.created_at,
            hidden=requester.hidden,
            form=form,
            new=True,
        )
        ticket.requester_id, requester.returning = self._requester(new)
        requester.requester_id = ticket.requester_id
        event = TicketRegistered(at=at, channel=new.channel, line=new.line, empty=new.empty if empty is None else empty)
        values = {"status": Status.REGISTERED.value, "line": new.line, "empty": new.empty} | coded_values(form)
        event.changed = {path: [None, value] for path, value in values.items()}
        self.tickets[new.ticket_id] = ticket
        ticket.record(event)
        return ticket

    def _requester(self, new: NewTicket) -> tuple[str, bool]:
        people = () if new.form.requester.hidden else new.people
        found = next((self.people[key] for one in people if (key := (one.kind, one.value)) in self.people), None)
        requester_id = found or new.requester_id
        for one in people:
            if (one.kind, one.value) not in self.people:
                self.people[one.kind, one.value] = requester_id
                self.new_people.append((one, requester_id))
        return requester_id, found is not None

    def begin(self, interaction: Interaction, ticket: Ticket, event: Event) -> Interaction:
        """An interaction of ``ticket`` that begins, of which ``event`` will tell.

        It is a copy of ``interaction``, which belongs to the command.
        """
        begun = cloned(interaction)
        begun.ticket_id, begun.new = ticket.ticket_id, True
        self.interactions[begun.interaction_id] = begun
        event.changed |= begun.coded()
        self.follow(begun)
        return begun

    def end(
        self,
        interaction: Interaction,
        event: InteractionEnded,
        ended_at: datetime | None = None,
        answered_at: datetime | None = None,
    ) -> None:
        """It is over, of which ``event`` will tell, since ``ended_at`` (None: just now)."""
        interaction.end(event, Disposition(event.disposition), ended_at or event.at, answered_at=answered_at)
        self.follow(interaction)

    def follow(self, interaction: Interaction) -> None:
        """Know it by its key while it is open, and no longer."""
        if interaction.external_id is None:
            return
        key = (interaction.channel_id, interaction.external_id)
        if interaction.open:
            self.open.setdefault(key, interaction.interaction_id)
        elif self.open.get(key) == interaction.interaction_id:
            del self.open[key]

    def say(self, interaction: Interaction, segments: Iterable[NewSegment]) -> None:
        """Words of a call."""
        there = self.spoken.get(interaction.interaction_id)
        words = [kept(segment) for segment in segments]
        for segment in words if there is None else new_words(words, there):
            self.segments.add((interaction.interaction_id, segment.seq))
            self.new_words.append((interaction.interaction_id, segment))

    def write(
        self,
        messages: Iterable[NewMessage],
        ticket: Ticket,
        interaction: Interaction,
        step: ThreadStep | None = None,
    ) -> tuple[int, ...]:
        """Number ``messages`` in interaction and thread, and queue the outbound ones; their numbers in the thread."""
        thread = self._thread(step, ticket, interaction) if step is not None else None
        seqs = []
        for message in messages:
            interaction.messages += 1
            written = Written(message, ticket.ticket_id, interaction.interaction_id, interaction.messages, message.text)
            written.trace = self.trace
            if thread is not None and step is not None:
                written.thread, written.thread_seq = step.key, thread.number()
                seqs.append(written.thread_seq)
            if message.queue is not None:
                written.text = (message.text or "").replace(TICKET_NO, spelled_no(ticket.ticket_no))
                self.deliveries[message.message_id] = "sent" if message.queue.taken else "queued"
            self.new_messages.append(written)
        return tuple(seqs)

    def _thread(self, step: ThreadStep, ticket: Ticket, interaction: Interaction) -> Thread:
        thread = self.threads.get(step.key)
        if thread is None:
            self.threads[step.key] = thread = Thread(channel_id=step.channel_id, sender=step.sender)
        heard_at = rfc3339(step.heard_at) if step.heard_at is not None else None
        thread.take(step, ticket.ticket_id, interaction.interaction_id, heard_at)
        self.altered_threads.add(step.key)
        return thread

    def deliver(self, update: DeliveryUpdate, interaction: Interaction) -> None:
        """A queued message has come further (``is_news``)."""
        self.deliveries[update.message_id] = update.state
        self.told_deliveries.append((interaction.interaction_id, update))

    def attach(
        self, attachments: Iterable[NewAttachment], ticket: Ticket, interaction: Interaction | None = None
    ) -> None:
        """Files have come: in an interaction with the requester, or (None) from those who act."""
        for one in attachments:
            ticket.form.attachments.append(one.shown())
            self.new_attachments.append((one, ticket.ticket_id, interaction.interaction_id if interaction else ""))

    def attached(self, update: AttachmentUpdate, ticket: Ticket) -> None:
        """Something became of a file."""
        for shown in ticket.form.attachments:
            if shown.attachment_id == update.attachment_id:
                update.on(shown)
        self.told_attachments.append(update)

    def see(self, keys: Iterable[ExternalKey], ticket: Ticket, interaction: Interaction | None) -> None:
        """Know a delivery again by ``keys``, with what it came to; who came first under a key keeps it."""
        for key in keys:
            if key.pair not in self.seen:
                seen = Seen(
                    external_id=key.external_id,
                    channel_id=key.channel_id,
                    body_sha256=key.body_sha256,
                    ticket_id=ticket.ticket_id,
                    ticket_no=ticket.ticket_no,
                    interaction_id=interaction.interaction_id if interaction else None,
                    version=ticket.version + 1,
                    event_seq=ticket.event_seq,
                )
                self.seen[key.pair] = seen
                self.new_seen.append(seen)

    def once(self, key: ExternalKey | None, ticket: Ticket) -> None:
        """Know a request about ``ticket`` again, if it named itself."""
        if key is not None:
            self.see((key,), ticket, None)

    def note(
        self,
        by: Writes,
        kind: NoteKind,
        note_id: str | None,
        text: str | None,
        task_id: str | None = None,
        unit: str | None = None,
    ) -> None:
        """Keep what ``by`` says about its ticket or (``task_id``) one of its tasks, if it says anything.

        ``unit``: whose people say it; None: the centre, or a case system.
        """
        if text and note_id is not None:
            note = Note(
                note_id=note_id,
                ticket_id=by.ticket_id,
                task_id=task_id,
                kind=kind,
                author=by.actor,
                at=by.at,
                text=text,
                unit=unit,
            )
            self.new_notes.append(note)

    def finish(self, since: int, applied: Applied) -> None:
        """A command has decided: what it altered since the journal had ``since`` entries is its version."""
        self._move_limits(since)
        altered: dict[str, Ticket] = {}
        for entry in self.journal.entries[since:]:
            altered[entry.ticket_id] = self.tickets[entry.ticket_id]
            entry.trace = self.trace
            if entry.ticket_id == applied.ticket_id:
                entry.interaction_id = applied.interaction_id
        for ticket in altered.values():
            ticket.version += 1
            if ticket.parted_from is not None:
                known, ticket.parted_from = ticket.parted_from, None
                self.people = {key: one for key, one in self.people.items() if one != known}

    def _move_limits(self, since: int) -> None:
        """Time limits follow from what is demanded, whoever has said or altered that."""
        told = {one.ticket_id: one.event for one in self.journal.entries[since:] if _moves_limits(one.event)}
        for ticket_id, event in told.items():
            Case(self.tickets[ticket_id], event.at, event.actor, self.case_rules).corrected()

    def applied(
        self,
        ticket: Ticket,
        interaction: Interaction | None = None,
        *,
        skipped: bool = False,
        seqs: tuple[int, ...] = (),
    ) -> Applied:
        """What the command that decides has come to."""
        return Applied(
            ticket_id=ticket.ticket_id,
            ticket_no=ticket.ticket_no,
            interaction_id=interaction.interaction_id if interaction else None,
            version=ticket.version if skipped else ticket.version + 1,
            event_seq=ticket.event_seq,
            skipped=skipped,
            seqs=seqs,
            dialogue_no=interaction.dialogue_no if interaction else 0,
        )


def _moves_limits(event: Event) -> bool:
    """Also when a person says that what was guessed about the demand is right: it counts for more then."""
    confirmed = event.fields if isinstance(event, TicketCorrected) else ()
    return not MOVES_LIMITS.isdisjoint((*event.changed, *confirmed))
