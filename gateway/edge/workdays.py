"""``config/workdays.csv``: public holidays, and weekends worked instead (调休), as the State Council announces them.

A row for each such day: ``date`` (2026-10-01), ``kind`` (holiday or workday), names, and the notice that says so. One
notice is of a whole year, so a year of which the file has any day is known from its first day to its last.
"""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

from gateway.domain.case.calendar import PublicDays
from gateway.errors import ConfigError

WARN = timedelta(days=60)
"""So long before the last day that is known somebody is told to enter the next notice."""
_KINDS = ("holiday", "workday")


def read_workdays(path: Path, *, text: str | None = None) -> PublicDays:
    """The days in ``path``, or in the ``text`` that was imported from it; a missing file knows of none.

    ``ConfigError`` names every wrong row.
    """
    days: dict[date, str] = {}
    problems: list[str] = []
    for where, written, kind in _rows(path, text):
        day = _date(written)
        if day is None:
            problems.append(f"{where}: {written!r} is no date; write it as 2026-01-31")
        elif kind not in _KINDS:
            problems.append(f"{where}: kind is holiday or workday, not {kind!r}")
        elif day in days:
            problems.append(f"{where}: {written} is there twice")
        else:
            days[day] = kind
    if problems:
        raise ConfigError(problems)
    holidays, workdays = (frozenset(day for day, kind in days.items() if kind == which) for which in _KINDS)
    return PublicDays(holidays=holidays, workdays=workdays, years=frozenset(day.year for day in days))


def running_out(public: PublicDays, today: date) -> str | None:
    """What is to be told of a calendar that ends soon, or has ended; None when it does not."""
    last = public.last_day
    if last is None:
        return "workdays.csv knows no public holiday: clocks of working time take every Monday to Friday for a workday"
    if today < last - WARN:
        return None
    return (
        f"workdays.csv ends on {last}: beyond it clocks of working time go by the days of the week alone; "
        f"enter the State Council's notice for {last.year + 1} when it is published"
    )


def _rows(path: Path, text: str | None) -> list[tuple[str, str, str]]:
    """(place, date, kind) of each row."""
    if text is None:
        if not path.exists():
            return []
        try:
            text = path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError:
            raise ConfigError([f"{path}: is not UTF-8; save it as CSV UTF-8"]) from None
    rows = csv.DictReader(text.splitlines())
    if missing := {"date", "kind"} - set(rows.fieldnames or ()):
        raise ConfigError([f"{path}:1: has no column {', '.join(sorted(missing))}"])
    return [(f"{path}:{rows.line_num}", (row["date"] or "").strip(), (row["kind"] or "").strip()) for row in rows]


def _date(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found.isoformat() == text else None
