"""Speech is heard; tones, hum and hiss are not taken for it."""

from __future__ import annotations

import math
import random
from array import array
from collections import deque
from pathlib import Path

import pytest

from gateway.calls.listener import BEGIN_VOICED_MS, BEGIN_WINDOW_MS
from gateway.media.g711 import audioop, pcm16_to_alaw
from gateway.media.resample import resample
from gateway.media.vad import VoiceDetector
from gateway.media.wav import read_wav
from tests.support.data import EACH_SPEECH, utterances

pytestmark = pytest.mark.unit

RATE = 8000


def made(wave, seconds: float = 4) -> bytes:
    return pcm16_to_alaw(array("h", (round(wave(n / RATE)) for n in range(int(RATE * seconds)))).tobytes())


def sine(hertz: float, level: float):
    return lambda t: level * math.sin(2 * math.pi * hertz * t)


def heard(alaw: bytes) -> list[bool]:
    detector = VoiceDetector()
    return [detector.voiced(alaw[n : n + 160]) for n in range(0, len(alaw) - 159, 160)]


def begins(voiced: list[bool]) -> bool:
    """Whether the listener would say that speech has begun (gateway/calls/listener.py)."""
    window: deque[bool] = deque(maxlen=BEGIN_WINDOW_MS // 20)
    for frame in voiced:
        window.append(frame)
        if sum(window) * 20 >= BEGIN_VOICED_MS:
            return True
    return False


NOISE = random.Random(12345)
STEADY = {
    "silence": made(lambda _t: 0),
    "dial tone": made(sine(450, 8000)),
    "ring-back": made(lambda t: sine(450, 8000)(t) if t % 5 < 1 else 0, 11),
    "busy": made(lambda t: sine(450, 8000)(t) if t % 0.7 < 0.35 else 0),
    "fax": made(sine(2100, 6000)),
    "mains hum": made(lambda t: sine(50, 3000)(t) + sine(150, 1000)(t)),
    "keys": made(lambda t: sine(770, 5000)(t) + sine(1336, 5000)(t) if t % 1 < 0.2 else 0),
    "hiss": made(lambda _t: NOISE.gauss(0, 2000)),
    "hiss after silence": made(lambda t: NOISE.gauss(0, 2000) if t > 1 else 0),
}


@pytest.mark.parametrize("name", STEADY)
def test_no_speech_begins_in(name):
    assert not begins(heard(STEADY[name]))


def test_a_two_tone_ring_back_is_given_up_within_seconds():
    tone = made(lambda t: sine(440, 4000)(t) + sine(480, 4000)(t), 6)
    assert not any(heard(tone)[150:])


@pytest.mark.parametrize("noise", [0, 50])
@EACH_SPEECH
def test_speech_begins(speech: Path, noise):
    for one in utterances(speech):
        sound = read_wav(one.wav)
        pcm = bytes(RATE * 2) + resample(sound.mono(), sound.rate, RATE)
        hiss = array("h", (round(NOISE.gauss(0, noise)) for _ in range(len(pcm) // 2))).tobytes()
        voiced = heard(pcm16_to_alaw(audioop.add(pcm, hiss, 2)))
        assert begins(voiced), one.wav.name
        assert sum(voiced) / len(voiced) > 0.3, one.wav.name
        assert not any(voiced[:45]), one.wav.name
