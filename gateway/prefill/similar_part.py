"""The two kinds of parts of the index of similar tickets: an open one that grows, sealed ones that only shrink."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

BUCKETS = 1 << 19
"""N-grams are hashed to so many numbers; two that share one are counted as one."""
Floats = NDArray[np.float32]
Vector = tuple[NDArray[np.uint32], NDArray[np.uint8]]
"""Buckets in ascending order, and how often each occurs."""
Facts = tuple[int, int, int, int]
"""Codes of district, street, first-level and second-level category; 0 = unknown."""
WORTH = (0.0, 0.8, 0.5, 0.75)
"""What a cosine is worth when these differ; one that is unknown does not. All but the district are often guesses."""
_TIMES: Floats = np.concatenate(([0], 1 + np.log(np.arange(1, 256)))).astype(np.float32)
"""What occurring so often weighs."""


def weighed(times: NDArray[np.uint8]) -> Floats:
    """The weights of counts: the tenth time says less than the first."""
    return _TIMES[times]


class _Facts:
    """What is known of each ticket of a part besides its words."""

    def __init__(self, size: int) -> None:
        self.facts: NDArray[np.int32] = np.zeros((len(WORTH), size), dtype=np.int32)
        self.at = np.zeros(size)

    def comparable(self, facts: Facts, since: float, count: int) -> Floats:
        """What each ticket's cosine counts for somebody with ``facts``: 0 = not a candidate."""
        known = self.facts[:, :count]
        counts = (self.at[:count] >= since).astype(np.float32)
        for code, theirs, worth in zip(facts, known, WORTH, strict=True):
            if code:
                counts[(theirs != code) & (theirs != 0)] *= np.float32(worth)
        return counts


class OpenPart:
    """Tickets whose vectors are compared one by one."""

    def __init__(self, size: int) -> None:
        """Room for ``size`` tickets."""
        self.ids: list[str] = []
        self.vectors: list[Vector] = []
        self.known = _Facts(size)
        self._place: dict[str, int] = {}
        self._lengths: Floats = np.zeros(size, dtype=np.float32)
        self._joined: tuple[NDArray[np.uint32], Floats, NDArray[np.intp]] | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def add(self, ticket_id: str, vector: Vector, facts: Facts, at: float, idf: Floats) -> None:
        """Take in a ticket that is not here."""
        place = len(self.ids)
        self._place[ticket_id] = place
        self.ids.append(ticket_id)
        self.vectors.append(vector)
        self.known.facts[:, place] = facts
        self.known.at[place] = at
        self._lengths[place] = _length(vector, idf)
        self._joined = None

    def remove(self, ticket_id: str) -> NDArray[np.uint32]:
        """Forget a ticket: the last one takes its place. Its buckets."""
        place, last = self._place.pop(ticket_id), len(self.ids) - 1
        gone = self.vectors[place]
        if place != last:
            self.ids[place], self.vectors[place] = self.ids[last], self.vectors[last]
            self._place[self.ids[place]] = place
            self.known.facts[:, place] = self.known.facts[:, last]
            self.known.at[place] = self.known.at[last]
            self._lengths[place] = self._lengths[last]
        self.ids.pop()
        self.vectors.pop()
        self._joined = None
        return gone[0]

    def weigh(self, idf: Floats) -> None:
        """Take the n-grams' new weights."""
        for place, vector in enumerate(self.vectors):
            self._lengths[place] = _length(vector, idf)

    def scores(self, query: SimilarQuery) -> Floats:
        """The cosine of each ticket with ``query``."""
        count = len(self.ids)
        if not count:
            return np.zeros(0, dtype=np.float32)
        if self._joined is None:
            sizes = [len(buckets) for buckets, _ in self.vectors]
            self._joined = (
                np.concatenate([buckets for buckets, _ in self.vectors]),
                weighed(np.concatenate([times for _, times in self.vectors])),
                np.repeat(np.arange(count), sizes),
            )
        buckets, times, places = self._joined
        hits = np.flatnonzero(query.dense[buckets])
        shared = query.dense[buckets[hits]] * times[hits]
        sums = np.bincount(places[hits], shared, minlength=count).astype(np.float32)
        return (sums / np.maximum(self._lengths[:count], np.float32(1e-9))).astype(np.float32)

    def older_than(self, at: float) -> list[str]:
        """Ids of tickets registered before ``at``."""
        return [self.ids[n] for n in np.flatnonzero(self.known.at[: len(self.ids)] < at)]

    def memory(self) -> int:
        """Bytes of the arrays."""
        return sum(buckets.nbytes + times.nbytes for buckets, times in self.vectors)


