"""A call that we place (RFC 3261 §13.2): digest, provisional answers, CANCEL, forks."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass

from aiosipua.auth import SipDigestAuth, answer_challenge
from aiosipua.message import SipRequest

from channels.sip import uri as uris
from channels.sip.client import ClientTransaction
from channels.sip.core import Core
from channels.sip.dialogs import Dialog, new_tag
from channels.sip.flow import Target
from channels.sip.headers import ALLOW, SERVER, SUPPORTED
from channels.sip.leg import CONTENT_SDP, Leg
from channels.sip.message import Response, new_request
from channels.sip.rtp_source import Signaller
from channels.sip.session_timers import accepted
from gateway.errors import CallEnded, GatewayError
from gateway.ports.call import CallInfo, EndReason, OutgoingCall

_FINAL, _FAILURE = 200, 300
_MAX_TRIES = 4
"""INVITEs of one call: the first, one per realm challenged, one for 422."""


class BadDestination(GatewayError):
    """The URI of an outgoing call cannot be reached."""

    code = "bad_destination"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What we answer a digest challenge with."""

    username: str
    password: str


def target_of(to_uri: str) -> Target:
    """Where a call to ``to_uri`` goes; ``BadDestination`` for names, which are never resolved."""
    parsed = uris.parse_uri(to_uri)
    host = "127.0.0.1" if parsed is not None and parsed.host == "localhost" else parsed.host if parsed else ""
    if parsed is None or parsed.scheme != "sip" or not uris.is_ip(host):
        raise BadDestination(f"{to_uri!r} is no sip: URI with an IP address; no DNS is asked")
    return Target(parsed.transport, host, parsed.port or uris.DEFAULT_PORT)


