"""Which flow answers a call: the channel's own, or another while nobody is on duty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo

from gateway.domain.hours import Hours
from gateway.ports.clock import Clock


@dataclass(frozen=True, slots=True)
class AfterHours:
    """Outside of ``hours`` calls get ``flow``."""

    hours: Hours
    flow: str


class Schedule:
    """Looked at once for each call, when it begins: a call that runs into the evening keeps its flow."""

    def __init__(self, *, clock: Clock, zone: tzinfo, after_hours: Mapping[str, AfterHours]) -> None:
        """``zone`` is the city's; ``after_hours`` by channel id, channels without an entry are always on duty."""
        self._clock = clock
        self._zone = zone
        self._after_hours = after_hours
        self._usual: Mapping[str, str] = {}

    def change(self, *, after_hours: Mapping[str, AfterHours], usual: Mapping[str, str]) -> None:
        """For calls that begin from now on; ``usual`` flows by channel id, instead of those the channels began with."""
        self._after_hours = after_hours
        self._usual = usual

    def flow(self, channel_id: str, usual: str) -> str:
        """The flow of a call that begins now on a channel whose flow is ``usual``."""
        found = self._after_hours.get(channel_id)
        if found is None or found.hours.on_duty(self._clock.now().astimezone(self._zone)):
            return self._usual.get(channel_id, usual)
        return found.flow
