"""How far narrow rows and searchable texts reach: values beside those of channels, under ``OF``.

``event_seq``: every change up to it is in both. ``unlisted_below``, ``unsearched_below``: the ticket number below which
narrow rows, or texts, have yet to be made, as long as there are such tickets. ``rules``: by which version of the masks
the texts were made. ``anew``: the walk writes also what seems to be as it should.
"""

from __future__ import annotations

import sqlalchemy as sa

from gateway.storage import tables as t
from gateway.storage.engine import upsert

OF = ":search"
EVENT_SEQ, RULES = "event_seq", "rules"
MARKS = UNLISTED, UNSEARCHED = "unlisted_below", "unsearched_below"
ANEW = "anew"
ABOVE_ALL = "9" * 15
"""No ticket has this number or a greater one."""
_state = t.channel_state.c


def read(connection: sa.Connection) -> dict[str, str]:
    """All of it."""
    query = sa.select(_state.key, _state.value).where(_state.channel_id == OF)
    return {row.key: row.value for row in connection.execute(query)}


def unlisted_below(connection: sa.Connection) -> str | None:
    """Below which number tickets may have no narrow row; None once all have one."""
    query = sa.select(_state.value).where(_state.channel_id == OF, _state.key == UNLISTED)
    found: str | None = connection.execute(query).scalar()
    return found


def put(connection: sa.Connection, **values: str | None) -> None:
    """Set these; None: there is no such value any more."""
    for key, value in values.items():
        if value is None:
            connection.execute(sa.delete(t.channel_state).where(_state.channel_id == OF, _state.key == key))
        else:
            insert = upsert(connection, t.channel_state).values(channel_id=OF, key=key, value=value)
            keep = insert.on_conflict_do_update(
                index_elements=["channel_id", "key"], set_={"value": insert.excluded.value}
            )
            connection.execute(keep)
