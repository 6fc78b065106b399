"""Registrar of our phones: RFC 3261 §10 with digest; a phone may call from where it registered."""

from __future__ import annotations

from datetime import timedelta

from channels.sip import uri as uris
from channels.sip.admission import THIS_MACHINE, Networks
from channels.sip.digest import Claim, Digest, Verdict
from channels.sip.failures import Failures
from channels.sip.flow import PeerFlow, Target
from channels.sip.headers import retry_after
from channels.sip.message import Request
from channels.sip.settings import SipSettings
from channels.sip.transactions import ServerTransaction
from channels.sip.weak_passwords import is_weak
from gateway.errors import StoreUnavailable
from gateway.ports.channel import PhoneBook
from gateway.ports.clock import Clock
from gateway.telemetry import log

DEFAULT_EXPIRES_S = 3600
MIN_EXPIRES_S = 60
MAX_CONTACTS = 10
MAX_SOURCES = 10_000
_log = log.get("sip_registrar")


class Registrar:
    """Registers phones and tells their calls from strangers'."""

    def __init__(self, *, settings: SipSettings, phones: PhoneBook, clock: Clock) -> None:
        self._phones = phones
        self._clock = clock
        self._realm = settings.realm
        self._digest = Digest(realm=settings.realm, phones=phones, clock=clock)
        self._failures = Failures(clock)
        self._proxies = Networks(settings.trusted_proxies)
        self._sources: dict[Target, float] = {}
        """Where phones registered from, until when."""
        self._looked_at: set[str] = set()
        """Phones whose password was held against the weakest ones."""

    def __len__(self) -> int:
        return len(self._sources)

    def knows(self, flow: PeerFlow) -> bool:
        """Whether a phone of ours registered from there and the registration lives."""
        until = self._sources.get(flow.target)
        if until is None:
            return False
        if until > self._clock.monotonic():
            return True
        del self._sources[flow.target]
        return False

    def vouches(self, flow: PeerFlow) -> bool:
        """Whether a peer's address is beyond doubt: by TCP's handshake, a digest, or because it is this machine."""
        return flow.reliable or self.knows(flow) or flow.host in THIS_MACHINE

    def challenge(self, request: Request, *, stale: bool = False) -> tuple[int, list[tuple[str, str]]]:
        """Status and headers of the challenge, the same whoever asks."""
        status, header = (401, "WWW-Authenticate") if request.method == "REGISTER" else (407, "Proxy-Authenticate")
        return status, [(header, self._digest.challenge(request.flow.host, stale=stale))]

    def claim(self, request: Request) -> Claim | None:
        """Credentials that the phone book can be asked about; None calls for a challenge."""
        return self._digest.claim(request, "authorization" if request.method == "REGISTER" else "proxy-authorization")

    def reserve(self, request: Request, claim: Claim) -> bool:
        """Count a try before anybody checks it; False when its source has had too many."""
        return self._failures.reserve(self._tried_from(request), claim.username)

    def _tried_from(self, request: Request) -> str:
        """The host that tries a password: behind a proxy that is trusted, the one that the proxy saw."""
        vias = request.values("via")
        if len(vias) > 1 and request.flow.host in self._proxies:
            return uris.params(vias[1].partition(";")[2]).get("received") or vias[1].partition(";")[0]
        return request.flow.host

    async def register(self, request: Request, transaction: ServerTransaction, claim: Claim) -> None:
        """Answer a REGISTER whose try was reserved."""
        try:
            await self._register(request, transaction, claim)
        except StoreUnavailable as error:
            transaction.respond(503, headers=retry_after(error.retry_after_s))

    async def admit(self, request: Request, transaction: ServerTransaction, claim: Claim) -> bool:
        """Authenticate a call from a stranger's address; False when it was answered (407, 403, 503) or cancelled."""
        try:
            verdict = await self._verdict(request, claim)
        except StoreUnavailable as error:
            if transaction.open:
                transaction.respond(503, headers=retry_after(error.retry_after_s))
            return False
        if transaction.open and verdict is not Verdict.OK:  # not open: cancelled meanwhile
            self._turn_away(request, transaction, verdict)
        return transaction.open

    async def _verdict(self, request: Request, claim: Claim) -> Verdict:
        try:
            verdict = await self._digest.check(claim)
        except StoreUnavailable:
            self._failures.give_back(self._tried_from(request), claim.username)
            raise
        if verdict is not Verdict.WRONG:
            self._failures.give_back(self._tried_from(request), claim.username)
        return verdict

    def _turn_away(self, request: Request, transaction: ServerTransaction, verdict: Verdict) -> None:
        status, headers = self.challenge(request, stale=True) if verdict is Verdict.STALE else (403, [])
        transaction.respond(status, headers=headers)

    async def _register(self, request: Request, transaction: ServerTransaction, claim: Claim) -> None:
        verdict = await self._verdict(request, claim)
        if verdict is Verdict.OK and uris.user_of(request.to_raw) != claim.username:
            verdict = Verdict.WRONG
        if verdict is not Verdict.OK:
            _log.warning("register_refused", peer=request.flow.peer, verdict=verdict.name.lower())
            self._turn_away(request, transaction, verdict)
            return
        await self._look_at_password(claim.username)
        wanted = _wanted(request)
        if wanted is None:
            transaction.respond(400)
            return
        if any(0 < seconds < MIN_EXPIRES_S for _, seconds in wanted):
            transaction.respond(423, headers=[("Min-Expires", str(MIN_EXPIRES_S))])
            return
        if wanted == [("*", 0)]:
            wanted = [(f"<{uri}>", 0) for uri, _ in await self._phones.bindings(claim.username)]
        said: dict[str, str] = {}
        now = self._clock.now()
        for contact, seconds in wanted:
            stored = _reachable(contact, request.flow)
            said[stored] = uris.uri_of(contact)
            until = now + timedelta(seconds=seconds) if seconds else None
            await self._phones.bind(claim.username, stored, until, request.call_id, request.cseq)
        if wanted:
            self._remember(request.flow, max(seconds for _, seconds in wanted))
        headers = []
        for stored, until in await self._phones.bindings(claim.username):
            left = max(0, round((until - now).total_seconds()))
            headers.append(("Contact", f"<{said.get(stored, stored)}>;expires={left}"))
        transaction.respond(200, headers=headers)

    async def _look_at_password(self, username: str) -> None:
        """Warn once of a password from before there was a shortest length."""
        if username in self._looked_at:
            return
        self._looked_at.add(username)
        secret = await self._phones.phone_secret(username, self._realm)
        if secret is not None and is_weak(username, self._realm, secret):
            _log.warning("weak_phone_password", phone=username, do=f"gateway phones add --username {username}")

    def _remember(self, flow: PeerFlow, seconds: int) -> None:
        if not seconds:
            self._sources.pop(flow.target, None)
            return
        if len(self._sources) >= MAX_SOURCES:
            now = self._clock.monotonic()
            self._sources = {source: until for source, until in self._sources.items() if until > now}
        self._sources[flow.target] = self._clock.monotonic() + seconds


