"""The channels of the configuration: what each one can do, as its SPEC says. No kind is known by name here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.domain.hours import Hours, parse_span
from gateway.errors import ConfigError
from gateway.following.lease import Lease
from gateway.intake.call.schedule import AfterHours
from gateway.ivr.graph import Flow
from gateway.plugins.channels import abilities_of, channel_settings, flow_problems
from gateway.ports.channel import Abilities, Channel, ChannelContext, ChannelSpec, ContactSource, SigningSource
from gateway.ports.conversation_store import ChannelStates
from gateway.settings.sections import ChannelTable
from gateway.telemetry import metrics


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltChannel:
    """A channel of the configuration and how to make it anew after a fault."""

    channel_id: str
    kind: str
    make: Callable[[], Channel]
    abilities: Abilities
    lease: Lease | None = None
    """What keeps a second process from running it; None where a second one does no harm."""


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

    async def put_new(self, key: str, value: str) -> str:
        """See ``ChannelState.put_new``."""
        return await self.states.put_new(self.channel_id, key, value)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredChannel:
    """A ``[[channel]]`` table with its kind's SPEC and its checked settings."""

    channel_id: str
    spec: ChannelSpec[Any]
    options: Any

    @property
    def source(self) -> ContactSource | None:
        """The system that signs contacts for this channel."""
        return self.spec.source(self.options) if self.spec.source is not None else None

    @property
    def single_owner(self) -> bool:
        """Whether only one process may run it at a time."""
        return self.spec.owned(self.options)

    @property
    def abilities(self) -> Abilities:
        """What a running instance can do."""
        return abilities_of(self.spec, self.options)

    def built(self, context: ChannelContext, lease: Lease | None) -> BuiltChannel:
        """What a process runs."""
        return BuiltChannel(
            channel_id=self.channel_id,
            kind=self.spec.kind,
            make=lambda: self.spec.build(self.options, context),
            abilities=self.abilities,
            lease=lease,
        )


class ConfiguredChannels:
    """All of them."""

    def __init__(self, tables: Sequence[ChannelTable], flows: Mapping[str, Flow], flows_dir: Path) -> None:
        """``ConfigError`` lists every wrong table, flow that is not in ``flows``, and source named a second time."""
        self.all: list[ConfiguredChannel] = []
        self.sources: dict[str, SigningSource] = {}
        """The systems that may sign ``POST /api/v1/contacts``, and the channels that their answers go back by."""
        self.called_back: set[str] = set()
        """The channels that can tell their system what became of a contact."""
        problems: list[str] = []
        for table in tables:
            try:
                channel = self._configured(table, flows, flows_dir)
                self.all.append(channel)
                if (source := channel.source) is not None:
                    self._add_source(channel.channel_id, source)
            except ConfigError as error:
                problems += error.problems
        if problems:
            raise ConfigError(problems)

    def of_role(self, role: str) -> set[str]:
        """The ids of those that run in this part."""
        return {one.channel_id for one in self.all if one.spec.role == role}

    def become(self, other: ConfiguredChannels) -> None:
        """Replace these by ``other``, for every holder of this object."""
        self.all[:] = other.all
        self.sources.clear()
        self.sources.update(other.sources)
        self.called_back.clear()
        self.called_back.update(other.called_back)

    @property
    def reaching_phones(self) -> str | None:
        """The first that can write to any telephone number."""
        return next((one.channel_id for one in self.all if one.spec.reaches_phones), None)

    def texting(self, wanted: str | None, key: str = "calls.sms_channel") -> str | None:
        """What texts phones: ``wanted``, else the only one that can; ``ConfigError`` names ``key`` when it cannot."""
        able = [one.channel_id for one in self.all if one.spec.reaches_phones]
        if wanted is None:
            return able[0] if len(able) == 1 else None
        if wanted and wanted not in able:
            known = ", ".join(able) or "none is configured"
            raise ConfigError([f"{key}: {wanted!r} is no channel that texts phones; such channels: {known}"])
        return wanted or None

    @property
    def widget(self) -> str | None:
        """The first that has a widget for web pages."""
        return next((one.channel_id for one in self.all if one.spec.widget), None)

    @property
    def by_http(self) -> list[str]:
        """Those that providers and web clients come to."""
        return [one.channel_id for one in self.all if one.abilities.http is not None]

    def _add_source(self, channel_id: str, source: ContactSource) -> None:
        if source.name in self.sources:
            raise ConfigError([f"channel[{channel_id}]: source {source.name!r} has a channel already"])
        self.sources[source.name] = SigningSource(
            channel_id=channel_id, secret=source.secret, previous_secret=source.previous_secret
        )
        if source.called_back:
            self.called_back.add(channel_id)

    @staticmethod
    def _configured(table: ChannelTable, flows: Mapping[str, Flow], flows_dir: Path) -> ConfiguredChannel:
        spec, options = channel_settings(table)
        if problems := flow_problems(table, spec, options, flows, flows_dir):
            raise ConfigError(problems)
        return ConfiguredChannel(channel_id=table.id, spec=spec, options=options)


def after_hours(tables: Sequence[ChannelTable]) -> dict[str, AfterHours]:
    """Which flow answers on which channel while nobody is on duty."""
    return {
        table.id: AfterHours(
            Hours(
                spans=[parse_span(span) for span in table.hours],
                holidays=frozenset(table.holidays),
                workdays=frozenset(table.workdays),
            ),
            table.after_hours_flow,
        )
        for table in tables
        if table.hours
    }


def gauge(channel_id: str) -> Callable[[str, float], None]:
    """``ChannelContext.gauge`` of one channel."""
    gauges = {"gateway_calls_active": metrics.CALLS_ACTIVE, "gateway_rtp_ports_in_use": metrics.RTP_PORTS_IN_USE}
    return lambda name, value: gauges[name].labels(channel_id).set(value)
