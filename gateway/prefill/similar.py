"""Which open tickets are about the same thing: an inverted index of n-grams, in memory.

Texts are compared by the cosine of their TF-IDF vectors over runs of two and three characters and of two syllables:
what the recogniser mis-heard still sounds the same. Vectors lie in sealed parts of ``PART`` tickets, each one the
inverted index of its tickets (5 bytes an n-gram of a ticket), and in an open part that is compared one by one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

import numpy as np

from gateway.prefill.features import plain, syllable
from gateway.prefill.similar_part import BUCKETS, Facts, Floats, OpenPart, SealedPart, SimilarQuery, Vector

CHARS = 400
"""Of a longer text only this beginning counts."""
SHORTEST = 3
"""A text of fewer characters is like none."""
PART = 4096
"""Tickets of a sealed part."""
TOP = 5
THRESHOLD = 0.15
"""From this cosine a ticket is offered. Of pairs of messages to a city that reach it, 99 % were about one matter."""
_LEAST = 0.35
"""The commonest n-gram weighs this part of the rarest: when half the city reports one thing, its words still count."""
_FACTORS = tuple(
    np.uint64(factor)
    for factor in (
        0x9E3779B97F4A7C15,
        0xC2B2AE3D27D4EB4F,
        0x165667B19E3779F9,
        0x27D4EB2F165667C5,
        0x85EBCA77C2B2AE63,
        0xFF51AFD7ED558CCD,
        0xC4CEB9FE1A85EC53,
        0xD6E8FEB86659FD93,
    )
)
"""Odd numbers without a pattern: they spread n-grams over the buckets."""
_SHIFT = np.uint64(64 - (BUCKETS - 1).bit_length())
_DRIFT = 1.2
"""Weights are computed anew whenever the index has grown or shrunk by this factor."""
_SAID_BY_ALL = re.compile(
    r"你好|您好|喂|请问|谢谢|麻烦|市民|来电|反映|投诉|举报|咨询|求助|建议|希望|有关|相关|部门|领导|尽快|处理|解决|核实"
    r"|我们|你们|他们|这个|那个|就是|但是|而且|因为|所以|如果|虽然|还是|还有|已经|可以|没有|不是|什么|怎么|这里|那里|非常|一下|一直"
    r"|[的了着过吗呢吧啊呀嘛哦嗯呃我你您他她它这那是想要在有和与及或而也都又就还很把被让给]"
)
"""Courtesies and function words, which occur in every ticket."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A ticket as the index knows it."""

    ticket_id: str
    text: str
    at: float
    """When it was registered, in seconds since the epoch."""
    district: str | None = None
    """Code of the district; tickets of two different districts are not compared."""
    street: str | None = None
    topic: str | None = None
    """First-level category: two matters at one place are told apart by it."""
    subtopic: str | None = None
    """Second-level category within ``topic``."""


@dataclass(frozen=True, slots=True)
class ScoredTicket:
    """A ticket found, and how similar it is: 0 to 1."""

    ticket_id: str
    score: float


def vector(text: str) -> Vector:
    """(buckets, how often) of the n-grams of ``text``, in order of the buckets."""
    said = _SAID_BY_ALL.sub("", plain(text[: CHARS * 2])[:CHARS])
    if len(said) < SHORTEST:
        return np.zeros(0, dtype=np.uint32), np.zeros(0, dtype=np.uint8)
    letters = np.frombuffer(said.encode("utf-32-le", "replace"), dtype=np.uint32).astype(np.uint64)
    sounds = np.fromiter(map(_sound, said), dtype=np.uint64, count=len(said))
    grams = np.concatenate(
        (
            letters[:-1] * _FACTORS[0] + letters[1:] * _FACTORS[1],
            letters[:-2] * _FACTORS[2] + letters[1:-1] * _FACTORS[3] + letters[2:] * _FACTORS[4],
            sounds[:-1] * _FACTORS[5] + sounds[1:] * _FACTORS[6],
        )
    )
    buckets, times = np.unique((grams * _FACTORS[7]) >> _SHIFT, return_counts=True)
    return buckets.astype(np.uint32), np.minimum(times, 255).astype(np.uint8)


@lru_cache(maxsize=30_000)
def _sound(character: str) -> int:
    return crc32(syllable(character).encode("utf-8", "replace"))