def _wanted(request: Request) -> list[tuple[str, int]] | None:
    """Contacts with the seconds each asks for; None for a request that makes no sense (§10.3 step 6)."""
    contacts = request.values("contact")
    if len(contacts) > MAX_CONTACTS:
        return None
    general = request.number("expires")
    if "*" in contacts:
        return [("*", 0)] if contacts == ["*"] and general == 0 else None
    wanted = []
    for contact in contacts:
        if uris.parse_uri(uris.uri_of(contact)) is None:
            return None
        own = uris.address_params(contact).get("expires", "")
        asked = int(own) if own.isascii() and own.isdigit() and len(own) < 10 else general  # noqa: PLR2004 - RFC 3261: 2^32-1
        wanted.append((contact, DEFAULT_EXPIRES_S if asked is None else min(asked, DEFAULT_EXPIRES_S)))
    return wanted


def _reachable(contact: str, flow: PeerFlow) -> str:
    """The URI that reaches the phone: as written, or where it signals from when it is a name or behind NAT."""
    written = uris.uri_of(contact)
    parsed = uris.parse_uri(written)
    if parsed is None or (parsed.host == flow.host and not flow.reliable):
        return written
    user = f"{parsed.user}@" if parsed.user else ""
    suffix = ";transport=tcp" if flow.reliable else ""
    return f"sip:{user}{uris.bracketed(flow.host)}:{flow.port}{suffix}"
