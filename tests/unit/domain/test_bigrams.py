"""Pairs of characters: whatever holds the words has their tokens, and nothing is lost by form, case or script."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.bigrams import Token, holds, normal, tokens, tokens_asked, words_of

pytestmark = pytest.mark.unit
TEXTS = st.text(
    st.one_of(st.sampled_from("停水电气通知海口AB ab12%，。*＃🚰é"), st.characters(exclude_categories=("Cs",)))
)


def may_hold(text: str, asked: str) -> bool:
    """What an index answers: whether ``text`` has every token asked for."""
    own = tokens(normal(text))

    def has(token: Token) -> bool:
        return any(one.startswith(token.text) for one in own) if token.prefix else token.text in own

    return all(has(token) for token in tokens_asked(words_of(asked)))


@given(TEXTS, TEXTS)
def test_no_text_that_holds_the_words_is_missed(text: str, asked: str) -> None:
    if holds(normal(text), words_of(asked)):
        assert may_hold(text, asked)


@given(TEXTS, st.data())
def test_every_part_of_a_text_is_found_in_it(text: str, data: st.DataObject) -> None:
    whole = normal(text)
    begin = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(begin, len(whole)))
    part = words_of(whole[begin:end])
    assert all(word in whole for word in part) is holds(whole, part)
    assert may_hold(text, whole[begin:end]) or not holds(whole, part)


@given(TEXTS)
def test_a_token_is_one_word_of_ascii(text: str) -> None:
    assert all(token.isascii() and token.isalnum() and token == token.lower() for token in tokens(normal(text)))


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("小区停水两天", "停水"),
        ("小区停水两天", "停水 小区"),
        ("小区停水两天", "水"),
        ("小区停水", "水"),
        ("ＬＥＤ灯坏了", "led灯"),
        ("Street LAMP 100%", "lamp 100%"),
        ("停水🚰了", "水🚰"),
        ("电话139****5678", "139****5678"),
        ("我叫张**", "张**"),
        ("𠮷野家门口", "𠮷野"),
        ("１２号楼，３单元", "12号楼,3单元"),
    ],
)
def test_is_found(text: str, asked: str) -> None:
    assert holds(normal(text), words_of(asked))
    assert may_hold(text, asked)


@pytest.mark.parametrize(
    ("text", "asked"),
    [("停电停水", "水停"), ("停，水", "停水"), ("停 水", "停水"), ("100_", "100%"), ("路灯", "路灯坏"), ("", "停水")],
)
def test_is_not_found(text: str, asked: str) -> None:
    assert not holds(normal(text), words_of(asked))


@pytest.mark.parametrize(("text", "asked"), [("停电停水", "水停"), ("停，水", "停水"), ("停 水", "停水")])
def test_what_pairs_alone_can_tell_apart_is_no_candidate(text: str, asked: str) -> None:
    assert not may_hold(text, asked)


def test_pairs_of_a_word_are_asked_for_and_a_lone_character_as_a_beginning() -> None:
    assert tokens_asked(("停水通",)) == (Token("505cg6c34"), Token("6c34g901a"))
    assert tokens_asked(("水",)) == (Token("6c34g", prefix=True),)
    assert tokens_asked(("水", "停水")) == (Token("505cg6c34"),)
    assert tokens_asked(("%%",)) == ()
