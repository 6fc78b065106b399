"""Values and locks across processes on a real Valkey; in one process while it is dead."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.interprocess.shared_cache import ValkeyCache
from gateway.interprocess.valkey_client import connect
from tests.support.valkey import RunningValkey
from tests.support.waiting import until

pytestmark = pytest.mark.integration


async def test_two_processes_share_values_and_locks(tmp_path: Path) -> None:
    async with RunningValkey(tmp_path) as valkey:
        clients = [connect(valkey.server.url) for _ in range(2)]
        here, there = (ValkeyCache(client) for client in clients)
        await here.put("token", "abc", 60)
        assert await there.get("token") == "abc"
        assert await there.get("nothing") is None
        async with here.lock("refresh", 60) as mine, there.lock("refresh", 60) as theirs:
            assert (mine, theirs) == (True, False)
        async with there.lock("refresh", 60) as theirs, there.lock("refresh", 60) as again:
            assert (theirs, again) == (True, False)
        await here.put("token", "abc", 0.01)

        async def expired() -> bool:
            return await there.get("token") is None

        await until(expired, "the value's end")
        for client in clients:
            await client.aclose()


async def test_without_valkey_this_process_goes_on_alone(tmp_path: Path) -> None:
    async with RunningValkey(tmp_path) as valkey:
        client = connect(valkey.server.url, retries=0)
        cache = ValkeyCache(client)
        await cache.put("token", "abc", 60)
        valkey.kill()
        assert await cache.get("token") == "abc"
        async with cache.lock("refresh", 60) as mine, cache.lock("refresh", 60) as again:
            assert (mine, again) == (True, False)
        await client.aclose()
    alone = ValkeyCache(None)
    await alone.put("k", "v", 60)
    assert await alone.get("k") == "v"
