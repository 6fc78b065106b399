from __future__ import annotations

import pytest
from prometheus_client import REGISTRY

from gateway.intake.channel_health import HealthBoard
from tests.contract.storage.changes import TestClock

pytestmark = pytest.mark.unit


def test_a_channel_that_normally_speaks_is_missed() -> None:
    clock = TestClock()
    board = HealthBoard(clock=clock, silent_after_s=600)
    for _ in range(30):
        clock.forward(10)
        board.inbound("h-busy")
    board.inbound("h-rare")
    clock.forward(599)
    board.look()
    assert not board.report("h-busy")["silent"]
    clock.forward(10)
    board.look()
    assert board.report("h-busy")["silent"]
    assert not board.report("h-rare")["silent"]
    assert REGISTRY.get_sample_value("gateway_channel_silent", {"channel_id": "h-busy"}) == 1
    board.inbound("h-busy")
    board.look()
    assert REGISTRY.get_sample_value("gateway_channel_silent", {"channel_id": "h-busy"}) == 0


def test_what_a_channel_says_of_itself() -> None:
    board = HealthBoard(clock=TestClock())
    health = board.of("h-wechat")
    health.token(ok=True)
    health.connected(up=False)
    health.refused("bad_signature")
    health.refused("something else 138")
    board.sent("h-wechat")
    board.failed("h-wechat", for_good=False)
    report = board.report("h-wechat")
    assert (report["token_ok"], report["connected"], report["error_rate"]) == (True, False, 0.5)
    assert report["refused"] == {"bad_signature": 1, "other": 1}
    assert report["last_outbound_at"] == "2026-11-23T04:00:00.000Z"
