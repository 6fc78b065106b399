"""Wake-ups of workers and followers of other processes: hints, which may be lost without harm.

It carries what this process has committed (``domain.commit``): to others of this machine by datagrams
(``neighbours``), to other machines over a Valkey stream, or by ``notices`` of the database where there is no Valkey or
it is away. What is lost is found by each process's slow look at the event log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from redis.exceptions import RedisError

from gateway.domain.commit import Commit
from gateway.domain.ids import new_ulid
from gateway.interprocess.commit_codec import commits_of, texts
from gateway.interprocess.neighbours import Neighbours
from gateway.interprocess.valkey_client import Client, ask
from gateway.telemetry import log

STREAM = "gateway:wakeup"
STREAM_LENGTH = 1000
BLOCK_MS = 2000
"""How long one read waits; less than the client's answer timeout."""
RETRY_S = 1.0
_log = log.get("wakeup")


class Notices(Protocol):
    """What carries short texts between the processes of a database; see ``storage.notices``."""

    async def tell(self, payload: str) -> None:
        """Send to everybody who listens, this process too; never fails."""
        ...

    async def run(self, hear: Callable[[str | None], None]) -> None:
        """Listen until cancelled; ``hear`` gets each text, and None whenever some may have been missed."""
        ...


class Wakeup:
    """Carries commits to and from other processes. Those of this one wake it without any of this."""

    def __init__(
        self,
        client: Client | None,
        *,
        neighbours: Neighbours | None = None,
        notices: Notices | None = None,
        hear: Callable[[Commit | None], object] = lambda _: None,
    ) -> None:
        """``client`` None: there is no Valkey that other machines see.

        ``hear`` gets each commit of others, None when some may have been missed.
        """
        self._client = client
        self._neighbours = neighbours
        self._notices = notices
        self._hear = hear
        self._origin = new_ulid()
        self._unsent: list[Commit] = []
        self._to_send = asyncio.Event()
        self._up = client is not None
        """Whether Valkey answers, as far as is known."""

    def notify(self, commits: Sequence[Commit]) -> None:
        """This process has committed. Never waits and never fails; others hear of it through ``run``."""
        if self._neighbours is not None:
            for text in texts(commits):
                self._neighbours.tell(text.encode())
        if self._client is not None or self._notices is not None:
            self._unsent += commits
            self._to_send.set()

    async def run(self) -> None:
        """Exchange wake-ups with other processes until cancelled."""
        async with asyncio.TaskGroup() as group:
            if self._neighbours is not None:
                group.create_task(self._neighbours.run(self._heard), name="wakeup-neighbours")
            if self._notices is not None:
                group.create_task(self._notices.run(self._noticed), name="wakeup-notices")
            if self._client is not None:
                group.create_task(self._receive(self._client), name="wakeup-receive")
            if self._client is not None or self._notices is not None:
                group.create_task(self._send(), name="wakeup-send")

    def _heard(self, text: str | bytes | None) -> None:
        """``text`` came from another process; None: something may have come that was not heard."""
        try:
            commits = [None] if text is None else commits_of(text)
        except ValueError as error:
            _log.warning("wakeup_not_understood", length=len(text or ""), exc_info=error)
            return
        for commit in commits:
            self._hear(commit)

    def _noticed(self, text: str | None) -> None:
        """A notice, which reaches its sender too."""
        if text is None:
            self._heard(None)
            return
        origin, _, told = text.partition(" ")
        if origin != self._origin:
            self._heard(told)

    async def _send(self) -> None:
        """Any number of ``notify`` while one text is under way become one more."""
        while True:
            await self._to_send.wait()
            self._to_send.clear()
            commits, self._unsent = self._unsent, []
            for text in texts(commits):
                if not (self._up and await self._added(text)) and self._notices is not None:
                    await self._notices.tell(f"{self._origin} {text}")

    async def _added(self, text: str) -> bool:
        """Add ``text`` to the stream of Valkey; False when that is away."""
        assert self._client is not None
        try:
            entry: dict[Any, Any] = {"from": self._origin, "commits": text}
            await ask(self._client.xadd(STREAM, entry, maxlen=STREAM_LENGTH, approximate=True))
        except (RedisError, OSError):
            self._up = False
            return False
        return True

    async def _receive(self, client: Client) -> None:
        last: Any = None
        told_down = False
        while True:
            try:
                if last is None:
                    last = await _end(client)
                    self._heard(None)  # what came before was not heard
                    if told_down:
                        _log.info("wakeups_back")
                        told_down = False
                answer = await ask(client.xread({STREAM: last}, block=BLOCK_MS))
                self._up = True
            except (RedisError, OSError) as error:
                if not told_down:
                    _log.warning("wakeups_without_valkey", exc_info=error)
                self._up, told_down, last = False, True, None
                await asyncio.sleep(RETRY_S)
                continue
            for _, stream in _streams(answer):
                for entry_id, fields in stream:
                    last = entry_id
                    if fields.get(b"from") != self._origin.encode():
                        self._heard(fields.get(b"commits", b""))


async def _end(client: Client) -> Any:
    """The id of the newest entry: nothing that comes later is missed, also between two reads."""
    newest = await ask(client.xrevrange(STREAM, count=1))
    return newest[0][0] if newest else "0-0"


def _streams(answer: Any) -> Any:
    """A RESP3 connection answers with a mapping, a RESP2 one with pairs."""
    return answer.items() if isinstance(answer, dict) else answer or ()
