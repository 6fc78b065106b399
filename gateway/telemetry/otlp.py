"""Sending spans by OTLP over HTTP (opentelemetry.io/docs/specs/otlp, protobuf) from a thread of its own.

Whoever makes a span waits for nothing: what the collector cannot take in time is dropped and counted. The SDK is not
used: it draws span ids itself, and ours follow from the trace id, which four processes share.
"""

from __future__ import annotations

import threading
import urllib.request
from collections import deque
from collections.abc import Mapping, Sequence
from http.client import HTTPException
from urllib.error import HTTPError

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span as Wire
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from gateway import __version__
from gateway.telemetry import log, metrics
from gateway.telemetry.spans import Span, Value

MOST_WAITING = 4096
BATCH = 512
GATHER_S = 1.0
TIMEOUT_S = 5.0
MOST_PAUSE_S = 60.0
CLOSE_S = 2.0
_log = log.get("otlp")


class OtlpSender:
    """Call it with spans; ``close`` sends what waits."""

    def __init__(self, endpoint: str, *, node: str) -> None:
        """``endpoint`` is the collector's, without ``/v1/traces``; ``node`` names this process. Starts a thread."""
        self._url = f"{endpoint.rstrip('/')}/v1/traces"
        self._resource = {"service.name": "hotline-gateway", "service.version": __version__}
        self._resource |= {"service.instance.id": node}
        # The collector is in the local network: a proxy that the environment names is for other addresses.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        self._waiting: deque[Span] = deque()
        self._some = threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._work, name="otlp", daemon=True)
        self._thread.start()

    def __call__(self, span: Span) -> None:
        """Take ``span`` along with the next batch, or drop it when too many wait."""
        if len(self._waiting) >= MOST_WAITING:
            metrics.SPANS_LOST.inc()
            return
        self._waiting.append(span)
        self._some.set()

    def close(self) -> None:
        """Send what waits, for ``CLOSE_S`` at most. Blocking."""
        self._closing.set()
        self._some.set()
        self._thread.join(CLOSE_S)

    def _work(self) -> None:
        pause_s = 0.0
        while True:
            self._some.wait()
            # More come together, and a collector that is away has time to come back.
            self._closing.wait(max(GATHER_S, pause_s))
            self._some.clear()
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
                error = self._send(batch)
                if error is None:
                    if pause_s:
                        _log.info("spans_sent_again")
                    pause_s = 0.0
                    continue
                metrics.SPANS_LOST.inc(len(batch))
                if not pause_s:
                    _log.warning("spans_not_sent", exc_info=error)  # once: until it is back there is nothing new to say
                pause_s = min(max(1.0, pause_s * 2), MOST_PAUSE_S)
                break
            if self._closing.is_set():
                return
            if self._waiting:
                self._some.set()

    def _send(self, batch: Sequence[Span]) -> Exception | None:
        request = urllib.request.Request(  # noqa: S310 - the settings allow http and https only
            self._url, data=encoded(batch, self._resource), headers={"Content-Type": "application/x-protobuf"}
        )
        try:
            with self._opener.open(request, timeout=TIMEOUT_S):
                return None
        except (OSError, HTTPException) as error:
            if isinstance(error, HTTPError):
                error.close()
            return error


def encoded(batch: Sequence[Span], resource: Mapping[str, Value]) -> bytes:
    """``batch`` as an ExportTraceServiceRequest."""
    request = ExportTraceServiceRequest()
    of_resource = request.resource_spans.add()
    of_resource.resource.attributes.extend(_attributes(resource))
    of_scope = of_resource.scope_spans.add()
    of_scope.scope.name = "gateway"
    of_scope.spans.extend(map(_wire, batch))
    body: bytes = request.SerializeToString()
    return body


def _wire(span: Span) -> Wire:
    return Wire(
        trace_id=bytes.fromhex(span.trace_id),
        span_id=bytes.fromhex(span.span_id),
        parent_span_id=bytes.fromhex(span.parent_id or ""),
        name=span.name,
        kind=Wire.SPAN_KIND_INTERNAL,
        start_time_unix_nano=span.start_ns,
        end_time_unix_nano=span.end_ns,
        attributes=_attributes(span.attributes),
        status=Status(code=Status.STATUS_CODE_ERROR, message=span.error) if span.error else None,
    )


def _attributes(values: Mapping[str, Value]) -> list[KeyValue]:
    return [KeyValue(key=key, value=_any(value)) for key, value in values.items()]


def _any(value: Value) -> AnyValue:
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    return AnyValue(string_value=value)