class OutgoingLeg(Leg):
    """``connect`` places the call; after it the leg is up."""

    def __init__(
        self,
        core: Core,
        call: OutgoingCall,
        target: Target,
        signaller: Signaller,
        credentials: Credentials | None,
    ) -> None:
        self._contact = core.contact(target)
        host = uris.bracketed(core.wire.transports.local_host(target.host))
        self._from = f"<sip:{call.from_user}@{host}>;tag={new_tag()}"
        self._call_id = f"{os.urandom(12).hex()}@{host}"
        headers = dict(call.headers)
        super().__init__(core, self._describe(core, call, target, headers), signaller)
        self._call = call
        self._target = target
        self._credentials = credentials
        self._cseq = 0
        self._interval_s = core.settings.session_expires_s
        self._authorization: dict[str, str] = {}
        self._invite: ClientTransaction | None = None
        self._provisional = self._given_up = False
        self._settled: asyncio.Future[Response | None] = asyncio.get_running_loop().create_future()
        self._acks: dict[str, tuple[SipRequest, Target]] = {}

    def _describe(self, core: Core, call: OutgoingCall, target: Target, headers: dict[str, str]) -> CallInfo:
        return CallInfo(
            channel_id=core.channel_id,
            call_id=self._call_id,
            external_id=f"{self._call_id};{uris.tag_of(self._from)}",
            from_raw=self._from,
            to_raw=f"<{call.to_uri}>",
            from_user=call.from_user,
            to_user=uris.user_of(f"<{call.to_uri}>"),
            remote=f"{target.host}:{target.port}",
            line=core.settings.line,
            flow=core.settings.flow,
            headers=headers,
        )

    async def connect(self) -> None:
        """Place the call; ``CallEnded`` when it was refused, not answered in time or its SDP is of no use."""
        try:
            self._send()
            async with asyncio.timeout(self._call.timeout_s):
                response = await self._settled
        except TimeoutError:
            self.give_up()
            raise CallEnded(f"no answer in {self._call.timeout_s:g} s") from None
        except BaseException:
            self.give_up()
            raise
        if response is None or response.status >= _FAILURE:
            self.end(EndReason.REJECTED if response else EndReason.SIGNALLING_LOST, bye=False)
            said = f"{response.status} {response.sip.reason_phrase}" if response else "nothing"
            raise CallEnded(f"the far side answered {said}")
        if not self.accept_sdp(response):
            self.end(EndReason.SIGNALLING_LOST, bye=True)
            raise CallEnded("the far side's SDP cannot be used")
        assert self.media is not None
        self.media.start()
        self._refresher.update_allowed = "UPDATE" in ",".join(response.values("allow")).upper()
        self.peer_has_timer = response.first("session-expires") is not None
        self.timer.start(accepted(response, asked_s=self._interval_s, min_s=self.core.settings.min_se_s))

    def _send(self) -> None:
        assert self.media is not None
        self._cseq += 1
        headers = [("Max-Forwards", "70"), ("From", self._from), ("To", f"<{self._call.to_uri}>")]
        headers += [("Call-ID", self._call_id), ("CSeq", f"{self._cseq} INVITE"), ("Contact", self._contact)]
        headers += [ALLOW, SUPPORTED, ("User-Agent", SERVER[1]), ("Session-Expires", str(self._interval_s))]
        headers += [("Min-SE", str(self.core.settings.min_se_s)), CONTENT_SDP, *self._authorization.items()]
        headers += list(self._call.headers.items())
        request = new_request("INVITE", self._call.to_uri, headers, self.media.offer())
        self._invite = self.core.client.request(request, self._target, self._answered, self._timed_out)

    def _timed_out(self) -> None:
        if not self._settled.done():
            self._settled.set_result(None)

    def _answered(self, response: Response) -> None:
        if response.status < _FINAL:
            if not self._provisional and self._given_up and self._invite is not None:
                self._invite.cancel()
            self._provisional = True
        elif response.status < _FAILURE:
            self._accepted(response)
        elif response.cseq == self._cseq and not self._settled.done() and not self._again(response):
            self._settled.set_result(response)

    def _again(self, response: Response) -> bool:
        """Whether a better INVITE went out instead: with credentials, or with a longer session interval."""
        if self._given_up or self._cseq >= _MAX_TRIES:
            return False
        if response.status == 422:  # noqa: PLR2004 - RFC 4028 §7.3
            floor = (response.first("min-se") or "").partition(";")[0].strip()
            if not (floor.isascii() and floor.isdigit() and self._interval_s < int(floor) <= 86400):  # noqa: PLR2004 - a day
                return False
            self._interval_s = int(floor)
        elif response.status in {401, 407} and self._credentials is not None:
            login = SipDigestAuth(self._credentials.username, self._credentials.password)
            try:
                made = answer_challenge(login, response.sip, response.status, "INVITE", self._call.to_uri)
            except Exception:  # noqa: BLE001 - a challenge can hold anything
                return False
            # The same realm asking twice has refused the password, unless it only wants a fresh nonce.
            stale = (
                "stale=true"
                in (response.first("www-authenticate") or response.first("proxy-authenticate") or "").lower()
            )
            if made is None or (made[0] in self._authorization and not stale):
                return False
            self._authorization[made[0]] = made[1]
        else:
            return False
        self._provisional = False
        self._send()
        return True

    def _accepted(self, response: Response) -> None:
        """ACK every 2xx; the first fork is the call, others get BYE (§13.2.2.4)."""
        known = self._acks.get(response.to_tag)
        if known is not None:
            self.core.wire.send_request(*known)
            return
        assert self._invite is not None
        dialog = Dialog.of_answer(response, self._invite.sip, self._target, self._contact)
        target = self.core.next_hop(dialog)
        ack = dialog.request("ACK", cseq=response.cseq)
        ack.headers.set_single("Via", self.core.client.via(target)[0])
        for name, value in self._authorization.items():
            ack.headers.set_single(name, value)
        self._acks[response.to_tag] = (ack, target)
        self.core.wire.send_request(ack, target)
        if self._settled.done() or self._given_up:
            self.core.client.request(dialog.request("BYE"), target, _ignore, _ignore_timeout)
            return
        self.register(dialog)
        self.up = True
        self._settled.set_result(response)

    def ring(self) -> None:
        """Nothing to send: this side calls."""

    async def answer(self) -> None:
        """It is answered when ``connect`` returns; ``CallEnded`` when it is over."""
        self._live_media()

    async def reject(self, status: int, reason: str, *, retry_after_s: int | None = None) -> None:  # noqa: ARG002 - the port
        """A call that we placed is ended, not refused."""
        await self.hangup(reason)

    def give_up(self) -> None:
        """CANCEL, at once or when the first provisional response comes (§9.1)."""
        if self.up:
            self.end(EndReason.WE_HUNG_UP, bye=True)
            return
        if not self._given_up:
            self._given_up = True
            if self._provisional and self._invite is not None:
                self._invite.cancel()
        if not self._settled.done():
            self._settled.set_result(None)
        self.end(EndReason.WE_HUNG_UP, bye=False)


def _ignore(_response: Response) -> None:
    """An extra fork is not ours, whatever it says."""


def _ignore_timeout() -> None:
    """As ``_ignore``."""
