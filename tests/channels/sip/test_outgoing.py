"""Calls that we place."""

from __future__ import annotations

import asyncio
import hashlib
import re

import pytest

from channels.sip.uac import BadDestination, Credentials
from gateway.errors import CallEnded
from gateway.ports.call import EndReason, OutgoingCall
from tests.support.sip import Phone, offer

pytestmark = pytest.mark.integration


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def call_to(peer, **kw) -> OutgoingCall:
    suffix = ";transport=tcp" if peer.kind == "TCP" else ""
    values = {"to_uri": f"sip:8001@127.0.0.1:{peer.port}{suffix}", "from_user": "12345", "timeout_s": 5.0, **kw}
    return OutgoingCall(**values)


async def place(gateway, peer, **kw):
    """Start a call; (task, the callee's side, INVITE received)."""
    credentials = kw.pop("credentials", None)
    task = asyncio.create_task(gateway.agent.invite(call_to(peer, **kw), credentials=credentials))
    return task, Phone(peer, user="8001"), await peer.expect("INVITE")


@pytest.mark.parametrize("kind", ["udp", "tcp"])
async def test_a_call_that_is_answered(make, dial, kind):
    gateway = await make(t1_ms=100)
    peer = await dial(gateway, kind)
    task, callee, invite = await place(gateway, peer, headers={"X-Ticket-No": "20261123-0000001"})
    assert invite.get("x-ticket-no") == "20261123-0000001"
    assert invite.get("from").startswith("<sip:12345@127.0.0.1>;tag=")
    assert b"m=audio" in invite.body
    callee.answer(invite, 180, tag="a")
    callee.answer(invite, 200, tag="a", body=offer())
    ack = await peer.expect("ACK")
    assert ack.get("cseq").split()[0] == invite.get("cseq").split()[0]
    leg = await task
    assert gateway.gauges["gateway_calls_active"] == 1
    callee.answer(invite, 200, tag="a", body=offer())
    await peer.expect("ACK")
    await leg.hangup()
    bye = await peer.expect("BYE")
    assert bye.to_tag == "a"
    callee.answer(bye)
    assert leg.ended.result() is EndReason.WE_HUNG_UP
    await gateway.at_rest(connections=1)


async def test_the_callee_hangs_up(make, dial):
    gateway = await make()
    peer = await dial(gateway)
    task, callee, invite = await place(gateway, peer)
    callee.answer(invite, 200, tag="a", body=offer())
    leg = await task
    ours = invite.get("from").partition("tag=")[2]
    callee.call_id = invite.get("call-id")
    callee.from_ = f"{invite.get('to')};tag=a"
    callee.to = f"<sip:12345@127.0.0.1>;tag={ours}"
    await callee.bye()
    assert leg.ended.result() is EndReason.CALLER_HUNG_UP
    await gateway.at_rest()


async def test_it_is_refused(make, dial):
    gateway = await make()
    peer = await dial(gateway)
    task, callee, invite = await place(gateway, peer)
    callee.answer(invite, 486, tag="a")
    ack = await peer.expect("ACK")
    assert ack.get("via") == invite.get("via")
    with pytest.raises(CallEnded, match="486"):
        await task
    await gateway.at_rest()


async def test_nobody_answers(make, dial):
    gateway = await make()
    peer = await dial(gateway)
    task, callee, invite = await place(gateway, peer, timeout_s=0.3)
    callee.answer(invite, 180, tag="a")
    cancel = await peer.expect("CANCEL")
    assert cancel.get("via") == invite.get("via")
    callee.answer(cancel)
    callee.answer(invite, 487, tag="a")
    await peer.expect("ACK")
    with pytest.raises(CallEnded, match="no answer"):
        await task
    await gateway.at_rest()


async def test_nothing_is_there(make, dial):
    gateway = await make(t1_ms=5)
    peer = await dial(gateway)
    task, _, invite = await place(gateway, peer)
    assert (await peer.expect("INVITE")).raw == invite.raw
    with pytest.raises(CallEnded, match="nothing"):
        await task
    await gateway.at_rest()
    with pytest.raises(CallEnded, match="nothing"):
        await gateway.agent.invite(OutgoingCall(to_uri="sip:x@127.0.0.1:1;transport=tcp", from_user="12345"))
    await gateway.at_rest()


