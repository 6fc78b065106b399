"""An operator's SMSC that speaks SMPP 3.4, written from that standard's tables; it shares nothing with the channel."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Self

SUBMIT, DELIVER, UNBIND, BIND, TEST = 0x04, 0x05, 0x06, 0x09, 0x15
RESP = 0x80000000
WRONG_LENGTH, NOT_BOUND, WRONG_PASSWORD = 0x02, 0x04, 0x0E
UCS2, ASCII = 8, 1
IS_RECEIPT = 0x04
MAX_OCTETS = 70_000
ANSWER_S = 20.0


def pdu(command: int, status: int, sequence: int, body: bytes = b"") -> bytes:
    """A whole PDU (3.2)."""
    return struct.pack(">4I", 16 + len(body), command, status, sequence) + body


def deliver(source: str, text: bytes, coding: int = UCS2, esm: int = 0, tlvs: bytes = b"", to: str = "12345") -> bytes:
    """The body of a deliver_sm (4.6.1)."""
    return (
        b"\0\1\1" + source.encode() + b"\0\0\1" + to.encode() + b"\0"
        + bytes((esm, 0, 0)) + b"\0\0" + bytes((0, 0, coding, 0, len(text))) + text + tlvs
    )  # fmt: skip


@dataclass
class Submitted:
    """A submit_sm that came (4.4.1)."""

    sequence: int
    source: str
    destination: str
    esm: int
    registered: int
    coding: int
    data: bytes

    @classmethod
    def read(cls, sequence: int, body: bytes) -> Self:
        """``ValueError`` when it is none, or wants to be sent later."""
        _service, rest = body.split(b"\0", 1)
        source, rest = rest[2:].split(b"\0", 1)
        destination, rest = rest[2:].split(b"\0", 1)
        esm, rest = rest[0], rest[3:]
        registered, _replace, coding, _default, length = rest[2:7]
        if rest[:2] != b"\0\0" or len(rest[7:]) != length:
            raise ValueError("no submit_sm for now")
        return cls(sequence, source.decode(), destination.decode(), esm, registered, coding, rest[7:])


@dataclass
class Smsc:
    """One SMSC with one client at a time."""

    password: str
    receipts: bool = False
    """Whether what was submitted is reported as delivered, where a report is asked for."""
    port: int = 0
    """Where it listens."""
    submitted: list[Submitted] = field(default_factory=list)
    """What was taken."""
    binds: list[tuple[str, str]] = field(default_factory=list)
    """system_id and password of each bind that came."""
    bound: asyncio.Event = field(default_factory=asyncio.Event)
    writer: asyncio.StreamWriter | None = None
    answers: dict[int, asyncio.Future[int]] = field(default_factory=dict)
    sequence: int = 1000
    _reporting: set[asyncio.Task[int]] = field(default_factory=set)

    async def client(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a connection until it ends."""
        try:
            while True:
                length, command, status, sequence = struct.unpack(">4I", await reader.readexactly(16))
                if not 16 <= length <= MAX_OCTETS:  # noqa: PLR2004 - the header's
                    break
                self.handle(writer, command, status, sequence, await reader.readexactly(length - 16))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # it is gone, and may come back
        finally:
            writer.close()
            if self.writer is writer:
                self.writer = None
                self.bound.clear()

    def handle(self, writer: asyncio.StreamWriter, command: int, status: int, sequence: int, body: bytes) -> None:
        """One PDU of the client's."""
        if command == BIND:
            self._bind(writer, sequence, body)
        elif command in {TEST, UNBIND}:
            writer.write(pdu(command | RESP, 0, sequence))
        elif command == SUBMIT:
            self._submit(writer, sequence, body)
        elif command & RESP and sequence in self.answers and not self.answers[sequence].done():
            self.answers[sequence].set_result(status)

    def status_of(self, submitted: Submitted) -> int | None:  # noqa: ARG002 - for those that refuse
        """What a submit is answered with; None: nothing."""
        return 0

    def _bind(self, writer: asyncio.StreamWriter, sequence: int, body: bytes) -> None:
        name, password = body.split(b"\0")[:2]
        self.binds.append((name.decode(), password.decode()))
        if password.decode() != self.password:
            writer.write(pdu(BIND | RESP, WRONG_PASSWORD, sequence))
            return
        writer.write(pdu(BIND | RESP, 0, sequence, b"smsc\0"))
        self.writer = writer
        self.bound.set()

    def _submit(self, writer: asyncio.StreamWriter, sequence: int, body: bytes) -> None:
        try:
            submitted = Submitted.read(sequence, body)
        except (ValueError, IndexError):
            writer.write(pdu(SUBMIT | RESP, WRONG_LENGTH, sequence))
            return
        status = self.status_of(submitted)
        if status is None:
            return
        if status:
            writer.write(pdu(SUBMIT | RESP, status, sequence))
            return
        self.submitted.append(submitted)
        name = f"M{len(self.submitted)}"
        writer.write(pdu(SUBMIT | RESP, 0, sequence, name.encode() + b"\0"))
        if self.receipts and submitted.registered & 1:
            self._report(name, submitted)

    def _report(self, name: str, submitted: Submitted) -> None:
        """A delivery receipt (appendix B)."""
        at = datetime.now(UTC).strftime("%y%m%d%H%M")
        told = f"id:{name} sub:001 dlvrd:001 submit date:{at} done date:{at} stat:DELIVRD err:000 text:"
        body = deliver(submitted.destination, told.encode(), coding=0, esm=IS_RECEIPT, to=submitted.source)
        task = asyncio.create_task(self.send(body))
        self._reporting.add(task)
        task.add_done_callback(self._reported)

    def _reported(self, task: asyncio.Task[int]) -> None:
        self._reporting.discard(task)
        if not task.cancelled():
            task.exception()  # the client hung up: it asks for no receipt any more

    async def send(self, body: bytes, *, command: int = DELIVER, wait_s: float = ANSWER_S) -> int:
        """A request to the client, deliver_sm usually: the status of its answer.

        ``TimeoutError`` when none comes, ``ConnectionError`` when nobody is bound.
        """
        self.sequence += 1
        return await self.send_raw(pdu(command, 0, self.sequence, body), self.sequence, wait_s=wait_s)

    async def send_raw(self, data: bytes, sequence: int, *, wait_s: float = ANSWER_S) -> int:
        """The same with a whole PDU."""
        if self.writer is None:
            raise ConnectionResetError("nobody is bound")
        answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.answers[sequence] = answer
        self.writer.write(data)
        try:
            async with asyncio.timeout(wait_s):
                return int(await answer)
        finally:
            del self.answers[sequence]

    @asynccontextmanager
    async def listening(self, host: str = "127.0.0.1", port: int = 0) -> AsyncIterator[Self]:
        """Serve; port 0 takes a free one. ``OSError`` when it cannot."""
        server = await asyncio.start_server(self.client, host, port)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in tuple(self._reporting):
                task.cancel()
            if self.writer is not None:
                self.writer.transport.abort()
            await asyncio.sleep(0)
