"""Three scripted dialogues by telephone as it is: a whole gateway, SIP, RTP, a recogniser with vosk-server's protocol.

It understands what the script says. All three call at the same time.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import AsyncIterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.media.wav import alaw_wav
from gateway.ports.recogniser import Recognised
from gateway.recognition.server import RecognitionServer
from tests.conversations.judge import Exchange, Played, transcript, wrong
from tests.conversations.script import Play, plays
from tests.support.running import RunningGateway
from tests.support.servers import in_thread
from tests.support.sounds import speech

pytestmark = pytest.mark.e2e
WANTED = ("telephone-five_seconds-voice", "danger-home_on_fire-voice", "english-break_in-voice")
PLAYS = {play.name: play for play in plays() if play.name in WANTED}
FRAME_MS = 10
LOUD = 600
"""A sample above it is speech; between a demo's words it is quieter."""
PAUSE_MS = 900
FIRST_S = 2.0
STEP_S = 1.5
"""What a caller says is known by its length: the first speaks so long, each further one so much longer."""


class ByLength:
    """An engine that understands an utterance by how long it is."""

    name = "by-length"

    def __init__(self, texts: Mapping[float, tuple[str, str]]) -> None:
        """``texts``: seconds → (words, language)."""
        self.texts = texts

    def stream(self, *, rate: int, languages: Sequence[str], hotwords: Sequence[str]) -> _Stream:
        return _Stream(rate, self.texts)


class _Stream:
    speech_ms = None
    """Not told: the line's own detector judges."""

    def __init__(self, rate: int, texts: Mapping[float, tuple[str, str]]) -> None:
        self._frame = rate * FRAME_MS // 1000
        self._texts = texts
        self._rest = array("h")
        self._now_ms = self._last_ms = 0
        self._began_ms: int | None = None

    def accept(self, pcm: bytes) -> list[Recognised]:
        self._rest.frombytes(pcm)
        ended = []
        while len(self._rest) >= self._frame:
            frame, self._rest = self._rest[: self._frame], self._rest[self._frame :]
            self._now_ms += FRAME_MS
            if max(frame) > LOUD:
                self._began_ms = self._now_ms if self._began_ms is None else self._began_ms
                self._last_ms = self._now_ms
            elif self._began_ms is not None and self._now_ms - self._last_ms >= PAUSE_MS:
                ended += self.finish()
        return ended

    def partial(self) -> str:
        return "" if self._began_ms is None else "…"

    def finish(self) -> list[Recognised]:
        if self._began_ms is None:
            return []
        began, self._began_ms = self._began_ms, None
        seconds = (self._last_ms - began) / 1000
        words, language = self._texts[min(self._texts, key=lambda known: abs(known - seconds))]
        return [Recognised(start_ms=began, end_ms=self._last_ms, text=words, language=language, confidence=0.9)]


@asynccontextmanager
async def recogniser(engine: ByLength) -> AsyncIterator[str]:
    """A server; its address."""
    server = RecognitionServer(engine, languages=("zh", "en"))
    try:
        yield await server.start()
    finally:
        await server.aclose()


def called(gateway: RunningGateway, play: Play, wav: Path, number: str) -> Played:
    """One call, and its ticket when everything said in it is there."""
    done = json.loads(gateway.cli("call", "--to", gateway.sip_uri, "--wav", str(wav), "--from", number, "--json"))
    ticket = gateway.ticket_of_call(done["call_id"])
    events = gateway.get(f"/api/v1/tickets/{ticket['ticket_id']}/events?limit=1000")
    ticket["event_types"] = [event["type"] for event in events["items"]]
    spoken = ticket["interactions"][0]["transcript"]
    heard_ms = min(segment["start_ms"] for segment in spoken if segment["speaker"] == "requester")
    bot = [(segment["start_ms"] >= heard_ms, segment["text"]) for segment in spoken if segment["speaker"] == "bot"]
    (turn,) = play.dialogue.turns
    answers = [text for after, text in bot if after]
    opening = [text for after, text in bot if not after]
    return Played(play, f"+86{number}", [Exchange(turn, answers)], [ticket], opening=opening)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Played]:
    folder = tmp_path_factory.mktemp("sip")
    texts: dict[float, tuple[str, str]] = {}
    wavs: dict[str, Path] = {}
    for place, name in enumerate(WANTED):
        seconds = FIRST_S + STEP_S * place
        texts[seconds] = (str(PLAYS[name].dialogue.turns[0].say), PLAYS[name].dialogue.language)
        wavs[name] = folder / f"{name}.wav"
        wavs[name].write_bytes(alaw_wav((speech() * 3)[: int(8000 * seconds)]))
    with in_thread(recogniser(ByLength(texts))) as url, RunningGateway(folder, asr_url=url) as gateway:
        assert gateway.token  # made before the calls want it at the same time
        with ThreadPoolExecutor(len(WANTED)) as callers:

            def call(place: int) -> tuple[str, Any]:
                name = WANTED[place]
                return name, called(gateway, PLAYS[name], wavs[name], f"1390003000{place}")

            return dict(callers.map(call, range(len(WANTED))))


@pytest.mark.parametrize("name", WANTED)
def test_call(name: str, played: dict[str, Played]) -> None:
    faults = wrong(played[name])
    assert not faults, "\n" + transcript(played[name], faults)
