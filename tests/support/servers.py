"""Small HTTP servers on free ports of the loopback: on the test's event loop, or in threads of their own."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self, TypeVar, cast

from aiohttp import web

from tests.support.ports import LOOPBACK

T = TypeVar("T")


@asynccontextmanager
async def served(
    app: web.Application, *, port: int = 0, tls: ssl.SSLContext | None = None, ending_s: float = 0.1
) -> AsyncIterator[str]:
    """Serve on the running loop; the address without a path. Who is still asking at the end has ``ending_s``."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=ending_s)
    await runner.setup()
    try:
        await web.TCPSite(runner, LOOPBACK, port, ssl_context=tls).start()
        yield f"{'https' if tls else 'http'}://{LOOPBACK}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@contextmanager
def in_thread(context: AbstractAsyncContextManager[T]) -> Iterator[T]:
    """Hold ``context`` open on an event loop in a thread of its own, for who runs on none; what it gives."""
    loop, stack = asyncio.new_event_loop(), AsyncExitStack()
    thread = Thread(target=loop.run_forever)
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(stack.enter_async_context(context), loop).result()
    finally:
        asyncio.run_coroutine_threadsafe(stack.aclose(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@dataclass(frozen=True, slots=True)
class Asked:
    """One request."""

    method: str
    path: str
    headers: Message
    body: bytes


Answer = Callable[[Asked], tuple[int, bytes]]
"""Gives status and body, in a thread of the request's own."""


class ThreadedServer(ThreadingHTTPServer):
    """Answers outside of every event loop, as HTTP/1.0: no connection outlives it. Use as a context manager."""

    daemon_threads = True

    def __init__(self, answer: Answer, *, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        super().__init__((LOOPBACK, port), _Handler)
        self.answer = answer
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)
        self._tls = tls is not None
        self._thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05})

    @property
    def url(self) -> str:
        """The address without a path."""
        return f"{'https' if self._tls else 'http'}://{LOOPBACK}:{self.server_address[1]}"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Nobody listens any more."""
        self.shutdown()
        self._thread.join()
        self.server_close()

    def handle_error(self, *_: Any) -> None:
        """Say nothing of who hangs up."""


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        server = cast("ThreadedServer", self.server)
        status, answer = server.answer(Asked(self.command, self.path, self.headers, body))
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer)

    do_GET = do_HEAD = do_POST  # noqa: N815 - their names are the base class's

    def log_message(self, *_: object) -> None:
        """Say nothing."""
