"""标题 from a template: the place and the words for what is wrong, all of it from the text or from filled fields."""

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
    r"(?:喂+|你好|您好|hello|hi\b|hey|good (?:morning|afternoon|evening)|请问(?:一下|下)?|那个|[嗯呃哦啊]+"
    r"|就是说?|是这样的?|听得[到见]吗|在吗|怎么说呢?|不好意思|麻烦(?:你|您)?(?:们)?(?:一下)?|我不知道(?:该)?找谁|是我的(?:电话|手机|号码)+|我(?:就)?是(?=想|要)"
    r"|(?:我|我们|本人)?(?:就)?(?:是)?(?:想要?|要|打算|来)?(?:向你们?|跟你们?|给你们?|打电话)?"
    r"(?:反映|反应|投诉|咨询|举报|问|了解|说|表扬|求助|建议)(?:一下|下)?(?:的)?(?:是)?(?:一?个?(?:问题|情况|事情))?"
    r"|(?:我们?|本人)(?:就是?)?(?:想要?|要)(?=感谢)|(?:我|我们)?(?:看到|发现)(?:有个?)?|我(?:们)?(?:这里|这边)(?:是|有个?)?"
    r"|(?:i )?(?:want|would like|'d like) to (?:complain|report|know|ask)(?: about| that)?"
    r"|there (?:is|are|has been))(?:[\s,，。.!！、:：]|(?=\S))+?",
    re.IGNORECASE,
)
_LINKS = re.compile(
    r"(?:[的，,。、\s]|这里|这边|那边|那里|那个|这个|附近|上面|[上里](?=有)"
    r"|(?:游?玩|旅游|散步|逛街?|吃饭|购物|买东西)(?:的?时候?|期间)?(?=[，,]?[被遇碰摔]))*"
)
"""Words between a place and what is wrong there."""
_TRAILING = re.compile(
    r"(?:[，,。.、；;：:\s啊呀呢吧嘛哦哈]|(?:我们?|家|就|是|住|人)*(?:在|从|到|位于)|我(?:们)?(?:的|家)?|这里|那里|从[一-鿿]{2,6})+$"
)
"""What is left before a place or a number that has been cut out, and interjections."""
_TRAILING_CHARS = 24
_FILLERS = re.compile(
    r"[嗯呃]+[，,]?|怎么说呢?[，,]?|就是说[，,]?|那个[，,]"
    r"|(?<=[一-鿿])(?:[啊呀]|[呢嘛]|(?<![酒网贴水茶书陶氧])吧)(?=[，,]?(?:已经|就|也|又|都|还|现在|一直|总|老|从|每|天天|没|不|被|坏))"
)
_PURPOSE = re.compile(r"(?:表扬|感谢|投诉|举报|咨询|求助|建议|反映)(?:一下|下)?$")
_PURPOSE_CHARS = 4
"""A verb of what the requester is after, directly before whom or what it is about."""
_WHOLE_WIDTH, _WHOLE_WIDTH_OF_LITTLE = 32, 48
"""Words of so many columns are taken whole; of more only the evidence, unless that is too short to say much."""
_FEWEST = 3
"""Fewer characters beside a place say nothing by themselves."""
_EMPTY_WIDTH = 8
"""A first clause of fewer columns is only a beginning, where more follows."""
_NUMBER = re.compile(r"(?<![0-9-])(?!20[0-9]{6}[- ]?[0-9]{7}(?![0-9]))[0-9０-９][0-9０-９\- ]{5,}[0-9０-９]")
_NAMED = re.compile(
    r"(?:我|本人)(?:姓|叫|名字?叫|是)[一-鿿]{1,4}?(?=[，,。、\s]|电话|手机|我|$)"
    r"|\bmy (?:name|phone|number)[^,.;]*|\bthis is [A-Z]\w+\b",
    re.IGNORECASE,
)
"""Where somebody says who they are."""
_ANNOUNCES = re.compile(r"(?:我的?|打我?)?(?:联系)?(?:电话|手机|号码|联系方式)+号?码?(?:是|为|[:：])?\s*$")
_ANNOUNCED_CHARS = 12
_DANGLING = re.compile(
    r"(?:[ ,](?:an?|the|and|or|of|in|on|at|to|for|from|with|my|our|is|are|very|old))+$", re.IGNORECASE
)
_AFTER = re.compile(
    r"^(?:了|没有?了|不(?:了|到|掉|上|动|通|退|管)|掉了?|很久|好几?天了?|半个?[月年天]|[几两三四五六一十\d]+个?[天月年](?:了|多)?"
    r"|没人(?:修|管|收|清理|处理|打扫|理|来|负责)|清理|处理|打扫|[零一二两三四五六七八九十百千\d]+(?:块钱?|元))+"
)

Span = tuple[int, int]


