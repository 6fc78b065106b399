"""Wake-ups on a real Valkey, alive and dead."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import pytest

from gateway.domain.commit import Commit
from gateway.interprocess.valkey_client import connect
from gateway.interprocess.wakeup import STREAM, Wakeup
from tests.support.valkey import RunningValkey
from tests.support.waiting import until

pytestmark = pytest.mark.integration


class Ear:
    """What a process is told; ``listens`` once it is told at all."""

    def __init__(self) -> None:
        self.heard: list[Commit] = []
        self.listens = False

    def hear(self, commit: Commit | None) -> None:
        self.listens = True
        if commit is not None:
            self.heard.append(commit)


async def test_a_wakeup_crosses_processes_and_outlives_valkey(tmp_path: Path) -> None:
    async with RunningValkey(tmp_path) as valkey:
        here_client, there_client = connect(valkey.server.url), connect(valkey.server.url)
        ear = Ear()
        here, there = Wakeup(here_client), Wakeup(there_client, hear=ear.hear)
        running = [asyncio.create_task(w.run()) for w in (here, there)]
        commits = (Commit(n, n) for n in itertools.count(1))

        async def crosses() -> None:
            before = len(ear.heard)

            async def woken() -> bool:
                here.notify([next(commits)])
                await asyncio.sleep(0.2)
                return len(ear.heard) > before

            await until(woken, "the wake-up", within_s=60)

        await crosses()
        valkey.kill()
        here.notify([next(commits)])
        await valkey.start()
        await crosses()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await here_client.aclose()
        await there_client.aclose()


async def test_many_notifications_are_few_entries_and_no_echo(tmp_path: Path) -> None:
    ears = Ear(), Ear()
    async with RunningValkey(tmp_path) as valkey:
        clients = [connect(valkey.server.url) for _ in ears]
        here, there = (Wakeup(client, hear=ear.hear) for client, ear in zip(clients, ears, strict=True))
        running = [asyncio.create_task(w.run()) for w in (here, there)]
        told = [Commit(n, n, frozenset({f"{n:016x}"})) for n in range(1, 1001)]
        await until(lambda: ears[1].listens, "it to listen")
        for commit in told:
            here.notify([commit])
        await until(lambda: len(ears[1].heard) == len(told), "all of them")
        assert [ear.heard for ear in ears] == [[], told]
        assert await clients[0].xlen(STREAM) < 10
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for client in clients:
            await client.aclose()


async def test_it_ends_at_whatever_moment_it_is_cancelled(tmp_path: Path) -> None:
    async with RunningValkey(tmp_path) as valkey:
        client = connect(valkey.server.url)
        for steps in range(60):
            wakeup = Wakeup(client)
            running = asyncio.create_task(wakeup.run())
            wakeup.notify([Commit(1, 1)])
            for _ in range(steps):
                await asyncio.sleep(0)
            running.cancel()
            ended, _ = await asyncio.wait({running}, timeout=10)
            assert ended, f"cancelled after {steps} steps of the loop, it went on"
            await client.connection_pool.disconnect()
        await client.aclose()
