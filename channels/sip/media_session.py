"""A call's media: its UDP sockets, G.711 and keys both ways, moved on by the pool's media clock."""

from __future__ import annotations

import asyncio
import errno
import secrets
from collections import deque
from collections.abc import Callable

from channels.sip.media_playback import AlawPlayback
from channels.sip.media_reports import Reports
from channels.sip.media_sdp import COMFORT_NOISE, EVENTS, PCMA, PCMU, AgreedMedia, Description, NotAcceptable
from channels.sip.presses import EVENT, TONE, Presses
from channels.sip.rtp import (
    HEADER,
    HEADER_BYTES,
    MARKER,
    REPORT_BYTES,
    RTCP_FIRST,
    RTCP_LAST,
    VERSION_2,
    is_report,
    payload_of,
)
from channels.sip.rtp_buffer import SILENCE, JitterBuffer
from channels.sip.rtp_events import FRAME_TS, EventReceiver, EventSender, looks_like_event
from channels.sip.rtp_source import Address, RtpSource
from gateway.errors import CallEnded
from gateway.media.dtmf import ToneKeys
from gateway.media.g711 import ALAW_TO_ULAW, ULAW_TO_ALAW
from gateway.ports.call import FrameSink, Playback
from gateway.ports.clock import Clock
from gateway.telemetry import log, metrics

_log = log.get("sip.media")

MAX_PAYLOAD = 2400
"""300 ms of G.711: no phone sends longer packets."""
MAX_KEYS = 128
"""Keys kept for a reader that does not come; then the newest are dropped."""
WATCH_TICKS = 50
TRANSIENT = frozenset({errno.EAGAIN, errno.EWOULDBLOCK, errno.ENOBUFS, errno.ENOMEM, errno.ECONNREFUSED})
"""Send errors that say nothing about the path, or only that the far side's port is not open yet."""


