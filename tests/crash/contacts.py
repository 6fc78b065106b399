"""Clients of the API that do not give up: each contact is sent with its key until it is acknowledged."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import aiohttp

from tests.channels.platform.harness import sign

TRY_S = 5.0
PAUSE_S = 0.1
PATIENCE_S = 600.0
"""A house that is killed again and again has been up many times by then."""
EVENT = "contact-"
WORDS = (
    "光明路的路灯坏了，晚上看不见路。",
    "楼下工地夜里施工，吵得睡不着。",
    "想问一下居住证怎么办。",
    "小区停水两天了。",
)


def a_file(name: str) -> bytes:
    """A file that nobody else sends; its first bytes say that it is a PDF."""
    return b"%PDF-1.7\n" + name.encode() * 500


@dataclass
class Contacts:
    """Counts what was sent and what was promised."""

    urls: Sequence[str]
    """Of all web processes: each attempt goes to another one."""
    token: str
    platform: bool = False
    """Every third contact is signed by the platform "cloud", half of these at its hook."""
    with_files: bool = False
    """Every third contact brings a file of its own."""
    sent: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    """Keys of contacts that bring a file, which is called like them."""
    acknowledged: dict[str, str] = field(default_factory=dict)
    """ticket_id by event_id, as the first acknowledgement said."""
    contradicted: list[str] = field(default_factory=list)
    """Keys whose later acknowledgement named another ticket."""
    repeats: int = 0

    async def run(self, clients: int, stop: asyncio.Event) -> None:
        """Send until ``stop``, then until everything sent is acknowledged."""
        numbers = itertools.count(1)
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TRY_S)) as session:
            await asyncio.gather(*(self._client(session, numbers, stop) for _ in range(clients)))

    async def _client(self, session: aiohttp.ClientSession, numbers: itertools.count[int], stop: asyncio.Event) -> None:
        while not stop.is_set():
            number = next(numbers)
            event_id = f"{EVENT}{number}"
            self.sent.add(event_id)
            if self.with_files and number % 3 == 0:
                self.files.add(event_id)
            gives_up = time.monotonic() + PATIENCE_S
            while not await self._send(session, event_id, number):
                assert time.monotonic() < gives_up, f"{event_id} was never acknowledged"
                self.repeats += 1
                await asyncio.sleep(PAUSE_S)
            if number % 5 == 0:  # a client that lost the answer sends again what was acknowledged
                self.repeats += 1
                await self._send(session, event_id, number)
            await asyncio.sleep(PAUSE_S)

    async def _send(self, session: aiohttp.ClientSession, event_id: str, number: int) -> bool:
        signed = self.platform and number % 3 == 0
        contact = {
            "source": {"name": "cloud" if signed else "crash", "event_id": event_id},
            "requester": {"kind": "citizen", "phone": f"138{number:08d}"},
            "content": WORDS[number % len(WORDS)],
        }
        body = json.dumps(contact).encode()
        form = None
        if event_id in self.files:
            form = aiohttp.FormData()
            form.add_field("contact", body.decode(), content_type="application/json")
            form.add_field("file", a_file(event_id), filename=f"{event_id}.pdf", content_type="application/pdf")
        own = {"X-Gateway-Signature": sign(body)} if signed else {"Authorization": f"Bearer {self.token}"}
        kind = {} if form else {"Content-Type": "application/json"}
        headers = {**kind, "Idempotency-Key": event_id, **own}
        path = "/hooks/cloud" if signed and number % 2 else "/api/v1/contacts"
        url = self.urls[(number + self.repeats) % len(self.urls)]
        try:
            async with session.post(f"{url}{path}", data=form or body, headers=headers) as answer:
                if answer.status not in {200, 201}:
                    assert answer.status in {429, 500, 502, 503}, (answer.status, await answer.text())
                    return False
                ticket_id = str((await answer.json())["ticket_id"])
        except (aiohttp.ClientError, TimeoutError):
            return False
        if self.acknowledged.setdefault(event_id, ticket_id) != ticket_id:
            self.contradicted.append(event_id)
        return True
