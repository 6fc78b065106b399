"""Delivery of the record to a downstream case system."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One event on its way out, with the ticket as it stands now.

    ``event_id`` is the idempotency key: a receiver that has seen it ignores a second copy.
    """

    feed: str
    event_seq: int
    event_id: str
    type: str
    at: str
    ticket_id: str
    attempts: int
    event: Mapping[str, Any]
    record: Mapping[str, Any]
    trace: str | None = None
    """The id of the contact in the logs; None for what was written before there were any."""


class Feed(Protocol):
    """A way out. Order per ticket, back-off and dead letters are done around it, once for all kinds."""

    async def deliver(self, delivery: Delivery) -> None:
        """Return when the receiver has it; ``TransientDeliveryError`` or ``PermanentDeliveryError`` otherwise."""
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...


class DeliveryStore(Protocol):
    """Feed state in SQL (DESIGN section 4.3): the truth about what was delivered."""

    async def lease(self, feed: str, owner: str, *, limit: int, lease_s: float) -> list[Delivery]:
        """Due deliveries, at most one per ticket (its earliest undelivered), leased to ``owner``.

        Creates rows for new events first.
        """
        ...

    async def delivered(self, feed: str, event_seqs: list[int]) -> None:
        """These are done; deliveries of the same tickets become due."""
        ...

    async def failed(self, feed: str, event_seq: int, error: str, *, retry_in_s: float | None) -> None:
        """Try again later, or (None) dead letter: the ticket's later events go on without it."""
        ...

    async def dead_letters(self, feed: str | None = None, limit: int = 200) -> list[dict[str, Any]]:
        """What a person has to look at.

        {feed, event_seq, event_id, type, ticket_id, ticket_no, attempts, last_error, dead_at}.
        """
        ...

    async def replay(self, feed: str, event_seq: int) -> None:
        """Make a dead letter due again; ``NotFound``."""
        ...

    async def counts(self) -> dict[str, dict[str, int]]:
        """Per feed: {"pending": n, "dead": n}."""
        ...
