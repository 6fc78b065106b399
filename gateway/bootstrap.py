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

from aiohttp import web

from gateway.calls.recorder import LocalRecordings
from gateway.errors import ConfigError
from gateway.feeds import FeedContext, feed_settings
from gateway.feeds.worker import FeedWorker
from gateway.intake.accept import ContactIntake
from gateway.intake.answer_call import CallAnswering, CallSettings
from gateway.intake.live import LiveInteractions
from gateway.intake.recover import Recovery
from gateway.intake.spool import SpoolingStore
from gateway.ivr.engine import Engine
from gateway.ivr.loader import load_flows
from gateway.plugins.channels import channel_settings
from gateway.ports.channel import Channel, ChannelContext
from gateway.ports.clock import SystemClock
from gateway.prefill.place import Gazetteer
from gateway.prefill.rules import Rules
from gateway.queueing import client
from gateway.queueing.server import EmbeddedValkey
from gateway.queueing.wakeup import Wakeup
from gateway.recognition.client import WebSocketRecogniser
from gateway.settings import Settings
from gateway.settings.sections import ChannelTable, FeedTable
from gateway.storage.database import Database, open_database
from gateway.telemetry import metrics
from gateway.web.app import build_app
from gateway.web.services import WebServices


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltChannel:
    """A channel of the configuration and how to make it anew after a fault."""

    channel_id: str
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
    return House(settings, database, Wakeup(valkey))


class House:
    """Everything a process may run, built once. ``roles.core`` decides which of it does run."""

    def __init__(self, settings: Settings, database: Database, wakeup: Wakeup) -> None:
        """Wire the parts; starts nothing. ``ConfigError`` lists every mistake."""
        self.settings = settings
        self.database = database
        self.wakeup = wakeup
        self.clock = SystemClock()
        self.draining = False
        self.recordings = LocalRecordings(
            settings.recordings_dir,
            min_free_percent=settings.recording.min_free_percent,
        )
        rules = Rules(Gazetteer.read(settings.config_dir / "gazetteer.csv"))
        self.recogniser = _recogniser(settings)
        self.live = LiveInteractions(
            leases=database.leases,
            clock=self.clock,
            node=settings.node_name,
            lease_s=settings.calls.lease_s,
        )
        self.spool = SpoolingStore(store=database.changes, folder=settings.data_dir / "spool")
        self.intake = ContactIntake(store=database.changes, rules=rules, clock=self.clock)
        callback_due = timedelta(seconds=settings.calls.callback_due_s)
        self.flows = load_flows(settings.flows_dir)
        self.calls = CallAnswering(
            store=database.changes,
            spool=self.spool,
            recordings=self.recordings,
            recogniser=self.recogniser,
            engine=Engine(self.flows),
            rules=rules,
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
            rules=rules,
            clock=self.clock,
            live=self.live,
            callback_due=callback_due,
            transcribe=self.recogniser.transcribe if self.recogniser else None,
        )
        self.channels = [self._channel(table) for table in settings.channel]
        self.feeds = [self._feed(table) for table in settings.feed]

    def _channel(self, table: ChannelTable) -> BuiltChannel:
        spec, options = channel_settings(table)
        flow = getattr(options, "flow", None)
        if flow is not None and flow not in self.flows:
            raise ConfigError([f"channel[{table.id}]: flow {flow!r} is not in {self.settings.flows_dir}"])
        context = ChannelContext(
            channel_id=table.id,
            intake=self.intake,
            calls=self.calls,
            clock=self.clock,
            data_dir=self.settings.data_dir,
            draining=lambda: self.draining,
            phones=self.database.phones,
            gauge=_gauge(table.id),
        )
        return BuiltChannel(channel_id=table.id, role=spec.role, make=lambda: spec.build(options, context))

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
