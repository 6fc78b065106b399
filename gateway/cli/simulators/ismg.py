"""An operator's CMPP gateway (ISMG), written from the field tables of CMPP 2.0 and 3.0.

It shares nothing with the channel. It keeps what it has to deliver until that is answered: after T it repeats it (N
times in all), and over the next connection it starts again.
"""

from __future__ import annotations

import asyncio
import hashlib
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Self

CONNECT, TERMINATE, SUBMIT, DELIVER, TEST = 0x01, 0x02, 0x04, 0x05, 0x08
RESP = 0x80000000
WIDE = {"2.0": (21, 8, ">B"), "3.0": (32, 20, ">I")}
"""Octets of a terminal's number and of Reserved (LinkID in 3.0), and how a result is written."""
VERSIONS = {"2.0": 0x20, "3.0": 0x30}
UCS2, ASCII = 8, 0
MAX_OCTETS = 70_000
AT_ONCE = 16
POLL_S = 0.01
_WRONG_SECRET = 3


@dataclass(eq=False)
class QueuedMessage:
    """A message for the service side; ``tries`` so far over this connection."""

    msg_id: bytes
    body: bytes
    tries: int = 0
    sent_at: float = 0.0
    taken: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when it was answered with result 0."""


@dataclass
class Taken:
    """A submit that we took (CMPP_SUBMIT)."""

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
    """One ISMG with one client at a time."""

    sp: str
    secret: str
    version: str = "2.0"
    t_s: float = 60.0
    n: int = 3
    reports: bool = False
    """Whether what was submitted is reported as delivered, where a report is asked for."""
    port: int = 0
    """Where it listens."""
    waiting: list[QueuedMessage] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    connects: int = 0
    """How often somebody tried to connect."""
    connected: asyncio.Event = field(default_factory=asyncio.Event)
    writer: asyncio.StreamWriter | None = None
    _serial: int = 0
    _sequence: int = 0
    _flying: dict[int, QueuedMessage] = field(default_factory=dict)

    def message(
        self, source: str, content: bytes, fmt: int = UCS2, udhi: int = 0, to: str = "10690001"
    ) -> QueuedMessage:
        """Deliver a person's short message."""
        return self.deliver(self.compose(source, content, fmt, udhi, to))

    def deliver(self, waiting: QueuedMessage) -> QueuedMessage:
        """Deliver it, as soon and as often as it takes; also one that was delivered before."""
        waiting.tries = 0
        waiting.taken.clear()
        if waiting not in self.waiting:
            self.waiting.append(waiting)
        return waiting

    def report(self, taken: Taken, stat: bytes) -> QueuedMessage:
        """Deliver a status report on a submit (8.4.5)."""
        at = datetime.now().astimezone().strftime("%y%m%d%H%M").encode()
        body = taken.msg_id + stat.ljust(7, b"\0") + at * 2
        body += taken.number.encode().ljust(WIDE[self.version][0], b"\0") + struct.pack(">I", 7)
        return self.deliver(self.compose(taken.number, body, 0, 0, taken.src, 1))

    def result_of(self, taken: Taken) -> int | None:  # noqa: ARG002 - for those that refuse
        """What a submit is answered with; None: nothing."""
        return 0

    def in_order(self, due: list[QueuedMessage]) -> list[QueuedMessage]:
        """What is due, in the order in which it leaves."""
        return due

    def handle(self, writer: asyncio.StreamWriter, command: int, sequence: int, body: bytes) -> None:
        """One message of the client's; ``ValueError`` when it does not keep the tables."""
        if command == CONNECT:
            self._connect(writer, sequence, body)
        elif command == TERMINATE:
            self._send(writer, command | RESP, sequence)
        elif command == TEST:
            self._send(writer, command | RESP, sequence, b"\1")
        elif command == SUBMIT:
            self._submit(writer, sequence, body)
        elif command == DELIVER | RESP:
            self.delivered(sequence, body[:8], struct.unpack(WIDE[self.version][2], body[8:])[0])

    def proof(self, status: bytes, theirs: bytes) -> bytes:
        """AuthenticatorISMG (8.4.1.2)."""
        return hashlib.md5(status + theirs + self.secret.encode(), usedforsecurity=False).digest()

    def delivered(self, sequence: int, msg_id: bytes, result: int) -> None:
        """The client answered a deliver."""
        waiting = self._flying.pop(sequence, None)
        if waiting is None:
            return
        if waiting.msg_id != msg_id:
            raise ValueError("the answer is to another message")
        if waiting in self.waiting:
            self.waiting.remove(waiting)
            if result == 0:
                waiting.taken.set()

    async def client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection until it ends."""
        try:
            while True:
                length, command, sequence = struct.unpack(">III", await reader.readexactly(12))
                if not 12 <= length <= MAX_OCTETS:  # noqa: PLR2004 - the header's
                    break
                self.handle(writer, command, sequence, await reader.readexactly(length - 12))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # it is gone, and may come back
        finally:
            writer.close()
            if self.writer is writer:
                self.writer = None
                self.connected.clear()

    @asynccontextmanager
    async def listening(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Self]:
        """Serve; port 0 takes a free one. ``OSError`` when it cannot."""
        server = await asyncio.start_server(self.client, host, port)
        self.port = server.sockets[0].getsockname()[1]
        pump = asyncio.create_task(self._pump())
        try:
            yield self
        finally:
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)
            server.close()
            if self.writer is not None:
                self.writer.transport.abort()
            await asyncio.sleep(0)

    async def _pump(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(POLL_S)
            if self.writer is None:
                continue
            now = loop.time()
            due = [w for w in self.waiting if w.tries < self.n and (not w.tries or now - w.sent_at >= self.t_s)]
            for waiting in self.in_order(due)[:AT_ONCE]:
                waiting.tries += 1
                waiting.sent_at = now
                self._sequence += 1
                self._flying[self._sequence] = waiting
                self._send(self.writer, DELIVER, self._sequence, waiting.body)

    def _id(self) -> bytes:
        """Msg_Id (8.4.3.2): month, day, hour, minute, second, the gateway's number, a serial number."""
        self._serial += 1
        now = datetime.now().astimezone()
        date = now.month << 60 | now.day << 55 | now.hour << 50 | now.minute << 44 | now.second << 38
        return struct.pack(">Q", date | 345 << 16 | self._serial & 0xFFFF)

    def compose(self, source: str, content: bytes, fmt: int, udhi: int, to: str, report: int = 0) -> QueuedMessage:
        """A CMPP_DELIVER with an id of its own (8.4.5)."""
        wide, tail, _ = WIDE[self.version]
        msg_id = self._id()
        body = msg_id + to.encode().ljust(21, b"\0") + bytes(10) + bytes((0, udhi, fmt))
        body += source.encode().ljust(wide, b"\0") + (b"\0" if self.version == "3.0" else b"")
        body += bytes((report, len(content))) + content + bytes(tail)
        return QueuedMessage(msg_id, body)

    @staticmethod
    def _send(writer: asyncio.StreamWriter, command: int, sequence: int, body: bytes = b"") -> None:
        writer.write(struct.pack(">III", 12 + len(body), command, sequence) + body)

    def _connect(self, writer: asyncio.StreamWriter, sequence: int, body: bytes) -> None:
        source, theirs, version, timestamp = struct.unpack(">6s16sBI", body)
        if version != VERSIONS[self.version]:
            raise ValueError(f"the client speaks version {version:#x}")
        self.connects += 1
        told = self.sp.encode() + bytes(9) + self.secret.encode() + b"%010d" % timestamp
        good = source == self.sp.encode().ljust(6, b"\0")
        good = good and hashlib.md5(told, usedforsecurity=False).digest() == theirs
        status = struct.pack(WIDE[self.version][2], 0 if good else _WRONG_SECRET)
        ours = self.proof(status, theirs) if good else bytes(16)
        self._send(writer, CONNECT | RESP, sequence, status + ours + bytes((version,)))
        if good:
            for waiting in self.waiting:
                waiting.tries = 0
            self._flying.clear()
            self.writer = writer
            self.connected.set()

    def _submit(self, writer: asyncio.StreamWriter, sequence: int, body: bytes) -> None:
        taken = self._read(body)
        result = self.result_of(taken)
        if result is None:
            return
        if result == 0:
            taken.msg_id = self._id()
            self.taken.append(taken)
        packed = struct.pack(WIDE[self.version][2], result)
        self._send(writer, SUBMIT | RESP, sequence, (taken.msg_id if result == 0 else bytes(8)) + packed)
        if result == 0 and self.reports and taken.report == 1:
            self.report(taken, b"DELIVRD")

    def _read(self, body: bytes) -> Taken:
        wide, tail, _ = WIDE[self.version]
        more = 1 if self.version == "3.0" else 0
        total, number, report = body[8:11]
        at = 8 + 1 + 1 + 1 + 1 + 10 + 1 + wide + more
        _pid, udhi, fmt = body[at : at + 3]
        sp = body[at + 3 : at + 9]
        at += 3 + 6 + 2 + 6 + 17 + 17
        src = body[at : at + 21].rstrip(b"\0").decode()
        receivers = body[at + 21]
        at += 22
        to = body[at : at + wide].rstrip(b"\0").decode()
        at += wide + more
        content = body[at + 1 : at + 1 + body[at]]
        if (body[:8], sp, receivers) != (bytes(8), self.sp.encode().ljust(6, b"\0"), 1):
            raise ValueError("CMPP_SUBMIT: Msg_Id, Msg_src or DestUsr_tl is wrong")
        if len(body) != at + 1 + len(content) + tail or len(content) != body[at]:
            raise ValueError("CMPP_SUBMIT: its length is wrong")
        return Taken(bytes(8), to, fmt, udhi, (total, number), src, report, content)
