"""Web chat: 500 browsers talk to a whole gateway, beside a bare aiohttp WebSocket echo in the same run.

Every browser holds conversations as people do: what happened, where, a telephone number, the end; the next frame goes
out when the last one was acknowledged, which is after its commit, and the flow's answer to it has arrived (the end has
none). Deduplication, flow, commit and push are all in. The echo does nothing but answer, to the same sockets of the
same load generator in the same closed loop. Servers are bound to one core, the load to another where there are two. The
CPU time of one frame is told beside: it holds on a busy machine, where rates do not. Last, the
acknowledgement at a steady pace far below that rate, and the memory of a socket on which nothing happens.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import uvloop
from aiohttp import ClientSession, WSMsgType, web

from bench.bare import serve_bare
from bench.calls import ANSWERERS_CORE, OTHER_CORES, bind, cpu_of
from bench.report import Row, judged
from bench.sockets import Socket, percentile, resident_kib
from tests.support.running import RunningGateway

ROOT = Path(__file__).resolve().parent.parent
SOCKETS, WARM = 500, 50
CONVERSATIONS = 4
ECHO_S, SETTLE_S, POLL_S = 3.0, 1.5, 0.1
PACE_PER_S, PACED_S = 100, 8
GOAL = 0.2
SCRIPT = ("民丰路的路灯坏了好几天，晚上很黑", "龙华区民治街道民丰路", "13800138000", None)
"""One conversation; None ends it."""
TABLES = """[[channel]]
id = "web"
kind = "webchat"
sessions_per_minute_per_ip = 1e6
messages_per_minute = 1e6
messages_per_minute_per_ip = 1e8
"""


@dataclass
class Browser:
    """One socket and what it still has to say."""

    socket: Socket
    left: int = 0
    said: int = 0
    sent_at: float = 0.0
    due: int = 0
    """What has to arrive before it says more."""
    replies: int = 0
    live: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass
class Told:
    """What all browsers saw."""

    waits: list[float] = field(default_factory=list)
    acked: int = 0
    last_at: float = 0.0


async def _echo(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(compress=False)
    await socket.prepare(request)
    async for message in socket:
        if message.type == WSMsgType.TEXT:
            await socket.send_str(message.data)
    return socket


async def _serve_echo() -> None:
    app = web.Application()
    app.router.add_get("/", _echo)
    await serve_bare(app)


async def _connect(port: int, target: str) -> Socket:
    loop = asyncio.get_running_loop()
    _, socket = await loop.create_connection(lambda: Socket(target, lambda _socket, _frame: None), "127.0.0.1", port)
    await socket.opened.wait()
    return socket


async def _echo_round(port: int, pid: int) -> tuple[float, float]:
    """Frames a second, and the server's CPU seconds for each."""
    sockets = [await _connect(port, "/") for _ in range(SOCKETS)]
    count = 0

    def heard(socket: Socket, _: bytes) -> None:
        nonlocal count
        count += 1
        socket.send(frame)

    frame = json.dumps({"t": "text", "id": "0" * 12, "text": SCRIPT[0]}, ensure_ascii=False)
    for socket in sockets:
        socket.heard = heard
        socket.send(frame)
    await asyncio.sleep(ECHO_S / 3)
    before, busy, began = count, cpu_of(pid), time.perf_counter()
    await asyncio.sleep(ECHO_S)
    done, took = count - before, time.perf_counter() - began
    spent = cpu_of(pid) - busy
    for socket in sockets:
        socket.close()
    return done / took, spent / done


class Chat:
    """The browsers of one gateway."""

    def __init__(self, gateway: RunningGateway) -> None:
        """None is open yet."""
        self._gateway = gateway
        self.browsers: list[Browser] = []
        self.told = Told()

    async def open(self, count: int) -> None:
        """Open so many more, and wait until they are up to date."""
        async with ClientSession() as client:
            for _ in range(count):
                async with client.post(f"{self._gateway.url}/chat/web/session", json={}) as answer:
                    token = (await answer.json())["token"]
                browser = Browser(await _connect(self._gateway.http_port, "/chat/web/ws"))
                browser.socket.heard = partial(self._heard, browser)
                browser.socket.send(json.dumps({"t": "hello", "token": token}))
                self.browsers.append(browser)
        for browser in self.browsers:
            await browser.live.wait()

    def say(self, browser: Browser) -> None:
        """The next frame of its script."""
        text = SCRIPT[browser.said % len(SCRIPT)]
        browser.said += 1
        browser.sent_at = time.perf_counter()
        browser.due = 1 if text is None else 2
        frame = {"t": "end"} if text is None else {"t": "text", "text": text}
        browser.socket.send(json.dumps(frame | {"id": f"message-{browser.said}"}, ensure_ascii=False))

    def _heard(self, browser: Browser, _: Socket, frame: bytes) -> None:
        # What is of no interest is not parsed: the load generator must not be the limit.
        if b'"t":"ack"' in frame:
            now = time.perf_counter()
            self.told.waits.append(now - browser.sent_at)
            self.told.acked += 1
            self.told.last_at = now
            self._arrived(browser)
        elif b'"from":"us"' in frame:
            browser.replies += 1
            self.told.last_at = time.perf_counter()
            self._arrived(browser)
        elif b'"t":"live"' in frame:
            browser.live.set()
        elif b'"t":"refused"' in frame:
            raise RuntimeError(f"the gateway refused: {frame.decode()}")

    def _arrived(self, browser: Browser) -> None:
        browser.due -= 1
        if browser.left and not browser.due:
            browser.left -= 1
            self.say(browser)

    async def all_told(self, expected: int) -> None:
        """Until ``expected`` frames are acknowledged and every answer that is stored has arrived."""
        path = self._gateway.data / "gateway.db"
        while self.told.acked < expected or self._replies() < await asyncio.to_thread(_outbound, path):  # noqa: ASYNC110 - of a process
            await asyncio.sleep(POLL_S)

    async def all_booked(self) -> None:
        """Until the outbox knows every answer as sent."""
        while await asyncio.to_thread(_waiting, self._gateway.data / "gateway.db"):  # noqa: ASYNC110 - of a process
            await asyncio.sleep(POLL_S)

    def _replies(self) -> int:
        return sum(browser.replies for browser in self.browsers)


