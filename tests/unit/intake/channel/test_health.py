from __future__ import annotations

import pytest
from prometheus_client import REGISTRY

from gateway.errors import StoreUnavailable
from gateway.intake.channel.health import HealthBoard
from gateway.intake.channel.watch import ChannelWatch
from tests.support.clocks import SetClock

pytestmark = pytest.mark.unit


def test_a_channel_that_normally_speaks_is_missed() -> None:
    clock = SetClock()
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
    board = HealthBoard(clock=SetClock())
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


class States:
    """Values of all channels, which may be away."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, str], str] = {}
        self.away = False

    async def get(self, channel_id: str, key: str) -> str | None:
        if self.away:
            raise StoreUnavailable("away")
        return self.values.get((channel_id, key))

    async def put(self, channel_id: str, key: str, value: str) -> None:
        if self.away:
            raise StoreUnavailable("away")
        self.values[channel_id, key] = value

    async def put_new(self, channel_id: str, key: str, value: str) -> str:
        if self.away:
            raise StoreUnavailable("away")
        return self.values.setdefault((channel_id, key), value)


async def test_a_silence_goes_on_through_a_restart() -> None:
    """The telephone falls silent, and whoever restarts the gateway to mend it is still told."""
    clock, states = SetClock(), States()
    board = HealthBoard(clock=clock, silent_after_s=600)
    watch = ChannelWatch(board=board, states=states, channel_ids=lambda: ["h-12345"])
    await watch.keep()  # nothing was ever heard: nothing is kept
    assert not states.values
    for _ in range(30):
        clock.forward(10)
        board.inbound("h-12345")
    states.away = True
    await watch.keep()
    states.away = False
    await watch.keep()
    heard_at = board.report("h-12345")["last_inbound_at"]

    clock.forward(300)
    again = HealthBoard(clock=clock, silent_after_s=600)
    await ChannelWatch(board=again, states=states, channel_ids=lambda: ["h-12345"]).keep()
    assert again.report("h-12345")["last_inbound_at"] == heard_at
    assert not again.report("h-12345")["silent"]
    clock.forward(301)
    again.look()
    assert again.report("h-12345")["silent"]


async def test_what_another_process_heard_later_counts() -> None:
    clock, states = SetClock(), States()
    boards = [HealthBoard(clock=clock, silent_after_s=600) for _ in range(2)]
    watches = [ChannelWatch(board=board, states=states, channel_ids=lambda: ["h-shared"]) for board in boards]
    for _ in range(30):
        clock.forward(10)
        boards[0].inbound("h-shared")
    for watch in watches:
        await watch.keep()
    clock.forward(500)
    boards[1].inbound("h-shared")
    for watch in reversed(watches):
        await watch.keep()
    clock.forward(200)
    assert [board.report("h-shared")["silent"] for board in boards] == [False, False]


async def test_a_message_before_the_store_answered_forgets_nothing() -> None:
    clock, states = SetClock(), States()
    board = HealthBoard(clock=clock)
    for _ in range(30):
        clock.forward(10)
        board.inbound("h-early")
    await ChannelWatch(board=board, states=states, channel_ids=lambda: ["h-early"]).keep()
    clock.forward(60)
    again = HealthBoard(clock=clock)
    again.inbound("h-early")
    await ChannelWatch(board=again, states=states, channel_ids=lambda: ["h-early"]).keep()
    rhythm = again.rhythm("h-early")
    assert rhythm.heard_in_all == 31
    assert rhythm.last == clock.now()


async def test_what_is_unreadable_is_written_anew() -> None:
    clock, states = SetClock(), States()
    states.values["h-odd", "rhythm"] = "nonsense"
    board = HealthBoard(clock=clock)
    board.inbound("h-odd")
    await ChannelWatch(board=board, states=states, channel_ids=lambda: ["h-odd"]).keep()
    assert "heard_in_all" in states.values["h-odd", "rhythm"]
