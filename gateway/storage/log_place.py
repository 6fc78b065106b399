"""Where in the log of events an instant lies."""

from __future__ import annotations

from datetime import datetime, timedelta

import sqlalchemy as sa

from gateway.domain.ids import rfc3339
from gateway.storage import tables as t
from gateway.storage.load import EVENT_SEQ

_LATE = timedelta(hours=1)
"""Events of a process that wrote while SQL was away lie behind younger ones; at most by so much, as a rule."""


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
