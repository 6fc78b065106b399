"""Telephone events (RFC 4733): keys heard exactly once whatever is lost, repeated or restamped, and keys sent."""

from __future__ import annotations

import struct
from collections import deque
from dataclasses import dataclass

KEYS = "0123456789*#ABCD"
EVENT = struct.Struct("!BBH")
"""Event code, flags and volume, duration in timestamp units (RFC 4733 2.3)."""
END, RESERVED = 0x80, 0x40
VOLUME = 10
"""-10 dBm0 for keys we send."""
FRAME_TS = 160
TONE_FRAMES = 5
END_FRAMES = 3
"""The last packet goes out three times (RFC 4733 2.5.1.4)."""
GAP_FRAMES = 4
REMEMBERED = 16
"""Presses whose late or repeated packets are still recognised."""
SHORTEST_PAUSE = 2 * FRAME_TS
"""40 ms (ITU-T Q.24): packets of one key that lie closer together are one press."""
REPEAT = 3 * FRAME_TS
"""60 ms: an end within that is a restamped end of the same press, as packets leave every 50 ms (RFC 4733 2.5.1.2)."""
DYNAMIC = range(96, 128)
"""Payload types without a meaning of their own (RFC 3551 6)."""


def looks_like_event(kind: int, payload: bytes) -> bool:
    """Whether a packet whose payload type was not agreed is a telephone event all the same.

    Equipment sends them on the number that it offered elsewhere or always uses. Nothing else that is sent with a
    telephone call is four bytes with a key in the first and a clear reserved bit.
    """
    return kind in DYNAMIC and len(payload) == EVENT.size and payload[0] < len(KEYS) and not payload[1] & RESERVED


@dataclass(slots=True)
class _Stretch:
    """The media time (RTP timestamps, never wrapped) in which one key is down, as far as its packets tell."""

    ssrc: int
    key: int
    begins: int
    base: int
    """Where the durations of its packets count from: its beginning, or that of its newest segment."""
    duration: int
    """The longest claimed from there."""
    until: int
    ended: bool = False

    def holds(self, at: int, duration: int, *, ends: bool) -> bool:
        """Whether a packet of this key, with this timestamp and duration, tells of the same press."""
        if at < self.begins:  # overtaken by those behind it
            return self.begins - (at + duration) < SHORTEST_PAUSE
        reached = self.until if self.ended else max(self.until, self.base + duration)
        return at - reached < (REPEAT if ends and duration >= self.duration else SHORTEST_PAUSE)

    def take(self, at: int, duration: int, *, ends: bool) -> None:
        """Reach as far as this packet claims."""
        if at < self.begins:
            self.until = max(self.until, at + duration)
            self.base = at if self.base == self.begins else self.base
            self.begins = at
        elif at >= self.until and at != self.base and duration <= self.duration and not ends:
            # A segment of a key held for long (RFC 4733 2.5.1.3), or a sender whose every packet is one.
            self.base, self.duration, self.until = at, duration, at + duration
        elif at >= self.base:
            self.duration = max(self.duration, duration)
            self.until = max(self.until, at, self.base + self.duration)
        self.ended = self.ended or ends


class EventReceiver:
    """Turns event packets into presses.

    A packet claims that its key is down from its timestamp on for its duration. Packets of one key whose claims touch,
    or lie less than the shortest pause apart, are one press; the first of them that arrives reports it, be it the
    beginning, the middle or the end. What senders get wrong does not matter then: a timestamp that moves on with every
    packet, while the duration counts from the beginning or not, or only with the end packets; a marker on every packet
    or on none.
    """

    def __init__(self) -> None:
        self._seen: deque[_Stretch] = deque(maxlen=REMEMBERED)
        self._clock = 0
        """The newest timestamp, carried on past 32 bits."""

    def take(self, payload: bytes, *, ssrc: int, timestamp: int) -> tuple[str, bool] | None:
        """The key of a packet and whether it is a press not heard of before; None for what is no key."""
        if len(payload) < EVENT.size:
            return None
        key, flags, duration = EVENT.unpack_from(payload)
        if key >= len(KEYS):
            return None
        at = self._clock + ((timestamp - self._clock + 0x8000_0000 & 0xFFFF_FFFF) - 0x8000_0000)
        self._clock = max(self._clock, at)
        ends = bool(flags & END)
        known = self._known(ssrc, key, at, duration, ends=ends)
        if known is not None:
            known.take(at, duration, ends=ends)
            return KEYS[key], False
        self._seen.append(_Stretch(ssrc, key, at, at, duration, at + duration, ends))
        return KEYS[key], True

    def _known(self, ssrc: int, key: int, at: int, duration: int, *, ends: bool) -> _Stretch | None:
        """The press that a packet tells of: one with its very timestamp, else the oldest that it can belong to."""
        ours = [known for known in self._seen if known.key == key and known.ssrc == ssrc]
        exact = (known for known in ours if known.base == at)
        return next(exact, None) or next((known for known in ours if known.holds(at, duration, ends=ends)), None)


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
