"""A limit that runs for somebody: when it is due, when they are warned, when it is breached, who is told then.

Everything is computed from stored instants and goes by milliseconds, as the record does. What is done at ``due_at`` is
done in time; a millisecond later the clock is breached. What alters a clock: ``gateway.domain.case.clock_moves``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from gateway.domain.case.calendar import WorkCalendar
from gateway.domain.case.policy import BY_CALL, ClockKind, ClockTerms, EscalateTo
from gateway.domain.words import Term

TICK = timedelta(milliseconds=1)
NONE = timedelta(0)


class WhyMoved(Term):
    """Why a clock is due at another time than before."""

    EXTENDED = "extended", "延期", "Extended"
    RESUMED = "resumed", "恢复计时", "Went on after a pause"
    CORRECTED = "corrected", "诉求更正", "The demand was corrected"
    CALENDAR = "calendar", "日历更新", "The calendar was changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class EarlierDue:
    """A due time that a clock had until ``at``; ``breached_at``: it had been breached by then, which stays true."""

    due_at: datetime
    why: WhyMoved
    at: datetime
    breached_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """Who is told that nobody kept the limit, and when."""

    at: datetime
    to: EscalateTo


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseClock:
    """One clock. It has ended when it is met or stopped; until then it runs, or is paused."""

    clock_id: str
    kind: ClockKind
    task_id: str | None = None
    """None: of the ticket."""
    unit: str | None = None
    """Whose it is; None: the centre's."""
    policy: int
    calendar: str
    """Code of the calendar on which it is counted: ``wall``, or a unit's."""
    started_at: datetime
    """From when on the limit is counted."""
    owned_at: datetime
    """Since when it is this unit's: later, where the clock of the unit before went on."""
    length: timedelta
    extended: timedelta = NONE
    paused: timedelta = NONE
    """Counted time of the pauses that have ended."""
    inherited: timedelta = NONE
    """The part of it from before ``owned_at``."""
    due_at: datetime
    warn_at: datetime | None = None
    escalations: tuple[Escalation, ...] = ()
    warned_at: datetime | None = None
    breached_at: datetime | None = None
    escalated: int = 0
    """How many of ``escalations`` have been told."""
    paused_at: datetime | None = None
    met_at: datetime | None = None
    stopped_at: datetime | None = None
    earlier: tuple[EarlierDue, ...] = ()
    """Oldest first."""
    unsure: bool = False
    """It reaches beyond the public holidays that were known when it was computed."""

    @property
    def ended(self) -> bool:
        """Whether nothing more comes of it."""
        return self.met_at is not None or self.stopped_at is not None

    @property
    def on_the_books(self) -> bool:
        """挂账: whether its limit was not kept and what it waits for is still not done."""
        return self.breached_at is not None and not self.ended and self.kind not in BY_CALL

    @property
    def late_unit(self) -> str | None:
        """Whose a breach of it is; None, the centre's: also of a limit that had passed before the unit had it."""
        return self.unit if self.due_at > self.owned_at else None

    @property
    def next_at(self) -> datetime | None:
        """When something comes of it next, if nobody does anything; None: nothing does."""
        if self.ended or self.paused_at is not None:
            return None
        if self.breached_at is None:
            return self.due_at + TICK if self.warn_at is None or self.warned_at is not None else self.warn_at
        return self.escalations[self.escalated].at if self.escalated < len(self.escalations) else None

    def owner_time(self, until: datetime, calendar: WorkCalendar) -> timedelta:
        """How long, in counted time, its unit has had it up to ``until``; without its pauses."""
        ends = (until, self.met_at, self.stopped_at, self.paused_at)
        end = min(at for at in ends if at is not None)
        return max(calendar.between(self.owned_at, end) - (self.paused - self.inherited), NONE)


def start(
    clock_id: str,
    kind: ClockKind,
    at: datetime,
    terms: ClockTerms,
    *,
    task_id: str | None = None,
    unit: str | None = None,
) -> CaseClock:
    """A clock whose limit is counted from ``at`` on: registration for ``respond``, dispatch for ``sign``."""
    begun = to_ms(at)
    clock = CaseClock(
        clock_id=clock_id,
        kind=kind,
        task_id=task_id,
        unit=unit,
        policy=terms.policy,
        calendar=terms.calendar.code,
        started_at=begun,
        owned_at=begun,
        length=terms.limit.length,
        due_at=begun,
    )
    return timed(clock, terms)


def timed(clock: CaseClock, terms: ClockTerms) -> CaseClock:
    """``clock`` with the times that follow from its limit, its extensions and its pauses."""
    limit, calendar = terms.limit, terms.calendar
    due = to_ms(calendar.add(clock.started_at, clock.length + clock.extended + clock.paused))
    warn = to_ms(calendar.subtract(due, limit.warn_before)) if limit.warn_before is not None else None
    return replace(
        clock,
        due_at=due,
        warn_at=warn if warn is not None and warn > clock.owned_at else None,
        escalations=tuple(
            Escalation(at=max(to_ms(calendar.add(due, step.after)), due + TICK), to=step.to)
            for step in limit.escalation
        ),
        unsure=not calendar.knows(due),
    )


def to_ms(at: datetime) -> datetime:
    """``at`` in UTC, as the record keeps it."""
    return at.astimezone(UTC).replace(microsecond=at.microsecond // 1000 * 1000)
