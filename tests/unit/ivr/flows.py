"""Flows written for a test: prompts are made on the spot, a tone each."""

from __future__ import annotations

import textwrap
from pathlib import Path

from gateway.ivr.loader import Flows, load_flows
from tests.support.sounds import sine, write_wav

PROMPT_IDS = ("hello", "again", "bye", "number", *(f"digit_{n}" for n in range(10)))


def write_tone(path: Path, *, seconds: float = 0.5, rate: int = 8000, level: float = 0.2, channels: int = 1) -> None:
    write_wav(path, sine(440, seconds, level=level, rate=rate), rate=rate, channels=channels)


def write_prompts(folder: Path, languages: tuple[str, ...] = ("zh", "en")) -> None:
    for language in languages:
        (folder / language).mkdir(parents=True, exist_ok=True)
        for prompt_id in PROMPT_IDS:
            write_tone(folder / language / f"{prompt_id}.wav")
            (folder / language / f"{prompt_id}.txt").write_text(f"{language} {prompt_id}\n", encoding="utf-8")


DANGER = """danger:
  say: {fire: [hello], police: [hello], medical: [hello], traffic: [hello], self_harm: [hello]}
  then: [{do: end, id: alarmed, disposition: completed}]
"""


def write_flow(folder: Path, steps: str, name: str = "one", languages: str = "[zh, en]") -> Path:
    if not (folder / "prompts").exists():
        write_prompts(folder / "prompts")
    path = folder / f"{name}.yaml"
    body = textwrap.indent(textwrap.dedent(steps).strip(), "  ")
    path.write_text(f"flow: {name}\ntitle: a test\nlanguages: {languages}\nsteps:\n{body}\n{DANGER}", encoding="utf-8")
    return path


def flows(folder: Path, steps: str) -> Flows:
    write_flow(folder, steps)
    return load_flows(folder)
