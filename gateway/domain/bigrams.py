"""Pairs of neighbouring characters, by which Chinese text is indexed: it has no blanks between its words.

A text and what is searched in it are brought into one form (``normal``). A word is found where it stands in the text,
as it is; its pairs only say which texts can hold it, and whoever searches looks again (``holds``). A pair is a token
of ASCII letters and digits, so that no tokeniser of a database takes it apart or folds it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_ASKED = frozenset("LMNS")
"""General categories (Unicode) of which pairs are made: letters, marks, numbers, symbols. What is masked is none."""
_BLANKS = re.compile(r"\s+")


class _Kinds(dict[str, bool]):
    """Whether a character is part of pairs; each is looked up once."""

    def __missing__(self, character: str) -> bool:
        known = self[character] = unicodedata.category(character)[0] in _ASKED
        return known


_kinds = _Kinds()


@dataclass(frozen=True, slots=True)
class Token:
    """A token that a text must have. ``prefix``: or one that begins with it."""

    text: str
    prefix: bool = False


def normal(text: str) -> str:
    """``text`` with full-width forms as plain ones (NFKC), without capitals, one blank where there were several."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return _BLANKS.sub(" ", unicodedata.normalize("NFKC", folded)).strip()


def words_of(asked: str) -> tuple[str, ...]:
    """The words that somebody searches for, in ``normal`` form."""
    return tuple(dict.fromkeys(normal(asked).split()))


def holds(text: str, words: tuple[str, ...]) -> bool:
    """Whether every one of ``words`` stands somewhere in ``text``, which is in ``normal`` form."""
    return all(word in text for word in words)


def tokens(text: str) -> set[str]:
    """The tokens of a text in ``normal`` form: its pairs, and the last character of each run of characters."""
    found: set[str] = set()
    for run in _runs(text):
        found.update(map(_pair, run, run[1:]))
        found.add(_first(run[-1]))
    return found


def tokens_asked(words: tuple[str, ...]) -> tuple[Token, ...]:
    """The tokens of every text that holds ``words``; none for punctuation alone, which any text may hold."""
    runs = [run for word in words for run in _runs(word)]
    pairs = dict.fromkeys(pair for run in runs for pair in map(_pair, run, run[1:]))
    if pairs:
        return tuple(Token(pair) for pair in pairs)
    return tuple(Token(first, prefix=True) for first in dict.fromkeys(_first(run) for run in runs))


def _runs(text: str) -> list[str]:
    return "".join([c if _kinds[c] else " " for c in text]).split()


def _first(character: str) -> str:
    return f"{ord(character):x}g"


def _pair(one: str, other: str) -> str:
    return f"{ord(one):x}g{ord(other):x}"
