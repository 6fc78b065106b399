"""What a letter to a unit is written from: its notices, their tickets, and what the centre asked the unit."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa

from gateway.domain.events import CaseConferred
from gateway.domain.form import Form
from gateway.domain.ids import from_rfc3339
from gateway.domain.veil import Veil
from gateway.ports.notices import MOST, NoticeLine
from gateway.storage import tables as t
from gateway.storage.among import among
from gateway.storage.codec import form_of
from gateway.storage.notice_tables import notices
from gateway.storage.reader import whole_records

_N = notices.c
_LINE = ("event_seq", "ticket_id", "ticket_no", "type", "clock_kind", "task_id", "attempts")


def lines_of(connection: sa.Connection, due: sa.ColumnElement[bool]) -> list[NoticeLine]:
    """The oldest ``MOST`` notices for which ``due`` holds."""
    query = sa.select(*(_N[name] for name in _LINE), _N.at).where(due).order_by(_N.event_seq).limit(MOST)
    rows = connection.execute(query).all()
    forms = forms_of(connection, {row.ticket_id for row in rows})
    asked = _asked(connection, [row.event_seq for row in rows if row.type == CaseConferred.TYPE])
    return [
        NoticeLine(
            **{name: getattr(row, name) for name in _LINE},
            at=from_rfc3339(row.at),
            form=forms.get(row.ticket_id),
            asked=asked.get(row.event_seq),
        )
        for row in rows
    ]


def forms_of(connection: sa.Connection, ticket_ids: Iterable[str]) -> dict[str, Form]:
    """The forms of those tickets that are there."""
    query = sa.select(t.tickets.c.ticket_id, t.tickets.c.doc).where(among(t.tickets.c.ticket_id, ticket_ids))
    return {row.ticket_id: form_of(row.doc) for row in connection.execute(query)}


def _asked(connection: sa.Connection, conferred: Sequence[int]) -> dict[int, str]:
    """What was written when units were conferred with, masked, by the event's event_seq."""
    if not conferred:
        return {}
    events = connection.execute(sa.select(t.events).where(among(t.events.c.event_seq, conferred))).all()
    said: dict[str, Any] = {note_id: one for one in events if (note_id := one.data.get("note_id"))}
    notes = sa.select(t.case_notes.c.note_id, t.case_notes.c.text).where(among(t.case_notes.c.note_id, said))
    records = whole_records(connection, sorted({one.ticket_id for one in said.values()}))
    asked = {}
    for note in connection.execute(notes):
        event = said[note.note_id]
        if (record := records.get(event.ticket_id)) and (words := Veil(record).text(note.text)):
            asked[event.event_seq] = words
    return asked
