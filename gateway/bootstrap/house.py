"""Wires a process from the settings: the parts that it runs, and nothing of the others."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING
from urllib.parse import quote

from gateway.bootstrap.channels import (
    BuiltChannel,
    ConfiguredChannel,
    ConfiguredChannels,
    OneChannelsState,
    gauge,
)
from gateway.bootstrap.foundation import Foundation, open_foundation
from gateway.bootstrap.tables import adopt_tables
from gateway.intake.channel.watch import ChannelWatch
from gateway.plugins.channels import load_channel_spec
from gateway.ports.channel import ChannelContext
from gateway.ports.message import TextServices
from gateway.settings import Settings
from gateway.settings.sections import ChannelTable
from gateway.telemetry import metrics

if TYPE_CHECKING:
    from gateway.bootstrap.voice import Voice
    from gateway.bootstrap.web import Web
    from gateway.bootstrap.worker import Worker
    from gateway.bootstrap.written import WrittenContacts

DISPATCHING = frozenset({"web", "worker"})
"""The parts that decide who must act."""


async def open_house(
    settings: Settings, parts: Collection[str], stack: AsyncExitStack, *, migrate: bool, name: str = "gateway"
) -> House:
    """Open what has to be closed again (by ``stack``) and wire ``parts`` (voice, web, worker) of the process ``name``.

    ``migrate``: nobody has brought the schema up to date before. ``ConfigError``, ``StoreUnavailable``.
    """
    dispatches = not DISPATCHING.isdisjoint(parts)
    house = House(await open_foundation(settings, stack, migrate=migrate, dispatches=dispatches), parts, name)
    if house.written is not None:  # who answers calls waits for no table
        await adopt_tables(settings, house.base.database, house.base.clock)
        await house.base.tables.refresh()
    return house


class House:
    """What one process may run, built once; ``roles.process`` starts it. A room that it does not run is None."""

    def __init__(self, base: Foundation, parts: Collection[str], name: str = "gateway") -> None:
        """Wire the rooms; starts nothing. ``ConfigError`` lists every mistake."""
        self.base = base
        self._name = name
        self.voice: Voice | None = None
        self.written: WrittenContacts | None = None
        self.worker: Worker | None = None
        self.web: Web | None = None
        # A room is loaded where it is run: a voice process is small, and at work soon after a restart.
        if "voice" in parts:
            from gateway.bootstrap.voice import Voice  # noqa: PLC0415 - as above

            self.voice = Voice(base)
        if not DISPATCHING.isdisjoint(parts):
            from gateway.bootstrap.written import WrittenContacts  # noqa: PLC0415 - as above

            self.written = written = WrittenContacts(base)
            if "worker" in parts:
                from gateway.bootstrap.worker import Worker  # noqa: PLC0415 - as above

                self.worker = Worker(base, written)
            if "web" in parts:
                from gateway.bootstrap.web import Web  # noqa: PLC0415 - as above

                self.web = Web(base, written)
        self._parts = parts
        self.channels = self.built(self.own(base.configured))
        for one in base.configured.all:  # recovery counts calls of channels that run in other processes
            metrics.from_zero(one.channel_id)
        self.watch = ChannelWatch(
            board=base.health,
            states=base.database.channel_states,
            channel_ids=lambda: self.own(base.configured),
        )

    def own(self, configured: ConfiguredChannels) -> set[str]:
        """The ids of those that this process runs."""
        return {channel_id for part in self._parts for channel_id in configured.of_role(part)}

    def runs(self, tables: Sequence[ChannelTable]) -> set[str]:
        """The ids of those of ``tables`` that this process would run."""
        return {table.id for table in tables if load_channel_spec(table.kind).role in self._parts}

    def built(self, channel_ids: Collection[str]) -> list[BuiltChannel]:
        """How to run these, in the order of the configuration."""
        return [
            one.built(self._context(one), self.base.lease(one.channel_id) if one.single_owner else None)
            for one in self.base.configured.all
            if one.channel_id in channel_ids
        ]

    def _context(self, one: ConfiguredChannel) -> ChannelContext:
        base, channel_id = self.base, one.channel_id
        return ChannelContext(
            channel_id=channel_id,
            intake=self.written.intake if self.written else None,
            clock=base.clock,
            data_dir=base.settings.data_dir,
            draining=lambda: base.draining,
            process=quote(f"{base.process.node}.{self._name}", safe="+"),
            phones=base.database.phones,
            gauge=gauge(channel_id),
            calls=self.voice.calls if self.voice else None,
            refused=self.voice.refused if self.voice else None,
            text=TextServices(
                conversations=self.written.conversations,
                state=OneChannelsState(base.database.channel_states, channel_id),
                cache=base.cache,
                public_url=base.settings.public_url,
                health=base.health.of(channel_id),
            )
            if self.written
            else None,
        )
