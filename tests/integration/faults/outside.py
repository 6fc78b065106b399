"""Everybody that a gateway depends on, on free ports of this machine: each can be broken and put right by itself."""

from __future__ import annotations

import json
import ssl
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any, cast

from tests.support.certificates import Authority
from tests.support.ports import free_port

HOST = "127.0.0.1"


class Outside(ThreadingHTTPServer):
    """Receivers of events, one a path, and a provider. ``answers`` has what a path answers instead of 200."""

    daemon_threads = True

    def __init__(self, answers: dict[str, int], port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        super().__init__((HOST, port), _Handler)
        self.answers = answers
        self.got: dict[str, list[dict[str, Any]]] = defaultdict(list)
        """The events that were taken, by path, in the order in which they came."""
        self.lock = Lock()
        if tls is not None:
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    @property
    def port(self) -> int:
        return int(self.server_address[1])

    def handle_error(self, *_: object) -> None:
        """Say nothing of who hangs up on an expired certificate."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        server = cast("Outside", self.server)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        status = next((to for path, to in server.answers.items() if self.path.startswith(path)), HTTPStatus.OK)
        if status == HTTPStatus.OK and self.headers.get("X-Gateway-Signature"):
            with server.lock:
                server.got[self.path].append(json.loads(body))
        telling = b'{"ok":true,"result":[]}' if status == HTTPStatus.OK else b'{"ok":false,"error_code":%d}' % status
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(telling)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(telling)

    do_GET = do_HEAD = do_POST  # noqa: N815 - their names are the base class's

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(server: Outside) -> Iterator[Outside]:
    """Serve in a thread until the block ends."""
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Receivers:
    """Four receivers of events and a provider, all of them broken until ``mend``."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        """What is started ends with ``stack``."""
        self._stack = stack
        self._authority = Authority(folder)
        self.ca_file = self._authority.ca_file
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(*self._authority.issue(HOST, expired=True))
        refusing: dict[str, int] = {"/secret": 401, "/address": 404, "/bot": 401}
        self.plain = stack.enter_context(serving(Outside(refusing)))
        self.over_tls = stack.enter_context(serving(Outside({}, tls=self._tls)))
        self._down = free_port()
        self.urls = {
            "secret": f"http://{HOST}:{self.plain.port}/secret",
            "address": f"http://{HOST}:{self.plain.port}/address",
            "certificate": f"https://{HOST}:{self.over_tls.port}/certificate",
            "down": f"http://{HOST}:{self._down}/down",
        }
        self.servers = [self.plain, self.over_tls]

    def mend(self) -> None:
        """Somebody corrects the secret and the address, gives the token back, renews the certificate, starts one."""
        self.plain.answers.clear()
        self._tls.load_cert_chain(*self._authority.issue(HOST))
        self.servers.append(self._stack.enter_context(serving(Outside({}, self._down))))

    def got(self, feed: str) -> list[dict[str, Any]]:
        """The events that a receiver took, in the order in which they came."""
        return [event for server in self.servers for event in server.got.get(f"/{feed}", ())]
