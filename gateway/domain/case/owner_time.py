"""How long each unit has had a ticket, for which it answers alone, and how long something waited for the centre."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from gateway.domain.case.calendar import WorkCalendar
from gateway.domain.case.clock import CaseClock
from gateway.domain.case.policy import ClockKind
from gateway.domain.case.rules_in_force import CaseRules

_CENTRES = frozenset({ClockKind.DECIDE, ClockKind.REVIEW, ClockKind.APPROVE, ClockKind.ANSWER})
"""While one of these runs something waits for the centre; so it does while it is the centre that has to respond."""


def own_times(clocks: Iterable[CaseClock], until: datetime, rules: CaseRules) -> dict[str | None, timedelta]:
    """By the task_id of each unit's task, and (None) the centre's; in the time in which limits are counted, unpaused.

    A unit has it from dispatch until it replies or is out; not while the centre reviews its return. Several things may
    wait for the centre at once: that time counts once.
    """
    clocks = list(clocks)
    times: defaultdict[str | None, timedelta] = defaultdict(timedelta)
    waited = [(clock.owned_at, _end(clock, until)) for clock in clocks if _is_centres(clock)]
    if waited:
        times[None] = _together(waited)
    for clock in clocks:
        if clock.kind is ClockKind.REPLY:
            calendar = rules.calendar_of(clock)
            reviewed = sum(_reviews(clocks, clock, until, calendar), timedelta())
            times[clock.task_id] += clock.owner_time(until, calendar) - reviewed
    return dict(times)


def _is_centres(clock: CaseClock) -> bool:
    return clock.kind in _CENTRES or (clock.kind is ClockKind.RESPOND and clock.task_id is None)


def _together(spans: Iterable[tuple[datetime, datetime]]) -> timedelta:
    """How long at least one of ``spans`` (begin, end) lasts; one that ends before it begins lasts no time."""
    total, reached = timedelta(), datetime.min.replace(tzinfo=UTC)
    for begin, end in sorted(spans):
        begun = max(begin, reached)
        if end > begun:
            total += end - begun
            reached = end
    return total


def _reviews(
    clocks: Iterable[CaseClock], reply: CaseClock, until: datetime, calendar: WorkCalendar
) -> Iterator[timedelta]:
    for one in clocks:
        if one.kind is ClockKind.REVIEW and one.task_id == reply.task_id:
            yield calendar.between(max(one.started_at, reply.owned_at), min(_end(one, until), _end(reply, until)))


def _end(clock: CaseClock, until: datetime) -> datetime:
    return min(at for at in (clock.met_at, clock.stopped_at, until) if at is not None)
