"""The media clock: everybody ticks, nobody stops the others."""

from __future__ import annotations

import asyncio

import pytest

from channels.sip.media_pacer import Pacer

pytestmark = pytest.mark.unit


class Ticker:
    def __init__(self, *, fails_at: int = -1) -> None:
        self.ticks = 0
        self.sent = 0
        self.fails_at = fails_at
        self.error: Exception | None = None

    def tick(self, *, send: bool) -> None:
        self.ticks += 1
        self.sent += send
        if self.ticks == self.fails_at:
            raise RuntimeError

    def failed(self, error: Exception) -> None:
        self.error = error


async def ticked(ticker: Ticker, times: int) -> None:
    async with asyncio.timeout(5):
        while ticker.ticks < times:
            await asyncio.sleep(0.005)


async def test_many_tick_at_one_rate_and_it_rests_when_all_are_gone():
    pacer, tickers = Pacer(), [Ticker() for _ in range(10)]
    for ticker in tickers:
        pacer.add(ticker)
    await ticked(tickers[0], 20)
    counts = [ticker.ticks for ticker in tickers]
    assert max(counts) - min(counts) <= 1
    for ticker in tickers:
        pacer.remove(ticker)
    assert pacer._timer is None
    stopped = tickers[0].ticks
    await asyncio.sleep(0.05)
    assert tickers[0].ticks == stopped
    pacer.add(tickers[0])
    await ticked(tickers[0], stopped + 3)
    pacer.remove(tickers[0])


async def test_one_that_fails_is_taken_off_and_told():
    pacer, bad, good = Pacer(), Ticker(fails_at=3), Ticker()
    pacer.add(bad)
    pacer.add(good)
    await ticked(good, 10)
    assert bad.ticks == 3
    assert isinstance(bad.error, RuntimeError)
    pacer.remove(good)
    assert pacer._timer is None


async def test_the_last_one_failing_stops_the_clock():
    pacer, bad = Pacer(), Ticker(fails_at=1)
    pacer.add(bad)
    await ticked(bad, 1)
    await asyncio.sleep(0.02)
    assert pacer._timer is None


async def test_late_frames_are_ticked_but_not_sent():
    pacer, ticker = Pacer(), Ticker()
    pacer.add(ticker)
    await ticked(ticker, 3)
    loop = asyncio.get_running_loop()
    pacer._at = loop.time() - 0.5  # the loop slept half a second
    before = (ticker.ticks, ticker.sent)
    await ticked(ticker, before[0] + 20)
    assert ticker.ticks - before[0] >= 24
    assert ticker.sent - before[1] <= ticker.ticks - before[0] - 20
    pacer.remove(ticker)
