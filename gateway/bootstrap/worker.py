"""What goes on behind everybody's back, wired: recovery, feeds, titles, answers to sources."""

from __future__ import annotations

import random
from datetime import timedelta

from gateway.bootstrap.erasure import erasure
from gateway.bootstrap.foundation import Foundation, valkey_url
from gateway.bootstrap.titles import titles
from gateway.bootstrap.written import Written
from gateway.feeds import FeedContext, feed_settings
from gateway.feeds.worker import FeedWorker
from gateway.intake.call.recover import Recovery
from gateway.intake.ticket.old_tickets import OldTickets
from gateway.intake.ticket.open_work_gauges import LEASE, OpenWorkGauges
from gateway.intake.ticket.source_callbacks import SourceCallbacks
from gateway.live import client
from gateway.settings.sections import FeedTable


class Worker:
    """The room of background work. Several processes may run it: leases keep them apart."""

    def __init__(self, base: Foundation, written: Written) -> None:
        """Starts nothing. ``ConfigError`` for a wrong ``[[feed]]``."""
        settings, database = base.settings, base.database
        self.recovery = Recovery(
            store=database.changes,
            reader=database.reader,
            leases=database.leases,
            recordings=base.recordings,
            prefill=written.prefill,
            clock=base.clock,
            live=base.live,
            callback_due=timedelta(seconds=settings.calls.callback_due_s),
            transcribe=base.recogniser.transcribe if base.recogniser else None,
            is_gone=base.process.is_gone,
        )
        self.source_callbacks = SourceCallbacks(
            store=database.changes,
            reader=database.reader,
            states=database.channel_states,
            channels=base.configured.called_back,
            clock=base.clock,
            queued=written.queued,
        )
        self.titles = titles(settings, database, prefill=written.prefill, clock=base.clock, process=base.process)
        self.old_tickets = OldTickets(
            store=database.erasures,
            erasure=erasure(settings, database),
            days=settings.retention.personal_days,
        )
        self._base = base
        self.feeds = [self.feed(table) for table in settings.feed]
        self.open_work = OpenWorkGauges(
            store=database.open_work,
            lease=base.lease(LEASE),
            clock=base.clock,
            feeds=lambda: [feed.feed_id for feed in self.feeds],
            channels=lambda: [one.channel_id for one in base.configured.all if one.spec.role == "web"],
        )

    def feed(self, table: FeedTable) -> FeedWorker:
        """What carries this feed out. ``ConfigError`` for a wrong table."""
        return _feed(self._base, table)


def _feed(base: Foundation, table: FeedTable) -> FeedWorker:
    kind, options = feed_settings(table)
    context = FeedContext(
        feed_id=table.id,
        public_url=base.settings.public_url,
        open_redis=lambda url: client.connect(url or valkey_url(base.settings)),
    )
    return FeedWorker(
        feed_id=table.id,
        feed=kind.build(options, context),
        settings=options,
        deliveries=base.database.deliveries,
        events=base.database.reader,
        clock=base.clock,
        owner=base.process.owner,
        wakeup=base.wakeup,
        jitter=random.Random(),  # noqa: S311 - spreads retries, guards nothing
    )
