"""How each channel is doing: what came, what went, what failed, and whether it is quieter than it should be."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from gateway.domain.ids import rfc3339
from gateway.ports.clock import Clock
from gateway.telemetry import log, metrics

SILENT_AFTER_S = 1800.0
"""No channel is called silent earlier."""
SILENT_FACTOR = 20.0
"""Silent is who has not spoken for so many of their usual pauses."""
SILENT_MIN_MESSAGES = 20
"""So many messages make a usual pause."""
PAUSE_SMOOTHING = 0.1
ERROR_SAMPLES = 100
REASONS = frozenset({"bad_signature", "replay", "malformed", "rate"})
_log = log.get("channel")


@dataclass(slots=True)
class _Channel:
    inbound: int = 0
    outbound: int = 0
    last_inbound: datetime | None = None
    last_outbound: datetime | None = None
    last_heard: float | None = None
    pause_s: float | None = None
    silent: bool = False
    outcomes: deque[bool] = field(default_factory=lambda: deque(maxlen=ERROR_SAMPLES))
    token_ok: bool | None = None
    token_expires_at: datetime | None = None
    connected: bool | None = None
    refused: dict[str, int] = field(default_factory=dict)


class HealthBoard:
    """The health of this process's channels."""

    def __init__(self, *, clock: Clock, silent_after_s: float = SILENT_AFTER_S) -> None:
        """``silent_after_s``: the shortest silence worth an alarm."""
        self._clock = clock
        self._silent_after_s = silent_after_s
        self._channels: dict[str, _Channel] = {}

    def of(self, channel_id: str) -> OneChannelsHealth:
        """What one channel is handed."""
        self._channel(channel_id)
        return OneChannelsHealth(self, channel_id)

    def inbound(self, channel_id: str) -> None:
        """A message has been written down."""
        channel, now = self._channel(channel_id), self._clock.monotonic()
        channel.inbound += 1
        channel.last_inbound = self._clock.now()
        if channel.last_heard is not None:
            pause = now - channel.last_heard
            before = channel.pause_s if channel.pause_s is not None else pause
            channel.pause_s = before + PAUSE_SMOOTHING * (pause - before)
        channel.last_heard = now
        metrics.CHANNEL_MESSAGES.labels(channel_id, "inbound", "ok").inc()
        metrics.CHANNEL_LAST.labels(channel_id, "inbound").set(channel.last_inbound.timestamp())

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
        if channel.token_ok is not False and not ok:
            _log.error("channel_token_failed", channel_id=channel_id)
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
        for channel_id, channel in self._channels.items():
            silent = self._is_silent(channel)
            if silent and not channel.silent:
                _log.error("channel_silent", channel_id=channel_id, usual_pause_s=round(channel.pause_s or 0.0, 1))
            channel.silent = silent
            metrics.CHANNEL_SILENT.labels(channel_id).set(silent)

    def report(self, channel_id: str) -> dict[str, Any]:
        """One channel, for the API."""
        channel = self._channel(channel_id)
        outcomes = channel.outcomes
        return {
            "inbound": channel.inbound,
            "outbound": channel.outbound,
            "last_inbound_at": rfc3339(channel.last_inbound) if channel.last_inbound else None,
            "last_outbound_at": rfc3339(channel.last_outbound) if channel.last_outbound else None,
            "error_rate": round(1 - sum(outcomes) / len(outcomes), 3) if outcomes else None,
            "token_ok": channel.token_ok,
            "token_expires_at": rfc3339(channel.token_expires_at) if channel.token_expires_at else None,
            "connected": channel.connected,
            "refused": dict(channel.refused),
            "silent": self._is_silent(channel),
        }

    def _is_silent(self, channel: _Channel) -> bool:
        if channel.last_heard is None or channel.pause_s is None or channel.inbound < SILENT_MIN_MESSAGES:
            return False
        patience = max(self._silent_after_s, SILENT_FACTOR * channel.pause_s)
        return self._clock.monotonic() - channel.last_heard > patience

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
