"""补录节假日: clocks that were computed before the holidays of their year were known are counted anew by them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from gateway.domain.case.calendar import PublicDays
from gateway.domain.case.case import Case
from gateway.domain.command import Applied, Refs
from gateway.domain.events import SYSTEM
from gateway.domain.world import World
from gateway.errors import GatewayError, StoreUnavailable
from gateway.following.lease import Lease
from gateway.following.poll import every
from gateway.ports.case_clocks import UnsureClock, UnsureClocks
from gateway.ports.clock import Clock
from gateway.ports.store import CommandStore
from gateway.telemetry import log

POLL_S = 10.0
"""How long after a calendar has come the first clocks are counted anew, at most."""
SLICE = 40
"""So many at once: they share a commit, and nobody else's command waits long behind them."""
YEARS = 2
"""No clock reaches further ahead."""
LEASE = ":late-calendar"
"""No channel can be called so."""
_log = log.get("clocks")


@dataclass(slots=True, kw_only=True)
class CountAnew:
    """A clock that was unsure is counted by the holidays that are known now; one that is sure is left alone."""

    at: datetime
    ticket_id: str
    clock_id: str
    trace: str | None = None

    def refs(self) -> Refs:
        """The ticket."""
        return Refs(tickets=(self.ticket_id,))

    def decide(self, world: World) -> Applied:
        """``skipped`` when nothing comes of it; ``NotFound``."""
        ticket = world.ticket(self.ticket_id, erased=True)
        change = Case(ticket, self.at, SYSTEM, world.case_rules).clocks.count_anew(self.clock_id)
        return world.applied(ticket, skipped=not change.happened)


class LateCalendar:
    """Looks for such clocks again and again: a calendar may be imported in any process, and a night may lie between."""

    def __init__(
        self,
        *,
        clocks: UnsureClocks,
        commands: CommandStore,
        public_days: Callable[[], PublicDays],
        zone: tzinfo,
        clock: Clock,
        lease: Lease,
    ) -> None:
        """``public_days``: those by which ``commands`` decide now; years begin in ``zone``."""
        self._clocks = clocks
        self._commands = commands
        self._public_days = public_days
        self._zone = zone
        self._clock = clock
        self._lease = lease

    async def run(self) -> None:
        """Until cancelled, in one process of all."""
        await self._lease.run(lambda: every(POLL_S, self.look))

    async def look(self) -> int:
        """Count anew what can be, a slice at a time; how many that was. One that fails is left for the next look."""
        done, now = 0, self._clock.now().year
        for year in sorted(self._public_days().years.intersection(range(now - 1, now + YEARS + 1))):
            begin, end = (datetime(one, 1, 1, tzinfo=self._zone).astimezone(UTC) for one in (year, year + 1))
            after: UnsureClock | None = None
            while some := await self._clocks.unsure(begin, end, after=after, limit=SLICE):
                done += sum(await asyncio.gather(*map(self._count_anew, some)))
                after = some[-1]
        if done:
            _log.info("clocks_counted_anew", clocks=done)
        return done

    async def _count_anew(self, one: UnsureClock) -> bool:
        command = CountAnew(at=self._clock.now(), ticket_id=one.ticket_id, clock_id=one.clock_id)
        try:
            return not (await self._commands.execute(command)).skipped
        except StoreUnavailable:
            raise
        except GatewayError as error:
            _log.error("clock_not_counted_anew", clock_id=one.clock_id, ticket_id=one.ticket_id, exc_info=error)
            return False
