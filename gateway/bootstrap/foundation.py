"""The objects that all parts of a process share, made once: settings, store, clock, flows, channels."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import AsyncExitStack

from gateway.bootstrap.channels import ConfiguredChannels
from gateway.bootstrap.recogniser import recogniser
from gateway.bootstrap.tables import tables_in_force
from gateway.bootstrap.this_process import ThisProcess
from gateway.calls.recorder import LocalRecordings
from gateway.edge.system_clock import SystemClock
from gateway.following.lease import Lease
from gateway.intake.call.live import LiveInteractions
from gateway.intake.channel.health import HealthBoard
from gateway.intake.channel.here import ChannelsHere
from gateway.intake.media.attachment_files import AttachmentFiles
from gateway.intake.media.retention import StoredRetentionClock
from gateway.interprocess import valkey_client
from gateway.interprocess.neighbours import Neighbours
from gateway.interprocess.shared_cache import ValkeyCache
from gateway.interprocess.valkey_server import EmbeddedValkey
from gateway.interprocess.wakeup import Wakeup
from gateway.ivr.engine import FlowEngine
from gateway.ivr.loader import load_flows
from gateway.settings import Settings
from gateway.settings.sections import ChannelTable
from gateway.storage.database import Database, open_database
from gateway.telemetry import spans


async def open_foundation(
    settings: Settings, stack: AsyncExitStack, *, migrate: bool, dispatches: bool = True
) -> Foundation:
    """Open what has to be closed again (by ``stack``). ``ConfigError``, ``StoreUnavailable``.

    ``migrate`` is for who starts alone: a supervisor's children find the schema up to date. ``dispatches``: whether
    this process decides who must act.
    """
    await _send_spans(settings, stack)
    database = await open_database(
        settings.database_url,
        data_dir=settings.data_dir,
        zone=settings.zone,
        synchronous=settings.database.synchronous,
        migrate=migrate,
        is_gone=ThisProcess(settings.node_name).is_gone,
    )
    stack.push_async_callback(database.aclose)
    valkey = valkey_client.connect(valkey_url(settings))
    stack.push_async_callback(valkey.aclose)
    wakeup = Wakeup(
        # An embedded Valkey is seen by those only who hear the datagrams anyway.
        valkey if settings.redis.url else None,
        neighbours=Neighbours(settings.data_dir),
        notices=database.notices,
        hear=database.committed.hear,
    )
    return Foundation(settings, database, wakeup, ValkeyCache(valkey), dispatches=dispatches)


async def _send_spans(settings: Settings, stack: AsyncExitStack) -> None:
    """To the collector, where one is configured; else nothing of it is even loaded."""
    if not settings.telemetry.otlp_endpoint:
        return
    from gateway.telemetry.otlp import OtlpSender  # noqa: PLC0415 - as above

    sender = OtlpSender(settings.telemetry.otlp_endpoint, node=f"{settings.node_name}/{os.getpid()}")
    stack.push_async_callback(asyncio.to_thread, sender.close)
    spans.send_to(sender)
    stack.callback(spans.send_to, None)


class Foundation:
    """Settings, the record, the clock, the flows, and what this process knows of itself."""

    def __init__(
        self,
        settings: Settings,
        database: Database,
        wakeup: Wakeup,
        cache: ValkeyCache,
        *,
        dispatches: bool = True,
    ) -> None:
        """Starts nothing. ``ConfigError`` lists what is wrong with flows and channels."""
        self.settings = settings
        self.database = database
        self.wakeup = wakeup
        self.cache = cache
        self.clock = SystemClock()
        self.process = ThisProcess(settings.node_name)
        self.draining = False
        """True once SIGTERM was read: new calls are refused with 503."""
        self.flows = load_flows(settings.flows_dir)
        self.engine = FlowEngine(self.flows)
        self.configured = ConfiguredChannels(settings.channel, self.flows, settings.flows_dir)
        self.here = ChannelsHere(self.configured.by_http)
        self.health = HealthBoard(
            clock=self.clock, zone=settings.zone, silent_after_s=settings.conversations.silent_alarm_s
        )
        self.tables = tables_in_force(settings, database, dispatches=dispatches)
        self.recogniser = recogniser(settings)
        self.recordings = LocalRecordings(
            settings.recordings_dir,
            min_free_percent=settings.recording.min_free_percent,
        )
        here = settings.data_dir / "attachments"
        self.files = AttachmentFiles(
            settings.attachments_dir,
            earlier=here if settings.attachments.dir else None,
            max_bytes=settings.conversations.max_attachment_bytes,
            min_free_percent=settings.attachments.min_free_percent,
            clock=self.clock,
        )
        self.retention = StoredRetentionClock(states=database.channel_states, reader=database.reader, clock=self.clock)
        self.live = LiveInteractions(
            leases=database.leases,
            clock=self.clock,
            node=settings.node_name,
            owner=self.process.owner,
            lease_s=settings.calls.lease_s,
        )

    async def reload_flows(self, tables: Sequence[ChannelTable]) -> None:
        """Read the flows anew: what begins from now on takes them, what runs keeps its version.

        ``ConfigError`` when they do not hold, or a flow of ``tables`` is not there: then the old ones stay in force.
        """
        flows = await asyncio.to_thread(load_flows, self.settings.flows_dir)
        ConfiguredChannels(tables, flows, self.settings.flows_dir)
        self.engine.reload(flows)
        self.flows = flows

    def take(self, configured: ConfiguredChannels) -> None:
        """These are the channels from now on."""
        self.configured.become(configured)
        self.here.expect(self.configured.by_http)

    def lease(self, name: str) -> Lease:
        """What keeps a second process from doing what only one may: run the channel ``name``, or another duty."""
        return Lease(
            leases=self.database.channel_leases,
            name=name,
            owner=self.process.owner,
            is_gone=self.process.is_gone,
        )

    async def announce(self) -> None:
        """Wake workers and followers elsewhere whenever this process has committed. Runs until cancelled."""
        async for commits in self.database.committed.own():
            self.wakeup.notify(commits)


def valkey_url(settings: Settings) -> str:
    """The configured Redis, or this machine's embedded Valkey."""
    return settings.redis.url or EmbeddedValkey(settings.data_dir).url
