"""Durable accepts over HTTP: POST /api/v1/contacts with the SQL store, beside the same application without a store.

Both are the product's application and intake (authentication, checks, pre-fill, log line) in a process of its own on
uvloop; they differ in the store alone: SQLite with ``synchronous=FULL``, or one that answers at once and keeps nothing.
Load comes from a third process with 64 keep-alive connections, each sending its next contact when the answer is there.
Server and load are pinned to one core each where there are two. Rounds alternate; the median of their ratios counts.
The CPU time that an accept costs the server is told beside it: it holds on a busy machine, where rates do not.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import AsyncExitStack, ExitStack, suppress
from pathlib import Path
from typing import Any, TypedDict, cast

import uvloop

from bench.report import Row, judged
from gateway.bootstrap.house import open_house
from gateway.domain.command import Applied, Command
from gateway.intake.contact.accept import AcceptContact, ContactIntake
from gateway.roles import collector
from gateway.settings import load
from gateway.telemetry import log
from gateway.telemetry.alarms import Ringing
from gateway.telemetry.exposition import exposition, measured
from gateway.web.auth import CONTACTS, sha256
from gateway.web.server import serve

ROOT = Path(__file__).resolve().parent.parent
CLIENTS = 64
WARM_S, MEASURED_S, ROUNDS = 0.5, 2.0, 7
FEWEST = 1000
GOAL = 0.8
SENTENCES = (
    "龙华区民治街道民丰路这边有一盏路灯坏了好几天，晚上很黑，请尽快派人来修。",
    "我想咨询一下新生儿落户需要带哪些材料，在哪个窗口办理？",
    "楼下烧烤店半夜还在营业，油烟和噪音都很大，已经影响休息了。",
    "小区门口的共享单车乱停乱放，把人行道都占满了，老人推轮椅过不去。",
)


class KeepsNothing:
    """A ``CommandStore`` that answers as a store would and stores nothing."""

    def __init__(self) -> None:
        self._serial = 0

    async def execute(self, command: Command) -> Applied:
        """See ``ports.store.CommandStore.execute``."""
        assert isinstance(command, AcceptContact)
        self._serial += 1
        return Applied(
            ticket_id=command.ticket.ticket_id,
            ticket_no=f"20260101{self._serial:07d}",
            interaction_id=command.interaction.interaction_id,
            version=1,
            event_seq=self._serial,
        )


def _token(n: int) -> str:
    return f"token-of-client-{n:04d}"


async def _serve(*, store: bool) -> None:
    """Be the server until stdin closes; its port is the first line on stdout."""
    log.configure(json=True)
    settings = load(None)
    async with AsyncExitStack() as stack:
        house = await open_house(settings, ("web", "worker"), stack, migrate=True)
        base = house.base
        for n in range(CLIENTS):
            await base.database.tokens.add(name=f"load-{n}", scopes=[CONTACTS], token_sha256=sha256(_token(n)))
        assert house.written is not None
        if not store:
            written = house.written
            written.intake = ContactIntake(store=KeepsNothing(), prefill=written.prefill, clock=base.clock)

        async def ready() -> dict[str, bool]:
            return {"bench": True}

        async def metrics() -> bytes:
            return exposition({"web": measured()})

        async def channels() -> list[dict[str, Any]]:
            return []

        async def alarms() -> list[Ringing]:
            return []

        assert house.web is not None
        app = house.web.app(ready=ready, metrics=metrics, channels=channels, alarms=alarms)
        serving = await serve(app, host="127.0.0.1", port=0)
        stack.push_async_callback(serving.aclose)
        announcing = asyncio.create_task(base.announce())
        collector.settle()
        sys.stdout.write(f"{serving.port}\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)
        announcing.cancel()
        with suppress(asyncio.CancelledError):
            await announcing


class _Client(asyncio.Protocol):
    """One keep-alive connection: the next contact as soon as the answer is there."""

    def __init__(self, n: int, done: list[int], statuses: set[bytes]) -> None:
        self._n = n
        self._done = done
        self._statuses = statuses
        self._sent = 0
        self._head = (
            f"POST /api/v1/contacts HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {_token(n)}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        ).encode()
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by inheritance
        self._send()

    def data_received(self, data: bytes) -> None:
        """The server writes an answer in one piece; a body that comes later is passed over."""
        if not data.startswith(b"HTTP/1.1 "):
            return
        self._statuses.add(data[9:12])
        self._done[0] += 1
        self._send()

    def _send(self) -> None:
        self._sent += 1
        phone = f"138{self._n:03d}{self._sent % 500:05d}"
        body = json.dumps(
            {
                "source": {"name": f"load-{self._n}", "event_id": f"{os.getpid()}-{self._sent}"},
                "requester": {"kind": "citizen", "phone": phone, "name": "张三"},
                "content": SENTENCES[self._sent % len(SENTENCES)],
            }
        ).encode()
        assert self._transport is not None
        self._transport.write(b"%s%d\r\n\r\n%s" % (self._head, len(body), body))

    def close(self) -> None:
        """Hang up."""
        assert self._transport is not None
        self._transport.abort()


def _cpu_s(pid: int) -> float:
    """CPU seconds of a live process, all its threads."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _load(port: int, server: int) -> None:
    """Be the load on process ``server``; JSON on stdout."""
    done, statuses = [0], set[bytes]()
    loop = asyncio.get_running_loop()
    clients = [
        (await loop.create_connection(lambda n=n: _Client(n, done, statuses), "127.0.0.1", port))[1]  # type: ignore[misc]  # the default of a lambda has no type
        for n in range(CLIENTS)
    ]
    await asyncio.sleep(WARM_S)
    began, before, busy, served = time.perf_counter(), done[0], time.process_time(), _cpu_s(server)
    await asyncio.sleep(MEASURED_S)
    while done[0] - before < FEWEST:  # noqa: ASYNC110 - a busy machine gets more time
        await asyncio.sleep(MEASURED_S)
    took, accepted = time.perf_counter() - began, done[0] - before
    answer = {
        "rate": accepted / took,
        "server_cpu_us": (_cpu_s(server) - served) / accepted * 1e6,
        "load_cpu": (time.process_time() - busy) / took,
        "statuses": sorted(s.decode() for s in statuses),
    }
    for client in clients:
        client.close()
    sys.stdout.write(json.dumps(answer))


