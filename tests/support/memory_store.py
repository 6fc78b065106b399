"""The record of truth in memory: one long-lived ``World`` on which commands decide, and a reader of its aggregates.

It shows that the rules of the record are the domain's: no row is read or written here, only shaped for the reader.
What it does not do:

- It keeps nothing beyond the process and serves one event loop: no group commit, no limit of what waits, no commits to
  watch (``committed``, ``net``, ``reader.watch``), nothing but ``changes``, ``reader`` and ``replies`` of a
  ``Database``.
- A command may see aggregates that its ``refs`` do not name; a database would not load them.
- The reader filters tickets by channel, status, line, emptiness and place in the log alone, and knows no
  ``changed_since``; any other filter is refused with ``NotImplementedError``.
- Of a message that was sent the reader of replies knows when it was written, not when it left.
- Outbox and attachments are known as far as the record shows them: nobody can lease anything.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from gateway.domain.callback import SPOKEN, Task, number_to_write
from gateway.domain.case.rules_in_force import BY_PLAN, CaseRules
from gateway.domain.command import Applied, Command, Refs
from gateway.domain.ids import from_rfc3339, new_ulid, rfc3339
from gateway.domain.interaction import Interaction
from gateway.domain.journal import Journal
from gateway.domain.keys import CONVERSATION
from gateway.domain.owed_calls import ticket_number
from gateway.domain.ticket import Ticket
from gateway.domain.transcript import Spoken
from gateway.domain.world import World
from gateway.errors import GatewayError, NotFound, RejectedInput
from gateway.ports.replies import Account, Answered, Reporter
from gateway.ports.store import OWED, CallbackQuery, Record, TicketPage, TicketQuery
from gateway.storage import record as shown
from gateway.storage.callback_list import call_record
from gateway.storage.codec import Row, event_row, interaction_row, message_row, ticket_row
from gateway.storage.database import Database
from gateway.storage.merged import SHOWN, Family
from gateway.storage.reader import event_record
from gateway.storage.replies import own_reply
from gateway.storage.tasks import row_of
from gateway.storage.texts import check_command, check_texts
from gateway.telemetry import trace
from tests.support.clocks import SHANGHAI

_KNOWN = TicketQuery()
_EQUAL = ("channel", "status", "line", "empty")


@dataclass(slots=True)
class Done:
    """A command that altered something, with what it was given: decided again it comes to the same."""

    command: Command
    refs: Refs
    trace: str
    ids: list[str] = field(default_factory=list)


class MemoryRecord:
    """Everything that was committed."""

    def __init__(self) -> None:
        self._done: list[Done] = []
        self._rules = BY_PLAN
        self._begin()

    def _begin(self) -> None:
        self.world = World(journal=Journal(0), zone=SHANGHAI, new_id=new_ulid, case_rules=self._rules)
        self.events: list[Row] = []
        self.segments: dict[str, dict[int, Row]] = {}
        self.messages: dict[tuple[str, str], Row] = {}
        self._identities: dict[tuple[str, str], str] = {}

    def go_by(self, rules: CaseRules) -> None:
        """See ``storage.writer.Writer.go_by``; before anything is committed, which is decided anew after a refusal."""
        self._rules = self.world.case_rules = rules

    def execute(self, command: Command) -> Applied:
        """Decide ``command``. A refused one leaves everything as it was."""
        check_command(command)
        one = Done(command, command.refs(), command.trace or trace.current() or trace.new())
        try:
            applied = self._decide(one)
        except GatewayError as error:
            if isinstance(error, RejectedInput) or self.world.journal.entries:
                self._restore()
            raise
        if self.world.journal.entries:
            self._done.append(one)
            self._keep()
        return applied

    def _restore(self) -> None:
        """A refused command may have altered something: all others are decided anew."""
        self._begin()
        for one in self._done:
            self._decide(one)
            self._keep()

    def _decide(self, one: Done) -> Applied:
        given, ids = iter(one.ids), []

        def new_id() -> str:
            ids.append(next(given, None) or new_ulid())
            return ids[-1]

        world, refs = self.world, one.refs
        world.new_id, world.trace, world.calls = new_id, one.trace, refs.calls
        not_hidden = {ticket.requester_id for ticket in world.tickets.values() if not ticket.hidden}
        world.people = {key: person for key, person in self._identities.items() if person in not_hidden}
        over = [known for key in refs.interactions if (known := world.interactions.get(key)) and not known.open]
        world.spoken = {call.interaction_id: self._spoken(call.interaction_id) for call in over if refs.transcript}
        world.earlier = dict(self._earlier_numbers(refs)) if refs.owes else {}
        applied = one.command.decide(world)
        world.finish(0, applied)
        one.ids = ids
        return applied

    def _spoken(self, interaction_id: str) -> list[Spoken]:
        names = ("seq", "speaker", "start_ms", "end_ms")
        return [Spoken(**{name: row[name] for name in names}) for row in self.segments.get(interaction_id, {}).values()]

    def _earlier_numbers(self, refs: Refs) -> Iterator[tuple[str, str]]:
        """Of people who may be owed a call and whose ticket has no number: that of the newest one that has."""
        joined = self.world.conversation(refs.conversation) if refs.conversation else None
        ids = (*refs.tickets, *((joined.ticket_id,) if joined else ()))
        own = [self.world.tickets[one] for one in ids if one in self.world.tickets]
        people = {
            one.requester_id for one in own if not (one.form.requester.phone or one.form.requester.callback_phone)
        }
        people |= {person for one in refs.people if (person := self.world.people.get((one.kind, one.value)))}
        newest = sorted(self.world.tickets.values(), key=lambda ticket: ticket.ticket_no)
        for ticket in newest:  # a later one of the same person comes in the place of an earlier one
            number = ticket_number(ticket)
            if ticket.requester_id in people and not ticket.hidden and number is not None:
                yield ticket.requester_id, number.value

    def _keep(self) -> None:
        """What the command wrote beside the aggregates is the reader's from now on."""
        world = self.world
        self.events += [event_row(entry, new_ulid()) for entry in world.journal.entries]
        self._identities |= {(one.kind, one.value): person for one, person in world.new_people}
        for interaction_id, segment in world.new_words:
            row = {name: getattr(segment, name) for name in segment.__slots__}
            self.segments.setdefault(interaction_id, {}).setdefault(segment.seq, row)
        for interaction_id, seq, text in world.corrected_words:
            self.segments[interaction_id][seq]["corrected_text"] = text
        for written in world.new_messages:
            self.messages[written.interaction_id, written.message.message_id] = message_row(written)
        for interaction_id, update in world.told_deliveries:
            self.messages[interaction_id, update.message_id]["delivery"] = update.state
        for interaction_id, message_id, text in world.new_texts:
            self.messages[interaction_id, message_id]["text"] = text
        for told in (world.journal.entries, world.new_people, world.new_words, world.corrected_words):
            told.clear()
        for written_down in (world.new_messages, world.told_deliveries, world.new_texts, world.new_seen):
            written_down.clear()
        world.new_attachments.clear()
        world.told_attachments.clear()
        world.altered_threads.clear()
        world.drawn.clear()


