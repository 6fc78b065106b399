"""Prompts on disk: ``<folder>/<language>/<id>.wav`` with its words in ``<id>.txt``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

DIGITS = "0123456789"


@dataclass(frozen=True, slots=True, kw_only=True)
class PromptItem:
    """One thing to say."""

    kind: Literal["prompt", "digits"]
    """``digits``: ``text`` is read out digit by digit."""
    id: str
    text: str
    wav: str
    """Path of the recording; for ``digits`` of the folder that has ``digit_0.wav`` … ``digit_9.wav``; empty for what is
    only written."""


@dataclass(frozen=True, slots=True)
class Prompts:
    """All prompts of one folder, by language and id."""

    folder: Path
    items: Mapping[str, Mapping[str, PromptItem]]

    def item(self, language: str, prompt_id: str) -> PromptItem:
        """One prompt; lint has made sure that it is there."""
        return self.items[language][prompt_id]

    def with_texts(self, texts: Mapping[str, Mapping[Any, str]]) -> Prompts:
        """These and what a flow only writes: ``texts`` by id and language."""
        items = {language: dict(known) for language, known in self.items.items()}
        for prompt_id, by_language in texts.items():
            for language, text in by_language.items():
                item = PromptItem(kind="prompt", id=prompt_id, text=text.strip(), wav="")
                items.setdefault(language, {})[prompt_id] = item
        return Prompts(self.folder, items)

    def digits(self, language: str, text: str) -> PromptItem:
        """``text`` read out digit by digit."""
        return PromptItem(kind="digits", id="digits", text=text, wav=str(self.folder / language))


def digit_id(digit: str) -> str:
    """The prompt that says one digit."""
    return f"digit_{digit}"


def read_prompts(folder: Path) -> tuple[Prompts, list[str]]:
    """The prompts in ``folder``, and what is wrong with them. Only names and texts are read, no audio."""
    problems: list[str] = []
    found: dict[str, dict[str, PromptItem]] = {}
    if not folder.is_dir():
        return Prompts(folder, {}), [f"{folder}: no such folder; prompts belong there, one folder a language"]
    for language in sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith(".")):
        items = found.setdefault(language.name, {})
        for wav in sorted(language.glob("*.wav")):
            try:
                text = wav.with_suffix(".txt").read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                problems.append(f"{wav}: its words are missing ({error}); write them into {wav.stem}.txt")
                continue
            items[wav.stem] = PromptItem(kind="prompt", id=wav.stem, text=text, wav=str(wav))
        problems += [
            f"{text}: has no recording {text.stem}.wav beside it"
            for text in sorted(language.glob("*.txt"))
            if not text.with_suffix(".wav").exists()
        ]
    return Prompts(folder, found), problems
