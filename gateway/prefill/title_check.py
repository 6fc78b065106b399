"""Whether a title that a language model wrote says nothing that its source does not: strict, for a template is at hand.

Neither side is understood here. The title is taken apart into pieces that stand in the source, character by character,
and a few words that claim nothing; what cannot be taken apart so is refused, true as it may be.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

_HAN = re.compile(r"[\u3400-\u9fff〇]+")
_NUMERALS = "〇零幺一二三四五六七八九十百千万亿两半几"
_FIGURE = re.compile(rf"[A-Za-z]*[0-9][A-Za-z0-9]*(?:[.:/][A-Za-z0-9]+)*|[{_NUMERALS}]+")
"""An Arabic figure with the letters that cling to it (A3, 14:30), or a run of Chinese numerals."""
_WORD = re.compile(r"[A-Za-z0-9]+(?:'[A-Za-z]+)?")
_ENDS = "。、,.;:!?()《》“”\"' "
"""Signs that may stand in any title; ``%``, ``-``, ``¥`` and the like change what a figure says."""
_OTHER = re.compile(rf"[^A-Za-z0-9\u3400-\u9fff〇{re.escape(_ENDS)}]+")
_PLAIN = frozenset(
    {
        *("反映", "问题", "情况", "诉求", "关于", "相关", "有关", "希望", "请求", "要求", "处理", "解决"),
        *("市民", "群众", "来电", "事宜", "一事", "及时", "的", "了", "在", "与", "和", "及", "等", "请"),
    }
)
"""Words that a title may add: no figure, name, place, accusation or denial among them."""
_PLAIN_ENGLISH = frozenset(
    {
        *("a", "an", "the", "of", "at", "in", "on", "to", "for", "and", "with", "by", "from", "about", "is"),
        *("are", "request", "problem", "issue"),
    }
)
_ENGLISH_KINDS = frozenset(
    {
        *("road", "rd", "street", "st", "avenue", "ave", "lane", "district", "town", "township", "village"),
        *("city", "county", "park", "square", "bridge", "station", "airport", "port", "harbour", "hospital"),
        *("school", "university", "college", "hotel", "restaurant", "market", "mall", "building", "tower"),
        *("block", "estate", "garden", "gardens", "community", "bureau", "office", "company", "ltd", "inc"),
        *("bank", "bay", "beach", "island", "mountain", "river", "lake"),
    }
)
"""English words that make a name of the word before them,"""
_ENGLISH_THINGS = frozenset({"light", "lights", "lamp", "lamps", "noise", "lot", "stop", "door", "fee", "fees"})
"""and those before which they do not."""
_KINDS = frozenset(
    "路街道巷弄里村镇乡区市县省州岛桥站港湾山河江湖海园苑庄城楼栋座幢厦场店铺厂局院校馆所司行队部会社寺庙坊学寓业团府委办心室厅塔亭泉"
)
"""Last characters of the names of places and organisations."""
_THINGS = (
    "路灯|路面|路边|楼道|楼上|楼下|楼顶|业主|业务|学生|行人|行为|行车|站牌|桥面|"
    "城管|道路|马路|电路|线路|管道|人行道|下水道|营业|作业|就业|社会|不会|不行|会员"
)
"""Words with such a character that make no name of what stands before them."""
_NAME_ENDS = re.compile(rf"(?P<thing>{_THINGS})|[{''.join(sorted(_KINDS))}]")
_BEFORE = frozenset("在到去于往从向由映诉询是住的和与跟及对把被将让叫有这那至进出经过离")
"""Characters after which a name may begin."""
_LONGEST_NAME = 12
_SHORTEST = 2


def checked(answer: str, source: str, *, max_chars: int) -> str | None:
    """``answer`` as one line of at most ``max_chars`` characters, None unless all of it is borne out by ``source``.

    Figures occur in the source as whole figures with the character that follows them (3栋 is not 13栋, nor 3单元),
    Latin words as whole words, Chinese in pieces of two characters and more, none of which cuts the name of a place or
    an organisation in two or puts one together. Characters that hide something (``*``) are in no good answer.
    """
    title = answer.strip()
    text, said = unicodedata.normalize("NFKC", title), unicodedata.normalize("NFKC", source)
    if not text or len(title) > max_chars or len(text) > max_chars or "*" in text or not title.isprintable():
        return None
    if not (_signs_known(text, said) and _figures(text) <= _figures(said) and _latin(text, said)):
        return None
    borne_out = [_taken_apart(run.group(), said, counted=_counted(text, run)) for run in _HAN.finditer(text)]
    if None in borne_out or not all(text[n : n + 2] in said for n in _seams(text)):
        return None
    own_words = {word for word in _words(text) if word not in _PLAIN_ENGLISH}
    return title if any(borne_out) or own_words else None


def _signs_known(text: str, said: str) -> bool:
    """Whether what is neither Latin nor Chinese is an innocent sign or stands in the source; words of it as a whole."""
    return all(part in said and part.isprintable() for part in _OTHER.findall(text))


def _figures(text: str) -> set[str]:
    """Each figure with what follows it, unless that is a sign that says nothing."""
    found = set()
    for figure in _FIGURE.finditer(text):
        after = text[figure.end() : figure.end() + 1]
        found.add(figure.group().casefold() + ("" if after in _ENDS else after.casefold()))
    return found


def _words(text: str) -> list[str]:
    return [word.casefold() for word in _WORD.findall(text)]


def _latin(text: str, said: str) -> bool:
    """Every word is the source's or says nothing; one that makes a name follows the same word as there."""
    words, known = _words(text), _words(said)
    pairs, single = set(pairwise(known)), set(known)
    if any(word not in single and word not in _PLAIN_ENGLISH for word in words):
        return False
    return all(
        second not in _ENGLISH_KINDS or first in _PLAIN_ENGLISH or after in _ENGLISH_THINGS or (first, second) in pairs
        for (first, second), after in zip(pairwise(words), [*words[2:], ""], strict=False)
    )


