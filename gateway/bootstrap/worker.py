"""Wires background work: recovery, feeds, titles, answers to sources and to requesters."""

from __future__ import annotations

import random
from datetime import timedelta

from gateway.bootstrap.cases import acting, automatic_dispatch, clock_worker
from gateway.bootstrap.erasure import erasure
from gateway.bootstrap.foundation import Foundation, valkey_url
from gateway.bootstrap.replies import reply_ways
from gateway.bootstrap.titles import LEASE as TITLES
from gateway.bootstrap.titles import titles
from gateway.bootstrap.written import WrittenContacts
from gateway.casework.after_reply import AfterReply
from gateway.casework.judging_links import JudgingLinks
from gateway.casework.late_calendar import LEASE as LATE_CALENDAR
from gateway.casework.late_calendar import LateCalendar
from gateway.casework.reply_teller import ReplyTeller
from gateway.feeds import FeedContext, feed_settings
from gateway.feeds.worker import FeedWorker
from gateway.intake.call.recover import Recovery
from gateway.intake.ticket.old_tickets import OldTickets
from gateway.intake.ticket.open_work_gauges import LEASE, OpenWorkGauges
from gateway.intake.ticket.source_callbacks import SourceCallbacks
from gateway.interprocess import valkey_client
from gateway.settings.sections import FeedTable


class Worker:
    """The part that does background work. Several processes may run it: leases keep them apart."""

    def __init__(self, base: Foundation, written: WrittenContacts) -> None:
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
            cursors=database.channel_states,
            next_commit=database.committed.next,
            channels=base.configured.called_back,
            clock=base.clock,
        )
        links = JudgingLinks(database.channel_states, settings.http.public_url)
        self.replies = ReplyTeller(
            store=database.changes,
            reader=database.reader,
            reads=database.replies,
            cursors=database.channel_states,
            next_commit=database.committed.next,
            ways=lambda: reply_ways(base, links),
            clock=base.clock,
        )
        self.after_reply = AfterReply(
            store=database.changes,
            reader=database.reader,
            reads=database.replies,
            cursors=database.channel_states,
            next_commit=database.committed.next,
            ways=lambda: reply_ways(base, links),
            clock=base.clock,
        )
        lease = base.lease(TITLES)
        self.titles = titles(settings, database, prefill=written.prefill, clock=base.clock, lease=lease)
        self.old_tickets = OldTickets(
            store=database.erasures,
            erasure=erasure(settings, database),
            days=settings.retention.personal_days,
        )
        self.clocks = clock_worker(database, base.process.owner)
        self.late_calendar = LateCalendar(
            clocks=database.unsure_clocks,
            commands=database.changes,
            public_days=lambda: base.tables.public_days,
            zone=settings.zone,
            clock=base.clock,
            lease=base.lease(LATE_CALENDAR),
        )
        self.dispatch = automatic_dispatch(
            database, acting(settings, base.tables, written.known, base.clock), base.clock
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
        schemas_url=base.settings.http.public_url,
        open_redis=lambda url: valkey_client.connect(url or valkey_url(base.settings)),
    )
    return FeedWorker(
        feed_id=table.id,
        make_feed=lambda: kind.build(options, context),
        settings=options,
        deliveries=base.database.deliveries,
        events=base.database.reader,
        clock=base.clock,
        owner=base.process.owner,
        next_commit=base.database.committed.next,
        jitter=random.Random(),  # noqa: S311 - spreads retries, guards nothing
    )
