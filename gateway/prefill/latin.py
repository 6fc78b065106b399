"""The city's places as foreigners say them: Haixiu East Road, Longhua District, Meilan Airport."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from pypinyin import lazy_pinyin

_WORD = re.compile(r"[A-Za-z]{2,20}")
_GAP = re.compile(r"[ ,.'’-]{1,3}")
_LONGEST = 6
_MEANT = {
    "east": ("dong",), "west": ("xi",), "south": ("nan",), "north": ("bei",),
    "middle": ("zhong",), "central": ("zhong",), "road": ("lu", "dadao"), "rd": ("lu",),
    "avenue": ("dadao", "lu"), "ave": ("dadao", "lu"), "street": ("jie", "lu", "jiedao"), "st": ("jie",),
    "district": ("qu",), "town": ("zhen",), "subdistrict": ("jiedao",), "community": ("shequ",),
    "village": ("cun",), "airport": ("jichang",), "park": ("gongyuan",), "university": ("daxue",),
    "island": ("dao",), "square": ("guangchang",), "harbor": ("gang",), "port": ("gang",),
}  # fmt: skip
_KINDS = ("路", "大道", "街", "区", "街道", "镇", "社区", "村", "机场", "公园", "大学", "岛", "广场", "港")


class LatinNames:
    """Names by their pinyin without tones, words for kinds and directions in English."""

    def __init__(self) -> None:
        """No names yet."""
        self._names: dict[str, str] = {}
        self._bare: dict[str, str] = {}

    def add(self, name: str) -> None:
        """Know ``name`` when its kind has an English word; of two that sound the same the first holds."""
        if name.endswith(_KINDS):
            self._names.setdefault("".join(lazy_pinyin(name)).replace("ü", "v"), name)

    def add_bare(self, name: str) -> None:
        """Know ``name`` also without its last character, its kind."""
        self._bare.setdefault("".join(lazy_pinyin(name[:-1])).replace("ü", "v"), name)

    def find(self, text: str) -> Iterator[tuple[int, int, str, bool]]:
        """(start, end, name, without its kind?) of every name in ``text``, longest first, none inside another."""
        words = list(_WORD.finditer(text))
        at = 0
        while at < len(words):
            for count in range(min(_LONGEST, len(words) - at), 0, -1):
                run = words[at : at + count]
                if (name := self._name(text, run)) is not None:
                    yield run[0].start(), run[-1].end(), name, False
                    at += count - 1
                    break
            else:
                if (name := self._bare.get(words[at].group().lower())) is not None:
                    yield *words[at].span(), name, True
            at += 1

    def _name(self, text: str, run: list[re.Match[str]]) -> str | None:
        if any(_GAP.fullmatch(text, a.end(), b.start()) is None for a, b in pairwise(run)):
            return None
        said = [w.group().lower() for w in run]
        if len(run) > 1 and said[-1] not in _MEANT:
            return self._names.get("".join(said))
        stem = "".join(_MEANT.get(w, (w,))[0] for w in said[:-1])
        for kind in _MEANT.get(said[-1], (said[-1],)):
            if (name := self._names.get(stem + kind)) is not None:
                return name
        return None
