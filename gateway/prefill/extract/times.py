"""Times as people say them, made instants with the call's own clock: 昨天晚上十一点半."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from gateway.domain.guess import Mention

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2}
_DAYS = {"大前天": -3, "前天": -2, "昨天": -1, "昨晚": -1, "今天": 0, "今早": 0, "今晚": 0, "明天": 1, "后天": 2}
_LATE = re.compile(r"下午|傍晚|晚")
_NUMBER = r"\d{1,2}|[零一二两三四五六七八九十]{1,3}"
_TIME = re.compile(
    rf"(?P<day>{'|'.join(_DAYS)})的?(?P<part>凌晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜里)?"
    rf"(?P<hour>{_NUMBER})(?:点钟?|时|:|：)(?:(?P<half>半)|(?P<minute>{_NUMBER})分?)?",
)
_NOON, _HOURS, _MINUTES = 12, 24, 60


def times(text: str, said_at: datetime) -> list[Mention]:
    """Instants as RFC 3339; ``said_at`` is when the call was, in the city's zone (aware).

    昨天晚上十二点 is the midnight that ends yesterday. What is no hour of a day is no guess.
    """
    found = []
    for match in _TIME.finditer(text):
        hour, minute = _number(match["hour"]), 30 if match["half"] else _number(match["minute"] or "零")
        spoken = f"{match['day']}{match['part'] or ''}"
        if (_LATE.search(spoken) and 0 < hour <= _NOON) or ("中午" in spoken and hour <= 2):  # noqa: PLR2004 - 中午一两点 is after noon
            hour += _NOON if hour < _NOON or _LATE.search(spoken) else 0
        if hour > _HOURS or minute >= _MINUTES:
            continue
        day = said_at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=_DAYS[match["day"]])
        instant = day + timedelta(hours=hour, minutes=minute)
        confidence = 0.85 if match["part"] or hour > _NOON else 0.6
        found.append(
            Mention(
                kind="time",
                value=instant.isoformat(),
                span=match.span(),
                confidence=confidence,
            ),
        )
    return found


def _number(words: str) -> int:
    """0 to 99, written 11, 十一 or 二十三."""
    if words.isdigit() and words.isascii():
        return int(words)
    tens, ten, ones = words.rpartition("十")
    if not ten:
        return _DIGITS.get(words[-1], 0)
    return (_DIGITS.get(tens[-1], 1) if tens else 1) * 10 + (_DIGITS.get(ones[-1], 0) if ones else 0)
