"""What happens to a clock. Each function gives the clock as it is then, and what has happened, in order.

None reads the time: ``at`` says when it is done. Doing twice what can be done once changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from gateway.domain.case.clock import TICK, CaseClock, EarlierDue, Escalation, WhyMoved, start, timed, to_ms
from gateway.domain.case.policy import ClockTerms, EscalateTo
from gateway.domain.words import Term
from gateway.errors import Conflict


class ClockFact(Term):
    """What happens to a clock."""

    WARNED = "warned", "临期提醒", "Warned"
    BREACHED = "breached", "超时", "Breached"
    UNBREACHED = "unbreached", "超时更正", "Not breached after all"
    ESCALATED = "escalated", "升级", "Escalated"
    MET = "met", "完成", "Met"
    PAUSED = "paused", "挂起", "Paused"
    RESUMED = "resumed", "恢复计时", "Resumed"
    MOVED = "moved", "时限变更", "Due at another time"
    STOPPED = "stopped", "终止", "Stopped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """One thing that happened: ``at`` is when it was due to, not when somebody looked."""

    what: ClockFact
    at: datetime
    to: EscalateTo | None = None
    why: WhyMoved | None = None


@dataclass(frozen=True, slots=True)
class ClockChange:
    """A clock as it is now, and what has happened to it; nothing, when it is as it was."""

    clock: CaseClock
    happened: tuple[Happened, ...] = ()


def fire(clock: CaseClock, next_at: datetime, at: datetime) -> ClockChange:
    """At ``at`` somebody has found ``clock`` due at ``next_at``.

    Nothing happens when it is due at another time by now, or not yet. Otherwise everything that was due until ``at``
    happens, once and in order.
    """
    if clock.next_at != next_at or at < next_at:
        return ClockChange(clock)
    happened = []
    while (due := clock.next_at) is not None and due <= at:
        clock, told = _next(clock, due)
        happened.append(told)
    return ClockChange(clock, tuple(happened))


def meet(clock: CaseClock, at: datetime, terms: ClockTerms) -> ClockChange:
    """What it waits for is done."""
    return _end(clock, to_ms(at), terms, ClockFact.MET)


def stop(clock: CaseClock, at: datetime, terms: ClockTerms) -> ClockChange:
    """It waits for nothing any more: the unit has lost the task, or the ticket is withdrawn. A breach stays one."""
    return _end(clock, to_ms(at), terms, ClockFact.STOPPED)


def pause(clock: CaseClock, at: datetime) -> ClockChange:
    """挂起: time does not count from now on. ``Conflict`` when it has ended."""
    _check_runs(clock)
    if clock.paused_at is not None:
        return ClockChange(clock)
    now = to_ms(at)
    known = _settled(clock, now)
    return _and(known, replace(known.clock, paused_at=now), ClockFact.PAUSED, now)


def resume(clock: CaseClock, at: datetime, terms: ClockTerms) -> ClockChange:
    """It goes on with the counted time that was left. Of a breached one only what follows the breach waits longer."""
    began = clock.paused_at
    if began is None:
        return ClockChange(clock)
    now, calendar = max(to_ms(at), began), terms.calendar
    gone_on = replace(clock, paused_at=None, paused=clock.paused + calendar.between(began, now))
    if clock.breached_at is None:
        gone_on = _with_earlier(clock, timed(gone_on, terms), WhyMoved.RESUMED, now)
    else:
        later = tuple(
            Escalation(at=to_ms(calendar.add(now, calendar.between(began, one.at))), to=one.to)
            for one in clock.escalations[clock.escalated :]
        )
        gone_on = replace(gone_on, escalations=clock.escalations[: clock.escalated] + later)
    return ClockChange(gone_on, (Happened(what=ClockFact.RESUMED, at=now),))


def extend(clock: CaseClock, until: datetime, at: datetime, terms: ClockTerms) -> ClockChange:
    """延期 to ``until``; outside of working time that is the end of work before it.

    ``Conflict`` when the clock has ended, when its limit has passed already, and when no time is won by it.
    """
    _check_runs(clock)
    now = to_ms(at)
    known = _settled(clock, now)
    if known.clock.breached_at is not None:
        raise Conflict("the time limit has passed: it cannot be extended any more")
    more = terms.calendar.between(clock.due_at, to_ms(until))
    if not more:
        raise Conflict("the extension ends no later than the time limit; name a later time")
    return _moved(known, timed(replace(known.clock, extended=clock.extended + more), terms), WhyMoved.EXTENDED, now)


def move(clock: CaseClock, at: datetime, terms: ClockTerms, why: WhyMoved) -> ClockChange:
    """It goes by other ``terms`` from its start on: another type or category of the demand, other public holidays.

    Nobody is too late by that alone: where the new limit has passed already the one that it had stays. It is told, too,
    when a due time that stays has become sure: no holiday that nobody knew of can move it any more.
    """
    now = to_ms(at)
    if clock.ended:
        return ClockChange(clock)
    known = _settled(clock, now)
    anew = replace(known.clock, length=terms.limit.length, policy=terms.policy, calendar=terms.calendar.code)
    anew = timed(anew, terms)
    if anew.due_at != clock.due_at and anew.due_at > (clock.paused_at or now):
        return _moved(known, anew, why, now)
    unsure = not terms.calendar.knows(clock.due_at)
    if unsure == clock.unsure:
        return known
    told = Happened(what=ClockFact.MOVED, at=now, why=why)
    return ClockChange(replace(known.clock, unsure=unsure), (*known.happened, told))


def hand_over(
    clock: CaseClock,
    at: datetime,
    terms: ClockTerms,
    *,
    clock_id: str,
    task_id: str,
    unit: str,
    new: ClockTerms,
) -> tuple[ClockChange, CaseClock]:
    """改派: the clock of the unit that had it, stopped, and that of the ``unit`` that takes over.

    Its limit goes on from where the other one's began, unless that has passed: nobody inherits a breach.
    """
    ended = stop(clock, at, terms)
    begun = start(clock_id, clock.kind, at, new, task_id=task_id, unit=unit)
    if clock.ended or ended.clock.breached_at is not None:
        return ended, begun
    old = ended.clock
    went_on = replace(begun, started_at=old.started_at, extended=old.extended, paused=old.paused, inherited=old.paused)
    went_on = timed(went_on, new)
    return ended, went_on if went_on.due_at > begun.started_at else begun


def _next(clock: CaseClock, due: datetime) -> tuple[CaseClock, Happened]:
    """The next thing that comes of it by itself."""
    if clock.breached_at is not None:
        step = clock.escalations[clock.escalated]
        return replace(clock, escalated=clock.escalated + 1), Happened(what=ClockFact.ESCALATED, at=due, to=step.to)
    if due > clock.due_at:
        return replace(clock, breached_at=due), Happened(what=ClockFact.BREACHED, at=due)
    return replace(clock, warned_at=due), Happened(what=ClockFact.WARNED, at=due)


def _settled(clock: CaseClock, now: datetime) -> ClockChange:
    """``clock`` as it stands at ``now``.

    A breach that no poll has told yet is told; one told by a process whose time ran ahead of ``now`` is taken back.
    """
    known, due = ClockChange(clock), clock.due_at + TICK
    if clock.breached_at is not None and now < clock.breached_at:
        return _and(known, replace(clock, breached_at=None, escalated=0), ClockFact.UNBREACHED, now)
    if clock.breached_at is None and clock.paused_at is None and now >= due:
        return _and(known, replace(clock, breached_at=due), ClockFact.BREACHED, due)
    return known


def _end(clock: CaseClock, now: datetime, terms: ClockTerms, how: ClockFact) -> ClockChange:
    if clock.ended:
        return ClockChange(clock)
    gone_on = resume(clock, now, terms)
    known = _settled(gone_on.clock, now)
    known = ClockChange(known.clock, gone_on.happened + known.happened)
    ended = replace(known.clock, met_at=now) if how is ClockFact.MET else replace(known.clock, stopped_at=now)
    return _and(known, ended, how, now)


def _moved(before: ClockChange, after: CaseClock, why: WhyMoved, now: datetime) -> ClockChange:
    """Due at another time: it warns, breaches and escalates anew."""
    after = _with_earlier(before.clock, after, why, now)
    again = after.warn_at is not None and after.warn_at > now
    after = replace(after, breached_at=None, escalated=0, warned_at=None if again else after.warned_at)
    return ClockChange(after, (*before.happened, Happened(what=ClockFact.MOVED, at=now, why=why)))


def _with_earlier(before: CaseClock, after: CaseClock, why: WhyMoved, now: datetime) -> CaseClock:
    if before.due_at == after.due_at:
        return after
    earlier = EarlierDue(due_at=before.due_at, why=why, at=now, breached_at=before.breached_at)
    return replace(after, earlier=(*before.earlier, earlier))


def _and(before: ClockChange, clock: CaseClock, what: ClockFact, at: datetime) -> ClockChange:
    return ClockChange(clock, (*before.happened, Happened(what=what, at=at)))


def _check_runs(clock: CaseClock) -> None:
    if clock.ended:
        raise Conflict("the clock has ended")
