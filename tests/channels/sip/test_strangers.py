"""Strangers at the open port: forged calls, forged requests in others' calls, floods. None may stop or take a call."""

from __future__ import annotations

import asyncio
import re
from collections import Counter

import pytest

from channels.sip.failures import OF_A_NAME, OF_A_SOURCE
from channels.sip.user_agent import COMPLAINTS_PER_SECOND
from gateway.errors import CallEnded
from gateway.ports.call import EndReason
from tests.channels.sip.elsewhere import Elsewhere
from tests.channels.sip.test_registrar import Desk, Phones
from tests.support.rtp import Phone as Media
from tests.support.sip import Phone, offer
from tests.support.waiting import until

pytestmark = pytest.mark.integration

PROMPT = b"".join(bytes([n + 1]) * 160 for n in range(40))


@pytest.fixture
async def ears():
    """RTP sockets on any loopback address."""
    opened = []

    async def at(host: str = "127.0.0.1") -> Media:
        opened.append(await Media(host=host).open())
        return opened[-1]

    yield at
    for ear in opened:
        ear.transport.close()


async def prompt(leg):
    """Answer and play, as a flow does."""
    leg.trying()
    try:
        await leg.answer()
        await leg.play(PROMPT).wait()
        await leg.ended
    except CallEnded:
        return


# -- the ACK ---------------------------------------------------------------------------------------------------------


async def test_a_call_that_is_never_acknowledged_draws_no_audio(make, dial, ears):
    gateway = await make(t1_ms=10)
    gateway.handler = prompt
    peer, victim = await dial(gateway), await ears()
    phone = Phone(peer)
    phone.invite(offer(port=victim.port))
    phone.answer(await peer.expect("BYE"))
    await gateway.at_rest()
    assert not victim.received
    assert gateway.legs[0].ended.result() is EndReason.SIGNALLING_LOST
    assert await gateway.legs[0].proved() is False


async def test_the_greeting_begins_with_the_ack_and_none_of_it_is_lost(make, dial, ears):
    gateway = await make(t1_ms=100)
    gateway.handler = prompt
    peer, ear = await dial(gateway), await ears()
    phone = Phone(peer)
    phone.invite(offer(port=ear.port))
    ok = await peer.expect(200, "INVITE")
    await peer.expect(200, "INVITE")  # repeated: time has passed
    assert not ear.received
    phone.ack(ok)
    await until(lambda: len(ear.audio()) >= len(PROMPT))
    assert ear.audio() == PROMPT
    assert await gateway.legs[0].proved() is True
    await phone.bye()


@pytest.mark.parametrize("acknowledges", [True, False])
async def test_a_caller_who_gives_up_proves_itself_by_acknowledging_that(make, dial, acknowledges):
    gateway = await make(t1_ms=50)
    gateway.handler = gateway.ring
    peer = await dial(gateway)
    phone = Phone(peer)
    phone.invite()
    await peer.expect(180)
    phone.cancel()
    refusal = await peer.expect(487, "INVITE")
    (leg,) = gateway.legs
    if acknowledges:
        phone.ack_refusal(refusal)
    else:  # whoever forged it knows the branch, but not our tag
        peer.send(phone.request("ACK", branch=phone.invite_branch, cseq=1, to="<sip:12345@127.0.0.1>;tag=guessed"))
    assert await leg.proved() is acknowledges


async def test_an_ack_without_our_tag_proves_nothing_over_udp(make):
    gateway = await make()
    flow = Elsewhere(gateway, "198.51.100.7")
    phone = flow.phone()
    phone.invite(offer())
    await until(lambda: 200 in flow.statuses())
    phone.peer.send(phone.request("ACK", branch=phone.invite_branch, cseq=1, to=f"{phone.to};tag=guessed"))
    (leg,) = gateway.legs
    assert leg in gateway.agent.core.unproved
    assert not leg.media.started_media


