"""One TCP connection of SMPP or CMPP: framing, requests and their answers, a window, link tests.

Both protocols are alike there: a header of 32-bit integers (length of all, command, in SMPP a status, sequence), and an
answer is the request's command with the top bit set and the request's sequence.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from gateway.telemetry import log

_log = log.get("sms")

ANSWER = 0x80000000
_LAST_SEQUENCE = 0x7FFFFFFF
MAX_OCTETS = 70_000
"""The largest PDU: an SMPP message_payload of 65,535 octets with its frame."""
IN_HAND = 200
"""Requests of the peer worked on at once; above that we stop reading, and TCP tells the peer to wait."""


class MalformedPdu(ValueError):
    """A body that does not follow the table of its command."""


class LinkError(Exception):
    """The connection is of no use any more, or a request on it came to nothing; the message says why."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One PDU; ``status`` is 0 where the protocol has none."""

    command: int
    status: int
    sequence: int
    body: bytes

    @property
    def answers(self) -> bool:
        """Whether it is a response."""
        return bool(self.command & ANSWER)


class Header(Protocol):
    """The protocol's header."""

    octets: int

    def pack(self, command: int, status: int, sequence: int, body: bytes) -> bytes:
        """A whole PDU."""
        ...

    def unpack(self, data: bytes) -> Frame:
        """A whole PDU to its fields."""
        ...


class SmppHeader:
    """SMPP 3.4, 3.2: length, command_id, command_status, sequence_number."""

    octets = 16

    def pack(self, command: int, status: int, sequence: int, body: bytes) -> bytes:
        """See ``Header``."""
        return struct.pack(">IIII", 16 + len(body), command, status, sequence) + body

    def unpack(self, data: bytes) -> Frame:
        """See ``Header``."""
        _, command, status, sequence = struct.unpack_from(">IIII", data)
        return Frame(command, status, sequence, data[16:])


class CmppHeader:
    """CMPP 2.0, 7.3: Total_Length, Command_Id, Sequence_Id."""

    octets = 12

    def pack(self, command: int, status: int, sequence: int, body: bytes) -> bytes:  # noqa: ARG002 - CMPP has no status here
        """See ``Header``."""
        return struct.pack(">III", 12 + len(body), command, sequence) + body

    def unpack(self, data: bytes) -> Frame:
        """See ``Header``."""
        _, command, sequence = struct.unpack_from(">III", data)
        return Frame(command, 0, sequence, data[12:])


class Link:
    """A connection that is up. ``serve`` reads it until it ends."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        number: int,
        header: Header,
        window: int,
        timeout_s: float,
        tries: int,
        on_request: Callable[[Link, Frame], Awaitable[None]],
        in_hand: set[asyncio.Task[None]],
    ) -> None:
        """``tries``: how often a request goes out in all, each time waiting ``timeout_s`` for the answer.

        ``in_hand`` holds the peer's requests that are worked on; they go on when the connection ends.
        """
        self.number = number
        self._in_hand = in_hand
        self._reader = reader
        self._writer = writer
        self._header = header
        self._window = asyncio.Semaphore(window)
        self._timeout_s = timeout_s
        self._tries = tries
        self._on_request = on_request
        self._sequence = 0
        self._waiting: dict[int, asyncio.Future[Frame]] = {}
        self._heard = asyncio.Event()
        self._room = asyncio.Semaphore(IN_HAND)
        self.ended: str | None = None
        """Why it is over; None while it is up."""

    async def serve(self) -> str:
        """Read until the connection ends; returns the reason. Requests are handled beside each other."""
        try:
            while self.ended is None:
                frame = await self._read()
                self._heard.set()
                if frame.answers:
                    waiting = self._waiting.get(frame.sequence)
                    if waiting is not None and not waiting.done():
                        waiting.set_result(frame)
                    continue
                await self._room.acquire()
                task = asyncio.create_task(self._handle(frame))
                self._in_hand.add(task)
                task.add_done_callback(self._handled)
        except LinkError as error:
            self.end(str(error))
        except (OSError, EOFError) as error:
            self.end(f"connection lost ({type(error).__name__})")
        finally:
            self.end("closed")
        return self.ended or "closed"

    def end(self, reason: str) -> None:
        """Close it; whoever waits for an answer gets ``LinkError``."""
        if self.ended is not None:
            return
        self.ended = reason
        self._writer.close()
        for waiting in self._waiting.values():
            if not waiting.done():
                waiting.set_exception(LinkError(reason))

    async def request(self, command: int, body: bytes, *, windowed: bool = True) -> Frame:
        """Send a request and return its answer; ``LinkError`` when none came."""
        if not windowed:
            return await self._request(command, body)
        async with self._window:
            return await self._request(command, body)

    async def write(self, command: int, status: int, sequence: int, body: bytes = b"") -> None:
        """Send a PDU; ``LinkError`` when the connection is gone."""
        if self.ended is not None:
            raise LinkError(self.ended)
        try:
            self._writer.write(self._header.pack(command, status, sequence, body))
            await self._writer.drain()
        except OSError as error:
            raise LinkError(f"connection lost ({type(error).__name__})") from error

    async def test(self, command: int, *, every_s: float) -> None:
        """Ask ``command`` after each silence of ``every_s`` seconds; ends the link when it is not answered."""
        while self.ended is None:
            self._heard.clear()
            try:
                async with asyncio.timeout(every_s):
                    await self._heard.wait()
            except TimeoutError:
                try:
                    await self.request(command, b"", windowed=False)
                except LinkError:
                    self.end("link test unanswered")

    async def _request(self, command: int, body: bytes) -> Frame:
        self._sequence = self._sequence % _LAST_SEQUENCE + 1
        sequence = self._sequence
        waiting: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._waiting[sequence] = waiting
        try:
            for _ in range(self._tries):
                await self.write(command, 0, sequence, body)
                done, _pending = await asyncio.wait({waiting}, timeout=self._timeout_s)
                if done:
                    return waiting.result()
            raise LinkError(f"no answer after {self._tries} tries")
        finally:
            del self._waiting[sequence]
            if waiting.done() and not waiting.cancelled():
                waiting.exception()  # seen: the link may have ended while nobody waited

    async def _read(self) -> Frame:
        head = await self._reader.readexactly(4)
        length = int.from_bytes(head, "big")
        if not self._header.octets <= length <= MAX_OCTETS:
            raise LinkError(f"the peer announced a PDU of {length} octets")
        return self._header.unpack(head + await self._reader.readexactly(length - 4))

    async def _handle(self, frame: Frame) -> None:
        try:
            await self._on_request(self, frame)
        except LinkError as error:
            _log.info("sms_answer_not_sent", command=f"{frame.command:#010x}", exc_info=error)
        except Exception:  # noqa: BLE001 - one request never ends the connection; unanswered, it comes again
            _log.exception("sms_request_failed", command=f"{frame.command:#010x}")

    def _handled(self, task: asyncio.Task[None]) -> None:
        self._in_hand.discard(task)
        self._room.release()
