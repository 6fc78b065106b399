"""Chinese text as sound: one symbol for each character, so that spans are the same in both."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from pypinyin import lazy_pinyin
from pypinyin.constants import PINYIN_DICT

_INITIALS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"), ("r", "l"), ("f", "h"), ("p", "b"))
"""Initials that southern speakers, and recognisers after them, do not tell apart."""
_NASAL = re.compile(r"(?<=[aei])ng$")
_ROUNDED = ((re.compile(r"^([jqx])u"), r"\1i"), (re.compile(r"^yu(?=[ae])"), "y"), (re.compile(r"^yu"), "yi"))
"""ü, which Hainan's own speech lacks: 区 becomes 七, 远 becomes 烟."""
_FIRST_SYMBOL = 0xE000
"""Syllables take symbols of the private use area; other characters stay as they are."""


def _plain(reading: str) -> str:
    """A reading without tone marks; ü becomes u, which people and recognisers mix after l and n anyway."""
    return "".join(c for c in unicodedata.normalize("NFD", reading) if not unicodedata.combining(c))


@cache
def syllable(char: str) -> str:
    """The commonest toneless reading of ``char``; ``char`` itself when it has none (Latin letters, digits)."""
    readings = PINYIN_DICT.get(ord(char))
    return _plain(readings.split(",", 1)[0]) if readings else char


@cache
def loose(reading: str) -> str:
    """The class of syllables that are taken for each other."""
    for strict, loose in _INITIALS:
        if reading.startswith(strict):
            reading = loose + reading[len(strict) :]
            break
    for rounded, flat in _ROUNDED:
        reading = rounded.sub(flat, reading)
    return _NASAL.sub("n", reading)


class Sounds:
    """Encodes text by loose sound. Symbols are given out on first sight: compare only what one instance made."""

    def __init__(self) -> None:
        """An encoder that has assigned no symbol yet."""
        self._symbols: dict[str, str] = {}
        self._chars: dict[str, str] = {}

    def of(self, text: str) -> str:
        """``text`` with each Chinese character replaced by the symbol of its loose syllable; same length."""
        chars = self._chars
        return "".join([chars.get(c) or self._char(c) for c in text])

    def of_name(self, name: str) -> set[str]:
        """The sounds of ``name``: of its characters' common readings, and of their readings in context."""
        in_context = [loose(_plain(r).replace("v", "u")) for r in lazy_pinyin(name)]
        sounds = {self.of(name)}
        if len(in_context) == len(name):
            sounds.add("".join(self._symbol(r) for r in in_context))
        return sounds

    def _char(self, char: str) -> str:
        reading = syllable(char)
        symbol = char if reading == char else self._symbol(loose(reading))
        if symbol != char:
            self._chars[char] = symbol
        return symbol

    def _symbol(self, reading: str) -> str:
        return self._symbols.setdefault(reading, chr(_FIRST_SYMBOL + len(self._symbols)))
