"""Carrying one feed's deliveries out: lease, send, book. The state is SQL's; a worker may die at any moment."""

from __future__ import annotations

import asyncio
import random
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol

from gateway.domain import masking
from gateway.domain.ids import from_rfc3339
from gateway.errors import FeedRefused, PermanentDeliveryError, StoreUnavailable, TransientDeliveryError
from gateway.feeds.common import DAY_S, FeedSettings, NotSent
from gateway.feeds.empties import REGISTERED, hold_s, may_follow_skipped
from gateway.feeds.hold import Blame, probe_in_s
from gateway.following.poll import Wake
from gateway.following.retry import Retry
from gateway.following.worker import LeasedWorker
from gateway.ports.clock import Clock
from gateway.ports.feed import CAUSES, Delivery, DeliveryStore, Feed
from gateway.telemetry import log, metrics, spans, trace

POLL_S = 1.0
"""Without a wake-up, due deliveries are looked for so often."""
LOOK_S = 2.0
"""So often a worker looks whether somebody else has held or released its feed."""
LEASE_MARGIN_S = 5.0
"""A lease outlasts its attempt by this, so that no second worker sends what a slow first one is still sending."""
MAX_PAUSE_S = 60.0
INTRODUCED_KEPT = 10_000
_log = log.get("feed")


