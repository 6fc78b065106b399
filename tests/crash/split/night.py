"""One night: load on every entrance of the split house, faults of every kind, and what has to hold in the morning."""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from scripts.case_system import CaseSystem
from tests.crash.audit import Log, findings, quiesce, said_twice, unnoted_answers, unreadable_recordings, wrong_hashes
from tests.crash.callers import Callers
from tests.crash.contacts import Contacts
from tests.crash.split.findings import chat_findings, closed_by_others, closes_s, file_findings, program_faults
from tests.crash.split.house import UP_S, SplitHouse, split_house
from tests.crash.split.sockets import FILE, Chats, Follower
from tests.support.waiting import until

SECRET = "a secret of this test"
HOUR_S = 3600.0
Fault = Callable[[], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How long everything takes."""

    lease_s: float = 4.0
    away_s: float = 7.0
    """How long PostgreSQL is away: longer than a lease."""
    rounds: int = 1
    pause_s: tuple[float, float] = (0.3, 1.5)
    """Between faults."""
    seed: int = field(default_factory=lambda: int(os.environ.get("CRASH_SEED", "0")) or random.randrange(1, 1 << 30))


class Receiver(CaseSystem):
    """A case system that does not know us while ``locked``."""

    locked = False
    turned_away = 0

    async def _post(self, request: web.Request) -> web.Response:
        if not self.locked:
            return await super()._post(request)
        self.turned_away += 1
        return web.json_response({"error": "who are you"}, status=401)


class Night:
    """The faults, in an order of chance."""

    def __init__(self, house: SplitHouse, receiver: Receiver, plan: Plan) -> None:
        self._house, self._receiver, self._plan = house, receiver, plan
        self._chance = random.Random(plan.seed)
        self._began = time.monotonic()
        self.done: list[str] = []

    @property
    def _faults(self) -> list[Fault]:
        return [self._outage, self._valkey_away, self._clocks_jump, self._feed_locked_out]

    async def run(self) -> None:
        """Every fault once a round."""
        for _ in range(self._plan.rounds):
            order: list[str | Fault] = [*self._house.processes, *self._faults]
            self._chance.shuffle(order)
            for fault in order:
                await asyncio.sleep(self._chance.uniform(*self._plan.pause_s))
                if isinstance(fault, str):
                    await self._other_up(fault)
                    self._kill(fault)
                else:
                    await fault()

    async def _other_up(self, name: str) -> None:
        """Until the role's other machine is up: with both down there would be no night to come through."""
        other = self._house.machines.get(name[:-1] + str(3 - int(name[-1])))
        if other is not None:
            await until(other.up, f"{other.name} to be up", within_s=UP_S)

    def _note(self, fault: str) -> None:
        self.done.append(f"{time.monotonic() - self._began:.0f} s: {fault}")

    def _kill(self, name: str) -> None:
        self._note(f"{name} killed")
        self._house.processes[name].kill()

    async def _outage(self) -> None:
        """PostgreSQL is away for longer than a lease; a worker that dies meanwhile knows nothing of it."""
        self._note("PostgreSQL away")
        away = asyncio.create_task(self._house.without_postgres(self._plan.away_s))
        await asyncio.sleep(self._plan.away_s * self._chance.uniform(0.1, 0.9))
        self._kill(self._chance.choice(["worker-1", "worker-2"]))
        await away
        await asyncio.sleep(self._plan.lease_s * 1.5)

    async def _valkey_away(self) -> None:
        self._note("Valkey away")
        await self._house.without_valkey(2.0)

    async def _feed_locked_out(self) -> None:
        """The case system answers 401 until it was asked twice: the feed is held, no event is at fault."""
        self._note("feed locked out")
        asked = self._receiver.turned_away
        self._receiver.locked = True
        await until(lambda: self._receiver.turned_away > asked + 1, "a held feed to be probed", within_s=UP_S)
        self._receiver.locked = False

    async def _clocks_jump(self) -> None:
        """Of each role one machine's clock is an hour ahead and the other's an hour behind; then they are put right."""
        wrong = {}
        for role in ("voice", "web", "worker"):
            ahead = self._chance.choice([-HOUR_S, HOUR_S])
            wrong |= {f"{role}-1": ahead, f"{role}-2": -ahead}
        self._note(f"clocks jump: {wrong}")
        for name, ahead_s in wrong.items():
            self._house.machines[name].set_clock(ahead_s)
        await asyncio.sleep(self._plan.lease_s * 1.5)
        for name in wrong:
            self._house.machines[name].set_clock(0)


async def night(folder: Path, plan: Plan) -> None:
    """Everything of it; what was found is printed, and has to be nothing."""
    receiver = Receiver(secret=SECRET, log=folder / "cases.jsonl")
    url = await receiver.start()
    found: dict[str, Any] = {}
    try:
        async with split_house(folder, feed_url=url, feed_secret=SECRET, lease_s=plan.lease_s) as house:
            began = time.monotonic()
            first = house.webs[0]
            urls = [machine.url for machine in house.webs]
            token = await asyncio.to_thread(lambda: first.token)
            contacts, chats = Contacts(urls, token, with_files=True), Chats(urls)
            # Some hang up soon; others speak through outages and jumps.
            brief, patient = Callers(house.sip_port), Callers(house.sip_port, talk_s=(plan.away_s, plan.away_s * 4))
            follower = Follower(urls, token)
            following = asyncio.create_task(follower.run())
            faults, stop = Night(house, receiver, plan), asyncio.Event()
            chance = random.Random(plan.seed + 1)
            async with asyncio.TaskGroup() as group:
                group.create_task(contacts.run(2, stop))
                group.create_task(chats.run(4, stop, chance))
                group.create_task(brief.run(3, stop, chance))
                group.create_task(patient.run(5, stop, chance))
                await faults.run()
                await asyncio.sleep(plan.lease_s)
                stop.set()
            loaded = time.monotonic()
            await house.ready()
            await asyncio.to_thread(quiesce, first, recogniser=True)
            tickets = await asyncio.to_thread(lambda: list(first.tickets()))
            log = await Log.read(folder, house.postgres.url("gateway"))
            await until(lambda: follower.last >= len(log.events), "the follower to have seen everything", within_s=60)
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
            for name, look in LOOKS.items():
                found[name] = await asyncio.to_thread(look, first, tickets)
            answered = brief.answered | patient.answered
            found["calls answered and not noted as answered"] = unnoted_answers(tickets, answered)
            found |= findings(tickets, contacts, answered, log, receiver)
            spans = brief.spans | patient.spans
            found |= closed_by_others(house, tickets, log, spans, follower)
            records = await asyncio.to_thread(lambda: [first.get(f"/api/v1/tickets/{t['ticket_id']}") for t in tickets])
            found |= chat_findings(chats, records)
            files = [name for name in chats.acknowledged if name.startswith(FILE)] + sorted(contacts.files)
            found |= await asyncio.to_thread(file_findings, files, records, house.webs)
            found["gaps in the stream of events"] = follower.broken
            found["faults of the program itself"] = program_faults(house)
            closes = closes_s(tickets, log, spans, follower)
            quiet_s = time.monotonic() - loaded
    finally:
        await receiver.stop()
    figures = {
        "seed": plan.seed,
        "faults": faults.done,
        "kills": house.kills,
        "tickets": len(tickets),
        "contacts": len(contacts.acknowledged),
        "calls": {"brief": len(brief.answered), "patient": len(patient.answered)},
        "closes_s": closes[-5:],
        "unheard": brief.unheard + patient.unheard,
        "refused": len(brief.refused) + len(patient.refused),
        "chat": {"messages": len(chats.acknowledged), "answers": chats.answers.total(), "sockets": chats.sockets},
        "files": len(files),
        "events": len(log.events),
        "posts": receiver.ledger.raw_posts,
        "posts turned away": receiver.turned_away,
        "loaded_s": round(loaded - began, 1),
        "quiet_s": round(quiet_s, 1),
    }
    print(json.dumps(figures))
    print(json.dumps({name: value for name, value in found.items() if value}, indent=1))
    assert {name: value for name, value in found.items() if value} == {}, figures
    assert all(house.kills.values()), figures
    assert len(patient.answered) >= plan.rounds
    assert len(contacts.acknowledged) > plan.rounds
    assert len(chats.acknowledged) > plan.rounds
    assert len(files) > plan.rounds


LOOKS = {
    "answered calls without a readable recording": unreadable_recordings,
    "recordings with another hash": wrong_hashes,
    "calls with words said twice": said_twice,
}
