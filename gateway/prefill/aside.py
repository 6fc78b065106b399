"""Places of the city that a text names by the way: denied, left behind, lived in before, or only the caller's home."""

from __future__ import annotations

import re
from enum import IntEnum

_CITY = r"(?:海口市?的?)?$"
_DENIED = re.compile(rf"(?:不是|并非|不在|不属于|不归)(?:在|说|指)?{_CITY}")
_FROM = re.compile(rf"从{_CITY}")
_LEAVES = re.compile(r".{0,4}?(?:打车|打的|坐车|坐|开车|出发|过来|来|搬|飞|回|寄|发货|去|说起)")
_FORMER = re.compile(r"之前|以前|原来|原先|曾经|老家|过去在")
_NOW = re.compile(r"现在|如今|后来|搬到|搬来")
_HOME = re.compile(r"我住|家住|我家|本人住|我人在|上班")
_AIM = re.compile(r"投诉|举报|反映|反应|表扬|发生在|地点|位置")
_CLAUSE_END = re.compile(r"[，。！？；,.!?;\n]")
_WINDOW = 24
"""Characters before a name that still belong to its clause."""


class Aside(IntEnum):
    """How far a named place is from what the text is about."""

    NO = 0
    PERHAPS = 1
    """Counts only where nothing else is named: a former address, the start of a way."""
    HOME = 2
    """Counts unless the text aims at another place."""
    YES = 3
    """Denied, or where somebody came from."""


def clause_before(text: str, start: int) -> str:
    """The words of the clause of ``start`` that stand before it."""
    return _CLAUSE_END.split(text[max(0, start - _WINDOW) : start])[-1]


def aside(text: str, start: int, end: int) -> Aside:
    """What the words around ``text[start:end]`` make of the place named there."""
    before = clause_before(text, start)
    if _DENIED.search(before):
        return Aside.YES
    if _FROM.search(before):
        return Aside.YES if _LEAVES.match(text, end, end + 8) else Aside.PERHAPS
    if _FORMER.search(before) and not _NOW.search(before):
        return Aside.PERHAPS
    if _HOME.search(before) and not _AIM.search(before):
        return Aside.HOME
    return Aside.NO


def aimed_at(text: str, start: int) -> bool:
    """Whether the clause says that the matter is there: 投诉国贸路的一家店."""
    return _AIM.search(clause_before(text, start)) is not None
