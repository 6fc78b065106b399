"""Detectors and segments, with the real detectors: nobody speaks, somebody does, somebody never stops."""

from __future__ import annotations

from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asr.whisper.detector import RATE, Upsampler
from asr.whisper.segmenter import Segmenter, Speech
from gateway.media.g711 import alaw_to_pcm16, pcm16_to_alaw
from gateway.media.resample import resample
from gateway.recognition.audio import read_speech
from tests.support.data import EACH_SPEECH, OWN, utterances
from tests.support.noises import NOBODY_SPEAKS, silence, white_noise

pytestmark = pytest.mark.unit


def telephone(pcm: bytes) -> bytes:
    return alaw_to_pcm16(pcm16_to_alaw(pcm))


def segments(pcm: bytes, *, piece: int = 3_200, rate: int = 8_000, longest_ms: int = 26_000) -> list[Speech]:
    segmenter = Segmenter(rate=rate, pause_ms=700, max_segment_ms=longest_ms, threshold=0.5)
    found = []
    for at in range(0, len(pcm), piece):
        found += segmenter.accept(pcm[at : at + piece])
    return found + segmenter.finish()


def spoken(speech: Path) -> list[bytes]:
    """What a folder's speakers say without a pause that ends a segment, the shortest first."""
    words = [telephone(resample(*read_speech(one.wav), 8_000)) for one in utterances(speech)]
    return sorted((one for one in words if len(segments(one)) == 1), key=len)


def same(some: list[Speech], others: list[Speech]) -> bool:
    return len(some) == len(others) and all(
        (a.start_ms, a.end_ms, a.voiced_ms) == (b.start_ms, b.end_ms, b.voiced_ms)
        and np.array_equal(a.samples, b.samples)
        for a, b in zip(some, others, strict=True)
    )


@cache
def a_call() -> bytes:
    """Somebody speaks twice on a line that hisses."""
    words = [resample(*read_speech(one.wav), 8_000)[:48_000] for one in utterances(OWN / "calls")[:2]]
    hiss = white_noise(1.5, level=0.002)
    return telephone(hiss + words[0] + hiss + words[1] + hiss)


@cache
def in_one_piece() -> list[Speech]:
    return segments(a_call(), piece=len(a_call()))


@pytest.mark.parametrize("sound", NOBODY_SPEAKS)
@pytest.mark.parametrize("gain", [0.3, 1.0])
def test_where_nobody_speaks_there_is_no_segment(sound: str, gain: float) -> None:
    pcm = (np.frombuffer(NOBODY_SPEAKS[sound](15), "<i2") * gain).astype("<i2").tobytes()
    assert segments(telephone(pcm)) == []


@EACH_SPEECH
def test_an_utterance_is_one_segment_with_its_times(speech: Path) -> None:
    words = spoken(speech)[0]
    (only,) = segments(silence(2) + words + silence(3))
    assert 1_800 <= only.start_ms <= 2_400
    assert 2_000 + len(words) // 16 - 500 <= only.end_ms <= 2_000 + len(words) // 16 + 300
    assert only.voiced_ms > 0.7 * len(words) // 16


@EACH_SPEECH
def test_a_pause_ends_a_segment_at_once(speech: Path) -> None:
    words = spoken(speech)[0]
    segmenter = Segmenter(rate=8_000, pause_ms=700, max_segment_ms=26_000, threshold=0.5)
    assert segmenter.accept(words) == []
    assert segmenter.speaking
    assert len(segmenter.accept(silence(1))) == 1
    assert not segmenter.speaking


@EACH_SPEECH
def test_two_utterances_are_two_segments_whatever_the_pieces(speech: Path) -> None:
    words = spoken(speech)[0]
    audio = words + silence(1.5) + words
    found = [segments(audio, piece=piece) for piece in (320, 960, 4_001, 16_000, len(audio))]
    assert [len(s) for s in found] == [2] * 5
    assert all(same(some, found[0]) for some in found)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(0, 40_000), min_size=1, max_size=40))
def test_segments_do_not_depend_on_how_the_audio_arrives(pieces: list[int]) -> None:
    """To the last sample, through noise, pauses and speech: a busy machine hears what an idle one does."""
    audio = a_call()
    segmenter = Segmenter(rate=8_000, pause_ms=700, max_segment_ms=26_000, threshold=0.5)
    found, at = [], 0
    for piece in pieces:
        found += segmenter.accept(audio[at : at + piece])
        at += piece
    found += segmenter.accept(audio[at:]) + segmenter.finish()
    assert same(found, in_one_piece())


@EACH_SPEECH
def test_endless_speech_is_cut_at_quiet_places_and_nothing_is_lost(speech: Path) -> None:
    words = np.frombuffer(spoken(speech)[-1], "<i2")
    audio = np.tile(words[4_800:60_000], 8).tobytes()
    found = segments(audio, longest_ms=10_000)
    assert len(found) > 4
    assert all(len(s.samples) <= 10_100 * RATE // 1000 for s in found)
    for before, after in pairwise(found):
        assert before.end_ms <= after.start_ms
        assert after.start_ms - before.end_ms < 700
    everything = np.concatenate([s.samples for s in found])
    assert len(everything) >= 0.97 * 2 * len(audio) / 2


def test_the_upsampler_is_the_same_in_any_pieces_and_keeps_a_tone() -> None:
    t = np.arange(8_000) / 8_000
    tone = np.sin(2 * np.pi * 1_000 * t).astype(np.float32)
    whole = Upsampler()(tone)
    upsampler = Upsampler()
    pieces = np.concatenate([upsampler(tone[at : at + 37]) for at in range(0, len(tone), 37)])
    assert np.allclose(whole, pieces, atol=1e-6)
    spectrum = np.abs(np.fft.rfft(whole[2_000:14_000]))
    assert np.argmax(spectrum) == 750
    assert spectrum[5_000:].max() < 0.001 * spectrum.max()