class SimilarQuery:
    """What is searched: weights by bucket, divided by the length of its vector."""

    def __init__(self, vector: Vector, idf: Floats) -> None:
        """``vector`` under the weights ``idf``."""
        buckets, times = vector
        length = _length(vector, idf)
        weights = weighed(times) * idf[buckets] ** 2 / max(length, 1e-9)
        told = weights > 0
        self.buckets = buckets[told]
        self.weights: Floats = weights[told].astype(np.float32)
        self.dense: Floats = np.zeros(BUCKETS, dtype=np.float32)
        self.dense[self.buckets] = self.weights


def _length(vector: Vector, idf: Floats) -> float:
    weights = weighed(vector[1]) * idf[vector[0]]
    return float(np.sqrt(np.dot(weights, weights)))


class SealedPart:
    """An inverted index of tickets: for each bucket the places of those that hold it."""

    def __init__(self, part: OpenPart, idf: Floats) -> None:
        """Everything of ``part``."""
        count = len(part)
        self.ids = list(part.ids)
        self.alive = count
        self.known = _Facts(count)
        self.known.facts[:] = part.known.facts[:, :count]
        self.known.at[:] = part.known.at[:count]
        self._place = {ticket_id: place for place, ticket_id in enumerate(self.ids)}
        buckets = np.concatenate([vector[0] for vector in part.vectors])
        places = np.repeat(np.arange(count, dtype=np.uint16), [len(vector[0]) for vector in part.vectors])
        order = np.argsort(buckets, kind="stable")
        self._places = places[order]
        self._times = np.concatenate([vector[1] for vector in part.vectors])[order]
        self._starts = np.zeros(BUCKETS + 1, dtype=np.uint32)
        np.cumsum(np.bincount(buckets, minlength=BUCKETS), out=self._starts[1:])
        self._living = np.ones(count, dtype=bool)
        self._inverse: Floats = np.zeros(count, dtype=np.float32)
        self.weigh(idf)

    def remove(self, ticket_id: str) -> NDArray[np.uint32]:
        """Forget a ticket. Its buckets."""
        place = self._place.pop(ticket_id)
        self.alive -= 1
        self._living[place] = False
        self._inverse[place] = 0
        return self._vector(place)[0]

    def weigh(self, idf: Floats) -> None:
        """Take the n-grams' new weights."""
        weights = np.repeat(idf, np.diff(self._starts)) * weighed(self._times)
        lengths = np.sqrt(np.bincount(self._places, weights * weights, minlength=len(self.ids)))
        self._inverse[:] = self._living / np.maximum(lengths, 1e-9)

    def scores(self, query: SimilarQuery) -> Floats:
        """The cosine of each ticket with ``query``; 0 for those forgotten."""
        starts = self._starts[query.buckets].astype(np.intp)
        sizes = self._starts[query.buckets + 1].astype(np.intp) - starts
        ends = np.cumsum(sizes)
        if not len(ends) or not ends[-1]:
            return np.zeros(len(self.ids), dtype=np.float32)
        hits = np.arange(ends[-1]) + np.repeat(starts - (ends - sizes), sizes)
        shared = np.repeat(query.weights, sizes) * weighed(self._times[hits])
        sums = np.bincount(self._places[hits], shared, minlength=len(self.ids))
        return (sums * self._inverse).astype(np.float32)

    def older_than(self, at: float) -> list[str]:
        """Ids of living tickets registered before ``at``."""
        return [self.ids[n] for n in np.flatnonzero(self._living & (self.known.at < at))]

    def living(self) -> Iterator[tuple[str, Vector, Facts, float]]:
        """What is left, as it was added."""
        buckets = np.repeat(np.arange(BUCKETS, dtype=np.uint32), np.diff(self._starts))
        order = np.argsort(self._places, kind="stable")
        ends = np.searchsorted(self._places[order], np.arange(len(self.ids) + 1))
        for place in np.flatnonzero(self._living):
            own = order[ends[place] : ends[place + 1]]
            district, street, topic, subtopic = map(int, self.known.facts[:, place])
            yield (
                self.ids[place],
                (buckets[own], self._times[own]),
                (district, street, topic, subtopic),
                float(self.known.at[place]),
            )

    def memory(self) -> int:
        """Bytes of the arrays."""
        return self._places.nbytes + self._times.nbytes + self._starts.nbytes + self._inverse.nbytes

    def _vector(self, place: int) -> Vector:
        own = np.flatnonzero(self._places == place)
        buckets = np.searchsorted(self._starts, own, side="right") - 1
        return buckets.astype(np.uint32), self._times[own]
