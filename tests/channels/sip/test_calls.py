"""Calls that come in: setting up, giving up, ending, over UDP and TCP."""

from __future__ import annotations

import asyncio
import json

import pytest

from gateway.errors import CallEnded
from gateway.ports.call import EndReason
from tests.support.sip import Phone, offer
from tests.support.waiting import until

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("kind", ["udp", "tcp"])
async def test_a_call_rings_is_answered_and_hung_up(make, dial, kind):
    gateway = await make(t1_ms=100)
    peer = await dial(gateway, kind)
    phone = Phone(peer)
    phone.invite()
    assert (await peer.next()).status == 100
    ringing = await peer.next()
    assert ringing.status == 180
    assert ringing.to_tag
    ok = await peer.expect(200, "INVITE")
    assert ok.to_tag == ringing.to_tag
    assert b"m=audio" in ok.body
    assert "INVITE" in ok.get("allow")
    assert ("transport=tcp" in ok.get("contact")) == (kind == "tcp")
    phone.ack(ok)
    assert gateway.gauges["gateway_calls_active"] == 1
    assert gateway.gauges["gateway_rtp_ports_in_use"] == 1
    await phone.bye()
    assert await gateway.legs[0].ended is EndReason.CALLER_HUNG_UP
    await gateway.at_rest(connections=1)


async def test_we_hang_up(make, dial):
    gateway = await make()

    async def handler(leg):
        await leg.answer()
        await asyncio.sleep(0.05)
        await leg.hangup()
        await leg.hangup()

    gateway.handler = handler
    peer = await dial(gateway)
    phone = Phone(peer)
    await phone.up()
    bye = await peer.expect("BYE")
    phone.answer(bye)
    assert await gateway.legs[0].ended is EndReason.WE_HUNG_UP
    await gateway.at_rest()


async def test_a_hangup_before_the_ack_waits_for_it(make, dial):
    gateway = await make()

    peer = await dial(gateway)
    phone = Phone(peer)
    phone.invite()
    ok = await peer.expect(200, "INVITE")
    await gateway.legs[0].hangup()
    assert gateway.legs[0].ended.result() is EndReason.WE_HUNG_UP
    assert (await peer.next()).status == 200  # repeated; no BYE
    phone.ack(ok)
    phone.answer(await peer.expect("BYE"))
    await gateway.at_rest()


async def test_a_retransmitted_invite_is_one_call(make, dial):
    gateway = await make()
    gateway.handler = gateway.ring
    peer = await dial(gateway)
    phone = Phone(peer)
    text = phone.invite()
    ringing = await peer.expect(180)
    for _ in range(3):
        peer.send(text)
    for _ in range(3):
        assert (await peer.next()).raw == ringing.raw
    assert len(gateway.legs) == 1
    phone.cancel()
    await peer.expect(487, "INVITE")


async def test_an_old_peer_without_magic_cookie_is_one_call_too(make, dial):
    gateway = await make()
    peer = await dial(gateway)
    phone = Phone(peer)
    text = phone.invite(branch="1")
    peer.send(text)
    ok = await peer.expect(200, "INVITE")
    peer.send(text)
    phone.ack(ok)
    await asyncio.sleep(0.05)
    assert len(gateway.legs) == 1
    await phone.bye()
    await gateway.at_rest()


async def test_a_cancel_read_before_the_answer_wins(make, dial):
    gateway = await make()
    outcome = []

    async def handler(leg):
        leg.trying()
        await leg.ended
        try:
            await leg.answer()
        except CallEnded:
            outcome.append("refused")

    gateway.handler = handler
    peer = await dial(gateway)
    phone = Phone(peer)
    phone.invite()
    await peer.expect(180)
    phone.cancel()
    assert (await peer.expect(200, "CANCEL")).status == 200
    gone = await peer.expect(487, "INVITE")
    again = await peer.expect(487, "INVITE")  # until its ACK
    assert again.to_tag == gone.to_tag
    phone.ack_refusal(gone)
    assert gateway.legs[0].ended.result() is EndReason.CANCELLED
    assert outcome == ["refused"]
    await peer.silence(0.4)
    await gateway.at_rest()


async def test_cancel_that_lies_in_the_socket_when_we_answer(make, dial):
    gateway = await make(t1_ms=500)
    released = asyncio.Event()

    async def handler(leg):
        leg.trying()
        await released.wait()
        try:
            await leg.answer()
        except CallEnded:
            return
        await leg.ended

    gateway.handler = handler
    peer = await dial(gateway)
    phone = Phone(peer)
    phone.invite()
    await peer.expect(180)
    phone.cancel()
    released.set()
    answers = {(m.status, m.cseq_method) for m in [await peer.next(), await peer.next()]}
    assert answers == {(200, "CANCEL"), (487, "INVITE")}


