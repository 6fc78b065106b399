"""Deleting by the names of day folders: what goes, what stays, and how little is looked at."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from gateway.media import day_folders
from gateway.media.day_folders import delete_before

pytestmark = pytest.mark.unit


def put(root: Path, location: str) -> None:
    (root / location).parent.mkdir(parents=True, exist_ok=True)
    (root / location).touch()


def there(root: Path) -> set[str]:
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


@given(kept=st.dates(), others=st.lists(st.dates(), max_size=12), keep=st.sets(st.integers(0, 11)))
def test_exactly_what_is_older_goes(tmp_path_factory, kept, others, keep):
    root = tmp_path_factory.mktemp("days")
    days = [*others, kept, *([kept - timedelta(days=1)] if kept > date.min else [])]
    locations = [f"{day.isoformat().replace('-', '/')}/{n}.wav" for n, day in enumerate(days)]
    for location in locations:
        put(root, location)
    live = frozenset(locations[n] for n in keep if n < len(locations))
    old = {place for day, place in zip(days, locations, strict=True) if day < kept and place not in live}
    deleted = delete_before(root, kept, keep=live)
    assert set(deleted) == old
    assert len(deleted) == len(old)
    assert [place[:10] for place in deleted] == sorted(place[:10] for place in deleted)
    assert there(root) == set(locations) - old
    assert {path for path in root.rglob("*") if path.is_dir()} == {
        above for path in root.rglob("*") if path.is_file() for above in path.parents if above.is_relative_to(root)
    } - {root}


def test_what_is_no_day_stays(tmp_path):
    for location in ("aa/aa0", "2020/01/notes/a", "2020/1/01/a", "notes.txt", "20x0/01/01/a", "２０２０/01/01/a"):
        put(tmp_path, location)
    (tmp_path / "2020/01/01/folder").mkdir(parents=True)
    before = there(tmp_path)
    assert delete_before(tmp_path, date(2026, 1, 1)) == []
    assert there(tmp_path) == before
    assert (tmp_path / "2020/01/01/folder").is_dir()


def test_it_costs_what_goes_and_not_what_is_kept(tmp_path, monkeypatch):
    """Two years of days with files: three listings when nothing goes, one more for each day and month that do."""
    today = date(2026, 11, 29)
    for back in range(730):
        for n in range(3):
            put(tmp_path, f"{(today - timedelta(days=back)).isoformat().replace('-', '/')}/{n}.wav")
    listed: list[str] = []

    def counting(folder: Path) -> object:
        listed.append(Path(folder).relative_to(tmp_path).as_posix())
        return os_scandir(folder)

    os_scandir = os.scandir
    monkeypatch.setattr(day_folders.os, "scandir", counting)
    first = today - timedelta(days=729)
    assert delete_before(tmp_path, first) == []
    assert listed == [".", "2024", "2024/11"]
    listed.clear()
    assert len(delete_before(tmp_path, first + timedelta(days=1))) == 3
    assert listed == [".", "2024", "2024/11", "2024/11/30", "2024/12"]


def test_a_file_that_cannot_be_deleted_keeps_no_other(tmp_path, monkeypatch):
    for n in range(3):
        put(tmp_path, f"2020/01/01/{n}.wav")
    unlink = Path.unlink

    def refusing(path: Path, **options: bool) -> None:
        if path.name == "1.wav":
            raise PermissionError(path)
        unlink(path, **options)

    monkeypatch.setattr(Path, "unlink", refusing)
    assert delete_before(tmp_path, date(2026, 1, 1)) == ["2020/01/01/0.wav", "2020/01/01/2.wav"]
    assert there(tmp_path) == {"2020/01/01/1.wav"}


def test_no_folder_no_trouble(tmp_path):
    assert delete_before(tmp_path / "none", date(2026, 1, 1)) == []


@pytest.mark.parametrize("unreadable", ["2020/01", "2020/01/02"])
def test_a_folder_that_cannot_be_listed_keeps_no_other(tmp_path, monkeypatch, unreadable):
    """Of another user, or of a disk with a fault: what is past goes everywhere else, each time."""
    for day in ("2020/01/02", "2020/02/01", "2021/01/01"):
        put(tmp_path, f"{day}/a.wav")
    os_scandir = os.scandir

    def refusing(folder: Path) -> object:
        if Path(folder) == tmp_path / unreadable:
            raise PermissionError(13, "Permission denied", str(folder))
        return os_scandir(folder)

    monkeypatch.setattr(day_folders.os, "scandir", refusing)
    with capture_logs() as lines:
        assert delete_before(tmp_path, date(2026, 1, 1)) == ["2020/02/01/a.wav", "2021/01/01/a.wav"]
    assert [(line["event"], line["folder"]) for line in lines] == [("folder_not_listed", str(tmp_path / unreadable))]
