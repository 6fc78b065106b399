"""Commit notices to the other processes of this machine: a datagram each, over Unix sockets in ``data_dir/run``.

A datagram holds a text of ``commit_codec``. It is a hint: one that is lost costs a look at the event log.
Every process finds the others by the names in the folder, and removes those of the dead, who refuse.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from gateway.interprocess.run_dir import make_private, socket_path
from gateway.telemetry import log

PREFIX = "commits-"
AT_ONCE = 64
"""Datagrams read in one turn of the loop."""
MOST_BYTES = 8192
AGAIN_S = 0.05
"""The queue of a socket holds few datagrams (``net.unix.max_dgram_qlen``, 10 by default)."""
_log = log.get("neighbours")


class Neighbours:
    """This process among those of its machine that share ``data_dir``."""

    def __init__(self, data_dir: Path) -> None:
        """Opens nothing."""
        self._path = socket_path(data_dir, f"{PREFIX}{os.getpid()}-{secrets.token_hex(3)}")
        self._socket: socket.socket | None = None
        self._owed: dict[str, bytes] = {}
        """The newest message for each socket that was full."""

    async def run(self, hear: Callable[[bytes], None]) -> None:
        """Listen until cancelled; ``hear`` gets each datagram."""
        loop = asyncio.get_running_loop()
        make_private(self._path.parent)
        self._path.unlink(missing_ok=True)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK) as own:
            own.bind(str(self._path))
            self._socket = own
            loop.add_reader(own, self._read, own, hear)
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                loop.remove_reader(own)
                self._socket = None
                self._path.unlink(missing_ok=True)

    def tell(self, message: bytes) -> None:
        """Send to all others. Never waits and never fails."""
        if self._socket is None:
            return
        try:
            others = [e.path for e in os.scandir(self._path.parent) if e.name.startswith(PREFIX)]
        except OSError as error:
            _log.error("neighbours_not_found", exc_info=error)
            return
        for path in others:
            if path != str(self._path):
                self._send(self._socket, path, message)

    def _send(self, own: socket.socket, path: str, message: bytes) -> None:
        self._owed.pop(path, None)
        try:
            own.sendto(message, path)
        except ConnectionRefusedError:  # it has died
            with suppress(OSError):
                Path(path).unlink()
        except BlockingIOError:
            # It has no time to read. The newest word will do: that others are missing before it shows.
            self._owed[path] = message
            asyncio.get_running_loop().call_later(AGAIN_S, self._send_owed, path, message)
        except OSError:  # it is leaving
            return

    def _send_owed(self, path: str, message: bytes) -> None:
        if self._socket is not None and self._owed.get(path) is message:
            self._send(self._socket, path, message)

    def _read(self, own: socket.socket, hear: Callable[[bytes], None]) -> None:
        with suppress(BlockingIOError):
            for _ in range(AT_ONCE):
                hear(own.recv(MOST_BYTES))