def ticket_document(ticket: Ticket) -> Row:
    """The row of a ticket, as a database would give it."""
    return _loaded(ticket_row(ticket, None), "doc")


def _loaded(row: Row, name: str) -> Row:
    return row | {name: json.loads(row[name])}


class MemoryReader:
    """Answers from aggregates; see ``ports.store.TicketReader``."""

    def __init__(self, record: MemoryRecord) -> None:
        self._record = record

    async def ticket(self, ticket_id: str) -> Record:
        """See ``TicketReader.ticket``."""
        check_texts((ticket_id,))
        named = [one for one in self._tickets() if ticket_id in (one.ticket_id, one.ticket_no)]
        if not named:
            raise NotFound(f"there is no ticket {ticket_id!r}")
        return self._shown(named[0], whole=True)

    async def tickets(self, query: TicketQuery) -> TicketPage:
        """See ``TicketReader.tickets``; of its filters those that the module's docstring names."""
        rest = replace(query, since=None, limit=_KNOWN.limit, newest_first=False)
        rest = replace(rest, channel=None, status=None, line=None, empty=None)
        if rest != _KNOWN:
            raise NotImplementedError(f"no filter of the store in memory: {rest}")
        found = [one for one in self._tickets() if one.event_seq > (query.since or 0) and _fits(one, query)]
        found.sort(key=lambda one: one.ticket_no if query.newest_first else one.event_seq, reverse=query.newest_first)
        return TicketPage(items=[self._shown(one, whole=False) for one in found[: query.limit]], next_cursor=None)

    async def same_requester(self, ticket_id: str, *, limit: int = 20) -> list[Record]:
        """See ``TicketReader.same_requester``."""
        own = self._record.world.tickets.get(ticket_id)
        others = [
            one
            for one in self._tickets()
            if own and one is not own and one.requester_id == own.requester_id and not (one.hidden or own.hidden)
        ]
        others.sort(key=lambda one: one.ticket_no, reverse=True)
        return [self._shown(one, whole=False) for one in others[:limit]]

    async def delivered(self, channel_id: str, external_id: str) -> Record | None:
        """See ``TicketReader.delivered``."""
        seen = self._record.world.seen.get((channel_id, external_id))
        names = ("ticket_id", "ticket_no", "interaction_id")
        return {name: getattr(seen, name) for name in names} if seen is not None else None

    async def events(self, *, after: int = 0, ticket_id: str | None = None, limit: int = 500) -> list[Record]:
        """See ``TicketReader.events``."""
        check_texts((ticket_id,))
        await asyncio.sleep(0)
        rows = [row for row in self._record.events if row["event_seq"] > after]
        return [event_record(_loaded(row, "data")) for row in rows if ticket_id in (None, row["ticket_id"])][:limit]

    async def last_event_seq(self) -> int:
        """See ``TicketReader.last_event_seq``."""
        return self._record.world.journal.last

    async def recording_path(self, interaction_id: str) -> str | None:
        """See ``TicketReader.recording_path``."""
        found = self._record.world.interactions.get(interaction_id)
        if found is None:
            raise NotFound(f"there is no interaction {interaction_id!r}")
        return found.recording_path

    async def callbacks(self, query: CallbackQuery = OWED) -> list[Record]:
        """See ``TicketReader.callbacks``."""
        tasks = [task for task in self._record.world.tasks.values() if _asked(task, query)]
        tasks.sort(key=lambda task: (task.due_at, task.callback_id))
        return [self._call(task) for task in tasks[: query.limit]]

    async def callback(self, callback_id: str) -> Record:
        """See ``TicketReader.callback``."""
        task = self._record.world.tasks.get(callback_id)
        if task is None:
            raise NotFound(f"there is no callback {callback_id!r}")
        return self._call(task)

    async def ping(self) -> None:
        """See ``TicketReader.ping``."""

    def _tickets(self) -> Iterable[Ticket]:
        return self._record.world.tickets.values()

    def _shown(self, ticket: Ticket, *, whole: bool) -> Record:
        own = [one for one in self._record.world.interactions.values() if one.ticket_id == ticket.ticket_id]
        own.sort(key=lambda one: (rfc3339(one.started_at), one.interaction_id))
        interactions = [shown.interaction_record(_loaded(interaction_row(one), "doc")) for one in own]
        if whole:
            for interaction in interactions:
                interaction["transcript"] = self._transcript(interaction["interaction_id"])
                interaction["messages"] = self._messages(interaction["interaction_id"])
        return shown.ticket_record(ticket_document(ticket), interactions, self._family(ticket))

    def _transcript(self, interaction_id: str) -> list[Record]:
        return [shown.segment_record(row) for _, row in sorted(self._record.segments.get(interaction_id, {}).items())]

    def _messages(self, interaction_id: str) -> list[Record]:
        rows = [row for (key, _), row in self._record.messages.items() if key == interaction_id]
        return [shown.message_record(row) for row in sorted(rows, key=lambda row: (row["sent_at"], row["seq"]))]

    def _family(self, head: Ticket) -> Family:
        into = {one.ticket_id: one.form.related.merged_into for one in self._tickets()}
        ids: list[str] = []
        level: Sequence[str] = (head.ticket_id,)
        while level := sorted(ticket_id for ticket_id, other in into.items() if other in level):
            ids += level
        return Family(ids[:SHOWN], len(ids))

    def _call(self, task: Task) -> Record:
        row = row_of(task)
        first = self._record.world.tickets[row["ticket_id"]]
        row |= {"ticket_no": first.ticket_no, "hidden": first.hidden}
        people = {ticket_id: _person(self._record.world.tickets[ticket_id]) for ticket_id in task.tickets}
        return call_record(row, people)


