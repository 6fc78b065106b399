"""Sounds of a telephone line on which nobody speaks, as 16-bit samples at 8 kHz; all seeded."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from tests.support.sounds import RATE
from tests.support.tones import HIGH, LOW

Wave = npt.NDArray[np.float64]


def _time(seconds: float) -> Wave:
    return np.arange(int(seconds * RATE)) / RATE


def _pcm(wave: Wave) -> bytes:
    return (np.clip(wave, -1, 1) * 32_000).astype("<i2").tobytes()


def _tone(hz: float, seconds: float, level: float = 0.2) -> Wave:
    return level * np.sin(2 * np.pi * hz * _time(seconds))


def _note(hz: float, seconds: float, rng: np.random.Generator, level: float = 0.15) -> Wave:
    """A plucked string with overtones, a little vibrato and decay."""
    t = _time(seconds)
    phase = 2 * np.pi * hz * t + 0.6 * np.sin(2 * np.pi * 5.5 * t + rng.uniform(0, 6))
    overtones = sum(np.sin(k * phase) / k**1.3 for k in range(1, 8) if k * hz < RATE / 2)
    return np.asarray(level * overtones * np.exp(-1.5 * t) * np.minimum(1, t / 0.01))


def silence(seconds: float) -> bytes:
    """Nothing at all."""
    return bytes(2 * int(seconds * RATE))


def white_noise(seconds: float, level: float = 0.05) -> bytes:
    """Noise of every frequency alike."""
    return _pcm(np.random.default_rng(1).normal(0, level, int(seconds * RATE)))


def street_noise(seconds: float, level: float = 0.2) -> bytes:
    """Brownish noise that swells, as traffic does."""
    rng = np.random.default_rng(2)
    steps = rng.normal(0, 1, int(seconds * RATE))
    wave = np.empty_like(steps)
    value = 0.0
    for i, step in enumerate(steps):
        value = 0.97 * value + step
        wave[i] = value
    swell = 0.5 + 0.5 * np.sin(2 * np.pi * 0.3 * _time(seconds)) ** 2
    return _pcm(level * swell * wave / np.abs(wave).max())


def clicks(seconds: float) -> bytes:
    """Packet loss and switches: short bursts on a quiet line."""
    rng = np.random.default_rng(3)
    wave = rng.normal(0, 0.0005, int(seconds * RATE))
    for at in rng.integers(0, len(wave) - 200, int(4 * seconds)):
        wave[at : at + 160] += rng.normal(0, 0.3, 160)
    return _pcm(wave)


def ring_back(seconds: float) -> bytes:
    """The Chinese ring-back tone: 450 Hz, 1 s on and 4 s off."""
    wave = _tone(450, seconds)
    wave[(_time(seconds) % 5) >= 1] = 0
    return _pcm(wave)


def busy(seconds: float) -> bytes:
    """The Chinese busy tone: 450 Hz, 0.35 s on and off."""
    wave = _tone(450, seconds)
    wave[(_time(seconds) % 0.7) >= 0.35] = 0
    return _pcm(wave)


def keys(seconds: float) -> bytes:
    """DTMF: all sixteen keys, 120 ms each."""
    pairs = [(low, high) for low in LOW for high in HIGH]
    one = [np.concatenate((_tone(a, 0.12) + _tone(b, 0.12), np.zeros(int(0.1 * RATE)))) for a, b in pairs]
    wave = np.concatenate(one * (1 + int(seconds / (len(one) * 0.22))))
    return _pcm(wave[: int(seconds * RATE)])


def fax(seconds: float) -> bytes:
    """CNG: 1100 Hz, half a second in every 3.5 s; then the answer tone of 2100 Hz."""
    wave = _tone(1100, seconds / 2)
    wave[(_time(seconds / 2) % 3.5) >= 0.5] = 0
    return _pcm(np.concatenate((wave, _tone(2100, seconds / 2))))


def music(seconds: float) -> bytes:
    """Music on hold: a melody in a pentatonic scale over broken chords and a soft beat."""
    rng = np.random.default_rng(4)
    scale = [262, 294, 330, 392, 440, 523, 587, 659]
    wave = np.zeros(int(seconds * RATE) + 2 * RATE)
    at = 0.0
    while at < seconds:
        long = float(rng.choice([0.25, 0.5, 0.75]))
        melody = _note(float(rng.choice(scale)), long + 0.5, rng)
        chord = _note(float(rng.choice([131, 165, 196])), long + 0.8, rng, 0.08)
        beat = rng.normal(0, 0.03, int(0.05 * RATE))
        for part in (melody, chord, beat):
            wave[int(at * RATE) : int(at * RATE) + len(part)] += part
        at += long
    return _pcm(wave[: int(seconds * RATE)])


def band(seconds: float) -> bytes:
    """Music on hold as a band plays it: chords of three voices with vibrato that are held, a drum twice a second."""
    rng = np.random.default_rng(6)
    t = _time(seconds)
    wave = np.zeros_like(t)
    roots = np.array([220.0, 174.6, 261.6, 196.0])[(t / 2).astype(int) % 4]
    for third in (1.0, 1.25, 1.5):
        phase = 2 * np.pi * np.cumsum(roots * third * (1 + 0.006 * np.sin(2 * np.pi * 5.5 * t + third))) / RATE
        wave += 0.08 * sum(np.sin(k * phase) / k for k in range(1, 6))
    since_beat = t % 0.5
    drum = np.exp(-30 * since_beat) * (np.sin(2 * np.pi * 90 * since_beat) + rng.normal(0, 0.3, len(t)))
    return _pcm(wave * (0.8 + 0.2 * np.sin(2 * np.pi * 0.5 * t)) + 0.3 * drum)


def modem(seconds: float) -> bytes:
    """Data on the line: 1200 symbols a second in four phases of 1800 Hz."""
    rng = np.random.default_rng(7)
    t = _time(seconds)
    symbols = rng.integers(0, 4, int(1200 * seconds) + 1)[(1200 * t).astype(int)]
    return _pcm(0.2 * np.sin(2 * np.pi * 1800 * t + symbols * np.pi / 2))


def humming(seconds: float) -> bytes:
    """A voice-like glide without words: a buzz through two formants, swelling and fading."""
    rng = np.random.default_rng(5)
    t = _time(seconds)
    pitch = 140 + 40 * np.sin(2 * np.pi * 0.4 * t) + 3 * np.sin(2 * np.pi * 5 * t)
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    wave = np.zeros_like(t)
    for k in range(1, 20):
        hz = k * pitch
        formants = np.exp(-(((hz - 500) / 150) ** 2)) + 0.5 * np.exp(-(((hz - 1200) / 200) ** 2))
        wave += formants * np.sin(k * phase + rng.uniform(0, 6))
    return _pcm(0.1 * wave * (0.5 + 0.5 * np.sin(2 * np.pi * 0.25 * t)))


NOBODY_SPEAKS = {
    "silence": silence,
    "white noise": white_noise,
    "street noise": street_noise,
    "clicks": clicks,
    "ring-back": ring_back,
    "busy": busy,
    "DTMF": keys,
    "fax": fax,
    "music": music,
    "band": band,
    "modem": modem,
    "humming": humming,
}
