"""What every room of a process stands on, made once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack

from gateway.bootstrap.channels import ConfiguredChannels
from gateway.bootstrap.recogniser import recogniser
from gateway.bootstrap.this_process import ThisProcess
from gateway.calls.recorder import LocalRecordings
from gateway.intake.channel_health import HealthBoard
from gateway.intake.channel_lease import ChannelLease
from gateway.intake.channels_here import ChannelsHere
from gateway.intake.live import LiveInteractions
from gateway.ivr.engine import Engine
from gateway.ivr.loader import load_flows
from gateway.live import client
from gateway.live.neighbours import Neighbours
from gateway.live.server import EmbeddedValkey
from gateway.live.shared_cache import ValkeyCache
from gateway.live.wakeup import Wakeup
from gateway.ports.clock import SystemClock
from gateway.settings import Settings
from gateway.settings.sections import ChannelTable
from gateway.storage.database import Database, open_database


async def open_foundation(settings: Settings, stack: AsyncExitStack, *, migrate: bool) -> Foundation:
    """Open what has to be closed again (by ``stack``). ``ConfigError``, ``StoreUnavailable``.

    ``migrate`` is for who starts alone: a supervisor's children find the schema up to date.
    """
    database = await open_database(
        settings.database_url,
        data_dir=settings.data_dir,
        zone=settings.zone,
        synchronous=settings.database.synchronous,
        migrate=migrate,
    )
    stack.push_async_callback(database.aclose)
    valkey = client.connect(valkey_url(settings))
    stack.push_async_callback(valkey.aclose)
    wakeup = Wakeup(valkey, neighbours=Neighbours(settings.data_dir), hear=database.committed.hear)
    return Foundation(settings, database, wakeup, ValkeyCache(valkey))


class Foundation:
    """Settings, the record, the clock, the flows, and what this process knows of itself."""

    def __init__(self, settings: Settings, database: Database, wakeup: Wakeup, cache: ValkeyCache) -> None:
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
        self.engine = Engine(self.flows)
        self.configured = ConfiguredChannels(settings.channel, self.flows, settings.flows_dir)
        self.here = ChannelsHere(self.configured.by_http)
        self.health = HealthBoard(
            clock=self.clock, zone=settings.zone, silent_after_s=settings.conversations.silent_alarm_s
        )
        self.recogniser = recogniser(settings)
        self.recordings = LocalRecordings(
            settings.recordings_dir,
            min_free_percent=settings.recording.min_free_percent,
        )
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

    def lease(self, channel_id: str) -> ChannelLease:
        """What keeps a second process from running a channel that only one may run."""
        return ChannelLease(
            leases=self.database.channel_leases,
            channel_id=channel_id,
            owner=self.process.owner,
            is_gone=self.process.is_gone,
        )

    async def announce(self) -> None:
        """Wake workers and followers, here and elsewhere, whenever this process has committed. Runs until cancelled."""
        async for event_seq in self.database.committed.own():
            await self.wakeup.notify(event_seq)


def valkey_url(settings: Settings) -> str:
    """The configured Redis, or this machine's embedded Valkey."""
    return settings.redis.url or EmbeddedValkey(settings.data_dir).url
