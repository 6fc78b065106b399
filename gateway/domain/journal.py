"""The events that a batch of commands records, numbered in the order in which they happen."""

from __future__ import annotations

from dataclasses import dataclass

from gateway.domain.events import Event


@dataclass(slots=True)
class Recorded:
    """An event of a ticket, with its place in the log."""

    event: Event
    ticket_id: str
    ticket_no: str
    event_seq: int
    interaction_id: str | None = None
    trace: str | None = None


class Journal:
    """Draws ``event_seq`` without gaps, from the last one that was committed."""

    __slots__ = ("entries", "last")

    def __init__(self, last: int) -> None:
        """Nothing is recorded yet; ``last`` was drawn by an earlier batch."""
        self.last = last
        self.entries: list[Recorded] = []

    def add(self, event: Event, ticket_id: str, ticket_no: str) -> int:
        """Record ``event`` as the newest one of a ticket; its number."""
        self.last += 1
        self.entries.append(Recorded(event, ticket_id, ticket_no, self.last))
        return self.last
