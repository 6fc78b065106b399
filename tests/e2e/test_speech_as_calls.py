"""Speech as calls: what reaches the ticket is what the engine alone makes of the same telephone audio.

The same audio is what the call recorded: a sentence shifted by some milliseconds is another one to Whisper. That the
recording holds what was sent is looked at apart.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gateway.cli.asr_eval import error_rate
from gateway.media.g711 import pcm16_to_alaw
from gateway.media.wav import alaw_wav, read_wav
from tests.support.data import EACH_SPEECH, utterances
from tests.support.running import RunningGateway

pytestmark = pytest.mark.e2e

MOST = 24
"""Utterances: with fewer, a word that tips over for another phase of the detector's windows outweighs what is lost."""
A_CALL = 4
"""Utterances of one call, so that a call is as long as a demand is."""
LEAD_S, PAUSE_S, TAIL_S = 1.0, 0.9, 1.5
"""Of a line's faint noise before, between and after utterances: the engine alone gets the same surroundings. People
pause for less than what ends their turn."""
AT_ONCE = 3
MAY_LOSE = 0.02
MUST_ARRIVE = 0.99
TRIES = 3
"""A machine that is too busy makes the caller stutter: then the call is placed again."""
FRAME = 160
FIRST = 50
"""Frames of the lead, any of which may be lost: the others tell where frames begin in a recording."""


@dataclass(frozen=True)
class Said:
    """One call's audio and what is said in it."""

    wav: Path
    text: str


def quiet_line(seconds: float) -> bytes:
    """What a line sounds like when nobody speaks."""
    noise = np.random.default_rng(7).normal(0, 12, int(8000 * seconds))
    return pcm16_to_alaw(noise.astype("<i2").tobytes())


def calls(speech: Path, folder: Path) -> Iterator[Said]:
    said = utterances(speech)[:MOST]
    for n in range(0, len(said), A_CALL):
        some = said[n : n + A_CALL]
        words = quiet_line(PAUSE_S).join(read_wav(one.wav).alaw() for one in some)
        track = quiet_line(LEAD_S) + words + quiet_line(TAIL_S)
        wav = folder / f"call-{n // A_CALL}.wav"
        wav.write_bytes(alaw_wav(track))
        yield Said(wav, "".join(one.text for one in some))


def arrived(sent: bytes, recorded: bytes) -> float:
    """The share of the sent frames that the caller's track holds; every frame of noise and speech is one of a kind."""
    caller = recorded[-(len(recorded) // 2 * 2) :: 2]
    theirs = Counter(sent[at : at + FRAME] for at in range(0, len(sent) - FRAME + 1, FRAME))
    places = (caller.find(sent[at : at + FRAME]) for at in range(0, FIRST * FRAME, FRAME))
    offset = next((place % FRAME for place in places if place >= 0), 0)
    ours = Counter(caller[at : at + FRAME] for at in range(offset, len(caller), FRAME))
    return sum((theirs & ours).values()) / sum(theirs.values())


def requester_words(gateway: RunningGateway, call_id: str) -> tuple[str, dict[str, Any]]:
    """What the call's ticket says that the requester said."""

    ticket = gateway.ticket_of_call(call_id)
    transcript = ticket["interactions"][0]["transcript"]
    return "".join(s["text"] for s in transcript if s["speaker"] == "requester"), ticket


@EACH_SPEECH
def test_calls_lose_nothing_of_what_the_engine_understands(tmp_path: Path, speech: Path) -> None:
    said = list(calls(speech, tmp_path))
    with RunningGateway(tmp_path / "gateway", asr_workers=1) as gateway, ThreadPoolExecutor(AT_ONCE) as pool:
        token = gateway.token
        assert token

        def call(one: Said) -> tuple[str, Path]:
            """What the ticket says, and the recording."""
            sent = read_wav(one.wav).alaw()
            for _ in range(TRIES):
                answer = gateway.cli("call", "--to", gateway.sip_uri, "--wav", str(one.wav), "--json")
                words, ticket = requester_words(gateway, json.loads(answer)["call_id"])
                status, _, recording = gateway.request("GET", ticket["interactions"][0]["recording"]["url"])
                assert status == 200
                share = arrived(sent, recording[recording.index(b"data") + 8 :])
                if share >= MUST_ARRIVE:
                    break
                print(f"{one.wav.name}: {share:.1%} of the audio arrived; again")
            else:
                pytest.fail(f"{one.wav.name}: never more than {share:.1%} of the audio arrived")
            kept = one.wav.with_suffix(".recorded.wav")
            kept.write_bytes(recording)
            return words, kept

        called = list(pool.map(call, said))
        through = [words for words, _ in called]
        alone = json.loads(gateway.cli("asr", "transcribe", *(str(kept) for _, kept in called), "--json"))

    wrong, wrong_alone, characters = 0, 0, 0
    for one, heard, bare in zip(said, through, alone, strict=True):
        errors, length = error_rate(one.text, heard)
        errors_alone, _ = error_rate(one.text, bare["text"])
        print(f"{length} characters, {errors} wrong in the call, {errors_alone} alone")
        print(f"  said  {one.text}\n  call  {heard}\n  alone {bare['text']}")
        wrong, wrong_alone, characters = wrong + errors, wrong_alone + errors_alone, characters + length
    print(f"{characters} characters: CER {wrong / characters:.1%} as calls, {wrong_alone / characters:.1%} alone")
    assert wrong / characters <= wrong_alone / characters + MAY_LOSE
