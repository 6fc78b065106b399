"""One run: load on every entrance, random kills, and what has to hold afterwards."""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from scripts.case_system import CaseSystem
from tests.crash import written
from tests.crash.audit import Log, findings, quiesce, unnoted_answers, unreadable_recordings
from tests.crash.callers import Callers
from tests.crash.citizens import Citizens
from tests.crash.contacts import Contacts
from tests.crash.killer import Killer
from tests.crash.outside import Outside, outside
from tests.support.running import RunningGateway

SECRET = "a secret of this test"
PARALLEL = 8
MANY = 50
SHORT_PAUSE_S, LONG_PAUSE_S = (0.3, 2.0), (0.5, 4.0)
"""Between kills."""
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


async def havoc(folder: Path, *, kills: int, asr_workers: int, messages: int | None = None) -> None:
    """``messages``: citizens write, too, and at least so many; None: calls and contacts only."""
    pause_s = SHORT_PAUSE_S if kills < MANY else LONG_PAUSE_S
    seed = int(os.environ.get("CRASH_SEED", "0")) or random.randrange(1, 1 << 30)
    receiver = CaseSystem(secret=SECRET, log=folder / "cases.jsonl")
    tables = TABLES.format(url=await receiver.start(), secret=SECRET, parallel=PARALLEL)
    async with _providers(wanted=messages is not None) as providers:
        tables += providers.tables if providers else ""
        gateway = RunningGateway(folder / "gateway", asr_workers=asr_workers, tables=tables)
        await asyncio.to_thread(gateway.start)
        contacts = Contacts(
            [gateway.url], await asyncio.to_thread(lambda: gateway.token), platform=providers is not None
        )
        callers = Callers(gateway.sip_port)
        killer = Killer(gateway, random.Random(seed), pause_s)
        citizens = Citizens(gateway.url, providers.smsc, random.Random(seed + 2)) if providers else None
        stop = asyncio.Event()
        talks: list[written.Conversation] = []
        found: dict[str, Any] = {}
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(contacts.run(3, stop))
                group.create_task(callers.run(4 if citizens else 8, stop, random.Random(seed + 1)))
                if citizens:
                    group.create_task(citizens.run(5, stop))
                await killer.run(kills)
                await asyncio.sleep(2.0)
                while citizens and messages and citizens.count < messages:
                    await asyncio.sleep(0.5)
                stop.set()
            loaded = time.monotonic()
            await asyncio.to_thread(quiesce, gateway, recogniser=asr_workers > 0)
            if citizens and providers:
                talks = await asyncio.to_thread(written.conversations, gateway, citizens.channels)
                answers = written.answers_by_web_person(citizens, talks)
                found["web chats that did not see all answers"] = await written.unread(citizens, answers)
                found |= written.findings(citizens, providers, talks)
                await asyncio.to_thread(quiesce, gateway, recogniser=asr_workers > 0)
            quiet_s = time.monotonic() - loaded
            tickets = await asyncio.to_thread(lambda: list(gateway.tickets()))
            unreadable = await asyncio.to_thread(unreadable_recordings, gateway, tickets)
            returned = await asyncio.to_thread(gateway.stop)
        finally:
            if gateway.process is not None and gateway.process.poll() is None:
                await asyncio.to_thread(gateway.stop)
            await receiver.stop()
    log = await Log.read(gateway.data)
    found |= findings(tickets, contacts, callers.answered, log, receiver)
    found["answered calls without a readable recording"] = unreadable
    found["calls answered and not noted as answered"] = unnoted_answers(tickets, callers.answered)
    figures = {
        "seed": seed,
        "kills": dict(killer.kills),
        "tickets": len(tickets),
        "contacts": len(contacts.acknowledged),
        "repeats": contacts.repeats,
        "calls": callers.dialled,
        "answered": len(callers.answered),
        "unheard": callers.unheard,
        "refused": len(callers.refused),
        "events": len(log.events),
        "raw_posts": receiver.ledger.raw_posts,
        "quiet_after_s": round(quiet_s, 1),
    }
    if citizens:
        figures |= {
            "messages": dict(citizens.acknowledged),
            "redelivered": dict(citizens.redelivered),
            "conversations": len(talks),
            "answers": sum(len(one.answers) for one in talks),
        }
    print(json.dumps(figures))
    print(json.dumps({name: value for name, value in found.items() if value}, indent=1))
    assert {name: value for name, value in found.items() if value} == {}, figures
    sender_ends = killer.kills["web+worker"] + killer.kills["supervisor"]
    assert receiver.ledger.raw_posts <= len(log.events) + PARALLEL * sender_ends
    assert len(contacts.acknowledged) > kills
    assert len(callers.answered) > kills // 2
    processes = {"voice", "web+worker", "reader", "valkey", "supervisor", *(f"asr-{i}" for i in range(asr_workers))}
    assert killer.kills.keys() == processes
    assert returned == 0


@asynccontextmanager
async def _providers(*, wanted: bool) -> AsyncIterator[Outside | None]:
    if not wanted:
        yield None
        return
    async with outside() as found:
        yield found
