"""Finding a person in texts that are nobody's fields: by their telephone numbers and their names on channels."""

from __future__ import annotations

import re
from collections.abc import Iterable

_CHINA = "+86"
_BETWEEN = r"[-.() ]*"
"""What a tel URI may hold between digits (RFC 3966 section 5.1.1), and people."""
_SHORTEST = 5
"""Shorter names would be found in anything."""


def written(number: str) -> frozenset[str]:
    """The ways in which networks write a telephone number, digits alone but for a leading plus."""
    national = number.removeprefix(_CHINA)
    if national == number:
        return frozenset({number, number.removeprefix("+")})
    return frozenset({number, *(f"{prefix}{national}" for prefix in ("", "0", "86", "086", "0086", "00"))})


def naming(*, numbers: Iterable[str] = (), names: Iterable[str] = ()) -> re.Pattern[str]:
    """Finds telephone numbers, however their country is written, and ``names`` to the letter. Without any: nothing."""
    found = [re.escape(name) for name in sorted(names) if len(name) >= _SHORTEST]
    for number in sorted(numbers):
        digits = "".join(c for c in number.removeprefix(_CHINA) if c.isdigit())
        if len(digits) >= _SHORTEST:
            found.append(rf"(?<!\d)(?:(?:\+|00)?86)?(?:\+|0{{1,2}})?{_BETWEEN.join(digits)}(?!\d)")
    return re.compile("|".join(found) or r"(?!)")
