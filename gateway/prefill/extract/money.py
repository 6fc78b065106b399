"""Sums of money in yuan: 28.6万元, 二十八万六千元, 六十二块五, 一万二, 500 yuan."""

from __future__ import annotations

import re
from decimal import Decimal

from gateway.domain.guess import Mention

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_UNITS = {"十": 10, "百": 100, "千": 1000}
_LARGE = {"万": 10_000, "亿": 100_000_000}
_SUM = re.compile(
    r"(?P<figure>\d{1,12}(?:,\d{3}){0,4}(?:\.\d{1,4})?)?(?P<words>[零〇一二两三四五六七八九十百千万亿]{0,20})"
    r"(?P<about>多|来)?(?P<unit>块钱?|元钱?|人民币)(?P<tenth>[一二三四五六七八九1-9](?![0-9十百千万个年月天次]))?",
)
_BARE = re.compile(
    r"(?:花|收|付|交|骗|赔|退|欠|押金|工资|价|费用?|扣|要|贷款|给)(?:掉|走|是|了|我们?|他们?|你){0,4}"
    r"(?P<words>[一二两三四五六七八九十百]{1,4}[千万](?:[一二三四五六七八九]千?(?:[一二三四五六七八九]百?)?)?)(?P<about>多)?(?=[^一-鿿]|$|[的不还没才])"
)
"""What was paid or asked, without 元: 收了一万二, 押金三千多."""
_ENGLISH = re.compile(
    r"(?:¥|￥|\bRMB )\s?(?P<before>\d{1,12}(?:,\d{3}){0,4}(?:\.\d{1,2})?)"
    r"|\b(?P<after>\d{1,12}(?:,\d{3}){0,4}(?:\.\d{1,2})?) ?(?:yuan|rmb|kuai)\b",
    re.IGNORECASE,
)
_SURE, _ABOUT, _BARELY = 0.85, 0.65, 0.6


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
        found.append(_sum(value, match.span(), _ABOUT if match["about"] else _SURE))
    taken = {place for mention in found for place in range(*mention.span)}
    for match in _BARE.finditer(text):
        span = match.start("words"), match.end()
        if taken.isdisjoint(range(*span)):
            found.append(_sum(Decimal(_number(match["words"])), span, _BARELY))
    found += [
        _sum(Decimal((m["before"] or m["after"]).replace(",", "")), m.span(), _SURE) for m in _ENGLISH.finditer(text)
    ]
    return sorted(found, key=lambda m: m.span)


def _sum(value: Decimal, span: tuple[int, int], confidence: float) -> Mention:
    return Mention(kind="money", value=f"{value:f}", span=span, confidence=confidence)


def _number(words: str) -> int:
    """二十八万六千 as 286000; a last digit counts in the unit below the one before it: 一万二 as 12000."""
    total = section = digit = below = 0
    for word in words:
        if word in _LARGE:
            total, section, digit, below = (total + section + digit) * _LARGE[word], 0, 0, _LARGE[word] // 10
        elif word in _UNITS:
            section, digit, below = section + (digit or 1) * _UNITS[word], 0, _UNITS[word] // 10
        else:
            digit = _DIGITS[word]
            below = 1 if digit == 0 else below
    return total + section + digit * max(1, below)
