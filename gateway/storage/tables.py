"""The SQL schema. Hot columns are what lists filter and order by; the rest of a record is JSON in ``doc``.

A document of earlier versions lacks what stands there by default. Times are RFC 3339 UTC with milliseconds as text:
one width, so they sort as time on every database, and they leave as they are stored. Text has no length limit. No
foreign keys: all rows of a change are written in one transaction by one writer, which has read what they refer to.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from gateway.domain.case.policy import BY_CALL

metadata = sa.MetaData()
Json = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

counters = sa.Table(
    "counters",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
)
"""``event_seq`` (its row is the writers' lock), ``ping``; ``epoch`` is reserved for the lease of the queue's owner."""

serials = sa.Table(
    "serials",
    metadata,
    sa.Column("day", sa.Text, primary_key=True),
    sa.Column("last", sa.BigInteger, nullable=False),
)
"""The last daily serial drawn, one row a city day, so that a clock that jumps back goes on where the day stopped."""

seen_keys = sa.Table(
    "seen_keys",
    metadata,
    sa.Column("external_id", sa.Text, primary_key=True),
    sa.Column("channel_id", sa.Text, primary_key=True),
    sa.Column("body_sha256", sa.Text),
    sa.Column("ticket_id", sa.Text, nullable=False),
    sa.Column("ticket_no", sa.Text, nullable=False),
    sa.Column("interaction_id", sa.Text),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("event_seq", sa.BigInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Deliveries that were accepted, and what they came to."""

tickets = sa.Table(
    "tickets",
    metadata,
    sa.Column("ticket_id", sa.Text, primary_key=True),
    sa.Column("ticket_no", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("line", sa.Text, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("channel_id", sa.Text, nullable=False),
    sa.Column("empty", sa.Boolean, nullable=False),
    sa.Column("pending", sa.Boolean, nullable=False),
    sa.Column("created_at", sa.Text, nullable=False),
    sa.Column("updated_at", sa.Text, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("event_seq", sa.BigInteger, nullable=False),
    sa.Column("requester_id", sa.Text, nullable=False),
    sa.Column("phone", sa.Text),
    sa.Column("callback_phone", sa.Text),
    sa.Column("hidden", sa.Boolean, nullable=False),
    sa.Column("search", sa.Text, nullable=False),
    sa.Column("search_masked", sa.Text, nullable=False),
    sa.Column("doc", Json, nullable=False),
    sa.Column("merged_into", sa.Text),
    sa.Column("erased_at", sa.Text),
    sa.Index("tickets_by_no", "ticket_no", unique=True),
    sa.Index("tickets_by_seq", "event_seq"),
    sa.Index("tickets_by_requester", "requester_id", "ticket_no"),
)
"""``hidden``: the requester wants to stay unknown; such a ticket shares its ``requester_id`` with no other one.
``search`` and ``search_masked`` are empty: versions before migration 0019 write them, and may run beside this one;
``search_tables`` hold what is searched.
``erased_at``: since when it takes in nothing of a person's; what was there is blank, or is being blanked."""

interactions = sa.Table(
    "interactions",
    metadata,
    sa.Column("interaction_id", sa.Text, primary_key=True),
    sa.Column("ticket_id", sa.Text, nullable=False),
    sa.Column("channel", sa.Text, nullable=False),
    sa.Column("channel_id", sa.Text, nullable=False),
    sa.Column("direction", sa.Text, nullable=False),
    sa.Column("external_id", sa.Text),
    sa.Column("from_raw", sa.Text),
    sa.Column("to_raw", sa.Text),
    sa.Column("asserted_identity", sa.Text),
    sa.Column("diversion", sa.Text),
    sa.Column("node", sa.Text),
    sa.Column("started_at", sa.Text, nullable=False),
    sa.Column("queued_at", sa.Text),
    sa.Column("answered_at", sa.Text),
    sa.Column("ended_at", sa.Text),
    sa.Column("disposition", sa.Text),
    sa.Column("agent_id", sa.Text),
    sa.Column("lease_until", sa.Text),
    sa.Column("recording_path", sa.Text),
    sa.Column("doc", Json, nullable=False),
    sa.Column("dialogue", sa.Text),
    sa.Column("dialogue_no", sa.BigInteger),
    sa.Column("owner", sa.Text),
    sa.Index("interactions_by_ticket", "ticket_id"),
)
"""``owner`` is the process that handles a call; recovery clears it when it closes one in its owner's place."""
_open = interactions.c.disposition.is_(None)
sa.Index("interactions_open", interactions.c.external_id, sqlite_where=_open, postgresql_where=_open)
_live = sa.and_(interactions.c.lease_until.is_not(None), _open)
sa.Index("interactions_live", interactions.c.lease_until, sqlite_where=_live, postgresql_where=_live)
IS_PENDING = sa.text("tickets.pending")
"""As the index says it: ``tickets.c.pending`` alone is written ``= 1`` for SQLite, which then reads every ticket."""
_pending = tickets.c.pending
sa.Index("tickets_pending", tickets.c.ticket_id, sqlite_where=_pending, postgresql_where=_pending)
_merged = tickets.c.merged_into.is_not(None)
sa.Index("tickets_merged", tickets.c.merged_into, sqlite_where=_merged, postgresql_where=_merged)
for _number in (tickets.c.phone, tickets.c.callback_phone):
    _given = _number.is_not(None)
    sa.Index(f"tickets_by_{_number.name}", _number, sqlite_where=_given, postgresql_where=_given)

segments = sa.Table(
    "segments",
    metadata,
    sa.Column("interaction_id", sa.Text, primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("speaker", sa.Text, nullable=False),
    sa.Column("start_ms", sa.BigInteger, nullable=False),
    sa.Column("end_ms", sa.BigInteger, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("corrected_text", sa.Text),
    sa.Column("language", sa.Text),
    sa.Column("confidence", sa.Double),
    sa.Column("engine", sa.Text),
    sqlite_with_rowid=False,
)

messages = sa.Table(
    "messages",
    metadata,
    sa.Column("interaction_id", sa.Text, primary_key=True),
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("message_id", sa.Text, nullable=False),
    sa.Column("direction", sa.Text, nullable=False),
    sa.Column("sent_at", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("text", sa.Text),
    sa.Column("attachment_id", sa.Text),
    sa.Column("external_id", sa.Text),
    sa.Column("delivery", sa.Text),
    sa.Column("channel_id", sa.Text),
    sa.Column("sender", sa.Text),
    sa.Column("thread_seq", sa.BigInteger),
    sqlite_with_rowid=False,
)
_threaded = messages.c.thread_seq.is_not(None)
sa.Index(
    "messages_by_thread",
    messages.c.sender,
    messages.c.channel_id,
    messages.c.thread_seq,
    unique=True,
    sqlite_where=_threaded,
    postgresql_where=_threaded,
)

threads = sa.Table(
    "threads",
    metadata,
    sa.Column("sender", sa.Text, primary_key=True),
    sa.Column("channel_id", sa.Text, primary_key=True),
    sa.Column("last_seq", sa.BigInteger, nullable=False),
    sa.Column("heard_at", sa.Text),
    sa.Column("ticket_id", sa.Text, nullable=False),
    sa.Column("interaction_id", sa.Text, nullable=False),
    sa.Column("doc", Json, nullable=False),
    sqlite_with_rowid=False,
)
"""One person on one channel instance: the last number drawn, the newest interaction; ``doc`` holds the answers'
``context`` and ``heard``, the messages that opened the windows in which the provider lets us answer."""

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("message_id", sa.Text, primary_key=True),
    sa.Column("channel_id", sa.Text, nullable=False),
    sa.Column("recipient", sa.Text, nullable=False),
    sa.Column("thread_seq", sa.BigInteger, nullable=False),
    sa.Column("ticket_id", sa.Text, nullable=False),
    sa.Column("interaction_id", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.BigInteger, nullable=False),
    sa.Column("next_at", sa.Text, nullable=False),
    sa.Column("leased_by", sa.Text),
    sa.Column("created_at", sa.Text, nullable=False),
    sa.Column("sent_at", sa.Text),
    sa.Column("external_id", sa.Text),
    sa.Column("error", sa.Text),
    sa.Column("doc", Json, nullable=False),
    sa.Column("not_before", sa.Text),
    sqlite_with_rowid=False,
)
sa.Index(
    "outbox_queued",
    outbox.c.channel_id,
    outbox.c.recipient,
    outbox.c.thread_seq,
    sqlite_where=sa.text("state = 'queued'"),
    postgresql_where=sa.text("state = 'queued'"),
)
_receipted = outbox.c.external_id.is_not(None)
sa.Index(
    "outbox_by_external",
    outbox.c.external_id,
    outbox.c.channel_id,
    sqlite_where=_receipted,
    postgresql_where=_receipted,
)
sa.Index("outbox_by_created", outbox.c.created_at)
sa.Index("outbox_by_recipient", outbox.c.recipient, outbox.c.channel_id, outbox.c.sent_at)
"""What we say to people. Only a recipient's first queued row is ever due, leaving out those that wait for their hour
(``not_before``)."""

attachments = sa.Table(
    "attachments",
    metadata,
    sa.Column("attachment_id", sa.Text, primary_key=True),
    sa.Column("ticket_id", sa.Text, nullable=False),
    sa.Column("interaction_id", sa.Text, nullable=False),
    sa.Column("message_id", sa.Text, nullable=False),
    sa.Column("channel_id", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("ref", sa.Text, nullable=False),
    sa.Column("name", sa.Text),
    sa.Column("media_type", sa.Text),
    sa.Column("bytes", sa.BigInteger),
    sa.Column("sha256", sa.Text),
    sa.Column("error", sa.Text),
    sa.Column("todo", sa.Text),
    sa.Column("attempts", sa.BigInteger, nullable=False),
    sa.Column("next_at", sa.Text, nullable=False),
    sa.Column("leased_by", sa.Text),
    sa.Column("created_at", sa.Text, nullable=False),
    sa.Column("decodings", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("location", sa.Text),
    sqlite_with_rowid=False,
)
_todo = attachments.c.todo.is_not(None)
sa.Index("attachments_todo", attachments.c.next_at, sqlite_where=_todo, postgresql_where=_todo)
sa.Index("attachments_by_content", attachments.c.sha256)
sa.Index("attachments_by_ticket", attachments.c.ticket_id)

channel_state = sa.Table(
    "channel_state",
    metadata,
    sa.Column("channel_id", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)
"""Cursors and offsets of channels, and those of followers of the event log under their names (``following``).

A feed's cursor is in ``feeds``: it moves with the rows that are made of the events."""

channel_leases = sa.Table(
    "channel_leases",
    metadata,
    sa.Column("channel_id", sa.Text, primary_key=True),
    sa.Column("owner", sa.Text, nullable=False),
    sa.Column("lease_until", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)
"""Which process runs a channel that only one may run."""

events = sa.Table(
    "events",
    metadata,
    sa.Column("event_seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False),
    sa.Column("event_id", sa.Text, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("ticket_id", sa.Text, nullable=False),
    sa.Column("ticket_no", sa.Text, nullable=False),
    sa.Column("interaction_id", sa.Text),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("data", Json, nullable=False),
    sa.Column("trace", sa.Text),
    sa.Index("events_by_ticket", "ticket_id", "event_seq"),
)
"""The append-only log: never updated, never deleted, no personal values. ``trace`` (``gateway.telemetry.trace``) is
the id under which the logs of all processes tell of it."""
_traced = events.c.trace.is_not(None)
sa.Index("events_by_trace", events.c.trace, sqlite_where=_traced, postgresql_where=_traced)

baselines = sa.Table(
    "baselines",
    metadata,
    sa.Column("ticket_id", sa.Text, primary_key=True),
    sa.Column("event_seq", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
)
"""Coded state as of ``event_seq`` of tickets that are older than what events tell: recounting begins there."""

tasks = sa.Table(
    "tasks",
    metadata,
    sa.Column("task_id", sa.Text, primary_key=True),
    sa.Column("ticket_id", sa.Text, nullable=False),
    sa.Column("unit", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("status", sa.Text, nullable=False),
    sa.Column("due_at", sa.Text),
    sa.Column("open", sa.Boolean, nullable=False),
    sa.Index("tasks_by_unit", "unit", "open", "due_at", "task_id"),
    sa.Index("tasks_by_due", "open", "due_at", "task_id"),
    sa.Index("tasks_by_ticket", "ticket_id"),
)
"""What units have to do, as lists look for it; the tasks themselves stand in the documents of their tickets.
``open``: something has still to be done about it, by ``due_at``, which nothing else has."""

case_notes = sa.Table(
    "case_notes",
    metadata,
    sa.Column("note_id", sa.Text, primary_key=True),
    sa.Column("ticket_id", sa.Text, nullable=False),
    sa.Column("task_id", sa.Text),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("unit", sa.Text),
    sa.Index("case_notes_by_ticket", "ticket_id", "note_id"),
)
"""What people wrote about a case: reasons, replies, talks. Events name them by ``note_id``; erasing blanks ``text``."""

identities = sa.Table(
    "identities",
    metadata,
    sa.Column("value", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("requester_id", sa.Text, nullable=False),
    sa.Index("identities_by_requester", "requester_id"),
    sqlite_with_rowid=False,
)
"""By what a requester may be known again: numbers, and accounts on channels. Who hides leaves none."""

callbacks = sa.Table(
    "callbacks",
    metadata,
    sa.Column("callback_id", sa.Text, primary_key=True),
    sa.Column("ticket_id", sa.Text, nullable=False),
    sa.Column("requester_id", sa.Text, nullable=False),
    sa.Column("line", sa.Text, nullable=False),
    sa.Column("phone", sa.Text),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("due_at", sa.Text, nullable=False),
    sa.Column("attempts", sa.BigInteger, nullable=False),
    sa.Column("created_at", sa.Text, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("doc", Json, nullable=False),
    sa.Index("callbacks_by_due", "state", "due_at"),
    sa.Index("callbacks_by_ticket", "ticket_id"),
)
_owed = callbacks.c.state == sa.literal_column("'open'")
sa.Index("callbacks_owed", callbacks.c.requester_id, sqlite_where=_owed, postgresql_where=_owed)
"""Calls that are owed (``gateway.domain.callback``). ``ticket_id`` is that of the first reason; ``doc`` holds all
``reasons``, and once there are any ``claimed_by``, ``claimed_until``, ``last_attempt``, ``closed``."""

clocks = sa.Table(
    "clocks",
    metadata,
    sa.Column("clock_id", sa.Text, primary_key=True),
    sa.Column("ticket_id", sa.Text, nullable=False),
    sa.Column("task_id", sa.Text),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("unit", sa.Text),
    sa.Column("due_at", sa.Text, nullable=False),
    sa.Column("next_at", sa.Text),
    sa.Column("leased_by", sa.Text),
    sa.Column("leased_at", sa.Text),
    sa.Column("overdue_since", sa.Text),
    sa.Column("unsure_due_at", sa.Text),
    sa.Index("clocks_by_ticket", "ticket_id"),
)
_leased = clocks.c.leased_by.is_not(None)
sa.Index("clocks_leased", clocks.c.leased_by, clocks.c.leased_at, sqlite_where=_leased, postgresql_where=_leased)
_overdue = clocks.c.overdue_since.is_not(None)
sa.Index(
    "clocks_overdue",
    clocks.c.overdue_since,
    clocks.c.clock_id,
    sqlite_where=_overdue,
    postgresql_where=_overdue,
)
sa.Index(
    "clocks_overdue_by_unit",
    clocks.c.unit,
    clocks.c.overdue_since,
    clocks.c.clock_id,
    sqlite_where=_overdue,
    postgresql_where=_overdue,
)
WAITS_FOR_CENTRE = sa.and_(
    clocks.c.unit.is_(None),
    sa.or_(clocks.c.next_at.is_not(None), clocks.c.overdue_since.is_not(None)),
    *(clocks.c.kind != sa.literal_column(f"'{kind}'") for kind in sorted(BY_CALL)),
)
"""Clocks of what the centre has to do and has not done."""
sa.Index(
    "clocks_of_centre",
    clocks.c.due_at,
    clocks.c.clock_id,
    sqlite_where=WAITS_FOR_CENTRE,
    postgresql_where=WAITS_FOR_CENTRE,
)
_unsure = clocks.c.unsure_due_at.is_not(None)
sa.Index("clocks_unsure", clocks.c.unsure_due_at, clocks.c.clock_id, sqlite_where=_unsure, postgresql_where=_unsure)
_ticking = sa.and_(clocks.c.next_at.is_not(None), clocks.c.leased_by.is_(None))
sa.Index("clocks_due", clocks.c.next_at, clocks.c.clock_id, sqlite_where=_ticking, postgresql_where=_ticking)
"""The clocks of tickets (``gateway.domain.case.clock``) as they are polled; what they are stands in the ticket's
``doc``, and every change of it writes the row anew, without a lease. ``next_at`` null: nothing more comes of it.
``overdue_since``: breached, and what it waits for is still not done; null of what is done by calling somebody."""

refused_calls = sa.Table(
    "refused_calls",
    metadata,
    sa.Column("channel_id", sa.Text, primary_key=True),
    sa.Column("day", sa.Text, primary_key=True),
    sa.Column("number", sa.Text, primary_key=True),
    sa.Column("phone", sa.Text),
    sa.Column("to_raw", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("proved", sa.Boolean, nullable=False),
    sa.Column("first_at", sa.Text, nullable=False),
    sa.Column("last_at", sa.Text, nullable=False),
    sa.Column("attempts", sa.BigInteger, nullable=False),
    sa.Index("refused_calls_by_last", "last_at"),
)
"""Calls for which there was no room, one row for each number and day of the city."""

phones = sa.Table(
    "phones",
    metadata,
    sa.Column("username", sa.Text, primary_key=True),
    sa.Column("ha1", Json, nullable=False),
    sa.Column("agent", sa.Text),
)

bindings = sa.Table(
    "bindings",
    metadata,
    sa.Column("username", sa.Text, primary_key=True),
    sa.Column("contact", sa.Text, primary_key=True),
    sa.Column("expires_at", sa.Text, nullable=False),
    sa.Column("call_id", sa.Text, nullable=False),
    sa.Column("cseq", sa.BigInteger, nullable=False),
)

audit = sa.Table(
    "audit",
    metadata,
    sa.Column("audit_id", sa.Text, primary_key=True),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("ticket_id", sa.Text),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("detail", Json),
    sa.Index("audit_by_ticket", "ticket_id", "audit_id"),
    sa.Index("audit_by_actor", "actor", "audit_id"),
)
"""Who saw or did what; of log-ins and accounts ``detail`` says whose and from where. Triggers of migration 0003 refuse
to alter rows, and to delete those of the last 180 days."""

erasures = sa.Table(
    "erasures",
    metadata,
    sa.Column("subject", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("actor", sa.Text, nullable=False),
    sa.Column("begun_at", sa.Text, nullable=False),
    sa.Column("done_at", sa.Text),
)
_undone = erasures.c.done_at.is_(None)
sa.Index("erasures_undone", erasures.c.begun_at, sqlite_where=_undone, postgresql_where=_undone)
"""What was erased, by ids alone: ``subject`` is a ticket_id or a requester_id, as ``kind`` says. After a restore it
tells what has to be erased again; ``done_at`` null: it is under way, or was when its process died."""

catalogues = sa.Table(
    "catalogues",
    metadata,
    sa.Column("kind", sa.Text, primary_key=True),
    sa.Column("version", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("sha256", sa.Text, nullable=False),
    sqlite_with_rowid=False,
)
"""Tables that decide about tickets, each version as it was imported and never altered: ``kind`` and ``version`` name
it in events; ``body`` is JSON (``gateway.casework.catalogues``), ``sha256`` of its UTF-8."""
