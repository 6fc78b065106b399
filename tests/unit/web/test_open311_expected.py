"""GeoReport's ``expected_datetime``: the day that a unit owes its reply, and no limit that is nobody's outside."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.web.open311.views import expected

pytestmark = pytest.mark.unit
EARLY, LATE = "2026-11-25T05:00:00.000Z", "2026-11-26T05:00:00.000Z"


def record(*units: dict[str, Any], status: str = "handling") -> dict[str, Any]:
    signing = {"kind": "sign", "due_at": "2026-11-23T05:00:00.000Z", "met_at": None, "stopped_at": None}
    return {"status": status, "handling": {"units": list(units), "clocks": [signing]}}


def task(due_at: str | None, status: str = "working", replied_at: str | None = None) -> dict[str, Any]:
    return {"due_at": due_at, "status": status, "replied_at": replied_at}


def test_the_first_unit_that_still_has_to_reply_says_when() -> None:
    assert expected(record(task(LATE), task(EARLY))) == EARLY


@pytest.mark.parametrize("over", [task(EARLY, "returned"), task(EARLY, "cancelled"), task(EARLY, "replied", EARLY)])
def test_whoever_gave_it_back_or_has_replied_owes_nothing(over: dict[str, Any]) -> None:
    assert expected(record(over, task(LATE))) == LATE
    assert expected(record(over)) is None


def test_nothing_is_expected_before_a_unit_has_it_nor_when_it_is_over() -> None:
    assert expected(record()) is None
    assert expected(record(task(EARLY), status="archived")) is None
