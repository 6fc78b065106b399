"""What chats cost on which nothing happens, and how soon the other web process sees what is said.

Two web processes with folders of their own share one PostgreSQL server, as on two machines. Each message is posted to
the one, and the time is taken until the flow's answer (committed with the message) arrives at the person's socket of
the other, and its first event at a stream there; from before the post is sent, so the work of taking it in counts. The
same at a socket of the process that took it in is told beside. Once by the database's notices alone, once by a Valkey
that both see. Then the CPU time of one process with 300 open web chats on which nothing happens, beside the same
process without them.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

import uvloop
from aiohttp import ClientSession, ClientTimeout

from bench.calls import cpu_of
from bench.report import Row, judged
from bench.sockets import Socket, percentile
from tests.support.postgres import postgres_server
from tests.support.running import RunningGateway
from tests.support.valkey import RunningValkey

SOCKETS = 300
SETTLE_S, IDLE_S = 5.0, 20.0
PEOPLE = 60
SCRIPT = ("民丰路的路灯坏了好几天，晚上很黑", "龙华区民治街道民丰路", "13800138000")
WITHIN_S = 60.0
LIMIT_S = 0.1
IDLE_LIMIT = 0.01
"""Of a core, for all the sockets together."""


def _tables(url: str, redis: str) -> str:
    rates = "\n".join(f"{name} = 1e8" for name in ("messages_per_minute", "messages_per_minute_per_ip"))
    return (
        f'[database]\nurl = "{url}"\n[redis]\nurl = "{redis}"\n'
        f'[[channel]]\nid = "web"\nkind = "webchat"\nsessions_per_minute_per_ip = 1e6\n{rates}\n'
    )


class Chat:
    """A person's socket at one process."""

    def __init__(self, token: str) -> None:
        """Not open yet."""
        self.token = token
        self.live = asyncio.Event()
        self.answered = asyncio.Event()
        self.at = 0.0

    async def open(self, port: int) -> None:
        """Until it is up to date."""
        loop = asyncio.get_running_loop()
        _, socket = await loop.create_connection(lambda: Socket("/chat/web/ws", self._heard), "127.0.0.1", port)
        await socket.opened.wait()
        socket.send(json.dumps({"t": "hello", "token": self.token}))
        await self.live.wait()

    def _heard(self, _: Socket, frame: bytes) -> None:
        if b'"t":"live"' in frame:
            self.live.set()
        elif b'"from":"us"' in frame:
            self.at = time.perf_counter()
            self.answered.set()


async def _session(client: ClientSession, gateway: RunningGateway) -> str:
    async with client.post(f"{gateway.url}/chat/web/session", json={}) as answer:
        return str((await answer.json())["token"])


async def _share(pid: int) -> float:
    """Of a core, that a process takes while nothing happens."""
    await asyncio.sleep(SETTLE_S)
    busy, began = cpu_of(pid), time.perf_counter()
    await asyncio.sleep(IDLE_S)
    return (cpu_of(pid) - busy) / (time.perf_counter() - began)


async def _idle(client: ClientSession, gateway: RunningGateway) -> tuple[float, float]:
    """Shares of a core without and with the sockets."""
    assert gateway.process is not None
    alone = await _share(gateway.process.pid)
    chats = [Chat(await _session(client, gateway)) for _ in range(SOCKETS)]
    for chat in chats:
        await chat.open(gateway.http_port)
    return alone, await _share(gateway.process.pid)


async def _events(client: ClientSession, gateway: RunningGateway, arrived: asyncio.Queue[float]) -> None:
    """When each event came to a stream."""
    headers = {"Authorization": f"Bearer {gateway.token}"}
    async with client.get(f"{gateway.url}/api/v1/stream", headers=headers) as answer:
        arrived.put_nowait(0.0)
        async for line in answer.content:
            if line.startswith(b"id:"):
                arrived.put_nowait(time.perf_counter())


