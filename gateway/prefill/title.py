"""标题 from a template: the place, and the words for what is wrong. Nothing in it was not said or filled."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from gateway.domain.guess import FILL_AT, Guess

PATH = "demand.title"
TITLE_WIDTH = 60
"""Columns: a Chinese character takes two."""
_SURE, _UNSURE = 0.7, 0.5
_MATTER_FROM = 0.3
"""A category that is as sure as this shows which words say what is wrong."""
_END = re.compile(r"[。！？!?；;，,、\n]|\.(?=\s|$)")
_SENTENCE_END = re.compile(r"[。！？!?；;\n]|\.(?=\s|$)")
_OPENING = re.compile(
    r"(?:喂|你好|您好|hello|hi\b|hey|good (?:morning|afternoon|evening)|请问(?:一下"
    r"|下)?|那个|嗯|呃|就是说?|是这样的?|麻烦(?:你|您)?(?:们)?(?:一下)?"
    r"|(?:我|我们|本人)?(?:是)?(?:想要?|要|打算|来)(?:向你们?|跟你们?|给你们?|打电话)?"
    r"(?:反映|反应|投诉|咨询|举报|问|了解|说|表扬|求助|建议)(?:一下|下)?(?:的)?(?:是)?(?:一?个?(?:问题|情况|事情))?"
    r"|(?:i )?(?:want|would like|'d like) to (?:complain|report|know|ask)(?: about)?"
    r"|there (?:is|are|has been))(?:[\s,，。.!！、:：]|(?=\S))+?",
    re.IGNORECASE,
)
_LINKS = re.compile(r"(?:[的，,。、\s]|这里|这边|那边|那里|那个|这个|附近|上面)*")
"""Words between a place and what is wrong there."""
_WHOLE_WIDTH = 48
"""A clause of so many columns is taken whole."""
_AFTER = re.compile(
    r"^(?:了|没有?了|不(?:了|到|掉|上|动|通|退|管)|掉了?|很久|好几?天了?|半个?[月年天]|[几两三四五六一十\d]+个?[天月年](?:了|多)?|没人[修管收])+"
)


def title(content: str, guesses: Sequence[Guess]) -> Guess | None:
    """What to call the ticket of ``demand.content == content``, whose other fields are ``guesses``; None for no words.

    Each of its parts is cut from the content, or is the name of a filled place.
    """
    by_path = {guess.path: guess for guess in guesses}
    category = by_path.get("demand.category")
    known = category is not None and category.span is not None and category.confidence >= _MATTER_FROM
    span = _matter(content, category.span) if known and category and category.span else _first(content)
    if span is None:
        return None
    where, said = _place(content, by_path)
    start, end = span
    if said and said[0] <= start < said[1] < end:
        start = said[1]
    if known and (link := _LINKS.match(content, start, end)):
        start = link.end()
    matter = _cut(content[start:end], TITLE_WIDTH - (_width(where) + 1 if where else 0))
    if not matter:
        return None
    start = content.index(matter, start)
    if where and (not known or where in matter):
        where = ""
    return Guess(
        path=PATH,
        value=f"{where} {matter}".strip(),
        source="rule",
        span=(start, start + len(matter)),
        confidence=_SURE if category is not None and category.confidence >= FILL_AT else _UNSURE,
    )


def _matter(content: str, evidence: tuple[int, int]) -> tuple[int, int]:
    """The clause around ``evidence``; of one that runs on without a stop only the evidence and what completes it."""
    begin, end = evidence
    starts = [m.end() for m in _END.finditer(content, 0, begin)]
    start = _opened(content, starts[-1] if starts else 0, begin)
    stop = _END.search(content, end)
    last = stop.start() if stop else len(content)
    if _width(content[start:last]) <= _WHOLE_WIDTH:
        return start, last
    if content[begin:end].isascii():
        return begin if _width(content[start:end]) > TITLE_WIDTH else start, last
    after = _AFTER.match(content[end:last])
    return begin, end + (after.end() if after else 0)


def _first(content: str) -> tuple[int, int] | None:
    """The first sentence without its greeting."""
    start = _opened(content, 0, len(content))
    stop = _SENTENCE_END.search(content, start)
    end = stop.start() if stop else len(content)
    return (start, end) if content[start:end].strip() else None


def _opened(content: str, start: int, limit: int) -> int:
    """Where what is meant begins: after blanks, greetings and "I want to report"; never behind ``limit``."""
    while start < limit:
        if content[start].isspace() or content[start] in "，,。.、：:!！":
            start += 1
        elif (opening := _OPENING.match(content, start)) and start < opening.end() <= limit:
            start = opening.end()
        else:
            break
    return start


def _place(content: str, by_path: Mapping[str, Guess]) -> tuple[str, tuple[int, int] | None]:
    """How the place is called, by the field's name of its district and the words after it; and where that was said."""
    district, address = by_path.get("place.district"), by_path.get("place.address")
    name = _name(district.value) if district is not None and district.confidence >= FILL_AT else ""
    if address is None or address.span is None or address.confidence < FILL_AT:
        return name, district.span if district is not None and name else None
    start, end = address.span
    told = address.value if isinstance(address.value, str) else ""
    if name and district is not None and district.span and district.span[0] == start and district.span[1] <= end:
        inner = content[district.span[1] : end].strip("，,。、 的")
        return name + inner, address.span
    return (told if not name or name in told else name + told), address.span


def _name(value: Any) -> str:
    return str(value.get("name") or "") if isinstance(value, Mapping) else ""


def _cut(text: str, width: int) -> str:
    """At most ``width`` columns of ``text``, no English word cut in two."""
    text = text.strip().strip("，,。.、；; ")
    if _width(text) <= width:
        return text
    taken = 0
    for n, char in enumerate(text):
        taken += _width(char)
        if taken > width:
            short = text[:n]
            return short.rsplit(" ", 1)[0] if text.isascii() and " " in short else short
    return text


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
