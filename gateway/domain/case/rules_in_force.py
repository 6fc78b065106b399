"""What decides about cases at one moment: versions of the city's policy and of its units' calendars. Immutable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from gateway.domain.case.calendar import WorkCalendar
from gateway.domain.case.clock import CaseClock
from gateway.domain.case.matters import Matters
from gateway.domain.case.policy import PLAN, WALL, CasePolicy, ClockKind, ClockTerms
from gateway.domain.form import Demand, Form

NO_MATTERS = Matters()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseRules:
    """Held in memory, and handed to whoever decides."""

    policy: CasePolicy = PLAN
    earlier: Mapping[int, CasePolicy] = field(default_factory=dict)
    """Other versions of the policy, by which clocks may still run."""
    calendars: Mapping[str, WorkCalendar] = field(default_factory=dict)
    """By unit; of others time counts around the clock."""
    matters: Matters = NO_MATTERS
    """What the taxonomy says: the one place that tells what is urgent by its matter."""

    def terms(self, kind: ClockKind, demand: Demand, unit: str | None) -> ClockTerms:
        """What a clock that begins now goes by."""
        return self._terms(self.policy, kind, demand, unit)

    def terms_of(self, clock: CaseClock, demand: Demand) -> ClockTerms:
        """What a running clock goes by: the policy under which it began, where that is known."""
        policy = self.earlier.get(clock.policy, self.policy)
        return self._terms(policy, clock.kind, demand, clock.unit)

    def calendar_of(self, clock: CaseClock) -> WorkCalendar:
        """On what a clock is counted."""
        return self.calendars.get(clock.calendar, WALL)

    def is_urgent(self, form: Form) -> bool:
        """速派即办: whether it is answered at once."""
        return self.matters.is_urgent(form)

    def _terms(self, policy: CasePolicy, kind: ClockKind, demand: Demand, unit: str | None) -> ClockTerms:
        own = self.calendars.get(unit or "", WALL)
        category = demand.category.code
        own_limit = self.matters.reply_limit(category, demand.type)
        return policy.terms(kind, own, category=category, demand_type=demand.type, own_limit=own_limit)


BY_PLAN = CaseRules()
"""Where nobody has imported anything."""
