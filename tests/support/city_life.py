"""What happens in a small city in some days: people turn to it, the centre gives their demands out, units work.

The commands are the gateway's own and the store is a real one; time alone is virtual. All is drawn from one seed.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from gateway.domain.case.verbs import CaseVerb
from tests.support.city_contact import Life
from tests.support.city_days import DAY, HOUR, STEP, CityDays
from tests.support.clocks import SHANGHAI
from tests.support.lives import VirtualTime


@dataclass(kw_only=True)
class CityLife(CityDays):
    """The days, lived."""

    async def run(self) -> None:
        """From the first moment to the last; the store is open then."""
        self.db, self.time = await self.opened(), VirtualTime()
        chance = Random(self.seed)
        for number, at in enumerate(self.city.calls(chance, self.contacts, self.begin, self.days)):
            self.time.live(Life(self, number).from_the_call_on(at))
        self.time.live(self._supervision())
        now, end = self.begin, self.begin + (self.days + 1) * DAY
        while now < end:
            now += STEP
            self.clock.forward((now - self.clock.at).total_seconds())
            if self.outage is not None and now == self.outage[1]:
                self.db = await self.opened()
            await self.time.passes(now)
            if self.outage is not None and now == self.outage[0]:
                await self.db.aclose()
            if not self.down(now):
                await self.fire(now)
                local = now.astimezone(SHANGHAI)
                if (local.hour, local.minute) in {(8, 0), (23, 30)}:
                    await self.look(now)
        await self.time.ends()

    async def _supervision(self) -> None:
        """督办: every morning the longest overdue."""
        for day in range(1, self.days + 1):
            at = self.begin + day * DAY + 9 * HOUR
            await self.time.until(at)
            for one in (await self.db.case_clocks.overdue(limit=20)).items:
                life = Life(self, 0, ticket_id=one.ticket_id, now=at)
                await life.case(CaseVerb.SUPERVISE, reason="overdue")