def _outbound(path: Path) -> int:
    return _count(path, "SELECT count(*) FROM messages WHERE direction = 'outbound'")


def _waiting(path: Path) -> int:
    return _count(path, "SELECT count(*) FROM outbox WHERE state = 'queued'")


def _count(path: Path, query: str) -> int:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        return int(connection.execute(query).fetchone()[0])


@dataclass(frozen=True)
class Result:
    """What a gateway did."""

    rate: float
    cpu_s: float
    busy_p99_s: float
    paced_p99_s: float
    kib_a_socket: float
    replies: int
    frames: int


async def _chat_round(gateway: RunningGateway, pid: int) -> Result:
    chat = Chat(gateway)
    await chat.open(WARM)
    await asyncio.sleep(SETTLE_S)
    before = resident_kib(pid)
    await chat.open(SOCKETS)
    await asyncio.sleep(SETTLE_S)
    memory = (resident_kib(pid) - before) / SOCKETS
    for browser in chat.browsers[:WARM]:
        browser.socket.close()
    del chat.browsers[:WARM]
    frames = SOCKETS * CONVERSATIONS * len(SCRIPT)
    busy, began = cpu_of(pid), time.perf_counter()
    for browser in chat.browsers:
        browser.left = CONVERSATIONS * len(SCRIPT) - 1
        chat.say(browser)
    await chat.all_told(frames)
    rate = frames / (chat.told.last_at - began)
    await chat.all_booked()
    spent = (cpu_of(pid) - busy) / frames
    replies = sum(browser.replies for browser in chat.browsers)
    busy_p99 = percentile(chat.told.waits, 0.99)
    await asyncio.sleep(SETTLE_S)
    chat.told.waits.clear()
    began = time.perf_counter()
    for n in range(PACE_PER_S * PACED_S):
        await asyncio.sleep(max(0.0, began + n / PACE_PER_S - time.perf_counter()))
        chat.say(chat.browsers[n % SOCKETS])
    await chat.all_told(frames + PACE_PER_S * PACED_S)
    paced_p99 = percentile(chat.told.waits, 0.99)
    for browser in chat.browsers:
        browser.socket.close()
    return Result(rate, spent, busy_p99, paced_p99, memory, replies, frames)


async def _measure(gateway: RunningGateway, echo: subprocess.Popen[bytes]) -> tuple[list[tuple[float, float]], Result]:
    assert echo.stdout is not None
    port = int(echo.stdout.readline())
    rounds = [await _echo_round(port, echo.pid)]
    result = await _chat_round(gateway, gateway.children()["web+worker"])
    return [*rounds, await _echo_round(port, echo.pid)], result


def rows() -> list[Row]:
    """Measure."""
    command = [sys.executable, "-m", "bench.webchat", "--serve"]
    with (
        tempfile.TemporaryDirectory(dir=ROOT) as folder,
        RunningGateway(Path(folder) / "gateway", tables=TABLES) as gateway,
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as echo,  # noqa: S603 - ourselves
    ):
        try:
            for pid in (gateway.children()["web+worker"], echo.pid):
                bind(pid, ANSWERERS_CORE)
            bind(os.getpid(), OTHER_CORES)
            echoes, result = uvloop.run(_measure(gateway, echo))
        finally:
            echo.terminate()
    echo_rate = sum(rate for rate, _ in echoes) / len(echoes)
    echo_cpu = sum(cpu for _, cpu in echoes) / len(echoes)
    return [
        judged(
            f"durable frames of {SOCKETS} web chats, {result.replies / result.frames:.0%} answered by the flow",
            f"{result.rate:,.0f}/s",
            f"bare aiohttp echo: {echo_rate:,.0f}/s",
            result.rate / echo_rate,
            at_least=GOAL,
        ),
        judged(
            "the same by CPU time of one frame (echo over ours)",
            f"{result.cpu_s * 1e6:,.0f} µs",
            f"bare aiohttp echo: {echo_cpu * 1e6:,.0f} µs",
            echo_cpu / result.cpu_s,
        ),
        judged(
            f"p99 of the acknowledgement at {PACE_PER_S} frames/s",
            f"{result.paced_p99_s * 1000:.0f} ms",
            f"all {SOCKETS} at once, without a pause: {result.busy_p99_s * 1000:.0f} ms",
            result.paced_p99_s / result.busy_p99_s,
        ),
        Row(
            measure="memory of an idle socket",
            ours=f"{result.kib_a_socket:.0f} KiB",
            beside="resident memory of the process, with and without them",
            ratio="",
            goal="",
            met=None,
        ),
    ]


if __name__ == "__main__":
    uvloop.run(_serve_echo())
