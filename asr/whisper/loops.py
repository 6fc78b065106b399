"""Removes what a decoder repeats when it misses the end of a sentence."""

from __future__ import annotations

import re

USUAL_PER_SECOND = 6.0
"""Syllables a second of voiced speech (a Chinese character or a digit is one) that people reach, not in long sentences:
the median of our recordings is 5.0, the fastest 6.3. Faster than that, and a tail that repeats what came before it, is
the decoder's own; slower, somebody may well have said it twice."""
FREE = 2.0
LEAST_TAIL = 4
"""Shorter repetitions (对对对) are how people speak."""
LETTER = 1 / 3
"""Syllables of a letter: three letters of English take as long as a character."""

_NOT_WORD = re.compile(r"[\W_]+")
_DIGITS = frozenset("0123456789零〇一二三四五六七八九幺两十百千万")


def syllables(text: str) -> float:
    """About how many syllables there are: a Latin letter is a third of one, any other letter or digit is one."""
    return sum(LETTER if ch.isascii() and ch.isalpha() else 1.0 for ch in _NOT_WORD.sub("", text))


def without_loop(text: str, voiced_ms: int) -> str:
    """``text`` without the tails that repeat what came before, as far as ``voiced_ms`` of speech cannot hold them.

    Numbers are left: their digits do repeat, and are said fast.
    """
    holds = FREE + USUAL_PER_SECOND * voiced_ms / 1000
    while syllables(text) > holds and (end := _before_repetition(text)) is not None:
        text = text[:end].rstrip(" ，,、；;：:")
    return text


def _before_repetition(text: str) -> int | None:
    """Where the longest tail begins that continues a repetition of the text before it."""
    at = [i for i, ch in enumerate(text) if not _NOT_WORD.fullmatch(ch)]
    plain = [text[i].lower() for i in at]
    best = 0
    for period in range(1, len(plain) - LEAST_TAIL + 1):
        tail = 0
        while tail < len(plain) - period and plain[-1 - tail] == plain[-1 - tail - period]:
            tail += 1
        # Of many rounds all but the first are the tail; of two, the second or as much of it as there is.
        if tail > best and tail >= LEAST_TAIL and not _DIGITS.issuperset(plain[len(plain) - tail :]):
            best = tail
    return at[len(plain) - best] if best else None