def _fits(ticket: Ticket, query: TicketQuery) -> bool:
    return all(getattr(query, name) in (None, getattr(ticket, name)) for name in _EQUAL)


def _asked(task: Task, query: CallbackQuery) -> bool:
    return (
        query.state in (None, task.state)
        and query.line in (None, task.line)
        and (query.due_before is None or task.due_at < query.due_before)
        and query.has_phone in (None, task.phone is not None)
    )


def _person(ticket: Ticket) -> Row:
    row = ticket_document(ticket)
    doc = row["doc"]
    return {
        "ticket_id": ticket.ticket_id,
        "phone": row["phone"],
        "callback_phone": row["callback_phone"],
        "contact_by": (doc.get("requester") or {}).get("contact_by"),
        "spoken": (doc.get("prefill") or {}).get("fields", {}).get("requester.callback_phone"),
    }


class MemoryReplyReads:
    """Answers from aggregates; see ``ports.replies.ReplyReads``."""

    def __init__(self, record: MemoryRecord) -> None:
        self._record = record

    async def answered(self, ticket_id: str, *, newcomers: bool = False) -> Answered:
        """See ``ReplyReads.answered``."""
        own = head = self._of(ticket_id)
        while (into := head.form.related.merged_into) is not None:
            head = self._of(into)
        reply_id = own_reply(head.form)
        people: dict[str, list[str]] = {}
        for ticket in self._family(head) if reply_id is not None else ():
            people.setdefault(ticket.requester_id, []).append(ticket.ticket_id)
        wanted = {one.requester_id for one in self._family(own)} if newcomers else people.keys()
        return Answered(
            ticket_id=head.ticket_id,
            status=head.status,
            reply_id=reply_id,
            text=head.form.outcome.public_reply,
            people=tuple(tuple(people[one]) for one in people if one in wanted),
        )

    def _family(self, head: Ticket) -> Iterator[Ticket]:
        """The ticket and what has gone into it, directly or with others."""
        yield head
        for ticket in self._record.world.tickets.values():
            above = ticket
            while above is not head and (into := above.form.related.merged_into) is not None:
                above = self._of(into)
            if above is head and ticket is not head:
                yield ticket

    async def reporters(self, ticket_ids: Sequence[str]) -> list[Reporter]:
        """See ``ReplyReads.reporters``."""
        found = [self._record.world.tickets[one] for one in ticket_ids if one in self._record.world.tickets]
        return [self._reporter(one) for one in sorted(found, key=lambda ticket: ticket.ticket_no)]

    def _of(self, ticket_id: str) -> Ticket:
        found = self._record.world.tickets.get(ticket_id)
        if found is None:
            raise NotFound(f"there is no ticket {ticket_id!r}")
        return found

    def _reporter(self, ticket: Ticket) -> Reporter:
        world, form = self._record.world, ticket.form
        own = [one for one in world.interactions.values() if one.ticket_id == ticket.ticket_id]
        own.sort(key=lambda one: (one.started_at, one.interaction_id))
        told = [one for one in own if (one.external_id or "").startswith(CONVERSATION)]
        return Reporter(
            ticket_id=ticket.ticket_id,
            ticket_no=ticket.ticket_no,
            requester_id=ticket.requester_id,
            status=ticket.status,
            channel_id=ticket.channel_id,
            event_id=form.source.event_id,
            interaction_id=own[-1].interaction_id if own else None,
            account=self._account(told[-1]) if told else None,
            phone=number_to_write(form.requester, form.prefill.fields.get(SPOKEN)),
            callable=ticket_number(ticket) is not None,
            form=form,
            erased=ticket.erased_at is not None,
        )

    def _account(self, interaction: Interaction) -> Account | None:
        key = (interaction.channel_id, (interaction.external_id or "").removeprefix(CONVERSATION))
        thread = self._record.world.threads.get(key)
        if thread is None:
            return None
        heard = tuple((from_rfc3339(one.at), _window(one.window)) for one in thread.heard)
        since = min((at for at, _ in heard), default=None)
        rows = [row for row in self._record.messages.values() if (row["channel_id"], row["sender"]) == key]
        sent = [from_rfc3339(row["sent_at"]) for row in rows if row["delivery"] in {"sent", "delivered", "read"}]
        return Account(
            channel_id=key[0],
            sender=key[1],
            heard=heard,
            sent=tuple(at for at in sorted(sent) if since is not None and at >= since),
        )


def _window(window: list[float] | None) -> tuple[int, float] | None:
    return (int(window[0]), float(window[1])) if window else None


class MemoryChanges:
    """See ``ports.store.CommandStore``."""

    def __init__(self, record: MemoryRecord) -> None:
        self._record = record

    def go_by(self, rules: CaseRules) -> None:
        """See ``MemoryRecord.go_by``."""
        self._record.go_by(rules)

    async def execute(self, command: Command) -> Applied:
        """See ``CommandStore.execute``."""
        await asyncio.sleep(0)  # others have their turn, as with any store
        return self._record.execute(command)


class MemoryDatabase:
    """What a ``Database`` holds, as far as it goes."""

    def __init__(self, record: MemoryRecord) -> None:
        self.changes = MemoryChanges(record)
        self.reader = MemoryReader(record)
        self.replies = MemoryReplyReads(record)

    async def aclose(self) -> None:
        """Nothing is held."""


class MemoryStore:
    """One record of truth in which nothing is yet; everybody who opens it sees the same."""

    def __init__(self) -> None:
        self._record = MemoryRecord()

    async def open(self, **_options: Any) -> Database:
        """See ``stores.Store.open``."""
        return cast("Database", MemoryDatabase(self._record))
