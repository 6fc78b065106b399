"""The known code that is nearest to one that does not exist, for error messages."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import SequenceMatcher


def nearest(given: str, known: Mapping[str, str]) -> str | None:
    """Of ``known`` (names by code) the code most like ``given``, which may be a name as well; None of nothing.

    Takes milliseconds for a thousand codes: for errors only.
    """
    matcher = SequenceMatcher(autojunk=False)
    matcher.set_seq2(given.casefold())

    def likeness(text: str) -> float:
        matcher.set_seq1(text.casefold())
        return matcher.ratio()

    return max(known, key=lambda code: max(likeness(code), likeness(known[code])), default=None)
