"""URLs of every kind, and servers behind them."""

from __future__ import annotations

from pathlib import Path

import pytest
from redis.asyncio.cluster import RedisCluster
from redis.asyncio.sentinel import SentinelConnectionPool
from redis.exceptions import RedisError

from gateway.errors import ConfigError
from gateway.interprocess.valkey_client import connect
from tests.support.ports import free_port

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost",
        "redis+sentinel://host:26379",
        "redis+sentinel:///mymaster",
        "redis+cluster://",
        "redis+cluster://host:port",
        "redis+sentinel://host/mymaster/x",
        "",
    ],
)
def test_a_url_that_is_none(url: str) -> None:
    with pytest.raises(ConfigError, match=r"\[redis\] url cannot be understood"):
        connect(url)


async def test_sentinel_and_cluster() -> None:
    client = connect("redis+sentinel://u:p%40ss@one:26380,two/mymaster/3")
    pool = client.connection_pool  # type: ignore[union-attr]  # Sentinel gives a plain client
    assert isinstance(pool, SentinelConnectionPool)
    assert pool.service_name == "mymaster"
    assert pool.connection_kwargs["password"] == "p@ss"
    assert pool.connection_kwargs["db"] == 3
    hosts = [s.connection_pool.connection_kwargs for s in pool.sentinel_manager.sentinels]
    assert [(h["host"], h["port"]) for h in hosts] == [("one", 26380), ("two", 26379)]
    await client.aclose()
    cluster = connect("redis+cluster://:secret@one:7000,two:7001")
    assert isinstance(cluster, RedisCluster)
    assert [(n.host, n.port) for n in cluster.nodes_manager.startup_nodes.values()] == [("one", 7000), ("two", 7001)]


@pytest.mark.parametrize("form", ["redis://127.0.0.1:{port}/0", "redis+sentinel://127.0.0.1:{port}/mymaster"])
async def test_nobody_there(form: str) -> None:
    client = connect(form.format(port=free_port()))
    with pytest.raises((RedisError, OSError)):
        await client.ping()
    await client.aclose()


async def test_a_missing_socket(tmp_path: Path) -> None:
    client = connect(f"unix://{tmp_path}/none.sock")
    with pytest.raises((RedisError, OSError)):
        await client.ping()
    await client.aclose()
