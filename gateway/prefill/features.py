"""What a text is to the linear model: n-grams of characters, and of syllables, which survive mis-heard characters."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache

MAX_CHARS = 20_000
"""Of a longer text only this beginning counts: what a person wants is said by then, and reading 1 MB costs seconds."""
FEATURES_VERSION = 1
"""Goes up whenever the same text would give other n-grams: older models are refused then."""
BLOCKS = (("characters", 0.7), ("syllables", 1.0), ("lead", 0.7), ("lead syllables", 1.0))
"""Kinds of n-grams and the length of each one's vector. Syllables weigh most: they survive homophones."""
LEAD_CHARS, LEAD_SPOKEN = 30, 45
"""People open with what they want: the beginning counts once more; so many characters, of so many spoken."""
_NOT_SAID = re.compile(r"[\W_]+")
_EMPTY_WORDS = re.compile(
    r"我们|你们|他们|她们|它们|咱们|这个|那个|这些|那些|这样|那样|就是|但是|而且|因为|所以|如果|虽然|以及|还是|还有|已经|可以"
    r"|没有|不是|什么|怎么|这里|那里|非常|[的了着过吗呢吧啊呀嘛哦嗯呃我你您他她它这那是在有和与及或而也都又就还很把被让给从到对于个]"
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
    sounds = [sound for sound in map(syllable, said) if sound not in _empty_sounds()]
    spoken = [sound for sound in map(syllable, said[:LEAD_SPOKEN]) if sound not in _empty_sounds()][:LEAD_CHARS]
    return (
        Counter((*words, *_runs(words, 2))),
        Counter((*_runs(sounds, 2, "-"), *_runs(sounds, 3, "-"))),
        Counter((*lead, *_runs(lead, 2))),
        Counter((*spoken, *_runs(spoken, 2, "-"))),
    )


@lru_cache(maxsize=1)
def _empty_sounds() -> frozenset[str]:
    return frozenset(map(syllable, "的了们着呢吗吧我你他"))


def _runs(items: Sequence[str], length: int, joint: str = "") -> Iterator[str]:
    """Every run of ``length`` neighbours."""
    return map(joint.join, zip(*(items[n:] for n in range(length)), strict=False))