async def test_cancel_after_the_answer_changes_nothing(make, dial):
    gateway = await make()
    peer = await dial(gateway)
    phone = Phone(peer)
    await phone.up()
    phone.to = "<sip:12345@127.0.0.1>"
    phone.cancel()
    ok = await peer.expect(200, "CANCEL")
    assert not gateway.legs[0].ended.done()
    phone.to = ok.get("to")
    await phone.bye()


async def test_cancel_of_nothing(make, dial):
    gateway = await make()
    peer = await dial(gateway)
    phone = Phone(peer)
    peer.send(phone.request("CANCEL"))
    await peer.expect(481, "CANCEL")


async def test_bye_before_the_answer(make, dial):
    gateway = await make(t1_ms=500)
    gateway.handler = gateway.ring
    peer = await dial(gateway)
    phone = Phone(peer)
    phone.invite()
    ringing = await peer.expect(180)
    peer.send(phone.request("BYE", to=ringing.get("to")))
    assert {(m.status, m.cseq_method) for m in [await peer.next(), await peer.next()]} == {
        (200, "BYE"),
        (487, "INVITE"),
    }
    assert gateway.legs[0].ended.result() is EndReason.CANCELLED


async def test_the_200_is_repeated_and_without_ack_the_call_ends(make, dial):
    gateway = await make(t1_ms=10)
    peer = await dial(gateway)
    phone = Phone(peer)
    phone.invite()
    first = await peer.expect(200, "INVITE")
    for _ in range(3):
        assert (await peer.expect(200, "INVITE")).raw == first.raw
    bye = await peer.expect("BYE")
    phone.answer(bye)
    assert gateway.legs[0].ended.result() is EndReason.SIGNALLING_LOST
    await gateway.at_rest()


async def test_an_ack_with_a_tag_of_its_own_is_known_by_its_branch(make, dial):
    """As pyVoIP 1.6.8 sends it; otherwise its calls would end after 32 s."""
    gateway = await make()
    peer = await dial(gateway)
    phone = Phone(peer)
    phone.invite()
    ok = await peer.expect(200, "INVITE")
    peer.send(phone.request("ACK", branch=phone.invite_branch, cseq=1, to="<sip:12345@127.0.0.1>;tag=invented"))
    await asyncio.sleep(0.1)
    while not peer.inbox.empty():
        await peer.next()
    await peer.silence(0.2)
    phone.to = ok.get("to")
    await phone.bye()


async def test_record_routes_come_back_and_are_followed(make, dial):
    gateway = await make()
    proxy, peer = await dial(gateway), await dial(gateway)

    async def handler(leg):
        await leg.answer()
        await asyncio.sleep(0.05)
        await leg.hangup()

    gateway.handler = handler
    phone = Phone(peer)
    route = f"<sip:127.0.0.1:{proxy.port};lr;ftag=1>"
    phone.invite(None, f"Record-Route: {route}, <sip:192.0.2.7;lr>")
    ok = await peer.expect(200, "INVITE")
    assert ok.all("record-route") == [route, "<sip:192.0.2.7;lr>"]
    phone.ack(ok)
    bye = await proxy.expect("BYE")
    assert bye.first == f"BYE sip:13800000000@127.0.0.1:{peer.port} SIP/2.0"
    assert bye.all("route") == [route, "<sip:192.0.2.7;lr>"]
    phone.peer = proxy
    phone.answer(bye)
    await gateway.at_rest()


async def test_a_strict_router_gets_its_own_uri(make, dial):
    gateway = await make()
    peer = await dial(gateway)

    async def handler(leg):
        await leg.answer()
        await asyncio.sleep(0.05)
        await leg.hangup()

    gateway.handler = handler
    phone = Phone(peer)
    await phone.up(f"Record-Route: <sip:old@127.0.0.1:{peer.port}>")
    bye = await peer.expect("BYE")
    assert bye.first == f"BYE sip:old@127.0.0.1:{peer.port} SIP/2.0"
    assert bye.all("route") == [f"<sip:13800000000@127.0.0.1:{peer.port}>"]


async def test_contacts_with_names_are_never_looked_up(make, dial):
    gateway = await make()
    peer = await dial(gateway)

    async def handler(leg):
        await leg.answer()
        await asyncio.sleep(0.05)
        await leg.hangup()

    gateway.handler = handler
    phone = Phone(peer)
    phone.contact = "<sip:x@pbx.example.invalid:5070>"
    await phone.up()
    assert (await peer.expect("BYE")).first == "BYE sip:x@pbx.example.invalid:5070 SIP/2.0"


async def test_delayed_offer(make, dial):
    gateway = await make()
    peer = await dial(gateway)
    phone = Phone(peer)
    phone.invite("")
    ok = await peer.expect(200, "INVITE")
    assert b"m=audio" in ok.body
    phone.ack(ok, offer())
    await until(lambda: gateway.legs[0].media.on_hold is False)
    await phone.bye()
    assert gateway.legs[0].ended.result() is EndReason.CALLER_HUNG_UP
    await gateway.at_rest()


