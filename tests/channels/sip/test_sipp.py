"""SIPp, an implementation that is not ours, as the far side."""

from __future__ import annotations

import asyncio

import pytest

from gateway.ports.call import EndReason
from tests.channels.sip.sipp import (
    MISSING,
    SIPP,
    ack,
    bye,
    invite,
    pause,
    recv,
    recv_request,
    reply,
    run,
    sdp,
    send,
    through,
)
from tests.channels.sip.test_registrar import Phones

pytestmark = [pytest.mark.integration, pytest.mark.skipif(SIPP is None, reason=MISSING)]

CALLS = {
    "a basic call": [*through("PCMA/8000", "Session-Expires: 1800;refresher=uas"), pause(100), *bye()],
    "a retransmitted INVITE": [
        invite(), recv(100), recv(180), recv(200), invite(), invite(), ack(), invite(), pause(200), *bye(),
    ],
    "hold and resume by re-INVITE": [
        *through(),
        invite(sdp("sendonly"), cseq=2, tag="[peer_tag_param]"), recv(200, "a=recvonly"), ack(2),
        invite(sdp("inactive"), cseq=3, tag="[peer_tag_param]"), recv(200, "a=inactive"), ack(3),
        invite(sdp("sendrecv"), cseq=4, tag="[peer_tag_param]"), recv(200, "m=audio [0-9]+ RTP/AVP 8"), ack(4),
        *bye(),
    ],
    "UPDATE": [
        *through(headers=("Allow: INVITE, ACK, BYE, UPDATE",)),
        send("UPDATE", 2, sdp("sendonly")), recv(200, "a=recvonly"),
        send("UPDATE", 3), recv(200),
        send("UPDATE", 4, sdp(formats="18")), recv(488),
        *bye(),
    ],
    "a delayed offer": [invite(""), recv(100), recv(180), recv(200, "m=audio"), ack(1, sdp()), pause(100), *bye()],
    "session timer of the caller": [
        *through(
            "Session-Expires: 300;refresher=uac", "Require: timer",
            headers=("Supported: timer", "Session-Expires: 300;refresher=uac"),
        ),
        send("UPDATE", 2, "", "Supported: timer", "Session-Expires: 120;refresher=uac"),
        recv(200, "Session-Expires: 120;refresher=uac"),
        *bye(),
    ],
    "keys by INFO": [
        *through(),
        send("INFO", 2, "Signal=7\nDuration=160\n", content_type="application/dtmf-relay"), recv(200),
        send("INFO", 3, "#", content_type="application/dtmf"), recv(200),
        *bye(),
    ],
    "a re-INVITE that cannot be": [
        *through(),
        invite(sdp(formats="18"), cseq=2, tag="[peer_tag_param]"), recv(488), ack(2, refused=True),
        *bye(),
    ],
    "an unknown method in a call": [
        *through(),
        send("FETCH", 2), recv(501, "Allow: .*INVITE"),
        send("REFER", 3), recv(405, "Allow: .*INVITE"),
        *bye(),
    ],
}  # fmt: skip
REFUSALS = {
    "OPTIONS": [send("OPTIONS", 1, tag=""), recv(200, "Allow: .*INVITE", "Accept: application/sdp")],
    "an unknown extension": [invite(None, "Require: magic"), recv(420, "Unsupported: magic"), ack(refused=True)],
    "no common codec": [invite(sdp(formats="18")), recv(100), recv(488), ack(refused=True)],
    "an unknown dialog": [send("BYE", 1, tag=";tag=nobody"), recv(481)],
    "an unknown method": [send("FETCH", 1, tag=""), recv(501, "Allow: .*INVITE")],
    "a method that is not ours": [send("SUBSCRIBE", 1, tag=""), recv(405, "Allow: .*INVITE")],
    "a session interval too small": [
        invite(None, "Supported: timer", "Session-Expires: 30"), recv(422, "Min-SE: 90"), ack(refused=True),
    ],
}  # fmt: skip


