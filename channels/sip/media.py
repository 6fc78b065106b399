"""The RTP ports of one channel: hands out media sessions and runs their clock."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import socket
from collections import deque
from contextlib import suppress

from channels.sip.media_pacer import Pacer
from channels.sip.media_sdp import Description, NotAcceptable
from channels.sip.media_session import MediaSession
from channels.sip.rtp_source import RtpSource, Signaller
from gateway.errors import GatewayError
from gateway.ports.clock import Clock
from gateway.telemetry import log, metrics

__all__ = ["MediaSession", "NotAcceptable", "PortsExhausted", "RtpPool"]

_log = log.get("sip.media")

REST_S = 2.0
"""Seconds for which a port is not reused after a call, so that late packets do not reach the next one."""
CLOSING_S = 0.002
EXPEDITED = 0xB8
"""DSCP EF in the TOS byte (RFC 4594 4.1): voice first, where the network honours it."""
ANY_PORT = (0, 0)
Pair = tuple[socket.socket, socket.socket]
"""For RTP on an even port, for RTCP on the next."""
TRIES_FOR_EVEN = 64
ELSEWHERE = {4: "192.0.2.1", 6: "2001:db8::1"}
"""Documentation addresses (RFC 5737, RFC 3849): stand for "the world" when our own address towards it is asked for."""


class PortsExhausted(GatewayError):
    """No RTP port is free: answer 503."""

    code = "rtp_ports_exhausted"


class RtpPool:
    """Even ports of a range, bound to ``host``; (0, 0) takes whatever port is free.

    ``advertised_host`` stands in our SDP; empty = ``host``; for 0.0.0.0 or ``::`` the address that
    we reach the caller from.
    """

    def __init__(
        self,
        *,
        host: str,
        advertised_host: str,
        ports: tuple[int, int],
        channel_id: str,
        clock: Clock,
        no_media_timeout_s: float,
    ) -> None:
        """``ValueError`` when a host is not an IP address (names are never looked up)."""
        self._host = host
        self._advertised = ipaddress.ip_address(advertised_host or host)
        self._version = ipaddress.ip_address(host).version
        self._channel_id = channel_id
        self._clock = clock
        self._timeout_s = no_media_timeout_s
        low, high = ports
        self._any = ports == ANY_PORT
        self._free = deque(range(low + low % 2, high, 2))
        self._resting: deque[tuple[float, int]] = deque()
        self._sessions: set[MediaSession] = set()
        self._closing = 0
        self._pacer = Pacer()
        self._gauge = metrics.RTP_PORTS_IN_USE.labels(channel_id)

    @property
    def in_use(self) -> int:
        """Port pairs held by sessions."""
        return len(self._sessions)

    async def open(self, signaller: Signaller) -> MediaSession:
        """A session on ports of its own for a call that ``signaller`` signals; ``PortsExhausted`` without any."""
        rtp, rtcp = await self._bound_soon()
        source = RtpSource(signaller)
        session = MediaSession(
            description=self._description(rtp.getsockname()[1], source),
            source=source,
            clock=self._clock,
            channel_id=self._channel_id,
            no_media_timeout_s=self._timeout_s,
            begin=self._pacer.add,
            end=self._release,
            closed=self._rest,
        )
        self._sessions.add(session)
        self._gauge.set(len(self._sessions))
        loop = asyncio.get_running_loop()
        try:
            await loop.create_datagram_endpoint(lambda: session.reports, sock=rtcp)
            await loop.create_datagram_endpoint(lambda: session, sock=rtp)
        except BaseException:
            session.close()
            rtp.close()
            rtcp.close()
            raise
        return session

    async def _bound_soon(self) -> Pair:
        """As ``_bound``; waits for sockets that are being closed before it says that there is no port."""
        while True:
            try:
                return self._bound()
            except PortsExhausted:
                if not self._closing:
                    raise
            await asyncio.sleep(CLOSING_S)

    async def aclose(self) -> None:
        """Close every session."""
        for session in tuple(self._sessions):
            session.close()

    def _release(self, session: MediaSession) -> None:
        self._pacer.remove(session)
        self._sessions.discard(session)
        self._gauge.set(len(self._sessions))
        self._closing += 1

    def _rest(self, session: MediaSession) -> None:
        self._closing -= 1
        if not self._any:
            self._resting.append((self._clock.monotonic() + REST_S, session.description.port))

    def _bound(self) -> Pair:
        """Sockets on the next pair of ports."""
        if self._any:
            return self._bound_anywhere()
        now = self._clock.monotonic()
        while self._resting and self._resting[0][0] <= now:
            self._free.append(self._resting.popleft()[1])
        taken = []
        try:
            while self._free or self._resting:
                # A port that still rests is better than no answer.
                port = self._free.popleft() if self._free else self._resting.popleft()[1]
                pair = self._bind_pair(port)
                if pair is not None:
                    return pair
                taken.append(port)
        finally:
            self._free.extend(taken)
        raise PortsExhausted(f"no RTP port is free ({self.in_use} calls hold one); widen rtp_ports")

    def _bound_anywhere(self) -> Pair:
        unfit = []
        try:
            for _ in range(TRIES_FOR_EVEN):
                rtp = self._bind(0)
                if rtp is None:
                    continue
                port = rtp.getsockname()[1]
                rtcp = self._bind(port + 1) if port % 2 == 0 else None
                if rtcp is not None:
                    return rtp, rtcp
                unfit.append(rtp)
        finally:
            for sock in unfit:
                sock.close()
        raise PortsExhausted("this machine has no free pair of UDP ports")

    def _bind_pair(self, port: int) -> Pair | None:
        """Sockets on ``port`` and the next, or None when another process has one of them."""
        rtp = self._bind(port)
        if rtp is None:
            return None
        try:
            rtcp = self._bind(port + 1)
        except BaseException:
            rtp.close()
            raise
        if rtcp is None:
            rtp.close()
            return None
        return rtp, rtcp

    def _bind(self, port: int) -> socket.socket | None:
        """A socket, or None when another process has the port."""
        family = socket.AF_INET6 if self._version == 6 else socket.AF_INET  # noqa: PLR2004 - IP version
        try:
            sock = socket.socket(family, socket.SOCK_DGRAM)
        except OSError as error:  # no descriptors left
            raise PortsExhausted(f"no RTP socket can be opened: {error.strerror}") from error
        try:
            sock.setblocking(False)
            with suppress(OSError):  # some networks and containers refuse to mark packets
                if family == socket.AF_INET:
                    sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, EXPEDITED)
                else:
                    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, EXPEDITED)
            sock.bind((self._host, port))
        except OSError as error:
            sock.close()
            if error.errno in {errno.EADDRINUSE, errno.EACCES}:
                return None
            raise PortsExhausted(f"no RTP port can be bound on {self._host}: {error.strerror}") from error
        return sock

    def _description(self, port: int, source: RtpSource) -> Description:
        if not self._advertised.is_unspecified:
            return Description(str(self._advertised), port)
        return Description(_route_to(ELSEWHERE[self._version]), port, lambda named: _route_to(source.host_for(named)))


def _route_to(peer: str) -> str:
    """Our address towards a peer, by the kernel's routes; nothing is sent."""
    family = socket.AF_INET6 if ":" in peer else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((peer, 9))
            return str(probe.getsockname()[0])
        except OSError:
            return "::1" if family == socket.AF_INET6 else "127.0.0.1"
