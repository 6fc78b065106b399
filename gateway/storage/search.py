"""Finding the tickets of a list: by narrow rows and the index of pairs, the newest first, whatever is rare or common.

Nothing is left to a planner's guess of how often a word or a code occurs. The newest tickets are looked through first
(``WINDOWS``): what is common fills its page there. What is left is rare: where a filter alone leaves ``FEW`` tickets,
those are looked at; else words are read through the index of pairs, and looked for in the texts it names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Any

import sqlalchemy as sa

from gateway.domain.bigrams import tokens_asked, words_of
from gateway.domain.ids import NUMBER_DIGITS, SERIAL_DIGITS, digits_written, parse_serial
from gateway.ports.store import TicketQuery
from gateway.storage import search_tables as s
from gateway.storage import tables as t
from gateway.storage.among import among
from gateway.storage.facets import (
    FACETS,
    RECORD,
    Columns,
    by_index,
    conditions,
    is_narrowed,
    numbered,
    of_rows,
    span_of,
)
from gateway.storage.search_state import unlisted_below
from gateway.storage.search_texts import holding, newest_with, within
from gateway.storage.texts import MAX_INT, check_texts

WINDOWS = (3_000, 30_000)
"""Narrow rows that are looked through before an index is."""
TEXTS = 10_000
"""The same of texts, which are wider, after the first window."""
AT_ONCE = 2_000
"""Rows that are fetched by their numbers in one statement."""
FEW = 3_000
"""Tickets that are looked at one by one."""
NEAR = 6_000
"""So many that fit a filter are looked at by their numbers, and before the index of pairs is."""
MANY = 10_000
"""Tickets of a filter that are put in the order of their changes; there may be more, then they are walked along."""
_DAY = 8
Conditions = Sequence[sa.ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Sought:
    """What a list is to hold."""

    on: Callable[[Columns], Conditions]
    """Conditions on narrow rows, or on those of ``tickets``."""
    first: str
    last: str
    """The numbers that bound it, both included."""
    indexed: Sequence[Conditions] = ()
    """Those of the conditions on ``FACETS`` that have an index: ``by_index``."""
    words: tuple[str, ...] = ()
    numbers: tuple[str, ...] | None = None
    """Only of these tickets."""

    @property
    def bounded(self) -> bool:
        """Whether they are limited to a range of ticket numbers."""
        return (self.first, self.last) != numbered("")


def page(connection: sa.Connection, query: TicketQuery, zone: tzinfo, *, after: str | None, limit: int) -> Any:
    """The statement that reads the rows of ``tickets`` of a page, in its order.

    ``after`` is the ticket number, or the event_seq, of the row before the page.
    """
    table, skip = t.tickets.c, min(query.skip, MAX_INT - limit)
    statement = sa.select(t.tickets)
    if query.newest_first:
        numbers = _newest(connection, query, zone, below=after, limit=skip + limit)[skip:]
        return statement.where(among(table.ticket_no, numbers)).order_by(table.ticket_no.desc())
    if query.since is not None:
        statement = statement.where(table.event_seq > max(-1, min(query.since, MAX_INT)))
    if after is not None:
        statement = statement.where(table.event_seq > int(after))
    statement = statement.where(_oldest(connection, query, zone))
    return statement.order_by(table.event_seq).offset(skip).limit(limit)


def _newest(connection: sa.Connection, query: TicketQuery, zone: tzinfo, *, below: str | None, limit: int) -> list[str]:
    """The numbers of the newest ``limit`` tickets of a list, the newest first."""
    mark = unlisted_below(connection)
    found: set[str] = set()
    for sought in _sought(connection, query, zone):
        top = int(sought.last) + 1 if below is None else min(int(below), int(sought.last) + 1)
        floor = max(int(sought.first), int(mark or 0))
        numbers = _listed(connection, sought, floor, top, limit)
        if mark is not None and len(numbers) < limit and not sought.words:
            numbers += _unlisted(connection, sought, str(min(top, int(mark))), limit - len(numbers))
        found.update(str(number) for number in numbers)
    return sorted(found, reverse=True)[:limit]


def _oldest(connection: sa.Connection, query: TicketQuery, zone: tzinfo) -> sa.ColumnElement[bool]:
    """The condition on ``tickets`` of a list that follows event_seq."""
    table = t.tickets.c
    complete = is_narrowed(query) and unlisted_below(connection) is None
    ways: list[sa.ColumnElement[bool]] = []
    for sought in _sought(connection, query, zone):
        own: list[sa.ColumnElement[bool]] = [sa.true()]
        if sought.bounded:  # else a planner might walk along the numbers
            own += [table.ticket_no >= sought.first, table.ticket_no <= sought.last]
        own += [among(table.ticket_no, sought.numbers)] if sought.numbers is not None else []
        few = _all_of_few(connection, sought) if complete or sought.words else None
        if few is not None:
            own.append(among(table.ticket_no, few))
        elif complete or sought.words:
            no = sa.cast(table.ticket_no, sa.BigInteger)
            row = sa.exists().where(FACETS.no == no, *sought.on(FACETS))
            own += [row, *holding(connection, no, sought.words)]
        else:
            own += sought.on(RECORD)
        ways.append(sa.and_(*own))
    return sa.or_(*ways)


def _sought(connection: sa.Connection, query: TicketQuery, zone: tzinfo) -> list[Sought]:
    """What has to be found: with a text of digits, by number and by words."""
    named = _named(connection, query)
    first, last = span_of(query, zone)

    def sought(
        words: tuple[str, ...] = (), low: str = first, high: str = last, of: Sequence[str] | None = None
    ) -> Sought:
        both = [set(numbers) for numbers in (named, of) if numbers is not None]
        return Sought(
            on=lambda columns: [*conditions(query, columns), *_beside(query, columns)],
            first=max(first, low),
            last=min(last, high),
            indexed=by_index(query, FACETS),
            words=words,
            numbers=tuple(set.intersection(*both)) if both else None,
        )

    text = (query.text or "").strip()
    check_texts((text,))
    if not text:
        return [sought()]
    digits, serial = digits_written(text), parse_serial(text)
    if digits is not None and len(digits) == NUMBER_DIGITS:
        return [sought(low=digits, high=digits)]
    if serial is not None:
        return [sought(of=_of_serial(connection, serial))]
    ways = [sought(words=words_of(text))]
    if digits is not None and len(digits) <= SERIAL_DIGITS:
        ways.append(sought(of=_of_serial(connection, digits.zfill(SERIAL_DIGITS))))
    elif digits is not None and _DAY <= len(digits) < NUMBER_DIGITS:
        low, high = numbered(digits)
        ways.append(sought(low=low, high=high))
    return ways


def _of_serial(connection: sa.Connection, serial: str) -> list[str]:
    """The number that the ``serial``-th ticket of each day has."""
    return [day + serial for day in connection.execute(sa.select(t.serials.c.day)).scalars()]


def _named(connection: sa.Connection, query: TicketQuery) -> list[str] | None:
    """The numbers of the tickets that ``query`` names by id, telephone number or name; None when it does not."""
    table = t.tickets.c
    check_texts((*query.ids, query.phone, query.name))
    exact: list[sa.ColumnElement[bool]] = []
    if query.name is not None:
        facets = s.ticket_facets.c
        exact.append(table.ticket_id.in_(sa.select(facets.ticket_id).where(facets.name == query.name)))
    if query.phone is not None:
        exact.append(sa.or_(table.phone == query.phone, table.callback_phone == query.phone))
    if exact and not query.hidden_too:
        exact.append(table.hidden.is_(False))
    if query.ids:
        exact.append(among(table.ticket_id, query.ids))
    return list(connection.execute(sa.select(table.ticket_no).where(*exact)).scalars()) if exact else None


def _beside(query: TicketQuery, columns: Columns) -> list[sa.ColumnElement[bool]]:
    """Conditions on what only whole rows hold."""
    table = t.tickets.c
    found = [table.event_seq > max(-1, min(query.since, MAX_INT))] if query.since is not None else []
    if query.bbox is not None:
        south, west, north, east = query.bbox
        lat, lon = (table.doc["place", axis].as_float() for axis in ("lat", "lon"))
        found += [lat >= south, lat <= north, lon >= west, lon <= east]
    if not found or columns is RECORD:
        return found
    return [sa.exists().where(table.ticket_id == columns["ticket_id"], *found)]


def _listed(connection: sa.Connection, sought: Sought, floor: int, top: int, limit: int) -> list[int]:
    """The newest in [floor, top) that have narrow rows."""
    if sought.numbers is not None:
        return _of_these(connection, sought, map(int, sought.numbers), floor, top, limit)
    found: list[int] = []
    for size in WINDOWS:
        more, bottom = _window(connection, sought, floor, top, size, limit - len(found))
        found += more
        if bottom is None or len(found) >= limit:
            return found
        top = bottom
        few = _few_by_filter(connection, sought, NEAR) if size == WINDOWS[0] else None
        if few is not None:
            return found + _of_these(connection, sought, few, floor, top, limit - len(found))
        if sought.words:
            return found + _in_texts(connection, sought, floor, top, limit - len(found))
    return found + _rows(connection, sought, floor, top, limit - len(found))


def _in_texts(connection: sa.Connection, sought: Sought, floor: int, top: int, limit: int) -> list[int]:
    """The same of those whose texts hold the words: of what fits besides, the newest are looked at first.

    There a common word fills the page, of which the index of pairs would name too many.
    """
    if not sought.indexed:
        found, bottom = _window(connection, sought, floor, top, TEXTS, limit)
        if bottom is None or len(found) >= limit:
            return found
        return found + _by_words(connection, sought, floor, bottom, limit - len(found))
    near = _listed(connection, replace(sought, words=()), floor, top, NEAR)
    found = _of_these(connection, sought, near, floor, top, limit)
    if len(found) >= limit or len(near) < NEAR:
        return found
    return found + _by_words(connection, sought, floor, min(near), limit - len(found))


def _window(
    connection: sa.Connection, sought: Sought, floor: int, top: int, size: int, limit: int
) -> tuple[list[int], int | None]:
    """The newest of the last ``size`` rows in [floor, top), and where those begin; None: there are no more.

    With words the rows are texts: to look into them in their order costs less than to fetch each by its number.
    """
    table = s.ticket_texts if sought.words else s.ticket_facets
    newest = sa.select(table).where(table.c.no >= floor, table.c.no < top).order_by(table.c.no.desc())
    bottom = connection.execute(newest.with_only_columns(table.c.no).limit(1).offset(size - 1)).scalar()
    rows = newest.limit(size).subquery("newest")  # which keeps the planner from another index
    fits = within(connection, rows.c.text, sought.words) if sought.words else sought.on(of_rows(rows))
    looked = sa.select(rows.c.no).where(*fits).order_by(rows.c.no.desc()).limit(limit)
    if sought.words and (on := sought.on(FACETS)):
        looked = looked.where(sa.exists().where(FACETS.no == rows.c.no, *on))
    return list(connection.execute(looked).scalars()), bottom


def _rows(connection: sa.Connection, sought: Sought, floor: int, top: int, limit: int) -> list[int]:
    """The newest narrow rows in [floor, top), by the planner's choice of an index."""
    query = sa.select(FACETS.no).where(FACETS.no >= floor, FACETS.no < top, *sought.on(FACETS))
    query = query.where(*holding(connection, FACETS.no, sought.words)).order_by(FACETS.no.desc()).limit(limit)
    return list(connection.execute(query).scalars())


