"""What anybody may send: reading it takes time in proportion to its length, and never fails."""

from __future__ import annotations

import random
import re
import time
from datetime import UTC, datetime, timedelta, timezone
from types import ModuleType

import pytest

from gateway.domain.guess import NOTHING_READ
from gateway.prefill import reader
from gateway.prefill.extract import (
    english_times as english,
)
from gateway.prefill.extract import (
    money,
    numbers,
    organisations,
    parties,
    people,
    phones,
    times,
)
from gateway.prefill.features import MAX_CHARS
from gateway.prefill.place import Gazetteer
from gateway.prefill.reader import MOST_MENTIONS, MOST_PRIVATE, PrefillReader

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
PREFILL = PrefillReader(Gazetteer([]), zone=timezone(timedelta(hours=8)))
EXTRACTORS: tuple[ModuleType, ...] = (english, money, numbers, organisations, parties, people, phones, times)
SHORT = MAX_CHARS // 4
PROBED = 2_000
MOST_GROWTH = 9
"""Four times the text: linear work takes 4 times as long, quadratic 16."""
WORD = re.compile(r"[一-鿿]+|[A-Za-z' ]+")


def _sources() -> str:
    """Every regular expression of the extractors, as it is written."""
    found = []
    for module in EXTRACTORS:
        for value in vars(module).values():
            for one in value if isinstance(value, tuple) else (value,):
                pattern = one[0] if isinstance(one, tuple) else one
                found += [pattern.pattern] if isinstance(pattern, re.Pattern) else []
    return "\n".join(found)


WORDS = sorted({word.strip() for word in WORD.findall(_sources())} - {""})


def _cost(text: str, *, answers: bool = True) -> float:
    """CPU seconds of the quickest of three readings."""
    costs = []
    for _ in range(3):
        began = time.process_time()
        PREFILL._read(text, at=NOW, answers=answers)
        costs.append(time.process_time() - began)
    return min(costs)


@pytest.mark.parametrize(
    "unit",
    [
        "在", "还", "都", "还在", "现在", "他们现在", "老板", "的老板", "又还都在",
        "，王先生", "老板王先生",
        "花了一万，", "给我", "昨天，", "一", "8",
        "1月2号", "两个", "one ", "double\n",
        "家家公司", "小区小区物业", "，在海口恒大公司上班",
        "投诉", "my name is ", "Ltd ", "A ", "¥1,000",
    ],
)  # fmt: skip
def test_reading_takes_time_in_proportion_to_the_length(unit: str) -> None:
    long = (unit * MAX_CHARS)[:MAX_CHARS]
    assert _cost(long) < MOST_GROWTH * _cost(long[:SHORT]) + 0.05


@pytest.mark.parametrize(
    "unit", ["我", "人", "停水", "没有", "那个", "龙华区还是", "重庆火锅", "幺，不对，是", "double 0 "]
)
def test_so_does_reading_what_it_is_about(unit: str) -> None:
    long = (unit * MAX_CHARS)[:MAX_CHARS]
    assert _cost(long, answers=False) < MOST_GROWTH * _cost(long[:SHORT], answers=False) + 0.05


