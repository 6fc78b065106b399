"""The table of alarms against measures: what rings, what is degraded by it, what log, status and doctor say of it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from gateway.cli.doctor.alarms import alarms
from gateway.cli.doctor.machine import Machine
from gateway.cli.running import Process, Running
from gateway.cli.status_view import as_text, status
from gateway.settings import Settings
from gateway.telemetry.alarm_log import AlarmLog
from gateway.telemetry.alarms import ALARMS, BY_NAME, PROCESS_DOWN, Alarm, Ringing, ringing, told
from tests.support.command import ROOT

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


@pytest.mark.parametrize("alarm", BY_LEVEL, ids=lambda alarm: alarm.name)
def test_status_and_doctor_call_it_as_the_runbook_does(alarm: Alarm, tmp_path: Path) -> None:
    of = "x" if alarm.label else None
    answers = {"alarms": {"alarms": [[alarm.name, of, 1.0], ["of a later version", None, 1.0]]}}
    running = Running(processes=(Process(name="worker", pid=1, answers=answers),) * 2)
    settings = Settings(data_dir=tmp_path)
    [line] = alarms(Machine(settings=settings, config=None, problems=(), running=running))
    assert (line.name, line.status) == ("alarms", "warn")
    assert line.found == f"{alarm.name}{' (x)' if of else ''}: {alarm.zh} · {alarm.en}"
    assert f"docs/runbook.md#{alarm.name}" in line.advice
    shown = as_text(status(running, settings)).splitlines()
    name = f"{alarm.name}:x" if of else alarm.name
    assert shown.count(f"degraded / 异常: {name} ({alarm.zh} · {alarm.en})") == 1


def test_who_notices_an_alarm_logs_it_by_its_name() -> None:
    """A process that is gone cannot; that it died is what the log says, also when it was back before anybody asked."""
    source = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "gateway").rglob("*.py"))
    for alarm in ALARMS:
        if alarm.log is not None and alarm.name != PROCESS_DOWN:
            assert alarm.log == alarm.name
            assert re.search(rf'_log\.error\(\s*"{alarm.log}"', source), alarm.name


def test_doctor_names_only_alarms_that_there_are() -> None:
    for book in ("doctor.md", "doctor.zh-CN.md"):
        text = (ROOT / "docs" / book).read_text(encoding="utf-8")
        named = {
            name
            for row in re.findall(r"(?:alarms?|告警) ((?:`\w+`[、, ]*)+)", text)
            for name in re.findall(r"\w+", row)
        }
        assert len(named) > 8
        assert named <= set(BY_NAME)
