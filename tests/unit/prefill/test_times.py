"""Spoken times become instants of the call's own calendar."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from gateway.prefill.extract.times import times

pytestmark = pytest.mark.unit

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=timezone(timedelta(hours=8)))


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("昨天晚上十一点有人砸门", "2026-02-28T15:00:00+00:00"),
        ("昨晚十二点还在施工", "2026-02-28T16:00:00+00:00"),
        ("今天早上八点半停水", "2026-03-01T00:30:00+00:00"),
        ("明天下午3点", "2026-03-02T07:00:00+00:00"),
        ("前天上午十点二十分", "2026-02-27T02:20:00+00:00"),
    ],
)
def test_times(text: str, instant: str) -> None:
    (guess,) = times(text, NOW)
    assert datetime.fromisoformat(guess.value).astimezone(UTC).isoformat() == instant


@pytest.mark.parametrize("text", ["", "现在就来", "昨天三十五点", "一点都不好"])
def test_no_times(text: str) -> None:
    assert times(text, NOW) == []
