"""What is refused, with which word, and that nothing is left of it."""

from __future__ import annotations

import asyncio

import pytest
from prometheus_client import REGISTRY

from tests.support.sip import Phone, offer

pytestmark = pytest.mark.integration


async def refused(peer, phone, status, body=None, *headers, **kw):
    phone.invite(body, *headers, **kw)
    answer = await peer.expect(status, "INVITE")
    phone.ack_refusal(answer)
    assert answer.to_tag
    return answer


async def test_options(make, dial):
    gateway = await make()
    peer = await dial(gateway)
    for extra in ((), ("X-Max: 1",)):
        peer.send(Phone(peer).request("OPTIONS", "", *extra))
        ok = await peer.expect(200, "OPTIONS")
        assert "INVITE" in ok.get("allow")
        assert "application/sdp" in ok.get("accept")
        assert ok.get("supported") == "timer"
    text = Phone(peer).request("OPTIONS").replace("Max-Forwards: 70", "Max-Forwards: 0")
    peer.send(text)
    await peer.expect(200, "OPTIONS")
    await gateway.at_rest()


async def test_unknown_extension(make, dial):
    gateway = await make()
    peer = await dial(gateway)
    answer = await refused(peer, Phone(peer), 420, None, "Require: 100rel, timer", "Require: foo")
    assert answer.get("unsupported") == "100rel, foo"
    await gateway.at_rest(sources=1)


async def test_no_common_codec(make, dial):
    gateway = await make()
    peer = await dial(gateway)
    g729 = offer().replace("RTP/AVP 8 0 101", "RTP/AVP 18").replace("a=rtpmap:8 PCMA/8000\r\n", "")
    await refused(peer, Phone(peer), 488, g729.replace("a=rtpmap:0 PCMU/8000\r\n", ""))
    await refused(peer, Phone(peer), 488, "this is no SDP at all")
    await refused(peer, Phone(peer), 415, "<x/>", "Content-Type: text/xml")
    assert not gateway.legs
    await gateway.at_rest()


async def test_sdp_inside_multipart(make, dial):
    gateway = await make()
    peer = await dial(gateway)
    phone = Phone(peer)
    body = (
        "--b\r\nContent-Type: application/isup\r\n\r\n\x01\x02\r\n"
        f"--b\r\nContent-Type: application/sdp\r\n\r\n{offer()}\r\n--b--\r\n"
    )
    phone.invite(body, "Content-Type: multipart/mixed;boundary=b")
    phone.ack(await peer.expect(200, "INVITE"))
    await phone.bye()


@pytest.mark.parametrize("method", ["BYE", "INFO", "UPDATE", "OPTIONS", "INVITE"])
async def test_unknown_dialog(make, dial, method):
    gateway = await make()
    peer = await dial(gateway)
    phone = Phone(peer)
    phone.to += ";tag=nobody"
    peer.send(phone.request(method))
    await peer.expect(481, method)
    await gateway.at_rest()


async def test_methods(make, dial):
    gateway = await make()
    peer = await dial(gateway)
    peer.send(Phone(peer).request("FETCH"))
    assert "INVITE" in (await peer.expect(501, "FETCH")).get("allow")
    for method in ("SUBSCRIBE", "REFER", "NOTIFY", "MESSAGE", "PUBLISH", "PRACK"):
        peer.send(Phone(peer).request(method))
        assert "INVITE" in (await peer.expect(405, method)).get("allow")
    phone = Phone(peer)
    await phone.up()
    peer.send(phone.request("REFER"))
    await peer.expect(405, "REFER")
    peer.send(phone.request("FETCH"))
    await peer.expect(501, "FETCH")
    await phone.bye()


async def test_scheme_hops_and_version(make, dial):
    gateway = await make()
    peer = await dial(gateway)
    await refused(peer, Phone(peer), 416, uri="http://12345")
    phone = Phone(peer)
    peer.send(phone.request("INVITE", offer()).replace("Max-Forwards: 70", "Max-Forwards: 0"))
    await peer.expect(483, "INVITE")
    peer.send(Phone(peer).request("INVITE", offer()).replace(" SIP/2.0\r\nVia", " SIP/7.0\r\nVia"))
    await peer.expect(505, "INVITE")
    phone = Phone(peer)
    phone.target = "tel:12345"
    phone.invite()
    await peer.expect(200, "INVITE")


