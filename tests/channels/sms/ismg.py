"""An operator's CMPP gateway for tests, written from the field tables alone; it shares no code with the channel.

It keeps what it has to deliver until that is answered with result 0: after T it repeats it (N times in all), and over
the next connection it starts again. It can drop connections, deliver out of order, and throttle.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

RESP = 0x80000000
WIDE = {"2.0": (21, 8, ">B"), "3.0": (32, 20, ">I")}


@dataclass
class Waiting:
    """A message for the service side; ``tries`` so far over this connection."""

    msg_id: bytes
    body: bytes
    tries: int = 0
    sent_at: float = 0.0


@dataclass
class Taken:
    """A submit that we took."""

    msg_id: bytes
    number: str
    fmt: int
    udhi: int
    pk: tuple[int, int]
    src: str
    report: int
    content: bytes


@dataclass
class Ismg:
    version: str = "2.0"
    sp: str = "900001"
    secret: str = "888888"
    t_s: float = 0.3
    n: int = 3
    port: int = 0
    results: list[int | None] = field(default_factory=list)
    """Answers of the next submits; None: silence; 0 when used up."""
    waiting: list[Waiting] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    connects: int = 0
    tests: int = 0
    deliver_results: list[int] = field(default_factory=list)
    submits: list[int] = field(default_factory=list)
    """Sequence of each submit that came."""
    answer_tests: bool = True
    zero_proof: bool = False
    shuffle: random.Random | None = None
    writer: asyncio.StreamWriter | None = None
    _serial: int = 0
    _sequence: int = 0
    _flying: dict[int, Waiting] = field(default_factory=dict)

    # -- what a test does

    def message(self, source: str, content: bytes, fmt: int = 8, udhi: int = 0, to: str = "10690001") -> Waiting:
        return self._queue(source, content, fmt, udhi, to, 0)

    def report(self, taken: Taken, stat: bytes) -> Waiting:
        wide = WIDE[self.version][0]
        body = taken.msg_id + stat.ljust(7, b"\0") + b"2611230117" * 2
        body += taken.number.encode().ljust(wide, b"\0") + struct.pack(">I", 7)
        assert len(body) == {"2.0": 60, "3.0": 71}[self.version]
        return self._queue(taken.number, body, 0, 0, taken.src, 1)

    def drop(self) -> None:
        if self.writer is not None:
            self.writer.transport.abort()
            self.writer = None

    # -- the protocol

    def _id(self) -> bytes:
        self._serial += 1
        date = (11 << 60) | (23 << 55) | (9 << 50) | (17 << 44) | (30 << 38)
        return struct.pack(">Q", date | (345 << 16) | self._serial)

    def _queue(self, source: str, content: bytes, fmt: int, udhi: int, to: str, report: int) -> Waiting:
        wide, tail, _ = WIDE[self.version]
        msg_id = self._id()
        body = msg_id + to.encode().ljust(21, b"\0") + bytes(10) + bytes((0, udhi, fmt))
        body += source.encode().ljust(wide, b"\0") + (b"\0" if self.version == "3.0" else b"")
        body += bytes((report, len(content))) + content + bytes(tail)
        assert len(body) + 12 == {"2.0": 85, "3.0": 109}[self.version] + len(content)
        waiting = Waiting(msg_id, body)
        self.waiting.append(waiting)
        return waiting

    async def pump(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(0.01)
            if self.writer is None:
                continue
            now = loop.time()
            due = [w for w in self.waiting if w.tries < self.n and (not w.tries or now - w.sent_at >= self.t_s)]
            if self.shuffle is not None:
                self.shuffle.shuffle(due)
            for waiting in due[:16]:
                waiting.tries += 1
                waiting.sent_at = now
                self._sequence += 1
                self._flying[self._sequence] = waiting
                self._send(self.writer, 0x05, self._sequence, waiting.body)

    @staticmethod
    def _send(writer: asyncio.StreamWriter, command: int, sequence: int, body: bytes = b"") -> None:
        writer.write(struct.pack(">III", 12 + len(body), command, sequence) + body)

    async def client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                length, command, sequence = struct.unpack(">III", await reader.readexactly(12))
                body = await reader.readexactly(length - 12)
                if command == 0x01:
                    self._connect(writer, sequence, body)
                elif command == 0x02:
                    self._send(writer, command | RESP, sequence)
                elif command == 0x08:
                    self.tests += 1
                    if self.answer_tests:
                        self._send(writer, command | RESP, sequence, b"\1")
                elif command == 0x04:
                    self._submit(writer, sequence, body)
                elif command == 0x05 | RESP:
                    self._delivered(sequence, body)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            if self.writer is writer:
                self.writer = None

    def _connect(self, writer: asyncio.StreamWriter, sequence: int, body: bytes) -> None:
        source, proof, version, timestamp = struct.unpack(">6s16sBI", body)
        assert version == {"2.0": 0x20, "3.0": 0x30}[self.version]
        self.connects += 1
        told = self.sp.encode() + bytes(9) + self.secret.encode() + b"%010d" % timestamp
        status = 0 if source == self.sp.encode() and hashlib.md5(told, usedforsecurity=False).digest() == proof else 3
        packed = struct.pack(WIDE[self.version][2], status)
        ours = hashlib.md5(packed + proof + self.secret.encode(), usedforsecurity=False).digest()
        if status or self.zero_proof:
            ours = bytes(16)
        self._send(writer, 0x01 | RESP, sequence, packed + ours + bytes((version,)))
        if status == 0:
            for waiting in self.waiting:
                waiting.tries = 0
            self._flying.clear()
            self.writer = writer

    def _submit(self, writer: asyncio.StreamWriter, sequence: int, body: bytes) -> None:
        wide, tail, result_format = WIDE[self.version]
        three = self.version == "3.0"
        assert body[:8] == bytes(8)
        total, number, report = body[8:11]
        at = 8 + 1 + 1 + 1 + 1 + 10 + 1 + wide + (1 if three else 0)
        _pid, udhi, fmt = body[at : at + 3]
        at += 3
        assert body[at : at + 6] == self.sp.encode().ljust(6, b"\0")
        at += 6 + 2 + 6 + 17 + 17
        src = body[at : at + 21].rstrip(b"\0").decode()
        at += 21
        assert body[at] == 1
        to = body[at + 1 : at + 1 + wide].rstrip(b"\0").decode()
        at += 1 + wide + (1 if three else 0)
        length = body[at]
        content = body[at + 1 : at + 1 + length]
        assert len(body) == at + 1 + length + tail
        self.submits.append(sequence)
        result = self.results.pop(0) if self.results else 0
        if result is None:
            return
        msg_id = self._id() if result == 0 else bytes(8)
        if result == 0:
            self.taken.append(Taken(msg_id, to, fmt, udhi, (total, number), src, report, content))
        self._send(writer, 0x04 | RESP, sequence, msg_id + struct.pack(result_format, result))

    def _delivered(self, sequence: int, body: bytes) -> None:
        msg_id, result = body[:8], struct.unpack(WIDE[self.version][2], body[8:])[0]
        waiting = self._flying.pop(sequence, None)
        assert waiting is None or waiting.msg_id == msg_id
        self.deliver_results.append(result)
        if waiting is not None and waiting in self.waiting:
            self.waiting.remove(waiting)


@asynccontextmanager
async def running_ismg(**options: object) -> AsyncIterator[Ismg]:
    ismg = Ismg(**options)
    server = await asyncio.start_server(ismg.client, "127.0.0.1", 0)
    ismg.port = server.sockets[0].getsockname()[1]
    pump = asyncio.create_task(ismg.pump())
    try:
        yield ismg
    finally:
        pump.cancel()
        await asyncio.gather(pump, return_exceptions=True)
        server.close()
        ismg.drop()
        await asyncio.sleep(0)
