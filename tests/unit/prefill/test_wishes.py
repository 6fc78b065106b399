"""Who asks to stay unknown, and how they are met and reached; told apart from denials and from others' wishes."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.domain.guess import FILL_AT
from gateway.prefill.wishes import wishes

pytestmark = pytest.mark.unit
SENTENCES = Path(__file__).resolve().parents[2] / "data" / "wishes.csv"


def _sentences() -> list[tuple[str, set[str]]]:
    with SENTENCES.open(encoding="utf-8") as file:
        return [(row.pop("text"), {key for key, value in row.items() if value}) for row in csv.DictReader(file)]


def told(text: str) -> set[str]:
    found: set[str] = set()
    for guess in wishes(text):
        name = guess.path.removeprefix("requester.")
        found |= (
            set(guess.value) if name == "accessibility" else {str(guess.value)} if guess.value is not True else {name}
        )
    return found


@pytest.mark.parametrize(("text", "expected"), _sentences(), ids=lambda value: value if isinstance(value, str) else "")
def test_a_sentence_wishes_this_and_no_more(text: str, expected: set[str]) -> None:
    assert told(text) == expected


WISHES = [(text, expected) for text, expected in _sentences() if expected and "\n" not in text]
NEUTRAL = ("小区停水三天了", "国贸路的路灯不亮", "我要投诉楼上装修", "The street light is broken", "嗯那个")
SUBJECTS = ("他", "他们", "我妈妈", "我朋友", "老板", "隔壁邻居", "有人")
DENIALS = ("不用", "不需要", "不必", "没必要", "无需", "我不要求", "我不想")


@given(st.sampled_from(WISHES), st.sampled_from(NEUTRAL), st.sampled_from("，。；！\n"))
@settings(deadline=None)
def test_what_is_said_before_in_another_clause_changes_nothing(
    wish: tuple[str, set[str]], before: str, end: str
) -> None:
    text, expected = wish
    assert told(f"{before}{end}{text}") == expected


@given(st.sampled_from(DENIALS), st.sampled_from(["保密", "匿名"]), st.sampled_from(["", "了", "，谢谢"]))
@settings(deadline=None)
def test_a_denied_wish_is_none_also_when_it_was_one_before(denial: str, wish: str, behind: str) -> None:
    assert told(f"{denial}{wish}{behind}") == set()
    assert told(f"请{wish}。算了，{denial}{wish}{behind}") == set()
    assert told(f"{denial}{wish}。哦不对，请{wish}") != set()


@given(
    st.sampled_from(SUBJECTS), st.sampled_from(["要求保密", "想匿名", "是聋人", "是游客", "听力不好", "不方便接电话"])
)
@settings(deadline=None)
def test_what_others_wish_or_are_is_not_the_speakers(subject: str, rest: str) -> None:
    assert told(f"{subject}{rest}") == set()


@given(st.lists(st.sampled_from([text for text, _ in _sentences()]), max_size=6).map("，".join))
@settings(deadline=None)
def test_the_evidence_is_in_the_text_and_each_field_has_one_guess(text: str) -> None:
    found = wishes(text)
    assert len({guess.path for guess in found}) == len(found)
    for guess in found:
        assert guess.span is not None
        assert 0 <= guess.span[0] < guess.span[1] <= len(text)
        assert guess.confidence >= FILL_AT


@given(st.text(alphabet="我不要请别给保密匿名打电话发短信的是听力好 ，don'tcalme", max_size=400))
@settings(deadline=None)
def test_no_text_breaks_it(text: str) -> None:
    wishes(text)


def test_a_wish_at_the_end_of_a_long_text_is_read() -> None:
    assert told("小区停水三天了，物业不管。" * 1500 + "请保密") == {"secret"}
