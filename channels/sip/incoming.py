"""INVITEs from outside a dialog: which calls are taken, and their life from the offer to the end."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from channels.sip.admission import Admission, Networks, RateLimit
from channels.sip.authentication import Authentication
from channels.sip.bodies import UnsupportedBody, sdp_of
from channels.sip.call_info import call_info
from channels.sip.core import Core
from channels.sip.dialogs import new_tag
from channels.sip.digest import Claim
from channels.sip.headers import ACCEPT, RETRY_AFTER_S, retry_after
from channels.sip.media import NotAcceptable, PortsExhausted, RtpPool
from channels.sip.message import Headers, Request
from channels.sip.refusals import Refusals
from channels.sip.registrar import Registrar
from channels.sip.session_timers import AgreedTimer, IntervalTooSmall, agree
from channels.sip.transactions import ServerTransaction
from channels.sip.uas import IncomingLeg
from gateway.errors import CallEnded
from gateway.ports.call import CallHandler, CallInfo
from gateway.ports.refused_call import OnRefusedCall
from gateway.telemetry import log, metrics, trace

TRACED_PER_SECOND = 200
"""Refused calls that the house is told of in a second; the rest is only counted."""
_log = log.get("sip")


class IncomingCalls:
    """The calls that others place to one channel."""

    def __init__(
        self,
        *,
        core: Core,
        admission: Admission,
        registrar: Registrar,
        authentication: Authentication,
        refusals: Refusals,
        pool: RtpPool,
        handler: CallHandler,
        refused: OnRefusedCall | None,
        draining: Callable[[], bool],
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        """``handler`` gets every call offered, ``refused`` hears which had no room; ``spawn`` runs a call's life."""
        self._core = core
        self._settings = core.settings
        self._channel_id = core.channel_id
        self._admission = admission
        self._registrar = registrar
        self._authentication = authentication
        self._refusals = refusals
        self._pool = pool
        self._handler = handler
        self._refused = refused
        self._draining = draining
        self._spawn = spawn
        self._trusted = Networks((*core.settings.trusted_proxies, *core.settings.trunks))
        self._turned_away = RateLimit(TRACED_PER_SECOND)

    def close(self) -> None:
        """Stop counting."""
        self._turned_away.close()

    def take(self, request: Request) -> None:
        """Offer the call to the house, ask who it is, or refuse it."""
        source = request.flow.host
        if self._draining():
            self._refusals.overloaded(request, "draining")
        elif not self._admission.in_time(source):
            self._refusals.overloaded(request, "rate")
            if self._admission.trunk(source) or self._registrar.knows(request.flow) or not self._admission.closed:
                self._no_room(request, "rate")
        elif self._admission.trunk(source) or self._registrar.knows(request.flow):
            self._offer(request, None, known=True)
        elif self._admission.closed:
            self._authentication.decide(request, self._stranger)
        else:
            self._offer(request, None, known=False)

    async def _stranger(self, request: Request, transaction: ServerTransaction, claim: Claim) -> None:
        """A call from outside the trunks: a phone of ours, or 403."""
        if await self._registrar.admit(request, transaction, claim):
            self._offer(request, transaction, known=True)
        else:
            metrics.SIP_REFUSED.labels(self._channel_id, "trunk").inc()

    def _offer(self, request: Request, transaction: ServerTransaction | None, *, known: bool) -> None:
        """Take the call, unless there is no room or its session can never be."""
        refusal: tuple[int, Headers] | None = None
        offer, agreed = None, AgreedTimer(self._settings.session_expires_s, we_refresh=True)
        try:
            preferred, floor = self._settings.session_expires_s, self._settings.min_se_s
            agreed = agree(request, preferred_s=preferred, min_s=floor)
            offer = sdp_of(request)
        except IntervalTooSmall:
            refusal = (422, [("Min-SE", str(self._settings.min_se_s))])
        except UnsupportedBody:
            refusal = (415, [ACCEPT])
        if refusal is None and (full := self._admission.full(request.flow.host, known=known)) is not None:
            metrics.SIP_REFUSED.labels(self._channel_id, full).inc()
            self._no_room(request, full)
            refusal = (503, retry_after(RETRY_AFTER_S))
        if refusal is not None:
            if transaction is None:
                self._refusals.refuse(request, refusal[0], refusal[1])
            else:
                transaction.respond(refusal[0], headers=refusal[1])
            return
        transaction = transaction or self._core.server.begin(request, new_tag())
        transaction.respond(100)
        info = self._info(request)
        signaller = self._admission.signaller(request.flow.host)
        leg = IncomingLeg(self._core, info, transaction, signaller=signaller, offer=offer, agreed=agreed)
        with trace.scope(trace.of(info.external_id)):
            self._spawn(self._serve(leg))

    def _info(self, request: Request) -> CallInfo:
        trusted = request.flow.host in self._trusted
        return call_info(request, channel_id=self._channel_id, settings=self._settings, trusted=trusted)

    def _no_room(self, request: Request, reason: str) -> None:
        """Tell the house of a call that would have been taken at a quieter moment."""
        if self._turned_away.admit(self._channel_id):
            proved = self._admission.trunk(request.flow.host) or self._registrar.vouches(request.flow)
            self._tell(self._info(request), reason, proved=proved)
        else:
            metrics.REFUSED_CALLS_LOST.labels(self._channel_id).inc()

    def _tell(self, info: CallInfo, reason: str, *, proved: bool) -> None:
        if self._refused is not None:
            self._refused(info, reason, proved)

    async def _serve(self, leg: IncomingLeg) -> None:
        """The life of a call: whatever happens in it, its leg and port are given back."""
        try:
            leg.attach(await self._pool.open(leg.signaller))
            self._core.on_change()
            if not leg.ended.done():
                await self._handler(leg)
        except PortsExhausted:
            metrics.SIP_REFUSED.labels(self._channel_id, "ports").inc()
            self._tell(leg.info, "ports", proved=self._admission.trunk(leg.signaller.host))
            leg.refuse(503, retry_after_s=RETRY_AFTER_S)
        except NotAcceptable:
            leg.refuse(488)
        except CallEnded as error:
            _log.debug("call_ended", call_id=leg.info.call_id, exc_info=error)
        except Exception as error:  # noqa: BLE001 - one call never stops the next
            _log.error("call_failed", call_id=leg.info.call_id, exc_info=error)
            leg.refuse(500)
        finally:
            if not leg.ended.done():
                leg.hang_up()
            self._core.on_change()