@pytest.mark.parametrize("name", CALLS)
async def test_call(make, tmp_path, name):
    gateway = await make(t1_ms=500)
    await run(tmp_path, gateway.agent.port, CALLS[name])
    assert len(gateway.legs) == 1
    assert await gateway.legs[0].ended is EndReason.CALLER_HUNG_UP
    assert gateway.gauges["gateway_rtp_ports_in_use"] == 0


@pytest.mark.parametrize("name", REFUSALS)
async def test_refusal(make, tmp_path, name):
    gateway = await make(t1_ms=500)
    await run(tmp_path, gateway.agent.port, REFUSALS[name])
    assert not gateway.legs
    assert gateway.agent.sizes()["calls"] == 0


async def test_cancel(make, tmp_path):
    gateway = await make(t1_ms=500)
    gateway.handler = gateway.ring
    steps = [
        invite(), recv(100), recv(180), pause(100),
        send("CANCEL", 1, branch="INVITE1", tag=""), recv(200), recv(487), ack(refused=True),
    ]  # fmt: skip
    await run(tmp_path, gateway.agent.port, steps)
    assert await gateway.legs[0].ended is EndReason.CANCELLED


async def test_no_ack(make, tmp_path):
    gateway = await make(t1_ms=20)
    # The 200 repeats below SIPp's notice; BYE comes after 64 T1.
    steps = [invite(), recv(100), recv(180), recv(200), recv_request("BYE"), reply(200)]
    await run(tmp_path, gateway.agent.port, steps)
    assert await gateway.legs[0].ended is EndReason.SIGNALLING_LOST


async def test_we_refresh_the_session(make, tmp_path):
    gateway = await make(t1_ms=500, min_se_s=1)
    steps = [
        *through(headers=("Supported: timer", "Session-Expires: 2;refresher=uas", "Allow: INVITE, ACK, BYE, UPDATE")),
        recv_request("UPDATE", "Session-Expires: 2;refresher=uac"), reply(200, "Session-Expires: 2;refresher=uac"),
        *bye(),
    ]  # fmt: skip
    await run(tmp_path, gateway.agent.port, steps)


async def test_a_caller_that_does_not_refresh(make, tmp_path):
    gateway = await make(t1_ms=500, min_se_s=1)
    steps = [
        *through(headers=("Supported: timer", "Session-Expires: 1;refresher=uac")), recv_request("BYE"), reply(200),
    ]  # fmt: skip
    await run(tmp_path, gateway.agent.port, steps)
    assert await gateway.legs[0].ended is EndReason.SIGNALLING_LOST


async def test_we_hang_up(make, tmp_path):
    gateway = await make(t1_ms=500)

    async def handler(leg):
        leg.ring()
        await leg.answer()
        await asyncio.sleep(0.2)
        await leg.hangup()

    gateway.handler = handler
    await run(tmp_path, gateway.agent.port, [*through(), recv_request("BYE"), reply(200)])


async def test_registration_with_digest(make, tmp_path):
    gateway = await make(Phones(), trunks=("192.0.2.1",), t1_ms=500)
    login = "username=8001 password=pass"
    steps = [
        send("REGISTER", 1, tag="", user="8001", uri="sip:[remote_ip]:[remote_port]"),
        recv(401, "WWW-Authenticate: Digest .*realm=", auth=True),
        send("REGISTER", 2, "", "Expires: 600", tag="", user="8001", uri="sip:[remote_ip]:[remote_port]", auth=login),
        recv(200, "Contact: .*expires=600"),
    ]
    await run(tmp_path, gateway.agent.port, steps)


async def test_tcp_and_many_at_once(make, tmp_path):
    gateway = await make(t1_ms=500)
    await run(tmp_path, gateway.agent.port, [*through(), pause(200), *bye()], calls=50, rate=50, tcp=True)
    assert len(gateway.legs) == 50
    assert gateway.agent.sizes()["calls"] == 0


async def test_a_hundred_a_second(make, tmp_path):
    gateway = await make(t1_ms=500)
    await run(tmp_path, gateway.agent.port, [*through(), pause(300), *bye()], calls=200, rate=100)
    assert len(gateway.legs) == 200
    assert gateway.agent.sizes()["calls"] == 0
    assert gateway.gauges["gateway_rtp_ports_in_use"] == 0
