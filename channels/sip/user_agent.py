"""The SIP user agent of a channel: takes every message to where it belongs, and places calls."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from channels.sip import uri as uris
from channels.sip.admission import LOOPBACK, Admission, Networks, RateLimit
from channels.sip.authentication import Authentication
from channels.sip.client import ClientTransactions
from channels.sip.core import Core, Reachable
from channels.sip.flow import PeerFlow
from channels.sip.headers import ACCEPT, ALLOW, RETRY_AFTER_S, SUPPORTED, retry_after
from channels.sip.incoming import IncomingCalls
from channels.sip.inspection import refusal_of
from channels.sip.media import RtpPool
from channels.sip.message import MalformedMessage, Request, Response, parse
from channels.sip.refusals import Refusals
from channels.sip.registrar import Registrar
from channels.sip.settings import SipSettings
from channels.sip.trace import TraceWriter
from channels.sip.transactions import ServerTransactions
from channels.sip.transport import Transports
from channels.sip.uac import BadDestination, Credentials, OutgoingLeg, target_of
from channels.sip.uas import IncomingLeg
from channels.sip.wire import Wire
from gateway.ports.call import CallHandler, OutgoingCall
from gateway.ports.channel import PhoneBook
from gateway.ports.clock import Clock
from gateway.ports.refused_call import OnRefusedCall
from gateway.telemetry import log, metrics

COMPLAINTS_PER_SECOND = 20
"""Malformed messages of one source that are answered and traced in a second; the rest is only counted."""
BYE_GRACE_S = 1.0
HANDLER_GRACE_S = 3.0
"""How long calls that were hung up at shutdown may still save what they have."""
_log = log.get("sip")


class UserAgent:
    """One listener and its calls. ``start``, then ``invite`` and whatever the network brings, then ``aclose``."""

    def __init__(
        self,
        *,
        settings: SipSettings,
        channel_id: str,
        calls: CallHandler,
        clock: Clock,
        phones: PhoneBook,
        trace: TraceWriter,
        draining: Callable[[], bool],
        gauge: Callable[[str, float], None],
        refused: OnRefusedCall | None = None,
    ) -> None:
        """``calls`` gets every call offered; ``gauge`` hears how many there are, ``refused`` which had no room."""
        self._settings = settings
        self._channel_id = channel_id
        self._trace = trace
        self._is_draining = draining
        self._gauge = gauge
        self._closing = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._complaints = RateLimit(COMPLAINTS_PER_SECOND)
        self._malformed = metrics.SIP_MALFORMED.labels(channel_id)
        # Where nobody is named, this machine alone is a trunk.
        trunks = Networks(settings.trunks or LOOPBACK)
        self.transports = Transports(settings.host, settings.advertised_host, self._received, trunks)
        wire = Wire(self.transports, trace, t1=settings.t1_ms / 1000)
        self.registrar = Registrar(settings=settings, phones=phones, clock=clock)
        self.pool = RtpPool(
            host=settings.host,
            advertised_host=settings.advertised_host,
            ports=settings.rtp_ports,
            channel_id=channel_id,
            clock=clock,
            no_media_timeout_s=settings.no_media_timeout_s,
        )
        self.core = Core(
            channel_id=channel_id,
            settings=settings,
            wire=wire,
            server=ServerTransactions(wire),
            client=ClientTransactions(wire),
            on_change=self._count,
            places=asyncio.Semaphore(max(1, settings.max_calls // 4)),
        )
        self._refusals = Refusals(wire, channel_id)
        self._admission = Admission(settings, trunks, self.core)
        self._authentication = Authentication(
            registrar=self.registrar,
            server=self.core.server,
            refuse=self._refusals.refuse,
            overloaded=self._refusals.overloaded,
            spawn=self._spawn,
        )
        self._incoming = IncomingCalls(
            core=self.core,
            admission=self._admission,
            registrar=self.registrar,
            authentication=self._authentication,
            refusals=self._refusals,
            pool=self.pool,
            handler=calls,
            refused=refused,
            draining=self._draining,
            spawn=self._spawn,
        )

    # -- life --------------------------------------------------------------------------------------------------------

    @property
    def port(self) -> int:
        """The port that is bound; 0 before ``start``."""
        return self.transports.port

    @property
    def listening(self) -> bool:
        """Whether both listeners are up."""
        return self.transports.listening

    def sizes(self) -> dict[str, int]:
        """How much of everything there is; all are back at their start when nothing goes on."""
        return {
            "calls": len(self.core.active),
            "dialogs": len(self.core.legs),
            "server_transactions": len(self.core.server),
            "client_transactions": len(self.core.client),
            "tasks": len(self._tasks),
            "rtp_ports": self.pool.in_use,
            "sources": len(self._admission),
            "connections": self.transports.connections,
        }

    async def start(self) -> None:
        """Bind; ``OSError`` when the port is taken."""
        await self.transports.start(self._settings.port)
        self._count()
        _log.info("sip_listening", channel_id=self._channel_id, host=self._settings.host, port=self.port)

    async def serve(self) -> None:
        """Return never; ``OSError`` when the socket breaks."""
        assert self.transports.failed is not None
        await self.transports.failed

    async def aclose(self, *, drain_s: float) -> None:
        """Refuse new calls, let live ones end for ``drain_s`` seconds, hang up the rest, close every socket."""
        self._closing = True
        if self._tasks and drain_s > 0:
            await asyncio.wait(set(self._tasks), timeout=drain_s)
        for leg in list(self.core.active):
            leg.hang_up()
        if self._tasks:
            await asyncio.wait(set(self._tasks), timeout=HANDLER_GRACE_S)
        with suppress(TimeoutError):
            async with asyncio.timeout(BYE_GRACE_S):
                while "BYE" in self.core.client.unanswered():  # noqa: ASYNC110 - at the end only, for a second at most
                    await asyncio.sleep(0.02)
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for leg in list(self.core.legs.values()):
            leg.forget()
        self.core.server.close()
        self.core.client.close()
        self._admission.close()
        self._complaints.close()
        self._incoming.close()
        await self.pool.aclose()
        self.transports.close()
        self._count()
        await self._trace.aclose()

    def _count(self) -> None:
        self._gauge("gateway_calls_active", len(self.core.active))
        self._gauge("gateway_rtp_ports_in_use", self.pool.in_use)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    # -- what the network brings -------------------------------------------------------------------------------------

    def _received(self, data: bytes, flow: PeerFlow) -> None:
        try:
            message = parse(data, flow)
        except MalformedMessage as error:
            self._malformed.inc()
            if self._complaints.admit(flow.host):
                self._trace(True, flow.peer, data)
                if error.request is not None and error.request.method != "ACK":
                    self._refusals.refuse(error.request, error.status)
            return
        self._trace(True, flow.peer, data)
        if isinstance(message, Response):
            self.core.client.receive(message)
        else:
            self._request(message)

    def _request(self, request: Request) -> None:
        if self.core.server.absorb(request):
            return
        if request.method == "ACK":
            self._ack(request)
        elif request.method == "CANCEL":
            self._cancel(request)
        elif request.to_tag:
            self._in_dialog(request)
        elif self.core.server.merged(request):
            self._refusals.refuse(request, 482)
        elif self._sound(request):
            self._new(request)

    def _leg_of(self, request: Request, our_tag: str) -> Reachable | None:
        leg = self.core.legs.get((request.call_id, our_tag, request.from_tag))
        if leg is not None and not leg.belongs(request.flow.host) and not self.registrar.knows(request.flow):
            _log.warning("request_from_elsewhere", method=request.method, call_id=request.call_id)
            return None
        return leg

    def _ack(self, request: Request) -> None:
        """To its dialog; one that belongs to nothing acknowledges a refusal that we keep no memory of."""
        leg = self._leg_of(request, request.to_tag)
        if leg is None and self.registrar.vouches(request.flow):
            # Some telephones put another To tag into the ACK of a 2xx, and their INVITE's branch: that tells the call.
            # Whoever forged the INVITE knows its branch too; over UDP our tag alone shows that our answer arrived.
            invite = self.core.server.invite_of(request)
            leg = self._leg_of(request, invite.to_tag) if invite else None
        if leg is not None:
            leg.acknowledge(request)

    def _cancel(self, request: Request) -> None:
        invite = self.core.server.invite_of(request)
        leg = self._leg_of(request, invite.to_tag) if invite is not None else None
        if invite is None or (leg is None and invite.request.flow.host != request.flow.host):
            self._refusals.refuse(request, 481)
            return
        self.core.server.begin(request, invite.to_tag).respond(200)
        if isinstance(leg, IncomingLeg) and invite.request.to_tag == "":
            leg.cancel()
        elif leg is None and invite.open:
            invite.respond(487)  # still being authenticated

    def _sound(self, request: Request) -> bool:
        """False when it was refused."""
        refusal = refusal_of(request)
        if refusal is not None:
            self._refusals.refuse(request, *refusal)
        return refusal is None

    def _in_dialog(self, request: Request) -> None:
        leg = self._leg_of(request, request.to_tag)
        if leg is None:
            self._refusals.refuse(request, 481)
        elif self._sound(request):
            leg.receive(request)

    def _new(self, request: Request) -> None:
        match request.method:
            case "INVITE":
                self._incoming.take(request)
            case "OPTIONS":
                if self._draining():
                    self._refusals.refuse(request, 503, retry_after(RETRY_AFTER_S))
                else:
                    self._refusals.refuse(request, 200, [ALLOW, ACCEPT, SUPPORTED, ("Accept-Encoding", "identity")])
            case "REGISTER":
                self._authentication.decide(request, self.registrar.register)
            case _:
                self._refusals.refuse(request, 481)

    # -- calls that we place ----------------------------------------------------------------------------------------

    def _draining(self) -> bool:
        return self._closing or self._is_draining()

    async def invite(self, call: OutgoingCall, *, credentials: Credentials | None = None) -> OutgoingLeg:
        """Place a call; the leg is up when this returns.

        ``CallEnded`` when it was refused or not answered in time, ``BadDestination`` for a URI or header that cannot
        be sent, ``PortsExhausted``. Cancelling it cancels the call.
        """
        target = target_of(call.to_uri)
        if uris.parse_uri(f"sip:{call.from_user}@127.0.0.1") is None:
            raise BadDestination(f"{call.from_user!r} cannot stand in a SIP URI")
        signaller = self._admission.signaller(target.host)
        media = await self.pool.open(signaller)
        try:
            leg = OutgoingLeg(self.core, call, target, signaller, credentials)
        except BaseException:
            media.close()
            raise
        leg.attach(media)
        self._count()
        try:
            await leg.connect()
        except ValueError as error:  # a line break in a header's value
            raise BadDestination(str(error)) from error
        finally:
            self._count()
        return leg
