"""Which words a recogniser is told to expect, and in what order."""

from __future__ import annotations

import pytest

from gateway.prefill.hot_words import hot_words
from tests.support.command import ROOT

pytestmark = pytest.mark.unit


def test_the_likeliest_words_come_first_and_none_twice() -> None:
    words = hot_words(ROOT / "config")
    assert set(words[:4]) == {"秀英区", "龙华区", "琼山区", "美兰区"}
    assert words[4] == "投诉"
    place = {word: n for n, word in enumerate(words)}
    assert place["金贸街道"] < place["国贸大道"] < place["停水"] < place["市水务局"]
    assert len(words) == len(set(words))
    assert not [word for word in words if "+" in word or "_" in word]
