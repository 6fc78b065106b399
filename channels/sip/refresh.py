"""Session refreshes that are ours to send: UPDATE, or re-INVITE for peers without it (RFC 4028 §7.4, §10)."""

from __future__ import annotations

import asyncio
import random
from typing import Protocol

from channels.sip.core import Core
from channels.sip.dialogs import Dialog
from channels.sip.headers import SUPPORTED
from channels.sip.media import MediaSession
from channels.sip.message import Request, Response
from channels.sip.session_timers import SessionTimer, accepted
from gateway.ports.call import CallInfo, EndReason
from gateway.telemetry import log

_log = log.get("sip_leg")
_FINAL, _FAILURE = 200, 300


class Refreshed(Protocol):
    """A leg whose session is kept alive."""

    core: Core
    dialog: Dialog | None
    media: MediaSession | None
    timer: SessionTimer

    @property
    def info(self) -> CallInfo:
        """What signalling said of the call."""
        ...

    @property
    def ended(self) -> asyncio.Future[EndReason]:
        """Resolves when the leg is over."""
        ...

    def accept_sdp(self, message: Request | Response) -> bool:
        """Take the answer to our offer; False when there is none that we can use."""
        ...

    def unrefreshed(self) -> None:
        """No refresh got through."""
        ...

    def end(self, reason: EndReason, *, bye: bool) -> None:
        """End it; ``bye`` also tells the far side."""
        ...


class Refresher:
    """Refreshes of one leg, one at a time."""

    def __init__(self, leg: Refreshed) -> None:
        self._leg = leg
        self._retry: asyncio.TimerHandle | None = None
        self.update_allowed = False
        """The peer's Allow names UPDATE."""
        self.offering = False
        """A re-INVITE of ours is unanswered."""
        self._asked_s = 0
        self._settled = -1
        """CSeq of the last re-INVITE whose 2xx was taken: repeats of it only want their ACK again."""

    def stop(self) -> None:
        """No more."""
        if self._retry is not None:
            self._retry.cancel()

    def start(self) -> None:
        """Send one refresh."""
        leg = self._leg
        agreed = leg.timer.agreed
        if leg.ended.done() or self.offering or agreed is None or leg.dialog is None or leg.media is None:
            return
        self._asked_s = max(self._asked_s, agreed.interval_s)
        ours = "uac"  # in this transaction we are the caller
        headers = [SUPPORTED, ("Session-Expires", f"{self._asked_s};refresher={ours}")]
        headers.append(("Min-SE", str(leg.core.settings.min_se_s)))
        if self.update_allowed:
            request = leg.dialog.request("UPDATE", headers=headers)
        else:
            self.offering = True
            headers.append(("Content-Type", "application/sdp"))
            request = leg.dialog.request("INVITE", headers=headers, body=leg.media.offer())
        leg.core.client.request(request, leg.core.next_hop(leg.dialog), self._answered, self._timed_out)

    def _answered(self, response: Response) -> None:
        leg = self._leg
        if response.status < _FINAL:
            return
        self.offering = False
        if response.status < _FAILURE:
            self._succeeded(response)
            return
        if leg.ended.done():
            return
        if response.status == 481:  # noqa: PLR2004 - RFC 5057: the dialog is gone over there
            leg.end(EndReason.SIGNALLING_LOST, bye=False)
        elif response.status == 408:  # noqa: PLR2004 - RFC 4028 §10
            leg.unrefreshed()
        elif response.status == 491:  # noqa: PLR2004 - RFC 3261 §14.1: both asked at once
            self._later(random.uniform(0.5, 3.0))  # noqa: S311 - no secret
        elif response.status == 422:  # noqa: PLR2004 - RFC 4028 §7.3
            wanted = (response.first("min-se") or "").partition(";")[0].strip()
            if wanted.isascii() and wanted.isdigit() and int(wanted) > self._asked_s:
                self._asked_s = min(int(wanted), 86400)
                self._later(0.0)
        elif response.method == "UPDATE" and response.status in {405, 501}:
            self.update_allowed = False
            self._later(0.0)
        else:
            _log.warning("refresh_refused", call_id=leg.info.call_id, status=response.status)

    def _succeeded(self, response: Response) -> None:
        leg = self._leg
        assert leg.dialog is not None
        if response.method == "INVITE":
            ack = leg.dialog.request("ACK", cseq=response.cseq)
            target = leg.core.next_hop(leg.dialog)
            ack.headers.set_single("Via", leg.core.client.via(target)[0])
            leg.core.wire.send_request(ack, target)
            if response.cseq == self._settled:
                return
            self._settled = response.cseq
            if not leg.ended.done() and not leg.accept_sdp(response):
                leg.end(EndReason.SIGNALLING_LOST, bye=True)
                return
        if not leg.ended.done():
            leg.dialog.refresh(response.values("contact"))
            leg.timer.start(accepted(response, asked_s=self._asked_s, min_s=leg.core.settings.min_se_s))

    def _later(self, seconds: float) -> None:
        self._retry = asyncio.get_running_loop().call_later(seconds, self.start)

    def _timed_out(self) -> None:
        self.offering = False
        if not self._leg.ended.done():
            self._leg.unrefreshed()
