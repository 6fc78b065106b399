"""Times as people say them, made instants with the call's own clock: 昨天晚上十一点半, 上周五, 两个小时前."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from gateway.domain.guess import Mention
from gateway.prefill.extract.english_times import english_times

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_DAYS = {
    "大前天": -3, "前天": -2, "前晚": -2, "昨天": -1, "昨日": -1, "昨晚": -1, "昨夜": -1,
    "今天": 0, "今日": 0, "今早": 0,
    "今晚": 0, "今晨": 0,
    "大后天": 3, "明天": 1, "明早": 1, "明晚": 1, "后天": 2,
}  # fmt: skip
_LATE = re.compile(r"下午|傍晚|晚|夜")
_NUMBER = r"(?:\d{1,2}|[零一二两三四五六七八九十]{1,3})"
_PART = "凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜里|半夜|深夜|夜晚|晚间"
_DAY = (
    rf"(?P<day>{'|'.join(_DAYS)})|(?P<week>上上|上|这|本|下)?个?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天])"
    rf"|(?:(?P<year>20\d\d|二零[一二三四五六七八九零]{{2}}|今|去|前|明)年的?)?(?P<month>{_NUMBER})月份?(?P<date>{_NUMBER})(?:号|日)"
    rf"|(?P<iso>20\d\d[-/.]\d{{1,2}}[-/.]\d{{1,2}})"
)
_CLOCK = (
    rf"(?P<hour>{_NUMBER})(?:点钟?|时(?![候间常刻段])|:|：)"
    rf"(?:(?P<half>半)|(?P<quarter>一刻|三刻)|(?P<minute>{_NUMBER})分?(?!个|天|次|点))?"
)
_TIME = re.compile(rf"(?:(?:{_DAY})[的\s]?)?(?P<part>{_PART})?的?(?:{_CLOCK})?(?P<about>多|左右)?")
_STARTS = re.compile(
    rf"(?={'|'.join(_DAYS)}|{_PART}|(?:上上|上|这|本|下)?个?(?:周|星期|礼拜)[一二三四五六日天]"
    rf"|20\d\d|二零|[今去前明]年|(?<![\d零一二两三四五六七八九十]){_NUMBER}(?:月|点|:))"
)
_UNTIL = re.compile(rf"\s?(?:到|至|-|~|—)\s?(?P<part>{_PART}|第二天凌晨|第二天早上)?{_CLOCK}")
_AGO = re.compile(
    r"(?P<count>\d{1,3}|[一二两三四五六七八九十]{1,3}|半|几)个?(?P<half>半)?"
    r"(?P<unit>分钟|小时|钟头|天|日|周|星期|礼拜|月|年)(?:之前|以前|前)(?!后)"
)
_JUST = re.compile(r"刚才|刚刚")
_EVERY = re.compile(r"每天|天天|每晚|每周|每到|每个?|经常|平时|总是|老是|一到")
_UNIT_MINUTES = {"分钟": 1, "小时": 60, "钟头": 60}
_UNIT_DAYS = {"天": 1, "日": 1, "周": 7, "星期": 7, "礼拜": 7, "月": 30, "年": 365}
_WEEKS = {"上上": -2, "上": -1, "这": 0, "本": 0, "下": 1}
_YEARS = {"今": 0, "去": -1, "前": -2, "明": 1}
_NOON, _HOURS, _MINUTES, _WEEK = 12, 24, 60, 7
_CLOCK_YEARS = range(1970, 2200)
"""A clock that shows another year is wrong; what is reckoned by it (999年前) would be, too, or no date at all."""


def times(text: str, said_at: datetime) -> list[Mention]:
    """Instants as RFC 3339, whole days as its full-date; ``said_at`` is when the call was, in the city's zone (aware).

    昨天晚上十二点 is the midnight that ends yesterday. What is no hour of a day, a duration (三天了) or comes again
    (每天晚上) is no guess. A time without a day (凌晨两点多) is the last one before the call, and less sure.
    """
    if said_at.year not in _CLOCK_YEARS:
        return []
    found: list[Mention] = []
    position = 0
    while (start := _STARTS.search(text, position)) is not None:
        match = _TIME.match(text, start.start())
        if match is None or not match.group():
            position = start.start() + 1
            continue
        found += _read(text, match, said_at)
        position = max(match.end(), found[-1].span[1] if found else 0)
    found += [_just(m, said_at) for m in _JUST.finditer(text)]
    found += [m for m in map(lambda match: _ago(match, said_at), _AGO.finditer(text)) if m]  # noqa: C417 - reads as it is
    return sorted([*found, *english_times(text, said_at)], key=lambda m: m.span)


def _read(text: str, match: re.Match[str], said_at: datetime) -> Iterable[Mention]:
    day = _day(match, said_at.date())
    part, hour = match["part"] or "", match["hour"]
    if _EVERY.search(text[max(0, match.start() - 6) : match.start()]):
        return
    if hour is None:
        rest = text[match.end() : match.end() + 4]
        if day is not None and not re.match(rf"{_NUMBER}(?:点|时|:)", rest):
            yield _mention(day.isoformat(), match.span(), 0.75)
        return
    if day is None and not part:
        return
    minutes = _clock(match, f"{match['day'] or ''}{part}")
    if minutes is None:
        return
    sure = 0.85 if part or minutes > _NOON * _MINUTES else 0.6
    base = said_at.replace(hour=0, minute=0, second=0, microsecond=0)
    if day is not None:
        base = base.replace(year=day.year, month=day.month, day=day.day)
    elif base + timedelta(minutes=minutes) > said_at:
        base -= timedelta(days=1)
    instant = base + timedelta(minutes=minutes)
    yield _mention(instant.isoformat(), match.span(), sure if day is not None else 0.45)
    if (until := _UNTIL.match(text, match.end())) and (
        last := _clock(until, until["part"] or f"{match['day'] or ''}{part}")
    ) is not None:
        end = base + timedelta(minutes=last)
        end += timedelta(days=1) if end < instant else timedelta()
        yield _mention(end.isoformat(), until.span(), min(0.75, sure) if day is not None else 0.45)


def _day(match: re.Match[str], today: date) -> date | None:
    if match["day"]:
        return today + timedelta(days=_DAYS[match["day"]])
    if match["weekday"]:
        ahead = "一二三四五六日".index(match["weekday"].replace("天", "日")) - today.weekday()
        if match["week"] is None and ahead > 0:
            ahead -= _WEEK  # people report what has been: 周五 on a Monday is last week's
        return today + timedelta(days=ahead + _WEEK * _WEEKS.get(match["week"] or "这", 0))
    try:
        return _date(match, today)
    except ValueError:
        return None


def _date(match: re.Match[str], today: date) -> date | None:
    """The day of a written or spoken date; the nearest one when no year was said."""
    if match["iso"]:
        return date(*map(int, re.split(r"[-/.]", match["iso"])))
    if not match["month"]:
        return None
    month, number = _number(match["month"]), _number(match["date"])
    if (year := match["year"]) is None:
        near = [day for n in (-1, 0, 1) if (day := _real(today.year + n, month, number)) is not None]
        return min(near, key=lambda day: abs((day - today).days), default=None)
    spelled = "".join(str(_DIGITS.get(c, c)) for c in year)
    return date(int(spelled) if spelled.isdigit() else today.year + _YEARS[year], month, number)


def _real(year: int, month: int, number: int) -> date | None:
    """That day, if the year has it: not every one has a 29 February."""
    try:
        return date(year, month, number)
    except ValueError:
        return None


def _clock(match: re.Match[str], spoken: str) -> int | None:
    """Minutes after midnight; None when that is no time of a day."""
    hour = _number(match["hour"])
    minute = (
        30 if match["half"] else {"一刻": 15, "三刻": 45}.get(match["quarter"] or "", _number(match["minute"] or "零"))
    )
    if spoken.endswith(("半夜", "深夜", "夜里")) and hour < 6:  # noqa: PLR2004 - 半夜两点 is early morning
        return hour * _MINUTES + minute
    late = _LATE.search(spoken) is not None
    if (late and 0 < hour <= _NOON) or ("中午" in spoken and hour <= 2):  # noqa: PLR2004 - 中午一两点 is after noon
        hour += _NOON if hour < _NOON or late else 0
    return hour * _MINUTES + minute if hour <= _HOURS and minute < _MINUTES else None


def _just(match: re.Match[str], said_at: datetime) -> Mention:
    return _mention(said_at.replace(second=0, microsecond=0).isoformat(), match.span(), 0.5)


def _ago(match: re.Match[str], said_at: datetime) -> Mention | None:
    if match["count"] == "几":
        return None
    count = 0.5 if match["count"] == "半" else _number(match["count"]) + (0.5 if match["half"] else 0)
    if minutes := _UNIT_MINUTES.get(match["unit"]):
        instant = (said_at - timedelta(minutes=count * minutes)).replace(second=0, microsecond=0)
        return _mention(instant.isoformat(), match.span(), 0.7)
    day = said_at.date() - timedelta(days=round(count * _UNIT_DAYS[match["unit"]]))
    return _mention(day.isoformat(), match.span(), 0.75 if match["unit"] in "天日周星期礼拜" else 0.4)


def _mention(value: str, span: tuple[int, int], confidence: float) -> Mention:
    return Mention(kind="time", value=value, span=span, confidence=confidence)


def _number(words: str) -> int:
    """0 to 99 (999 in figures), written 11, 十一 or 二十三."""
    if words.isdigit() and words.isascii():
        return int(words)
    tens, ten, ones = words.rpartition("十")
    if not ten:
        return _DIGITS.get(words[-1], 0)
    return (_DIGITS.get(tens[-1], 1) if tens else 1) * 10 + (_DIGITS.get(ones[-1], 0) if ones else 0)