async def test_a_quarter_of_the_calls_may_wait_for_their_ack(make, dial):
    gateway = await make(max_calls=8, t1_ms=500)
    peer = await dial(gateway)
    waiting = [Phone(peer), Phone(peer)]
    answers = []
    for phone in waiting:
        phone.invite()
        answers.append(await peer.expect(200, "INVITE"))
    late = Phone(peer)
    late.invite()
    refusal = await peer.expect(503, "INVITE")
    assert refusal.get("retry-after") == "5"
    late.ack_refusal(refusal)
    waiting[0].ack(answers[0])
    await until(lambda: len(gateway.agent.core.unproved) == 1)
    await Phone(peer).up()
    await until(lambda: len(gateway.agent.core.unproved) == 1)
    assert len(gateway.agent.core.active) == 3


async def test_a_burst_gets_no_more_than_that_and_a_burst_of_real_callers_is_answered(make, dial):
    gateway = await make(max_calls=40, t1_ms=200)
    go = asyncio.Event()

    async def stalled(leg):
        leg.trying()
        await go.wait()
        await gateway.answer(leg)

    gateway.handler = stalled
    peer = await dial(gateway)
    for _ in range(30):
        Phone(peer).invite()
    await until(lambda: len(gateway.legs) == 30)
    go.set()
    answered: dict[str, int] = {}
    while len(answered) < 30:
        message = await peer.next()
        if message.status >= 200:
            answered.setdefault(message.get("call-id"), message.status)
    assert Counter(answered.values()) == {200: 10, 503: 20}

    gateway = await make(max_calls=40, t1_ms=200)
    go.clear()
    peer = await dial(gateway)
    gateway.handler = stalled
    phones = {(phone := Phone(peer)).call_id: phone for _ in range(30)}
    for phone in phones.values():
        phone.invite()
    await until(lambda: len(gateway.legs) == 30)
    go.set()
    up = set()
    while len(up) < 30:
        message = await peer.next()
        assert message.status < 300
        if message.status == 200:
            phones[message.get("call-id")].ack(message)
            up.add(message.get("call-id"))


async def test_callers_that_do_not_exist_make_way_for_one_that_does(make, dial):
    gateway = await make(max_calls=8, t1_ms=100)
    peer = await dial(gateway)
    for _ in range(2):
        Phone(peer).invite()
        await peer.expect(200, "INVITE")
    await until(lambda: all(leg.overdue for leg in gateway.agent.core.unproved))
    honest = Phone(peer)
    honest.invite()
    while (ok := await peer.expect(200, "INVITE")).get("call-id") != honest.call_id:
        pass
    honest.ack(ok)
    await until(lambda: len(gateway.agent.core.unproved) == 1)
    assert gateway.legs[0].ended.result() is EndReason.SIGNALLING_LOST
    await until(lambda: len(gateway.agent.core.active) == 2)
    assert not gateway.legs[2].ended.done()


async def test_connections_of_strangers_leave_room_for_trunks(make, monkeypatch):
    monkeypatch.setattr("channels.sip.transport.MAX_CONNECTIONS", 8)
    monkeypatch.setattr("channels.sip.transport.MAX_PER_STRANGER", 3)
    gateway = await make(Phones(), trunks=("127.0.0.2",))
    writers = []
    for host in ["127.0.0.1"] * 5 + ["127.0.0.3"] * 5 + ["127.0.0.2"]:
        _, writer = await asyncio.open_connection("127.0.0.1", gateway.agent.port, local_addr=(host, 0))
        writers.append((host, writer))
    transports = gateway.agent.transports
    await until(
        lambda: Counter(host for host, _ in transports._connections) == {"127.0.0.1": 3, "127.0.0.3": 1, "127.0.0.2": 1}
    )
    for _, writer in writers:
        writer.close()


# -- who may have how many calls -------------------------------------------------------------------------------------


async def test_a_source_that_is_neither_trunk_nor_phone_has_so_many_calls_at_once(make, dial):
    gateway = await make(max_calls_per_source=3)
    gateway.handler = gateway.ring
    flow, other = Elsewhere(gateway, "198.51.100.7"), Elsewhere(gateway, "198.51.100.8")
    calls = [flow.phone() for _ in range(5)]
    for phone in calls:
        phone.invite()
    other.phone().invite()
    await until(lambda: len(gateway.legs) == 4)
    assert Counter(flow.statuses()) == {180: 3, 503: 2}
    assert other.statuses() == [180]
    calls[0].cancel()
    await until(lambda: 487 in flow.statuses())
    flow.phone().invite()
    await until(lambda: len(gateway.legs) == 5)
    peer = await dial(gateway)  # this machine is a trunk when none is named
    for _ in range(5):
        Phone(peer).invite()
    await until(lambda: len(gateway.legs) == 10)


