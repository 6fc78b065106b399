"""Keys as tones in the audio: ITU-T Q.24's limits, and nothing heard in voices, music, noise and line tones."""

from __future__ import annotations

import random
from array import array
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.media.dtmf import ToneKeys
from gateway.media.g711 import alaw_to_ulaw, pcm16_to_alaw, ulaw_to_alaw
from gateway.media.resample import resample
from gateway.media.wav import read_wav
from tests.support import noises
from tests.support.tones import Line

pytestmark = pytest.mark.unit

ALL = "0123456789*#ABCD"
REPOSITORY = Path(__file__).parents[3]
SPEECH = sorted((REPOSITORY / "tests/data/calls").glob("*.wav"))
PROMPTS = sorted((REPOSITORY / "ivr_flows/prompts").rglob("*.wav"))


def heard(alaw: bytes) -> str:
    detector = ToneKeys()
    frames = (alaw[n : n + 160].ljust(160, b"\xd5") for n in range(0, len(alaw), 160))  # speech ends anywhere
    return "".join(key for key in map(detector.take, frames) if key)


def line(seed: int = 0) -> Line:
    return Line(random.Random(seed))


def test_every_key():
    said = line()
    for key in ALL:
        said.tone(key, 100)
        said.pause(100)
    assert heard(said.alaw()) == ALL


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.sampled_from(ALL), min_size=1, max_size=3),
    st.integers(40, 120),
    st.integers(40, 120),
    st.floats(-25, 0),
    st.floats(-6, 6),
    st.floats(-0.015, 0.015),
    st.floats(-0.015, 0.015),
    st.integers(0, 1000),
)
def test_all_that_q24_asks_for_is_heard_once(keys, tone_ms, pause_ms, level, twist, low_off, high_off, seed):
    """Tones and pauses of 40 ms, 0 to -25 dBm0, 6 dB of twist, 1.5 % off."""
    said = line(seed)
    for key in keys:
        said.tone(
            key, tone_ms, low_dbm0=level + min(twist, 0), high_dbm0=level - max(twist, 0),
            low_off=low_off, high_off=high_off,
        )  # fmt: skip
        said.pause(pause_ms)
    assert heard(said.alaw()) == "".join(keys)


@pytest.mark.parametrize("seed", range(12))
def test_through_noise_of_12_db_less_and_mu_law(seed):
    said = line(seed)
    for key in "159":
        said.tone(key, 60, low_dbm0=-12, high_dbm0=-12)
        said.pause(60)
    said.noise(-21)  # the two tones together have -9
    alaw = said.alaw()
    assert heard(alaw) == "159"
    assert heard(ulaw_to_alaw(alaw_to_ulaw(alaw))) == "159"


@pytest.mark.parametrize("seed", range(16))
@pytest.mark.parametrize("break_ms", [5, 10])
def test_a_break_in_a_tone_is_no_second_press(seed, break_ms):
    said = line(seed)
    said.tone(ALL[seed], 80)
    said.pause(break_ms)
    said.tone(ALL[seed], 80)
    assert heard(said.alaw()) == ALL[seed]


@pytest.mark.parametrize("lost", range(3, 9))
def test_a_lost_packet_in_a_tone_is_no_second_press(lost):
    said = line()
    said.tone("7", 200)
    alaw = said.alaw()
    assert heard(alaw[: 160 * lost] + b"\xd5" * 160 + alaw[160 * (lost + 1) :]) == "7"


@pytest.mark.parametrize("seed", range(16))
@pytest.mark.parametrize(
    "spoilt",
    [
        {"ms": 23},
        {"ms": 100, "low_off": 0.035},
        {"ms": 100, "high_off": -0.035},
        {"ms": 100, "low_dbm0": -45, "high_dbm0": -45},
        {"ms": 100, "high_dbm0": -20},
        {"ms": 100, "low_dbm0": -20},
        {"ms": 100, "low_dbm0": -90},
    ],
    ids=str,
)
def test_what_is_too_short_off_faint_or_lopsided_is_no_key(seed, spoilt):
    said = line(seed)
    said.tone(ALL[seed], **spoilt)
    assert heard(said.alaw()) == ""


@pytest.mark.parametrize("speech", [*SPEECH, *PROMPTS], ids=lambda path: path.stem)
def test_nobody_talks_a_key(speech):
    """Callers and our own prompts, which come back as echo; also spoken higher and lower than they were."""
    sound = read_wav(speech)
    for pitch in (0.83, 0.91, 1.0, 1.1, 1.2) if speech in SPEECH else (1.0,):
        assert heard(pcm16_to_alaw(resample(sound.mono(), round(sound.rate * pitch), 8000))) == ""


@pytest.mark.parametrize("sound", ["white_noise", "street_noise", "clicks", "ring_back", "busy", "music"])
def test_no_sound_of_a_line_is_a_key(sound):
    assert heard(pcm16_to_alaw(getattr(noises, sound)(8.0))) == ""


def test_keys_pressed_while_somebody_speaks_are_heard():
    """The caller's own voice 15 dB below the tones, as behind a hand set's cut-off."""
    pcm = array("h", read_wav(SPEECH[0]).mono())
    said = line()
    for key in "2580":
        said.tone(key, 120, low_dbm0=-6, high_dbm0=-6)
        said.pause(120)
    peak = max(map(abs, pcm))
    said.samples = [s + 2_500 * v / peak for s, v in zip(said.samples, pcm, strict=False)]
    assert heard(said.alaw()) == "2580"
