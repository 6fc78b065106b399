"""What is still to be done as gauges: counted by one process of all that share a database, the one with the lease."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from gateway.domain.case.receivers import NoticeWay
from gateway.errors import StoreUnavailable
from gateway.following.lease import Lease
from gateway.following.poll import every
from gateway.ports.clock import Clock
from gateway.ports.open_work import Backlog, FeedBacklog, OpenWork, OpenWorkStore
from gateway.telemetry import metrics

EVERY_S = 5.0
LEASE = ":open-work"
"""In the table of channels' leases; no channel can be called so."""
_GAUGES = (
    metrics.TRANSCRIPTS_PENDING,
    metrics.TRANSCRIPTS_OLDEST,
    metrics.OUTBOX_PENDING,
    metrics.OUTBOX_OLDEST,
    metrics.CALLBACKS_OPEN,
    metrics.CALLBACKS_OVERDUE,
    metrics.FEED_PENDING,
    metrics.FEED_DEAD,
    metrics.FEED_OLDEST,
    metrics.NOTICES_PENDING,
    metrics.NOTICES_OLDEST,
    metrics.NOTICES_DEAD,
    metrics.CLOCKS_PENDING,
    metrics.CLOCKS_OLDEST,
)


class OpenWorkGauges:
    """The duty of counting."""

    def __init__(
        self,
        *,
        store: OpenWorkStore,
        lease: Lease,
        clock: Clock,
        feeds: Callable[[], Sequence[str]],
        channels: Callable[[], Sequence[str]],
    ) -> None:
        """``feeds`` and ``channels`` of the configuration now: they have gauges when nothing waits, too."""
        self._store = store
        self._lease = lease
        self._clock = clock
        self._feeds = feeds
        self._channels = channels

    async def run(self) -> None:
        """Until cancelled: count while the lease is ours."""
        await self._lease.run(self._keep_counting)

    async def count(self) -> None:
        """Set the gauges. What the store does not tell is not known: then they have no value."""
        try:
            self._set(await self._store.count(self._feeds()))
        except StoreUnavailable:
            unset()

    async def _keep_counting(self) -> None:
        try:
            await every(EVERY_S, self.count)
        finally:
            unset()

    def _set(self, work: OpenWork) -> None:
        now = self._clock.now()
        metrics.TRANSCRIPTS_PENDING.set(work.transcripts.waiting)
        metrics.TRANSCRIPTS_OLDEST.set(_age_s(work.transcripts, now))
        metrics.CALLBACKS_OPEN.set(work.callbacks_open)
        metrics.CALLBACKS_OVERDUE.set(work.callbacks_overdue)
        metrics.CLOCKS_PENDING.set(work.clocks.waiting)
        metrics.CLOCKS_OLDEST.set(_age_s(work.clocks, now))
        outbox = {channel_id: Backlog() for channel_id in self._channels()} | dict(work.outbox)
        metrics.OUTBOX_PENDING.replace({channel_id: queue.waiting for channel_id, queue in outbox.items()})
        metrics.OUTBOX_OLDEST.replace({channel_id: _age_s(queue, now) for channel_id, queue in outbox.items()})
        metrics.FEED_PENDING.replace({feed: queue.waiting for feed, queue in work.feeds.items()})
        metrics.FEED_DEAD.replace({feed: queue.dead for feed, queue in work.feeds.items()})
        metrics.FEED_OLDEST.replace({feed: _age_s(queue, now) for feed, queue in work.feeds.items()})
        notices = {way.value: FeedBacklog() for way in NoticeWay} | dict(work.notices)
        metrics.NOTICES_PENDING.replace({way: queue.waiting for way, queue in notices.items()})
        metrics.NOTICES_OLDEST.replace({way: _age_s(queue, now) for way, queue in notices.items()})
        metrics.NOTICES_DEAD.replace({way: queue.dead for way, queue in notices.items()})


def unset() -> None:
    """Nobody counts here."""
    for gauge in _GAUGES:
        gauge.unset()


def _age_s(queue: Backlog, now: datetime) -> float:
    return max(0.0, (now - queue.oldest).total_seconds()) if queue.oldest is not None else 0.0
