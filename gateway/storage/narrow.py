"""Further filters of a ticket list: time of registration, category, box on the map."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Any

import sqlalchemy as sa

from gateway.domain.ids import city_day, rfc3339
from gateway.ports.store import TicketQuery
from gateway.storage import tables as t
from gateway.storage.among import among
from gateway.storage.load import EVENT_SEQ
from gateway.storage.texts import check_texts

_LATE = timedelta(hours=1)
"""Events of a process that wrote while SQL was away lie behind younger ones; at most by so much, as a rule."""


def narrowed(query: TicketQuery, zone: tzinfo) -> list[sa.ColumnElement[bool]]:
    """The conditions of the filters that only few lists use."""
    table = t.tickets.c
    found: list[sa.ColumnElement[bool]] = []
    if query.ids:
        check_texts(query.ids)
        found.append(among(table.ticket_id, query.ids))
    if query.created_from is not None:
        # Numbers are drawn after registration and begin with the city's day: they bound the walk by an index.
        found += [
            table.ticket_no >= city_day(query.created_from, zone),
            table.created_at >= rfc3339(query.created_from),
        ]
    if query.created_to is not None:
        found.append(table.created_at < rfc3339(query.created_to))
    for column, wanted in ((table.status, query.statuses), (table.channel, query.channels)):
        check_texts(wanted)
        if wanted:
            found.append(column.in_(wanted))
    if query.categories:
        check_texts(query.categories)
        category, kind = _at("demand", "category", "code").as_string(), _at("demand", "type").as_string()
        found.append(
            sa.or_(
                category.in_(query.categories),
                sa.and_(
                    sa.or_(category.is_(None), category.not_in(query.known_categories)), kind.in_(query.categories)
                ),
            )
        )
    if query.bbox is not None:
        south, west, north, east = query.bbox
        lat, lon = _at("place", "lat").as_float(), _at("place", "lon").as_float()
        found += [lat >= south, lat <= north, lon >= west, lon <= east]
    return found


def _at(*path: str) -> Any:
    return t.tickets.c.doc[path]


def seq_before(connection: sa.Connection, at: datetime) -> int:
    """An event_seq before every event at or after ``at``. Events are numbered without gaps: halving finds it."""
    events, wanted = t.events.c, rfc3339(at - _LATE)
    low = 0
    high = connection.execute(sa.select(t.counters.c.value).where(t.counters.c.name == EVENT_SEQ)).scalar_one()
    while low < high:
        middle = (low + high + 1) // 2
        when = connection.execute(sa.select(events.at).where(events.event_seq == middle)).scalar_one_or_none()
        if when is not None and when >= wanted:
            high = middle - 1
        else:
            low = middle
    return int(low)