async def test_a_named_trunk_and_a_phone_of_ours_have_no_such_limit(make, dial):
    gateway = await make(Phones(), trunks=("198.51.100.7",), max_calls_per_source=1)
    gateway.handler = gateway.ring
    trunk, peer = Elsewhere(gateway, "198.51.100.7"), await dial(gateway)
    for _ in range(3):
        trunk.phone().invite()
    desk = Desk(peer)
    desk.learn(await desk.register(401))
    await desk.register(200)
    for _ in range(3):
        Phone(peer, user="8001").invite()
    await until(lambda: len(gateway.legs) == 6)


# -- requests in others' calls ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["BYE", "INVITE", "UPDATE", "INFO"])
async def test_requests_in_a_call_come_from_its_own_peers_whatever_tags_they_bear(make, dial, ears, method):
    gateway = await make(trunks=("127.0.0.1", "127.0.0.2"))
    gateway.handler = prompt
    peer, mallory, ear = await dial(gateway), await dial(gateway, host="127.0.0.66"), await ears()
    phone = Phone(peer)
    phone.invite(offer(port=ear.port))
    phone.ack(await peer.expect(200, "INVITE"))
    (leg,) = gateway.legs
    victim = await ears("127.0.0.99")
    hijack = offer(port=victim.port).replace("c=IN IP4 127.0.0.1", "c=IN IP4 127.0.0.99")
    mallory.send(phone.request(method, hijack if method in {"INVITE", "UPDATE"} else "", cseq=phone.cseq + 5))
    await mallory.expect(481, method)
    await until(lambda: len(ear.audio()) >= len(PROMPT))
    assert not victim.received
    assert not leg.ended.done()
    assert not leg.media.pending_dtmf()
    await phone.bye()


async def test_a_cancel_from_elsewhere_cancels_nothing(make, dial):
    gateway = await make(trunks=("127.0.0.1",))
    gateway.handler = gateway.ring
    peer, mallory = await dial(gateway), await dial(gateway, host="127.0.0.66")
    phone = Phone(peer)
    phone.invite()
    await peer.expect(180)
    mallory.send(phone.request("CANCEL", branch=phone.invite_branch, cseq=phone.invite_cseq))
    await mallory.expect(481, "CANCEL")
    assert not gateway.legs[0].ended.done()
    phone.cancel()
    await peer.expect(487, "INVITE")


async def test_guessed_tags_reach_no_call(make, dial):
    gateway = await make()
    peer = await dial(gateway)
    phone = Phone(peer)
    await phone.up()
    known, phone.to = phone.to, "<sip:12345@127.0.0.1>;tag=0123456789abcdef"
    for method in ("BYE", "INVITE"):
        peer.send(phone.request(method, offer() if method == "INVITE" else ""))
        await peer.expect(481, method)
    phone.to = known
    await phone.bye()


async def test_another_trunk_takes_a_call_over(make, dial):
    """An SBC pair fails over: the second one signals in the first one's calls."""
    gateway = await make(trunks=("127.0.0.1", "127.0.0.2"))
    peer, spare = await dial(gateway), await dial(gateway, host="127.0.0.2")
    phone = Phone(peer)
    await phone.up()
    spare.send(phone.request("INVITE", offer()))
    phone.peer = spare
    phone.ack(await spare.expect(200, "INVITE"))
    await phone.bye()
    assert gateway.legs[0].ended.result() is EndReason.CALLER_HUNG_UP


# -- audio -----------------------------------------------------------------------------------------------------------


