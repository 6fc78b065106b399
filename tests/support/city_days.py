"""Some days of a small city as everybody in it shares them: its store, its time, what was done and what was refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from gateway.casework.fire_clock import FireClock
from gateway.domain.case.case import Case
from gateway.domain.case.rules_in_force import CaseRules
from gateway.domain.command import Applied, Command, Refs
from gateway.domain.world import World
from gateway.ports.case_clocks import DueClock
from gateway.storage.database import Database
from tests.support.clocks import SetClock
from tests.support.lives import VirtualTime
from tests.support.small_city import SmallCity

STEP = timedelta(minutes=5)
"""So often somebody looks for clocks that are due."""
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WORKERS = ("w1", "w2")


class ByRules:
    """A command that is decided by these rules."""

    def __init__(self, command: Command, rules: CaseRules) -> None:
        """``rules`` are those of the city."""
        self.command, self.rules, self.trace = command, rules, command.trace

    def refs(self) -> Refs:
        """The command's."""
        return self.command.refs()

    def decide(self, world: World) -> Applied:
        """As the command decides."""
        world.case_rules = self.rules
        return self.command.decide(world)


@dataclass(slots=True, kw_only=True)
class LeaveToCentre:
    """Nobody knows whose duty it is."""

    at: datetime
    ticket_id: str
    reason: str
    trace: str | None = None

    def refs(self) -> Refs:
        """The ticket."""
        return Refs(tickets=(self.ticket_id,))

    def decide(self, world: World) -> Applied:
        """The centre's clock runs."""
        ticket = world.ticket(self.ticket_id, erased=True)
        Case(ticket, self.at, "system", world.case_rules).undecided(self.reason)
        return world.applied(ticket)


@dataclass(slots=True)
class Snapshot:
    """What was overdue at an instant, after so many events."""

    at: datetime
    event_seq: int
    overdue: set[str]


@dataclass(kw_only=True)
class CityDays:
    """Some days of it. ``outage``: from then until then the store is not there."""

    city: SmallCity
    opened: Callable[[], Awaitable[Database]]
    clock: SetClock
    seed: int
    contacts: int
    begin: datetime
    days: int
    outage: tuple[datetime, datetime] | None = None
    db: Database = field(init=False)
    time: VirtualTime = field(init=False)
    arrived: dict[str, datetime] = field(default_factory=dict)
    """ticket_id -> when its person turned to the city."""
    accepted: dict[str, datetime] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    """Commands that altered something, by what they are."""
    refused: Counter[str] = field(default_factory=Counter)
    snapshots: list[Snapshot] = field(default_factory=list)

    def down(self, at: datetime) -> bool:
        """Whether the store is not there."""
        return self.outage is not None and self.outage[0] <= at < self.outage[1]

    async def fire(self, now: datetime) -> None:
        """Two workers fire what is due, and now and then the same: a clock fires once."""
        while True:
            found: list[DueClock] = []
            for worker in WORKERS:
                found += await self.db.case_clocks.take(worker, limit=50, lease_s=10)
                if not found:
                    return
            for due in (*found, *found[:3]):
                self.time.live(self._fired(FireClock(
                    at=now, ticket_id=due.ticket_id, clock_id=due.clock_id, next_at=due.next_at
                )))  # fmt: skip
            await self.time.passes(now)

    async def _fired(self, fire: FireClock) -> None:
        applied = await self.db.changes.execute(ByRules(fire, self.city.rules))
        self.done["fire" if not applied.skipped else "fire in vain"] += 1

    async def look(self, now: datetime) -> None:
        """Remember what is overdue."""
        late = (await self.db.case_clocks.overdue(limit=1_000_000)).items
        self.snapshots.append(Snapshot(now, await self.db.reader.last_event_seq(), {one.clock_id for one in late}))
