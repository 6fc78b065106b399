"""Times as English speakers say them: last night at 11, yesterday at 3 pm, two hours ago."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from gateway.domain.guess import Mention

_WORDS = ("a", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_COUNTS = {word: n for n, word in enumerate(_WORDS, 1)} | {"an": 1, "one": 1}
_FLAGS = re.IGNORECASE | re.ASCII
"""In ASCII alone: without it ſix and fıve would be words, too."""
_HOURS_SAID = "one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve"
_HOUR = rf"(?P<hour>\d{{1,2}}|{_HOURS_SAID})(?::(?P<minute>\d\d))?\s?(?P<half>am|pm|a\.m\.|p\.m\.|o'?clock)?"
_DAY = r"(?P<day>yesterday|today|tomorrow|last night|tonight|this)(?: (?P<part>morning|afternoon|evening|night))?"
_DAY_FIRST = re.compile(rf"\b{_DAY}(?: (?:at|around|about))? {_HOUR}\b", _FLAGS)
_HOUR_FIRST = re.compile(rf"\b(?:at|around|about) {_HOUR}(?: in the)? {_DAY}\b", _FLAGS)
_AGO = re.compile(rf"\b(?P<count>\d{{1,3}}|{'|'.join(_COUNTS)}) (?P<unit>minute|hour|day|week)s? ago\b", _FLAGS)
_DAYS = {"yesterday": -1, "last night": -1, "tomorrow": 1}
_MINUTES = {"minute": 1, "hour": 60, "day": 1440, "week": 10080}
_NOON, _LAST_MINUTE, _HOURS = 12, 60, 24


def english_times(text: str, said_at: datetime) -> list[Mention]:
    """Instants as RFC 3339, days and weeks ago as full-dates; ``said_at`` in the city's zone (aware)."""
    found = [_instant(m, said_at) for pattern in (_DAY_FIRST, _HOUR_FIRST) for m in pattern.finditer(text)]
    for match in _AGO.finditer(text):
        unit, count = match["unit"].lower(), _count(match["count"])
        instant = (said_at - timedelta(minutes=count * _MINUTES[unit])).replace(second=0, microsecond=0)
        value = instant.isoformat() if unit in ("minute", "hour") else instant.date().isoformat()
        found.append(Mention(kind="time", value=value, span=match.span(), confidence=0.7))
    return [m for m in found if m is not None]


def _instant(match: re.Match[str], said_at: datetime) -> Mention | None:
    day, half = match["day"].lower(), (match["half"] or "").lower()
    spoken = f"{day} {(match['part'] or '').lower()}"
    hour, minute = _count(match["hour"]), int(match["minute"] or 0)
    late = half.startswith("p") or (
        not half.startswith("a") and re.search("night|evening|afternoon", spoken) is not None
    )
    after_midnight = "night" in spoken and not half.startswith("p") and hour < 6  # noqa: PLR2004 - last night at 2
    if after_midnight or ("night" in spoken and hour == _NOON):
        hour = hour % _NOON + _HOURS
    elif late and hour < _NOON:
        hour += _NOON
    elif half.startswith("a") and hour == _NOON:
        hour = 0
    if minute >= _LAST_MINUTE or hour > _HOURS + _NOON:
        return None
    base = said_at.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=_DAYS.get(day, 0))
    sure = 0.8 if late or half or "morning" in spoken else 0.55
    value = (base + timedelta(hours=hour, minutes=minute)).isoformat()
    return Mention(kind="time", value=value, span=match.span(), confidence=sure)


def _count(words: str) -> int:
    return int(words) if words.isdigit() else _COUNTS[words.lower()]