class TicketEvents(Protocol):
    """The part of the reader that a worker needs."""

    async def events(self, *, after: int = 0, ticket_id: str | None = None, limit: int = 500) -> list[dict[str, Any]]:
        """See ``TicketReader.events``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Outcome:
    """What an attempt came to and SQL does not know yet."""

    done: bool
    error: str = ""
    retry_in_s: float | None = None
    counted: bool = True
    answered: bool = False
    """The receiver has taken the event, or judged it: it takes events."""
    refusal: FeedRefused | None = None
    """It takes none."""
    probe: int = 0


class FeedWorker:
    """One feed's worker. Several may run (other processes, other machines): leases keep them apart."""

    def __init__(
        self,
        *,
        feed_id: str,
        make_feed: Callable[[], Feed],
        settings: FeedSettings,
        deliveries: DeliveryStore,
        events: TicketEvents,
        clock: Clock,
        owner: str,
        next_commit: Wake,
        jitter: random.Random,
    ) -> None:
        """``make_feed`` is asked for each run's own way out, since a run closes its connections for good at its end.

        ``owner`` is this process's name in leases; it must differ between processes.
        """
        self.feed_id = feed_id
        self._make_feed = make_feed
        self._feed = make_feed()
        self._settings = settings
        self._retry = Retry(
            first_s=settings.first_retry_s,
            most_s=settings.max_retry_s,
            asked_most_s=DAY_S,
            max_age_s=settings.max_age_s,
            max_attempts=settings.max_attempts,
        )
        self._deliveries = deliveries
        self._events = events
        self._clock = clock
        self._owner = owner
        self._jitter = jitter
        self._outcomes: dict[int, _Outcome] = {}
        self._introduced: OrderedDict[str, None] = OrderedDict()
        self._blame = Blame()
        self._held = False
        self._told = ""
        self._paused_until = 0.0
        self._look_at = 0.0
        self._work = LeasedWorker(
            f"feed-{feed_id}",
            take=self._take,
            work=self._carry,
            parallel=settings.parallel,
            poll_s=POLL_S,
            on=next_commit,
            drain_s=settings.timeout_s,
            away=partial(_log.warning, "feed_waits_for_store", feed=feed_id),
        )

    async def run(self) -> None:
        """Deliver until cancelled; then what is being sent has one attempt's time to end and be booked.

        A feed that is held when this begins is probed at once: whoever starts it has perhaps put it right.
        """
        try:
            with suppress(StoreUnavailable):
                await self._deliveries.probed(self.feed_id, None, probe_in_s=0.0)
            await self._work.run()
        finally:
            with suppress(StoreUnavailable):
                await self._book()
            await self._feed.aclose()
            self._feed = self._make_feed()

    async def _take(self, room: int) -> list[Delivery]:
        """Book what has ended, then lease what is due."""
        await self._book()
        await self._look()
        if self._paused_until > self._clock.monotonic():
            return []
        lease_s = self._settings.timeout_s + LEASE_MARGIN_S
        return await self._deliveries.lease(self.feed_id, self._owner, limit=room, lease_s=lease_s)

    async def _book(self) -> None:
        """Tell SQL what has ended. Outcomes stay here until it knows: a store that is down costs no second post."""
        ended = dict(self._outcomes)
        done = [seq for seq, outcome in ended.items() if outcome.done]
        if done:
            await self._deliveries.delivered(self.feed_id, done)
        if self._held and any(outcome.answered for outcome in ended.values()):
            await self._release()
        for seq in done:
            del self._outcomes[seq]
        for seq, outcome in ended.items():
            if outcome.probe and not outcome.answered:
                await self._probed(seq, outcome.probe, outcome.refusal)
            elif outcome.refusal is not None:
                outcome = await self._hold(seq, outcome, outcome.refusal)  # noqa: PLW2901 - it may have become another
            if not outcome.done:
                await self._deliveries.failed(
                    self.feed_id, seq, outcome.error, retry_in_s=outcome.retry_in_s, counted=outcome.counted
                )
                del self._outcomes[seq]

    async def _hold(self, seq: int, outcome: _Outcome, refusal: FeedRefused) -> _Outcome:
        """Hold the feed, unless it is held: then nothing new is known. The outcome for the event itself."""
        wait = probe_in_s(0, self._jitter.random())
        if not await self._deliveries.hold(self.feed_id, refusal, probe_in_s=wait):
            return outcome
        if not outcome.counted and self._blame.held_by(seq):
            await self._deliveries.release(self.feed_id)
            return self._dead(seq, refusal)
        self._held = True
        metrics.FEED_HELD.labels(self.feed_id).set(1)
        self._tell(seq, refusal)
        return outcome

    async def _probed(self, seq: int, probe: int, refusal: FeedRefused | None) -> None:
        """Book a probe that did not release. What else is wrong than was known is told."""
        wait = probe_in_s(probe, self._jitter.random()) if refusal is not None else 0.0
        held = await self._deliveries.probed(self.feed_id, refusal, probe_in_s=wait)
        if held and refusal is not None and refusal.cause != self._told:
            self._tell(seq, refusal)

    def _tell(self, seq: int, refusal: FeedRefused) -> None:
        self._told = refusal.cause
        _log.error(
            "feed_held",
            feed=self.feed_id,
            cause=refusal.cause,
            event_seq=seq,
            do=CAUSES[refusal.cause],
            exc_info=refusal,
        )

    async def _release(self) -> None:
        if await self._deliveries.release(self.feed_id):
            _log.info("feed_released", feed=self.feed_id)
        self._held = False
        metrics.FEED_HELD.labels(self.feed_id).set(0)

    async def _look(self) -> None:
        """See whether the feed is held: a person may have released it, another process may have held it."""
        now = self._clock.monotonic()
        if now < self._look_at:
            return
        held = any(one.feed == self.feed_id for one in await self._deliveries.held())
        if self._held and not held:
            _log.info("feed_released", feed=self.feed_id)
        self._held = held
        self._look_at = now + LOOK_S
        metrics.FEED_HELD.labels(self.feed_id).set(held)

    async def _carry(self, delivery: Delivery) -> None:
        """One leased delivery, from here to its outcome."""
        with trace.scope(delivery.trace) as own:
            outcome = await self._send(replace(delivery, trace=own))
        if outcome.answered:
            self._blame.answered()
        self._outcomes[delivery.event_seq] = replace(outcome, probe=delivery.probe)

    def _without_post(self, delivery: Delivery) -> _Outcome | None:
        """The outcome of what is not sent (now), None for what is."""
        settings = self._settings
        if settings.types and delivery.type not in settings.types:
            return self._done(delivery, "filtered")
        if settings.include_empty or not delivery.record["empty"]:
            return None
        hold = hold_s(delivery.record, self._age_s(str(delivery.record["created_at"])))
        if hold is None:
            return self._done(delivery, "skipped")
        metrics.FEED_POSTS.labels(self.feed_id, "held").inc()
        return _Outcome(done=False, error="nothing said yet", retry_in_s=hold, counted=False)

    async def _send(self, delivery: Delivery) -> _Outcome:
        """Post what is to be posted, and say what came of it."""
        try:
            outcome = self._without_post(delivery)
            if outcome is not None:
                return outcome
            await self._introduce(delivery)
            await self._post(delivery)
        except (PermanentDeliveryError, FeedRefused, TransientDeliveryError) as error:
            return self._not_taken(delivery, error)
        except StoreUnavailable as error:
            return self._again(delivery, str(error), error)
        except Exception as error:  # noqa: BLE001 - one delivery's fault must not end the others
            _log.error("feed_broke", feed=self.feed_id, event_seq=delivery.event_seq, exc_info=error)
            return self._again(delivery, f"{type(error).__name__} in the feed itself", error)
        _log.info("event_delivered", feed=self.feed_id, event_seq=delivery.event_seq, attempts=delivery.attempts + 1)
        return replace(self._done(delivery, "ok"), answered=True)

    def _not_taken(
        self, delivery: Delivery, error: PermanentDeliveryError | FeedRefused | TransientDeliveryError
    ) -> _Outcome:
        """What the feed's answer means for this event and for the others."""
        if isinstance(error, PermanentDeliveryError):
            return replace(self._dead(delivery.event_seq, error), answered=not isinstance(error, NotSent))
        if isinstance(error, FeedRefused):
            return self._refused(error)
        if error.retry_after_s:  # the receiver speaks for itself, not only for this ticket
            pause = min(error.retry_after_s, MAX_PAUSE_S)
            self._paused_until = max(self._paused_until, self._clock.monotonic() + pause)
        down = self._blame.failed(delivery.ticket_id, str(error))
        if delivery.probe:
            return self._refused(FeedRefused(str(error), cause="down"))
        return replace(self._again(delivery, str(error), error, error.retry_after_s), refusal=down)

    async def _post(self, delivery: Delivery) -> None:
        if self._settings.redact:
            delivery = replace(delivery, record=await asyncio.to_thread(masking.record, delivery.record))
        with spans.span("feed", feed=self.feed_id, event_seq=delivery.event_seq, attempt=delivery.attempts + 1):
            await self._feed.deliver(delivery)
        self._introduced[delivery.ticket_id] = None
        self._introduced.move_to_end(delivery.ticket_id)
        if len(self._introduced) > INTRODUCED_KEPT:
            self._introduced.popitem(last=False)

    async def _introduce(self, delivery: Delivery) -> None:
        """Post the ticket's registration first when it may have been skipped (see ``empties``)."""
        wanted = not self._settings.types or REGISTERED in self._settings.types
        if self._settings.include_empty or not wanted or delivery.ticket_id in self._introduced:
            return
        if not may_follow_skipped(delivery.type, delivery.event["data"]):
            return
        events = await self._events.events(ticket_id=delivery.ticket_id)
        registered = next((e for e in events if e["type"] == REGISTERED), None)
        if registered is None or not registered["data"].get("empty", True):
            return
        with suppress(PermanentDeliveryError):  # the refusal of one event is no reason to withhold another
            await self._post(
                replace(
                    delivery,
                    event_seq=registered["event_seq"],
                    event_id=registered["event_id"],
                    type=REGISTERED,
                    at=registered["at"],
                    event=registered,
                )
            )

    def _done(self, delivery: Delivery, result: str) -> _Outcome:
        self._blame.forget(delivery.event_seq)
        metrics.FEED_POSTS.labels(self.feed_id, result).inc()
        return _Outcome(done=True)

    def _refused(self, error: FeedRefused) -> _Outcome:
        """No attempt of this event's: it waits with the others."""
        metrics.FEED_POSTS.labels(self.feed_id, "refused").inc()
        return _Outcome(done=False, error=str(error), retry_in_s=0.0, counted=False, refusal=error)

    def _dead(self, event_seq: int, error: Exception, why: str | None = None) -> _Outcome:
        self._blame.forget(event_seq)
        metrics.FEED_POSTS.labels(self.feed_id, "dead").inc()
        _log.error("dead_letter", feed=self.feed_id, event_seq=event_seq, exc_info=error)
        return _Outcome(done=False, error=why if why is not None else str(error))

    def _again(self, delivery: Delivery, why: str, error: Exception, retry_after_s: float | None = None) -> _Outcome:
        age_s, jitter = self._age_s(delivery.at), self._jitter.random()
        wait = self._retry.in_s(delivery.attempts + 1, age_s=age_s, jitter=jitter, asked_s=retry_after_s)
        if wait is None:
            return self._dead(delivery.event_seq, error, why)
        metrics.FEED_POSTS.labels(self.feed_id, "retry").inc()
        _log.warning("delivery_failed", feed=self.feed_id, event_seq=delivery.event_seq, retry_s=wait, exc_info=error)
        return _Outcome(done=False, error=why, retry_in_s=wait)

    def _age_s(self, at: str) -> float:
        return (self._clock.now() - from_rfc3339(at)).total_seconds()
