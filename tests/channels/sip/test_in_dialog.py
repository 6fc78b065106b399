"""What happens while a call is up: hold, UPDATE, INFO, order, session timers, media that stops."""

from __future__ import annotations

import asyncio
import re
import struct

import pytest

from gateway.ports.call import EndReason
from tests.support.rtp import Phone as Media
from tests.support.sip import Phone, offer
from tests.support.waiting import until

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
@pytest.mark.parametrize(("asked", "answered"), [("sendonly", "recvonly"), ("inactive", "inactive")])
async def test_hold_and_resume(make, dial, method, asked, answered):
    gateway = await make()
    peer = await dial(gateway)
    phone = Phone(peer)
    first = await phone.up()
    leg = gateway.legs[0]
    assert not leg.on_hold

    async def change(direction):
        peer.send(phone.request(method, offer(direction)))
        ok = await peer.expect(200, method)
        if method == "INVITE":
            phone.ack(ok)
        return ok

    ok = await change(asked)
    assert f"a={answered}".encode() in ok.body
    assert ok.to_tag == first.to_tag
    assert leg.on_hold
    ok = await change("sendrecv")
    assert b"recvonly" not in ok.body
    assert b"inactive" not in ok.body
    assert not leg.on_hold
    await phone.bye()
    await gateway.at_rest()


async def test_re_invite_without_offer_gets_ours(make, dial):
    gateway = await make()
    peer = await dial(gateway)
    phone = Phone(peer)
    await phone.up()
    peer.send(phone.request("INVITE"))
    ok = await peer.expect(200, "INVITE")
    assert b"m=audio" in ok.body
    # Until the ACK brings the answer nobody may offer anything else.
    peer.send(phone.request("UPDATE", offer()))
    await peer.expect(491, "UPDATE")
    phone.ack(ok, offer("sendonly"))
    await until(lambda: gateway.legs[0].on_hold)
    await phone.bye()


@pytest.mark.parametrize("method", ["INVITE", "UPDATE"])
async def test_an_offer_we_cannot_take_leaves_the_session_as_it_is(make, dial, method):
    gateway = await make()
    peer = await dial(gateway)
    phone = Phone(peer)
    await phone.up()
    phone.contact = "<sip:elsewhere@127.0.0.1:9>"
    for bad in ("nonsense", offer("sendonly").replace("RTP/AVP 8 0 101", "RTP/AVP 18")):
        peer.send(phone.request(method, bad))
        answer = await peer.expect(488, method)
        if method == "INVITE":
            phone.invite_branch = phone.branch
            phone.ack_refusal(answer)
    leg = gateway.legs[0]
    assert not leg.on_hold
    assert not leg.ended.done()
    assert "elsewhere" not in leg.dialog.target
    await phone.bye()


async def test_re_invite_moves_the_target(make, dial):
    gateway = await make()
    peer, elsewhere = await dial(gateway), await dial(gateway)
    phone = Phone(peer)
    await phone.up()
    phone.contact = f"<sip:moved@127.0.0.1:{elsewhere.port}>"
    peer.send(phone.request("INVITE", offer()))
    phone.ack(await peer.expect(200, "INVITE"))
    await asyncio.sleep(0.05)
    await gateway.legs[0].hangup()
    bye = await elsewhere.expect("BYE")
    assert bye.first == f"BYE sip:moved@127.0.0.1:{elsewhere.port} SIP/2.0"


async def test_a_re_invite_without_ack_ends_the_call(make, dial):
    gateway = await make(t1_ms=10)
    peer = await dial(gateway)
    phone = Phone(peer)
    await phone.up()
    peer.send(phone.request("INVITE", offer()))
    phone.answer(await peer.expect("BYE"))
    assert gateway.legs[0].ended.result() is EndReason.SIGNALLING_LOST


async def test_glare(make, dial):
    """Our refresh by re-INVITE is out when theirs comes."""
    gateway = await make(session_expires_s=1, min_se_s=1)
    peer = await dial(gateway)
    phone = Phone(peer)
    await phone.up()
    ours = await peer.expect("INVITE")
    peer.send(phone.request("INVITE", offer()))
    refusal = await peer.expect(491, "INVITE")
    phone.invite_branch = phone.branch
    phone.ack_refusal(refusal)
    phone.answer(ours, body=offer())
    await peer.expect("ACK")
    await phone.bye()