def test_no_word_of_any_expression_makes_reading_slow() -> None:
    """Each repeated alone."""
    assert len(WORDS) > 500
    slow = []
    usual = _cost("市民来电" * (PROBED // 4))
    for word in WORDS:
        text = (word * PROBED)[:PROBED]
        began = time.process_time()
        PREFILL._read(text, at=NOW, answers=True)
        if time.process_time() - began > 20 * usual + 0.1 and _cost(text) > 20 * usual + 0.1:
            slow.append(word)
    assert not slow


@pytest.mark.parametrize("module", EXTRACTORS, ids=lambda module: module.__name__.rpartition(".")[2])
def test_no_group_of_alternatives_is_repeated_without_a_bound(module: ModuleType) -> None:
    """``(?:a|b)*c``, searched for, tries every beginning of a run of a and b to its end."""
    unbounded = re.compile(r"\)[*+](?!\$)")
    for name, value in vars(module).items():
        if isinstance(value, re.Pattern) and not value.pattern.startswith("^"):
            assert not unbounded.search(value.pattern), name


@pytest.mark.parametrize(
    "text",
    [
        "my number is one three eight double\nzero one three eight double zero zero",
        "ſix six six six six six six six",
        "fıve five five five five five five five",
        "call triple\t\n six double\u3000six 139",
        "ſix hours ago",
        "fıve weeKs ago and yeſterday at ſeven",
        "999 weeks ago, 3年前, 999年前, 明天, 大前天晚上十一点到第二天凌晨两点, 刚才, 2月30号, 明年2月29号, 2026-13-45",
        "昨天晚上十点, 大后天, 下周日, 凌晨两点多, 去年1月1日, 20٣٣年1月1号, ٣月٣号, last night at 2",
        "亿亿亿亿亿元, 999999999999万万万万元, ٣٣٣元, 花了九百万",
        "ＫKTV 琼A·K1234, 91460100MA5RC0A1ſX, 46010019900101١٢٣X",
    ],
)
@pytest.mark.parametrize(
    "at",
    [
        NOW,
        datetime(9999, 12, 31, 23, 0, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 0, tzinfo=timezone(-timedelta(hours=12))),
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
        datetime(2000, 2, 29, tzinfo=UTC),
    ],
)
@pytest.mark.parametrize("hours", [-12, 8])
def test_no_text_and_no_clock_breaks_an_extractor(text: str, at: datetime, hours: int) -> None:
    PrefillReader(Gazetteer([]), zone=timezone(timedelta(hours=hours)))._read(text, at=at, answers=False)


def test_no_mixture_of_its_words_breaks_an_extractor() -> None:
    chance = random.Random(7)
    odd = ["\n", "\u3000", "\x1c", "ſ", "K", "ı", "İ", "٣", "²", "1", "十", "-", ".", "，", " "]
    for _ in range(600):
        text = "".join(chance.choices(WORDS, k=12) + chance.choices(odd, k=12))
        text = "".join(chance.sample(text, len(text))) if chance.random() < 0.3 else text
        PREFILL._read(text, at=NOW, answers=False)


def test_what_breaks_an_extractor_costs_the_reading_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise KeyError("a citizen's words")

    monkeypatch.setattr(reader, "who", broken)
    assert PREFILL.read("我要投诉", at=NOW) is NOTHING_READ


def test_mentions_are_bounded() -> None:
    many = PREFILL.read("昨天，" * 6_000, at=NOW).mentions
    assert [m.span[0] for m in many] == [3 * n for n in range(MOST_MENTIONS)]
    kinds = [m.kind for m in PREFILL.read("，王先生昨天付了500元" * 1_000, at=NOW).mentions]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "person": MOST_PRIVATE,
        "time": MOST_MENTIONS,
        "money": MOST_MENTIONS,
    }


def test_a_long_list_of_names_is_kept_whole_so_that_all_are_masked() -> None:
    surnames = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗"
    named = [f"{surname}{title}" for surname in surnames for title in ("先生", "女士", "阿姨", "师傅", "老师", "经理")]
    found = PREFILL.read("签名：" + "，".join(named), at=NOW).mentions
    assert [m.value for m in found if m.kind == "person"] == named


@pytest.mark.parametrize(
    ("text", "at", "value"),
    [
        ("2月29号", datetime(2028, 3, 5, tzinfo=UTC), "2028-02-29"),
        ("2月29日", datetime(2027, 12, 5, tzinfo=UTC), "2028-02-29"),
        ("二月二十九号", datetime(2024, 2, 29, tzinfo=UTC), "2024-02-29"),
        ("2月28号", datetime(2027, 3, 5, tzinfo=UTC), "2027-02-28"),
        ("12月31号", datetime(2027, 1, 5, tzinfo=UTC), "2026-12-31"),
    ],
)
def test_a_day_without_a_year_is_the_nearest_that_there_is(text: str, at: datetime, value: str) -> None:
    assert [m.value for m in times.times(text, at)] == [value]


@pytest.mark.parametrize(("text", "at"), [("2月29号", NOW), ("2月30号", NOW), ("13月1号", NOW)])
def test_a_day_that_no_year_has_is_none(text: str, at: datetime) -> None:
    assert not times.times(text, at)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("my number is one three eight double\nzero one three eight double zero zero", "+8613800138000"),
        ("my number is ONE THREE Eight  triple   zero one two three four five", "+8613800012345"),
        ("call me: one three nine double  one two three four five six seven", "+8613911234567"),
    ],
)
def test_numbers_over_blanks_of_any_kind(text: str, number: str) -> None:
    found = [phone.value for phone in phones.phones(text)]
    assert found == [number]


@pytest.mark.parametrize(
    ("text", "name", "sure"),
    [
        ("海口椰风物业公司的保安现在还在拖欠工资", "海口椰风物业公司", 0.6),
        ("海口椰风物业公司老板一直拖欠工资", "海口椰风物业公司", 0.6),
        ("我要投诉海口椰风物业公司", "海口椰风物业公司", 0.8),
        ("有一家店叫椰香饭店，他们一直乱收费", "椰香饭店", 0.75),
        ("我在海口椰风物业公司上班，三个月没发工资", "海口椰风物业公司", 0.7),
    ],
)
def test_who_is_accused_is_still_found(text: str, name: str, sure: float) -> None:
    named = organisations.organisations(text)
    guess = parties.complained_about(text, named, None, [])
    assert guess is not None
    assert (guess.value, guess.confidence) == (name, sure)
