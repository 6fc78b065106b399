"""G.711, WAV files and resampling."""

from __future__ import annotations

import math
import struct
from array import array
from pathlib import Path

import pytest

from gateway.errors import RejectedInput
from gateway.media.g711 import alaw_to_pcm16, alaw_to_ulaw, audioop, pcm16_to_alaw, ulaw_to_alaw
from gateway.media.resample import resample
from gateway.media.wav import alaw_wav, read_wav
from tests.support.data import EACH_SPEECH

pytestmark = pytest.mark.unit


def tone(hertz: float, rate: int, seconds: float = 0.5, level: int = 8000) -> array[int]:
    return array("h", (round(level * math.sin(2 * math.pi * hertz * n / rate)) for n in range(int(rate * seconds))))


def decibels(pcm: bytes, level: int = 8000) -> float:
    middle = pcm[len(pcm) // 8 * 2 : len(pcm) // 8 * 6]
    return 20 * math.log10(max(1e-6, audioop.rms(middle, 2) / (level / math.sqrt(2))))


def wav(tag: int, channels: int, rate: int, bits: int, data: bytes, *, extra: bytes = b"", size: int | None = None):
    fmt = struct.pack("<HHIIHH", tag, channels, rate, rate * channels * bits // 8, channels * bits // 8, bits) + extra
    body = b"WAVEfmt " + struct.pack("<I", len(fmt)) + fmt
    body += b"LIST\x03\0\0\0abc\0"  # a chunk of odd length before the audio
    body += b"data" + struct.pack("<I", len(data) if size is None else size) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


def test_g711_tables_agree_with_the_codecs():
    codes = bytes(range(256))
    for code in codes:
        linear = audioop.ulaw2lin(bytes([code]), 2)
        assert ulaw_to_alaw(bytes([code])) == pcm16_to_alaw(linear)
    assert pcm16_to_alaw(alaw_to_pcm16(codes)) == codes
    there_and_back = ulaw_to_alaw(alaw_to_ulaw(codes))
    loudness = list(zip(array("h", alaw_to_pcm16(codes)), array("h", alaw_to_pcm16(there_and_back)), strict=True))
    assert all(abs(a - b) <= max(16, abs(a) / 16) for a, b in loudness)


def test_half_a_sample_is_refused():
    with pytest.raises(ValueError, match="whole number"):
        pcm16_to_alaw(b"abc")


@pytest.mark.parametrize("bits", [8, 16, 24, 32])
@pytest.mark.parametrize("channels", [1, 2, 3])
def test_every_pcm_width_reads_as_the_same_sound(bits, channels):
    samples = tone(440, 8000)
    width = bits // 8
    raw = audioop.lin2lin(samples.tobytes(), 2, width)
    if bits == 8:
        raw = audioop.bias(raw, 1, 128)
    frames = b"".join(raw[n : n + width] * channels for n in range(0, len(raw), width))
    sound = read_wav(wav(1, channels, 8000, bits, frames))
    assert (sound.rate, len(sound.channels), sound.duration_s) == (8000, channels, 0.5)
    error = max(abs(a - b) for a, b in zip(samples, array("h", sound.mono()), strict=True))
    assert error <= (256 if bits == 8 else 2)


def test_extensible_and_g711_files():
    samples = tone(440, 8000).tobytes()
    guid = struct.pack("<HHI", 22, 16, 4) + struct.pack("<H", 1) + bytes.fromhex("000000001000800000aa00389b71")
    assert read_wav(wav(0xFFFE, 1, 8000, 16, samples, extra=guid)).channels == (samples,)
    alaw = pcm16_to_alaw(samples)
    assert read_wav(wav(6, 1, 8000, 8, alaw)).alaw() == alaw
    assert read_wav(wav(7, 1, 8000, 8, alaw_to_ulaw(alaw))).rate == 8000


def test_an_alaw_wav_we_wrote_is_read_back():
    left, right = pcm16_to_alaw(tone(440, 8000).tobytes()), pcm16_to_alaw(tone(1000, 8000).tobytes())
    sound = read_wav(alaw_wav(left, right))
    assert [pcm16_to_alaw(channel) for channel in sound.channels] == [left, right]
    assert read_wav(alaw_wav(left[:-1])).alaw() == left[:-1]


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 10**6])
def test_a_file_whose_header_does_not_know_its_size_is_read_to_its_end(size):
    samples = tone(440, 8000).tobytes()
    assert read_wav(wav(1, 1, 8000, 16, samples, size=size)).channels == (samples,)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"RIFF",
        b"ID3\x03" + bytes(100),
        wav(3, 1, 8000, 32, bytes(400)),  # floating point
        wav(1, 0, 8000, 16, bytes(400)),
        wav(1, 1, 0, 16, bytes(400)),
        wav(1, 1, 1, 16, bytes(400)),
        wav(1, 1, 8000, 12, bytes(400)),
        wav(1, 1, 8000, 0, bytes(400)),
        wav(0x55, 1, 8000, 0, bytes(400)),  # MP3
        b"RIFF\x04\0\0\0WAVE",
    ],
)
def test_what_is_no_usable_wav_is_refused(data):
    with pytest.raises(RejectedInput, match="PCM WAV"):
        read_wav(data)


def test_rates_that_make_no_sense_are_refused():
    with pytest.raises(ValueError, match="cannot convert 1 Hz"):
        resample(bytes(4), 1, 8000)


@pytest.mark.parametrize(
    ("rate", "to_rate"), [(16000, 8000), (8000, 16000), (48000, 8000), (44100, 8000), (22050, 8000)]
)
def test_speech_passes_and_what_would_fold_back_does_not(rate, to_rate):
    for hertz in (300, 1000, 2000):
        assert decibels(resample(tone(hertz, rate).tobytes(), rate, to_rate)) > -1
    assert decibels(resample(tone(3000, rate).tobytes(), rate, to_rate)) > -2
    if rate > to_rate:
        for hertz in (5500, 7000):
            assert decibels(resample(tone(hertz, rate).tobytes(), rate, to_rate)) < -45
    length = len(resample(tone(300, rate).tobytes(), rate, to_rate)) / 2 / to_rate
    assert abs(length - 0.5) < 0.001


def test_full_scale_does_not_wrap_around():
    square = array("h", [32767, 32767, -32768, -32768] * 2000).tobytes()
    assert audioop.max(resample(square, 16000, 8000), 2) <= 32768
    assert abs(audioop.avg(resample(array("h", [32767] * 8000).tobytes(), 16000, 8000), 2) - 32767) < 300


@EACH_SPEECH
def test_speech_reads_as_telephone_speech(speech: Path):
    for file in sorted(speech.glob("*.wav"))[:4]:
        sound = read_wav(file)
        alaw = sound.alaw()
        assert abs(len(alaw) / 8000 - sound.duration_s) < 0.01
        assert abs(audioop.rms(alaw_to_pcm16(alaw), 2) / audioop.rms(sound.mono(), 2) - 1) < 0.25
