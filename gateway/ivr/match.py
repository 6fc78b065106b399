"""Is what somebody said one of the words that a step listens for?"""

from __future__ import annotations

import re
from functools import lru_cache

_NOT_A_WORD = re.compile(r"[^\w]+")
_PADDING = re.compile(
    r"^(?:你好|您好|喂|嗯|呃|那个|麻烦|请问|请|帮我|帮忙|给我|替我|我要|我想|我|能不能|可以|okay|ok|please|hello|hi|iwant|ineed)"
    r"|(?:谢谢你|谢谢您|谢谢|吧|啊|呀|呢|吗|哦|了|一下|再见|please|thanks|thankyou)$",
)
"""Politeness before and after: "你好请帮我转人工谢谢" is "转人工", while "人工湖的水很脏" stays what it is."""


def is_keyword(text: str, keywords: tuple[str, ...]) -> bool:
    """Whether ``text`` is one of ``keywords``, but for punctuation, case, spaces and politeness around it."""
    wanted = _wanted(keywords)
    said = _bare(text)
    while said not in wanted:
        shorter = _PADDING.sub("", said, count=1)
        if shorter == said:
            return False
        said = shorter
    return True


@lru_cache(maxsize=1024)
def _wanted(keywords: tuple[str, ...]) -> frozenset[str]:
    """Flows listen for few lists, each of them many times."""
    return frozenset(map(_bare, keywords))


def word_count(text: str) -> int:
    """Words of ``text`` as an alphabetic script has them."""
    return len(text.split())


def _bare(text: str) -> str:
    return _NOT_A_WORD.sub("", text).lower()