async def test_update_before_the_answer(make, dial):
    gateway = await make()
    gateway.handler = gateway.ring
    peer = await dial(gateway)
    phone = Phone(peer)
    phone.invite()
    ringing = await peer.expect(180)
    peer.send(phone.request("UPDATE", offer(), to=ringing.get("to")))
    assert (await peer.expect(500, "UPDATE")).get("retry-after")
    peer.send(phone.request("UPDATE", to=ringing.get("to")))
    await peer.expect(200, "UPDATE")


async def test_requests_out_of_order(make, dial):
    gateway = await make()
    peer = await dial(gateway)
    phone = Phone(peer)
    phone.cseq = 100
    await phone.up()
    peer.send(phone.request("INFO", cseq=50))
    await peer.expect(500, "INFO")
    text = phone.request("OPTIONS", cseq=200)
    peer.send(text)
    ok = await peer.expect(200, "OPTIONS")
    peer.send(text)
    assert (await peer.expect(200, "OPTIONS")).raw == ok.raw
    phone.cseq = 300
    await phone.bye()


async def test_unknown_extension_inside_a_dialog(make, dial):
    gateway = await make()
    peer = await dial(gateway)
    phone = Phone(peer)
    await phone.up()
    peer.send(phone.request("INFO", "", "Require: magic"))
    assert (await peer.expect(420, "INFO")).get("unsupported") == "magic"
    await phone.bye()


async def test_keys_by_info(make, dial):
    gateway = await make()
    peer = await dial(gateway)
    phone = Phone(peer)
    await phone.up()
    leg = gateway.legs[0]
    relay, plain = "Content-Type: application/dtmf-relay", "Content-Type: application/dtmf"
    for body, kind in (
        ("Signal=5\r\nDuration=160\r\n", relay), ("Signal= *\r\n", relay), ("Signal=11\r\n", relay), ("0", plain),
        ("d\r\n", plain), ("Signal=7\r\nDuration=100\r\n", plain),
    ):  # fmt: skip
        peer.send(phone.request("INFO", body, kind))
        await peer.expect(200, "INFO")
    assert leg.pending_dtmf()
    assert [await leg.dtmf() for _ in range(6)] == ["5", "*", "#", "0", "D", "7"]
    peer.send(phone.request("INFO"))
    await peer.expect(200, "INFO")
    for body, kind in (("x", plain), ("Signal=99\r\n", relay), ("<x/>", "Content-Type: application/xml")):
        peer.send(phone.request("INFO", body, kind))
        await peer.expect(415, "INFO")
    assert not leg.pending_dtmf()
    await phone.bye()


@pytest.mark.parametrize("first", ["event", "info"])
async def test_a_key_by_info_and_by_events_is_one(make, dial, first):
    """As some gateways send it, end packets restamped besides; pressed twice it is two."""
    gateway = await make()
    peer = await dial(gateway)
    phone, media = Phone(peer), await Media().open()
    phone.invite(offer(port=media.port))
    ok = await peer.expect(200, "INVITE")
    phone.ack(ok)
    media.answered(ok.body)
    leg = gateway.legs[0]

    def event(begin: int) -> None:
        for n in range(8):
            payload = struct.pack("!BBH", 5, 0x8A if n > 4 else 10, 160 * min(n + 1, 5))
            media.send(payload, kind=101, marker=n == 0, timestamp=begin + (160 * n if n > 4 else 0))

    async def info() -> None:
        peer.send(phone.request("INFO", "Signal=5\r\nDuration=100\r\n", "Content-Type: application/dtmf-relay"))
        await peer.expect(200, "INFO")
        peer.send(phone.request("INFO", "5", "Content-Type: application/dtmf"))
        await peer.expect(200, "INFO")

    for begin in (1000, 3000):
        if first == "event":
            event(begin)
        await info()
        if first == "info":
            event(begin)
        assert await leg.dtmf() == "5"
    media.send(struct.pack("!BBH", 6, 0x8A, 800), kind=101, timestamp=9000)
    assert await leg.dtmf() == "6"
    assert not leg.pending_dtmf()
    media.transport.close()
    await phone.bye()


async def test_the_caller_refreshes(make, dial):
    gateway = await make()
    peer = await dial(gateway)
    phone = Phone(peer)
    ok = await phone.up("Supported: timer", "Session-Expires: 600;refresher=uac")
    assert ok.get("session-expires") == "600;refresher=uac"
    assert ok.get("require") == "timer"
    peer.send(phone.request("UPDATE", "", "Supported: timer", "Session-Expires: 300;refresher=uac"))
    assert (await peer.expect(200, "UPDATE")).get("session-expires") == "300;refresher=uac"
    peer.send(phone.request("UPDATE", "", "Supported: timer", "Session-Expires: 10"))
    assert (await peer.expect(422, "UPDATE")).get("min-se") == "90"
    await phone.bye()


