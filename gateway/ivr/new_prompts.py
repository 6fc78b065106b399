"""New recordings of the prompts: checks that they suit the telephone, and installs them."""

from __future__ import annotations

import os
import tempfile
from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from math import log10
from pathlib import Path

from gateway.errors import RejectedInput
from gateway.ivr.actions import UNIT
from gateway.ivr.prompts import PromptItem
from gateway.media.resample import TELEPHONE_RATE
from gateway.media.wav import Sound, alaw_wav, read_wav

LEVEL_DBFS = (-30.0, -10.0)
"""Speech level (mean power of the loud frames) that is neither lost on a mobile nor shouted."""
CLIPPED = 32_600
"""Samples beyond this were cut off by the recorder."""
MAX_CLIPPED_SHARE = 0.001
LENGTH_S = (0.15, 30.0)
EDGE_SILENCE_S = 1.0
"""More silence at an end makes callers think that the line is dead."""
FRAME_S = 0.02
LOUD_DB = 30.0
"""Frames within so many dB of the loudest are speech."""
FULL_SCALE = 32_768


@dataclass(frozen=True, slots=True)
class PromptRecording:
    """One new file that is fit, and the figures of it."""

    path: Path
    language: str
    text: str
    duration_s: float
    level_dbfs: float


def check(folder: Path, wanted: Mapping[str, Mapping[str, PromptItem]]) -> tuple[list[PromptRecording], list[str]]:
    """Check ``folder/<language>/<id>.wav`` against the prompts in use.

    A language that ``folder`` brings must be complete but for the names of units: one voice, not two. ``<id>.txt``
    may be left out when the words stay as they are; an id of your own needs it. Gives the fit recordings and, one line
    each, all that is wrong.
    """
    if not folder.is_dir():
        return [], [f"{folder}: no such folder"]
    brought = sorted(path.name for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    known = ", ".join(sorted(wanted))
    problems = [
        f"{folder / name}: no language of the flows; languages: {known}" for name in brought if name not in wanted
    ]
    languages = [name for name in brought if name in wanted]
    if not languages:
        problems.append(f"{folder}: has no folder named {known} with recordings in it")
    fit: list[PromptRecording] = []
    for language in languages:
        there = {path.stem for path in (folder / language).glob("*.wav")}
        needed = {prompt_id for prompt_id in wanted[language] if not prompt_id.startswith(UNIT)}
        for prompt_id in sorted(there | needed):
            path = folder / language / f"{prompt_id}.wav"
            if prompt_id not in there:
                problems.append(f"{path}: missing; it says: {wanted[language][prompt_id].text}")
                continue
            recording, wrong = _check_one(path, language, wanted[language].get(prompt_id))
            problems += wrong
            if recording is not None:
                fit.append(recording)
    return fit, problems


def put_in(recordings: list[PromptRecording], prompts: Path) -> None:
    """Convert ``recordings`` to 8 kHz A-law WAV and put them into the folder ``prompts`` with their words.

    Everything is converted and on disk before the first file is exchanged, and each is exchanged in one step: a call
    hears the old recording or the new one, never a torn one. Done again after a failure it completes.
    """
    with tempfile.TemporaryDirectory(prefix=".new-", dir=prompts) as name:
        staging = Path(name)
        for recording in recordings:
            target = staging / recording.language / recording.path.name
            target.parent.mkdir(exist_ok=True)
            _write(target, alaw_wav(read_wav(recording.path).alaw()))
            _write(target.with_suffix(".txt"), f"{recording.text}\n".encode())
        for recording in recordings:
            (prompts / recording.language).mkdir(exist_ok=True)
            for suffix in (".txt", ".wav"):
                staged = (staging / recording.language / recording.path.name).with_suffix(suffix)
                staged.replace(prompts / recording.language / staged.name)


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _check_one(path: Path, language: str, known: PromptItem | None) -> tuple[PromptRecording | None, list[str]]:
    words = path.with_suffix(".txt")
    try:
        text = words.read_text(encoding="utf-8").strip() if words.exists() or known is None else known.text
        sound = read_wav(path)
    except FileNotFoundError:
        return None, [f"{path}: no prompt has this id; if it is a new one, write its words into {words.name}"]
    except (RejectedInput, OSError, UnicodeDecodeError) as error:
        return None, [str(error)]
    wrong = _unfit(sound)
    if not text:
        wrong.append(f"{words.name} is empty; write down what is said")
    if wrong:
        return None, [f"{path}: {problem}" for problem in wrong]
    return PromptRecording(path, language, text, sound.duration_s, _Level(sound).dbfs), []


def _unfit(sound: Sound) -> list[str]:
    if sound.rate < TELEPHONE_RATE:
        return [f"{sound.rate} Hz; record at {TELEPHONE_RATE} Hz or more"]
    if not LENGTH_S[0] <= sound.duration_s <= LENGTH_S[1]:
        return [f"{sound.duration_s:.2f} s long; allowed {LENGTH_S[0]:g} to {LENGTH_S[1]:g} s"]
    level = _Level(sound)
    if not level.peak:
        return ["is silent"]
    wrong = []
    if not LEVEL_DBFS[0] <= level.dbfs <= LEVEL_DBFS[1]:
        wrong.append(f"level {level.dbfs:.1f} dBFS; allowed {LEVEL_DBFS[0]:g} to {LEVEL_DBFS[1]:g}, best -18")
    if level.clipped > MAX_CLIPPED_SHARE:
        wrong.append(f"{level.clipped:.1%} of its samples are clipped; record it less loud")
    wrong += [
        f"{edge} with {quiet_s:.1f} s of silence; cut it to under {EDGE_SILENCE_S:g} s"
        for edge, quiet_s in (("begins", level.before_s), ("ends", level.after_s))
        if quiet_s > EDGE_SILENCE_S
    ]
    return wrong


class _Level:
    """How loud a sound is, and where its speech lies."""

    def __init__(self, sound: Sound) -> None:
        samples = array("h", sound.mono())
        frame = max(1, int(sound.rate * FRAME_S))
        parts = [samples[at : at + frame] for at in range(0, len(samples), frame)]
        powers = [sum(sample * sample for sample in part) / len(part) for part in parts]
        self.peak = max(powers)
        loud = [power >= self.peak / 10 ** (LOUD_DB / 10) for power in powers]
        speech = [power for power, is_loud in zip(powers, loud, strict=True) if is_loud]
        self.dbfs = 10 * log10(max(1.0, sum(speech) / len(speech)) / FULL_SCALE**2)
        self.clipped = sum(1 for sample in samples if abs(sample) >= CLIPPED) / len(samples)
        self.before_s = loud.index(True) * FRAME_S
        self.after_s = loud[::-1].index(True) * FRAME_S