class SimilarIndex:
    """Open tickets by what they say. Not safe for threads: whoever shares it locks it."""

    def __init__(self, *, part: int = PART) -> None:
        """Empty; ``part`` is the size of a sealed part, smaller in tests."""
        self._size = part
        self._open = OpenPart(part)
        self._sealed: list[SealedPart] = []
        self._where: dict[str, OpenPart | SealedPart] = {}
        self._codes: dict[str, int] = {}
        self._df = np.zeros(BUCKETS, dtype=np.int32)
        self._idf: Floats = np.zeros(BUCKETS, dtype=np.float32)
        self._weighed = 0
        """How many tickets there were when ``_idf`` was computed."""

    def __len__(self) -> int:
        return len(self._where)

    def __contains__(self, ticket_id: str) -> bool:
        return ticket_id in self._where

    def add(self, entry: Entry) -> None:
        """Know ``entry``, in place of what was known under its id."""
        self.remove(entry.ticket_id)
        found = vector(entry.text)
        self._df[found[0]] += 1
        self._open.add(entry.ticket_id, found, self._facts(entry), entry.at, self._idf)
        self._where[entry.ticket_id] = self._open
        if len(self._open) >= self._size:
            self._seal()

    def remove(self, ticket_id: str) -> None:
        """Forget a ticket; nothing happens when it is not known."""
        part = self._where.pop(ticket_id, None)
        if part is None:
            return
        self._df[part.remove(ticket_id)] -= 1
        if isinstance(part, SealedPart) and part.alive * 2 < self._size:
            self._reopen(part)

    def older_than(self, at: float) -> list[str]:
        """Ids of the tickets registered before ``at``."""
        return [ticket_id for part in self._parts() for ticket_id in part.older_than(at)]

    def settle(self, *, now: bool = False) -> None:
        """Weigh the n-grams anew if the index has changed enough since they were (or ``now``)."""
        count, last = len(self), self._weighed
        if not now and last and last / _DRIFT <= count <= last * _DRIFT:
            return
        self._weighed = count
        rarest = np.log(1 + count) + 1
        idf = np.maximum(rarest - np.log(1 + self._df), rarest * _LEAST).astype(np.float32)
        self._idf = idf
        for part in self._parts():
            part.weigh(idf)

    def search(
        self, entry: Entry, *, since: float = 0.0, top: int = TOP, threshold: float = THRESHOLD
    ) -> list[ScoredTicket]:
        """At most ``top`` other tickets registered from ``since`` on, most similar first, none below ``threshold``."""
        self.settle()
        query, facts = SimilarQuery(vector(entry.text), self._idf), self._facts(entry)
        found: list[ScoredTicket] = []
        for part in self._parts():
            scores = part.scores(query)
            scores *= part.known.comparable(facts, since, len(scores))
            best = np.flatnonzero(scores >= threshold)
            if len(best) > top + 1:
                best = best[np.argpartition(scores[best], -top - 1)[-top - 1 :]]
            found += [ScoredTicket(part.ids[n], min(1.0, float(scores[n]))) for n in best]
        found = [one for one in found if one.ticket_id != entry.ticket_id]
        return sorted(found, key=lambda one: (-one.score, one.ticket_id))[:top]

    def memory(self) -> int:
        """Bytes of the arrays (not of the ids)."""
        return sum(part.memory() for part in self._parts()) + self._df.nbytes + self._idf.nbytes

    def _parts(self) -> Sequence[OpenPart | SealedPart]:
        return (*self._sealed, self._open)

    def _facts(self, entry: Entry) -> Facts:
        subtopic = f"{entry.topic}/{entry.subtopic}" if entry.subtopic else None
        return self._code(entry.district), self._code(entry.street), self._code(entry.topic), self._code(subtopic)

    def _code(self, name: str | None) -> int:
        return self._codes.setdefault(name, len(self._codes) + 1) if name else 0

    def _seal(self) -> None:
        sealed = SealedPart(self._open, self._idf)
        self._sealed.append(sealed)
        self._where.update(dict.fromkeys(sealed.ids, sealed))
        self._open = OpenPart(self._size)

    def _reopen(self, part: SealedPart) -> None:
        """A part half empty: what lives in it goes back to the open one."""
        self._sealed.remove(part)
        for ticket_id, found, facts, at in part.living():
            self._open.add(ticket_id, found, facts, at, self._idf)
            self._where[ticket_id] = self._open
            if len(self._open) >= self._size:
                self._seal()
