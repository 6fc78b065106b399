"""The channel instances that run in this process, by their id."""

from __future__ import annotations

from collections.abc import Collection
from typing import cast

from gateway.edge.http_channel import HttpChannel, HttpEntry
from gateway.ports.channel import Abilities, Channel
from gateway.ports.message import TextChannel


class ChannelsHere:
    """Filled by whoever starts channels; read by hooks, outbox and media."""

    def __init__(self, expected: Collection[str] = ()) -> None:
        """None run yet; ``expected`` are those that this process runs, or may have to, by HTTP."""
        self._expected = frozenset(expected)
        self._running: dict[str, tuple[Channel, Abilities]] = {}

    def expect(self, expected: Collection[str]) -> None:
        """The configuration has changed: these run here by HTTP, or may have to."""
        self._expected = frozenset(expected)

    def put(self, channel_id: str, channel: Channel, abilities: Abilities) -> None:
        """It runs from now on, instead of an earlier instance of this id, and has the methods of its ``abilities``."""
        self._running[channel_id] = channel, abilities

    def remove(self, channel_id: str, channel: Channel) -> None:
        """It has ended; a newer instance stays."""
        if self.get(channel_id) is channel:
            del self._running[channel_id]

    def get(self, channel_id: str) -> Channel | None:
        """The instance."""
        found = self._running.get(channel_id)
        return found[0] if found is not None else None

    def text(self, channel_id: str) -> TextChannel | None:
        """The instance, when it converses."""
        found = self._running.get(channel_id)
        return cast("TextChannel", found[0]) if found is not None and found[1].converses else None

    def http(self, channel_id: str) -> HttpEntry | None:
        """The instance, when it is reached by HTTP."""
        found = self._running.get(channel_id)
        if found is None or found[1].http is None:
            return None
        return HttpEntry(cast("HttpChannel", found[0]), found[1].http)

    def expects(self, channel_id: str) -> bool:
        """Whether it should run here: it may be starting, or starting again after a fault."""
        return channel_id in self._expected

    def conversing(self) -> list[str]:
        """Ids of the channels that converse."""
        return [channel_id for channel_id, (_, abilities) in self._running.items() if abilities.converses]
