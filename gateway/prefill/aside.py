"""Places of the city that a text names by the way: denied, left behind, lived in before, or only the caller's home."""

from __future__ import annotations

import re
from enum import IntEnum

_CITY = r"(?:海口市?的?)?$"
_DENIED = re.compile(
    rf"(?:(?<!是)不是|并非|而非|不在|(?<![记忍受得])不住|不属于|不归|(?<![过出进回])不去|没有?去)(?:在|到|说|指|住|去|我们?|你们|这个?)?{_CITY}"
    rf"|(?:不要|(?<![特区个分级性类])别|不用|不应该?|不该|不能|不想)[^，。,]{{0,8}}?(?:派|转|交|送|发|分|归|给|去|到|推|找)(?:到|给|去|往)?{_CITY}"
    rf"|除(?:了|开|去)?(?:在|说)?{_CITY}"
    r"|(?:\bnot|n['’]t|\bnever)\s+(?:live\s+|go\s+|send\s+it\s+|belong\s+)?(?:in|at|on|from|to)\s+(?:the\s+)?$"
    r"|\b(?:not|except|other than|rather than|instead of|outside)\s+(?:for\s+|in\s+|of\s+)?(?:the\s+)?$",
    re.IGNORECASE,
)
_ONLY, _IS_NOT = re.compile(rf"(?:只有|仅有?|就|唯独){_CITY}"), re.compile(r"[^，。,]{0,3}?(?:不|没)")
_DISOWNS = re.compile(r"[^，。,]{0,4}?(?:说|讲|回复|答复)[^，。,]{0,3}?不(?:归|属|管|是|在)")
"""Behind a place: its administration says that the matter is not theirs."""
_BESIDE = re.compile(rf"隔壁的?{_CITY}")
_OFFICE = re.compile(
    r"(?:人民|街道)?(?:区?政府|法院|检察院|公安|派出所|交警|城管|[一-鿿]{1,5}局|[一-鿿]{0,4}委|办事处|政务|信访|领导|说(?!的是)|让(?!人)|回复|答复|推给)"
    r"(?!门口|门前|旁|对面|附近|后面|大院|路|宿舍)"
)
"""Behind a place: who is spoken of there is its administration."""
_FROM = re.compile(rf"从{_CITY}")
_LEAVES = re.compile(r".{0,4}?(?:打车|打的|坐车|坐|开车|出发|过来|来|搬|飞|回|寄|发货|去|说起)")
_FORMER = re.compile(r"之前|以前|原来|原先|曾经|老家|过去在|used to|formerly|previously", re.IGNORECASE)
_NOW = re.compile(r"现在|如今|后来|搬到|搬来|\bnow\b", re.IGNORECASE)
_HOME = re.compile(r"我住|家住|我家|本人住|我人在|上班")
_AIM = re.compile(r"投诉|举报|反映|反应|表扬|发生在|地点|位置")
_TURN = re.compile(
    r"发生在|但|可是|不过|应该|应当|归|家在|工地在|房子在|现在|其实|实际|\b(?:but|now|it is|it's|happened)\b",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(r"[，。！？；,.!?;\n]")
_WINDOW = 24
"""Characters before a name that still belong to its clause."""
_SHORTLY = 8
"""Characters behind a name that say something of it."""


class Relevance(IntEnum):
    """Whether a place is named only beside the matter, from NO to YES; the higher, the less it counts."""

    NO = 0
    PERHAPS = 1
    """Counts only where nothing else is named: a former address, the start of a way."""
    OFFICE = 2
    """Counts only where nothing else is named: the administration of the place is meant, not what lies there."""
    HOME = 3
    """Counts unless the text aims at another place."""
    YES = 4
    """Denied, or where somebody came from."""


def clause_before(text: str, start: int) -> str:
    """The words of the clause of ``start`` that stand before it."""
    return _CLAUSE_END.split(text[max(0, start - _WINDOW) : start])[-1]


def aside(text: str, start: int, end: int) -> Relevance:
    """What the words around ``text[start:end]`` make of the place named there."""
    before = clause_before(text, start)
    only = _ONLY.search(before) and _IS_NOT.match(text, end, end + _SHORTLY)
    if only or _DENIED.search(before) or _DISOWNS.match(text, end, end + _SHORTLY):
        return Relevance.YES
    if _FROM.search(before):
        return Relevance.YES if _LEAVES.match(text, end, end + _SHORTLY) else Relevance.PERHAPS
    if _BESIDE.search(before) or (_FORMER.search(before) and not _NOW.search(before)):
        return Relevance.PERHAPS
    if _OFFICE.match(text, end, end + _SHORTLY) and not _AIM.search(before):
        return Relevance.OFFICE
    if _HOME.search(before) and not _AIM.search(before):
        return Relevance.HOME
    return Relevance.NO


def aimed_at(text: str, start: int) -> bool:
    """Whether the clause says that the matter is there: 投诉国贸路的一家店."""
    return _AIM.search(clause_before(text, start)) is not None


def turns_to(text: str, start: int) -> bool:
    """Whether the clause turns from what was said before to this place: 但是事情发生在秀英港, 应该派到美兰区."""
    return aimed_at(text, start) or _TURN.search(clause_before(text, start)) is not None
