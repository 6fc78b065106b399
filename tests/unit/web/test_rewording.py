"""Evidence moves along with its words, to the nearest place where they stand."""

from __future__ import annotations

import random

import pytest

from gateway.web.api.rewording import _moved, moved_evidence

pytestmark = pytest.mark.unit


def _slowly(span: list[int], before: str, after: str) -> list[int] | None:
    """By looking at every place."""
    quote = before[span[0] : span[1]]
    starts = [n for n in range(len(after)) if after.startswith(quote, n)] if quote else []
    end = len(before) - span[0]
    best = min(starts, key=lambda n: min(abs(n - span[0]), abs(len(after) - n - end)), default=None)
    return None if best is None else [best, best + len(quote)]


def test_the_nearest_place_is_found_as_by_looking_at_every_one() -> None:
    chance = random.Random(3)
    for _ in range(5_000):
        before, after = ("".join(chance.choices("甲乙丙", k=chance.randrange(12))) for _ in range(2))
        start = chance.randrange(len(before) + 1)
        span = [start, min(len(before), start + chance.randrange(4))]
        assert _moved(span, before, after) == _slowly(span, before, after), (span, before, after)


def test_mentions_whose_words_are_gone_go() -> None:
    mentions = [{"kind": "time", "value": "x", "span": [0, 2]}, {"kind": "time", "value": "y", "span": [3, 5]}]
    record = {"demand": {"content": "昨天，今天"}, "prefill": {"fields": {}, "mentions": mentions}}
    changes = moved_evidence(record, "就是今天")
    assert changes["prefill", "mentions"] == [{"kind": "time", "value": "y", "span": [2, 4]}]
