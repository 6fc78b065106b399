"""Random kills under load: nothing accepted is lost, nothing is there twice, every event arrives in its order.

Short form in `make test`; the long form (100 kills) in `make soak`. `CRASH_SEED` repeats a run's choices.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from pathlib import Path

import pytest

from scripts.case_system import CaseSystem
from tests.crash.audit import Log, findings, quiesce, unnoted_answers, unreadable_recordings
from tests.crash.callers import Callers
from tests.crash.contacts import Contacts
from tests.crash.killer import Killer
from tests.support.running import RunningGateway

pytestmark = pytest.mark.crash

SECRET = "a secret of this test"
PARALLEL = 8
TABLES = """
[calls]
lease_s = 3
[[feed]]
id = "cases"
kind = "webhook"
url = "{url}"
secret = "{secret}"
include_empty = true
parallel = {parallel}
timeout_s = 5
"""


async def havoc(folder: Path, *, kills: int, asr_workers: int) -> None:
    seed = int(os.environ.get("CRASH_SEED", "0")) or random.randrange(1, 1 << 30)
    chance = random.Random(seed)
    receiver = CaseSystem(secret=SECRET, log=folder / "cases.jsonl")
    tables = TABLES.format(url=await receiver.start(), secret=SECRET, parallel=PARALLEL)
    gateway = RunningGateway(folder / "gateway", asr_workers=asr_workers, tables=tables)
    await asyncio.to_thread(gateway.start)
    try:
        contacts = Contacts(gateway.url, await asyncio.to_thread(lambda: gateway.token))
        callers = Callers(gateway.sip_port)
        killer = Killer(gateway, chance)
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            group.create_task(contacts.run(3, stop))
            group.create_task(callers.run(8, stop, random.Random(seed + 1)))
            await killer.run(kills)
            await asyncio.sleep(2.0)
            stop.set()
        loaded = time.monotonic()
        await asyncio.to_thread(quiesce, gateway, recogniser=asr_workers > 0)
        quiet_s = time.monotonic() - loaded
        tickets = await asyncio.to_thread(lambda: list(gateway.tickets()))
        unreadable, too_short = await asyncio.to_thread(unreadable_recordings, gateway, tickets, killer.core_deaths)
        returned = await asyncio.to_thread(gateway.stop)
    finally:
        if gateway.process is not None and gateway.process.poll() is None:
            await asyncio.to_thread(gateway.stop)
        await receiver.stop()
    log = await Log.read(gateway.data)
    found = findings(tickets, contacts, callers, log, receiver)
    found["answered calls without a readable recording"] = unreadable
    unnoted, dying = unnoted_answers(tickets, callers.answered, killer.core_deaths)
    found["calls answered and not noted as answered"] = unnoted
    figures = {
        "seed": seed,
        "kills": dict(killer.kills),
        "tickets": len(tickets),
        "contacts": len(contacts.acknowledged),
        "repeats": contacts.repeats,
        "calls": callers.dialled,
        "answered": len(callers.answered),
        "killed_in_their_first_second": too_short,
        "killed_while_being_answered": dying,
        "unheard": callers.unheard,
        "refused": len(callers.refused),
        "events": len(log.events),
        "raw_posts": receiver.ledger.raw_posts,
        "quiet_after_s": round(quiet_s, 1),
    }
    print(json.dumps(figures))
    print(json.dumps({name: value for name, value in found.items() if value}, indent=1))
    assert {name: value for name, value in found.items() if value} == {}, figures
    core_ends = killer.kills["core"] + killer.kills["supervisor"]
    assert receiver.ledger.raw_posts <= len(log.events) + PARALLEL * core_ends
    assert len(contacts.acknowledged) > kills
    assert len(callers.answered) > kills // 2
    assert returned == 0


async def test_a_few_kills(tmp_path: Path) -> None:
    await havoc(tmp_path, kills=6, asr_workers=0)


@pytest.mark.soak
@pytest.mark.parametrize("asr_workers", [0, 1])
async def test_a_hundred_kills(tmp_path: Path, asr_workers: int) -> None:
    await havoc(tmp_path, kills=100, asr_workers=asr_workers)
