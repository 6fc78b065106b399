"""How each channel is doing: what came, what went, what failed, and whether it is quieter than it should be."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any

from gateway.domain.ids import rfc3339
from gateway.intake.channel.rhythm import Rhythm
from gateway.ports.clock import Clock
from gateway.telemetry import log, metrics

SILENT_AFTER_S = 1800.0
"""No channel is called silent earlier."""
SILENT_MISSING = 20.0
"""Silent is of whom so many messages should have come since the last, by what is usual at these hours."""
ERROR_SAMPLES = 100
REASONS = frozenset({"bad_signature", "replay", "malformed", "rate"})
_log = log.get("channel")


@dataclass(slots=True)
class _Channel:
    inbound: int = 0
    outbound: int = 0
    rhythm: Rhythm = field(default_factory=Rhythm)
    last_outbound: datetime | None = None
    outcomes: deque[bool] = field(default_factory=lambda: deque(maxlen=ERROR_SAMPLES))
    token_ok: bool | None = None
    token_expires_at: datetime | None = None
    connected: bool | None = None
    refused: dict[str, int] = field(default_factory=dict)


class HealthBoard:
    """The health of this process's channels."""

    def __init__(self, *, clock: Clock, zone: tzinfo = UTC, silent_after_s: float = SILENT_AFTER_S) -> None:
        """``zone`` is the city's, by whose hours a channel is busy; ``silent_after_s`` the shortest silence alarmed."""
        self._clock = clock
        self._zone = zone
        self._silent_after_s = silent_after_s
        self._channels: dict[str, _Channel] = {}

    def of(self, channel_id: str) -> OneChannelsHealth:
        """What one channel is handed."""
        self._channel(channel_id)
        return OneChannelsHealth(self, channel_id)

    def inbound(self, channel_id: str) -> None:
        """A message has been written down."""
        channel, now = self._channel(channel_id), self._now()
        channel.inbound += 1
        channel.rhythm.heard(now)
        metrics.CHANNEL_MESSAGES.labels(channel_id, "inbound", "ok").inc()
        metrics.CHANNEL_LAST.labels(channel_id, "inbound").set(now.timestamp())

    def sent(self, channel_id: str) -> None:
        """A provider has taken a message."""
        channel = self._channel(channel_id)
        channel.outbound += 1
        channel.last_outbound = self._clock.now()
        channel.outcomes.append(True)
        metrics.CHANNEL_MESSAGES.labels(channel_id, "outbound", "ok").inc()
        metrics.CHANNEL_LAST.labels(channel_id, "outbound").set(channel.last_outbound.timestamp())

    def failed(self, channel_id: str, *, for_good: bool = True) -> None:
        """An attempt to send has failed."""
        self._channel(channel_id).outcomes.append(False)
        metrics.CHANNEL_MESSAGES.labels(channel_id, "outbound", "failed" if for_good else "retry").inc()

    def token(self, channel_id: str, *, ok: bool, expires_at: datetime | None) -> None:
        """See ``ports.message.ChannelHealth.token``."""
        channel = self._channel(channel_id)
        channel.token_ok, channel.token_expires_at = ok, expires_at
        metrics.CHANNEL_TOKEN.labels(channel_id).set(ok)

    def connected(self, channel_id: str, *, up: bool) -> None:
        """See ``ports.message.ChannelHealth.connected``."""
        channel = self._channel(channel_id)
        if channel.connected != up:
            _log.info("channel_connection", channel_id=channel_id, up=up)
        channel.connected = up
        metrics.CHANNEL_CONNECTED.labels(channel_id).set(up)

    def refused(self, channel_id: str, reason: str) -> None:
        """See ``ports.message.ChannelHealth.refused``."""
        known = reason if reason in REASONS else "other"
        refused = self._channel(channel_id).refused
        refused[known] = refused.get(known, 0) + 1
        metrics.CHANNEL_REFUSED.labels(channel_id, known).inc()

    def look(self) -> None:
        """Raise or lift the alarms of silence; called every few seconds."""
        now = self._now()
        for channel_id, channel in self._channels.items():
            silent = self._is_silent(channel)
            if not silent:
                channel.rhythm.passes(now)
            metrics.CHANNEL_SILENT.labels(channel_id).set(silent)

    def rhythm(self, channel_id: str) -> Rhythm:
        """When one channel is usually heard, to be kept over a restart."""
        return self._channel(channel_id).rhythm

    def remember(self, channel_id: str, kept: Rhythm) -> None:
        """What an earlier process knew; a message that came since then is added."""
        channel = self._channel(channel_id)
        since, channel.rhythm = channel.rhythm.last, kept
        if since is not None and (kept.last is None or since > kept.last):
            kept.heard(since)

    def report(self, channel_id: str) -> dict[str, Any]:
        """One channel, for the API; one of another process is unknown here."""
        channel = self._channels.get(channel_id, _Channel())
        outcomes, last = channel.outcomes, channel.rhythm.last
        return {
            "inbound": channel.inbound,
            "outbound": channel.outbound,
            "last_inbound_at": rfc3339(last) if last else None,
            "last_outbound_at": rfc3339(channel.last_outbound) if channel.last_outbound else None,
            "error_rate": round(1 - sum(outcomes) / len(outcomes), 3) if outcomes else None,
            "token_ok": channel.token_ok,
            "token_expires_at": rfc3339(channel.token_expires_at) if channel.token_expires_at else None,
            "connected": channel.connected,
            "refused": dict(channel.refused),
            "silent": self._is_silent(channel),
        }

    def _is_silent(self, channel: _Channel) -> bool:
        last, now = channel.rhythm.last, self._now()
        if last is None or (now - last).total_seconds() <= self._silent_after_s:
            return False
        return channel.rhythm.missing(now) >= SILENT_MISSING

    def _now(self) -> datetime:
        return self._clock.now().astimezone(self._zone)

    def _channel(self, channel_id: str) -> _Channel:
        return self._channels.setdefault(channel_id, _Channel())


class OneChannelsHealth:
    """Implements ``ports.message.ChannelHealth``."""

    def __init__(self, board: HealthBoard, channel_id: str) -> None:
        """The board's entry of one channel."""
        self._board = board
        self._channel_id = channel_id

    def token(self, *, ok: bool, expires_at: datetime | None = None) -> None:
        """See ``ChannelHealth.token``."""
        self._board.token(self._channel_id, ok=ok, expires_at=expires_at)

    def connected(self, *, up: bool) -> None:
        """See ``ChannelHealth.connected``."""
        self._board.connected(self._channel_id, up=up)

    def refused(self, reason: str) -> None:
        """See ``ChannelHealth.refused``."""
        self._board.refused(self._channel_id, reason)
