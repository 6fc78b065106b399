"""The channel as the house runs it: ready, restart, drain, and under uvloop."""

from __future__ import annotations

import asyncio
import dataclasses
import sys

import pytest

from channels.sip import SPEC
from channels.sip.settings import SipSettings
from gateway.ports.call import EndReason
from tests.support.fakes.house import FakeHouse
from tests.support.sip import Peer, Phone
from tests.support.waiting import until

pytestmark = pytest.mark.integration


def build(tmp_path, handler, **settings):
    context = dataclasses.replace(FakeHouse().context(channel_id="hotline", data_dir=tmp_path), calls=handler)
    return SPEC.build(SipSettings(host="127.0.0.1", port=0, rtp_ports=(0, 0), **settings), context)


async def one_call(tmp_path) -> EndReason:
    """A channel's whole life with one call in it."""
    legs = []

    async def handler(leg):
        legs.append(leg)
        leg.trying()
        await leg.answer()
        leg.play(b"\x2a" * 800)
        await leg.ended

    channel = build(tmp_path, handler)
    assert not await channel.ready()
    running = asyncio.create_task(channel.run())
    await until(lambda: channel.port != 0 and channel.user_agent.listening)
    assert await channel.ready()
    for kind in (Peer.udp, Peer.tcp):
        peer = await kind(channel.port)
        phone = Phone(peer)
        await phone.up()
        await phone.bye()
        await peer.close()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await channel.aclose(drain_s=0)
    assert not await channel.ready()
    assert set(channel.user_agent.sizes().values()) == {0}
    return legs[-1].ended.result()


async def test_a_life(tmp_path):
    assert await one_call(tmp_path) is EndReason.CALLER_HUNG_UP


@pytest.mark.skipif(sys.platform == "win32", reason="uvloop does not run on Windows")
def test_a_life_under_uvloop(tmp_path):
    import uvloop

    assert uvloop.run(one_call(tmp_path)) is EndReason.CALLER_HUNG_UP


async def test_a_socket_that_breaks_ends_the_run(tmp_path):
    """Then the house builds the channel anew."""

    async def handler(_leg):
        raise AssertionError

    channel = build(tmp_path, handler)
    running = asyncio.create_task(channel.run())
    await until(lambda: channel.user_agent.listening)
    channel.user_agent.transports._udp.abort()
    with pytest.raises(OSError, match="closed"):
        await asyncio.wait_for(running, 5)
    await channel.aclose(drain_s=0)
    again = build(tmp_path, handler)
    running = asyncio.create_task(again.run())
    await until(lambda: again.user_agent.listening)
    running.cancel()
    await again.aclose(drain_s=0)
    await again.aclose(drain_s=0)