def _counted(text: str, run: re.Match[str]) -> bool:
    """Whether a figure stands before this run, whose first character has been looked at with it."""
    return run.start() > 0 and text[run.start() - 1].isdigit()


def _seams(text: str) -> list[int]:
    """Where Chinese meets a figure or a Latin word without a blank, unless a plain word does: 国贸路|3号."""
    seams = [run.start() - 1 for run in _HAN.finditer(text) if text[: run.start()][-1:].isalnum()]
    ends = [run.end() - 1 for run in _HAN.finditer(text) if text[run.end() :][:1].isalnum()]
    return seams + [n for n in ends if not text[: n + 1].endswith(tuple(_PLAIN))]


def _taken_apart(run: str, said: str, *, counted: bool) -> bool | None:
    """Whether a run of Chinese characters holds words of the source beside plain ones; None: it cannot be explained."""
    best: list[bool | None] = [False] + [None] * len(run)
    if counted:
        best[1] = False
    for end in range(1, len(run) + 1):
        for start in range(end):
            if best[start] is None:
                continue
            piece = run[start:end]
            if piece in _PLAIN:
                best[end] = bool(best[end] or best[start])
            elif len(piece) >= _SHORTEST and _whole(run, start, end, said):
                best[end] = True
    return best[-1]


def _whole(run: str, start: int, end: int, said: str) -> bool:
    """Whether ``run[start:end]`` stands somewhere in the source, with no name cut at either end."""
    piece = run[start:end]
    at = said.find(piece)
    while at >= 0:
        if _begins_well(piece, said[at - 1 : at]) and _ends_well(piece, said[at + len(piece) :][:3]):
            return not _joined_to_a_name(run, start, piece)
        at = said.find(piece, at + 1)
    return False


def _begins_well(piece: str, before: str) -> bool:
    """A piece whose first word is a name begins where that name does in the source."""
    if not before or not _HAN.match(before) or before in _BEFORE or before in _KINDS:
        return True
    name = _first_name(piece)
    return name is None or any(char in _BEFORE for char in piece[:name])


def _first_name(piece: str) -> int | None:
    """Where in ``piece`` the first character that ends a name stands."""
    ends = (found.start() for found in _NAME_ENDS.finditer(piece[:_LONGEST_NAME]) if not found["thing"])
    return next(ends, None)


def _ends_well(piece: str, after: str) -> bool:
    """五指山 out of 五指山路 is another place."""
    return piece[-1] not in _KINDS or _first_name(after) != 0


def _joined_to_a_name(run: str, start: int, piece: str) -> bool:
    """Whether ``piece`` turns what stands before it in the title into a name: 国贸 and 大道 make no 国贸大道."""
    before = run[:start]
    if not before or before.endswith(tuple(_PLAIN)):
        return False
    name = _first_name(piece)
    return name is not None and name < _SHORTEST
