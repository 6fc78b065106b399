"""A title that a language model wrote: taken only when everything in it is borne out by what was said."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.prefill.title_check import checked

pytestmark = pytest.mark.unit

SAID = (
    "喂你好，我要反映海口市龙华区国贸路玉沙村3栋5单元，路灯坏了一个星期了，晚上很黑，联系电话***，"
    "孩子在滨海大道那边的海秀中路读书，门牌13号，五指山路也一样"
)
ENGLISH = "Hello, the street light on Guomao Road near Binhai Hotel has been broken for 3 days"


@pytest.mark.parametrize(
    "title",
    [
        "国贸路玉沙村路灯坏了",
        "海口市龙华区国贸路玉沙村路灯坏了",
        "国贸路玉沙村3栋5单元路灯坏了一个星期",
        "龙华区国贸路路灯坏了，晚上很黑",
        "关于国贸路路灯坏了的问题",
        "路灯坏了一个星期",
    ],
)
def test_what_was_said_passes(title: str) -> None:
    assert checked(title, SAID, max_chars=40) == title
    assert checked(f" {title}\n", SAID, max_chars=40) == title


@pytest.mark.parametrize(
    "title", ["Broken street light on Guomao Road", "Street light near Binhai Hotel broken for 3 days"]
)
def test_english_passes_too(title: str) -> None:
    assert checked(title, ENGLISH, max_chars=60) == title


@pytest.mark.parametrize(
    ("title", "wrong"),
    [
        ("国贸路路灯坏了13天", "a figure with another unit"),
        ("国贸路玉沙村1栋路灯坏了", "part of a figure"),
        ("国贸路玉沙村5栋路灯坏了", "figures swapped"),
        ("玉沙村路灯坏了两个星期", "another Chinese figure"),
        ("海秀中路3栋路灯坏了", "a figure that belongs to another place"),
        ("国贸路50%路灯坏了", "a share"),
        ("金贸路路灯坏了", "a place"),
        ("国贸大道路灯坏了", "a place put together of two"),
        ("滨海中路路灯坏了", "a place put together of two"),
        ("国贸小区路灯坏了", "a place"),
        ("五指山晚上很黑", "a place cut short"),
        ("王小明反映路灯坏了", "a person"),
        ("国贸路物业公司不修路灯", "a firm"),
        ("国贸路路灯没有坏", "a denial"),
        ("Haikou路灯坏了", "a Latin word"),
        ("国贸路路灯坏了 ABC123", "a plate"),
        ("路灯坏了，联系电话***", "what was hidden"),
        ("国贸路\n路灯坏了", "two lines"),
        ("反映问题", "nothing at all"),
        ("", "nothing at all"),
        ("。", "nothing at all"),
        ("Дорога路灯坏了", "another script"),
        ("国贸路玉沙村路灯坏了一个星期了，晚上很黑，孩子在滨海大道那边的海秀中路读书" * 2, "too long"),
    ],
)
def test_what_was_not_said_is_refused(title: str, wrong: str) -> None:
    assert checked(title, SAID, max_chars=40) is None, wrong


@pytest.mark.parametrize(
    "title", ["Street light broken on Binhai Road", "Light broken for 30 days", "John: street light on Guomao Road"]
)
def test_what_was_not_said_in_english_is_refused(title: str) -> None:
    assert checked(title, ENGLISH, max_chars=60) is None


_WORDS = st.lists(
    st.sampled_from(
        [
            "国贸路",
            "玉沙村",
            "3栋",
            "13号",
            "5",
            "路灯坏了",
            "，",
            " ",
            "一个星期",
            "两",
            "Guomao",
            "Road",
            "反映",
            "***",
        ]
    ),
    max_size=12,
).map("".join)


@given(answer=_WORDS, said=_WORDS)
def test_figures_and_words_of_an_accepted_title_occur_in_what_was_said(answer: str, said: str) -> None:
    title = checked(answer, said, max_chars=40)
    if title is None:
        return
    assert "*" not in title
    assert "\n" not in title
    assert len(title) <= 40
    assert set(re.findall(r"[0-9]+", title)) <= set(re.findall(r"[0-9]+", said))
    for word in ("国贸路", "玉沙村", "一个星期", "两", "Guomao", "Road"):
        assert word not in title or word in said


@example(answer="0\xa00", said="0\xa00")
@given(answer=st.text(max_size=60), said=st.text(max_size=200))
def test_whatever_comes_it_is_judged(answer: str, said: str) -> None:
    title = checked(answer, said, max_chars=40)
    assert title is None or (title == answer.strip() and title.isprintable())
