"""Processes of a test: found or skipped with a reason, started on free ports, ended by their own id."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest


def program(name: str, package: str) -> str:
    """The path of a program, or a skip that says how to get it."""
    path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if path is None:
        pytest.skip(f"{name} is not installed (Debian: apt-get install {package})")
    return path


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
