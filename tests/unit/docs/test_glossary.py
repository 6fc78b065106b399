"""docs/glossary.md has a row, in both languages, for every code of the record's closed vocabularies."""

from __future__ import annotations

import re
from enum import StrEnum
from pathlib import Path

import pytest

from gateway.domain import words

pytestmark = pytest.mark.unit

GLOSSARY = Path(__file__).resolve().parents[3] / "docs" / "glossary.md"
CODES = {
    code.value for kind in vars(words).values() if isinstance(kind, type) and issubclass(kind, StrEnum) for code in kind
}


def rows() -> list[list[str]]:
    """Chinese, English, codes and meaning of each term."""
    lines = GLOSSARY.read_text(encoding="utf-8").splitlines()
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines if line.startswith("|")][2:]


def test_every_code_of_the_record_has_its_words() -> None:
    told = {code for _, _, codes, _ in rows() for code in re.findall(r"`([^`]+)`", codes)}
    assert CODES - told == set()


def test_every_term_is_in_both_languages() -> None:
    terms = [row for row in rows() if not row[0].startswith("**")]
    assert terms
    assert [row for row in terms if not re.search(r"[一-鿿]", row[0]) or not re.search(r"[A-Za-z]", row[1])] == []
