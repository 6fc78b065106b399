"""A command of a call survives the spool, whatever it holds."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.intake.call.spooled import KINDS, VERSION, OfCall, dumps, loads
from tests.support.any_of import any_of

pytestmark = pytest.mark.unit
COMMANDS = st.sampled_from(sorted(KINDS)).flatmap(lambda name: any_of(KINDS[name]))


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(COMMANDS)
def test_round_trip(command: OfCall) -> None:
    line = dumps(command)
    assert line.isascii()
    assert "\n" not in line
    assert loads(line) == command


@pytest.mark.parametrize(
    "line",
    [
        "",
        "{",
        "[]",
        "1",
        "null",
        '{"kind":"EndCall"',
        '{"kind":"Nope","version":1,"command":{}}',
        '{"kind":"EndCall","version":1,"command":{}}',
        '{"kind":"EndCall","version":1,"command":[]}',
        '{"class":"Nope","fields":{}}',
        '{"class":"Change"}',
        '{"class":"Change","fields":{"events":{"tuple":[]}}}',
        '{"time":"2026-01-01T00:00:00+00:00"}',
    ],
)
def test_a_torn_line_is_refused(line: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of whatever is wrong with it
        loads(line)


@given(COMMANDS, st.integers(VERSION + 1))
def test_a_later_version_is_not_misread(command: OfCall, version: int) -> None:
    told = json.loads(dumps(command)) | {"version": version}
    with pytest.raises(ValueError, match=str(version)):
        loads(json.dumps(told))
