"""Spans reach a collector by OTLP; one that is away, or none, costs nothing."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from gateway.intake.call import spans as call_spans
from gateway.telemetry import otlp, spans, trace
from gateway.telemetry.otlp import OtlpSender
from tests.support.ports import free_port
from tests.support.servers import Asked, ThreadedServer
from tests.support.waiting import eventually

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[3]
NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


class Collector(ThreadedServer):
    """A receiver of OTLP over HTTP, at work at once."""

    def __init__(self, port: int = 0, status: int = 200) -> None:
        super().__init__(self._answer, port=port)
        self.status = status
        self.asked: list[tuple[str, str]] = []
        self.got: list[ExportTraceServiceRequest] = []
        self.start()

    def _answer(self, asked: Asked) -> tuple[int, bytes]:
        self.asked.append((asked.path, asked.headers["Content-Type"]))
        if self.status == 200:
            self.got.append(ExportTraceServiceRequest.FromString(asked.body))
        return self.status, b""

    @property
    def spans(self) -> list:
        return [s for r in self.got for of in r.resource_spans for scope in of.scope_spans for s in scope.spans]


@contextmanager
def sending(url: str) -> Iterator[OtlpSender]:
    sender = OtlpSender(url, node="n1/7")
    spans.send_to(sender)
    try:
        yield sender
    finally:
        spans.send_to(None)
        sender.close()


def test_a_way_arrives_as_one_trace_that_hangs_on_what_came_in() -> None:
    collector = Collector()
    with sending(collector.url), trace.scope() as own:
        with spans.span("http", entry=True, route="/hooks", status=None) as told:
            with spans.span("commit", ticket_id="t"), pytest.raises(ZeroDivisionError), spans.span("inner"):
                raise ZeroDivisionError
            told["status"] = 200
        with trace.scope(own), spans.span("feed", event_seq=7, late=True, share=0.5):
            pass
    collector.stop()
    assert set(collector.asked) == {("/v1/traces", "application/x-protobuf")}
    by_name = {span.name: span for span in collector.spans}
    entry = by_name["http"]
    assert {span.trace_id.hex() for span in collector.spans} == {own}
    assert (entry.span_id.hex(), entry.parent_span_id) == (trace.span_of(own), b"")
    assert {by_name[name].parent_span_id for name in ("commit", "inner", "feed")} == {entry.span_id}
    assert by_name["inner"].status.message == "ZeroDivisionError"
    assert entry.start_time_unix_nano <= by_name["commit"].start_time_unix_nano
    assert by_name["commit"].end_time_unix_nano <= entry.end_time_unix_nano
    assert {a.key: a.value.string_value or a.value.int_value for a in entry.attributes} == {
        "route": "/hooks",
        "status": 200,
    }
    resource = {a.key: a.value.string_value for a in collector.got[0].resource_spans[0].resource.attributes}
    assert resource["service.name"] == "hotline-gateway"
    assert resource["service.instance.id"] == "n1/7"


def test_a_client_s_span_is_what_the_entry_hangs_on() -> None:
    collector = Collector()
    with sending(collector.url), trace.scope(), spans.span("http", entry=True):
        trace.take_over("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
    collector.stop()
    (entry,) = collector.spans
    assert entry.trace_id.hex() == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert entry.parent_span_id.hex() == "00f067aa0ba902b7"


def test_a_call_is_told_when_it_is_over_with_its_pieces_of_speech() -> None:
    collector = Collector()
    record = SimpleNamespace(
        started_at=NOON,
        answered_at=NOON + timedelta(seconds=2),
        channel_id="hotline",
        ticket_no="202611230000001",
        interaction_id="i",
        spoken=[("bot", 0, 1500), ("requester", 2000, 4000), ("bot", 4100, 5000)],
    )
    with sending(collector.url), trace.scope(trace.of("call;tag")):
        call_spans.tell(record, NOON + timedelta(seconds=9))  # type: ignore[arg-type]
    collector.stop()
    zero = int(NOON.timestamp()) * 10**9
    ms = [
        (s.name, (s.start_time_unix_nano - zero) // 10**6, (s.end_time_unix_nano - zero) // 10**6)
        for s in collector.spans
    ]
    assert ms == [
        ("call", 0, 9000),
        ("ring", 0, 2000),
        ("speech.bot", 2000, 3500),
        ("speech.requester", 4000, 6000),
        ("speech.bot", 6100, 7000),
    ]


def test_a_collector_that_is_away_costs_a_line_and_what_it_missed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(otlp, "GATHER_S", 0.01)
    monkeypatch.setattr(otlp, "MOST_PAUSE_S", 0.05)
    port = free_port()
    with sending(f"http://127.0.0.1:{port}") as sender, trace.scope():
        for _ in range(20_000):
            with spans.span("lost"):
                pass
        assert len(sender._waiting) <= otlp.MOST_WAITING
        collector = Collector(port)

        def arrived() -> bool:
            with spans.span("again"):
                pass
            return any(span.name == "again" for span in collector.spans)

        assert eventually(arrived)
    collector.stop()
    shown = capsys.readouterr().err
    assert shown.count("spans_not_sent") == 1
    assert "errno_name=ECONNREFUSED" in shown
    assert "spans_sent_again" in shown


def test_one_that_refuses_is_told_by_its_status(capsys: pytest.CaptureFixture[str]) -> None:
    collector = Collector(status=503)
    with sending(collector.url), trace.scope(), spans.span("http"):
        pass
    collector.stop()
    assert "http_status=503" in capsys.readouterr().err


def test_without_a_collector_nothing_of_it_is_loaded_or_made() -> None:
    with trace.scope(), spans.span("http", entry=True) as told:
        told["status"] = 200
    assert not spans.wanted()
    look = (
        "import sys, gateway.bootstrap.house, gateway.bootstrap.voice, gateway.bootstrap.web, gateway.bootstrap.worker"
    )
    parts = ("opentelemetry.proto", "google.protobuf", "gateway.telemetry.otlp")
    loaded = f"print([m for m in sys.modules if m.startswith({parts})])"
    done = subprocess.run(
        [sys.executable, "-c", f"{look}\n{loaded}"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
