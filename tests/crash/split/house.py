"""Two machines of each role behind Kamailio, on loopback: each process has its own folder, node name and clock."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.peers.kamailio import kamailio
from tests.support.command import ROOT
from tests.support.ports import LOOPBACK
from tests.support.postgres import PostgresServer, postgres_server
from tests.support.running import RunningGateway
from tests.support.valkey import RunningValkey
from tests.support.waiting import until

TOKEN = "a token of this test"
AGAIN_S = 0.3
"""How soon a process that has died is started anew: what systemd does for one that runs apart."""
UP_S = 120.0
TABLES = """
[health]
port = {health}
[database]
url = "{database}"
[redis]
url = "{redis}"
[recording]
dir = "{shared}/recordings"
min_free_percent = 0
[attachments]
dir = "{shared}/attachments"
min_free_percent = 0
[calls]
lease_s = {lease_s}
[[channel]]
id = "web"
kind = "webchat"
sessions_per_minute_per_ip = 100000
messages_per_minute = 10000
messages_per_minute_per_ip = 100000
[[feed]]
id = "cases"
kind = "webhook"
url = "{feed_url}"
secret = "{feed_secret}"
include_empty = true
timeout_s = 5
"""


class Kept:
    """A process that is started anew whenever it ends, until ``stop``; ``kill`` at will."""

    def __init__(self, name: str, argv: Sequence[str], log: Path) -> None:
        self.name = name
        self.kills: list[float] = []
        """When, by the monotonic clock."""
        self._argv, self._log = argv, log
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._keep(), name=f"kept-{self.name}")

    async def _keep(self) -> None:
        while True:
            with self._log.open("ab") as sink:
                self._process = await asyncio.create_subprocess_exec(
                    *self._argv, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink
                )
            await self._process.wait()
            await asyncio.sleep(AGAIN_S)

    def kill(self) -> None:
        """SIGKILL. It is back when its start is done."""
        assert self._process is not None
        self.kills.append(time.monotonic())
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(60):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


class RoleMachine(RunningGateway):
    """One process of a role as a machine of its own."""

    def __init__(self, name: str, folder: Path, tables: dict[str, str], *, asr_url: str, machine: str = "") -> None:
        """``machine``: shares the folder of another one, as a reader does that of its voice.

        A recogniser serves the others at ``sip_port``, where it has no telephone.
        """
        self.name = name
        super().__init__(
            folder / name,
            role=name.rpartition("-")[0],
            asr_url=asr_url,
            channel="max_calls_per_source = 500",
        )
        if machine:
            self.data = folder / machine / "data"
        text = self.config.read_text(encoding="utf-8")
        text = text.replace(f'"{self.folder / "data"}"', f'"{self.data}"\nnode = "{machine or name}"')
        text = text.replace("[asr]\n", f'[asr]\ntoken = "{TOKEN}"\n')
        if self.role == "asr":
            text = text.replace("[asr]\n", f'[asr_server]\nport = {self.sip_port}\n[asr]\nengine = "sentences"\n')
        self.config.write_text(text + TABLES.format(health=self.health_port, **tables), encoding="utf-8")
        self.clock = folder / name / "clock-is-ahead"
        self.set_clock(0)
        argv = [sys.executable, "-m", "tests.crash.split.shifted", str(self.clock), "run", "--role", self.role]
        self.kept = Kept(name, [*argv, "--config", str(self.config)], self.log)

    @property
    def health_port(self) -> int:
        """A web process answers at its own port; of the others that one is free."""
        return 0 if self.role == "web" else self.http_port

    def set_clock(self, ahead_s: float) -> None:
        """Let this machine's clock jump."""
        draft = self.clock.with_suffix(".new")
        draft.write_text(str(ahead_s), encoding="ascii")
        draft.replace(self.clock)

    async def up(self) -> bool:
        """Whether it is ready."""
        return await asyncio.to_thread(self.get, "/readyz", token="") is not None


@dataclass
class SplitHouse:
    """Everything that runs. ``sip_port`` is the proxy's."""

    postgres: PostgresServer
    valkey: RunningValkey
    machines: dict[str, RoleMachine]
    sip_port: int

    @property
    def processes(self) -> dict[str, Kept]:
        return {name: machine.kept for name, machine in self.machines.items()}

    @property
    def webs(self) -> list[RoleMachine]:
        return [machine for machine in self.machines.values() if machine.role == "web"]

    @property
    def kills(self) -> dict[str, int]:
        found: dict[str, int] = defaultdict(int)
        for name, process in self.processes.items():
            found[name] += len(process.kills)
        return dict(found)

    def logged(self, text: str) -> list[str]:
        """Every line of any process's log that holds ``text``."""
        logs = (machine.log.read_text(encoding="utf-8", errors="replace") for machine in self.machines.values())
        return [line for log in logs for line in log.splitlines() if text in line]

    async def ready(self) -> None:
        """Until every process is up."""
        for machine in self.machines.values():
            await until(machine.up, f"{machine.name} to be up", within_s=UP_S)

    async def without_postgres(self, seconds: float) -> None:
        """PostgreSQL crashes and is started again after so long."""
        await asyncio.to_thread(self.postgres.stop)
        await asyncio.sleep(seconds)
        await asyncio.to_thread(self.postgres.start)

    async def without_valkey(self, seconds: float) -> None:
        """Valkey is killed and started again after so long."""
        self.valkey.kill()
        await asyncio.sleep(seconds)
        await self.valkey.start()


@asynccontextmanager
async def split_house(folder: Path, *, feed_url: str, feed_secret: str, lease_s: float) -> AsyncIterator[SplitHouse]:
    """All of it, up."""
    async with AsyncExitStack() as stack:
        postgres = stack.enter_context(postgres_server())
        valkey = await stack.enter_async_context(RunningValkey(folder / "valkey"))
        tables = {
            "database": await postgres.create("gateway"),
            "redis": valkey.server.url,
            "shared": str(folder / "shared"),
            "lease_s": str(lease_s),
            "feed_url": feed_url,
            "feed_secret": feed_secret,
        }
        machines = {name: RoleMachine(name, folder, tables, asr_url="") for name in ("asr-1", "asr-2")}
        urls = ",".join(f"ws://{LOOPBACK}:{machine.sip_port}" for machine in machines.values())
        names = [f"{role}-{n}" for role, n in itertools.product(("voice", "web", "worker"), (1, 2))]
        machines |= {name: RoleMachine(name, folder, tables, asr_url=urls) for name in names}
        # One voice machine reads what its callers say at once; the other's words are read by the workers, later.
        machines["reader-1"] = RoleMachine("reader-1", folder, tables, asr_url="", machine="voice-1")
        gateways = [f"{LOOPBACK}:{machines[name].sip_port}" for name in ("voice-1", "voice-2")]
        proxy = await stack.enter_async_context(kamailio(folder / "kamailio", gateways))
        house = SplitHouse(postgres, valkey, machines, proxy.port)
        first = machines["worker-1"]  # it migrates; the others find the schema up to date
        early = (first, machines["asr-1"], machines["asr-2"])
        try:
            for machine in early:
                await machine.kept.start()
            await until(first.up, "the first worker to be up", within_s=UP_S)
            for machine in machines.values():
                if machine not in early:
                    await machine.kept.start()
            await house.ready()
            yield house
        finally:
            await asyncio.gather(*(process.stop() for process in house.processes.values()))
