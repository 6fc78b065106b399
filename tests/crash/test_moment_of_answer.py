"""Voice killed the moment its 200 arrives: the ticket says that the call was answered, and has its recording."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from pathlib import Path

import pytest

from tests.crash.audit import quiesce, unnoted_answers, unreadable_recordings
from tests.support.running import RunningGateway
from tests.support.sip import Peer, Phone, offer

pytestmark = pytest.mark.crash
CALLS = 4
ROUNDS = 3


async def test_killed_with_its_200(tmp_path: Path) -> None:
    gateway = RunningGateway(tmp_path, tables="[calls]\nlease_s = 3\n")
    await asyncio.to_thread(gateway.start)
    answered: set[str] = set()
    try:
        for round_no in range(ROUNDS):
            voice = gateway.children()["voice"]
            callers = [asyncio.create_task(call(gateway, voice, f"1391{round_no}00000{n}")) for n in range(CALLS)]
            answered |= {key for key in await asyncio.gather(*callers) if key}
            await asyncio.to_thread(gateway.wait_ready)
        assert len(answered) >= ROUNDS
        await asyncio.to_thread(quiesce, gateway, recogniser=False)
        tickets = await asyncio.to_thread(lambda: list(gateway.tickets()))
        assert unnoted_answers(tickets, answered) == []
        assert await asyncio.to_thread(unreadable_recordings, gateway, tickets) == []
    finally:
        await asyncio.to_thread(gateway.stop)


async def call(gateway: RunningGateway, voice: int, number: str) -> str | None:
    """Dial, and kill ``voice`` when it answers; the call's external id if it did."""
    peer = await Peer.udp(gateway.sip_port)
    try:
        phone = Phone(peer, user=number)
        phone.invite(offer(port=40_000))
        while True:
            try:
                message = await peer.next(3.0)
            except TimeoutError:
                return None  # another call's answer was quicker
            if message.status == 200:
                with contextlib.suppress(ProcessLookupError):  # the first answer of a round has killed it
                    os.kill(voice, signal.SIGKILL)
                return f"{phone.call_id};{phone.tag}"
    finally:
        await peer.close()
