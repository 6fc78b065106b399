"""Features of the linear model: n-grams of characters, and of syllables, which survive mis-heard characters."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache

from gateway.domain.limits import CONTENT_CHARS
from gateway.prefill.syllables import syllable as sound

MAX_CHARS = CONTENT_CHARS
"""Of a longer text only this beginning counts: what a person wants is said by then, and reading 1 MB costs seconds."""
FEATURES_VERSION = 2
"""Goes up whenever the same text would give other n-grams: older models are refused then."""
BLOCKS = (("characters", 1.0), ("lead", 0.7), ("syllables", 1.0), ("lead syllables", 0.7))
"""Kinds of n-grams and the length of each one's vector."""
VOICES = ((0, 2, 0.45), (2, 4, 0.55))
"""Spelling and sound are learnt apart and then added up: from which block to which, and the share in the answer.

Sound counts for more: it survives homophones. Learnt together, each would lean on what only the other can see.
"""
LEAD_CHARS, LEAD_SPOKEN = 30, 60
"""People open with what they want: the beginning counts once more; so many characters, of so many spoken."""
_NOT_SAID = re.compile(r"[\W_]+")
_FUNCTION_WORDS = (
    *(
        "为什么",
        "怎么样",
        "差不多",
        "不得不",
        "我们",
        "你们",
        "他们",
        "她们",
        "它们",
        "咱们",
        "大家",
        "各位",
        "自己",
        "本人",
    ),
    *(
        "这个",
        "那个",
        "这些",
        "那些",
        "这样",
        "那样",
        "这么",
        "那么",
        "这里",
        "那里",
        "这边",
        "那边",
        "如此",
        "在此",
        "什么",
        "怎么",
    ),
    *(
        "如何",
        "为何",
        "哪里",
        "哪些",
        "哪个",
        "多少",
        "就是",
        "也是",
        "都是",
        "还是",
        "不是",
        "只是",
        "而是",
        "没有",
        "还有",
        "有的",
    ),
    *(
        "有些",
        "但是",
        "可是",
        "不过",
        "然而",
        "而且",
        "并且",
        "甚至",
        "因为",
        "由于",
        "所以",
        "因此",
        "如果",
        "要是",
        "既然",
        "虽然",
    ),
    *(
        "即使",
        "就算",
        "不管",
        "不仅",
        "不但",
        "以及",
        "或者",
        "从而",
        "于是",
        "然后",
        "否则",
        "不然",
        "只有",
        "只要",
        "除了",
        "随着",
    ),
    *(
        "至于",
        "关于",
        "对于",
        "按照",
        "根据",
        "为了",
        "作为",
        "通过",
        "经过",
        "可以",
        "可能",
        "必须",
        "不能",
        "不会",
        "不要",
        "任何",
    ),
    *(
        "各种",
        "各个",
        "其中",
        "其他",
        "其它",
        "其实",
        "很多",
        "非常",
        "极其",
        "更加",
        "几乎",
        "大概",
        "大约",
        "仅仅",
        "已经",
        "开始",
    ),
    *(
        "同时",
        "时候",
        "经常",
        "多次",
        "仍然",
        "竟然",
        "居然",
        "究竟",
        "到底",
        "难道",
        "毕竟",
        "简直",
        "尽快",
        "尽量",
        "首先",
        "马上",
    ),
)
_EMPTY_WORDS = re.compile(
    "|".join(_FUNCTION_WORDS)
    + "|[的了着过吗呢吧啊呀嘛哦嗯呃我你您他她它这那是在有和与及或而也都又就还很把被让给从到对于个]"
)
"""Function words. They tell nothing of the topic, recognisers drop and invent them, and archives often lack them."""
_NEAR_INITIAL = (("zh", "z"), ("ch", "c"), ("sh", "s"))
_LIKE_L = ("n", "r")


def plain(text: str) -> str:
    """Half-width, lower-case, at most ``MAX_CHARS``, without punctuation and blanks."""
    return _NOT_SAID.sub("", unicodedata.normalize("NFKC", text[:MAX_CHARS]).lower())


@lru_cache(maxsize=30_000)
def syllable(character: str) -> str:
    """How a character sounds: its commonest reading without tone, as southern speakers and recognisers blur it.

    zh/ch/sh = z/c/s, n/r = l, h = f, -ng = -n; what is no Chinese character stays itself.
    """
    import pypinyin  # noqa: PLC0415 - its dictionaries take 0.2 s, and only a model needs them

    sound = pypinyin.lazy_pinyin(character)[0] if character >= "一" else character
    if sound == character:
        return sound
    for initial, near in _NEAR_INITIAL:
        if sound.startswith(initial):
            sound = near + sound[len(initial) :]
    if sound.startswith(_LIKE_L):
        sound = "l" + sound[1:]
    if sound.startswith("hu") and len(sound) > len("hu"):
        sound = "f" + sound[2:]
    return sound[:-1] if sound.endswith("ng") else sound


def ngrams(text: str) -> tuple[Counter[str], ...]:
    """How often each n-gram occurs in ``text``, a counter for each of ``BLOCKS``.

    Function words leave the characters by spelling but the syllables by sound alone, so that homophones change neither
    where the syllables begin nor which of them are neighbours.
    """
    said = plain(text)
    words = _EMPTY_WORDS.sub("", said)
    lead = _EMPTY_WORDS.sub("", said[:LEAD_SPOKEN])[:LEAD_CHARS]
    empty = _empty_sounds()
    sounds = empty.sub("", _spoken(said)).split()
    opening = empty.sub("", _spoken(said[:LEAD_SPOKEN])).split()[:LEAD_CHARS]
    return (
        Counter((*words, *_runs(words, 2))),
        Counter((*lead, *_runs(lead, 2))),
        Counter((*_runs(sounds, 2, "-"), *_runs(sounds, 3, "-"))),
        Counter((*opening, *_runs(opening, 2, "-"))),
    )


def _spoken(said: str) -> str:
    """The toneless syllables of ``said``, each followed by a blank."""
    return "".join([sound(character) + " " for character in said])


@lru_cache(maxsize=1)
def _empty_sounds() -> re.Pattern[str]:
    """Function words as they sound. Of one syllable only those that hardly any other word shares."""
    words = "|".join(map(_spoken, (*_FUNCTION_WORDS, *"的了们么我你他吗呢着")))
    return re.compile(rf"(?<!\S)(?:{words})")


def _runs(items: Sequence[str], length: int, joint: str = "") -> Iterator[str]:
    """Every run of ``length`` neighbours."""
    return map(joint.join, zip(*(items[n:] for n in range(length)), strict=False))
