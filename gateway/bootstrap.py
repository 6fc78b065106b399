"""The composition root: settings in, a house out. The only place that picks concrete classes."""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from aiohttp import web

from gateway.calls.recorder import LocalRecordings
from gateway.errors import ConfigError
from gateway.feeds import FeedContext, feed_settings
from gateway.feeds.worker import FeedWorker
from gateway.intake.accept import ContactIntake
from gateway.intake.answer_call import CallAnswering, CallSettings
from gateway.intake.attachment_files import AttachmentFiles
from gateway.intake.channel_health import HealthBoard
from gateway.intake.channels_here import ChannelsHere
from gateway.intake.conversations import ConversationIntake
from gateway.intake.idle import IdleCloser
from gateway.intake.live import LiveInteractions
from gateway.intake.media_worker import MediaWorker
from gateway.intake.outbox import OutboxWorker
from gateway.intake.recover import Recovery
from gateway.intake.source_callbacks import SourceCallbacks
from gateway.intake.spool import SpoolingStore
from gateway.intake.text_flow import TextFlow
from gateway.intake.watching import Watchers
from gateway.ivr.engine import Engine
from gateway.ivr.loader import load_flows
from gateway.plugins.channels import channel_settings
from gateway.ports.channel import Channel, ChannelContext
from gateway.ports.clock import SystemClock
from gateway.ports.conversation_store import ChannelStates
from gateway.ports.message import TextServices
from gateway.prefill.reader import Prefill
from gateway.queueing import client
from gateway.queueing.server import EmbeddedValkey
from gateway.queueing.shared_cache import ValkeyCache
from gateway.queueing.wakeup import Wakeup
from gateway.recognition.client import WebSocketRecogniser
from gateway.settings import Settings
from gateway.settings.sections import ChannelTable, FeedTable
from gateway.storage.database import Database, open_database
from gateway.telemetry import metrics
from gateway.web.app import build_app
from gateway.web.open311.services import Open311, read_services
from gateway.web.services import SigningSource, WebServices

CHANNELS_S = 5.0
WATCH_S = 2.0


