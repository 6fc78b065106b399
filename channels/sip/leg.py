"""What both kinds of leg do once there is a dialog: media, BYE, re-INVITE, UPDATE, INFO, session timer."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod

from channels.sip.bodies import SDP, UnsupportedBody, key_of, sdp_of
from channels.sip.core import Core, Repeater
from channels.sip.dialogs import Dialog
from channels.sip.headers import ACCEPT, ALLOW, retry_after
from channels.sip.media import MediaSession, NotAcceptable
from channels.sip.message import Request, Response
from channels.sip.refresh import Refresher
from channels.sip.rtp_source import Signaller
from channels.sip.session_timers import AgreedTimer, IntervalTooSmall, SessionTimer, agree, answer_headers
from channels.sip.transactions import ServerTransaction
from gateway.errors import CallEnded
from gateway.ports.call import CallInfo, EndReason, FrameSink, Playback
from gateway.telemetry import log

_log = log.get("sip_leg")
CONTENT_SDP = ("Content-Type", SDP)


class Leg(ABC):
    """A ``ports.call.CallLeg``; ``uas.IncomingLeg`` and ``uac.OutgoingLeg`` say how it comes up."""

    def __init__(self, core: Core, info: CallInfo, signaller: Signaller) -> None:
        self.core = core
        self.signaller = signaller
        self._info = info
        self._ended: asyncio.Future[EndReason] = asyncio.get_running_loop().create_future()
        self.media: MediaSession | None = None
        self.dialog: Dialog | None = None
        self.up = False
        """Answered: there is a confirmed dialog."""
        self.peer_has_timer = False
        """The far side knows session timers (RFC 4028)."""
        self._repeater: Repeater | None = None
        self._awaits_answer = False
        """Our offer is out in a 2xx; its answer comes with the ACK."""
        self._bye_owed = False
        self.timer = SessionTimer(self._refresh, self._expired)
        self._refresher = Refresher(self)
        core.active.add(self)
        core.on_change()

    # -- the port ----------------------------------------------------------------------------------------------------

    @property
    def info(self) -> CallInfo:
        """What signalling said."""
        return self._info

    @property
    def ended(self) -> asyncio.Future[EndReason]:
        """Resolves when the leg is over."""
        return self._ended

    @property
    def on_hold(self) -> bool:
        """The far side has put us on hold."""
        return self.media is not None and self.media.on_hold

    @property
    def started_media(self) -> bool:
        """Whether any RTP of the far side has arrived."""
        return self.media is not None and self.media.started_media

    @abstractmethod
    def ring(self) -> None:
        """Send 180 Ringing once."""

    async def proved(self) -> bool:
        """See the port; where we call, the far side has proved itself by answering."""
        return True

    @abstractmethod
    async def answer(self) -> None:
        """See the port."""

    @abstractmethod
    async def reject(self, status: int, reason: str, *, retry_after_s: int | None = None) -> None:
        """See the port."""

    @abstractmethod
    def give_up(self) -> None:
        """End the leg before it is up."""

    def play(self, alaw: bytes) -> Playback:
        """Play A-law audio; a playback under way is stopped first."""
        return self._live_media().play(alaw)

    def set_sink(self, sink: FrameSink | None) -> None:
        """Where both tracks go from now on. Taking the sink away is allowed after the end too."""
        if sink is None and self.media is not None:
            self.media.set_sink(None)
        elif sink is not None:
            self._live_media().set_sink(sink)

    async def dtmf(self) -> str:
        """The next key pressed."""
        return await self._live_media().dtmf()

    def pending_dtmf(self) -> bool:
        """Whether a key waits to be read."""
        return self._live_media().pending_dtmf()

    def send_dtmf(self, keys: str) -> None:
        """Press keys (RFC 4733)."""
        self._live_media().send_dtmf(keys)

    async def hangup(self, cause: str = "normal") -> None:
        """Send BYE, or give up an attempt; idempotent."""
        if not self._ended.done():
            _log.debug("hangup", call_id=self._info.call_id, cause=cause)
            self.hang_up()

    def hang_up(self, reason: EndReason = EndReason.WE_HUNG_UP) -> None:
        """``hangup`` for callers that cannot wait."""
        if self.up:
            self.end(reason, bye=True)
        else:
            self.give_up()

    def _live_media(self) -> MediaSession:
        if self._ended.done() or self.media is None:
            raise CallEnded("the call is over")
        return self.media

    # -- coming up and ending ----------------------------------------------------------------------------------------

    def attach(self, media: MediaSession) -> None:
        """Take the media session over; it is closed with the leg."""
        self.media = media
        media.lost.add_done_callback(self._media_lost)

    def register(self, dialog: Dialog) -> None:
        """Take requests of ``dialog`` from now on."""
        self.dialog = dialog
        self.core.legs[dialog.id] = self

    def end(self, reason: EndReason, *, bye: bool) -> None:
        """End once: free media and timers at once, the dialog when its last message is out."""
        if self._ended.done():
            return
        self._ended.set_result(reason)
        self.timer.stop()
        self._refresher.stop()
        if self.media is not None:
            self.media.close()
        self.core.active.discard(self)
        self.core.on_change()
        _log.debug("leg_ended", call_id=self._info.call_id, reason=reason.value)
        if bye and self._repeater is not None:
            self._bye_owed = True  # the callee must not send BYE before the ACK (RFC 3261 §15)
            return
        if bye:
            self._send_bye()
        self._release()

    def _send_bye(self) -> None:
        assert self.dialog is not None
        self.core.client.request(self.dialog.request("BYE"), self.core.next_hop(self.dialog), _ignore, _ignore_timeout)

    def _release(self) -> None:
        if self._repeater is not None:
            self._repeater.stop()
            self._repeater = None
        if self.dialog is not None and self.core.legs.get(self.dialog.id) is self:
            del self.core.legs[self.dialog.id]

    def forget(self) -> None:
        """Drop what is left without any message: the channel closes."""
        self._release()

    def _media_lost(self, lost: asyncio.Future[None]) -> None:
        if not lost.cancelled() and not self._ended.done():
            self.hang_up(EndReason.MEDIA_LOST)

    def _expired(self) -> None:
        self.unrefreshed()

    def unrefreshed(self) -> None:
        """No refresh got through: the far side is gone, unless it never knew refreshes and its voice is still there."""
        if not self.peer_has_timer and self.started_media and not self.on_hold and self.timer.agreed is not None:
            self.timer.start(self.timer.agreed)  # when the voice stops, the media session says so
        else:
            self.end(EndReason.SIGNALLING_LOST, bye=True)

    def _refresh(self) -> None:
        self._refresher.start()

    # -- requests of the far side ------------------------------------------------------------------------------------

    def belongs(self, host: str) -> bool:
        """Whether requests of this call may come from there: who signals it, a host its dialog names, any trunk.

        Tags alone are no proof: whoever reads a trace or a proxy's log has them.
        """
        assert self.dialog is not None
        return host == self.signaller.host or host in self.signaller.trunks or host in self.dialog.hosts()

    def receive(self, request: Request) -> None:
        """A request inside the dialog, Require and method already checked."""
        assert self.dialog is not None
        transaction = self.core.server.begin(request, self.dialog.local_tag)
        if not self.dialog.in_order(request):
            transaction.respond(500, headers=retry_after(1))
            return
        if self._ended.done():
            # BYE is owed and waits for an ACK; theirs settles the matter.
            self._bye_owed = self._bye_owed and request.method != "BYE"
            transaction.respond(200 if request.method == "BYE" else 481)
            if not self._bye_owed:
                self._release()
            return
        match request.method:
            case "BYE":
                transaction.respond(200)
                self.bye_received()
            case "INVITE" | "UPDATE":
                self._change(request, transaction)
            case "INFO":
                self._info_received(request, transaction)
            case "OPTIONS":
                transaction.respond(200, headers=[*self.core.common(self.dialog.contact), ACCEPT])
            case _:
                transaction.respond(405, headers=[ALLOW])

    def bye_received(self) -> None:
        """They hung up."""
        self.end(EndReason.CALLER_HUNG_UP, bye=False)

    def _info_received(self, request: Request, transaction: ServerTransaction) -> None:
        try:
            key = key_of(request)
        except UnsupportedBody:
            transaction.respond(415, headers=[ACCEPT])
            return
        if key is not None and self.media is not None:
            self.media.push_dtmf(*key)
        transaction.respond(200)

    def _change(self, request: Request, transaction: ServerTransaction) -> None:
        """re-INVITE or UPDATE: refuse it and leave the session as it is, or take it whole."""
        assert self.dialog is not None
        invite = request.method == "INVITE"
        refusal = self._not_now(request)
        if refusal:
            transaction.respond(refusal, headers=retry_after(1) if refusal == 500 else ())  # noqa: PLR2004 - RFC 3261 §14.2
            return
        try:
            agreed = self.agree(request)
            body = self._answer_offer(request)
        except IntervalTooSmall:
            transaction.respond(422, headers=[("Min-SE", str(self.core.settings.min_se_s))])
            return
        except UnsupportedBody:
            transaction.respond(415, headers=[ACCEPT])
            return
        except NotAcceptable:
            transaction.respond(488)
            return
        self.dialog.refresh(request.values("contact"))
        headers = [*self.core.common(self.dialog.contact), *answer_headers(agreed, request)]
        if body:
            headers.append(CONTENT_SDP)
        data = transaction.respond(200, headers=headers, body=body)
        if invite:
            self.await_ack(request, data)
        if self.up:
            self.timer.start(agreed)

    def _not_now(self, request: Request) -> int:
        """491 or 500 when an offer is under way (RFC 3261 §14.2, RFC 3311 §5.2, RFC 6141), else 0."""
        invite = request.method == "INVITE"
        offers = invite or bool(request.sip.body.strip())
        if not self.up:
            return 500 if offers else 0
        if offers and (self._refresher.offering or self._awaits_answer):
            return 491
        return 0

    def _answer_offer(self, request: Request) -> bytes:
        """The SDP of our 2xx: an answer, or an offer when an INVITE brought none."""
        offer = sdp_of(request)
        if offer is not None:
            return self.answer_sdp(offer)
        if request.method != "INVITE":
            return b""
        assert self.media is not None
        self._awaits_answer = True
        return self.media.offer()

    def answer_sdp(self, offer: bytes) -> bytes:
        """Our answer; ``NotAcceptable`` whatever is wrong with ``offer``."""
        assert self.media is not None
        try:
            return self.media.answer(offer)
        except NotAcceptable:
            raise
        except Exception as error:
            _log.warning("sdp_failed", exc_info=error)
            raise NotAcceptable("unreadable SDP") from error

    def accept_sdp(self, message: Request | Response) -> bool:
        """Take the answer to our offer; False when there is none that we can use."""
        assert self.media is not None
        try:
            answer = sdp_of(message)
            if answer is None:
                return False
            self.media.accept_answer(answer)
        except (NotAcceptable, UnsupportedBody):
            return False
        except Exception as error:  # noqa: BLE001 - as answer_sdp
            _log.warning("sdp_failed", exc_info=error)
            return False
        return True

    def agree(self, request: Request) -> AgreedTimer:
        """The session timer for ``request``; ``IntervalTooSmall``."""
        settings = self.core.settings
        return agree(request, preferred_s=settings.session_expires_s, min_s=settings.min_se_s)

    # -- ACK ---------------------------------------------------------------------------------------------------------

    def await_ack(self, request: Request, data: bytes) -> None:
        """Repeat our 2xx until its ACK."""
        if self._repeater is not None:
            self._repeater.stop()  # a new INVITE says that the last answer arrived (RFC 5407 §3.1.4)
        self._repeater = Repeater(self.core.wire, request, data, self._no_ack)

    def acknowledge(self, request: Request) -> None:
        """An ACK; only the one that is waited for counts."""
        if self._repeater is None or request.cseq != self._repeater.cseq:
            return
        self._repeater.stop()
        self._repeater = None
        if self._ended.done():
            if self._bye_owed:
                self._send_bye()
            self._release()
            return
        if self._awaits_answer:
            self._awaits_answer = False
            if not self.accept_sdp(request):
                _log.warning("no_answer_in_ack", call_id=self._info.call_id)
                self.end(EndReason.SIGNALLING_LOST, bye=True)
                return
        self.acknowledged()

    def acknowledged(self) -> None:  # noqa: B027 - only an incoming leg waits for its first ACK
        """The ACK of a 2xx arrived and its SDP was taken."""

    def _no_ack(self) -> None:
        """64·T1 without ACK (RFC 3261 §13.3.1.4)."""
        assert self._repeater is not None
        self._repeater.stop()
        self._repeater = None
        if not self._ended.done():
            _log.warning("no_ack", call_id=self._info.call_id)
            self.end(EndReason.SIGNALLING_LOST, bye=True)
        elif self._bye_owed:
            self._send_bye()
            self._release()


def _ignore(_response: Response) -> None:
    """A dialog that got BYE is over, whatever is answered (RFC 3261 §15.1.1)."""


def _ignore_timeout() -> None:
    """As ``_ignore``."""
