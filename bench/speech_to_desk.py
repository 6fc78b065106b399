"""From the end of speech to its text on the desk: short calls one after the other, with the shipped recogniser.

Each call speaks one sentence into a flow that listens. The end of speech is when the last voiced frame reached the
gateway (its own recording, from the moment it answered); stored is when another process first reads the segment's event
from the database, which it asks every 5 ms; visible is when the event reaches a client of ``/api/v1/stream``, by which
the desk lives. Before anything else can happen the speaker must have been silent for the engine's ``pause_ms``: only
then is a segment over. The rest is recognition (niced, on this machine) and us.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from asr.whisper.settings import WhisperSettings
from bench.report import Row
from gateway.domain.transcript import NewSegment
from gateway.domain.words import Speaker
from gateway.intake.call.record import heard_segment
from gateway.media.g711 import pcm16_to_alaw
from gateway.media.vad import VoiceDetector
from gateway.media.wav import read_wav
from gateway.ports.call import FRAME_BYTES, FRAME_MS
from gateway.ports.recogniser import Final
from gateway.prefill.reader import PrefillReader
from gateway.prefill.said import understand
from tests.support.running import RunningGateway
from tests.support.waiting import eventually

ROOT = Path(__file__).resolve().parent.parent
CALLS = 10
SPEECH = ROOT / "demo" / "street_lamp.wav"
FLOW = """flow: bench
title: Listens once
languages: [zh]
steps:
  - {do: listen, id: demand, say: [ask_demand], silence_s: 6, end_silence_s: 2, recognise_wait_s: 10}
  - {do: end, id: done, disposition: completed}
"""
LOOK_S = 0.005
SEGMENTS = 30
"""Of one call: a thousand characters, which is three minutes' talk."""
FORM_MS = 300
SEGMENT = "transcript.segment"


@dataclass
class Moments:
    """Unix times of events by event_seq."""

    stored: dict[int, float]
    visible: dict[int, float]
    interaction: dict[int, str]


def _look(database: Path, moments: Moments, stop: threading.Event) -> None:
    """Note when segments can be read from the database."""
    connection = sqlite3.connect(f"file:{database}?mode=ro", uri=True)
    query = "SELECT event_seq FROM events WHERE type = ? AND event_seq > ? ORDER BY event_seq"
    last = 0
    while not stop.wait(LOOK_S):
        for (last,) in connection.execute(query, (SEGMENT, last)).fetchall():  # noqa: B020 - goes on from the newest
            moments.stored[last] = time.time()
    connection.close()


def _watch(house: RunningGateway, moments: Moments, opened: threading.Event) -> None:
    """Be a desk: read the event stream until the gateway ends it."""
    request = urllib.request.Request(f"{house.url}/api/v1/stream?after=0")  # noqa: S310 - our own gateway
    request.add_header("Authorization", f"Bearer {house.token}")
    with urllib.request.urlopen(request, timeout=120) as stream:  # noqa: S310 - our own gateway
        opened.set()
        for line in stream:
            if not line.startswith(b"data: "):
                continue
            event = json.loads(line[6:])
            if event["type"] == SEGMENT:
                moments.visible[event["event_seq"]] = time.time()
                moments.interaction[event["event_seq"]] = event["interaction_id"]


def _speech_end(house: RunningGateway, interaction_id: str) -> float | None:
    """When the caller's last voiced frame reached the gateway; None when the recording has none."""
    ticket = next(t for t in house.tickets() if t["interactions"][0]["interaction_id"] == interaction_id)
    status, _, wav = house.request("GET", f"/api/v1/tickets/{ticket['ticket_id']}/recordings/{interaction_id}")
    if status != 200:  # noqa: PLR2004 - HTTP
        return None
    caller = pcm16_to_alaw(read_wav(wav).channels[0])
    detector = VoiceDetector()
    frames = [caller[at : at + FRAME_BYTES] for at in range(0, len(caller) - FRAME_BYTES + 1, FRAME_BYTES)]
    voiced = [n for n, frame in enumerate(frames, start=1) if detector.voiced(frame)]
    answered = datetime.fromisoformat(ticket["interactions"][0]["answered_at"]).timestamp()
    return answered + voiced[-1] * FRAME_MS / 1000 if voiced else None


