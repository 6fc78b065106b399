"""What is said once is written once; what a person says twice stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr.whisper.loops import FREE, USUAL_PER_SECOND, syllables, without_loop

pytestmark = pytest.mark.unit
CHARACTERS = st.lists(
    st.sampled_from("我家楼下的路灯坏了请派人来修秀英区长流镇停车场收费"), min_size=8, max_size=30, unique=True
)


@pytest.mark.parametrize(
    ("text", "voiced_ms", "kept"),
    [
        ("南洋大下停车场南洋大下停车场", 1_728, "南洋大下停车场"),
        ("南洋大下停车场，南洋大下停车场。", 1_728, "南洋大下停车场"),
        ("南央大下停车场南央大下停车场南央大下停车场", 1_728, "南央大下停车场"),
        ("把自动驾驶器车现在这个部门把自动驾驶器车", 2_400, "把自动驾驶器车现在这个部门"),
        ("Don't touch it, don't go away. Don't touch it, don't go away.", 1_500, "Don't touch it, don't go away."),
    ],
)
def test_a_tail_that_the_speech_cannot_hold_is_cut(text: str, voiced_ms: int, kept: str) -> None:
    assert without_loop(text, voiced_ms) == kept


@pytest.mark.parametrize(
    ("text", "voiced_ms"),
    [
        ("路灯坏了路灯坏了", 2_000),
        ("救命救命", 600),
        ("13800138000", 1_000),
        ("13513513513", 1_000),
        ("近几年不但我用书给女儿压碎也劝说亲朋不要给女儿压碎钱而改送压碎书", 3_000),
        ("There is a leak in my street, thank you.", 2_000),
    ],
)
def test_what_people_say_is_left(text: str, voiced_ms: int) -> None:
    assert without_loop(text, voiced_ms) == text


@given(CHARACTERS, st.integers(1, 4), st.integers(0, 30))
def test_a_sentence_said_again_by_the_decoder_is_there_once(once: list[str], rounds: int, more: int) -> None:
    """However many rounds, and however far the last one came."""
    sentence = "".join(once)
    looped = sentence * rounds + sentence[: more if more >= 4 else 0]
    voiced_ms = int(1000 * (len(sentence) - FREE) / USUAL_PER_SECOND) + 1
    assert without_loop(looped, voiced_ms) == sentence


@given(st.text(max_size=60), st.integers(0, 30_000))
def test_only_a_tail_goes_and_only_when_there_is_too_much(text: str, voiced_ms: int) -> None:
    kept = without_loop(text, voiced_ms)
    assert text.startswith(kept)
    if syllables(text) <= FREE + USUAL_PER_SECOND * voiced_ms / 1000:
        assert kept == text
