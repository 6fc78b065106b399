"""How a person is named in rows that belong to no ticket: inside the transactions of ``gateway.storage.erasure``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from gateway.domain.ids import from_rfc3339, new_ulid
from gateway.domain.naming import naming
from gateway.ports.erasure import Kind, Person, Subject
from gateway.storage import tables as t
from gateway.storage.erasure_table import blank
from gateway.storage.erasure_ticket import days_of

PHONE = "phone"
_MASK = "***"


def person(connection: sa.Connection, subject: Subject) -> Person | None:
    """See ``ErasureStore.person``."""
    requester_id = _requester(connection, subject)
    table, of = t.tickets.c, t.interactions.c
    if subject.kind is Kind.TICKET and _has_others(connection, requester_id, subject.id):
        return None
    own = table.requester_id == requester_id
    numbers: set[str] = set()
    for row in connection.execute(sa.select(table.phone, table.callback_phone).where(own).distinct()):
        numbers |= {number for number in row if number}
    known = sa.select(t.identities.c.kind, t.identities.c.value).where(t.identities.c.requester_id == requester_id)
    identities = connection.execute(known).all()
    theirs = sa.select(of.interaction_id).join_from(t.interactions, t.tickets, of.ticket_id == table.ticket_id)
    written = sa.select(t.messages.c.sender).where(t.messages.c.interaction_id.in_(theirs.where(own))).distinct()
    accounts = {sender for sender in connection.execute(written).scalars() if sender}
    calls = sa.select(of.started_at, of.ended_at).join_from(t.interactions, t.tickets, of.ticket_id == table.ticket_id)
    found = Person(
        numbers=frozenset(numbers | {row.value for row in identities if row.kind == PHONE}),
        accounts=frozenset(accounts | {row.value for row in identities if row.kind != PHONE}),
        days=days_of(connection.execute(calls.where(own)).all()),
    )
    return Person(
        numbers=found.numbers,
        accounts=found.accounts,
        days=found.days | _refused_days(connection, found),
    )


def _requester(connection: sa.Connection, subject: Subject) -> str:
    if subject.kind is Kind.REQUESTER:
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
    table, theirs = t.refused_calls, naming(numbers=found.numbers)
    return [
        row
        for row in connection.execute(sa.select(table))
        if row.phone in found.numbers or theirs.fullmatch(row.number)
    ]


def _refused_days(connection: sa.Connection, found: Person) -> set[date]:
    days: set[date] = set()
    for row in refused(connection, found):
        first, last = from_rfc3339(row.first_at).date(), from_rfc3339(row.last_at).date()
        days |= {first + timedelta(days=n) for n in range((last - first).days + 2)}
    return days


def forget(connection: sa.Connection, found: Person, refused_calls: Sequence[Any]) -> int:
    """See ``ErasureStore.forget_person``."""
    table = t.refused_calls
    for row in refused_calls:
        own = (table.c.channel_id == row.channel_id, table.c.day == row.day, table.c.number == row.number)
        values = blank(table) | {"number": f"erased:{new_ulid()}"}
        connection.execute(sa.update(table).where(*own).values(values))
    return len(refused_calls) + _forget_states(connection, found) + _forget_why(connection, found)


def _forget_states(connection: sa.Connection, found: Person) -> int:
    """Channels keep for some days whom they wrote to, as JSON."""
    theirs = naming(numbers=found.numbers, names=found.accounts)
    table, changed = t.channel_state, 0
    for row in connection.execute(sa.select(table).with_for_update()).all():
        if not theirs.search(row.value):
            continue
        try:
            left = json.dumps(_without(json.loads(row.value), theirs), separators=(",", ":"))
        except ValueError:
            continue
        own = (table.c.channel_id == row.channel_id, table.c.key == row.key)
        connection.execute(sa.update(table).where(*own).values(value=left))
        changed += left != row.value
    return changed


def _without(value: Any, theirs: Any) -> Any:
    """``value`` with texts that are a name of theirs emptied."""
    if isinstance(value, dict):
        return {key: _without(inner, theirs) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without(inner, theirs) for inner in value]
    return "" if isinstance(value, str) and theirs.fullmatch(value) else value


def _forget_why(connection: sa.Connection, found: Person) -> int:
    """A case system's refusal may repeat what it was sent."""
    theirs = naming(numbers=found.numbers, names=found.accounts)
    changed = 0
    for row in connection.execute(sa.select(t.feeds).where(t.feeds.c.held_why.is_not(None))).all():
        why, times = theirs.subn(_MASK, row.held_why)
        if times:
            connection.execute(sa.update(t.feeds).where(t.feeds.c.feed == row.feed).values(held_why=why))
            changed += 1
    return changed


def part(connection: sa.Connection, subject: Subject) -> None:
    """Nothing leads to the requester any more once nothing of theirs is left: who comes again is somebody new."""
    requester_id = _requester(connection, subject)
    if not _has_others(connection, requester_id):
        connection.execute(sa.delete(t.identities).where(t.identities.c.requester_id == requester_id))
