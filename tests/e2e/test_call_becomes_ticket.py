"""The main job from outside: a call from another process, the ticket through the API, the case system's receipt."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.media.g711 import pcm16_to_alaw
from gateway.media.wav import alaw_wav
from tests.support.command import ROOT
from tests.support.noises import NOBODY_SPEAKS
from tests.support.ports import free_port
from tests.support.running import RunningGateway
from tests.support.sounds import STREET_LAMP, silent_wav
from tests.support.waiting import eventually

pytestmark = pytest.mark.e2e

SECRET = "a secret of this test"


@pytest.fixture(scope="module")
def receipts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Path]]:
    """A case system in a process of its own: its port and its log."""
    folder = tmp_path_factory.mktemp("cases")
    (folder / "secret").write_text(SECRET, encoding="ascii")
    port = free_port()
    argv = [sys.executable, str(ROOT / "scripts" / "case_system.py"), "--port", str(port)]
    process = subprocess.Popen([*argv, "--log", str(folder / "log.jsonl"), "--secret-file", str(folder / "secret")])
    yield port, folder / "log.jsonl"
    process.terminate()
    process.wait(10)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, receipts: tuple[int, Path]) -> Iterator[RunningGateway]:
    feed = f"""[[feed]]
id = "cases"
kind = "webhook"
url = "http://127.0.0.1:{receipts[0]}/events"
secret = "{SECRET}"
"""
    with RunningGateway(tmp_path_factory.mktemp("gateway"), asr_workers=1, tables=feed) as running:
        yield running


def call(gateway: RunningGateway, wav: Path, *args: str) -> dict[str, Any]:
    answer = gateway.cli("call", "--to", gateway.sip_uri, "--wav", str(wav), "--json", *args)
    result: dict[str, Any] = json.loads(answer)
    return result


def test_a_spoken_demand_becomes_a_delivered_ticket(gateway: RunningGateway, receipts: tuple[int, Path]) -> None:
    called = call(gateway, STREET_LAMP, "--from", "13876543210")
    assert called["status"] == 200
    ticket = gateway.ticket_of_call(called["call_id"])
    own = ticket["interactions"][0]
    assert own["disposition"] == "completed"
    assert own["from_raw"]
    assert ticket["requester"]["phone"] == "+8613876543210"
    assert not ticket["empty"]
    said = "".join(s["text"] for s in own["transcript"] if s["speaker"] == "requester")
    assert "路灯" in said
    assert ticket["demand"]["content"]
    assert ticket["demand"]["type"] == "help"
    span = ticket["prefill"]["fields"]["demand.type"]["span"]
    assert ticket["demand"]["content"][span[0] : span[1]]

    status, _, audio = gateway.request(
        "GET", f"/api/v1/tickets/{ticket['ticket_id']}/recordings/{own['interaction_id']}"
    )
    assert status == 200, audio
    assert hashlib.sha256(audio).hexdigest() == own["recording"]["sha256"]
    assert own["recording"]["duration_s"] > 5
    health = {one["channel_id"]: one for one in gateway.get("/api/v1/channels")["items"]}
    assert health["hotline"]["inbound"] >= 1
    assert health["hotline"]["last_inbound_at"] >= own["started_at"]

    def delivered() -> list[dict[str, Any]]:
        if not receipts[1].exists():
            return []
        posts = [json.loads(line) for line in receipts[1].read_text(encoding="utf-8").splitlines()]
        mine = [p for p in posts if p["subject"] == ticket["ticket_id"]]
        return mine if any(p["type"].endswith("transcript.completed") for p in mine) else []

    posts = eventually(delivered, what="delivery")
    assert posts[0]["type"].endswith("ticket.registered")
    sequence = [int(p["sequence"]) for p in posts]
    assert sequence == sorted(set(sequence))


def test_hanging_up_in_the_greeting_leaves_an_empty_ticket_and_a_callback(
    gateway: RunningGateway, tmp_path: Path
) -> None:
    silent = silent_wav(tmp_path / "silent.wav")
    called = call(gateway, silent, "--from", "13800138000", "--hangup-after", "2")
    ticket = gateway.ticket_of_call(called["call_id"])
    assert ticket["empty"]
    assert ticket["interactions"][0]["disposition"] == "abandoned_in_flow"
    tasks = gateway.get("/api/v1/callbacks")["items"]
    assert any(t["ticket_id"] == ticket["ticket_id"] and t["reason"] == "abandoned_in_flow" for t in tasks)


def test_music_on_the_line_leaves_an_empty_ticket(gateway: RunningGateway, tmp_path: Path) -> None:
    """It sounds as lively as somebody who speaks, and the flow goes on; nothing was said."""
    music = tmp_path / "music.wav"
    music.write_bytes(alaw_wav(pcm16_to_alaw(NOBODY_SPEAKS["music"](12))))
    called = call(gateway, music, "--from", "13800138002")
    ticket = gateway.ticket_of_call(called["call_id"])
    (own,) = ticket["interactions"]
    assert ticket["empty"]
    assert ticket["demand"]["content"] in {None, ""}
    assert not [s for s in own["transcript"] if s["speaker"] == "requester"]
    assert own["recording"], "whoever doubts it can listen"


def test_zero_asks_for_a_person(gateway: RunningGateway) -> None:
    called = call(gateway, STREET_LAMP, "--from", "13800138001", "--dtmf", "0")
    ticket = gateway.ticket_of_call(called["call_id"])
    own = ticket["interactions"][0]
    assert own["disposition"] == "callback_requested"
    assert own["dtmf"] == ["0"]
    assert any(t["ticket_id"] == ticket["ticket_id"] for t in gateway.get("/api/v1/callbacks")["items"])


def test_trace_shows_the_call(gateway: RunningGateway) -> None:
    called = call(gateway, STREET_LAMP, "--hangup-after", "1")
    gateway.ticket_of_call(called["call_id"])
    shown = gateway.cli("trace", called["call_id"])
    assert "INVITE" in shown
    assert "interaction.ended" in shown


def test_the_recogniser_is_measured_and_not_waited_for(gateway: RunningGateway) -> None:
    def measured() -> bool:
        now = gateway.metrics()
        return now['gateway_process_up{process="asr-0"}'] == 1 and 'process_open_fds{process="asr-0"}' in now

    assert eventually(measured, what="the recogniser's measures")
    assert 'gateway_asr_backlog_seconds{process="voice"}' in gateway.metrics()
    assert not any("asr" in part for part in gateway.get("/readyz", token="")["parts"])


def test_gauges_return_to_where_they_were(gateway: RunningGateway) -> None:
    def quiet() -> bool:
        now = gateway.metrics()
        return all(
            now[f'{name}{{channel_id="hotline",process="voice"}}'] == 0
            for name in ("gateway_calls_active", "gateway_rtp_ports_in_use")
        )

    assert eventually(quiet, what="no calls and no RTP ports")
