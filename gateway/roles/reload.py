"""SIGHUP: flows and configuration are read anew; each process takes what is its own and can change while it runs.

What is taken is told as ``config_taken``, what needs a restart as ``config_needs_restart``, both with the key. A wrong
configuration is ``config_refused`` with every problem, and changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from gateway.bootstrap.channels import ConfiguredChannels
from gateway.bootstrap.house import House
from gateway.errors import ConfigError
from gateway.feeds import feed_settings
from gateway.plugins.channels import load_channel_spec
from gateway.roles import told
from gateway.roles.changing import ChangingDuties
from gateway.roles.running_channel import RunningChannel
from gateway.settings import Settings
from gateway.settings.changes import RowChanges, changed_rows, merged
from gateway.settings.sections import ChannelTable, FeedTable
from gateway.telemetry import log, metrics

OF_A_CALL = frozenset({"flow", "hours", "after_hours_flow", "holidays", "workdays"})
"""Keys of a channel of calls that are looked up when a call begins: those under way keep theirs."""
_log = log.get("process")


def channel_duty(channel_id: str) -> str:
    """The name of the duty that runs a channel."""
    return f"channel-{channel_id}"


def feed_duty(feed_id: str) -> str:
    """The name of the duty that runs a feed."""
    return f"feed-{feed_id}"


class Reloading:
    """Of one process."""

    def __init__(
        self,
        house: House,
        changing: ChangingDuties,
        channels: list[RunningChannel],
        read: Callable[[], Settings],
        *,
        apart: bool,
    ) -> None:
        """``channels`` are those that run, and changes with them; ``apart``: no supervisor tells of the sections."""
        self._house = house
        self._changing = changing
        self._channels = channels
        self._read = read
        self._apart = apart

    async def run(self, wanted: asyncio.Event) -> None:
        """Whenever it is ``wanted``, until cancelled."""
        while True:
            await wanted.wait()
            wanted.clear()
            old = self._house.base.settings
            try:
                new = await asyncio.to_thread(self._read)
                in_force = possible(old.channel, new.channel)
            except ConfigError as error:
                told.refused(error)
                await self._flows(old.channel)
                continue
            await self._flows(in_force, old.channel)
            try:
                configured = self._checked(in_force, new)
            except ConfigError as error:
                told.refused(error)
            else:
                await self._take(new, in_force, configured)

    async def _flows(self, *wanted: Sequence[ChannelTable]) -> None:
        """Take the flows, if they are right for the first of ``wanted`` for which they are."""
        base = self._house.base
        problems: list[str] = []
        for tables in wanted:
            try:
                await base.reload_flows(tables)
            except ConfigError as error:
                problems = error.problems
            else:
                _log.info("flows_reloaded", flows={name: flow.version for name, flow in base.flows.items()})
                return
        _log.error("flows_not_reloaded", problems=problems)

    def _checked(self, in_force: Sequence[ChannelTable], new: Settings) -> ConfiguredChannels:
        """The channels that can be in force; ``ConfigError`` with everything that is wrong with ``new``."""
        base = self._house.base
        problems: list[str] = []
        configured = None
        try:
            ConfiguredChannels(new.channel, base.flows, base.settings.flows_dir)
            configured = ConfiguredChannels(in_force, base.flows, base.settings.flows_dir)
            configured.texting(base.settings.calls.sms_channel)
            configured.texting(base.settings.notices.sms_channel, "notices.sms_channel")
        except ConfigError as error:
            problems += error.problems
        for table in new.feed:
            try:
                feed_settings(table)
            except ConfigError as error:
                problems += error.problems
        if problems or configured is None:
            raise ConfigError(problems)
        return configured

    async def _take(self, new: Settings, in_force: tuple[ChannelTable, ...], configured: ConfiguredChannels) -> None:
        base = self._house.base
        old = base.settings
        sections = told.sections_taken(old, new) if self._apart else told.log_taken(old, new)
        await self._take_channels(changed_rows(old.channel, in_force), in_force, configured)
        waiting = changed_rows(in_force, new.channel)
        for key in waiting.keys("channel", self._house.runs(new.channel) | self._house.runs(in_force)):
            told.needs_restart(key)
        await self._take_feeds(changed_rows(old.feed, new.feed), new.feed)
        base.settings = sections.model_copy(update={"channel": in_force, "feed": new.feed})

    async def _take_channels(
        self, changes: RowChanges, tables: Sequence[ChannelTable], configured: ConfiguredChannels
    ) -> None:
        """``tables`` are in force from now on, as ``configured``: begin and end what of them runs here."""
        house, base = self._house, self._house.base
        before, now = house.own(base.configured), house.own(configured)
        for what, was, is_ in (
            ("the channel that texts phones", base.configured.reaching_phones, configured.reaching_phones),
            ("the channel of /static/widget.js", base.configured.widget, configured.widget),
        ):
            if was != is_:
                told.needs_restart(what)
        if house.voice is not None:
            house.voice.take(tables)
        of_calls = configured.of_role("voice")
        anew = {*changes.added, *changes.removed, *changes.changed} - of_calls
        for channel in [one for one in self._channels if one.channel_id in anew]:
            self._channels.remove(channel)
            await channel.close(0)
            await self._changing.end(channel_duty(channel.channel_id))
            metrics.forget("channel_id", channel.channel_id)  # what its successor has, it tells itself
        base.take(configured)
        for built in house.built(anew & now):
            channel = RunningChannel(built, base.here)
            self._channels.append(channel)
            self._changing.start(channel_duty(channel.channel_id), channel.run)
        for key in changes.keys("channel", before | now):
            told.taken(key)

    async def _take_feeds(self, changes: RowChanges, tables: Sequence[FeedTable]) -> None:
        """What of a feed is under way ends first; what waits is the new one's."""
        worker = self._house.worker
        if worker is None:
            return
        for feed_id in (*changes.removed, *changes.changed):
            await self._changing.end(feed_duty(feed_id))
        for feed_id in changes.removed:
            metrics.forget("feed", feed_id)
        for table in tables:
            if table.id in changes.added or table.id in changes.changed:
                feed = worker.feed(table)
                self._changing.start(feed_duty(table.id), feed.run)
        for key in changes.keys("feed", {*changes.added, *changes.removed, *changes.changed}):
            told.taken(key)


def possible(old: Sequence[ChannelTable], new: Sequence[ChannelTable]) -> tuple[ChannelTable, ...]:
    """How far ``old`` can become ``new`` while calls run: of channels of calls, what is looked up when one begins.

    ``ConfigError`` for a kind that is unknown.
    """
    wanted = {row.id: row for row in new}
    of_calls = {row.id for row in (*old, *new) if load_channel_spec(row.kind).role == "voice"}
    kept = [merged(row, wanted.get(row.id, row), tuple(OF_A_CALL)) for row in old if row.id in of_calls]
    return (*kept, *(row for row in new if row.id not in of_calls))
