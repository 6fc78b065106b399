"""Similar tickets: ranking, what is no candidate, and an index that forgets as if it had never known."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.prefill.similar import CHARS, Entry, ScoredTicket, SimilarIndex, vector

pytestmark = pytest.mark.unit

TEXTS = (
    "金贸街道国贸路的路灯已经坏了一个星期，晚上很黑",
    "国贸路路灯不亮，金贸街道晚上走路看不见",
    "海秀东路自来水管爆了，水流了一地",
    "海秀东路那边水管爆裂，到处都是水",
    "美舍河边的烧烤摊每天半夜还在吵，睡不着",
    "公司社保缴费基数算错了怎么补缴",
    "公积金贷款额度现在最高是多少",
    "小区电梯又停了，物业不修，老人下不了楼",
    "学校门口乱停车，孩子过马路很危险",
    "出租车拒载还绕路，车牌琼A12345",
)


def entry(n: int, text: str, **more: str | None) -> Entry:
    return Entry(ticket_id=f"T{n:03d}", text=text, at=float(n), **more)


def index_of(entries: Sequence[Entry], part: int = 4096) -> SimilarIndex:
    index = SimilarIndex(part=part)
    for one in entries:
        index.add(one)
    return index


@pytest.mark.parametrize("part", [3, 4096])
def test_the_same_matter_in_other_words_comes_first(part: int) -> None:
    index = index_of([entry(n, text) for n, text in enumerate(TEXTS)], part)
    assert [one.ticket_id for one in index.search(entry(0, TEXTS[0]))][:1] == ["T001"]
    assert [one.ticket_id for one in index.search(entry(99, TEXTS[2]))][:2] == ["T002", "T003"]


def test_a_ticket_does_not_find_itself_and_a_copy_of_it_scores_one() -> None:
    index = index_of([entry(n, text) for n, text in enumerate((*TEXTS, TEXTS[4]))])
    found = index.search(entry(4, TEXTS[4]))
    assert found[0].ticket_id == "T010"
    assert found[0].score == pytest.approx(1.0, abs=1e-3)
    assert all(one.ticket_id != "T004" for one in found)


def test_what_was_misheard_still_sounds_the_same() -> None:
    index = index_of([entry(n, text) for n, text in enumerate(TEXTS)])
    heard = entry(50, "海秀东路自来水馆报了，水留了一地")
    assert index.search(heard)[0].ticket_id == "T002"


def test_unrelated_tickets_and_texts_that_say_nothing_find_nothing() -> None:
    index = index_of([entry(n, text) for n, text in enumerate(TEXTS)])
    assert index.search(entry(50, "想问一下身份证过期了去哪里换")) == []
    assert index.search(entry(51, "")) == []
    assert index.search(entry(52, "你好，请问。")) == []
    assert index.search(entry(53, "您好我要投诉，希望有关部门尽快处理")) == []


def test_another_district_or_an_earlier_time_is_no_candidate() -> None:
    index = index_of([entry(1, TEXTS[0], district="460105"), entry(2, TEXTS[0], district="460106"), entry(3, TEXTS[0])])
    mine = entry(9, TEXTS[0], district="460105")
    assert {one.ticket_id for one in index.search(mine)} == {"T001", "T003"}
    assert {one.ticket_id for one in index.search(mine, since=2.0)} == {"T003"}


def test_another_topic_or_street_counts_less_and_an_unknown_one_does_not() -> None:
    index = index_of(
        [entry(1, TEXTS[0], topic="环境"), entry(2, TEXTS[0], topic="照明", street="b"), entry(3, TEXTS[0])]
    )
    found = index.search(entry(9, TEXTS[0], topic="照明", street="a"))
    assert [one.ticket_id for one in found] == ["T003", "T002", "T001"]
    assert found[0].score > found[1].score > found[2].score


def test_two_matters_at_one_place_are_told_apart_by_their_category() -> None:
    lamp = entry(0, "金贸街道国贸路的路灯坏了，晚上很黑", topic="市政", subtopic="照明")
    car = "金贸街道国贸路有人乱停车，堵住了人行道"
    assert index_of([entry(1, car)]).search(lamp)[0].ticket_id == "T001"
    assert index_of([entry(1, car, topic="公安", subtopic="停车")]).search(lamp) == []
    pipes = index_of([entry(1, lamp.text, topic="市政", subtopic="道路"), entry(2, lamp.text, topic="市政")])
    assert [one.ticket_id for one in pipes.search(lamp)] == ["T002", "T001"]


def test_an_entry_that_comes_again_replaces_the_earlier_one() -> None:
    index = index_of([entry(1, TEXTS[0]), entry(2, TEXTS[5])])
    index.add(entry(1, TEXTS[7]))
    assert len(index) == 2
    assert index.search(entry(9, TEXTS[0])) == []
    assert [one.ticket_id for one in index.search(entry(9, TEXTS[7]))] == ["T001"]


def test_when_half_the_city_reports_one_thing_it_is_still_found() -> None:
    index = index_of([entry(n, f"{TEXTS[n % 10]}{n}" if n % 2 else f"{TEXTS[2]}，{n}号") for n in range(600)], part=128)
    found = index.search(entry(999, TEXTS[3]), top=400)
    assert len(found) >= 300


def test_tickets_from_before_a_time_are_named() -> None:
    index = index_of([entry(n, text) for n, text in enumerate(TEXTS)], part=4)
    index.remove("T001")
    assert sorted(index.older_than(4.0)) == ["T000", "T002", "T003"]


def test_at_most_as_many_as_were_asked_for() -> None:
    index = index_of([entry(n, f"{TEXTS[8]}{n}") for n in range(30)], part=8)
    assert len(index.search(entry(99, TEXTS[8]), top=5)) == 5
    assert len(index.search(entry(99, TEXTS[8]), top=100)) == 30


def test_only_the_beginning_of_a_long_text_counts_and_any_text_has_a_vector() -> None:
    assert len(vector("路灯坏了" * 500_000)[0]) < 3 * CHARS
    for odd in ("\ud800\ud800\ud800\ud800", "\x00" * 9, "🙂" * 9, "abc def", "　" * 5):
        buckets, times = vector(odd)
        assert len(buckets) == len(times)


words = st.sampled_from(TEXTS)
steps = st.lists(
    st.tuples(st.integers(0, 11), st.one_of(st.none(), st.tuples(words, words)), st.sampled_from([None, "a", "b"])),
    max_size=60,
)


@settings(deadline=None, max_examples=50)
@given(steps=steps, part=st.integers(2, 7))
def test_adding_and_removing_comes_to_the_same_as_building_anew(
    steps: list[tuple[int, tuple[str, str] | None, str | None]], part: int
) -> None:
    grown = SimilarIndex(part=part)
    left: dict[str, Entry] = {}
    for n, texts, code in steps:
        if texts is None:
            grown.remove(f"T{n:03d}")
            left.pop(f"T{n:03d}", None)
        else:
            one = entry(n, "".join(texts), district=code, topic=code)
            grown.add(one)
            left[one.ticket_id] = one
    built = index_of(list(left.values()))
    grown.settle(now=True)
    built.settle(now=True)
    assert len(grown) == len(built) == len(left)
    for text in TEXTS:
        asked = entry(99, text, district="a")
        assert scores(grown.search(asked, top=20)) == pytest.approx(scores(built.search(asked, top=20)), abs=1e-4)


def scores(found: list[ScoredTicket]) -> dict[str, float]:
    return {one.ticket_id: one.score for one in found if one.score > 0.1501}  # not what rounding alone decides
