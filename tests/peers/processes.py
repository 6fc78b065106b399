"""Processes of a test: found or skipped with a reason, started on free ports, ended by their own id."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import random
import shutil
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import pytest

LOOPBACK = "127.0.0.1"
PORT_STEP = 4
SINGLE_PORTS, PORT_RANGES = (10_000, 16_000), (16_000, 30_000)
"""Below what the kernel hands out, so that nobody gets a port of ours by chance between our look and its use."""


def program(name: str, package: str) -> str:
    """The path of a program, or a skip that says how to get it."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if path is None:
        pytest.skip(f"{name} is not installed (Debian: apt-get install {package})")
    return path


_steps = itertools.count(random.randrange(*SINGLE_PORTS) // PORT_STEP)


def free_port() -> int:
    """A free port for UDP and TCP on the loopback, and the next three for UDP: SIPp takes audio ports in steps.

    Never the same one twice in a row, so that several can be picked before the first is used.
    """
    first, last = SINGLE_PORTS
    for step in _steps:
        port = first + step * PORT_STEP % (last - first)
        with contextlib.ExitStack() as stack:
            tcp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
            try:
                tcp.bind((LOOPBACK, port))
                _hold(stack, range(port, port + PORT_STEP))
            except OSError:
                continue
            return port
    raise AssertionError("unreachable")


def free_port_range(size: int) -> tuple[int, int]:
    """First (even) and last of ``size`` free UDP ports in a row."""
    candidates = list(range(*PORT_RANGES, 64))
    random.shuffle(candidates)  # tests that run beside us look for a range as well
    for first in candidates:
        with contextlib.ExitStack() as stack:
            try:
                _hold(stack, range(first, first + size))
            except OSError:
                continue
            return first, first + size - 1
    raise AssertionError(f"no {size} free UDP ports in a row")


def _hold(stack: contextlib.ExitStack, ports: range) -> None:
    for port in ports:
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind((LOOPBACK, port))


async def until(true: Callable[[], bool | Awaitable[bool]], what: str, *, deadline_s: float = 20.0) -> None:
    """Wait for a condition; the assertion names it. The deadline only ends tests that hang."""
    try:
        async with asyncio.timeout(deadline_s):
            while True:
                now = true()
                if await now if isinstance(now, Awaitable) else now:
                    return
                await asyncio.sleep(0.02)
    except TimeoutError:
        raise AssertionError(f"{what}: not within {deadline_s} s") from None


@contextlib.asynccontextmanager
async def running(
    argv: Sequence[str], log: Path, *, cwd: Path | None = None
) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process for the length of the block; its output goes to ``log``; at the end it is stopped."""
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            cwd=cwd,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            try:
                await asyncio.wait_for(process.wait(), 10)
            except TimeoutError:
                os.killpg(process.pid, signal.SIGKILL)  # a session of its own: it and its children, nobody else
                await process.wait()


def tail(log: Path, lines: int = 30) -> str:
    """The end of a log for an assertion's message."""
    return "\n".join(log.read_text("utf-8", errors="replace").splitlines()[-lines:]) if log.exists() else "(no log)"
