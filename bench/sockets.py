"""Load generators that cost less than what they load: keep-alive HTTP and WebSocket (RFC 6455) on bare protocols."""

from __future__ import annotations

import asyncio
import base64
import os
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import cast

_TEXT, _PING, _PONG = 0x1, 0x9, 0xA
_SHORT, _LONG = 126, 127


class Posts(asyncio.Protocol):
    """One keep-alive connection; answers come in the order of the requests, each in one piece as aiohttp writes it."""

    def __init__(self) -> None:
        """Not connected yet."""
        self._waiting: deque[asyncio.Future[bytes]] = deque()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ready."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance

    def data_received(self, data: bytes) -> None:
        """One answer."""
        if data.startswith(b"HTTP/1.1 "):
            answer = self._waiting.popleft()
            if not answer.done():
                answer.set_result(data)

    def connection_lost(self, exc: Exception | None) -> None:
        """Whoever still waits is told."""
        for answer in self._waiting:
            if not answer.done():
                answer.set_exception(exc or ConnectionError("the server hung up"))

    async def post(self, target: str, body: bytes) -> bytes:
        """The whole answer, head and body."""
        assert self._transport is not None
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting.append(answer)
        fields = f"Host: 127.0.0.1\r\nContent-Type: text/xml\r\nContent-Length: {len(body)}"
        self._transport.write(f"POST {target} HTTP/1.1\r\n{fields}\r\n\r\n".encode() + body)
        return await answer

    def close(self) -> None:
        """Hang up."""
        assert self._transport is not None
        self._transport.abort()


class Socket(asyncio.Protocol):
    """A WebSocket client: ``heard`` gets each text frame, ``opened`` is set when the handshake is done."""

    def __init__(self, target: str, heard: Callable[[Socket, bytes], None]) -> None:
        """``target`` is the path; ``heard`` may be replaced at any time."""
        self.heard = heard
        self.opened = asyncio.Event()
        self._target = target
        self._buffer = bytearray()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance
        key = base64.b64encode(os.urandom(16)).decode()
        self._transport.write(
            (
                f"GET {self._target} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n"
            ).encode()
        )

    def data_received(self, data: bytes) -> None:
        """Whole frames are handed on; the server sends none in fragments."""
        buffer = self._buffer
        buffer += data
        if not self.opened.is_set():
            head, found, rest = bytes(buffer).partition(b"\r\n\r\n")
            if not found:
                return
            if not head.startswith(b"HTTP/1.1 101"):
                raise RuntimeError(f"no upgrade: {head[:200]!r}")
            buffer[:] = rest
            self.opened.set()
        while (frame := _frame(buffer)) is not None:
            code, payload = frame
            if code == _TEXT:
                self.heard(self, payload)
            elif code == _PING:
                self._write(_PONG, payload)

    def send(self, text: str) -> None:
        """One text frame."""
        self._write(_TEXT, text.encode())

    def _write(self, code: int, payload: bytes) -> None:
        assert self._transport is not None
        size = len(payload)
        length = bytes([0x80 | size]) if size < _SHORT else bytes([0x80 | _SHORT]) + size.to_bytes(2, "big")
        # The mask is zero: the server's work is the same, ours is none.
        self._transport.write(bytes([0x80 | code]) + length + bytes(4) + payload)

    def close(self) -> None:
        """Hang up."""
        assert self._transport is not None
        self._transport.abort()


def _frame(buffer: bytearray) -> tuple[int, bytes] | None:
    """Take the first whole frame out of ``buffer``: opcode and payload."""
    if len(buffer) < 2:  # noqa: PLR2004 - the shortest head
        return None
    size, start = buffer[1] & 0x7F, 2
    if size == _SHORT:
        size, start = int.from_bytes(buffer[2:4], "big"), 4
    elif size == _LONG:
        size, start = int.from_bytes(buffer[2:10], "big"), 10
    if len(buffer) < start + size:
        return None
    code, payload = buffer[0] & 0x0F, bytes(buffer[start : start + size])
    del buffer[: start + size]
    return code, payload


def resident_kib(pid: int) -> int:
    """Resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


def percentile(values: list[float], share: float) -> float:
    """Of ``values``, which are not empty."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
