"""What tests read: the repository's own files in ``tests/data``, and more of the same kind where a folder is named.

The environment variable ``HOTLINE_TEST_DATA`` may name a folder with ``speech`` (WAV files, and what is said in them in
``manifest.tsv``), ``vectors`` (the files of ``tests/data/vectors``, made by others) and ``data`` (public benchmarks).
A test that can use it is parametrised by ``each``: the own data always, the other as a second, marked ``more_data``.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import ROOT

VARIABLE = "HOTLINE_TEST_DATA"
OWN = ROOT / "tests" / "data"


def more(name: str) -> Path | None:
    """What the folder named by the variable holds under this name; None without variable or file."""
    folder = os.environ.get(VARIABLE)
    path = Path(folder, name).resolve() if folder else None
    return path if path is not None and path.exists() else None


def each(name: str, *, own: Path | None = None) -> list[Any]:
    """Values for ``pytest.mark.parametrize``: the own file or folder, and the other one where there is one.

    ``own`` where the repository's has another name than ``tests/data/<name>``.
    """
    other = more(name)
    cases = [pytest.param(own or OWN / name, id="own")]
    if other is not None:
        cases.append(pytest.param(other, id="more", marks=pytest.mark.more_data))
    return cases


EACH_SPEECH = pytest.mark.parametrize("speech", each("speech", own=OWN / "calls"))
"""Folders for ``utterances``."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """A WAV file, the language spoken in it and what is said."""

    wav: Path
    language: str
    text: str


def utterances(speech: Path, language: str = "zh") -> list[Utterance]:
    """A folder's utterances in a language, in the order of its manifest, else of their names."""
    return [one for one in _all(speech) if one.language == language]


def _all(speech: Path) -> Iterable[Utterance]:
    manifest = speech / "manifest.tsv"
    if manifest.is_file():
        with manifest.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                yield Utterance(speech / row["wav"], row["lang"], row["text"])
        return
    for wav in sorted(speech.glob("*.wav")):
        text = wav.with_suffix(".txt").read_text(encoding="utf-8").strip()
        yield Utterance(wav, "en" if text.isascii() else "zh", text)
