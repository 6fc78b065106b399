"""What the index of similar tickets reads from the record; ``gateway.storage`` implements it on SQL."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketWords:
    """What a ticket says, where and by whom."""

    ticket_id: str
    ticket_no: str
    event_seq: int
    status: str
    created_at: datetime
    empty: bool
    title: str | None
    content: str | None
    district: str | None
    """Code, like ``street``."""
    street: str | None
    topic: str | None
    """First-level category."""
    subtopic: str | None
    """Second-level category."""
    requester_id: str
    community: str | None = None
    """Code."""
    address: str | None = None


class TicketWordsStore(Protocol):
    """Tickets as the index wants them."""

    async def seq_at(self, at: datetime) -> int:
        """An event_seq before every change at or after ``at``."""
        ...

    async def changed(self, after: int, limit: int) -> list[TicketWords]:
        """Tickets whose newest change is after event_seq ``after``, in order of it."""
        ...

    async def of(self, ticket_ids: Sequence[str]) -> dict[str, TicketWords]:
        """The tickets of these ids that exist."""
        ...

    async def reporters(self, tickets: Sequence[TicketWords]) -> dict[str, set[str]]:
        """By ticket_id the requesters of each of ``tickets``: its own, and those of what was merged into it."""
        ...
