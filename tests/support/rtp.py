"""A telephone's media side in the tests: a plain UDP socket that sends and collects RTP."""

from __future__ import annotations

import asyncio
import struct
from dataclasses import dataclass, field

HEADER = struct.Struct("!BBHII")
SILENCE = b"\xd5" * 160


@dataclass
class Rtp:
    """A packet received."""

    kind: int
    marker: bool
    seq: int
    timestamp: int
    ssrc: int
    payload: bytes


@dataclass
class Phone(asyncio.DatagramProtocol):
    """``offer`` to the session under test, then ``to`` is where it listens."""

    host: str = "127.0.0.1"
    received: list[Rtp] = field(default_factory=list)
    to: tuple[str, int] = ("", 0)
    seq: int = 65_500
    timestamp: int = 0xFFFF_F000
    ssrc: int = 0x1234

    async def open(self) -> Phone:
        """Bind the socket."""
        loop = asyncio.get_running_loop()
        self.transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(self.host, 0))
        return self

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        _, second, seq, timestamp, ssrc = HEADER.unpack_from(data)
        self.received.append(Rtp(second & 0x7F, second >= 0x80, seq, timestamp, ssrc, data[12:]))

    @property
    def port(self) -> int:
        """Where this side listens."""
        return int(self.transport.get_extra_info("sockname")[1])

    def offer(self, *, formats: str = "8 0 101", address: str = "", port: int | None = None, more: str = "") -> bytes:
        """A description of this side's audio."""
        return (
            f"v=0\r\no=- 1 1 IN IP4 {self.host}\r\ns=-\r\nc=IN IP4 {address or self.host}\r\nt=0 0\r\n"
            f"m=audio {self.port if port is None else port} RTP/AVP {formats}\r\n"
            f"a=rtpmap:101 telephone-event/8000\r\n{more}"
        ).encode()

    def answered(self, body: bytes) -> None:
        """Take over where the other side listens."""
        line = next(line for line in body.decode().split("\r\n") if line.startswith("m=audio"))
        self.to = (self.host, int(line.split()[1]))

    def send(self, payload: bytes, *, kind: int = 8, marker: bool = False, timestamp: int | None = None) -> None:
        """One packet; sequence and timestamp go on by themselves."""
        self.seq = self.seq + 1 & 0xFFFF
        if timestamp is None:
            self.timestamp = timestamp = self.timestamp + len(payload) & 0xFFFF_FFFF
        second = kind | (0x80 if marker else 0)
        self.transport.sendto(HEADER.pack(0x80, second, self.seq, timestamp, self.ssrc) + payload, self.to)

    async def speak(self, frames: list[bytes], *, kind: int = 8, every_s: float = 0.02) -> None:
        """One frame every 20 ms."""
        loop = asyncio.get_running_loop()
        at = loop.time()
        for frame in frames:
            self.send(frame, kind=kind)
            at += every_s
            await asyncio.sleep(max(0.0, at - loop.time()))

    def audio(self) -> bytes:
        """What was heard, without silence and keys."""
        return b"".join(
            p.payload for p in self.received if p.kind in {0, 8} and p.payload not in {SILENCE, b"\xff" * 160}
        )
