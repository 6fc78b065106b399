"""Which tickets went into others, directly or with what they went into."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from gateway.storage import tables as t
from gateway.storage.among import listed
from gateway.storage.bulk import Query

SHOWN = 100
"""The record names so many, and counts them all."""
_t = t.tickets.c
_direct = sa.select(
    _t.merged_into.label("head"), _t.ticket_id, _t.requester_id, sa.literal_column("1").label("depth")
).where(listed(_t.merged_into, "heads"))
_family = _direct.cte("family", recursive=True)
_family = _family.union_all(
    sa.select(_family.c.head, _t.ticket_id, _t.requester_id, _family.c.depth + sa.literal_column("1")).join_from(
        t.tickets, _family, _t.merged_into == _family.c.ticket_id
    )
)
_counted = sa.select(
    _family.c.head,
    _family.c.ticket_id,
    sa.func.count().over(partition_by=_family.c.head).label("count"),
    sa.func.row_number()
    .over(partition_by=_family.c.head, order_by=(_family.c.depth, _family.c.ticket_id))
    .label("nth"),
).subquery("counted")
_FIRST = Query(
    sa.select(_counted.c.head, _counted.c.ticket_id, _counted.c.count)
    .where(_counted.c.nth <= sa.bindparam("shown", type_=sa.BigInteger))
    .order_by(_counted.c.nth)
)
_PEOPLE = Query(sa.select(_family.c.head, _family.c.requester_id).distinct())
_MEMBERS = Query(sa.select(_family.c.ticket_id, _family.c.requester_id).order_by(_family.c.ticket_id))
_HEAD = Query(sa.select(_t.status, _t.merged_into).where(_t.ticket_id == sa.bindparam("of_ticket")))


@dataclass(slots=True)
class Family:
    """What has gone into one ticket: the first ``SHOWN``, and how many in all."""

    ids: list[str] = field(default_factory=list)
    count: int = 0


def families(connection: sa.Connection, heads: Sequence[str]) -> dict[str, Family]:
    """Those of ``heads`` into which any ticket has gone."""
    found: dict[str, Family] = {}
    if heads:
        for head, ticket_id, count in _FIRST.rows(connection, heads=list(heads), shown=SHOWN):
            found.setdefault(head, Family(count=count)).ids.append(ticket_id)
    return found


def people_behind(connection: sa.Connection, heads: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(head, requester_id) of what has gone into each of ``heads``."""
    if heads:
        yield from _PEOPLE.rows(connection, heads=list(heads))


def members(connection: sa.Connection, head: str) -> Iterator[tuple[str, str]]:
    """(ticket_id, requester_id) of everything that has gone into ``head``, directly or with others."""
    yield from _MEMBERS.rows(connection, heads=[head])


def status_of_head(connection: sa.Connection, ticket_id: str) -> str:
    """The status of the ticket in which ``ticket_id`` is handled in the end: its own, where it went into none."""
    row = _HEAD.rows(connection, of_ticket=ticket_id).one()
    while row.merged_into is not None:
        row = _HEAD.rows(connection, of_ticket=row.merged_into).one()
    return str(row.status)
