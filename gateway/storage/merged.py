"""Which tickets went into others, directly or with what they went into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from gateway.storage import tables as t
from gateway.storage.among import listed
from gateway.storage.bulk import Query

SHOWN = 100
"""The record names so many, and counts them all."""
_t = t.tickets.c
_direct = sa.select(_t.merged_into.label("head"), _t.ticket_id, sa.literal_column("1").label("depth")).where(
    listed(_t.merged_into, "heads")
)
_family = _direct.cte("family", recursive=True)
_family = _family.union_all(
    sa.select(_family.c.head, _t.ticket_id, _family.c.depth + sa.literal_column("1")).join_from(
        t.tickets, _family, _t.merged_into == _family.c.ticket_id
    )
)
_ALL = Query(sa.select(_family.c.head, _family.c.ticket_id).order_by(_family.c.depth, _family.c.ticket_id))


@dataclass(slots=True)
class Family:
    """What has gone into one ticket: the first ``SHOWN``, and how many in all."""

    ids: list[str] = field(default_factory=list)
    count: int = 0


def families(connection: sa.Connection, heads: Sequence[str], shown: int | None = SHOWN) -> dict[str, Family]:
    """Those of ``heads`` into which any ticket has gone; ``shown`` None: with the ids of all."""
    found: dict[str, Family] = {}
    if heads:
        for head, ticket_id in _ALL.rows(connection, heads=list(heads)):
            family = found.setdefault(head, Family())
            family.count += 1
            if shown is None or len(family.ids) < shown:
                family.ids.append(ticket_id)
    return found
