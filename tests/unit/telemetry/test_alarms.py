"""The table of alarms against measures: what rings, what is degraded by it, what the log says."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from gateway.telemetry import metrics
from gateway.telemetry.alarm_log import AlarmLog
from gateway.telemetry.alarms import ALARMS, BY_NAME, Alarm, Ringing, ringing, told

pytestmark = pytest.mark.unit
BY_LEVEL = [alarm for alarm in ALARMS if alarm.above is not None or alarm.below is not None]


def family(alarm: Alarm, value: float, of: str = "x") -> dict[str, Any]:
    labels = {alarm.label: of} if alarm.label else {}
    return {"name": alarm.metric, "samples": [[alarm.metric, labels, value]]}


@given(st.sampled_from(BY_LEVEL), st.floats(-1e6, 1e6))
def test_it_rings_beyond_its_threshold_and_at_no_other_value(alarm: Alarm, value: float) -> None:
    high = alarm.above is not None and value > alarm.above
    low = alarm.below is not None and value < alarm.below
    own = [one for one in ringing([family(alarm, value)]) if one.name == alarm.name]
    assert own == ([Ringing(alarm.name, "x" if alarm.label else None, value)] if high or low else [])


def test_what_nobody_measured_alarms_nobody() -> None:
    assert ringing([]) == []
    assert ringing([{"name": alarm.metric, "samples": []} for alarm in ALARMS]) == []


def test_parts_are_named_once_and_each_alarm_once() -> None:
    silent, late = BY_NAME["channel_silent"], BY_NAME["outbox_late"]
    alarms = ringing([family(silent, 1, "sms"), family(late, 9999, "sms"), family(BY_NAME["part_down"], 0, "sql")])
    alarms += ringing([family(silent, 1, "sms"), family(BY_NAME["recogniser_unusable"], 0)])  # another process
    assert told(alarms) == {
        "degraded": ["channel:sms", "recogniser", "sql"],
        "alarms": [
            {"name": "channel_silent", "of": "sms", "value": 1},
            {"name": "outbox_late", "of": "sms", "value": 9999},
            {"name": "part_down", "of": "sql", "value": 0},
            {"name": "recogniser_unusable", "of": None, "value": 0},
        ],
    }


def test_the_log_tells_each_once_when_it_begins_and_once_when_it_is_over() -> None:
    log, late = AlarmLog(), Ringing("feed_late", "cases", 901.0)
    with capture_logs() as lines:
        for now in ([], [late], [late], [late, Ringing("recogniser_unusable", None, 0.0)], [late], []):
            log.now(now)
    assert [{key: value for key, value in line.items() if key != "component"} for line in lines] == [
        {"event": "feed_late", "log_level": "error", "feed": "cases", "value": 901.0},
        {"event": "recogniser_unusable", "log_level": "error", "value": 0.0},
        {"event": "alarm_over", "log_level": "info", "alarm": "recogniser_unusable"},
        {"event": "alarm_over", "log_level": "info", "alarm": "feed_late", "feed": "cases"},
    ]


def test_whatever_is_1_while_something_is_wrong_alarms() -> None:
    """A gauge that was made for an alarm, and that nobody listens to, is a false comfort."""
    assert metrics.CALLS, "the product's own metrics are registered"
    wrong = {
        family.name
        for family in REGISTRY.collect()
        if family.type == "gauge" and family.name.startswith("gateway_") and family.documentation.startswith("1 while")
    }
    assert {"gateway_attachment_alarm", "gateway_retention_clock_doubted"} <= wrong
    assert wrong <= {alarm.metric for alarm in ALARMS}
