"""Calls that nobody acknowledges: recorded with how they ended, and nobody is called back for them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.support.running import RunningGateway
from tests.support.sip import Peer, Phone, offer
from tests.support.waiting import eventually

pytestmark = pytest.mark.e2e


def ended(gateway: RunningGateway, phone: Phone) -> tuple[dict[str, Any], dict[str, Any]]:
    """The ticket of a call, once its interaction is closed, and that interaction."""

    def found() -> tuple[dict[str, Any], dict[str, Any]] | None:
        for ticket in gateway.tickets():
            for own in ticket["interactions"]:
                if own["external_id"] == f"{phone.call_id};{phone.tag}" and own["disposition"]:
                    return ticket, own
        return None

    return eventually(found, what="the call to be closed")


async def test_forged_abandoned_and_answered_calls(tmp_path: Path) -> None:
    gateway = RunningGateway(tmp_path, channel="t1_ms = 20", tables="[calls]\nring_s = 0.3\n")
    await asyncio.to_thread(gateway.start)
    peer = await Peer.udp(gateway.sip_port)
    try:
        forged, gone, honest = (Phone(peer, user=f"1390000000{n}") for n in range(3))
        forged.invite(offer(port=40_000))
        await peer.expect("BYE", seconds=30)
        gone.invite(offer(port=40_000))
        await peer.expect(180)
        gone.cancel()
        gone.ack_refusal(await peer.expect(487, "INVITE"))
        honest.invite(offer(port=40_000))
        honest.ack(await peer.expect(200, "INVITE"))
        await honest.bye()
        closed = {name: await asyncio.to_thread(ended, gateway, phone) for name, phone in (
            ("forged", forged), ("gone", gone), ("honest", honest),
        )}  # fmt: skip
        callbacks = await asyncio.to_thread(gateway.get, "/api/v1/callbacks")
    finally:
        await peer.close()
        await asyncio.to_thread(gateway.stop)
    assert {name: own["disposition"] for name, (_, own) in closed.items()} == {
        "forged": "abandoned_before_answer",
        "gone": "abandoned_before_answer",
        "honest": "abandoned_in_flow",
    }
    assert closed["forged"][1]["answered_at"] is None
    assert closed["forged"][1]["recording"] is None
    owed = {task["ticket_id"] for task in callbacks["items"]}
    assert owed == {closed[name][0]["ticket_id"] for name in ("gone", "honest")}