@dataclass(frozen=True, slots=True)
class OneChannelsState:
    """Implements ``ports.message.ChannelState`` for one channel instance."""

    states: ChannelStates
    channel_id: str

    async def get(self, key: str) -> str | None:
        """See ``ChannelState.get``."""
        return await self.states.get(self.channel_id, key)

    async def put(self, key: str, value: str) -> None:
        """See ``ChannelState.put``."""
        await self.states.put(self.channel_id, key, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltChannel:
    """A channel of the configuration and how to make it anew after a fault."""

    channel_id: str
    kind: str
    role: str
    make: Callable[[], Channel]


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
        self.recogniser = _recogniser(settings)
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
        engine = Engine(self.flows)
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
        self.here = ChannelsHere()
        self.health = HealthBoard(clock=self.clock, silent_after_s=settings.conversations.silent_alarm_s)
        self.files = AttachmentFiles(
            settings.data_dir / "attachments", max_bytes=settings.conversations.max_attachment_bytes
        )
        self._converse(TextFlow(engine=engine, prefill=prefill), callback_due)
        self.sources: dict[str, SigningSource] = {}
        self.called_back: set[str] = set()
        self.channels = [self._channel(table) for table in settings.channel]
        self.source_callbacks = SourceCallbacks(
            store=database.changes,
            reader=database.reader,
            states=database.channel_states,
            channels=self.called_back,
            clock=self.clock,
            queued=self._queued,
        )
        self.open311_services = read_services(settings.config_dir / "open311_services.csv")
        self.feeds = [self._feed(table) for table in settings.feed]

    def _converse(self, flow: TextFlow, callback_due: timedelta) -> None:
        """Everything that written conversations need."""
        settings, database = self.settings, self.database
        # Only SQLite has one process at it; elsewhere another one may write what a client here waits for.
        watchers = Watchers(every_s=WATCH_S if settings.database.url else None)
        owner = f"{settings.node_name}-{os.getpid()}"
        self.conversations = ConversationIntake(
            store=database.changes,
            reads=database.conversations,
            flow=flow,
            files=self.files,
            watchers=watchers,
            health=self.health,
            clock=self.clock,
            callback_due=callback_due,
            queued=self._queued,
        )
        self.outbox = OutboxWorker(
            store=database.changes,
            outbox=database.outbox,
            channels=self.here,
            health=self.health,
            watchers=watchers,
            clock=self.clock,
            owner=owner,
            callback_due=callback_due,
            sms_channel=next((table.id for table in settings.channel if table.kind == "sms"), None),
            sent_as=self.conversations.sent_as,
            is_gone=self._is_gone,
            jitter=random.Random(),  # noqa: S311 - spreads retries, guards nothing
        )
        self.media = MediaWorker(
            store=database.changes,
            attachments=database.attachments,
            conversations=self.conversations,
            flow=flow,
            files=self.files,
            channels=self.here,
            clock=self.clock,
            owner=owner,
            callback_due=callback_due,
            is_gone=self._is_gone,
            transcribe=self.recogniser.transcribe if self.recogniser else None,
            jitter=random.Random(),  # noqa: S311 - spreads retries, guards nothing
        )
        self.idle = IdleCloser(
            conversations=self.conversations,
            reads=database.conversations,
            clock=self.clock,
            idle_close_s=settings.conversations.idle_close_s,
        )

    def _is_gone(self, owner: str) -> bool:
        """Whether the owner of a lease was a process of this machine that runs no more (or had our own pid)."""
        node, _, pid = owner.rpartition("-")
        if node != self.settings.node_name or not pid.isdigit():
            return False
        return int(pid) == os.getpid() or not Path(f"/proc/{pid}").exists()

    def _queued(self) -> None:
        self.outbox.notify()
        self.media.notify()

    def _channel(self, table: ChannelTable) -> BuiltChannel:
        spec, options = channel_settings(table)
        flow = getattr(options, "flow", None)
        if flow is not None and flow not in self.flows:
            raise ConfigError([f"channel[{table.id}]: flow {flow!r} is not in {self.settings.flows_dir}"])
        if flow is not None and spec.role == "voice" and self.flows[flow].written:
            raise ConfigError([f"channel[{table.id}]: flow {flow!r} is only written; calls need one with recordings"])
        if table.kind == "platform":
            self._add_source(table.id, options)
        context = ChannelContext(
            channel_id=table.id,
            intake=self.intake,
            calls=self.calls,
            clock=self.clock,
            data_dir=self.settings.data_dir,
            draining=lambda: self.draining,
            phones=self.database.phones,
            gauge=_gauge(table.id),
            text=TextServices(
                conversations=self.conversations,
                state=OneChannelsState(self.database.channel_states, table.id),
                cache=self.cache,
                public_url=self.settings.public_url,
                health=self.health.of(table.id),
            ),
        )
        return BuiltChannel(
            channel_id=table.id, kind=table.kind, role=spec.role, make=lambda: spec.build(options, context)
        )

    def _add_source(self, channel_id: str, options: Any) -> None:
        """Let a platform sign ``POST /api/v1/contacts`` as well, and be called back by its channel."""
        if options.source in self.sources:
            raise ConfigError([f"channel[{channel_id}]: source {options.source!r} has a channel already"])
        secret = options.secret.get_secret_value()
        self.sources[options.source] = SigningSource(channel_id=channel_id, secret=secret)
        if options.callback_url:
            self.called_back.add(channel_id)

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
            owner=f"{self.settings.node_name}-{os.getpid()}",
            wakeup=self.wakeup,
            jitter=random.Random(),  # noqa: S311 - spreads retries, guards nothing
        )

    async def announce(self) -> None:
        """Wake the feed workers, here and elsewhere, whenever events have been committed. Runs until cancelled."""
        async for _ in self.database.reader.commits():
            await self.wakeup.notify()

    async def watch_channels(self) -> None:
        """Alarms and gauges of the channels, until cancelled."""
        while True:
            self.health.look()
            await self.outbox.count()
            await asyncio.sleep(CHANNELS_S)

    async def channels_report(self) -> list[dict[str, Any]]:
        """What ``GET /api/v1/channels`` says."""
        pending = await self.database.outbox.pending()
        report = []
        for built in self.channels:
            channel = self.here.get(built.channel_id)
            report.append(
                {
                    "channel_id": built.channel_id,
                    "kind": built.kind,
                    "running": channel is not None,
                    "ready": await channel.ready() if channel is not None else None,
                    "pending": pending.get(built.channel_id, 0),
                    **self.health.report(built.channel_id),
                }
            )
        return report

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
                trusted_proxies=self.settings.http.trusted_proxies,
                zone=self.settings.zone,
                channels=self.here,
                widget_channel=next((table.id for table in self.settings.channel if table.kind == "webchat"), None),
                attachments=self.database.attachments,
                files=self.files,
                channels_report=self.channels_report,
                sources=self.sources,
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


def _gauge(channel_id: str) -> Callable[[str, float], None]:
    gauges = {"gateway_calls_active": metrics.CALLS_ACTIVE, "gateway_rtp_ports_in_use": metrics.RTP_PORTS_IN_USE}
    return lambda name, value: gauges[name].labels(channel_id).set(value)


def _recogniser(settings: Settings) -> WebSocketRecogniser | None:
    """The recogniser of calls: this machine's asr children, or the servers of ``[asr] url``. None: there is none."""
    if not settings.asr.url and not settings.asr.workers:
        return None
    return WebSocketRecogniser(
        urls=lambda: recogniser_urls(settings),
        token=settings.asr.token.get_secret_value(),
        languages=settings.asr.languages,
    )


def recogniser_urls(settings: Settings) -> Sequence[str]:
    """Where recognisers listen now."""
    if settings.asr.url:
        return [url.strip() for url in settings.asr.url.split(",") if url.strip()]
    urls = []
    for path in sorted((settings.data_dir / "run").glob("asr-*.json")):
        try:
            urls.append(str(json.loads(path.read_text(encoding="ascii"))["url"]))
        except (OSError, ValueError, KeyError):
            continue  # being replaced
    return urls
