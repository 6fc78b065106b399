"""What lists are filtered by: the narrow row of a ticket, and conditions on it or on the record itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta, tzinfo
from typing import Any

import sqlalchemy as sa

from gateway.domain.form import Form
from gateway.domain.ids import NUMBER_DIGITS, city_day, rfc3339
from gateway.domain.task_status import GONE
from gateway.ports.store import TicketQuery
from gateway.storage import search_tables as s
from gateway.storage import tables as t
from gateway.storage.bulk import Bulk
from gateway.storage.engine import upsert
from gateway.storage.texts import check_texts

_LAST = "\U0010ffff"
"""Behind everything that begins with what stands before it."""
_MOVING = ("status", "line", "empty")
_AS_IS = ("ticket_id", "status", "line", "channel", "empty", "created_at")


def facet_row(ticket: Mapping[str, Any], form: Form) -> dict[str, Any]:
    """The row of ``ticket_facets``, of a row of ``tickets`` and its form."""
    unit, due_at = assigned(form)
    return {
        "no": int(ticket["ticket_no"]),
        **{name: ticket[name] for name in _AS_IS},
        "category": form.demand.category.code,
        "type": form.demand.type,
        "district": form.place.district.code,
        "street": form.place.street.code,
        "unit": unit,
        "due_at": due_at,
        "name": form.requester.name,
    }


def _upsert(connection: sa.Connection) -> Any:
    insert = upsert(connection, s.ticket_facets)
    names = [column.name for column in s.ticket_facets.c if column.name not in {"no", "ticket_id", "created_at"}]
    other = sa.or_(*(s.ticket_facets.c[name].is_distinct_from(insert.excluded[name]) for name in names))
    return insert.on_conflict_do_update(
        index_elements=["no"], set_={name: insert.excluded[name] for name in names}, where=other
    )


_WRITE = Bulk(_upsert)
_GO_ON = Bulk(
    lambda _: (
        sa.update(s.ticket_facets)
        .where(s.ticket_facets.c.no == sa.bindparam("of_row"))
        .values({name: sa.bindparam(name) for name in _MOVING})
    )
)


def write_facets(connection: sa.Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write what ``facet_row`` made."""
    _WRITE.run(connection, rows)


def go_on(connection: sa.Connection, tickets: Iterable[tuple[Mapping[str, Any], Mapping[str, Any]]]) -> None:
    """For rows of ``tickets`` whose form nobody looked at, as they were and are: what changed beside it."""
    moved = [row for before, row in tickets if any(before[name] != row[name] for name in _MOVING)]
    _GO_ON.run(connection, [{name: row[name] for name in _MOVING} | {"of_row": int(row["ticket_no"])} for row in moved])


def assigned(form: Form) -> tuple[str | None, str | None]:
    """The unit that leads, and until when the first unit that still has to reply has to (RFC 3339)."""
    owed = (task for task in form.handling.units if task.replied_at is None and task.status not in GONE)
    return form.handling.lead_unit, min((task.due_at for task in owed if task.due_at is not None), default=None)


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the values stand that lists are filtered by."""

    no: sa.ColumnElement[Any]
    as_no: Callable[[str], Any]
    """A ticket number as ``no`` has it."""
    values: Mapping[str, sa.ColumnElement[Any]]

    def __getitem__(self, name: str) -> sa.ColumnElement[Any]:
        return self.values[name]


def _said(*path: str) -> Any:
    return t.tickets.c.doc[path].as_string()


def of_rows(rows: sa.FromClause) -> Columns:
    """The columns of narrow rows."""
    return Columns(rows.c.no, int, {column.name: column for column in rows.c})


FACETS = of_rows(s.ticket_facets)
RECORD = Columns(
    t.tickets.c.ticket_no,
    str,
    {
        **{name: t.tickets.c[name] for name in _AS_IS},
        "category": _said("demand", "category", "code"),
        "type": _said("demand", "type"),
        "district": _said("place", "district", "code"),
        "street": _said("place", "street", "code"),
        "unit": _said("handling", "lead_unit"),
    },
)
"""For tickets that have no narrow row yet. When they are due is told by their rows alone."""


def is_narrowed(query: TicketQuery) -> bool:
    """Whether ``query`` asks for something by which a narrow row is found among many."""
    named = (query.status, query.unit, query.division, query.category, query.due_from, query.due_to, query.text)
    return any(one is not None for one in named)


def conditions(query: TicketQuery, columns: Columns) -> list[sa.ColumnElement[bool]]:
    """Everything that ``query`` says of values in ``columns``; ``RejectedInput`` for text that SQL cannot hold."""
    found = [*indexed(query, columns)]
    check_texts((query.channel, query.line, *query.statuses, *query.channels, *query.categories))
    for name, wanted in (("channel", query.channel), ("line", query.line)):
        if wanted is not None:
            found.append(columns[name] == wanted)
    if query.empty is not None:
        found.append(columns["empty"].is_(query.empty))
    for name, several in (("status", query.statuses), ("channel", query.channels)):
        if several:
            found.append(columns[name].in_(several))
    if query.categories:
        code, kind = columns["category"], columns["type"]
        unknown = sa.or_(code.is_(None), code.not_in(query.known_categories))
        found.append(sa.or_(code.in_(query.categories), sa.and_(unknown, kind.in_(query.categories))))
    for at, after in ((query.created_from, True), (query.created_to, False)):
        if at is not None:
            created = columns["created_at"]
            found.append(created >= rfc3339(at) if after else created < rfc3339(at))
    return found


def indexed(query: TicketQuery, columns: Columns) -> list[sa.ColumnElement[bool]]:
    """Those of its conditions for which narrow rows have an index."""
    return [sa.or_(*ways) for ways in by_index(query, columns)]


def by_index(query: TicketQuery, columns: Columns) -> list[tuple[sa.ColumnElement[bool], ...]]:
    """The same, each as what one index can answer; of several one suffices."""
    check_texts((query.status, query.unit, query.division, query.category))
    wanted = {name: getattr(query, name) for name in ("status", "unit")}
    found: list[tuple[sa.ColumnElement[bool], ...]]
    found = [(columns[name] == value,) for name, value in wanted.items() if value is not None]
    if query.division is not None:
        found.append((columns["district"] == query.division, columns["street"] == query.division))
    if query.category is not None:
        code = columns["category"]
        found.append((sa.and_(code >= query.category, code < query.category + _LAST),))
    if query.due_from is not None or query.due_to is not None:
        due = columns.values.get("due_at", sa.null())
        ends = [due >= rfc3339(query.due_from)] if query.due_from is not None else []
        ends += [due < rfc3339(query.due_to)] if query.due_to is not None else []
        found.append((sa.and_(*ends),))
    return found


def span_of(query: TicketQuery, zone: tzinfo) -> tuple[str, str]:
    """The numbers between which those of the tickets lie that were registered when ``query`` says; both included.

    A number is drawn after registration, and begins with the city's day.
    """
    first = city_day(query.created_from, zone) if query.created_from is not None else ""
    last = city_day(query.created_to + timedelta(days=1), zone) if query.created_to is not None else ""
    return numbered(first)[0], numbered(last)[1]


def numbered(digits: str) -> tuple[str, str]:
    """The least and the greatest ticket number that begins with ``digits``."""
    missing = NUMBER_DIGITS - len(digits)
    return digits + "0" * missing, digits + "9" * missing
