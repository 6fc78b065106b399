"""Wake-ups on a real Valkey, alive and dead."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.domain.commit import Commit
from gateway.interprocess.valkey_client import connect
from gateway.interprocess.wakeup import STREAM, Wakeup
from tests.support.valkey import RunningValkey
from tests.support.waiting import until

pytestmark = pytest.mark.integration


async def test_a_wakeup_crosses_processes_and_outlives_valkey(tmp_path: Path) -> None:
    async with RunningValkey(tmp_path) as valkey:
        here_client, there_client = connect(valkey.server.url), connect(valkey.server.url)
        here, there = Wakeup(here_client), Wakeup(there_client)
        running = [asyncio.create_task(w.run()) for w in (here, there)]

        commits = (Commit(n, n) for n in itertools.count(1))

        async def crosses() -> bool:
            waiting = asyncio.create_task(there.wait(30))

            async def woken() -> bool:
                await here.notify([next(commits)])
                await asyncio.wait({waiting}, timeout=0.2)
                return waiting.done()

            await until(woken, "the wake-up", within_s=60)
            return waiting.result()

        assert await crosses()
        valkey.kill()
        since = here.position
        await here.notify()
        assert await here.wait(5, since=since)  # itself it wakes without any Valkey
        assert not await here.wait(0.05, since=here.position)
        await valkey.start()
        assert await crosses()
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        await here_client.aclose()
        await there_client.aclose()


async def test_many_notifications_are_few_entries_and_no_echo(tmp_path: Path) -> None:
    heard: dict[str, list[Commit]] = {"here": [], "there": []}

    def ear(name: str) -> Callable[[Commit | None], bool]:
        return lambda commit: commit is None or heard[name].append(commit) is None

    async with RunningValkey(tmp_path) as valkey:
        clients = [connect(valkey.server.url) for _ in heard]
        here, there = (Wakeup(client, hear=ear(name)) for client, name in zip(clients, heard, strict=True))
        running = [asyncio.create_task(w.run()) for w in (here, there)]
        told = [Commit(n, n, frozenset({f"{n:016x}"})) for n in range(1, 1001)]
        await until(lambda: there.position, "it to listen")
        for commit in told:
            await here.notify([commit])
        await until(lambda: len(heard["there"]) == len(told), "all of them")
        assert heard == {"here": [], "there": told}
        assert await clients[0].xlen(STREAM) < 10
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        for client in clients:
            await client.aclose()


async def test_a_wakeup_between_looking_and_waiting_is_not_lost() -> None:
    wakeup = Wakeup(None)
    since = wakeup.position
    await wakeup.notify()
    assert await wakeup.wait(60, since=since)


async def test_it_ends_at_whatever_moment_it_is_cancelled(tmp_path: Path) -> None:
    async with RunningValkey(tmp_path) as valkey:
        client = connect(valkey.server.url)
        for steps in range(60):
            wakeup = Wakeup(client)
            running = asyncio.create_task(wakeup.run())
            await wakeup.notify()
            for _ in range(steps):
                await asyncio.sleep(0)
            running.cancel()
            ended, _ = await asyncio.wait({running}, timeout=10)
            assert ended, f"cancelled after {steps} steps of the loop, it went on"
            await client.connection_pool.disconnect()
        await client.aclose()
