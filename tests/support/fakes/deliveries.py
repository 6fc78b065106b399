"""Twins in memory: the delivery state of SQL, and a receiver that can be told to fail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from gateway.domain.ids import from_rfc3339, new_ulid, rfc3339
from gateway.errors import FeedRefused, NotFound, StoreUnavailable
from gateway.ports.clock import Clock
from gateway.ports.feed import Delivery, Held, Replay


@dataclass
class Row:
    """One event for one feed."""

    event: dict[str, Any]
    attempts: int = 0
    next_at: float = 0.0
    leased_until: float = 0.0
    done: bool = False
    error: str = ""
    dead_at: str | None = None

    @property
    def open(self) -> bool:
        return not self.done and self.dead_at is None


@dataclass
class Hold:
    """A feed that is held back."""

    refusal: FeedRefused
    since: str
    probe_at: float
    probes: int = 0


class MemoryDeliveries:
    """``DeliveryStore`` and ``events`` over a list. ``down`` makes everything unavailable."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.down = False
        self.log: list[dict[str, Any]] = []
        self.records: dict[str, dict[str, Any]] = {}
        self.rows: dict[str, dict[int, Row]] = {}
        self.holds: dict[str, Hold] = {}

    def happen(self, ticket_id: str, *types: str, **changes: Any) -> None:
        """Events of a ticket, as one Change writes them; ``empty``, ``pending``, ``disposition`` change the record."""
        now = rfc3339(self._clock.now())
        record = self.records.setdefault(
            ticket_id,
            {
                "ticket_id": ticket_id,
                "created_at": now,
                "empty": False,
                "prefill": {"pending": False},
                "interactions": [{"disposition": None, "transcript": [], "messages": []}],
            },
        )
        record["empty"] = changes.get("empty", record["empty"])
        record["prefill"]["pending"] = changes.get("pending", record["prefill"]["pending"])
        record["interactions"][0]["disposition"] = changes.get("disposition", record["interactions"][0]["disposition"])
        for type_ in types:
            seq = len(self.log) + 1
            self.log.append(
                {
                    "event_seq": seq,
                    "event_id": new_ulid(),
                    "type": type_,
                    "at": now,
                    "ticket_id": ticket_id,
                    "data": {"empty": record["empty"]} if type_ == "ticket.registered" else {},
                }
            )

    async def lease(self, feed: str, owner: str, *, limit: int, lease_s: float) -> list[Delivery]:
        self._up()
        rows = self.rows.setdefault(feed, {})
        taken = max(rows, default=0)
        for event in self.log[taken:]:
            rows[event["event_seq"]] = Row(event, done=event["type"].startswith("feed_"))
        now = self._clock.monotonic()
        hold = self.holds.get(feed)
        if hold is not None:
            if hold.probe_at > now:
                return []
            limit = 1
        earliest: dict[str, Row] = {}
        for row in rows.values():
            if row.open:
                earliest.setdefault(row.event["ticket_id"], row)
        busy = {r.event["ticket_id"] for r in rows.values() if r.open and r.leased_until > now}
        heads = [r for r in earliest.values() if r.event["ticket_id"] not in busy]
        due = sorted((r for r in heads if r.next_at <= now), key=lambda r: r.next_at)[:limit]
        if hold is not None and due:
            hold.probe_at = now + lease_s
        for row in due:
            row.leased_until = now + lease_s
        return [
            Delivery(
                feed=feed,
                event_seq=row.event["event_seq"],
                event_id=row.event["event_id"],
                type=row.event["type"],
                at=row.event["at"],
                ticket_id=row.event["ticket_id"],
                attempts=row.attempts,
                event=row.event,
                record=self.records[row.event["ticket_id"]],
                probe=hold.probes + 1 if hold is not None else 0,
            )
            for row in due
        ]

    async def delivered(self, feed: str, event_seqs: list[int]) -> None:
        self._up()
        for seq in event_seqs:
            self.rows[feed][seq].done = True
            self.rows[feed][seq].leased_until = 0.0

    async def failed(
        self, feed: str, event_seq: int, error: str, *, retry_in_s: float | None, counted: bool = True
    ) -> None:
        self._up()
        row = self.rows[feed][event_seq]
        row.attempts += counted
        row.error = error
        row.leased_until = 0.0
        if retry_in_s is None:
            row.dead_at = rfc3339(self._clock.now())
        else:
            row.next_at = self._clock.monotonic() + retry_in_s

    async def hold(self, feed: str, refusal: FeedRefused, *, probe_in_s: float) -> bool:
        self._up()
        if feed in self.holds:
            return False
        self.holds[feed] = Hold(refusal, rfc3339(self._clock.now()), self._clock.monotonic() + probe_in_s)
        return True

    async def probed(self, feed: str, refusal: FeedRefused | None, *, probe_in_s: float) -> bool:
        self._up()
        if (hold := self.holds.get(feed)) is None:
            return False
        if refusal is not None:
            hold.refusal, hold.probes = refusal, hold.probes + 1
        hold.probe_at = self._clock.monotonic() + probe_in_s
        return True

    async def release(self, feed: str) -> bool:
        self._up()
        return self.holds.pop(feed, None) is not None

    async def held(self) -> list[Held]:
        self._up()
        return [
            Held(
                feed=feed,
                since=hold.since,
                cause=hold.refusal.cause,
                http_status=hold.refusal.http_status,
                why=str(hold.refusal),
                probes=hold.probes,
                probe_at=rfc3339(self._clock.now() + timedelta(seconds=hold.probe_at - self._clock.monotonic())),
            )
            for feed, hold in self.holds.items()
        ]

    async def dead_letters(self, feed: str | None = None, limit: int = 200) -> list[dict[str, Any]]:
        found = [
            {"feed": name, **row.event, "attempts": row.attempts, "last_error": row.error, "dead_at": row.dead_at}
            for name, rows in self.rows.items()
            for row in rows.values()
            if row.dead_at and feed in {None, name}
        ]
        return found[:limit]

    async def replay(self, feed: str, event_seq: int) -> None:
        row = self.rows.get(feed, {}).get(event_seq)
        if row is None or row.dead_at is None:
            raise NotFound(f"no dead letter {event_seq}")
        row.dead_at, row.attempts, row.next_at = None, 0, 0.0

    async def replay_many(self, feed: str, what: Replay) -> int:
        if feed not in self.rows:
            raise NotFound(f"no feed {feed}")
        risen = 0
        for seq, row in self.rows[feed].items():
            at = from_rfc3339(row.event["at"])
            in_time = (what.begin is None or at >= what.begin) and (what.end is None or at < what.end)
            in_range = what.first <= seq <= (what.last or seq) and in_time and not row.event["type"].startswith("feed_")
            if not in_range or row.open or (what.dead_only and row.dead_at is None):
                continue
            row.dead_at, row.done, row.attempts, row.next_at = None, False, 0, self._clock.monotonic()
            row.leased_until = 0.0
            risen += 1
        return risen

    async def counts(self) -> dict[str, dict[str, int]]:
        self._up()
        return {
            feed: {
                "pending": sum(row.open for row in rows.values()),
                "dead": sum(row.dead_at is not None for row in rows.values()),
            }
            for feed, rows in self.rows.items()
        }

    async def events(self, *, after: int = 0, ticket_id: str | None = None, limit: int = 500) -> list[dict[str, Any]]:
        self._up()
        return [e for e in self.log[after:] if ticket_id in {None, e["ticket_id"]}][:limit]

    def _up(self) -> None:
        if self.down:
            raise StoreUnavailable("the memory is down")


class Receiver:
    """A ``Feed``. ``answer`` may raise for a delivery; what is taken stands in ``got``, every attempt in ``tried``."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.got: list[Delivery] = []
        self.tried: list[tuple[float, Delivery]] = []
        self.answer: Callable[[Delivery], Any] = lambda _: None
        self.closed = False
        self.now = 0
        self.most_at_once = 0
        self.takes_s = 0.0

    async def deliver(self, delivery: Delivery) -> None:
        self.tried.append((self._clock.monotonic(), delivery))
        self.now += 1
        self.most_at_once = max(self.most_at_once, self.now)
        try:
            await asyncio.sleep(self.takes_s)
            self.answer(delivery)
        finally:
            self.now -= 1
        self.got.append(delivery)

    async def aclose(self) -> None:
        self.closed = True