def _of_these(
    connection: sa.Connection, sought: Sought, numbers: Iterable[int], floor: int, top: int, limit: int
) -> list[int]:
    """The newest narrow rows in [floor, top) with one of ``numbers``, each fetched by its number.

    The numbers stand apart, or a planner walks along another index and looks each row up in their list.
    """
    left = sorted((one for one in numbers if floor <= one < top), reverse=True)
    found: list[int] = []
    for first in range(0, len(left), AT_ONCE):
        some = sa.select(s.ticket_facets).where(among(FACETS.no, left[first : first + AT_ONCE])).offset(0)
        rows = of_rows(some.subquery("these"))
        query = sa.select(rows.no).where(*sought.on(rows), *holding(connection, rows.no, sought.words))
        query = query.order_by(rows.no.desc()).limit(limit - len(found))
        found += connection.execute(query).scalars()
        if len(found) >= limit:
            break
    return found


def _few_by_filter(connection: sa.Connection, sought: Sought, most: int) -> list[int] | None:
    """All tickets that fit one of the filters, when these are no more than ``most``."""
    for ways in sought.indexed:
        fit = [sa.select(FACETS.no).where(one) for one in ways]
        some = [sa.select(sa.func.count()).select_from(one.limit(most + 1).subquery()) for one in fit]
        if sum(connection.execute(one).scalar_one() for one in some) <= most:  # more are dear to hand over
            return [no for one in fit for no in connection.execute(one).scalars()]
    return None


