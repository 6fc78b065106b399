"""What two processes writing to one SQLite file cost each other: commits of calls beside a saturated web process.

"voice" commits 20 changes a second, as calls do, and takes the time of each; "web" accepts contacts for 64 clients that
never rest, pre-fill and all. In two processes on one file (voice at nice 0, web at nice 5, as ``gateway run`` starts
them), beside the same two in one process and its one event loop. Rounds alternate; the p99 of all rounds together
counts. Times are wall times: waiting for a core, for the loop, for the other's transaction and for the disk.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import uvloop

from bench.report import Row, judged
from gateway.domain.ids import new_ulid
from gateway.domain.interaction import Interaction
from gateway.domain.keys import ExternalKey
from gateway.domain.world import NewTicket
from gateway.edge.system_clock import SystemClock
from gateway.intake.call.begin import OfferCall
from gateway.intake.contact.accept import ContactIntake
from gateway.ports.channel import InboundContact
from gateway.prefill.reader import PrefillReader
from gateway.roles import collector
from gateway.storage.database import Database, open_database

ROOT = Path(__file__).resolve().parents[1]
CLIENTS = 64
PER_S = 20
ROUNDS = 3
ROUND_S = 10.0
WARM_UP_S = 1.0
WEB_NICE = 5
AT_MOST = 0.5
"""The goal: p99 of voice's commits, against the same in one process."""
CONTENT = "小区门口的路灯坏了三天，晚上看不见路"


def _call(number: int) -> OfferCall:
    now, of = datetime.now(UTC), {"channel": "sip", "channel_id": "hotline"}
    return OfferCall(
        at=now,
        key=ExternalKey(channel_id="hotline", external_id=f"{os.getpid()}-{number}"),
        ticket=NewTicket(
            ticket_id=new_ulid(), created_at=now, line="citizen", **of, empty=True, requester_id=new_ulid()
        ),
        interaction=Interaction(interaction_id=new_ulid(), **of, started_at=now),
    )


async def _voice(database: Database, seconds: float) -> list[float]:
    """Milliseconds from asking for each commit to its answer, at a steady pace: a slow one delays no later one."""
    taken: list[float] = []

    async def one(number: int) -> None:
        began = time.perf_counter()
        await database.changes.execute(_call(number))
        taken.append((time.perf_counter() - began) * 1000)

    begun = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(int(seconds * PER_S)):
            await asyncio.sleep(begun + number / PER_S - time.perf_counter())
            group.create_task(one(number))
    return taken


async def _web(database: Database) -> None:
    """Saturate the writer until cancelled."""
    intake = ContactIntake(
        store=database.changes, prefill=PrefillReader.of(ROOT / "config", "Asia/Shanghai"), clock=SystemClock()
    )
    collector.settle()

    async def client(number: int) -> None:
        for n in range(sys.maxsize):
            await intake.accept(
                InboundContact(
                    channel="platform",
                    channel_id="bench",
                    external_id=f"{os.getpid()}-{number}-{n}",
                    received_at=datetime.now(UTC),
                    content=CONTENT,
                    requester={"phone": f"+86138{number:04d}{n % 10_000:04d}"},
                )
            )

    await asyncio.gather(*(client(number) for number in range(CLIENTS)))


async def _part(folder: Path, parts: Sequence[str], seconds: float) -> list[float]:
    """Run ``parts`` in this process; what voice measured."""
    database = await open_database("", data_dir=folder, zone=ZoneInfo("Asia/Shanghai"))
    web = asyncio.create_task(_web(database)) if "web" in parts else None
    await asyncio.sleep(WARM_UP_S)
    taken: list[float] = []
    if "voice" in parts:
        taken = await _voice(database, seconds)
    else:
        sys.stdout.write("running\n")
        sys.stdout.flush()
        await asyncio.to_thread(sys.stdin.read)
    if web is not None:
        web.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await web
    events = await database.reader.last_event_seq()
    await database.aclose()
    sys.stderr.write(f"{'+'.join(parts)}: {events} events\n")
    return taken


def _start(folder: Path, parts: str, seconds: float, nice: int) -> subprocess.Popen[str]:
    command = ["nice", "-n", str(nice), sys.executable, "-m", "bench.two_writers", str(folder), parts, str(seconds)]
    return subprocess.Popen(  # noqa: S603 - ourselves
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def _round(*, apart: bool, seconds: float) -> list[float]:
    with tempfile.TemporaryDirectory(dir=ROOT) as folder:
        if not apart:
            with _start(Path(folder), "voice+web", seconds, 0) as both:
                return _said(both)
        with _start(Path(folder), "web", seconds, WEB_NICE) as web:
            assert web.stdin is not None
            assert web.stdout is not None
            web.stdout.readline()
            with _start(Path(folder), "voice", seconds, 0) as voice:
                taken = _said(voice)
            web.stdin.close()
            web.wait()
            return taken


def _said(process: subprocess.Popen[str]) -> list[float]:
    out, _ = process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"a part of the bench failed with exit code {process.returncode}")
    found: list[float] = json.loads(out.splitlines()[-1])
    return found


def measure(*, rounds: int = ROUNDS, round_s: float = ROUND_S) -> dict[bool, list[float]]:
    """All of voice's times in milliseconds, ascending: with web in another process (True), and in the same one."""
    taken: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(rounds):
        for apart in taken:
            taken[apart] += _round(apart=apart, seconds=round_s)
    return {apart: sorted(found) for apart, found in taken.items()}


def rows() -> list[Row]:
    """What ``python -m bench`` writes down."""
    found = measure()
    told = []
    for share, goal in ((50, None), (99, AT_MOST)):
        own, same = (found[apart][len(found[apart]) * share // 100] for apart in (True, False))
        measured = f"voice's commits beside a saturated web process, p{share}"
        told.append(judged(measured, f"{own:.1f} ms", f"in one process: {same:.1f} ms", own / same, at_most=goal))
    return told


if __name__ == "__main__":
    _folder, _parts, _seconds = sys.argv[1:]
    _taken = uvloop.run(_part(Path(_folder), _parts.split("+"), float(_seconds)))
    sys.stdout.write(json.dumps(_taken) + "\n")
