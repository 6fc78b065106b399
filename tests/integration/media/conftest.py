"""Pools and phones that are closed after each test."""

from __future__ import annotations

import asyncio

import pytest

from channels.sip.media import RtpPool
from channels.sip.rtp_source import Signaller
from tests.support.clocks import ShiftedClock
from tests.support.rtp import Phone

HERE = Signaller("127.0.0.1")
"""Calls are signalled from this machine."""


@pytest.fixture
def clock() -> ShiftedClock:
    """The machine's clock, put forward by tests."""
    return ShiftedClock()


@pytest.fixture
async def pool(clock):
    made = RtpPool(
        host="127.0.0.1", advertised_host="", ports=(0, 0), channel_id="test", clock=clock, no_media_timeout_s=30
    )
    yield made
    await made.aclose()
    assert made.in_use == 0


@pytest.fixture
async def phones():
    opened: list[Phone] = []

    async def opener(**wishes) -> Phone:
        opened.append(await Phone(**wishes).open())
        return opened[-1]

    yield opener
    for phone in opened:
        phone.transport.close()
    await asyncio.sleep(0)


@pytest.fixture
async def talk(pool, phones):
    """A started session and the phone it talks to."""

    async def begin(**offer):
        phone, session = await phones(), await pool.open(HERE)
        phone.answered(session.answer(phone.offer(**offer)))
        session.start()
        return phone, session

    return begin
