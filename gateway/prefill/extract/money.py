"""Sums of money in yuan: 28.6万元, 二十八万六千元, 六十二块五."""

from __future__ import annotations

import re
from decimal import Decimal

from gateway.domain.guess import Mention

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10_000, "亿": 100_000_000}
_SUM = re.compile(
    r"(?P<figure>\d+(?:,\d{3})*(?:\.\d{1,4})?)?(?P<words>[零〇一二两三四五六七八九十百千万亿]*)"
    r"(?P<unit>块钱?|元钱?|人民币)(?P<tenth>[一二三四五六七八九1-9](?![0-9十百千万个年月天次]))?",
)


def money(text: str) -> list[Mention]:
    """Sums in yuan, as decimal strings. A number without 元 or 块 is no sum."""
    found = []
    for match in _SUM.finditer(text):
        figure, words = match["figure"], match["words"]
        if not figure and not words:
            continue
        if figure:
            value = Decimal(figure.replace(",", ""))
            for word in words:
                value *= _UNITS.get(word) or _LARGE.get(word) or 1
        else:
            value = Decimal(_number(words))
        if (tenth := match["tenth"]) and match["unit"] == "块":
            value += Decimal(_DIGITS.get(tenth) or int(tenth)) / 10
        found.append(
            Mention(kind="money", value=f"{value:f}", span=match.span(), confidence=0.85),
        )
    return found


def _number(words: str) -> int:
    """二十八万六千 as 286000."""
    total = section = digit = 0
    for word in words:
        if word in _LARGE:
            total, section, digit = (total + section + digit) * _LARGE[word], 0, 0
        elif word in _UNITS:
            section, digit = section + (digit or 1) * _UNITS[word], 0
        else:
            digit = _DIGITS[word]
    return total + section + digit