def title(content: str, guesses: Sequence[Guess], private: Sequence[Span] = ()) -> Guess | None:
    """What to call the ticket of ``demand.content == content``, whose other fields are ``guesses``; None for no words.

    Each of its parts is cut from the content, or is the name of a filled place. What stands at ``private`` spans (names
    and numbers of people) is in none.
    """
    by_path = {guess.path: guess for guess in guesses}
    evidence = _evidence(by_path)
    where, said = _place(content, by_path)
    hidden = [*private, *(m.span() for pattern in (_NUMBER, _NAMED) for m in pattern.finditer(content))]
    hidden = [(_announced(content, start), end) for start, end in hidden]
    span = (_matter(content, evidence, said, hidden) if evidence else None) or _first(content, said, hidden)
    if span is None:
        return None
    if where and said and span[0] <= said[0] and said[1] <= span[1]:
        where = ""
    span = _with_purpose(content, span)
    words = _cut(content[slice(*span)], TITLE_WIDTH - (_width(where) + 1 if where else 0))
    called = f"{where} {_FILLERS.sub('', words)}".strip()
    if not called:
        return None
    start = content.index(words, span[0])
    category = by_path.get("demand.category")
    return Guess(
        path=PATH,
        value=called,
        source="rule",
        span=(start, start + len(words)),
        confidence=_SURE if category is not None and category.confidence >= FILL_AT else _UNSURE,
    )


def _with_purpose(content: str, span: Span) -> Span:
    """``span`` with the verb before it, where it only says whom the requester means: 表扬12345, 投诉物业."""
    start, end = span
    purpose = _PURPOSE.search(content, max(0, start - _PURPOSE_CHARS), start)
    return (purpose.start(), end) if purpose and _width(content[start:end]) < _EMPTY_WIDTH else span


def _announced(content: str, start: int) -> int:
    """Where the words for a number begin that stands at ``start``: 我的手机号是."""
    words = _ANNOUNCES.search(content, max(0, start - _ANNOUNCED_CHARS), start)
    return words.start() if words else start


def _evidence(by_path: Mapping[str, Guess]) -> Span | None:
    """Where the content says what is wrong: the words of a sure category, else of a danger, else of the category."""
    category, urgency = by_path.get("demand.category"), by_path.get("demand.urgency")
    if category is not None and category.span is not None and category.confidence >= FILL_AT:
        return category.span
    if urgency is not None and urgency.span is not None and urgency.value["level"] == "urgent":
        return urgency.span
    return category.span if category is not None and category.confidence >= _MATTER_FROM else None


def _matter(content: str, evidence: Span, place: Span | None, hidden: Sequence[Span]) -> Span | None:
    """The words around ``evidence`` up to the clause's ends, ``place`` and what is hidden; of many evidence alone."""
    begin, end = evidence
    starts = [m.end() for m in _END.finditer(content, 0, begin)]
    stop = _END.search(content, end)
    clause = starts[-1] if starts else 0, stop.start() if stop else len(content)
    english = content[begin:end].isascii()
    best = _nearest(content, clause, hidden if english or place is None else [*hidden, place], evidence)
    if best[1] - best[0] < _FEWEST:
        best = _nearest(content, clause, hidden, evidence)
    start, last = best
    if start >= last:
        return None
    first, behind = max(start, begin), min(last, end)
    if english:
        return first if _width(content[start:behind]) > TITLE_WIDTH else start, last
    if _width(content[start:last]) <= (_WHOLE_WIDTH if behind - first > _FEWEST else _WHOLE_WIDTH_OF_LITTLE):
        return best
    after = _AFTER.match(content[behind:last])
    return _trimmed(content, (first, behind + (after.end() if after else 0)))


def _nearest(content: str, clause: Span, cuts: Sequence[Span], evidence: Span) -> Span:
    """Of the pieces that ``cuts`` leave of ``clause`` the one that holds most of ``evidence``, trimmed."""
    pieces = [_trimmed(content, piece) for piece in _without(clause, cuts)]
    return max(pieces, key=lambda piece: min(piece[1], evidence[1]) - max(piece[0], evidence[0]), default=(0, 0))


def _first(content: str, place: Span | None, hidden: Sequence[Span]) -> Span | None:
    """The first clause that says more than a greeting, who calls and where; else the longest, else the place."""
    ends = [m.start() for m in _END.finditer(content)]
    clauses = zip([0, *(end + 1 for end in ends)], [*ends, len(content)], strict=True)
    pieces = [
        _trimmed(content, piece)
        for clause in clauses
        for piece in _without(clause, [*hidden, *([place] if place else [])])
    ]
    told = [piece for piece in pieces if piece[0] < piece[1]]
    enough = (piece for piece in told if _width(content[piece[0] : piece[1]]) >= _EMPTY_WIDTH)
    return next(enough, max(told, key=lambda piece: piece[1] - piece[0], default=place))


def _without(whole: Span, cuts: Sequence[Span]) -> list[Span]:
    """What of ``whole`` lies in none of ``cuts``, in order."""
    pieces, at = [], whole[0]
    for start, end in sorted(cuts):
        if end <= at or start >= whole[1]:
            continue
        if start > at:
            pieces.append((at, start))
        at = max(at, end)
    return [*pieces, (at, whole[1])] if at < whole[1] else pieces


def _trimmed(content: str, piece: Span) -> Span:
    """``piece`` without its opening and links before it, and what hangs on behind it."""
    start = _opened(content, *piece)
    link = _LINKS.match(content, start, piece[1])
    start = _opened(content, link.end() if link else start, piece[1])
    trailing = _TRAILING.search(content, max(start, piece[1] - _TRAILING_CHARS), piece[1])
    return start, trailing.start() if trailing else piece[1]


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
    told = address.value if isinstance(address.value, str) else ""
    if told.isascii():
        return told, address.span
    if name and district is not None and district.span and content[slice(*district.span)] == name:
        told = told.replace(name, "", 1).strip("，,。、 的")
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
            return _DANGLING.sub("", short.rsplit(" ", 1)[0]) if text.isascii() and " " in short else short
    return text


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
