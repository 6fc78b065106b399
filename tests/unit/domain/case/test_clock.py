"""Clocks by the sentences of the plan, and by what users of other systems complained about."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.case.calendar import PublicDays, WorkCalendar
from gateway.domain.case.clock import TICK, CaseClock, WhyMoved, start
from gateway.domain.case.clock_codes import clock_of, codes_of
from gateway.domain.case.clock_moves import (
    ClockChange,
    ClockFact,
    Happened,
    extend,
    fire,
    hand_over,
    meet,
    move,
    pause,
    resume,
    stop,
)
from gateway.domain.case.policy import WALL, ClockKind, ClockTerms, EscalateTo, EscalationStep, Reckoning, TimeLimit
from gateway.domain.hours import parse_span
from gateway.domain.ids import rfc3339
from gateway.errors import Conflict

pytestmark = pytest.mark.unit

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
NATIONAL_DAY = PublicDays(holidays=frozenset({date(2026, 10, 1)}), years=frozenset({2026}))
OFFICE = WorkCalendar(
    code="M02",
    zone=SHANGHAI,
    spans=(parse_span("mon-fri 08:30-12:00"), parse_span("mon-fri 14:30-17:30")),
    public=NATIONAL_DAY,
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


def terms(length: timedelta, works: WorkCalendar = WALL, *, warn: timedelta | None = None, steps=()) -> ClockTerms:
    counted = Reckoning.WALL if works is WALL else Reckoning.WORK
    told = tuple(EscalationStep(after, to) for after, to in steps)
    limit = TimeLimit(length=length, counted=counted, warn_before=warn, escalation=told)
    return ClockTerms(limit=limit, calendar=works, policy=3)


CHAIN = ((timedelta(0), EscalateTo.UNIT), (HOUR, EscalateTo.CENTRE), (4 * HOUR, EscalateTo.SUPERVISION))
SIGN = terms(30 * MINUTE, warn=10 * MINUTE, steps=CHAIN)
DAY, TWO_DAYS = terms(24 * HOUR, warn=2 * HOUR, steps=CHAIN), terms(48 * HOUR, warn=2 * HOUR, steps=CHAIN)
WORKED = terms(8 * HOUR, OFFICE, warn=HOUR, steps=CHAIN)


def begun(text: str, by: ClockTerms, kind: ClockKind = ClockKind.REPLY) -> CaseClock:
    return start("c1", kind, at(text), by, task_id="t1", unit="M02")


def whats(outcome: ClockChange) -> list[ClockFact]:
    return [one.what for one in outcome.happened]


def found(clock: CaseClock, when: datetime) -> ClockChange:
    """A poll at ``when``."""
    return fire(clock, clock.next_at, when) if clock.next_at is not None else ClockChange(clock)


# The plan's sentences


def ever_breached(clock: CaseClock) -> bool:
    """Whether a limit of it was not kept, also one that it had before."""
    return any(one.breached_at is not None for one in (clock, *clock.earlier))


def handed_over(clock: CaseClock, when: datetime, by: ClockTerms, *, keep: bool) -> tuple[ClockChange, CaseClock]:
    """M07 takes over: its clock goes on where this one stops, or begins anew."""
    if keep:
        return hand_over(clock, when, by, clock_id="c2", task_id="t2", unit="M07", new=by)
    return stop(clock, when, by), start("c2", clock.kind, when, by, task_id="t2", unit="M07")


def test_dispatched_at_23_50_and_signed_at_00_19_is_in_time() -> None:
    clock = begun("2026-11-23 23:50", SIGN, ClockKind.SIGN)
    assert clock.due_at == at("2026-11-24 00:20")
    signed = meet(clock, at("2026-11-24 00:19"), SIGN)
    assert whats(signed) == [ClockFact.MET]
    assert not ever_breached(signed.clock)
    assert signed.clock.next_at is None


def test_at_00_20_00_000_it_is_met_and_at_00_20_00_001_breached() -> None:
    clock = begun("2026-11-23 23:50", SIGN, ClockKind.SIGN)
    in_time = meet(clock, at("2026-11-24 00:20:00.000"), SIGN)
    assert whats(in_time) == [ClockFact.MET]
    late = meet(clock, at("2026-11-24 00:20:00.001"), SIGN)
    assert whats(late) == [ClockFact.BREACHED, ClockFact.MET]
    assert late.clock.breached_at == at("2026-11-24 00:20:00.001")
    warned = found(clock, at("2026-11-24 00:20:00.000"))
    assert whats(warned) == [ClockFact.WARNED]
    assert whats(found(warned.clock, at("2026-11-24 00:20:00.001")))[0] is ClockFact.BREACHED


def test_a_fraction_of_a_millisecond_is_none() -> None:
    clock = begun("2026-11-23 23:50:00.000999", SIGN, ClockKind.SIGN)
    assert clock.due_at == at("2026-11-24 00:20")
    assert whats(meet(clock, at("2026-11-24 00:20:00.000999"), SIGN)) == [ClockFact.MET]


def test_unsigned_returned_reassigned_the_first_units_breach_stays() -> None:
    clock = begun("2026-11-23 09:00", SIGN, ClockKind.SIGN)
    first, second = hand_over(clock, at("2026-11-23 10:00"), SIGN, clock_id="c2", task_id="t2", unit="M07", new=SIGN)
    assert whats(first) == [ClockFact.BREACHED, ClockFact.STOPPED]
    assert first.clock.breached_at == at("2026-11-23 09:30:00.001")
    assert (second.unit, second.due_at) == ("M07", at("2026-11-23 10:30"))
    assert not ever_breached(second)


def test_a_type_that_is_corrected_after_20_hours_moves_the_due_time_and_the_old_one_is_kept() -> None:
    clock = begun("2026-11-23 09:00", DAY)
    moved = move(clock, at("2026-11-24 05:00"), TWO_DAYS, WhyMoved.CORRECTED)
    assert whats(moved) == [ClockFact.MOVED]
    assert moved.clock.due_at == at("2026-11-25 09:00")
    [earlier] = moved.clock.earlier
    assert (earlier.due_at, earlier.why, earlier.at) == (
        at("2026-11-24 09:00"),
        WhyMoved.CORRECTED,
        at("2026-11-24 05:00"),
    )
    assert moved.clock.warn_at == at("2026-11-25 07:00")


def test_a_correction_puts_nobody_in_breach_and_clears_nobody_of_one() -> None:
    long = begun("2026-11-23 09:00", TWO_DAYS)
    assert move(long, at("2026-11-24 12:00"), DAY, WhyMoved.CORRECTED) == ClockChange(long)
    short = begun("2026-11-23 09:00", DAY)
    moved = move(short, at("2026-11-24 12:00"), TWO_DAYS, WhyMoved.CORRECTED)
    assert whats(moved) == [ClockFact.BREACHED, ClockFact.MOVED]
    assert ever_breached(moved.clock)
    assert whats(meet(moved.clock, at("2026-11-25 08:00"), TWO_DAYS)) == [ClockFact.MET]
    assert whats(found(moved.clock, at("2026-11-25 09:30"))) == [
        ClockFact.WARNED,
        ClockFact.BREACHED,
        ClockFact.ESCALATED,
    ]


# Firing


def test_warned_breached_and_escalated_each_at_its_time() -> None:
    clock, told = begun("2026-11-23 09:00", SIGN), []
    while clock.next_at is not None:
        outcome = found(clock, clock.next_at)
        clock = outcome.clock
        told += outcome.happened
    assert (
        told
        == [
            Happened(what=ClockFact.WARNED, at=at("2026-11-23 09:20")),
            Happened(what=ClockFact.BREACHED, at=at("2026-11-23 09:30:00.001")),
            Happened(what=ClockFact.ESCALATED, at=at("2026-11-23 09:30:00.001"), to=EscalateTo.UNIT),
            Happened(what=ClockFact.ESCALATED, at=at("2026-11-23 10:30"), to=EscalateTo.CENTRE),
            Happened(what=ClockFact.ESCALATED, at=at("2026-11-23 13:30"), to=EscalateTo.SUPERVISION),
        ][: len(told)]
    )
    assert len(told) >= 4


def test_far_overdue_after_a_night_down_everything_is_told_once_and_in_order() -> None:
    clock = begun("2026-11-23 09:00", SIGN)
    outcome = found(clock, at("2026-11-24 09:00"))
    assert whats(outcome) == [ClockFact.WARNED, ClockFact.BREACHED, *[ClockFact.ESCALATED] * 3]
    assert [one.at for one in outcome.happened] == sorted(one.at for one in outcome.happened)
    assert outcome.clock.next_at is None
    assert outcome.clock.breached_at == clock.due_at + TICK, "the limit, not the moment somebody looked"


def test_a_firing_that_is_stale_or_early_is_dropped() -> None:
    clock = begun("2026-11-23 09:00", SIGN)
    warn_at = clock.next_at
    assert warn_at is not None
    assert fire(clock, warn_at, warn_at - TICK) == ClockChange(clock)
    fired = fire(clock, warn_at, warn_at)
    assert fire(fired.clock, warn_at, warn_at + MINUTE) == ClockChange(fired.clock), "three workers, one warning"
    met = meet(clock, at("2026-11-23 09:10"), SIGN).clock
    assert fire(met, warn_at, at("2026-11-24 09:00")) == ClockChange(met)


def test_a_clock_that_ran_ahead_breaches_nobody_who_was_in_time() -> None:
    clock = begun("2026-11-23 09:00", SIGN)
    ahead = found(clock, at("2026-11-24 09:00")).clock
    assert ahead.breached_at is not None
    put_right = meet(ahead, at("2026-11-23 09:25"), SIGN)
    assert whats(put_right) == [ClockFact.UNBREACHED, ClockFact.MET]
    assert not ever_breached(put_right.clock)


def test_a_pause_counts_also_after_a_clock_that_ran_ahead() -> None:
    ahead = found(begun("2026-11-23 09:00", SIGN), at("2026-11-24 09:00")).clock
    paused = pause(ahead, at("2026-11-23 09:20"))
    assert whats(paused) == [ClockFact.UNBREACHED, ClockFact.PAUSED]
    done = meet(resume(paused.clock, at("2026-11-23 12:00"), SIGN).clock, at("2026-11-23 12:10"), SIGN)
    assert whats(done) == [ClockFact.MET]
    again = extend(ahead, at("2026-11-23 10:00"), at("2026-11-23 09:20"), SIGN)
    assert whats(again) == [ClockFact.UNBREACHED, ClockFact.MOVED]
    assert not ever_breached(again.clock)


def test_a_clock_that_was_put_back_fires_later_and_nothing_twice() -> None:
    clock = begun("2026-11-23 09:00", SIGN)
    warned = found(clock, at("2026-11-23 09:20")).clock
    assert found(warned, at("2026-11-23 08:00")) == ClockChange(warned)
    assert whats(found(warned, at("2026-11-23 09:31")))[0] is ClockFact.BREACHED


def test_zammad_5177_a_shorter_clock_hides_no_other() -> None:
    sign, reply = begun("2026-11-23 09:00", SIGN, ClockKind.SIGN), begun("2026-11-23 09:00", DAY)
    breached = found(sign, at("2026-11-24 06:59")).clock
    assert breached.next_at is None
    assert reply.next_at == at("2026-11-24 07:00")


# Calendars


def test_glpi_pr_22678_the_warning_an_hour_before_lies_before_the_closing() -> None:
    clock = begun("2026-11-20 17:00", terms(HOUR, OFFICE, warn=HOUR - MINUTE))
    assert clock.due_at == at("2026-11-23 09:00")
    assert clock.warn_at == at("2026-11-20 17:01")


def test_escalation_counts_working_time_too() -> None:
    clock = begun("2026-11-20 16:30", terms(HOUR, OFFICE, steps=CHAIN))
    assert clock.due_at == at("2026-11-20 17:30")
    assert [one.at for one in clock.escalations] == [
        at("2026-11-20 17:30:00.001"),
        at("2026-11-23 09:30"),
        at("2026-11-23 15:00"),
    ]


def test_a_clock_that_reaches_beyond_the_known_holidays_says_so() -> None:
    assert begun("2026-12-31 16:00", WORKED).unsure
    assert not begun("2026-12-28 09:00", WORKED).unsure
    assert not begun("2026-12-31 16:00", TWO_DAYS).unsure


WITH_2027 = replace(OFFICE, public=PublicDays(holidays=frozenset({date(2027, 1, 1)}), years=frozenset({2026, 2027})))


def test_a_calendar_that_comes_late_moves_what_it_alters_and_makes_the_rest_sure() -> None:
    now = at("2026-12-30 10:00")
    moved = move(begun("2026-12-31 16:00", WORKED), now, replace(WORKED, calendar=WITH_2027), WhyMoved.CALENDAR)
    assert moved.clock.due_at > begun("2026-12-31 16:00", WORKED).due_at
    assert not moved.clock.unsure
    nothing = PublicDays(years=frozenset({2026, 2027}))
    same = replace(WORKED, calendar=replace(OFFICE, public=nothing))
    clock = begun("2026-12-31 16:00", WORKED)
    sure = move(clock, now, same, WhyMoved.CALENDAR)
    assert sure == ClockChange(
        replace(clock, unsure=False), (Happened(what=ClockFact.MOVED, at=now, why=WhyMoved.CALENDAR),)
    )
    assert move(sure.clock, now, same, WhyMoved.CALENDAR) == ClockChange(sure.clock)


@pytest.mark.parametrize(
    ("night", "due_utc"),
    [("2026-03-28", "2026-03-29 03:00"), ("2026-10-24", "2026-10-25 02:00")],  # clocks forward, clocks back
)
def test_where_clocks_are_put_forward_and_back_five_hours_of_a_night_shift_are_five_hours(
    night: str, due_utc: str
) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    shift = WorkCalendar(code="E02", zone=berlin, spans=(parse_span("mon-sun 22:00-06:00"),), public=NATIONAL_DAY)
    at_23 = datetime.fromisoformat(f"{night} 23:00").replace(tzinfo=berlin)
    for works in (shift, WALL):
        clock = start("c", ClockKind.REPLY, at_23, terms(5 * HOUR, works))
        assert clock.due_at - clock.started_at == 5 * HOUR
        assert clock.due_at == datetime.fromisoformat(due_utc).replace(tzinfo=UTC)


def test_zammad_2157_at_night_a_limit_ends_and_the_notice_waits_for_the_morning() -> None:
    clock = begun("2026-11-20 23:50", SIGN, ClockKind.SIGN)
    [warned, breached, *_] = found(clock, at("2026-11-21 00:30")).happened
    assert (warned.at, breached.at) == (at("2026-11-21 00:10"), at("2026-11-21 00:20:00.001"))
    assert OFFICE.opening(breached.at) == at("2026-11-23 08:30")


def test_osticket_6739_a_unit_without_hours_is_held_to_the_limit_all_the_same() -> None:
    clock = begun("2026-11-28 10:00", terms(HOUR, WorkCalendar(code="M99")))
    assert clock.due_at == at("2026-11-28 11:00")


# Pauses, extensions, other units


def test_glpi_10594_pr_14937_a_pause_from_friday_to_monday_costs_what_was_worked() -> None:
    clock = begun("2026-11-20 08:30", WORKED)  # 6.5 h a day: due on Monday at 10:00
    assert clock.due_at == at("2026-11-23 10:00")
    paused = pause(clock, at("2026-11-20 16:30")).clock
    gone_on = resume(paused, at("2026-11-23 08:30"), WORKED)
    assert gone_on.clock.due_at == at("2026-11-23 11:00")
    assert gone_on.clock.paused == HOUR
    assert gone_on.clock.earlier[0].why is WhyMoved.RESUMED
    overnight = resume(pause(clock, at("2026-11-20 18:00")).clock, at("2026-11-23 08:00"), WORKED)
    assert overnight.clock.due_at == clock.due_at
    assert overnight.clock.earlier == ()


def test_glpi_24481_nothing_is_breached_while_it_is_paused() -> None:
    clock = begun("2026-11-23 09:00", DAY)
    paused = pause(clock, at("2026-11-23 10:00")).clock
    assert paused.next_at is None
    assert fire(paused, clock.due_at + TICK, at("2026-12-24 09:00")) == ClockChange(paused)
    replied = meet(paused, at("2026-12-24 09:00"), DAY)
    assert whats(replied) == [ClockFact.RESUMED, ClockFact.MET]


def test_glpi_6902_a_limit_that_changes_while_it_is_paused_counts_without_the_pause() -> None:
    paused = pause(begun("2026-11-23 09:00", TWO_DAYS), at("2026-11-23 10:00")).clock
    moved = move(paused, at("2026-11-24 10:00"), DAY, WhyMoved.CORRECTED).clock
    assert moved.next_at is None
    gone_on = resume(moved, at("2026-11-25 10:00"), DAY).clock
    assert gone_on.due_at == at("2026-11-26 09:00")


def test_a_pause_after_the_breach_puts_off_the_next_step_and_not_the_breach() -> None:
    breached = found(begun("2026-11-23 09:00", SIGN), at("2026-11-23 09:31")).clock
    assert breached.next_at == at("2026-11-23 10:30")
    gone_on = resume(pause(breached, at("2026-11-23 10:00")).clock, at("2026-11-23 12:00"), SIGN).clock
    assert (gone_on.due_at, gone_on.breached_at) == (breached.due_at, breached.breached_at)
    assert gone_on.next_at == at("2026-11-23 12:30")


def test_an_extension_is_counted_in_the_units_time_and_asked_for_before_the_end() -> None:
    clock = begun("2026-11-20 08:30", WORKED)
    warned = found(clock, at("2026-11-23 09:00")).clock
    extended = extend(warned, at("2026-11-23 15:30"), at("2026-11-23 09:30"), WORKED)
    assert whats(extended) == [ClockFact.MOVED]
    assert extended.clock.due_at == at("2026-11-23 15:30")
    assert extended.clock.next_at == at("2026-11-23 14:30"), "warned of once more"
    with pytest.raises(Conflict, match="passed"):
        extend(clock, at("2026-11-24 10:00"), at("2026-11-23 10:00:00.001"), WORKED)
    with pytest.raises(Conflict, match="later"):
        extend(clock, clock.due_at, at("2026-11-23 09:00"), WORKED)
    by_night = extend(clock, at("2026-11-23 23:00"), at("2026-11-23 09:00"), WORKED).clock
    assert by_night.due_at == at("2026-11-23 17:30")
    with pytest.raises(Conflict, match="ended"):
        extend(
            stop(clock, at("2026-11-20 09:00"), WORKED).clock, at("2026-11-24 10:00"), at("2026-11-20 10:00"), WORKED
        )


@pytest.mark.parametrize(("keep", "due"), [(False, "2026-11-24 15:00"), (True, "2026-11-24 11:00")])
def test_another_unit_begins_anew_or_goes_on(keep: bool, due: str) -> None:  # noqa: FBT001 - a parameter
    clock = begun("2026-11-23 09:00", DAY)
    clock = resume(pause(clock, at("2026-11-23 11:00")).clock, at("2026-11-23 13:00"), DAY).clock
    _, second = handed_over(clock, at("2026-11-23 15:00"), DAY, keep=keep)
    assert second.due_at == at(due)


@pytest.mark.parametrize("keep", [True, False])
def test_glpi_1911_frappe_1895_each_unit_answers_for_the_time_it_had_it(keep: bool) -> None:  # noqa: FBT001 - likewise
    clock = begun("2026-11-20 08:30", WORKED)
    clock = resume(pause(clock, at("2026-11-20 09:30")).clock, at("2026-11-20 11:30"), WORKED).clock
    first, second = handed_over(clock, at("2026-11-20 15:00"), WORKED, keep=keep)
    later = at("2026-11-23 09:30")
    assert first.clock.owner_time(later, OFFICE) == 2 * HOUR
    assert second.owner_time(later, OFFICE) == 3 * HOUR + 30 * MINUTE
    waits = pause(second, at("2026-11-23 08:45")).clock
    assert waits.owner_time(later, OFFICE) == 2 * HOUR + 45 * MINUTE


# Properties

SECONDS = st.integers(0, 400_000)
STEPS = st.lists(st.tuples(st.sampled_from(["poll", "pause", "resume", "move", "extend"]), SECONDS), max_size=12)
BOTH = st.sampled_from([DAY, TWO_DAYS, WORKED, SIGN, terms(HOUR), terms(HOUR, OFFICE, steps=CHAIN)])
BEGIN = at("2026-11-20 15:00")


def told(by: ClockTerms, steps: list[tuple[str, int]]) -> tuple[CaseClock, list[Happened]]:
    """A clock after ``steps``, each at a second after its begin: also backwards, as clocks of machines go."""
    clock, happened = start("c", ClockKind.REPLY, BEGIN, by), []
    for step, second in steps:
        now = BEGIN + timedelta(seconds=second)
        match step:
            case "poll":
                outcome = found(clock, now)
            case "pause":
                outcome = pause(clock, now)
            case "resume":
                outcome = resume(clock, now, by)
            case "move":
                outcome = move(clock, now, by, WhyMoved.CALENDAR)
            case _:
                try:
                    outcome = extend(clock, now + HOUR, now, by)
                except Conflict:
                    continue
        clock = outcome.clock
        happened += outcome.happened
    return clock, happened


@given(BOTH, STEPS)
def test_nothing_is_told_twice(by: ClockTerms, steps: list[tuple[str, int]]) -> None:
    _, happened = told(by, steps)
    told_since: list[tuple[ClockFact, EscalateTo | None]] = []
    for one in happened:
        if one.what in {ClockFact.MOVED, ClockFact.UNBREACHED}:
            told_since.clear()
        elif one.what in {ClockFact.WARNED, ClockFact.BREACHED, ClockFact.ESCALATED}:
            assert (one.what, one.to) not in told_since
            told_since.append((one.what, one.to))


@given(BOTH, STEPS, SECONDS)
def test_who_is_late_is_in_breach_and_nobody_else(by: ClockTerms, steps: list[tuple[str, int]], second: int) -> None:
    clock, _ = told(by, steps)
    done = meet(clock, BEGIN + timedelta(seconds=second), by).clock
    assert done.met_at is not None
    assert (done.breached_at is not None) == (done.met_at > done.due_at)
    assert done.next_at is None
    assert meet(done, done.met_at + HOUR, by) == ClockChange(done)


@given(BOTH, st.lists(SECONDS, max_size=20).map(sorted))
def test_however_often_somebody_looks_the_same_is_told(by: ClockTerms, seconds: list[int]) -> None:
    clock = start("c", ClockKind.REPLY, BEGIN, by)
    _, in_steps = told(by, [("poll", second) for second in seconds])
    at_once = found(clock, BEGIN + timedelta(seconds=seconds[-1])) if seconds else ClockChange(clock)
    assert tuple(in_steps) == at_once.happened


@given(BOTH, SECONDS, SECONDS)
def test_a_pause_moves_the_due_time_by_what_would_have_been_worked(by: ClockTerms, one: int, two: int) -> None:
    clock = start("c", ClockKind.REPLY, BEGIN, by)
    begin, end = sorted(BEGIN + timedelta(seconds=second) for second in (one, two))
    paused = pause(clock, begin)
    gone_on = resume(paused.clock, end, by).clock
    works = by.calendar
    if paused.clock.breached_at is None:
        assert works.between(BEGIN, gone_on.due_at) == by.limit.length + works.between(begin, end)
    else:
        assert gone_on.due_at == clock.due_at
    everything = works.between(BEGIN, end)
    assert gone_on.owner_time(end, works) + works.between(begin, end) == everything


@given(BOTH, STEPS)
def test_a_document_holds_a_clock_whole(by: ClockTerms, steps: list[tuple[str, int]]) -> None:
    clock, _ = told(by, steps)
    codes = codes_of(clock)
    assert clock_of(json.loads(json.dumps(codes))) == clock
    assert codes["next_at"] == (None if clock.next_at is None else rfc3339(clock.next_at))
    assert all(code is None or type(code) in {str, int, bool, list} for code in codes.values())


@given(BOTH, STEPS)
def test_a_clock_that_runs_always_ends_in_a_breach(by: ClockTerms, steps: list[tuple[str, int]]) -> None:
    clock, _ = told(by, steps)
    clock = resume(clock, BEGIN + timedelta(days=30), by).clock
    over = found(clock, BEGIN + timedelta(days=90)).clock
    assert over.breached_at == over.due_at + TICK
    assert over.next_at is None
