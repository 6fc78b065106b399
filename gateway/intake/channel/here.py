"""The channel instances that run in this process, by their id."""

from __future__ import annotations

from collections.abc import Collection
from typing import cast

from gateway.edge.http_channel import HttpChannel
from gateway.ports.channel import Channel
from gateway.ports.message import TextChannel


class ChannelsHere:
    """Filled by whoever starts channels; read by hooks, outbox and media."""

    def __init__(self, expected: Collection[str] = ()) -> None:
        """None run yet; ``expected`` are those that this process runs, or may have to, by HTTP."""
        self._expected = frozenset(expected)
        self._running: dict[str, Channel] = {}

    def expect(self, expected: Collection[str]) -> None:
        """The configuration has changed: these run here by HTTP, or may have to."""
        self._expected = frozenset(expected)

    def put(self, channel_id: str, channel: Channel) -> None:
        """It runs from now on, instead of an earlier instance of this id."""
        self._running[channel_id] = channel

    def remove(self, channel_id: str, channel: Channel) -> None:
        """It has ended; a newer instance stays."""
        if self._running.get(channel_id) is channel:
            del self._running[channel_id]

    def get(self, channel_id: str) -> Channel | None:
        """The instance."""
        return self._running.get(channel_id)

    def text(self, channel_id: str) -> TextChannel | None:
        """The instance, when it converses."""
        channel = self._running.get(channel_id)
        return cast("TextChannel", channel) if hasattr(channel, "send") and hasattr(channel, "fetch") else None

    def http(self, channel_id: str) -> HttpChannel | None:
        """The instance, when it is reached by HTTP."""
        channel = self._running.get(channel_id)
        return cast("HttpChannel", channel) if hasattr(channel, "handle") else None

    def expects(self, channel_id: str) -> bool:
        """Whether it should run here: it may be starting, or starting again after a fault."""
        return channel_id in self._expected

    def conversing(self) -> list[str]:
        """Ids of the channels that converse."""
        return [channel_id for channel_id in self._running if self.text(channel_id) is not None]
