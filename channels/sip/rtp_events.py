"""Telephone events (RFC 4733): keys heard exactly once whatever is lost or repeated, and keys sent."""

from __future__ import annotations

import struct
from collections import deque

KEYS = "0123456789*#ABCD"
EVENT = struct.Struct("!BBH")
"""Event code, flags and volume, duration in timestamp units (RFC 4733 2.3)."""
END = 0x80
VOLUME = 10
"""-10 dBm0 for keys we send."""
FRAME_TS = 160
TONE_FRAMES = 5
END_FRAMES = 3
"""The last packet goes out three times (RFC 4733 2.5.1.4)."""
GAP_FRAMES = 4
REMEMBERED = 8
"""Events whose late or repeated packets are still recognised."""
STEP_LIMIT = 2 * FRAME_TS
"""A running event whose timestamp moves on by less than a key can last is the same event, sent by a careless peer."""


class EventReceiver:
    """Turns event packets into keys: the first packet seen of an event counts, be it start, middle or end."""

    def __init__(self) -> None:
        self._seen: deque[tuple[int, int]] = deque(maxlen=REMEMBERED)
        self._ssrc = self._timestamp = self._event = self._duration = -1
        self._ended = True

    def take(self, payload: bytes, *, ssrc: int, timestamp: int, marker: bool) -> str | None:
        """The key of a packet that begins an event not heard before; None otherwise."""
        if len(payload) < EVENT.size:
            return None
        event, flags, duration = EVENT.unpack_from(payload)
        if event >= len(KEYS):
            return None
        known = (ssrc, timestamp) in self._seen
        if not known:
            known = not marker and self._continues(ssrc, timestamp, event)
            self._seen.append((ssrc, timestamp))
            if known or (ssrc, timestamp) != (self._ssrc, self._timestamp):
                self._ssrc, self._timestamp, self._event = ssrc, timestamp, event
                self._ended, self._duration = False, 0
        if timestamp == self._timestamp and ssrc == self._ssrc:
            self._ended = self._ended or bool(flags & END)
            self._duration = max(self._duration, duration)
        return None if known else KEYS[event]

    def _continues(self, ssrc: int, timestamp: int, event: int) -> bool:
        """A key held so long that its event went on as a new segment (RFC 4733 2.5.1.3) is still one key."""
        if self._ended or ssrc != self._ssrc or event != self._event:
            return False
        step = (timestamp - self._timestamp) & 0xFFFFFFFF
        return step <= STEP_LIMIT or (step == self._duration and self._duration > 0)


class EventSender:
    """Keys waiting to be sent, one 4-byte payload a tick while a key sounds."""

    def __init__(self) -> None:
        self.pending: deque[int] = deque()
        """Events not yet sent to their end; read at every tick, so a plain attribute."""
        self._step = 0

    def add(self, keys: str) -> None:
        """Queue keys; ``ValueError`` for one that no telephone has."""
        self.pending.extend(KEYS.index(key) for key in keys.upper())

    def next(self) -> tuple[bytes, bool] | None:
        """Payload and whether it is the first of its key; None in the pause behind a key."""
        step, self._step = self._step, self._step + 1
        if step >= TONE_FRAMES + END_FRAMES:
            if step == TONE_FRAMES + END_FRAMES + GAP_FRAMES - 1:
                self.pending.popleft()
                self._step = 0
            return None
        last = step >= TONE_FRAMES
        duration = FRAME_TS * min(step + 1, TONE_FRAMES)
        return EVENT.pack(self.pending[0], VOLUME | (END if last else 0), duration), step == 0
