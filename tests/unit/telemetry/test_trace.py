"""The one id of a contact's way."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.telemetry import log, trace

pytestmark = pytest.mark.unit
HEX = "0123456789abcdef"


def test_fresh_ids_are_w3c_s_and_lie_in_order_of_time() -> None:
    ids = [trace.new() for _ in range(100)]
    assert len(set(ids)) == 100
    assert all(trace.is_id(one) for one in ids)
    assert [one[:12] for one in ids] == sorted(one[:12] for one in ids)


@given(st.text(HEX, min_size=32, max_size=32), st.text(HEX, min_size=16, max_size=16))
def test_a_header_is_taken_over_when_it_is_w3c_s_and_sent_on_as_such(trace_id: str, parent: str) -> None:
    with trace.scope() as own:
        trace.take_over(f"00-{trace_id}-{parent}-01")
        valid = set(trace_id) != {"0"} and set(parent) != {"0"}
        assert trace.current() == (trace_id if valid else own)
        again = trace.traceparent(trace.current() or "")
        with trace.scope():
            trace.take_over(again)
            assert trace.current() == again[3:35]


@given(st.text() | st.none())
def test_anything_else_changes_nothing(header: str | None) -> None:
    with trace.scope() as own:
        trace.take_over(header)
        assert trace.current() == own


async def test_a_task_keeps_it_and_one_that_outlives_the_contact_has_none() -> None:
    async def which() -> str | None:
        return trace.current()

    with trace.scope() as own:
        inside = asyncio.create_task(which())
        beside = asyncio.create_task(which(), context=trace.outside())
    assert await inside == own
    assert await beside is None
    assert trace.current() is None


def test_a_call_s_id_follows_from_its_external_id() -> None:
    assert trace.of("abc@sbc;tag") == trace.of("abc@sbc;tag") != trace.of("abd@sbc;tag")
    assert trace.is_id(trace.of("abc@sbc;tag"))


def test_every_line_within_carries_it(capsys: pytest.CaptureFixture[str]) -> None:
    with trace.scope() as own:
        log.get("test").info("within")
    log.get("test").info("without")
    within, without = capsys.readouterr().err.splitlines()
    assert f"trace={own}" in within
    assert "trace=" not in without
