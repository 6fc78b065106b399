"""Everything a process may run, wired once from the settings."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import timedelta

from aiohttp import web

from gateway.bootstrap.channels import BuiltChannel, ConfiguredChannels, OneChannelsState, after_hours, gauge
from gateway.bootstrap.recogniser import recogniser
from gateway.bootstrap.this_process import ThisProcess
from gateway.bootstrap.titles import titles
from gateway.bootstrap.written import Written
from gateway.calls.recorder import LocalRecordings
from gateway.feeds import FeedContext, feed_settings
from gateway.feeds.worker import FeedWorker
from gateway.intake.accept import ContactIntake
from gateway.intake.answer_call import CallAnswering, CallSettings
from gateway.intake.channel_lease import ChannelLease
from gateway.intake.live import LiveInteractions
from gateway.intake.recover import Recovery
from gateway.intake.schedule import Schedule
from gateway.intake.similar import SimilarTickets
from gateway.intake.source_callbacks import SourceCallbacks
from gateway.intake.spool import SpoolingStore
from gateway.intake.text_flow import TextFlow
from gateway.ivr.engine import Engine
from gateway.ivr.loader import load_flows
from gateway.live import client
from gateway.live.server import EmbeddedValkey
from gateway.live.shared_cache import ValkeyCache
from gateway.live.wakeup import Wakeup
from gateway.ports.channel import ChannelContext
from gateway.ports.clock import SystemClock
from gateway.ports.message import TextServices
from gateway.prefill.reader import Prefill
from gateway.settings import Settings
from gateway.settings.sections import FeedTable
from gateway.storage.database import Database, open_database
from gateway.telemetry import metrics
from gateway.web.app import build_app
from gateway.web.catalogue import Catalogue
from gateway.web.open311.services import Open311, read_services
from gateway.web.services import WebServices


async def open_house(settings: Settings, stack: AsyncExitStack) -> House:
    """Open what has to be closed again (by ``stack``) and wire the house. ``ConfigError``, ``StoreUnavailable``."""
    database = await open_database(
        settings.database_url,
        data_dir=settings.data_dir,
        zone=settings.zone,
        synchronous=settings.database.synchronous,
    )
    stack.push_async_callback(database.aclose)
    valkey = client.connect(_valkey_url(settings))
    stack.push_async_callback(valkey.aclose)
    return House(settings, database, Wakeup(valkey), ValkeyCache(valkey))


class House:
    """Everything a process may run, built once. ``roles.core`` decides which of it does run."""

    def __init__(self, settings: Settings, database: Database, wakeup: Wakeup, cache: ValkeyCache) -> None:
        """Wire the parts; starts nothing. ``ConfigError`` lists every mistake."""
        self.settings = settings
        self.database = database
        self.wakeup = wakeup
        self.cache = cache
        self.clock = SystemClock()
        self.draining = False
        self.recordings = LocalRecordings(
            settings.recordings_dir,
            min_free_percent=settings.recording.min_free_percent,
        )
        prefill = Prefill.of(settings.config_dir, settings.timezone)
        self.recogniser = recogniser(settings)
        self.live = LiveInteractions(
            leases=database.leases,
            clock=self.clock,
            node=settings.node_name,
            lease_s=settings.calls.lease_s,
        )
        self.spool = SpoolingStore(store=database.changes, folder=settings.data_dir / "spool")
        self.intake = ContactIntake(store=database.changes, prefill=prefill, clock=self.clock)
        callback_due = timedelta(seconds=settings.calls.callback_due_s)
        self.flows = load_flows(settings.flows_dir)
        self._engine = engine = Engine(self.flows)
        self.calls = CallAnswering(
            store=database.changes,
            spool=self.spool,
            recordings=self.recordings,
            recogniser=self.recogniser,
            engine=engine,
            prefill=prefill,
            clock=self.clock,
            live=self.live,
            settings=CallSettings(
                ring_s=settings.calls.ring_s,
                callback_due=callback_due,
                hotwords=settings.asr.hotwords,
            ),
            schedule=Schedule(clock=self.clock, zone=settings.zone, after_hours=after_hours(settings.channel)),
        )
        self.recovery = Recovery(
            store=database.changes,
            reader=database.reader,
            leases=database.leases,
            recordings=self.recordings,
            prefill=prefill,
            clock=self.clock,
            live=self.live,
            callback_due=callback_due,
            transcribe=self.recogniser.transcribe if self.recogniser else None,
        )
        self.channels_configured = ConfiguredChannels(settings.channel, self.flows, settings.flows_dir)
        self.process = ThisProcess(settings.node_name)
        self.written = Written(
            settings,
            database,
            flow=TextFlow(engine=engine, prefill=prefill),
            clock=self.clock,
            process=self.process,
            sms_channel=self.channels_configured.reaching_phones,
            by_http=self.channels_configured.by_http,
            transcribe=self.recogniser.transcribe if self.recogniser else None,
        )
        self.channels = [one.built(self._context(one.channel_id)) for one in self.channels_configured.all]
        self.source_callbacks = SourceCallbacks(
            store=database.changes,
            reader=database.reader,
            states=database.channel_states,
            channels=self.channels_configured.called_back,
            clock=self.clock,
            queued=self.written.queued,
        )
        self.similar = SimilarTickets(store=database.words, clock=self.clock)
        self.titles = titles(settings, database, prefill=prefill, clock=self.clock, process=self.process)
        self.open311_services = read_services(settings.config_dir / "open311_services.csv")
        self.catalogue = Catalogue.read(settings.config_dir)
        self.feeds = [self._feed(table) for table in settings.feed]

    def _context(self, channel_id: str) -> ChannelContext:
        return ChannelContext(
            channel_id=channel_id,
            intake=self.intake,
            calls=self.calls,
            clock=self.clock,
            data_dir=self.settings.data_dir,
            draining=lambda: self.draining,
            phones=self.database.phones,
            gauge=gauge(channel_id),
            text=TextServices(
                conversations=self.written.conversations,
                state=OneChannelsState(self.database.channel_states, channel_id),
                cache=self.cache,
                public_url=self.settings.public_url,
                health=self.written.health.of(channel_id),
            ),
        )

    async def reload_flows(self) -> None:
        """Read the flows anew: what begins from now on takes them, what runs keeps its version.

        ``ConfigError`` when they do not hold, or a channel's flow is gone: then the old ones stay in force.
        """
        flows = await asyncio.to_thread(load_flows, self.settings.flows_dir)
        ConfiguredChannels(self.settings.channel, flows, self.settings.flows_dir)
        self._engine.reload(flows)
        self.flows = flows

    def lease(self, built: BuiltChannel) -> ChannelLease | None:
        """What keeps a second process from running the channel; None where a second one does no harm or cannot be."""
        if not built.single_owner or not self.settings.database.url:
            return None
        return ChannelLease(
            leases=self.database.channel_leases,
            channel_id=built.channel_id,
            owner=self.process.owner,
            is_gone=self.process.is_gone,
        )

    def _feed(self, table: FeedTable) -> FeedWorker:
        kind, options = feed_settings(table)
        context = FeedContext(
            feed_id=table.id,
            public_url=self.settings.public_url,
            open_redis=lambda url: client.connect(url or _valkey_url(self.settings)),
        )
        return FeedWorker(
            feed_id=table.id,
            feed=kind.build(options, context),
            settings=options,
            deliveries=self.database.deliveries,
            events=self.database.reader,
            clock=self.clock,
            owner=self.process.owner,
            wakeup=self.wakeup,
            jitter=random.Random(),  # noqa: S311 - spreads retries, guards nothing
        )

    async def announce(self) -> None:
        """Wake the feed workers, here and elsewhere, whenever events have been committed. Runs until cancelled."""
        async for _ in self.database.reader.commits():
            await self.wakeup.notify()

    def web_app(self, ready: Callable[[], Awaitable[dict[str, bool]]]) -> web.Application:
        """API, desk, health and metrics."""
        return build_app(
            WebServices(
                intake=self.intake,
                changes=self.database.changes,
                reader=self.database.reader,
                accounts=self.database.accounts,
                deliveries=self.database.deliveries,
                recordings=self.recordings,
                ready=ready,
                clock=self.clock,
                refresh_metrics=lambda: metrics.TASKS.set(len(asyncio.all_tasks())),
                public_url=self.settings.http.public_url,
                session_ttl_s=self.settings.http.session_ttl_s,
                session_idle_s=self.settings.http.session_idle_s,
                trusted_proxies=self.settings.http.trusted_proxies,
                zone=self.settings.zone,
                similar=self.similar,
                channels=self.written.here,
                widget_channel=self.channels_configured.widget,
                attachments=self.database.attachments,
                files=self.written.files,
                channels_report=lambda: self.written.report(self.channels),
                sources=self.channels_configured.sources,
                catalogue=self.catalogue,
                open311=Open311(
                    services=self.open311_services,
                    jurisdiction_id=self.settings.open311.jurisdiction_id,
                    contact=self.settings.open311.contact,
                    public=self.settings.open311.public,
                ),
            )
        )


def _valkey_url(settings: Settings) -> str:
    return settings.redis.url or EmbeddedValkey(settings.data_dir).url
