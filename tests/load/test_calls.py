"""A hundred calls a second against a whole gateway: every one answered, one ticket each, nothing left behind."""

from __future__ import annotations

import asyncio
import re
from collections import Counter

import pytest

from tests.peers.sipp import sipp
from tests.support.ports import free_port_range
from tests.support.running import RunningGateway
from tests.support.waiting import until

pytestmark = pytest.mark.load

SECONDS, RATE = 10, 100
SLACK = 4
"""Descriptors and tasks that a pool or an idle connection may keep."""


def gauges(house: RunningGateway) -> dict[str, float]:
    """What has to come back, over all labels."""
    found: Counter[str] = Counter()
    for sample, value in house.metrics().items():
        name = re.sub(r"\{.*", "", sample)
        if name in {"gateway_calls_active", "gateway_rtp_ports_in_use", "gateway_tasks", "process_open_fds"}:
            found[name] += value
    return dict(found)


async def settled(house: RunningGateway, *, tasks: float, descriptors: float) -> None:
    """Wait until no call is left and the gauges are back."""

    async def back() -> bool:
        now = await asyncio.to_thread(gauges, house)
        return (
            now["gateway_calls_active"] == now["gateway_rtp_ports_in_use"] == 0
            and now["gateway_tasks"] <= tasks
            and now["process_open_fds"] <= descriptors
        )

    await until(back, f"back at {tasks} tasks and {descriptors} descriptors: {gauges(house)}", within_s=60)


async def test_a_hundred_calls_a_second_lose_nothing_and_leave_nothing(tmp_path):
    (tmp_path / "caller.alaw").write_bytes(bytes([0x55, 0xD5] * 8000))
    house = RunningGateway(tmp_path / "gateway", rtp_ports=free_port_range(2000))
    try:
        await asyncio.to_thread(house.start)
        # One call first, so that what is made once and kept is in the start values.
        (await sipp("call_audio", house.sip_port, tmp_path, hold_ms=300, files=tmp_path)).ok()
        await settled(house, tasks=float("inf"), descriptors=float("inf"))
        before = await asyncio.to_thread(gauges, house)

        calls = SECONDS * RATE
        outcome = await sipp(
            "call_audio",
            house.sip_port,
            tmp_path,
            calls=calls,
            rate=RATE,
            at_once=4 * RATE,
            hold_ms=1000,
            trace=False,
            files=tmp_path,
        )
        outcome.ok(calls)
        await settled(house, tasks=before["gateway_tasks"] + SLACK, descriptors=before["process_open_fds"] + SLACK)

        tickets = await asyncio.to_thread(lambda: list(house.tickets()))
        assert len(tickets) == calls + 1
        interactions = [interaction for ticket in tickets for interaction in ticket["interactions"]]
        assert len({interaction["external_id"] for interaction in interactions}) == calls + 1
        assert Counter(i["disposition"] for i in interactions) == {"abandoned_in_flow": calls + 1}
        serials = sorted(int(ticket["ticket_no"]) for ticket in tickets)
        assert serials == list(range(serials[0], serials[0] + calls + 1))
    finally:
        await asyncio.to_thread(house.stop)