async def test_giving_up_before_anything_is_heard(make, dial):
    gateway = await make()
    peer = await dial(gateway)
    task, callee, invite = await place(gateway, peer)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    callee.answer(invite, 100)
    callee.answer(await peer.expect("CANCEL"))
    # The 200 crossed the CANCEL: it is acknowledged and hung up.
    callee.answer(invite, 200, tag="a", body=offer())
    await peer.expect("ACK")
    callee.answer(await peer.expect("BYE"))
    await gateway.at_rest()


async def test_forks_that_answer_too_are_hung_up(make, dial):
    gateway = await make()
    peer = await dial(gateway)
    task, callee, invite = await place(gateway, peer)
    callee.answer(invite, 200, tag="a", body=offer())
    callee.answer(invite, 200, tag="b", body=offer())
    leg = await task
    bye = await peer.expect("BYE")
    assert bye.to_tag == "b"
    callee.answer(bye)
    assert not leg.ended.done()


@pytest.mark.parametrize(
    ("status", "challenge", "answer"),
    [(401, "WWW-Authenticate", "authorization"), (407, "Proxy-Authenticate", "proxy-authorization")],
)
async def test_it_answers_a_digest_challenge(make, dial, status, challenge, answer):
    gateway = await make()
    peer = await dial(gateway)
    task, callee, invite = await place(gateway, peer, credentials=Credentials("gw", "secret"))
    callee.answer(invite, status, f'{challenge}: Digest realm="r", nonce="n1", qop="auth"', tag="a")
    await peer.expect("ACK")
    again = await peer.expect("INVITE")
    given = dict(re.findall(r'(\w+)="?([^",]+)"?', again.get(answer)))
    ha1, ha2 = md5("gw:r:secret"), md5(f"INVITE:{again.first.split()[1]}")
    assert given["response"] == md5(f"{ha1}:n1:{given['nc']}:{given['cnonce']}:auth:{ha2}")
    assert again.get("call-id") == invite.get("call-id")
    assert int(again.get("cseq").split()[0]) == 2
    callee.answer(again, status, f'{challenge}: Digest realm="r", nonce="n2", qop="auth"', tag="a")
    with pytest.raises(CallEnded, match=str(status)):
        await task


async def test_a_longer_session_interval_is_granted(make, dial):
    gateway = await make()
    peer = await dial(gateway)
    task, callee, invite = await place(gateway, peer)
    callee.answer(invite, 422, "Min-SE: 3600", tag="a")
    await peer.expect("ACK")
    again = await peer.expect("INVITE")
    assert again.get("session-expires") == "3600"
    callee.answer(again, 200, tag="b", body=offer())
    await task


async def test_an_answer_we_cannot_use(make, dial):
    gateway = await make()
    peer = await dial(gateway)
    task, callee, invite = await place(gateway, peer)
    callee.answer(invite, 200, tag="a", body="nonsense")
    await peer.expect("ACK")
    callee.answer(await peer.expect("BYE"))
    with pytest.raises(CallEnded, match="SDP"):
        await task
    await gateway.at_rest()


async def test_destinations_and_headers_that_cannot_be_sent(make):
    gateway = await make()
    for uri in ("sip:8001@pbx.example.invalid", "tel:12345", "sips:x@127.0.0.1", "", "sip:x@127.0.0.1:99999"):
        with pytest.raises(BadDestination):
            await gateway.agent.invite(OutgoingCall(to_uri=uri, from_user="12345"))
    with pytest.raises(BadDestination):
        await gateway.agent.invite(OutgoingCall(to_uri="sip:x@127.0.0.1", from_user="1>\r\nX: y"))
    with pytest.raises(BadDestination):
        await gateway.agent.invite(
            OutgoingCall(to_uri="sip:x@127.0.0.1", from_user="1", headers={"X-A": "b\r\nInjected: yes"})
        )
    assert set(gateway.agent.sizes().values()) == {0}


async def test_the_gateway_calls_itself(make):
    """Both sides of this stack, with media in between."""
    gateway = await make(t1_ms=100)
    heard = asyncio.Event()

    async def handler(leg):
        await leg.answer()
        leg.set_sink(lambda caller, _ours: heard.set() if caller != b"\xd5" * 160 else None)
        await leg.ended

    gateway.handler = handler
    leg = await gateway.agent.invite(
        OutgoingCall(to_uri=f"sip:12345@127.0.0.1:{gateway.agent.port}", from_user="13800000000")
    )
    leg.play(b"\x2a" * 8000)
    await asyncio.wait_for(heard.wait(), 5)
    await leg.hangup()
    assert await gateway.legs[0].ended is EndReason.CALLER_HUNG_UP
    assert gateway.legs[0].started_media
    await gateway.at_rest()
