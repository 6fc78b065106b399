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
        ("前天下午三点", "2026-02-27T07:00:00+00:00"),
        ("凌晨两点多还在吵", "2026-02-28T18:00:00+00:00"),
        ("两个小时前", "2026-02-28T23:30:00+00:00"),
        ("半小时前", "2026-03-01T01:00:00+00:00"),
        ("刚才", "2026-03-01T01:30:00+00:00"),
        ("2026年2月20日下午三点", "2026-02-20T07:00:00+00:00"),
        ("2026-02-20 14:30", "2026-02-20T06:30:00+00:00"),
        ("last night at 11", "2026-02-28T15:00:00+00:00"),
        ("at 11 last night", "2026-02-28T15:00:00+00:00"),
        ("last night at 2", "2026-02-28T18:00:00+00:00"),
        ("yesterday at 3 pm", "2026-02-28T07:00:00+00:00"),
    ],
)
def test_times(text: str, instant: str) -> None:
    (guess,) = times(text, NOW)
    assert datetime.fromisoformat(guess.value).astimezone(UTC).isoformat() == instant


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("上周五晚上", "2026-02-20"),
        ("十一月二十号停水", "2025-11-20"),
        ("二月二十号", "2026-02-20"),
        ("去年十二月五号", "2025-12-05"),
        ("三天前", "2026-02-26"),
        ("昨天停水", "2026-02-28"),
    ],
)
def test_days(text: str, day: str) -> None:
    (guess,) = times(text, NOW)
    assert guess.value == day


def test_a_range_has_two_ends() -> None:
    assert [m.value for m in times("昨晚九点到十一点", NOW)] == [
        "2026-02-28T21:00:00+08:00",
        "2026-02-28T23:00:00+08:00",
    ]
    assert [m.value for m in times("昨晚十点到凌晨两点", NOW)] == [
        "2026-02-28T22:00:00+08:00",
        "2026-03-01T02:00:00+08:00",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "现在就来",
        "昨天三十五点",
        "一点都不好",
        "三天了",
        "等了三个小时",
        "每天晚上十一点",
        "二月三十号",
        "昨晚二十五点",
    ],
)
def test_no_times(text: str) -> None:
    assert times(text, NOW) == []
