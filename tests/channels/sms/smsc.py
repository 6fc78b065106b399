"""A small SMSC for tests, from the SMPP 3.4 tables, sharing nothing with the channel."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

BIND, BIND_RESP = 0x09, 0x80000009


def pdu(command: int, status: int, sequence: int, body: bytes = b"") -> bytes:
    return struct.pack(">4I", 16 + len(body), command, status, sequence) + body


def deliver(source: str, text: bytes, coding: int = 8, esm: int = 0, tlvs: bytes = b"", to: str = "12345") -> bytes:
    return (
        b"\0\1\1" + source.encode() + b"\0\0\1" + to.encode() + b"\0"
        + bytes((esm, 0, 0)) + b"\0\0" + bytes((0, 0, coding, 0, len(text))) + text + tlvs
    )  # fmt: skip


@dataclass
class Submitted:
    sequence: int
    source: str
    destination: str
    esm: int
    registered: int
    coding: int
    data: bytes


@dataclass
class Smsc:
    """``statuses``: what the next submits are answered with (0 when used up); None stays silent."""

    port: int = 0
    password: str = "secret"
    statuses: list[int | None] = field(default_factory=list)
    submitted: list[Submitted] = field(default_factory=list)
    binds: list[tuple[str, str]] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)
    """Commands that came."""
    writer: asyncio.StreamWriter | None = None
    bound: asyncio.Event = field(default_factory=asyncio.Event)
    answers: dict[int, asyncio.Future[int]] = field(default_factory=dict)
    sequence: int = 1000
    answer_links: bool = True
    unanswered: int = 0

    async def client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                length, command, status, sequence = struct.unpack(">4I", await reader.readexactly(16))
                body = await reader.readexactly(length - 16)
                self.seen.append(command)
                if command == BIND:
                    name, password = body.split(b"\0")[:2]
                    self.binds.append((name.decode(), password.decode()))
                    good = password.decode() == self.password
                    writer.write(pdu(BIND_RESP, 0 if good else 0x0E, sequence, b"smsc\0" if good else b""))
                    if good:
                        self.writer = writer
                        self.bound.set()
                elif command == 0x15 and self.answer_links:
                    writer.write(pdu(0x80000015, 0, sequence))
                elif command == 0x06:
                    writer.write(pdu(0x80000006, 0, sequence))
                elif command == 0x04:
                    self.submit(writer, sequence, body)
                elif command & 0x80000000 and sequence in self.answers and not self.answers[sequence].done():
                    self.answers[sequence].set_result(status)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()
            if self.writer is writer:
                self.writer = None
                self.bound.clear()

    def submit(self, writer: asyncio.StreamWriter, sequence: int, body: bytes) -> None:
        _service, rest = body.split(b"\0", 1)
        source, rest = rest[2:].split(b"\0", 1)
        destination, rest = rest[2:].split(b"\0", 1)
        esm, rest = rest[0], rest[3:]
        assert rest[:2] == b"\0\0"
        registered, _replace, coding, _default, length = rest[2:7]
        assert len(rest[7:]) == length
        status = self.statuses.pop(0) if self.statuses else 0
        if status is None:
            return
        if status == 0:
            self.submitted.append(
                Submitted(sequence, source.decode(), destination.decode(), esm, registered, coding, rest[7:])
            )
        writer.write(pdu(0x80000004, status, sequence, f"M{len(self.submitted)}\0".encode() if status == 0 else b""))

    async def send(self, body: bytes, *, command: int = 0x05, wait_s: float = 20) -> int:
        """deliver_sm; the status of its answer. TimeoutError when none comes."""
        self.sequence += 1
        return await self.send_raw(pdu(command, 0, self.sequence, body), self.sequence, wait_s=wait_s)

    async def send_raw(self, data: bytes, sequence: int, *, wait_s: float = 20) -> int:
        assert self.writer is not None
        answer = self.answers[sequence] = asyncio.get_running_loop().create_future()
        self.writer.write(data)
        async with asyncio.timeout(wait_s):
            return await answer

    def drop(self) -> None:
        assert self.writer is not None
        self.bound.clear()
        self.writer.transport.abort()


@asynccontextmanager
async def running_smsc() -> AsyncIterator[Smsc]:
    smsc = Smsc()
    server = await asyncio.start_server(smsc.client, "127.0.0.1", 0)
    smsc.port = server.sockets[0].getsockname()[1]
    try:
        yield smsc
    finally:
        server.close()
        if smsc.writer is not None:
            smsc.writer.transport.abort()
        await asyncio.sleep(0)
