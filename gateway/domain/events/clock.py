"""Events of time limits (``handling.clocks``). ``changed`` tells what became of the clock.

``clock_kind``: respond, sign, reply, decide, review, approve, visit, judge, answer. ``unit`` None: the centre's.
``due``: when it came to pass by the clock's own reckoning, RFC 3339; ``at`` is when somebody looked.
"""

from __future__ import annotations

from gateway.domain.events.base import Audience, Event, event


@event("clock.started", zh="开始计时", en="Clock started")
class ClockStarted(Event):
    """It runs, until ``due_at``."""

    clock_id: str
    clock_kind: str
    task_id: str | None = None
    unit: str | None = None
    due: str
    due_at: str
    policy: int


@event("clock.warned", zh="临期提醒", en="Due soon", tells=Audience.OWNER)
class ClockWarned(Event):
    """临期提醒: it is due soon."""

    clock_id: str
    clock_kind: str
    task_id: str | None = None
    unit: str | None = None
    due: str


@event("clock.breached", zh="超时", en="Time limit passed", tells=Audience.OWNER)
class ClockBreached(Event):
    """超时: nobody did it in time. ``unit`` None: the centre's, also of what no unit had by then."""

    clock_id: str
    clock_kind: str
    task_id: str | None = None
    unit: str | None = None
    due: str


@event("clock.unbreached", zh="超时更正", en="In time after all")
class ClockUnbreached(Event):
    """It was done in time after all: a machine's time had run ahead."""

    clock_id: str
    clock_kind: str
    task_id: str | None = None
    unit: str | None = None
    due: str


@event("clock.escalated", zh="升级", en="Escalated", tells=Audience.STEP)
class ClockEscalated(Event):
    """升级: ``to`` is told (unit, parent, centre, supervision)."""

    clock_id: str
    clock_kind: str
    task_id: str | None = None
    unit: str | None = None
    due: str
    to: str


@event("clock.met", zh="时限事项完成", en="Time limit met")
class ClockMet(Event):
    """It was done."""

    clock_id: str
    clock_kind: str
    task_id: str | None = None
    unit: str | None = None
    due: str


@event("clock.paused", zh="暂停计时", en="Clock paused")
class ClockPaused(Event):
    """挂起: time does not count."""

    clock_id: str
    clock_kind: str
    task_id: str | None = None
    unit: str | None = None
    due: str


@event("clock.resumed", zh="恢复计时", en="Clock resumed")
class ClockResumed(Event):
    """恢复计时."""

    clock_id: str
    clock_kind: str
    task_id: str | None = None
    unit: str | None = None
    due: str


@event("clock.moved", zh="时限变更", en="Due at another time")
class ClockMoved(Event):
    """It is due at another time. ``why``: extended, resumed, corrected, calendar.

    Of the calendar it is told, too, when the due time stays and no holiday can move it any more.
    """

    clock_id: str
    clock_kind: str
    task_id: str | None = None
    unit: str | None = None
    due: str
    why: str
    due_at: str


@event("clock.stopped", zh="停止计时", en="Clock stopped")
class ClockStopped(Event):
    """Nobody has to do it any more."""

    clock_id: str
    clock_kind: str
    task_id: str | None = None
    unit: str | None = None
    due: str
