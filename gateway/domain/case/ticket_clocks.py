"""The clocks of one ticket: what is done about its tasks starts, meets and stops them, and time alone fires them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any

from gateway.domain.case import clock_moves
from gateway.domain.case.clock import CaseClock, WhyMoved, start, timed, to_ms
from gateway.domain.case.clock_codes import clock_of, codes_of
from gateway.domain.case.clock_moves import ClockChange, ClockFact, Happened
from gateway.domain.case.policy import ClockKind, ClockTerms
from gateway.domain.case.rules_in_force import CaseRules
from gateway.domain.events import (
    ClockBreached,
    ClockEscalated,
    ClockMet,
    ClockMoved,
    ClockPaused,
    ClockResumed,
    ClockStarted,
    ClockStopped,
    ClockUnbreached,
    ClockWarned,
    Event,
)
from gateway.domain.form import TicketClock
from gateway.domain.form_items import changed
from gateway.domain.ids import rfc3339
from gateway.domain.ticket import Ticket
from gateway.errors import NotFound

_EVENTS: dict[ClockFact, type[Any]] = {
    ClockFact.WARNED: ClockWarned,
    ClockFact.BREACHED: ClockBreached,
    ClockFact.UNBREACHED: ClockUnbreached,
    ClockFact.ESCALATED: ClockEscalated,
    ClockFact.MET: ClockMet,
    ClockFact.PAUSED: ClockPaused,
    ClockFact.RESUMED: ClockResumed,
    ClockFact.MOVED: ClockMoved,
    ClockFact.STOPPED: ClockStopped,
}


class TicketClocks:
    """What happens to the clocks of ``ticket`` at one instant."""

    __slots__ = ("_actor", "_at", "_rules", "_ticket")

    def __init__(self, ticket: Ticket, at: datetime, actor: str, rules: CaseRules) -> None:
        """Nothing happens yet."""
        self._ticket, self._at, self._actor, self._rules = ticket, at, actor, rules

    def running(self, *kinds: ClockKind, task_id: str | None = None) -> Iterator[CaseClock]:
        """Those of ``kinds`` (none named: of all) that have not ended; of one task, or (None) of any and of none."""
        for item in list(self._ticket.form.handling.clocks):
            if item.met_at is None and item.stopped_at is None and task_id in {None, item.task_id}:
                clock = clock_shown(item)
                if not kinds or clock.kind in kinds:
                    yield clock

    def start(
        self, kind: ClockKind, *, task_id: str | None = None, unit: str | None = None, since: datetime | None = None
    ) -> None:
        """It runs from now on, or is counted from ``since``; whose it is has it from now on."""
        terms = self._rules.terms(kind, self._ticket.form.demand, unit)
        named = self._named(kind, task_id)
        begun = start(named, kind, since or self._at, terms, task_id=task_id, unit=unit)
        self.begin(timed(replace(begun, owned_at=max(begun.owned_at, to_ms(self._at))), terms))

    def hand_over(self, clock: CaseClock, *, task_id: str, unit: str) -> None:
        """Another unit takes over: its own clock goes on where this one stops."""
        ended, begun = clock_moves.hand_over(
            clock,
            self._at,
            self._terms(clock),
            clock_id=self._named(clock.kind, task_id),
            task_id=task_id,
            unit=unit,
            new=self._rules.terms(clock.kind, self._ticket.form.demand, unit),
        )
        self.become(clock, ended)
        self.begin(begun)

    def _named(self, kind: ClockKind, task_id: str | None) -> str:
        clock_id = f"{task_id or self._ticket.ticket_id}-{kind}"
        before = sum(one.clock_id.startswith(clock_id) for one in self._ticket.form.handling.clocks)
        return f"{clock_id}-{before + 1}" if before else clock_id

    def begin(self, clock: CaseClock) -> None:
        """``clock`` is one of the ticket's from now on; an erased one gets none: nobody could do what it waits for."""
        if self._ticket.erased_at is not None:
            return
        event = ClockStarted(**self._about(clock, clock.started_at), due_at=rfc3339(clock.due_at), policy=clock.policy)
        self._record(None, clock, event)

    def meet(self, clocks: Iterable[CaseClock], at: datetime | None = None) -> None:
        """What they wait for is done, or was at ``at``."""
        for clock in clocks:
            self.become(clock, clock_moves.meet(clock, at or self._at, self._terms(clock)))

    def stop(self, clocks: Iterable[CaseClock]) -> None:
        """They wait for nothing any more."""
        for clock in clocks:
            self.become(clock, clock_moves.stop(clock, self._at, self._terms(clock)))

    def pause(self, clocks: Iterable[CaseClock]) -> None:
        """Time does not count."""
        for clock in clocks:
            self.become(clock, clock_moves.pause(clock, self._at))

    def resume(self, clocks: Iterable[CaseClock]) -> None:
        """Time counts again."""
        for clock in clocks:
            self.become(clock, clock_moves.resume(clock, self._at, self._terms(clock)))

    def extend(self, clocks: Iterable[CaseClock], until: datetime) -> None:
        """``Conflict`` when one cannot be."""
        changes = [(clock, clock_moves.extend(clock, until, self._at, self._terms(clock))) for clock in clocks]
        for clock, change in changes:
            self.become(clock, change)

    def corrected(self) -> None:
        """The demand has become another: its limits are counted anew, by the policy of today."""
        for clock in self.running():
            terms = self._rules.terms(clock.kind, self._ticket.form.demand, clock.unit)
            self.become(clock, clock_moves.move(clock, self._at, terms, WhyMoved.CORRECTED))

    def count_anew(self, clock_id: str) -> ClockChange:
        """Public holidays that were not known when a clock was computed may be now: it keeps its length.

        Nothing happens to one that was sure. ``NotFound``.
        """
        clock = self._one(clock_id)
        if not clock.unsure:
            return ClockChange(clock)
        terms = self._terms(clock)
        terms = replace(terms, limit=replace(terms.limit, length=clock.length))
        change = clock_moves.move(clock, self._at, terms, WhyMoved.CALENDAR)
        self.become(clock, change)
        return change

    def fire(self, clock_id: str, next_at: datetime) -> ClockChange:
        """Somebody has found a clock due at ``next_at``; nothing happens when it is not any more. ``NotFound``."""
        clock = self._one(clock_id)
        change = clock_moves.fire(clock, next_at, self._at)
        self.become(clock, change)
        return change

    def _one(self, clock_id: str) -> CaseClock:
        item = next((one for one in self._ticket.form.handling.clocks if one.clock_id == clock_id), None)
        if item is None:
            raise NotFound(f"the ticket has no clock {clock_id}")
        return clock_shown(item)

    def become(self, before: CaseClock, change: ClockChange) -> None:
        """Record what has happened to one of them."""
        for nth, one in enumerate(change.happened):
            after = change.clock if nth == len(change.happened) - 1 else before
            self._record(before, after, self._event(change.clock, one))

    def _event(self, clock: CaseClock, one: Happened) -> Event:
        about = self._about(clock, one.at)
        if one.what is ClockFact.BREACHED:
            about["unit"] = clock.late_unit
        if one.to is not None:
            about["to"] = one.to.value
        if one.what is ClockFact.MOVED:
            about |= {"why": one.why.value if one.why is not None else "", "due_at": rfc3339(clock.due_at)}
        event: Event = _EVENTS[one.what](**about)
        return event

    def _record(self, before: CaseClock | None, after: CaseClock, event: Event) -> None:
        event.changed |= changed(None if before is None else _item(before), _item(after))
        if after.kind is ClockKind.REPLY:
            for task in self._ticket.form.handling.units:
                if task.task_id == after.task_id and task.due_at != (due := rfc3339(after.due_at)):
                    event.changed |= changed(task, replace(task, due_at=due))
        self._ticket.record(event)

    def _about(self, clock: CaseClock, due: datetime) -> dict[str, Any]:
        return {
            "at": self._at,
            "actor": self._actor,
            "clock_id": clock.clock_id,
            "clock_kind": clock.kind.value,
            "task_id": clock.task_id,
            "unit": clock.unit,
            "due": rfc3339(due),
        }

    def _terms(self, clock: CaseClock) -> ClockTerms:
        return self._rules.terms_of(clock, self._ticket.form.demand)


def clock_shown(item: TicketClock) -> CaseClock:
    """The clock that a document holds."""
    return clock_of({name: getattr(item, name) for name in TicketClock.__slots__})


def _item(clock: CaseClock) -> TicketClock:
    return TicketClock(**codes_of(clock))
