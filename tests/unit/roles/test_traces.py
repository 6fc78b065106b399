"""SIP traces leave with the recordings."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.roles import traces

pytestmark = pytest.mark.unit

FIRST_KEPT = date(2026, 10, 24)


def test_days_past_the_retention_go_and_nothing_else(tmp_path):
    for name in ("20261023", "20261024", "20261123", "notes"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "hotline.jsonl").write_text("{}\n", encoding="ascii")
    (tmp_path / "20200101").touch()
    assert traces.expire(tmp_path, FIRST_KEPT) == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["20200101", "20261024", "20261123", "notes"]


def test_the_oldest_go_when_all_together_are_too_much_but_never_today(tmp_path):
    for name in ("20261120", "20261121", "20261122", "20261123"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "hotline.jsonl").write_bytes(b"x" * 100)
    assert traces.expire(tmp_path, FIRST_KEPT, 250) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["20261122", "20261123"]
    assert traces.expire(tmp_path, FIRST_KEPT, 10) == 1
    assert traces.expire(tmp_path, FIRST_KEPT, 10) == 0


def test_a_folder_that_is_not_there_is_no_trouble(tmp_path):
    assert traces.expire(tmp_path / "none", FIRST_KEPT) == 0