class MediaSession(asyncio.DatagramProtocol):
    """Made by ``RtpPool.open``. Signalling agrees on media, then calls ``start``; ``close`` ends it."""

    def __init__(
        self,
        *,
        description: Description,
        source: RtpSource,
        clock: Clock,
        channel_id: str,
        no_media_timeout_s: float,
        begin: Callable[[MediaSession], None],
        end: Callable[[MediaSession], None],
        closed: Callable[[MediaSession], None],
    ) -> None:
        """``begin`` puts the session on the media clock, ``end`` takes it off, ``closed`` gives its ports back."""
        self.description = description
        self.source = source
        self._clock = clock
        self._timeout_s = no_media_timeout_s
        self._begin, self._end, self._on_closed = begin, end, closed
        self._refused = metrics.RTP_REFUSED.labels(channel_id)
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Resolves when media is gone: no RTP for the time agreed, or it cannot be sent."""
        self.started_media = False
        """Whether any RTP of the far side has arrived."""
        self._transport: asyncio.DatagramTransport | None = None
        self.reports = Reports(self.reported)
        """For the socket on the next port."""
        self._agreed: AgreedMedia | None = None
        self._target: Address | None = None
        self._running = self._closed = False
        self._sink: FrameSink | None = None
        self._sink_failed = False
        self._playback: AlawPlayback | None = None
        self._buffer = JitterBuffer()
        self._remote_ssrc = -1
        self._heard = False
        self._heard_at = clock.monotonic()
        self._ticks = 0
        self._events_in, self._events_out = EventReceiver(), EventSender()
        self._tones_in: ToneKeys | None = None
        """Listens only where no telephone events were agreed."""
        self._presses = Presses()
        self._keys: deque[str] = deque()
        self._key_waiters: list[asyncio.Future[None]] = []
        self._ssrc, self._seq, self._ts = secrets.randbits(32), secrets.randbits(16), secrets.randbits(32)
        self._event_type, self._event_ts = EVENTS, 0
        self._mark = MARKER
        self._sends = False
        self._out_type = PCMA
        self._out_table: bytes | None = None
        self._in_tables: dict[int, bytes | None] = {}
        self._in_events: frozenset[int] = frozenset()

    # -- agreement ---------------------------------------------------------------------------------------------------

    def answer(self, offer: bytes) -> bytes:
        """Our SDP answer to an offer (first or re-INVITE); ``NotAcceptable`` leaves what was agreed before in force."""
        body, agreed = self.description.answer(offer)
        self._apply(agreed)
        return body

    def offer(self) -> bytes:
        """Our SDP offer."""
        return self.description.offer()

    def accept_answer(self, answer: bytes) -> None:
        """The far side's answer to ``offer``; ``NotAcceptable`` when nothing is agreed."""
        self._apply(self.description.accept(answer))

    def _apply(self, agreed: AgreedMedia) -> None:
        self._agreed = agreed
        if not agreed.unspecified:
            self.source.agree(*agreed.remote)
            self._target = self.source.target
        self._out_type = agreed.alaw if agreed.alaw is not None else (agreed.ulaw or PCMU)
        self._out_table = None if agreed.alaw is not None else ALAW_TO_ULAW
        self._in_tables = {PCMA: None, PCMU: ULAW_TO_ALAW}
        if agreed.ulaw is not None:
            self._in_tables[agreed.ulaw] = ULAW_TO_ALAW
        if agreed.alaw is not None:
            self._in_tables[agreed.alaw] = None
        self._in_events = frozenset() if agreed.events is None else frozenset({agreed.events, EVENTS})
        self._tones_in = (self._tones_in or ToneKeys()) if agreed.events is None else None
        self._mark = MARKER if agreed.sends and not self._sends else self._mark
        self._sends = agreed.sends
        self._heard_at = self._clock.monotonic()

    @property
    def on_hold(self) -> bool:
        """The far side has put us on hold (sendonly, inactive or no address)."""
        return self._agreed is not None and not self._agreed.sends

    # -- what the leg uses -------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to send, receive and call the sink; idempotent."""
        if not self._running and not self._closed:
            self._running = True
            self._heard_at = self._clock.monotonic()
            self.source.begin(self._heard_at)
            self._begin(self)

    def close(self) -> None:
        """Stop, give the port back and wake whoever waits with ``CallEnded``; idempotent."""
        if self._closed:
            return
        self._closed = True
        self._end(self)
        self.reports.close()
        if self._transport is not None:
            self._transport.close()
        else:
            self._on_closed(self)
        if self._playback is not None:
            self._playback.abandon()
        self._wake()

    def play(self, alaw: bytes) -> Playback:
        """Play A-law audio; a playback under way is stopped first."""
        if self._closed:
            raise CallEnded("the call is over")
        if self._playback is not None:
            self._playback.stop()
        self._playback = AlawPlayback(alaw)
        return self._playback

    def set_sink(self, sink: FrameSink | None) -> None:
        """Where both tracks go from now on."""
        self._sink = sink

    async def dtmf(self) -> str:
        """The next key pressed, each exactly once; waits. ``CallEnded`` once the session is closed."""
        while not self._keys or self._closed:
            if self._closed:
                raise CallEnded("the call is over")
            waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._key_waiters.append(waiter)
            try:
                await waiter
            finally:
                self._key_waiters.remove(waiter)
        return self._keys.popleft()

    def pending_dtmf(self) -> bool:
        """Whether a key waits to be read."""
        return bool(self._keys)

    def push_dtmf(self, key: str, way: str) -> None:
        """A key that one way of signalling reports (for SIP INFO its media type); see ``presses``."""
        if self._presses.begins(key, way, self._clock.monotonic()) and len(self._keys) < MAX_KEYS:
            self._keys.append(key)
            self._wake()

    def send_dtmf(self, keys: str) -> None:
        """Send keys as telephone events, 100 ms each with a pause of 80 ms, in place of audio."""
        if self._agreed is None or self._agreed.events is None:
            raise NotAcceptable("the far side takes no telephone events")
        self._event_type = self._agreed.events
        self._events_out.add(keys)

    @property
    def sending_dtmf(self) -> bool:
        """Whether keys are still being sent."""
        return bool(self._events_out.pending)

    def _wake(self) -> None:
        for waiter in self._key_waiters:
            if not waiter.done():
                waiter.set_result(None)

    # -- from the network --------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See ``asyncio.DatagramProtocol``. No type check: under uvloop it is no asyncio.DatagramTransport."""
        self._transport = transport  # type: ignore[assignment]  # as above

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - signature of asyncio
        """The socket is closed right after this call, so its port is free in the loop's next turn."""
        asyncio.get_running_loop().call_soon(self._on_closed, self)

    def error_received(self, exc: Exception) -> None:
        """A send failed: without a path to the far side the leg is over."""
        if isinstance(exc, OSError) and exc.errno in TRANSIENT:
            return
        self._lose("send_failed", type(exc).__name__)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        """One packet; anything that is not RTP of the agreed source and types is passed over."""
        if not self._running or self._agreed is None or len(data) < REPORT_BYTES:
            return
        if RTCP_FIRST <= data[1] <= RTCP_LAST:
            self.reported(data, addr)
            return
        if len(data) <= HEADER_BYTES or not self._belongs(data, addr, self._agreed):
            return
        _, second, seq, timestamp, ssrc = HEADER.unpack_from(data)
        payload = data[HEADER_BYTES:] if data[0] == VERSION_2 else payload_of(data)
        if payload is None or len(payload) > MAX_PAYLOAD:
            return
        if ssrc != self._remote_ssrc:
            self._remote_ssrc = ssrc
            self._buffer.reset()
        self._heard = True
        kind = second & 0x7F
        if kind in self._in_tables:
            table = self._in_tables[kind]
            self._buffer.put(seq, payload.translate(table) if table else payload)
            return
        self._buffer.put(seq, b"")  # holds its place in the order and makes no sound
        if kind in self._in_events or self._stray_event(kind, payload):
            self._event(payload, ssrc, timestamp)

    def _event(self, payload: bytes, ssrc: int, timestamp: int) -> None:
        heard = self._events_in.take(payload, ssrc=ssrc, timestamp=timestamp)
        if heard is None:
            return
        key, begins = heard
        if begins:
            self.push_dtmf(key, EVENT)
        else:
            self._presses.lasts(key, EVENT, self._clock.monotonic())

    def _stray_event(self, kind: int, payload: bytes) -> bool:
        """Whether a packet of a type that was not agreed is a telephone event all the same."""
        return self._agreed is not None and kind != self._agreed.comfort_noise and looks_like_event(kind, payload)

    def _belongs(self, data: bytes, addr: Address, agreed: AgreedMedia) -> bool:
        """Whether a packet comes from the call's source, also after the far side has moved."""
        source = self.source
        if addr == source.current:
            return source.takes(addr, self._clock.monotonic())
        if data[0] >> 6 != VERSION_2 >> 6 or not self._knows(data, agreed):
            return False
        if not source.takes(addr, self._clock.monotonic()):
            self._refused.inc()
            return False
        self._remote_ssrc = -1  # another place is another stream, whatever it calls itself
        self._target = source.target
        self.started_media = True
        return True

    def reported(self, data: bytes, addr: Address) -> None:
        """A packet that may be RTCP: who is muted or says nothing still reports, and so is still there."""
        if is_report(data) and self.source.vouched(addr[0]):
            self._heard = True

    def _knows(self, data: bytes, agreed: AgreedMedia) -> bool:
        kind = data[1] & 0x7F
        known = kind in self._in_tables or kind in self._in_events or kind in {agreed.comfort_noise, COMFORT_NOISE}
        return known or self._stray_event(kind, payload_of(data) or b"")

    # -- from the media clock ----------------------------------------------------------------------------------------

    def tick(self, *, send: bool) -> None:
        """See ``media_pacer.Paced``."""
        caller = self._buffer.get()
        if self._tones_in is not None:
            key = self._tones_in.take(caller)
            if key is not None:
                self.push_dtmf(key, TONE)
        ours = self._outgoing() if send and self._sends else SILENCE
        self._ts = self._ts + FRAME_TS & 0xFFFFFFFF
        if not send:
            self._mark = MARKER
        sink = self._sink
        if sink is not None:
            try:
                sink(caller, ours)
            except Exception:  # noqa: BLE001 - a listener's fault must not stop the clock of every other call
                if not self._sink_failed:
                    _log.error("sink_failed", exc_info=True)
                self._sink_failed = True
        self._ticks += 1
        if self._ticks >= WATCH_TICKS:
            self._ticks = 0
            self._watch()

    def _outgoing(self) -> bytes:
        """Send one frame; what the far side hears of it."""
        ours = SILENCE
        if self._events_out.pending:
            event = self._events_out.next()
            if event is not None:
                self._send_event(event[0], first=event[1])
                return ours
        else:
            playback = self._playback
            if playback is not None:
                if playback.active:
                    ours = playback.next()
                else:
                    self._playback = None
        self._seq = seq = self._seq + 1 & 0xFFFF
        table = self._out_table
        header = HEADER.pack(VERSION_2, self._out_type | self._mark, seq, self._ts, self._ssrc)
        self._mark = 0
        self._transport.sendto(header + (ours.translate(table) if table else ours), self._target)  # type: ignore[union-attr]  # open while ticking
        return ours

    def _send_event(self, payload: bytes, *, first: bool) -> None:
        if first:
            self._event_ts = self._ts
        self._seq = self._seq + 1 & 0xFFFF
        kind = self._event_type | (MARKER if first else 0)
        header = HEADER.pack(VERSION_2, kind, self._seq, self._event_ts, self._ssrc)
        self._transport.sendto(header + payload, self._target)  # type: ignore[union-attr]  # open while ticking

    def failed(self, error: Exception) -> None:
        """See ``media_pacer.Paced``."""
        self._lose("clock_failed", type(error).__name__)

    def _watch(self) -> None:
        """Once a second: whether the far side is still heard, where it agreed to send."""
        now = self._clock.monotonic()
        agreed = self._agreed
        waived = agreed is None or not agreed.both_ways or agreed.comfort_noise is not None
        if self._heard or waived:
            self._heard = False
            self._heard_at = now
        elif now - self._heard_at >= self._timeout_s:
            self._lose("no_rtp", "")

    def _lose(self, reason: str, error: str) -> None:
        if not self.lost.done():
            _log.warning("media_lost", reason=reason, error=error)
            self.lost.set_result(None)