def _by_words(connection: sa.Connection, sought: Sought, floor: int, top: int, limit: int) -> list[int]:
    """The newest in [floor, top) whose texts hold the words, read through the index of pairs."""
    asked = tokens_asked(sought.words)
    if not asked:  # punctuation alone
        return _rows(connection, sought, floor, top, limit)
    no, query = newest_with(connection, asked, sought.words)
    own = [sa.exists().where(FACETS.no == no, *on)] if (on := sought.on(FACETS)) else []
    return list(connection.execute(query.where(no >= floor, no < top, *own).limit(limit)).scalars())


def _all_of_few(connection: sa.Connection, sought: Sought) -> list[str] | None:
    """Every ticket that is sought, when these are few."""
    floor, top = int(sought.first), int(sought.last) + 1
    if sought.numbers is not None:
        found = _of_these(connection, sought, map(int, sought.numbers), floor, top, FEW + 1)
    elif (few := _few_by_filter(connection, sought, MANY)) is not None:
        return [str(number) for number in _of_these(connection, sought, few, floor, top, MANY)]
    elif sought.words:
        found = _by_words(connection, sought, floor, top, FEW + 1)
    else:
        return None
    return [str(number) for number in found] if len(found) <= FEW else None


def _unlisted(connection: sa.Connection, sought: Sought, below: str, limit: int) -> list[int]:
    """The newest below a number that have no narrow rows yet: by the rows of ``tickets``, at their cost."""
    no = t.tickets.c.ticket_no
    query = sa.select(no).where(no >= sought.first, no < below, *sought.on(RECORD)).order_by(no.desc()).limit(limit)
    if sought.numbers is not None:
        query = query.where(among(no, sought.numbers))
    return [int(number) for number in connection.execute(query).scalars()]