async def _crossing(client: ClientSession, here: RunningGateway, there: RunningGateway) -> dict[str, list[float]]:
    """Seconds from a post ``there`` to its answer at a socket, and its first event at a stream, ``here``."""
    arrived: asyncio.Queue[float] = asyncio.Queue()
    stream = asyncio.create_task(_events(client, here, arrived))
    await arrived.get()
    took: dict[str, list[float]] = {"chat": [], "stream": [], "same": []}
    for person in range(PEOPLE):
        chat = Chat(await _session(client, there))
        beside = Chat(chat.token)
        await chat.open(here.http_port)
        await beside.open(there.http_port)
        for n, text in enumerate(SCRIPT):
            chat.answered.clear()
            beside.answered.clear()
            while not arrived.empty():
                arrived.get_nowait()
            frame = {"t": "text", "id": f"message-{person}-{n}", "text": text}
            began = time.perf_counter()
            bearer = {"Authorization": f"Bearer {chat.token}"}
            async with client.post(f"{there.url}/chat/web/messages", json=frame, headers=bearer) as answer:
                if not answer.ok:
                    raise RuntimeError(f"the gateway refused: {await answer.text()}")
            async with asyncio.timeout(WITHIN_S):
                await chat.answered.wait()
                await beside.answered.wait()
                took["stream"].append(await arrived.get() - began)
            took["chat"].append(chat.at - began)
            took["same"].append(beside.at - began)
    stream.cancel()
    await asyncio.gather(stream, return_exceptions=True)
    return took


async def _measure(folder: Path, url: str, redis: str, *, idle: bool) -> tuple[dict[str, list[float]], list[float]]:
    tables = _tables(url, redis)
    async with AsyncExitStack() as stack:
        here, there = (
            stack.enter_context(RunningGateway(folder / name, tables=tables, role="web")) for name in ("a", "b")
        )
        client = await stack.enter_async_context(ClientSession(timeout=ClientTimeout(total=None)))
        took = await _crossing(client, here, there)
        return took, [*await _idle(client, here)] if idle else []


async def _all() -> list[Row]:
    async with AsyncExitStack() as stack:
        server = stack.enter_context(postgres_server())
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="gateway-bench-")))
        by_notice, (alone, with_sockets) = await _measure(
            folder / "notices", await server.create("notices"), "", idle=True
        )
        (folder / "valkey").mkdir()
        valkey = await stack.enter_async_context(RunningValkey(folder / "valkey"))
        by_valkey, _ = await _measure(folder / "streams", await server.create("streams"), valkey.server.url, idle=False)
    idle = max(0.0, with_sockets - alone)
    rows = [
        judged(
            f"{SOCKETS} idle web chats, of a core",
            f"{idle:.2%} (the process {with_sockets:.2%}, without them {alone:.2%})",
            f"limit {IDLE_LIMIT:.0%}",
            idle / IDLE_LIMIT,
            at_most=1,
        )
    ]
    for carrier, took in (("LISTEN/NOTIFY", by_notice), ("Valkey", by_valkey)):
        for what, name in (("chat", "its answer at a socket"), ("stream", "its event at a stream")):
            p50, p95 = (percentile(took[what], share) * 1000 for share in (0.5, 0.95))
            rows.append(
                judged(
                    f"a message to one web process, {name} of the other, by {carrier}: p95",
                    f"{p95:.0f} ms (p50 {p50:.0f} ms, slowest {max(took[what]) * 1000:.0f} ms)",
                    f"limit {LIMIT_S * 1000:.0f} ms; at a socket of the same process: "
                    f"{percentile(took['same'], 0.95) * 1000:.0f} ms",
                    p95 / 1000 / LIMIT_S,
                    at_most=1,
                )
            )
    return rows


def rows() -> list[Row]:
    """Measure."""
    os.environ.setdefault("NO_PROXY", "127.0.0.1")
    return uvloop.run(_all())