async def test_a_phone_behind_nat_hears_and_is_heard(make, dial, ears):
    gateway = await make(Phones(), trunks=("192.0.2.1",))
    gateway.handler = prompt
    peer, media, stranger = await dial(gateway, host="127.0.0.3"), await ears("127.0.0.3"), await ears("127.0.0.66")
    desk = Desk(peer)
    desk.contact = "<sip:8001@192.168.1.20:5060>"
    desk.learn(await desk.register(401))
    await desk.register(200)
    phone = Phone(peer, user="8001")
    phone.contact = "<sip:8001@192.168.1.20:5060>"
    phone.invite(offer(port=40_000).replace("c=IN IP4 127.0.0.1", "c=IN IP4 192.168.1.20"))
    ok = await peer.expect(200, "INVITE")
    at = ("127.0.0.1", int(re.search(rb"m=audio (\d+)", ok.body)[1]))
    phone.ack(ok)
    media.to = stranger.to = at
    await stranger.speak([b"\x66" * 160] * 5)
    await media.speak([b"\x05" * 160] * 3)
    (leg,) = gateway.legs
    await until(lambda: media.received)
    assert leg.media.source.current == ("127.0.0.3", media.port)
    assert not stranger.received
    await phone.bye()


async def test_an_outsider_s_sdp_does_not_send_our_audio_to_a_third_party(make, dial, ears):
    gateway = await make(Phones(), trunks=("192.0.2.1",))
    gateway.handler = prompt
    peer, victim = await dial(gateway), await ears("127.0.0.99")
    desk = Desk(peer)
    desk.learn(await desk.register(401))
    await desk.register(200)
    phone = Phone(peer, user="8001")
    phone.invite(offer(port=victim.port).replace("c=IN IP4 127.0.0.1", "c=IN IP4 127.0.0.99"))
    phone.ack(await peer.expect(200, "INVITE"))
    (leg,) = gateway.legs
    await leg.play(PROMPT).wait()
    assert not victim.received
    await phone.bye()


async def test_a_separate_media_gateway_of_a_trunk_is_believed(make, dial, ears):
    gateway = await make(trunks=("127.0.0.1", "127.0.0.4"))
    gateway.handler = prompt
    peer, media = await dial(gateway), await ears("127.0.0.4")
    phone = Phone(peer)
    phone.invite(offer(port=media.port).replace("c=IN IP4 127.0.0.1", "c=IN IP4 127.0.0.4"))
    phone.ack(await peer.expect(200, "INVITE"))
    await until(lambda: len(media.audio()) >= len(PROMPT))
    assert media.audio() == PROMPT
    await phone.bye()


async def test_a_re_invite_moves_the_audio(make, dial, ears):
    gateway = await make()
    gateway.handler = prompt
    peer, first, second = await dial(gateway), await ears(), await ears()
    phone = Phone(peer)
    phone.invite(offer(port=first.port))
    phone.ack(await peer.expect(200, "INVITE"))
    await until(lambda: len(first.audio()) >= 1600)
    phone.invite(offer(port=second.port))
    phone.ack(await peer.expect(200, "INVITE"))
    await until(lambda: second.received)
    await until(lambda: len(first.audio()) + len(second.audio()) >= len(PROMPT))
    assert first.audio() + second.audio() == PROMPT
    await phone.bye()


# -- passwords -------------------------------------------------------------------------------------------------------


async def guesses(peer, count: int, user: str = "8001") -> Counter[int]:
    """So many wrong passwords at once; what was answered."""
    desk = Desk(peer, user, "wrong password")
    desk.learn(await desk.register(401))
    for _ in range(count):
        peer.send(desk.request("REGISTER", "", desk.credentials("REGISTER", desk.target)))
    answered: Counter[int] = Counter()
    while answered.total() < count:
        answered[(await peer.next()).status] += 1
    return answered


async def test_many_guesses_at_once_are_no_more_than_one_after_the_other(make, dial):
    phones = Phones()
    asked = []
    find = phones.phone_secret

    async def slow(username, realm):
        asked.append(username)
        await asyncio.sleep(0.2)
        return await find(username, realm)

    phones.phone_secret = slow
    gateway = await make(phones)
    peer = await dial(gateway)
    assert await guesses(peer, 60) == {403: OF_A_NAME.failures, 503: 60 - OF_A_NAME.failures}
    assert len(asked) == OF_A_NAME.failures
    await gateway.at_rest()


async def test_guesses_from_elsewhere_lock_no_phone_out(make, dial):
    gateway = await make(Phones())
    await guesses(await dial(gateway, host="127.0.0.66"), 20)
    desk = Desk(await dial(gateway))
    desk.learn(await desk.register(401))
    await desk.register(200)


