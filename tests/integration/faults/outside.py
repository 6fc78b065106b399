"""Everybody that a gateway depends on, on free ports of this machine: each can be broken and put right by itself."""

from __future__ import annotations

import json
import ssl
from collections import defaultdict
from contextlib import ExitStack
from http import HTTPStatus
from pathlib import Path
from threading import Lock
from typing import Any

from tests.support.certificates import Authority
from tests.support.ports import LOOPBACK, free_port
from tests.support.servers import Asked, ThreadedServer


class Outside(ThreadedServer):
    """Receivers of events, one a path, and a provider. ``answers`` has what a path answers instead of 200."""

    def __init__(self, answers: dict[str, int], port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        super().__init__(self._answer, port=port, tls=tls)
        self.answers = answers
        self.got: dict[str, list[dict[str, Any]]] = defaultdict(list)
        """The events that were taken, by path, in the order in which they came."""
        self.lock = Lock()

    def _answer(self, asked: Asked) -> tuple[int, bytes]:
        status = next((to for path, to in self.answers.items() if asked.path.startswith(path)), HTTPStatus.OK)
        if status != HTTPStatus.OK:
            return status, b'{"ok":false,"error_code":%d}' % status
        if asked.headers.get("X-Gateway-Signature"):
            with self.lock:
                self.got[asked.path].append(json.loads(asked.body))
        return status, b'{"ok":true,"result":[]}'


class Receivers:
    """Four receivers of events and a provider, all of them broken until ``mend``."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        """What is started ends with ``stack``."""
        self._stack = stack
        self._authority = Authority(folder)
        self.ca_file = self._authority.ca_file
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(*self._authority.issue(LOOPBACK, expired=True))
        refusing: dict[str, int] = {"/secret": 401, "/address": 404, "/bot": 401}
        self.plain = stack.enter_context(Outside(refusing))
        self.over_tls = stack.enter_context(Outside({}, tls=self._tls))
        self._down = free_port()
        self.urls = {
            "secret": f"{self.plain.url}/secret",
            "address": f"{self.plain.url}/address",
            "certificate": f"{self.over_tls.url}/certificate",
            "down": f"http://{LOOPBACK}:{self._down}/down",
        }
        self.servers = [self.plain, self.over_tls]

    def mend(self) -> None:
        """Somebody corrects the secret and the address, gives the token back, renews the certificate, starts one."""
        self.plain.answers.clear()
        self._tls.load_cert_chain(*self._authority.issue(LOOPBACK))
        self.servers.append(self._stack.enter_context(Outside({}, self._down)))

    def got(self, feed: str) -> list[dict[str, Any]]:
        """The events that a receiver took, in the order in which they came."""
        return [event for server in self.servers for event in server.got.get(f"/{feed}", ())]
