"""How long each unit has had a ticket: it answers for that time and for no other unit's."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from gateway.domain.case.calendar import WorkCalendar
from gateway.domain.case.clock import CaseClock
from gateway.domain.case.policy import ClockKind
from gateway.domain.case.rules_in_force import CaseRules

_CENTRES = frozenset({ClockKind.DECIDE, ClockKind.REVIEW, ClockKind.ANSWER})
"""While these run the centre has it."""


def own_times(clocks: Iterable[CaseClock], until: datetime, rules: CaseRules) -> dict[str | None, timedelta]:
    """By the task_id of each unit's task, and (None) the centre's; in the time in which limits are counted, unpaused.

    A unit has it from dispatch until it replies or is out; not while the centre reviews its return.
    """
    clocks = list(clocks)
    times: defaultdict[str | None, timedelta] = defaultdict(timedelta)
    for clock in clocks:
        calendar = rules.calendar_of(clock)
        if clock.kind is ClockKind.REPLY:
            reviewed = sum(_reviews(clocks, clock, until, calendar), timedelta())
            times[clock.task_id] += clock.owner_time(until, calendar) - reviewed
        elif clock.kind in _CENTRES:
            times[None] += clock.owner_time(until, calendar)
    return dict(times)


def _reviews(
    clocks: Iterable[CaseClock], reply: CaseClock, until: datetime, calendar: WorkCalendar
) -> Iterator[timedelta]:
    for one in clocks:
        if one.kind is ClockKind.REVIEW and one.task_id == reply.task_id:
            yield calendar.between(max(one.started_at, reply.owned_at), min(_end(one, until), _end(reply, until)))


def _end(clock: CaseClock, until: datetime) -> datetime:
    return min(at for at in (clock.met_at, clock.stopped_at, until) if at is not None)