async def test_behind_a_trusted_proxy_each_phone_has_its_own_tries(make, dial):
    gateway = await make(Phones(), trusted_proxies=("127.0.0.1",))
    peer = await dial(gateway)

    def through_proxy(desk: Desk, received: str) -> str:
        text = desk.request("REGISTER", "", desk.credentials("REGISTER", desk.target))
        mine = f"Via: SIP/2.0/UDP 10.0.0.9:5060;branch=z9hG4bKx;received={received};rport=5060"
        return text.replace("Max-Forwards", f"{mine}\r\nMax-Forwards", 1)

    bad, good = Desk(peer, password="wrong"), Desk(peer)
    bad.learn(await bad.register(401))
    good.learn(await good.register(401))
    for status in [403] * OF_A_NAME.failures + [503]:
        peer.send(through_proxy(bad, "198.51.100.66"))
        assert (await peer.next()).status == status
    peer.send(through_proxy(good, "198.51.100.7"))
    await peer.expect(200, "REGISTER")


async def test_a_source_that_tries_many_names_is_slowed_too(make, dial):
    gateway = await make(Phones())
    peer = await dial(gateway, host="127.0.0.66")
    answered: Counter[int] = Counter()
    for n in range(OF_A_SOURCE.failures + 5):
        answered += await guesses(peer, 1, f"9{n:03d}")
    assert answered == {403: OF_A_SOURCE.failures, 503: 5}


async def test_right_passwords_are_no_failures(make, dial):
    gateway = await make(Phones())
    desk = Desk(await dial(gateway))
    desk.learn(await desk.register(401))
    for _ in range(2 * OF_A_NAME.failures):
        await desk.register(200)


async def test_a_nonce_serves_only_who_asked_for_it(make, dial):
    gateway = await make(Phones())
    desk = Desk(await dial(gateway))
    desk.learn(await desk.register(401))
    desk.peer = await dial(gateway, host="127.0.0.66")
    assert "stale" not in (await desk.register(401)).get("www-authenticate")


def without_chance(message):
    text = re.sub(rb'nonce="[^"]*"|tag=\w+|branch=\w+|rport=\d+|Call-ID: \w+|sip:\w+@', b"", message.raw)
    return re.sub(rb"127\.0\.0\.1:\d+", b"", text)


@pytest.mark.parametrize("method", ["REGISTER", "INVITE"])
async def test_the_challenge_tells_nobody_which_phones_there_are(make, dial, method):
    gateway = await make(Phones(), trunks=("192.0.2.1",))
    peer = await dial(gateway)
    answers = []
    for user in ("8001", "nobody"):
        desk = Desk(peer, user)
        peer.send(desk.request(method, offer() if method == "INVITE" else ""))
        answers.append(await peer.expect(401 if method == "REGISTER" else 407, method))
    assert without_chance(answers[0]) == without_chance(answers[1])
    await gateway.at_rest(sources=1)


async def test_junk_leaves_nothing_behind(make, dial):
    gateway = await make(Phones(), trunks=("192.0.2.1",))
    peer = await dial(gateway)
    for n in range(200):
        header = ("", 'Authorization: Digest realm="12345", nonce="' + "0" * 60 + '"', "Authorization: Digest ,,,")[
            n % 3
        ]
        desk = Desk(peer, f"x{n}")
        peer.send(desk.request("REGISTER", "", *([header] if header else [])))
        peer.send(desk.request("INVITE", offer(), header.replace("Authorization", "Proxy-Authorization") or "X-A: 1"))
    answered: Counter[int] = Counter()
    while answered.total() < 400:
        answered[(await peer.next()).status] += 1
    assert answered[401] == 200
    assert answered[407] + answered[503] == 200
    assert gateway.agent.sizes() | {"sources": 0} == dict.fromkeys(gateway.agent.sizes(), 0)


async def test_malformed_messages_are_answered_so_often_and_never_banned(make, dial):
    gateway = await make()
    peer = await dial(gateway)
    for _ in range(10 * COMPLAINTS_PER_SECOND):
        peer.send(Phone(peer).request("OPTIONS").replace("Max-Forwards: 70", "Max-Forwards: x"))
    await Phone(peer).up()
    complaints = [message for message in peer.seen if message.status == 400]
    assert 0 < len(complaints) < 5 * COMPLAINTS_PER_SECOND
