"""How a person is named in rows that belong to no ticket: inside the transactions of ``gateway.storage.erasure``."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from gateway.domain.ids import from_rfc3339, new_ulid
from gateway.domain.naming import naming, written
from gateway.ports.erasure import ErasureKind, ErasureSubject, Person
from gateway.storage import feed_tables as f
from gateway.storage import tables as t
from gateway.storage.among import among
from gateway.storage.erasure_table import blank
from gateway.storage.erasure_ticket import days_of

PHONE = "phone"


def person(connection: sa.Connection, subject: ErasureSubject) -> Person | None:
    """See ``ErasureStore.person``."""
    requester_id = _requester(connection, subject)
    table, of = t.tickets.c, t.interactions.c
    if subject.kind is ErasureKind.TICKET and _has_others(connection, requester_id, subject.id):
        return None
    own = table.requester_id == requester_id
    numbers: set[str] = set()
    for row in connection.execute(sa.select(table.phone, table.callback_phone).where(own).distinct()):
        numbers |= {number for number in row if number}
    known = sa.select(t.identities.c.kind, t.identities.c.value).where(t.identities.c.requester_id == requester_id)
    identities = connection.execute(known).all()
    theirs = sa.select(of.interaction_id).join_from(t.interactions, t.tickets, of.ticket_id == table.ticket_id)
    senders = sa.select(t.messages.c.sender).where(t.messages.c.interaction_id.in_(theirs.where(own))).distinct()
    accounts = {sender for sender in connection.execute(senders).scalars() if sender}
    calls = sa.select(of.started_at, of.ended_at).join_from(t.interactions, t.tickets, of.ticket_id == table.ticket_id)
    found = Person(
        numbers=frozenset(numbers | {row.value for row in identities if row.kind == PHONE}),
        accounts=frozenset(accounts | {row.value for row in identities if row.kind != PHONE}),
        days=days_of(connection.execute(calls.where(own)).all()),
    )
    return replace(found, days=found.days | _refused_days(connection, found))


def _requester(connection: sa.Connection, subject: ErasureSubject) -> str:
    if subject.kind is ErasureKind.REQUESTER:
        return subject.id
    query = sa.select(t.tickets.c.requester_id).where(t.tickets.c.ticket_id == subject.id)
    return str(connection.execute(query).scalar_one())


def _has_others(connection: sa.Connection, requester_id: str, ticket_id: str | None = None) -> bool:
    """Whether tickets of theirs stay, besides this one."""
    table = t.tickets.c
    query = sa.select(table.ticket_id).where(table.requester_id == requester_id, table.erased_at.is_(None))
    return any(one != ticket_id for one in connection.execute(query.limit(2)).scalars())


def refused(connection: sa.Connection, found: Person) -> list[Any]:
    """Their refused calls: rows of ``refused_calls``."""
    table = t.refused_calls
    numbers = {one for number in found.numbers for one in written(number)}
    theirs = sa.or_(among(table.c.phone, found.numbers), among(table.c.number, numbers))
    return list(connection.execute(sa.select(table).where(theirs)))


def _refused_days(connection: sa.Connection, found: Person) -> set[date]:
    days: set[date] = set()
    for row in refused(connection, found):
        first, last = from_rfc3339(row.first_at).date(), from_rfc3339(row.last_at).date()
        days |= {first + timedelta(days=n) for n in range((last - first).days + 2)}
    return days


def remembered(connection: sa.Connection, found: Person) -> list[tuple[str, str]]:
    """(channel_id, key) of what channels keep of them: for some days they know whom they wrote to."""
    names = {name for number in found.numbers for name in written(number)} | found.accounts
    rows = connection.execute(sa.select(t.channel_state)).all()
    return [(row.channel_id, row.key) for row in rows if any(name in row.value for name in names)]


def forget(
    connection: sa.Connection, found: Person, refused_calls: Sequence[Any], states: Sequence[tuple[str, str]]
) -> int:
    """See ``ErasureStore.forget_person``. What is to be found is looked for before, which keeps no writer waiting."""
    table = t.refused_calls
    for row in refused_calls:
        own = (table.c.channel_id == row.channel_id, table.c.day == row.day, table.c.number == row.number)
        values = blank(table) | {"number": f"erased:{new_ulid()}"}
        connection.execute(sa.update(table).where(*own).values(values))
    # A receiver may repeat what it was sent, and whose that was is not known; its next answer takes this one's place.
    connection.execute(sa.update(f.feeds).where(f.feeds.c.held_why != "").values(held_why=""))
    theirs = naming(numbers=found.numbers, names=found.accounts)
    return len(refused_calls) + sum(_forget_state(connection, *state, theirs) for state in states)


def _forget_state(connection: sa.Connection, channel_id: str, key: str, theirs: re.Pattern[str]) -> bool:
    table = t.channel_state
    own = (table.c.channel_id == channel_id, table.c.key == key)
    value: str = connection.execute(sa.select(table.c.value).where(*own).with_for_update()).scalar_one()
    try:
        told = json.loads(value)
    except ValueError:
        return False  # a cursor
    left = _without(told, theirs)
    if left == told:
        return False
    connection.execute(sa.update(table).where(*own).values(value=json.dumps(left, separators=(",", ":"))))
    return True


def _without(value: Any, theirs: re.Pattern[str]) -> Any:
    """``value`` with texts that are a name of theirs emptied."""
    if isinstance(value, dict):
        return {key: _without(inner, theirs) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without(inner, theirs) for inner in value]
    return "" if isinstance(value, str) and theirs.fullmatch(value) else value


def part(connection: sa.Connection, subject: ErasureSubject) -> None:
    """Nothing leads to the requester any more once nothing of theirs is left: who comes again is somebody new."""
    requester_id = _requester(connection, subject)
    if not _has_others(connection, requester_id):
        connection.execute(sa.delete(t.identities).where(t.identities.c.requester_id == requester_id))
