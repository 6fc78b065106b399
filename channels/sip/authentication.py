"""Digest authentication of requests: stateless challenges, then a look-up in the phone book."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from channels.sip.dialogs import new_tag
from channels.sip.digest import Claim
from channels.sip.message import Headers, Request
from channels.sip.registrar import Registrar
from channels.sip.transactions import ServerTransaction, ServerTransactions
from gateway.telemetry import log

MAX_PENDING = 200
"""Requests that wait for the phone book at once."""
_log = log.get("sip")

Work = Callable[[Request, ServerTransaction, Claim], Awaitable[None]]
Refuse = Callable[[Request, int, Headers], None]
"""Answer without keeping a transaction."""


class Authentication:
    """Challenges every request without credentials alike, whatever name it gives."""

    def __init__(
        self,
        *,
        registrar: Registrar,
        server: ServerTransactions,
        refuse: Refuse,
        overloaded: Callable[[Request, str], None],
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        """``overloaded`` refuses with 503 for a reason that metrics tell; ``spawn`` runs what waits for storage."""
        self._registrar = registrar
        self._server = server
        self._refuse = refuse
        self._overloaded = overloaded
        self._spawn = spawn
        self._pending = 0

    def decide(self, request: Request, work: Work) -> None:
        """Challenge, refuse, or let ``work`` answer a request whose credentials are worth checking."""
        claim = self._registrar.claim(request)
        if claim is None:
            self._refuse(request, *self._registrar.challenge(request))
        elif self._pending >= MAX_PENDING:
            self._overloaded(request, "phone_book")
        elif not self._registrar.reserve(request, claim):
            self._overloaded(request, "password")
        else:
            self._pending += 1
            self._spawn(self._answer(request, self._server.begin(request, new_tag()), claim, work))

    async def _answer(self, request: Request, transaction: ServerTransaction, claim: Claim, work: Work) -> None:
        try:
            await work(request, transaction, claim)
        except Exception as error:  # noqa: BLE001 - one request never stops the next
            _log.error("request_failed", method=request.method, exc_info=error)
            if transaction.open:
                transaction.respond(500)
        finally:
            self._pending -= 1
