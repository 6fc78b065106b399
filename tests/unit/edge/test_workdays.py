"""The table of public holidays: as announced, strict, and warning before it ends."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from gateway.domain.case.calendar import PublicDays, WorkCalendar
from gateway.domain.hours import parse_span
from gateway.edge.workdays import read_workdays, running_out
from gateway.errors import ConfigError
from gateway.settings.sections import INSTALLATION

pytestmark = pytest.mark.unit

SHIPPED = INSTALLATION / "config" / "workdays.csv"


def table(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "workdays.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_the_shipped_table_is_the_notice_of_the_state_council_for_2026() -> None:
    public = read_workdays(SHIPPED)
    assert (len(public.holidays), len(public.workdays), public.years) == (33, 6, {2026})
    spans = [(date(2026, 1, 1), 3), (date(2026, 2, 15), 9), (date(2026, 4, 4), 3), (date(2026, 5, 1), 5)]
    spans += [(date(2026, 6, 19), 3), (date(2026, 9, 25), 3), (date(2026, 10, 1), 7)]
    assert public.holidays == {first + timedelta(days=n) for first, days in spans for n in range(days)}
    made_up = [(1, 4), (2, 14), (2, 28), (5, 9), (9, 20), (10, 10)]
    assert public.workdays == {date(2026, month, day) for month, day in made_up}
    assert all(day.weekday() >= 5 for day in public.workdays)


def test_the_shipped_table_names_the_source_of_every_row() -> None:
    rows = SHIPPED.read_text(encoding="utf-8").splitlines()[1:]
    assert all("国务院办公厅关于2026年" in row for row in rows)


def test_every_mistake_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    rows = "date,kind\n2026-01-01,holiday\n2026/1/2,holiday\n20260103,holiday\n2026-01-04,work\n2026-01-01,workday\n"
    path = table(tmp_path, rows)
    with pytest.raises(ConfigError) as told:
        read_workdays(path)
    assert told.value.problems == [
        f"{path}:3: '2026/1/2' is no date; write it as 2026-01-31",
        f"{path}:4: '20260103' is no date; write it as 2026-01-31",
        f"{path}:5: kind is holiday or workday, not 'work'",
        f"{path}:6: 2026-01-01 is there twice",
    ]


def test_a_table_of_a_spreadsheet_is_read_and_another_code_page_refused(tmp_path: Path) -> None:
    rows = "date,kind,name_zh\n2026-01-01,holiday,元旦\n"
    assert read_workdays(table(tmp_path, rows, "utf-8-sig")).holidays == {date(2026, 1, 1)}
    assert read_workdays(tmp_path / "imported.csv", text=rows).holidays == {date(2026, 1, 1)}
    with pytest.raises(ConfigError, match="UTF-8"):
        read_workdays(table(tmp_path, rows, "gbk"))
    with pytest.raises(ConfigError, match="no column kind"):
        read_workdays(table(tmp_path, "date\n2026-01-01\n"))


def test_a_missing_table_knows_of_no_holiday(tmp_path: Path) -> None:
    public = read_workdays(tmp_path / "none.csv")
    assert public == PublicDays()
    works = WorkCalendar(code="u", spans=(parse_span("mon-fri 08:00-17:00"),), public=public)
    assert not works.knows(datetime(2026, 10, 1, 4, tzinfo=UTC))


@pytest.mark.parametrize(
    ("today", "told"),
    [("2026-10-31", False), ("2026-11-01", True), ("2026-12-31", True), ("2027-02-01", True)],
)
def test_sixty_days_before_the_end_somebody_is_told(today: str, *, told: bool) -> None:
    warning = running_out(PublicDays(years=frozenset({2025, 2026})), date.fromisoformat(today))
    assert (warning is not None) is told
    if warning:
        assert "2026-12-31" in warning
        assert "notice for 2027" in warning
    assert running_out(PublicDays(), date.fromisoformat(today))
