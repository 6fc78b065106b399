"""Refusing requests without keeping a transaction for them."""

from __future__ import annotations

import hashlib
import os

from channels.sip.headers import RETRY_AFTER_S, SERVER, retry_after
from channels.sip.message import Headers, Request
from channels.sip.wire import Wire
from gateway.telemetry import metrics


class Refusals:
    """Answers of one channel; the same request gets the same answer (RFC 3261 §8.2.7)."""

    def __init__(self, wire: Wire, channel_id: str) -> None:
        self._wire = wire
        self._channel_id = channel_id
        self._secret = os.urandom(16)

    def refuse(self, request: Request, status: int, headers: Headers = ()) -> None:
        """Answer with ``status``."""
        seed = f"{request.call_id}\n{request.from_tag}\n{request.cseq}\n{request.via.branch}"
        tag = hashlib.blake2b(seed.encode("utf-8", "replace"), key=self._secret, digest_size=8).hexdigest()
        self._wire.respond(request, status, to_tag=tag, headers=[*headers, SERVER])

    def overloaded(self, request: Request, reason: str) -> None:
        """503 with Retry-After; ``reason`` is one of ``gateway_sip_refused_total``."""
        metrics.SIP_REFUSED.labels(self._channel_id, reason).inc()
        self.refuse(request, 503, retry_after(RETRY_AFTER_S))
