"""The inbound jitter buffer: packets in any order and of any length in, one 20 ms frame a tick out."""

from __future__ import annotations

from gateway.ports.call import ALAW_SILENCE, FRAME_BYTES

SILENCE = bytes([ALAW_SILENCE]) * FRAME_BYTES
START_BYTES = 3 * FRAME_BYTES
"""Playout starts with 60 ms in hand (or 60 ms after the first packet)."""
START_TICKS = 3
HIGH_BYTES = 25 * FRAME_BYTES
"""Above 500 ms the oldest audio is given up: the far side runs fast, or a burst came."""
DRAIN_WINDOW = 50
"""Ticks over which the buffer must have held too much before quiet frames are skipped."""
EMPTY_TICKS = 5
"""So long without audio and the next packet starts a new playout with 60 ms in hand."""
FAR_BEHIND, FAR_AHEAD = 100, 100
"""A sequence number further off than this belongs to a restarted stream (RFC 3550 A.1)."""
TWO_SEGMENTS = 0x20
QUIET_CODES = bytes(code for code in range(256) if (code ^ 0x55) & 0x7F < TWO_SEGMENTS)
"""A-law codes of at most 1/64 of full scale: a frame of only these can be skipped unheard."""


class JitterBuffer:
    """One stream of one SSRC, ordered by sequence number; ``b""`` marks a packet without audio (an event, noise)."""

    def __init__(self) -> None:
        self._packets: dict[int, bytes] = {}
        self._rest = b""
        self._held = 0
        self._next = -1
        self._restart_at = -1
        self._fresh = True  # nothing of this stream was played yet
        self._playing = False
        self._waited = 0
        self._empty = 0
        self._window = 0
        self._lowest = 0
        self._surplus = 0
        self.late = 0
        """Packets that came after their turn or twice."""
        self.concealed = 0
        """Lost packets replaced by silence."""

    def reset(self) -> None:
        """A new stream begins: forget the old one."""
        self._packets.clear()
        self._rest = b""
        self._held = 0
        self._next = self._restart_at = -1
        self._fresh = True
        self._playing = False
        self._waited = self._empty = self._window = self._surplus = 0

    def put(self, seq: int, alaw: bytes) -> None:
        """Take a packet's audio (any length; 16-bit sequence number)."""
        packets = self._packets
        if self._next >= 0:
            ahead = (seq - self._next + 0x8000 & 0xFFFF) - 0x8000
            if ahead < 0 or ahead > FAR_AHEAD:
                if not self._believe(seq, ahead):
                    return
            elif seq in packets:
                self.late += 1
                return
        else:
            self._next = seq
        self._restart_at = -1
        packets[seq] = alaw
        self._held += len(alaw)
        while self._held > HIGH_BYTES:
            self._held -= len(packets.pop(self._next, b""))
            self._next = self._next + 1 & 0xFFFF

    def _believe(self, seq: int, ahead: int) -> bool:
        """Whether an odd sequence number is good: an earlier packet before playout, or the second of a new row."""
        if -FAR_BEHIND <= ahead < 0:
            if self._fresh:
                self._next = seq
                return True
            self.late += 1
            return False
        if seq != self._restart_at:
            self._restart_at = seq + 1 & 0xFFFF
            return False
        self.reset()
        self._next = seq
        return True

    def get(self) -> bytes:
        """The next 20 ms: 160 A-law bytes, silence where there is nothing to play."""
        if not self._playing and not self._may_start():
            return SILENCE
        rest = self._rest
        if not rest:
            packet = self._packets.pop(self._next, None)
            if packet is not None and len(packet) == FRAME_BYTES:
                self._next = self._next + 1 & 0xFFFF
                self._held -= FRAME_BYTES
                self._empty = 0
                self._watch()
                return packet
            if packet is not None:
                self._packets[self._next] = packet
        return self._assembled()

    def _may_start(self) -> bool:
        if not self._packets:
            return False
        self._waited += 1
        if self._held < START_BYTES and self._waited <= START_TICKS:
            return False
        expected = self._next
        self._next = min(self._packets, key=lambda seq: (seq - expected) & 0xFFFF)
        self._playing, self._fresh = True, False
        self._waited = self._empty = self._window = self._surplus = 0
        return True

    def _assembled(self) -> bytes:
        """A frame out of packets that are not 20 ms long, lost ones among them."""
        frame = self._rest
        while len(frame) < FRAME_BYTES and self._packets:
            frame += self._take()
        if len(frame) > FRAME_BYTES:
            self._rest = frame[FRAME_BYTES:]
            frame = frame[:FRAME_BYTES]
        else:
            self._rest = b""
        self._held = len(self._rest) + sum(map(len, self._packets.values()))
        if not frame:
            self._empty += 1
            if self._empty >= EMPTY_TICKS:
                self._playing = False
                self._waited = 0
            return SILENCE
        self._empty = 0
        self._watch()
        return frame if len(frame) == FRAME_BYTES else frame + SILENCE[len(frame) :]

    def _take(self) -> bytes:
        """The next packet's audio; 20 ms of silence for one that is lost. There must be a packet in hand."""
        packet = self._packets.pop(self._next, None)
        self._next = self._next + 1 & 0xFFFF
        if packet is None:
            self.concealed += 1
            return SILENCE
        return packet

    def _watch(self) -> None:
        """Bring a buffer that stays too full back to 60 ms by skipping frames nobody would miss."""
        held = self._held
        if self._window == 0 or held < self._lowest:
            self._lowest = held
        self._window += 1
        if self._window >= DRAIN_WINDOW:
            self._surplus = max(0, self._lowest - START_BYTES) // FRAME_BYTES
            self._window = 0
        if self._surplus:
            packet = self._packets.get(self._next)
            if packet is not None and not packet.translate(None, QUIET_CODES):
                del self._packets[self._next]
                self._next = self._next + 1 & 0xFFFF
                self._held -= len(packet)
                self._surplus -= 1
