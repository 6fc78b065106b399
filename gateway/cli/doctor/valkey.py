"""Checks of Valkey or Redis, without which other machines hear of news later."""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator
from typing import Any

from gateway.cli.doctor.check import LOADING_S, Finding, check, fail, ok, warn
from gateway.cli.doctor.machine import Machine
from gateway.errors import ConfigError

ANSWER_S = 4.0
KEY_MS = 2000
"""The key that is written to see whether it can be is gone after this, should we not come to delete it."""
APART_S = 2.0
HOW = "start it, or correct [redis] url; without one wake-ups between machines wait for a poll"


@check(
    "redis",
    within_s=ANSWER_S + LOADING_S,
    loads=("gateway.interprocess.valkey_client", "gateway.interprocess.valkey_server"),
)
async def server(machine: Machine) -> AsyncIterator[Finding]:
    """PING, INFO, TIME, and a key of our own for two seconds."""
    from redis.exceptions import RedisError  # noqa: PLC0415 - its client

    from gateway.interprocess.valkey_client import connect  # noqa: PLC0415 - as above
    from gateway.interprocess.valkey_server import EmbeddedValkey, server_binary  # noqa: PLC0415 - as above

    name, url = "redis.reachable", machine.settings.redis.url
    try:
        if not url:
            binary = server_binary()
            if not os.access(binary, os.X_OK):
                yield fail(name, f"{binary} may not be executed", "install the gateway's packages again")
                return
            embedded = EmbeddedValkey(machine.settings.data_dir)
            if not machine.running.up:
                yield ok(name, "embedded Valkey: it starts with the gateway")
                return
            url = embedded.url
        client = connect(url, retries=0)
    except ConfigError as error:
        yield fail(name, "; ".join(error.problems), "correct [redis] url")
        return
    try:
        async with asyncio.timeout(ANSWER_S):
            async for line in _asked(client):
                yield line
    except TimeoutError:
        yield fail(name, f"no answer within {ANSWER_S:g} s", HOW)
    except (RedisError, OSError) as error:
        yield fail(name, f"{type(error).__name__}: {error}", HOW)
    finally:
        await client.aclose()


async def _asked(client: Any) -> AsyncIterator[Finding]:
    from redis.exceptions import RedisError  # noqa: PLC0415 - as above

    await client.ping()
    info = await client.info("server")
    version = info.get("valkey_version") or info.get("redis_version")
    yield ok("redis.reachable", f"{'Valkey' if 'valkey_version' in info else 'Redis'} {version} answers")
    key = f"gateway:doctor:{secrets.token_hex(4)}"
    try:
        await client.set(key, "1", px=KEY_MS)
        await client.delete(key)
    except RedisError as error:
        yield fail("redis.writable", str(error), "name the primary, and free memory (maxmemory) or disk there")
    else:
        yield ok("redis.writable", "it takes what is written")
    seconds, micros = await client.time()
    ahead = seconds + micros / 1e6 - time.time()
    if abs(ahead) > APART_S:
        told = f"its clock is {abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'} ours"
        yield warn("redis.clock", told, "both machines by one time server: timedatectl set-ntp true, or chrony")
    else:
        yield ok("redis.clock", "its clock is ours")
