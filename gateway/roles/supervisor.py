"""``gateway run``: one machine's processes. Core, recognisers and Valkey are children; they live and die with this."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from gateway.live.server import EmbeddedValkey
from gateway.roles.child import Child, ChildSpec
from gateway.roles.hangup import on_hangup
from gateway.settings import Settings
from gateway.telemetry import log

STOP_MARGIN_S = 10.0
READER_NICE = 5
_log = log.get("supervisor")


def children(settings: Settings, config: Path | None) -> list[Child]:
    """What this configuration runs, in the order of starting."""
    own = [sys.executable, "-m", "gateway", "run"] + (["--config", str(config)] if config else [])
    specs = []
    if not settings.redis.url:
        valkey = EmbeddedValkey(settings.data_dir)
        specs.append(
            ChildSpec(
                name="valkey",
                argv=valkey.command(),
                death_signal=signal.SIGTERM,
                prepare=valkey.prepare,
            ),
        )
    if not settings.asr.url:
        specs += [
            ChildSpec(
                name=f"asr-{i}",
                argv=[*own, "--role", "asr", "--index", str(i)],
                nice=settings.asr.nice,
                essential=False,  # without a recogniser calls are taken all the same
            )
            for i in range(settings.asr.workers)
        ]
    specs.append(
        ChildSpec(
            name="reader",
            argv=[*own, "--role", "reader"],
            nice=READER_NICE,
            essential=False,  # calls are taken all the same, and read later
        ),
    )
    specs.append(
        ChildSpec(
            name="core",
            argv=[*own, "--role", "core"],
            stop_s=settings.calls.drain_s + STOP_MARGIN_S,
            reloads=True,
        ),
    )
    return [Child(spec) for spec in specs]


def _reload(running: list[Child]) -> None:
    for child in running:
        child.reload()


async def supervise(settings: Settings, config: Path | None) -> None:
    """Run until SIGTERM or SIGINT, then stop the children, the core (which drains its calls) first."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    for left in (settings.data_dir / "run").glob("asr-*.json"):
        left.unlink(missing_ok=True)  # where recognisers of an earlier run listened
    running = children(settings, config)
    on_hangup(lambda: _reload(running))
    tasks = [asyncio.create_task(child.run(), name=child.spec.name) for child in running]
    stopping = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait({*tasks, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for task in done - {stopping}:
            task.result()
    finally:
        _log.info("stopping")
        for child in reversed(running):
            await child.stop()
        for task in (*tasks, stopping):
            task.cancel()
        await asyncio.gather(*tasks, stopping, return_exceptions=True)
