"""Delivery of the record to a downstream case system."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from gateway.errors import FeedRefused

CAUSES = {
    "key": "the receiver does not know our key: set the secret that it has (or give it ours), then SIGHUP",
    "address": "nothing takes events at this address: correct the url of the feed, then SIGHUP",
    "name": "the receiver's name is not found: correct the url of the feed, or the DNS of this machine",
    "certificate": "the receiver's certificate is not valid for its name: renew it, or correct the url of the feed",
    "stream": "the stream's server refuses: correct its url, its password or the feed's key",
    "down": "the receiver does not answer, or only with faults of its own: look whether it runs",
}
"""Why a feed is held, and what a person does about it. It is tried again by itself all the time."""


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
    probe: int = 0
    """Of a held feed: the how manyth attempt (from 1) to find out whether the receiver takes anything again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A feed that waits for its receiver. Nothing of it is sent but a probe at ``probe_at``."""

    feed: str
    since: str
    cause: str
    """One of ``CAUSES``: the last probe's, since the first may be put right and the next come to light."""
    http_status: int | None
    why: str
    """What the receiver said; it may hold anything."""
    probes: int
    """How many have failed."""
    probe_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """Which events of a feed are sent once more: those that are dead, or all, within both ranges."""

    first: int = 1
    last: int | None = None
    """event_seq, both ends included; None = the latest."""
    begin: datetime | None = None
    end: datetime | None = None
    """When they happened: from ``begin`` up to but without ``end``."""
    dead_only: bool = False


class Feed(Protocol):
    """A way out. Order per ticket, back-off, holding and dead letters are done around it, once for all kinds."""

    async def deliver(self, delivery: Delivery) -> None:
        """Return when the receiver has it.

        ``TransientDeliveryError``: later; ``PermanentDeliveryError``: this event never; ``FeedRefused``: nothing of
        this feed until a person has put something right.
        """
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...


class Copies(Protocol):
    """A way out that keeps what it was given where we can reach it."""

    async def forget(self, ticket_ids: Collection[str]) -> int:
        """Take out what it keeps of these tickets; how much that was. ``StoreUnavailable``: ask again."""
        ...


class DeliveryStore(Protocol):
    """Feed state in SQL: the truth about what was delivered."""

    async def lease(self, feed: str, owner: str, *, limit: int, lease_s: float) -> list[Delivery]:
        """Due deliveries, at most one per ticket (its earliest undelivered), leased to ``owner``.

        Creates rows for new events first. Of a held feed one delivery, when its probe is due; another one each time.
        """
        ...

    async def delivered(self, feed: str, event_seqs: list[int]) -> None:
        """These are done; deliveries of the same tickets become due."""
        ...

    async def failed(
        self, feed: str, event_seq: int, error: str, *, retry_in_s: float | None, counted: bool = True
    ) -> None:
        """Try again later, or (None) dead letter: the ticket's later events go on without it.

        Not ``counted``: no attempt of this event's own.
        """
        ...

    async def hold(self, feed: str, refusal: FeedRefused, *, probe_in_s: float) -> bool:
        """Send nothing of this feed but probes; whether it was not held before."""
        ...

    async def probed(self, feed: str, refusal: FeedRefused | None, *, probe_in_s: float) -> bool:
        """A probe has told nothing, or failed with ``refusal``: the next one comes then; whether the feed is held."""
        ...

    async def release(self, feed: str) -> bool:
        """Send again; whether it was held."""
        ...

    async def held(self) -> list[Held]:
        """The feeds that are held."""
        ...

    async def dead_letters(self, feed: str | None = None, limit: int = 200) -> list[dict[str, Any]]:
        """What a person has to look at.

        {feed, event_seq, event_id, type, ticket_id, ticket_no, attempts, last_error, dead_at}.
        """
        ...

    async def replay(self, feed: str, event_seq: int) -> None:
        """Make a dead letter due again; ``NotFound``."""
        ...

    async def replay_many(self, feed: str, what: Replay) -> int:
        """Make these events due again, with the ids they have; how many were not waiting anyway. ``NotFound``: a feed.

        Nothing of the feed is begun until all of them are in their places: each ticket's go in their order, ahead of
        its newer ones that still wait.
        """
        ...

    async def counts(self) -> dict[str, dict[str, int]]:
        """Per feed: {"pending": n, "dead": n}."""
        ...