def measure() -> tuple[list[float], list[float]]:
    """Seconds from the end of speech until its last segment was stored, and until it was visible; one pair a call."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        flows = folder / "flows"
        shutil.copytree(ROOT / "ivr_flows", flows)
        (flows / "bench.yaml").write_text(FLOW, encoding="utf-8")
        house = RunningGateway(folder / "gateway", asr_workers=1, channel='flow = "bench"')
        house.config.write_text(f'flows_dir = "{flows}"\n{house.config.read_text(encoding="utf-8")}', encoding="utf-8")
        moments = Moments({}, {}, {})
        stop, opened = threading.Event(), threading.Event()
        with house:
            eventually((house.data / "run" / "asr-0.json").exists, within_s=120, what="the recogniser")
            watching = threading.Thread(target=_watch, args=(house, moments, opened), daemon=True)
            watching.start()
            opened.wait(30)
            looking = threading.Thread(target=_look, args=(house.data / "gateway.db", moments, stop))
            looking.start()
            for n in range(CALLS):
                house.cli("call", "--to", house.sip_uri, "--wav", str(SPEECH))
                sys.stderr.write(f"call {n + 1} of {CALLS}\n")
            eventually(lambda: not any(t["prefill"]["pending"] for t in house.tickets()), within_s=120, what="texts")
            last = {interaction: seq for seq, interaction in sorted(moments.interaction.items())}
            ends = {interaction: _speech_end(house, interaction) for interaction in last}
            stop.set()
            looking.join()
        watching.join(10)
        good = [(seq, end) for i, seq in last.items() if (end := ends[i]) is not None and seq in moments.stored]
        return [moments.stored[seq] - end for seq, end in good], [moments.visible[seq] - end for seq, end in good]


def _spread(seconds: Sequence[float]) -> str:
    ordered = sorted(seconds)
    return f"median {statistics.median(ordered):.2f} s, fastest {ordered[0]:.2f} s, slowest {ordered[-1]:.2f} s"


def form_ms() -> list[float]:
    """CPU milliseconds from a segment to its form, for each segment of a long call: all said so far is read anew."""
    prefill = PrefillReader.of(ROOT / "config", "Asia/Shanghai")
    text = (ROOT / "demo" / "street_lamp.txt").read_text(encoding="utf-8").strip()
    said: list[NewSegment] = []
    took = []
    for n in range(SEGMENTS):
        final = Final(start_ms=n, end_ms=n + 1, text=text, language="zh", confidence=0.8, engine="bench")
        began = time.process_time()
        said.append(heard_segment(Speaker.REQUESTER, n, final))
        understand(prefill, said, datetime.now(UTC), new=1)
        took.append(1000 * (time.process_time() - began))
    return took


def rows() -> list[Row]:
    """Measure."""
    took = form_ms()
    stored, visible = measure()
    pause = WhisperSettings().pause_ms / 1000
    shown = [1000 * (b - a) for a, b in zip(stored, visible, strict=True)]
    return [
        Row(
            measure=f"final segment → its form, CPU, {SEGMENTS} segments of one call",
            ours=f"first {took[0]:.0f} ms, median {statistics.median(took):.0f} ms, slowest {max(took):.0f} ms",
            beside="the form is stored in the segment's own transaction",
            ratio="",
            goal=f"< {FORM_MS} ms",
            met=max(took) < FORM_MS,
        ),
        Row(
            measure=f"speech end → final text and its form stored, {len(stored)} of {CALLS} calls",
            ours=_spread(stored),
            beside=f"the pause that ends a segment: {pause:.2f} s",
            ratio=f"{statistics.median(stored) / pause:.2f}",
            goal="",
            met=None,
        ),
        Row(
            measure="speech end → visible to a client of the event stream",
            ours=_spread(visible),
            beside=f"stored → visible: median {statistics.median(shown):.0f} ms, slowest {max(shown):.0f} ms",
            ratio=f"{statistics.median(visible) / pause:.2f}",
            goal="",
            met=None,
        ),
    ]
