"""A call that comes in: from its INVITE to the 200's ACK (RFC 3261 §13.3)."""

from __future__ import annotations

import asyncio
from typing import Any

from channels.sip.core import Core
from channels.sip.dialogs import Dialog
from channels.sip.headers import RETRY_AFTER_S, retry_after
from channels.sip.leg import CONTENT_SDP, Leg
from channels.sip.media import MediaSession
from channels.sip.message import Request
from channels.sip.rtp_source import Signaller
from channels.sip.session_timers import AgreedTimer, answer_headers
from channels.sip.transactions import ServerTransaction
from gateway.errors import CallEnded
from gateway.ports.call import CallInfo, EndReason

ROUNDS = 4
"""How many T1 an ACK may take: two repeats of what it acknowledges."""
PROXY_GAP_S = 0.03
"""Proxies of several processes overtake themselves: behind one, 200 follows 180 no sooner than this."""


class IncomingLeg(Leg):
    """Made when 100 has gone out; registered at once, so that early BYE and UPDATE find it."""

    def __init__(
        self,
        core: Core,
        info: CallInfo,
        transaction: ServerTransaction,
        *,
        signaller: Signaller,
        offer: bytes | None,
        agreed: AgreedTimer,
    ) -> None:
        super().__init__(core, info, signaller)
        self._transaction = transaction
        self._request: Request = transaction.request
        self._offer = offer
        self._agreed = agreed
        self._answer = b""
        self._rang_at: float | None = None
        self._acked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._proved: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._answered_at: float | None = None
        self._placed = False
        transaction.on_proof = self._prove
        contact = core.contact(self._request.flow.target)
        self.register(Dialog.of_invite(self._request, transaction.to_tag, contact))
        allowed = ",".join(self._request.values("allow")).upper()
        self.peer_has_timer = "timer" in self._request.options("supported")
        self._refresher.update_allowed = "UPDATE" in allowed

    def attach(self, media: MediaSession) -> None:
        """Take the media and answer the offer; ``NotAcceptable`` when that is not possible."""
        super().attach(media)
        if self._ended.done():
            media.close()  # cancelled while its port was being opened
        elif self._offer is not None:
            self._answer = self.answer_sdp(self._offer)
            self._offer = None

    def ring(self) -> None:
        """Send 180 once."""
        if self._rang_at is None and self._transaction.open:
            self._rang_at = asyncio.get_running_loop().time()
            self._transaction.respond(180, headers=self._dialog_headers())

    async def answer(self) -> None:
        """Send 200; return once the ACK is here, with a delayed offer the answer too."""
        await self._settle()
        await self._place()
        if self._ended.done() or not self._transaction.open or self.media is None:
            raise CallEnded("the caller gave up before the answer")
        delayed = not self._answer
        body = self.media.offer() if delayed else self._answer
        headers = [*self._dialog_headers(), *answer_headers(self._agreed, self._request), CONTENT_SDP]
        data = self._transaction.respond(200, headers=headers, body=body)
        self.up = True
        self._answered_at = asyncio.get_running_loop().time()
        self.core.unproved[self] = None
        self._awaits_answer = delayed
        self.await_ack(self._request, data)
        self.timer.start(self._agreed)
        # Nothing is sent before the ACK: a forged INVITE must not bring audio to whom it names, and an honest caller
        # hears the first word.
        waited: set[asyncio.Future[Any]] = {self._acked, self._ended}
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        if not self._acked.done():
            raise CallEnded("no ACK came, or no usable answer with it")
        if not self._ended.done():  # a BYE may have been read right behind the ACK: answered all the same
            self.media.start()

    async def _place(self) -> None:
        """Take a place among those that wait for their ACK; 503 when none comes free within T1.

        Calls of existing callers give theirs back within a round trip, also after a stall of our own that answers
        many at once.
        """
        try:
            async with asyncio.timeout(self.core.wire.t1):
                await self.core.places.acquire()
        except TimeoutError:
            self.refuse(503, retry_after_s=RETRY_AFTER_S)
            raise CallEnded("too many calls wait for their ACK") from None
        self._placed = True
        if self._ended.done():
            self._leave()

    def _leave(self) -> None:
        """Give the place back."""
        self.core.unproved.pop(self, None)
        if self._placed:
            self._placed = False
            self.core.places.release()

    async def proved(self) -> bool:
        """See the port."""
        gave_up = self._ended.done() and self._ended.result() is not EndReason.SIGNALLING_LOST
        if gave_up and not self._proved.done():
            await asyncio.wait({self._proved}, timeout=ROUNDS * self.core.wire.t1)
        return self._proved.done()

    def _prove(self) -> None:
        if not self._proved.done():
            self._proved.set_result(None)
        self._leave()

    @property
    def overdue(self) -> bool:
        """Whether our 200 was out long enough for any caller that exists: two of its repeats went unanswered."""
        now = asyncio.get_running_loop().time()
        return self._answered_at is not None and now - self._answered_at >= ROUNDS * self.core.wire.t1

    def end(self, reason: EndReason, *, bye: bool) -> None:
        """As every leg."""
        self._leave()
        super().end(reason, bye=bye)

    def receive(self, request: Request) -> None:
        """As every leg; a request with our tag shows that its sender got it."""
        self._prove()
        super().receive(request)

    async def _settle(self) -> None:
        """Give a CANCEL that lies in the socket its chance, and a proxy the time to pass 180 on before 200."""
        await asyncio.sleep(0)
        if self._rang_at is not None and len(self._request.values("via")) > 1:
            wait = self._rang_at + PROXY_GAP_S - asyncio.get_running_loop().time()
            if wait > 0:
                await asyncio.wait({self._ended}, timeout=wait)

    def _dialog_headers(self) -> list[tuple[str, str]]:
        assert self.dialog is not None
        routes = [("Record-Route", value) for value in self._request.values("record-route")]
        return [*routes, *self.core.common(self.dialog.contact)]

    def acknowledge(self, request: Request) -> None:
        """As every leg; its ACK shows that the caller got our answer, though the leg may be over by now."""
        self._prove()
        super().acknowledge(request)

    def acknowledged(self) -> None:
        """Wake ``answer``."""
        if not self._acked.done():
            self._acked.set_result(None)

    async def reject(self, status: int, reason: str, *, retry_after_s: int | None = None) -> None:
        """Refuse; ``CallEnded`` when there is nothing left to refuse."""
        if self._ended.done() or self.up:
            raise CallEnded("answered or over")
        self.refuse(status, reason, retry_after_s=retry_after_s)

    def refuse(self, status: int, reason: str = "", *, retry_after_s: int | None = None) -> None:
        """``reject`` for the user agent; does nothing once answered."""
        if not self._transaction.open:
            return
        headers = list(retry_after(retry_after_s)) if retry_after_s is not None else []
        if reason:
            headers.append(("Reason", f'SIP;cause={status};text="{_quotable(reason)}"'))
        self._transaction.respond(status, headers=headers)
        self.end(EndReason.REJECTED, bye=False)

    def give_up(self) -> None:
        """We do not want it after all."""
        if self._transaction.open:
            self._transaction.respond(480)
        self.end(EndReason.WE_HUNG_UP, bye=False)

    def cancel(self) -> None:
        """A CANCEL was read; without effect once the 200 is out (RFC 3261 §9.2)."""
        if self._transaction.open:
            self._transaction.respond(487)
            self.end(EndReason.CANCELLED, bye=False)

    def bye_received(self) -> None:
        """They hung up; before the answer that is as good as CANCEL."""
        if self.up:
            super().bye_received()
        else:
            self.cancel()


def _quotable(text: str) -> str:
    return "".join(char for char in text if char.isprintable() and char not in '"\\')
