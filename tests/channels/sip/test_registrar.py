"""Phones of our own: registration with digest, and their calls when only trunks may call."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from datetime import UTC, datetime

import pytest

from gateway.errors import StoreUnavailable
from tests.support.sip import Msg, Phone, offer

pytestmark = pytest.mark.integration

REALM = "12345"
PASSWORD = "pass"


def md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


class Phones:
    """A phone book in memory that keeps the rules of ``PhoneBook``."""

    def __init__(self) -> None:
        self.secrets = {"8001": md5(f"8001:{REALM}:pass")}
        self.bound: dict[str, dict[str, datetime]] = {}
        self.cseqs: dict[tuple[str, str], int] = {}
        self.down = False

    async def phone_secret(self, username, realm):
        if self.down:
            raise StoreUnavailable("down")
        assert realm == REALM
        return self.secrets.get(username)

    async def bind(self, username, contact, expires_at, call_id, cseq):
        if self.cseqs.get((contact, call_id), -1) >= cseq:
            return
        self.cseqs[contact, call_id] = cseq
        bound = self.bound.setdefault(username, {})
        if expires_at is None:
            bound.pop(contact, None)
        else:
            bound[contact] = expires_at

    async def bindings(self, username):
        now = datetime.now(UTC)
        return [(c, at) for c, at in self.bound.get(username, {}).items() if at > now]


class Desk(Phone):
    """A phone that can answer a challenge."""

    def __init__(self, peer, user="8001", password=PASSWORD):
        super().__init__(peer, user=user)
        self.user, self.password = user, password
        self.to = self.from_.partition(";")[0]
        self.nonce, self.nc = "", 0

    def learn(self, challenge: Msg) -> None:
        value = challenge.get("www-authenticate") or challenge.get("proxy-authenticate")
        self.nonce, self.nc = re.search(r'nonce="([^"]+)"', value)[1], 0
        assert f'realm="{REALM}"' in value
        assert 'qop="auth"' in value

    def credentials(self, method: str, uri: str, *, nc: int = 0, header: str = "Authorization") -> str:
        self.nc = nc or self.nc + 1
        cnonce = secrets.token_hex(4)
        ha1, ha2 = md5(f"{self.user}:{REALM}:{self.password}"), md5(f"{method}:{uri}")
        response = md5(f"{ha1}:{self.nonce}:{self.nc:08x}:{cnonce}:auth:{ha2}")
        return (
            f'{header}: Digest username="{self.user}", realm="{REALM}", nonce="{self.nonce}", uri="{uri}", '
            f'response="{response}", algorithm=MD5, qop=auth, nc={self.nc:08x}, cnonce="{cnonce}"'
        )

    async def register(self, status: int, *headers: str, nc: int = 0) -> Msg:
        given = [self.credentials("REGISTER", self.target, nc=nc)] if self.nonce else []
        self.peer.send(self.request("REGISTER", "", *given, *headers))
        return await self.peer.expect(status, "REGISTER")


async def test_a_phone_registers_refreshes_and_leaves(make, dial):
    phones = Phones()
    gateway = await make(phones)
    desk = Desk(await dial(gateway))
    desk.learn(await desk.register(401))
    ok = await desk.register(200, "Expires: 600")
    assert ok.get("contact") == f"{desk.contact};expires=600"
    assert list(phones.bound["8001"]) == [desk.contact.strip("<>")]
    await desk.register(200)
    await desk.register(423, "Expires: 5")
    assert not (await desk.register(200, "Expires: 0")).get("contact")
    assert phones.bound["8001"] == {}
    await gateway.at_rest()


async def test_all_bindings_at_once(make, dial):
    phones = Phones()
    gateway = await make(phones)
    desk = Desk(await dial(gateway))
    desk.learn(await desk.register(401))
    await desk.register(200)
    desk.contact = "*"
    await desk.register(400, "Expires: 60")
    await desk.register(200, "Expires: 0")
    assert phones.bound["8001"] == {}


async def test_a_phone_behind_nat_is_bound_where_it_can_be_reached(make, dial):
    phones = Phones()
    gateway = await make(phones)
    peer = await dial(gateway)
    desk = Desk(peer)
    desk.contact = "<sip:8001@phone.lan:5060>"
    desk.learn(await desk.register(401))
    ok = await desk.register(200)
    assert ok.get("contact").startswith("<sip:8001@phone.lan:5060>;expires=")
    assert list(phones.bound["8001"]) == [f"sip:8001@127.0.0.1:{peer.port}"]


@pytest.mark.parametrize(("user", "password"), [("8001", "wrong"), ("nobody", "pass")])
async def test_strangers_do_not_register(make, dial, user, password):
    phones = Phones()
    gateway = await make(phones)
    desk = Desk(await dial(gateway), user, password)
    desk.learn(await desk.register(401))
    await desk.register(403)
    assert not phones.bound


async def test_a_phone_registers_only_itself(make, dial):
    phones = Phones()
    phones.secrets["8002"] = "0" * 32
    gateway = await make(phones)
    desk = Desk(await dial(gateway))
    desk.learn(await desk.register(401))
    desk.to = "<sip:8002@127.0.0.1>"
    await desk.register(403)
    assert not phones.bound


async def test_nonces_serve_once_a_count_and_only_ours(make, dial):
    gateway = await make(Phones())
    desk = Desk(await dial(gateway))
    desk.learn(await desk.register(401))
    await desk.register(200, nc=5)
    again = await desk.register(401, nc=5)
    assert "stale=true" in again.get("www-authenticate")
    desk.learn(again)
    await desk.register(200)
    desk.nonce = "0" * 60
    assert "stale" not in (await desk.register(401)).get("www-authenticate")


async def test_an_old_nonce_is_stale(make, dial, monkeypatch):
    gateway = await make(Phones())
    desk = Desk(await dial(gateway))
    desk.learn(await desk.register(401))
    monkeypatch.setattr("channels.sip.digest.NONCE_TTL_S", 0.0)
    assert "stale=true" in (await desk.register(401)).get("www-authenticate")


async def test_an_older_cseq_and_a_store_that_is_down(make, dial):
    phones = Phones()
    gateway = await make(phones)
    desk = Desk(await dial(gateway))
    desk.learn(await desk.register(401))
    desk.cseq = 50
    await desk.register(200)
    desk.cseq = 10
    assert (await desk.register(200, "Expires: 0")).get("contact")  # changes nothing (RFC 3261 §10.3 step 7)
    phones.down = True
    desk.cseq = 60
    assert (await desk.register(503)).get("retry-after") == "5"
    await gateway.at_rest()


async def test_a_registered_phone_may_call_though_it_is_no_trunk(make, dial):
    gateway = await make(Phones(), trunks=("192.0.2.1",))
    desk = Desk(await dial(gateway))
    desk.learn(await desk.register(401))
    await desk.register(200)
    call = Phone(desk.peer, user="8001")
    await call.up()
    await call.bye()
    await desk.register(200, "Expires: 0")
    stranger = Phone(desk.peer)
    stranger.invite()
    await desk.peer.expect(407, "INVITE")


async def test_a_call_cancelled_while_the_phone_book_is_asked(make, dial):
    phones = Phones()
    asked, go = asyncio.Event(), asyncio.Event()

    async def slow(_username, _realm):
        asked.set()
        await go.wait()

    phones.phone_secret = slow
    gateway = await make(phones, trunks=("192.0.2.1",))
    peer = await dial(gateway)
    desk = Desk(peer)
    desk.to = "<sip:12345@127.0.0.1>"
    desk.invite()
    challenge = await peer.expect(407, "INVITE")
    desk.ack_refusal(challenge)
    desk.learn(challenge)
    desk.invite(offer(), desk.credentials("INVITE", desk.target, header="Proxy-Authorization"))
    await asked.wait()
    desk.cancel()
    desk.ack_refusal(await peer.expect(487, "INVITE"))
    go.set()
    await gateway.at_rest(sources=1)
    assert not gateway.legs


async def test_a_phone_may_call_with_its_password(make, dial):
    gateway = await make(Phones(), trunks=("192.0.2.1",))
    peer = await dial(gateway)
    desk = Desk(peer)
    desk.to = "<sip:12345@127.0.0.1>"
    desk.invite()
    challenge = await peer.expect(407, "INVITE")
    desk.ack_refusal(challenge)
    desk.learn(challenge)
    desk.invite(offer(), desk.credentials("INVITE", desk.target, header="Proxy-Authorization"))
    ok = await peer.expect(200, "INVITE")
    desk.ack(ok)
    await desk.bye()
    desk.password = "wrong"
    desk.to = "<sip:12345@127.0.0.1>"
    desk.call_id = "other"
    desk.target = f"sip:12345@127.0.0.1:{peer.server}"
    desk.invite(offer(), desk.credentials("INVITE", desk.target, header="Proxy-Authorization"))
    await peer.expect(403, "INVITE")
    assert len(gateway.legs) == 1
    await gateway.at_rest(sources=1)
