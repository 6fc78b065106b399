"""What follows a segment is silence as the model knows it, not the hiss that zeros would be."""

from __future__ import annotations

import numpy as np
import pytest
from faster_whisper.feature_extractor import FeatureExtractor

from asr.whisper.decoder import followed_by_silence
from gateway.media.resample import resample
from gateway.recognition.audio import read_speech
from tests.support.data import OWN, utterances

pytestmark = pytest.mark.unit


def test_a_segment_is_followed_by_what_the_model_makes_of_digital_silence() -> None:
    pcm, rate = read_speech(utterances(OWN / "calls")[0].wav)
    speech = np.frombuffer(resample(pcm, rate, 16_000), "<i2")[:32_000].astype(np.float32) / 32_768
    extract = FeatureExtractor()
    features = extract(speech)
    filled = followed_by_silence(features, 800)[0]
    in_silence = extract(np.concatenate((speech, np.zeros(128_000, np.float32))))
    assert filled.shape == (features.shape[0], 800)
    assert np.array_equal(filled[:, : features.shape[1]], features)
    assert np.allclose(filled[:, 400:], in_silence[:, 400:800], atol=0.01)


def test_what_is_longer_is_cut() -> None:
    assert followed_by_silence(np.ones((80, 50), np.float32), 20).shape == (1, 80, 20)