async def test_the_same_request_by_two_paths(make, dial):
    gateway = await make()
    gateway.handler = gateway.ring
    peer = await dial(gateway)
    phone = Phone(peer)
    phone.invite()
    await peer.expect(180)
    peer.send(phone.request("INVITE", offer(), cseq=phone.invite_cseq))
    await peer.expect(482, "INVITE")
    assert len(gateway.legs) == 1
    phone.cancel()
    await peer.expect(487, "INVITE")


async def test_a_refused_call_may_come_again_by_another_path(make, dial):
    gateway = await make()
    gateway.draining = True
    peer = await dial(gateway)
    phone = Phone(peer)
    answer = await refused(peer, phone, 503)
    assert not gateway.refused  # the next one takes it
    assert answer.get("retry-after") == "5"
    peer.send(phone.request("OPTIONS"))
    await peer.expect(503, "OPTIONS")
    gateway.draining = False
    peer.send(phone.request("INVITE", offer(), cseq=phone.invite_cseq))
    await peer.expect(200, "INVITE")


async def test_full(make, dial):
    gateway = await make(max_calls=1)
    peer = await dial(gateway)
    phone = Phone(peer)
    await phone.up()
    assert (await refused(peer, Phone(peer, user="13800000077"), 503)).get("retry-after") == "5"
    assert gateway.refused == [("13800000077", "full", True)]
    await phone.bye()
    await Phone(peer).up()
    assert len(gateway.refused) == 1


async def test_no_rtp_port(make, dial):
    gateway = await make(rtp_ports=(39998, 39999))
    peer = await dial(gateway)
    phone = Phone(peer)
    await phone.up()
    assert (await refused(peer, Phone(peer), 503)).get("retry-after") == "5"
    assert gateway.refused == [("13800000000", "ports", True)]
    await phone.bye()


async def test_too_many_calls_of_one_source(make, dial):
    def limited():
        return REGISTRY.get_sample_value("gateway_sip_refused_total", {"channel_id": "hotline", "reason": "rate"})

    gateway = await make(calls_per_second_per_source=3)
    peer = await dial(gateway)
    before = limited() or 0.0
    for _ in range(8):
        peer.send(Phone(peer).request("INVITE", offer()))
    statuses = []
    while statuses.count(200) + statuses.count(503) < 8:
        message = await peer.next()
        if message.status in {200, 503} and message.status != 100:
            statuses.append(message.status)
    assert statuses.count(503) >= 1
    assert limited() > before
    assert gateway.refused == [("13800000000", "rate", True)] * statuses.count(503)
    await asyncio.sleep(1.1)
    await Phone(peer).up()


async def test_only_trunks_may_call(make, dial):
    gateway = await make(trunks=("192.0.2.0/24",), calls_per_second_per_source=1)
    peer = await dial(gateway)
    await refused(peer, Phone(peer), 407)
    for _ in range(3):
        peer.send(Phone(peer).request("INVITE", offer()))
    await peer.expect(503)
    assert not gateway.legs
    assert not gateway.refused  # whoever may not call at all is owed nothing
    gateway = await make(trunks=("192.0.2.0/24", "127.0.0.1"))
    peer = await dial(gateway)
    await Phone(peer).up()


async def test_session_interval_too_small(make, dial):
    gateway = await make()
    peer = await dial(gateway)
    answer = await refused(peer, Phone(peer), 422, None, "Supported: timer", "Session-Expires: 60")
    assert answer.get("min-se") == "90"
    await gateway.at_rest(sources=1)


async def test_draining_closes_when_the_last_call_ends(make, dial):
    gateway = await make()
    peer = await dial(gateway)
    phone = Phone(peer)
    await phone.up()
    closing = asyncio.create_task(gateway.agent.aclose(drain_s=10))
    await asyncio.sleep(0)
    await refused(peer, Phone(peer), 503)
    await phone.bye()
    await closing
    assert not gateway.agent.listening


async def test_draining_hangs_up_in_the_end(make, dial):
    gateway = await make()
    peer = await dial(gateway)
    phone = Phone(peer)
    await phone.up()
    closing = asyncio.create_task(gateway.agent.aclose(drain_s=0.05))
    phone.answer(await peer.expect("BYE"))
    await closing
    assert set(gateway.agent.sizes().values()) == {0}