async def test_a_caller_that_does_not_refresh_is_gone(make, dial):
    gateway = await make(min_se_s=1)
    peer = await dial(gateway)
    phone = Phone(peer)
    await phone.up("Supported: timer", "Session-Expires: 1;refresher=uac")
    phone.answer(await peer.expect("BYE"))
    assert gateway.legs[0].ended.result() is EndReason.SIGNALLING_LOST
    await gateway.at_rest()


async def test_we_refresh_by_update_when_the_caller_takes_it(make, dial):
    gateway = await make(min_se_s=1)
    peer = await dial(gateway)
    phone = Phone(peer)
    ok = await phone.up("Supported: timer", "Session-Expires: 2;refresher=uas", "Allow: INVITE, UPDATE")
    assert ok.get("session-expires") == "2;refresher=uas"
    for _ in range(2):
        update = await peer.expect("UPDATE")
        assert update.get("session-expires") == "2;refresher=uac"
        phone.answer(update, 200, "Session-Expires: 2;refresher=uac")
    assert not gateway.legs[0].ended.done()
    await phone.bye()
    await gateway.at_rest()


async def test_we_refresh_by_re_invite_otherwise(make, dial):
    gateway = await make(session_expires_s=1, min_se_s=1)
    peer = await dial(gateway)
    phone = Phone(peer)
    ok = await phone.up()
    assert ok.get("session-expires") == "1;refresher=uas"
    assert not ok.get("require")
    invite = await peer.expect("INVITE")
    assert b"m=audio" in invite.body
    phone.answer(invite, body=offer())
    await peer.expect("ACK")
    invite = await peer.expect("INVITE")
    phone.answer(invite, 422, "Min-SE: 3")
    await peer.expect("ACK")
    assert (await peer.expect("INVITE")).get("session-expires") == "3;refresher=uac"
    await phone.bye()


@pytest.mark.parametrize("status", [481, 408, 0])
async def test_a_refresh_that_fails_ends_the_call(make, dial, status):
    gateway = await make(session_expires_s=1, min_se_s=1, t1_ms=5)
    peer = await dial(gateway)
    phone = Phone(peer)
    await phone.up()
    invite = await peer.expect("INVITE")
    if status:
        phone.answer(invite, status)
    assert await asyncio.wait_for(asyncio.shield(gateway.legs[0].ended), 5) is EndReason.SIGNALLING_LOST


async def test_a_caller_that_knows_no_timers_may_go_on_talking(make, dial):
    """It answers no re-INVITE, but its voice is there: hanging up on it would be wrong."""
    gateway = await make(session_expires_s=1, min_se_s=1, t1_ms=5, no_media_timeout_s=1.0)
    peer, voice = await dial(gateway), await dial(gateway)
    phone = Phone(peer)
    ok = await phone.up()
    voice.server = int(re.search(rb"m=audio (\d+)", ok.body)[1])
    leg = gateway.legs[0]
    for n in range(100):
        voice.send_to(
            voice.server, b"\x80\x08" + n.to_bytes(2, "big") + (160 * n).to_bytes(4, "big") + b"ssrc" + b"\x55" * 160
        )
        await asyncio.sleep(0.02)
    assert not leg.ended.done()
    assert await asyncio.wait_for(asyncio.shield(leg.ended), 10) in {EndReason.MEDIA_LOST, EndReason.SIGNALLING_LOST}


async def test_a_call_without_media_ends_but_not_on_hold(make, dial):
    gateway = await make(no_media_timeout_s=0.5)
    peer = await dial(gateway)
    held, silent = Phone(peer), Phone(peer)
    held.invite(offer("inactive"))
    held.ack(await peer.expect(200, "INVITE"))
    await silent.up()
    bye = await peer.expect("BYE")
    assert bye.get("call-id") == silent.call_id
    silent.answer(bye)
    legs = {leg.info.call_id: leg for leg in gateway.legs}
    assert legs[silent.call_id].ended.result() is EndReason.MEDIA_LOST
    await asyncio.sleep(1)
    assert not legs[held.call_id].ended.done()
    await held.bye()
    await gateway.at_rest()
