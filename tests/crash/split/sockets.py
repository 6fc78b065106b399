"""Those who hold a line open: a follower of the events, and people at the web chat. They note what reaches them."""

from __future__ import annotations

import asyncio
import itertools
import json
import math
import random
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from tests.crash.contacts import a_file

PAUSE_S = 0.2
SILENCE_S = 20.0
"""A line on which nothing comes for so long is given up: its server may stand still."""
ANSWER_S = 8.0
FILE = "file-"
"""Markers of the messages that are files begin with it."""
PATIENCE_S = 120.0
"""So long after the load has ended people still wait for what they are owed; the audit says who waited in vain."""
WORDS = ("井盖坏了", "路面积水", "垃圾没有人收", "公交站牌倒了")


@dataclass
class Follower:
    """``GET /api/v1/stream`` over all web processes in turn, each time from where it stopped."""

    urls: Sequence[str]
    token: str
    last: int = 0
    lines: int = 0
    broken: list[tuple[int, int]] = field(default_factory=list)
    """(expected, came) where the sequence had a gap or went back."""
    ended: dict[str, float] = field(default_factory=dict)
    """When (monotonic) each interaction was seen to have ended, by interaction_id."""

    async def run(self) -> None:
        """Until cancelled."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=SILENCE_S)
        async with aiohttp.ClientSession(timeout=timeout) as http:
            for url in itertools.cycle(self.urls):
                with suppress(aiohttp.ClientError, TimeoutError):
                    await self._line(http, url)
                await asyncio.sleep(PAUSE_S)

    async def _line(self, http: aiohttp.ClientSession, url: str) -> None:
        headers = {"Authorization": f"Bearer {self.token}"}
        async with http.get(f"{url}/api/v1/stream?after={self.last}", headers=headers) as answer:
            if answer.status != 200:
                return
            self.lines += 1
            async for line in answer.content:
                if line.startswith(b"id:"):
                    came = int(line.removeprefix(b"id:"))
                    if came != self.last + 1:
                        self.broken.append((self.last + 1, came))
                    self.last = max(self.last, came)
                elif line.startswith(b"data:"):
                    self._saw(json.loads(line.removeprefix(b"data:")))

    def _saw(self, event: dict[str, Any]) -> None:
        if event.get("type") == "interaction.ended":
            self.ended.setdefault(event["interaction_id"], time.monotonic())


@dataclass
class Chats:
    """People at the web chat: each over a socket to one web process, over the other one when it is cut."""

    urls: Sequence[str]
    acknowledged: dict[str, int] = field(default_factory=dict)
    """Person by marker of what was acknowledged."""
    broken: list[str] = field(default_factory=list)
    sockets: int = 0
    answers: Counter[int] = field(default_factory=Counter)

    async def run(self, people: int, stop: asyncio.Event, chance: random.Random) -> None:
        """Write until ``stop``, then until everything written is acknowledged and answered."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ANSWER_S)) as http:
            await asyncio.gather(*(_Person(self, http, number, chance).run(stop) for number in range(people)))


class _Person:
    def __init__(self, chats: Chats, http: aiohttp.ClientSession, number: int, chance: random.Random) -> None:
        self._chats, self._http, self._number, self._chance = chats, http, number, chance
        self._urls = itertools.cycle(chats.urls[number % len(chats.urls) :] + chats.urls[: number % len(chats.urls)])
        self._token = ""
        self._last = 0
        self._said = 0
        self._waiting: tuple[str, str] | None = None
        self._gives_up = math.inf

    async def run(self, stop: asyncio.Event) -> None:
        while not self._over(stop):
            with suppress(aiohttp.ClientError, TimeoutError, ConnectionError):
                await self._line(next(self._urls), stop)
            await asyncio.sleep(PAUSE_S)

    def _over(self, stop: asyncio.Event) -> bool:
        """Nothing is to be written any more, and what was is acknowledged and has an answer, or will have none."""
        if not stop.is_set():
            return False
        self._gives_up = min(self._gives_up, time.monotonic() + PATIENCE_S)
        answered = not self._said or self._chats.answers[self._number] > 0
        return (self._waiting is None and answered) or time.monotonic() > self._gives_up

    async def _line(self, url: str, stop: asyncio.Event) -> None:
        if not self._token:
            async with self._http.post(f"{url}/chat/web/session", json={}) as answer:
                if answer.status not in {200, 201}:
                    return
                self._token = (await answer.json())["token"]
        async with self._http.ws_connect(f"{url}/chat/web/ws") as socket:
            await socket.send_json({"t": "hello", "token": self._token, "last_seq": self._last, "v": 1})
            live = False
            while not self._over(stop):
                if live and self._waiting is None and not stop.is_set():
                    await asyncio.sleep(self._chance.uniform(0.3, 1.5))
                    self._said += 1
                    marker = f"{'' if self._said % 4 else FILE}c{self._number}-{self._said}"
                    self._waiting = (f"client-{marker}", marker)
                    await self._send(socket, url)
                    if self._waiting is None:
                        continue
                async with asyncio.timeout(SILENCE_S):
                    frame = await socket.receive()
                if frame.type is not aiohttp.WSMsgType.TEXT:
                    return
                live = self._hear(json.loads(frame.data)) or live
                if live and self._waiting is not None and json.loads(frame.data)["t"] in {"live", "refused"}:
                    await asyncio.sleep(PAUSE_S)
                    await self._send(socket, url)

    async def _send(self, socket: aiohttp.ClientWebSocketResponse, url: str) -> None:
        """A file is a request of its own, acknowledged by its answer."""
        assert self._waiting is not None
        key, marker = self._waiting
        if marker.startswith(FILE):
            query = {"id": key, "kind": "file", "name": f"{marker}.pdf"}
            bearer = {"Authorization": f"Bearer {self._token}"}
            path = f"{url}/chat/web/files"
            async with self._http.post(path, data=a_file(marker), params=query, headers=bearer) as answer:
                if answer.status == 200:
                    self._acknowledged(marker)
            return
        await socket.send_json({"t": "text", "id": key, "text": f"{self._chance.choice(WORDS)}〔{marker}〕"})

    def _hear(self, frame: dict[str, Any]) -> bool:
        """Whether the line is live from now on."""
        chats = self._chats
        if frame["t"] == "welcome":
            chats.sockets += 1
        elif frame["t"] == "message":
            if frame["seq"] != self._last + 1:
                chats.broken.append(f"person {self._number}: {frame['seq']} after {self._last}")
            self._last = max(self._last, frame["seq"])
            chats.answers[self._number] += frame["from"] == "us"
        elif frame["t"] == "ack" and self._waiting is not None and frame["id"] == self._waiting[0]:
            self._acknowledged(self._waiting[1])
        return bool(frame["t"] == "live")

    def _acknowledged(self, marker: str) -> None:
        self._chats.acknowledged[marker] = self._number
        self._waiting = None
