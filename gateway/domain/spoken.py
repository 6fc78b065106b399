"""Is what somebody said one of the words that are listened for, and nothing else?"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_NOT_A_WORD = re.compile(r"[^\w]+")
_PADDING = re.compile(
    r"^(?:你好|您好|喂|嗯|呃|哦|那个|那|麻烦|请问|请|帮我|帮忙|给我|替我|我要|我想|我|能不能|可以|okay|ok|please|hello|hi|iwant|ineed)"
    r"|(?:谢谢你|谢谢您|谢谢|吧|啊|呀|呢|吗|哦|哈|了|一下|再见|please|sorry|thanks|thankyou)$",
)
"""Politeness before and after: "你好请帮我转人工谢谢" is "转人工", while "人工湖的水很脏" stays what it is."""


def is_only(text: str, words: tuple[str, ...]) -> bool:
    """Whether ``text`` is one of ``words``, but for punctuation, case, width, spaces and politeness around it."""
    return not bare(words).isdisjoint(unpadded(text))


@lru_cache(maxsize=1024)
def bare(words: tuple[str, ...]) -> frozenset[str]:
    """``only_words`` of each: the same few lists are listened for many times."""
    return frozenset(map(only_words, words))


def unpadded(text: str) -> list[str]:
    """``only_words`` of ``text``, then with less and less politeness around it."""
    said, found = only_words(text), []
    while said and said not in found:
        found.append(said)
        said = _PADDING.sub("", said, count=1)
    return found


def only_words(text: str) -> str:
    """Letters, digits and characters alone, in lower case and normal width; empty for "？？" and the like."""
    return _NOT_A_WORD.sub("", unicodedata.normalize("NFKC", text)).lower()


def word_count(text: str) -> int:
    """Words of ``text`` as an alphabetic script has them."""
    return len(text.split())