async def test_delayed_offer_without_an_answer_ends_the_call(make, dial):
    gateway = await make()
    peer = await dial(gateway)
    phone = Phone(peer)
    phone.invite("")
    ok = await peer.expect(200, "INVITE")
    phone.ack(ok)
    phone.answer(await peer.expect("BYE"))
    await gateway.at_rest()


async def test_what_the_invite_says(make, dial):
    gateway = await make(trusted_proxies=("127.0.0.0/8",))
    peer = await dial(gateway)
    phone = Phone(peer)
    phone.from_ = f'"A, B <x>" <sip:+86138;ext=1@127.0.0.1>;tag={phone.tag}'
    await phone.up(
        "P-Asserted-Identity: <tel:+8613800000000>",
        "Diversion: <sip:02000000@10.0.0.1>;reason=unconditional",
        "X-Trunk: north",
    )
    info = gateway.legs[0].info
    assert info.from_raw == phone.from_
    assert info.from_user == "+86138"
    assert info.to_user == "12345"
    assert info.external_id == f"{phone.call_id};{phone.tag}"
    assert info.asserted_identity == "<tel:+8613800000000>"
    assert info.diversion == "<sip:02000000@10.0.0.1>;reason=unconditional"
    assert info.headers == {"X-Trunk": "north"}
    assert info.remote == f"127.0.0.1:{peer.port}"
    await phone.bye()


async def test_an_identity_from_a_stranger_is_not_believed(make, dial):
    gateway = await make()
    peer = await dial(gateway)
    phone = Phone(peer)
    await phone.up("P-Asserted-Identity: <tel:+8613800000000>")
    assert gateway.legs[0].info.asserted_identity is None
    await phone.bye()


@pytest.mark.parametrize(
    ("from_", "user"),
    [
        ("<tel:+8613912345678;phone-context=x>;tag=1", "+8613912345678"),
        ('"Anonymous" <sip:anonymous@anonymous.invalid>;tag=1', "anonymous"),
        ("sip:13900000000@1.2.3.4;tag=1", "13900000000"),
        ("<sip:1.2.3.4>;tag=1", ""),
        ("<sip:no-tag@1.2.3.4>", "no-tag"),
        ("<weird:thing>;tag=1", ""),
    ],
)
async def test_odd_callers_get_through(make, dial, from_, user):
    gateway = await make()
    peer = await dial(gateway)
    phone = Phone(peer)
    phone.from_ = from_
    ok = await phone.up()
    assert ok.get("from") == from_
    assert gateway.legs[0].info.from_raw == from_
    assert gateway.legs[0].info.from_user == user
    await phone.bye()
    await gateway.at_rest()


async def test_gb18030_names_are_read_and_sent_back_byte_for_byte(make, dial):
    gateway = await make()
    peer = await dial(gateway)
    phone = Phone(peer)
    name = "张三".encode("gb18030")
    raw = phone.request("INVITE", offer()).encode().replace(b"From: <", b'From: "' + name + b'" <')
    peer.send(raw)
    ok = await peer.expect(200, "INVITE")
    assert b'From: "' + name + b'" <' in ok.raw
    assert gateway.legs[0].info.from_raw.startswith('"张三" <sip:')
    phone.ack(ok)


async def test_a_handler_that_fails_or_rejects(make, dial):
    gateway = await make(t1_ms=100)
    peer = await dial(gateway)

    async def broken(_leg):
        raise RuntimeError("boom")

    async def rejecting(leg):
        await leg.reject(503, "Service Unavailable", retry_after_s=5)
        with pytest.raises(CallEnded):
            leg.play(b"")

    for handler, status in ((broken, 500), (rejecting, 503), (lambda _leg: asyncio.sleep(0), 480)):
        gateway.handler = handler
        phone = Phone(peer)
        phone.invite()
        refusal = await peer.expect(status, "INVITE")
        phone.ack_refusal(refusal)
    assert refusal.status == 480
    await gateway.at_rest()


async def test_everything_said_is_traced(make, dial):
    gateway = await make(t1_ms=500)
    peer = await dial(gateway)
    phone = Phone(peer)
    await phone.up()
    await phone.bye()
    await gateway.agent.aclose(drain_s=0)
    (path,) = (gateway.data_dir / "traces").glob("*/*.jsonl")
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    said = [(entry["dir"], entry["first_line"].split()[0 if entry["dir"] == "in" else 1]) for entry in lines]
    assert said == [
        ("in", "INVITE"), ("out", "100"), ("out", "180"), ("out", "200"), ("in", "ACK"), ("in", "BYE"), ("out", "200"),
    ]  # fmt: skip
    assert {entry["call_id"] for entry in lines} == {phone.call_id}
