"""Counts each press of a key once, whatever ways of signalling report it.

The rule, in two parts:

1. **Within one way of signalling** a press is a stretch of time in which one key is down. Telephone events claim such
   stretches on the RTP clock (``rtp_events``), tones fill them (``gateway.media.dtmf``), and each INFO is one.
2. **Between ways** a press is reported at most once by each. So a report belongs to the oldest press of that key, of
   the last few seconds, which its own way has not reported yet; only where there is none it is a new press.

Two quick presses stay two by either part: their stretches lie apart, and the second report of one way finds the first
press taken.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

PAIRED_S = 4.0
"""So long after a press was last heard of another way may still report it: INFO comes at its end, over UDP perhaps
after two retransmissions (RFC 3261 17.1.2.1: 0.5 s and 1 s)."""
REMEMBERED = 32
"""Presses kept; nobody presses more in that time."""
EVENT, TONE = "event", "tone"
"""Ways of signalling: RFC 4733 and audio. Each media type of an INFO is one more, as some telephones send two."""


@dataclass(slots=True)
class _Press:
    key: str
    heard_at: float
    ways: set[str] = field(default_factory=set)


class Presses:
    """The presses of one call."""

    def __init__(self) -> None:
        self._recent: deque[_Press] = deque(maxlen=REMEMBERED)

    def begins(self, key: str, way: str, now: float) -> bool:
        """Whether a key reported in this way at ``now`` (monotonic seconds) is a new press."""
        for press in self._recent:
            if press.key == key and way not in press.ways and now - press.heard_at <= PAIRED_S:
                press.ways.add(way)
                return False
        self._recent.append(_Press(key, now, {way}))
        return True

    def lasts(self, key: str, way: str, now: float) -> None:
        """The newest press of this key reported in this way is still held, or was until now."""
        for press in reversed(self._recent):
            if press.key == key and way in press.ways:
                press.heard_at = now
                return
