"""Other people's clocks: what can be believed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from gateway.domain.said_at import plausible, said_at

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sent", "believed"),
    [
        (None, NOW),
        (NOW - timedelta(minutes=3), NOW - timedelta(minutes=3)),
        (NOW - timedelta(days=400), NOW - timedelta(days=400)),
        (NOW + timedelta(seconds=5), NOW),
        (datetime(1970, 1, 1, tzinfo=UTC), NOW),
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))), NOW),
        (datetime(9999, 12, 31, 23, tzinfo=timezone(-timedelta(hours=12))), NOW),
    ],
)
def test_a_providers_time_gives_way_to_the_arrival(sent: datetime | None, believed: datetime) -> None:
    assert said_at(sent, NOW) == believed


@pytest.mark.parametrize(
    ("said", "can_be"),
    [
        (NOW, True),
        (NOW + timedelta(hours=23), True),
        (NOW + timedelta(hours=25), False),
        (datetime(2000, 1, 1, tzinfo=UTC), True),
        (datetime(1999, 12, 31, tzinfo=UTC), False),
    ],
)
def test_what_is_plausible(said: datetime, can_be: bool) -> None:  # noqa: FBT001 - a table's column
    assert plausible(said, NOW) is can_be