class _Server:
    """A server process of its own, pinned to the first core."""

    def __init__(self, kind: str, folder: Path) -> None:
        env = {**os.environ, "GATEWAY_DATA_DIR": str(folder), "GATEWAY_ASR__WORKERS": "0"}
        folder.mkdir()
        self.process = subprocess.Popen(  # noqa: S603 - ourselves
            [*_pinned(0), sys.executable, "-m", "bench.http_accept", "--serve", kind],
            cwd=ROOT,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def stop(self) -> None:
        """Let it finish."""
        self.process.communicate()


def _pinned(which: int) -> list[str]:
    cores = sorted(os.sched_getaffinity(0))
    return ["taskset", "-c", str(cores[which])] if len(cores) > 1 else []


class Round(TypedDict):
    """What the load saw."""

    rate: float
    server_cpu_us: float
    load_cpu: float
    statuses: list[str]


def _round(server: _Server) -> Round:
    command = [
        *_pinned(1),
        sys.executable,
        "-m",
        "bench.http_accept",
        "--load",
        str(server.port),
        str(server.process.pid),
    ]
    answer: Round = json.loads(subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)  # noqa: S603 - ourselves
    if answer["statuses"] != ["201"]:
        raise RuntimeError(f"the server answered {answer['statuses']}, not 201 each time")
    return answer


def rows() -> list[Row]:
    """Measure."""
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        servers = {kind: _Server(kind, Path(scratch) / kind) for kind in ("store", "nothing")}
        for server in servers.values():
            stack.callback(server.stop)
        rounds = [{kind: _round(server) for kind, server in servers.items()} for _ in range(ROUNDS)]
    store, nothing = ([r[kind] for r in rounds] for kind in ("store", "nothing"))
    rates = [statistics.median(r["rate"] for r in kind) for kind in (store, nothing)]
    costs = [statistics.median(r["server_cpu_us"] for r in kind) for kind in (store, nothing)]
    busy = max(r["load_cpu"] for r in store + nothing)
    return [
        judged(
            f"durable accepts over HTTP, {CLIENTS} keep-alive clients, median of {ROUNDS} rounds",
            f"{rates[0]:,.0f}/s",
            f"same application without a store: {rates[1]:,.0f}/s (load generator at most {busy:.0%} busy)",
            statistics.median(a["rate"] / b["rate"] for a, b in zip(store, nothing, strict=True)),
            at_least=GOAL,
        ),
        judged(
            "the same by the server's CPU time for one accept (without a store over with)",
            f"{costs[0]:,.0f} µs",
            f"same application without a store: {costs[1]:,.0f} µs",
            statistics.median(b["server_cpu_us"] / a["server_cpu_us"] for a, b in zip(store, nothing, strict=True)),
        ),
    ]


if __name__ == "__main__":
    if sys.argv[1] == "--serve":
        uvloop.run(_serve(store=sys.argv[2] == "store"))
    else:
        uvloop.run(_load(int(sys.argv[2]), int(sys.argv[3])))
