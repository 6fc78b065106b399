"""Client of Valkey or Redis by URL: a single server, Sentinel or a cluster."""

from __future__ import annotations

import asyncio
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

from redis.asyncio import Redis
from redis.asyncio.cluster import ClusterNode, RedisCluster
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import Sentinel
from redis.backoff import ExponentialWithJitterBackoff

from gateway.errors import ConfigError

Client = Redis | RedisCluster
CONNECT_TIMEOUT_S = 2.0
ANSWER_TIMEOUT_S = 5.0
RETRIES = 2
RETRY_BASE_S = 0.05
RETRY_CAP_S = 0.5
HEALTH_CHECK_S = 30
SENTINEL_PORT = 26379
SERVER_PORT = 6379
FORMS = (
    "redis://[user:password@]host[:port][/db], rediss://…, unix:///path.sock, "
    "redis+sentinel://[user:password@]host[:port],host…/service[/db], redis+cluster://[user:password@]host[:port],host…"
)


def connect(url: str, *, retries: int = RETRIES) -> Client:
    """A client for ``url``; it connects on first use. ``ConfigError`` for a URL that is none of ``FORMS``.

    Every command ends within some seconds: connecting 2 s, an answer 5 s, ``retries`` more tries after that.
    """
    try:
        return _connect(url, retries)
    except (ValueError, IndexError) as error:
        raise ConfigError([f"[redis] url cannot be understood ({error}); forms: {FORMS}"]) from None


async def ask(command: Any) -> Any:
    """The answer to one command of a ``Client``; raises what the command raises, and always a cancellation.

    redis-py sends with ``asyncio.wait_for``, which in Python 3.11 drops a cancellation that comes just as the sending
    ends (bpo-37658, mended in 3.12): a loop around such commands would then never end.
    """
    task = asyncio.current_task()
    before = task.cancelling() if task else 0
    try:
        return await command
    finally:
        if task and task.cancelling() > before:
            raise asyncio.CancelledError


def _connect(url: str, retries: int) -> Client:
    common: dict[str, Any] = {
        "socket_connect_timeout": CONNECT_TIMEOUT_S,
        "socket_timeout": ANSWER_TIMEOUT_S,
        "health_check_interval": HEALTH_CHECK_S,
        "retry": Retry(ExponentialWithJitterBackoff(base=RETRY_BASE_S, cap=RETRY_CAP_S), retries),
    }
    parts = urlsplit(url)
    match parts.scheme:
        case "redis" | "rediss" | "unix":
            return Redis.from_url(url, **common)
        case "redis+sentinel":
            service, db = _service(parts)
            sentinel = Sentinel(  # type: ignore[no-untyped-call]  # redis-py leaves its constructor untyped
                _hosts(parts, SENTINEL_PORT),
                sentinel_kwargs={
                    "socket_connect_timeout": CONNECT_TIMEOUT_S,
                    "socket_timeout": CONNECT_TIMEOUT_S,
                },
            )
            # A master that is not known yet is a ConnectionError, so Retry covers a fail-over under way.
            master: Redis = sentinel.master_for(service, db=db, **_credentials(parts), **common)
            return master
        case "redis+cluster":
            nodes = [ClusterNode(host, port) for host, port in _hosts(parts, SERVER_PORT)]
            return RedisCluster(startup_nodes=nodes, **_credentials(parts), **common)
        case scheme:
            raise ValueError(f"unknown scheme {scheme!r}")


def _hosts(parts: SplitResult, default_port: int) -> list[tuple[str, int]]:
    hosts = []
    for item in parts.netloc.rpartition("@")[2].split(","):
        one = urlsplit(f"//{item}")
        if not one.hostname:
            raise ValueError("a host is missing")
        hosts.append((one.hostname, one.port or default_port))
    return hosts


def _credentials(parts: SplitResult) -> dict[str, Any]:
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    return {"username": unquote(user) or None, "password": unquote(password) or None}


def _service(parts: SplitResult) -> tuple[str, int]:
    service, _, db = parts.path.strip("/").partition("/")
    if not service:
        raise ValueError("the service's name is missing after the hosts")
    return service, int(db or 0)
