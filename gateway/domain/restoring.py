"""A text that was edited as it is shown masked: what its masks hide is put back."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher

from gateway.domain.veil import MASK

_STARS = re.compile(r"\*+")
FOLLOWS = 4
"""So much of what stands behind a mask at the beginning tells that it is that mask, whatever is put before it."""
_COMPARED = 2000
"""Longer passages are not compared letter by letter; a mask within them counts as altered."""


@dataclass(frozen=True, slots=True)
class Restored:
    """A text as it is to be stored, and where in it stands what its sender was not shown."""

    text: str
    hidden: frozenset[int]


def restored(sent: str, stored: str, shown: str) -> Restored | None:
    """``sent``, a text edited from ``shown`` (``stored``, masked), with what the masks hide put back.

    None when a mask was altered so that it cannot be told what it hides: saving that would lose it.
    """
    if MASK not in sent:
        return Restored(sent, frozenset())
    letters = list(sent)
    hidden: set[int] = set()
    for at, to, size in _alike(shown, sent):
        for run in _STARS.finditer(shown, at, at + size):
            n, start, end = run.start(), to + run.start() - at, to + run.end() - at
            # What stands before it tells which mask it is, or that the whole text is there.
            first = n == 0 and (start == 0 or at + size - run.end() >= FOLLOWS)
            known = first or size == len(shown) or (n > 0 < start and shown[n - 1] == sent[start - 1] != MASK)
            if known and shown[run.end() : run.end() + 1] != MASK:
                letters[start:end] = stored[n : run.end()]
                hidden.update(range(start, end))
    kept = "".join(letters)
    if kept.count(MASK) > stored.count(MASK):
        return None
    return Restored(kept, frozenset(n for n in hidden if kept[n] != MASK))


def _alike(a: str, b: str) -> Iterable[tuple[int, int, int]]:
    """Where ``a`` and ``b`` agree: (place in a, place in b, length). What lies between two equal ends is compared."""
    shorter = min(len(a), len(b))
    head = next((n for n in range(shorter) if a[n] != b[n]), shorter)
    tail = next((n for n in range(shorter - head) if a[-1 - n] != b[-1 - n]), shorter - head)
    yield 0, 0, head
    if max(len(a), len(b)) - head - tail <= _COMPARED:
        matcher = SequenceMatcher(None, a[head : len(a) - tail], b[head : len(b) - tail], autojunk=False)
        for block in matcher.get_matching_blocks():
            yield head + block.a, head + block.b, block.size
    yield len(a) - tail, len(b) - tail, tail
