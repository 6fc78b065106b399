"""Own data always, other data besides where a folder is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.data import OWN, VARIABLE, each, more, utterances

pytestmark = pytest.mark.unit


def cases(name: str) -> list[tuple[Path, str | None, list[str]]]:
    return [(case.values[0], case.id, [mark.name for mark in case.marks]) for case in each(name)]


def test_without_a_folder_only_the_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    assert cases("vectors") == [(OWN / "vectors", "own", [])]
    assert more("vectors") is None


def test_a_folder_adds_what_it_has(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "vectors").mkdir()
    monkeypatch.setenv(VARIABLE, str(tmp_path))
    assert cases("vectors") == [(OWN / "vectors", "own", []), (tmp_path / "vectors", "more", ["more_data"])]
    assert cases("media") == [(OWN / "media", "own", [])]


def test_a_folder_of_speech_says_its_words_in_a_manifest_or_in_files_beside(tmp_path: Path) -> None:
    assert {one.wav.stem for one in utterances(OWN / "calls", "en")} == {"english"}
    assert len(utterances(OWN / "calls")) == 9
    (tmp_path / "manifest.tsv").write_text("wav\tlang\ttext\nb.wav\tzh\t路灯\na.wav\tzh\t停水\n", encoding="utf-8")
    assert [(one.wav.name, one.text) for one in utterances(tmp_path)] == [("b.wav", "路灯"), ("a.wav", "停水")]
