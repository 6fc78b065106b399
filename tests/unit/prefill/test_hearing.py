"""What was mis-heard is put right by sound where the domain has the word, and nothing else is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.domain.limits import CONTENT_CHARS, CONTENT_FULL, said_in
from gateway.domain.transcript import NewSegment
from gateway.domain.words import Speaker
from gateway.intake.call.record import heard_segment
from gateway.ports.recogniser import Final
from gateway.prefill.hearing import CAP, Hearing, differences
from gateway.prefill.reader import PrefillReader
from gateway.prefill.said import understand
from tests.support.reading import city_prefill

pytestmark = pytest.mark.unit
AT = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def prefill() -> PrefillReader:
    return city_prefill()


@pytest.fixture(scope="module")
def hearing(prefill: PrefillReader) -> Hearing:
    return prefill.hearing


@pytest.mark.parametrize(
    ("heard", "corrected"),
    [
        ("我想问攻击金带款需要什么材料", "我想问公积金贷款需要什么材料"),
        ("秀英区长流震，有一家饭店", "秀英区长流镇，有一家饭店"),
        ("在海电岛人民大岛增加一个公交站", "在海甸岛人民大道增加一个公交站"),
        ("地址是浓华气金冒接道", "地址是龙华区金贸街道"),
        ("我家在琼山七府城街道", "我家在琼山区府城街道"),
        ("国贸大的这里的路灯", "国贸大道这里的路灯"),
        ("我在美兰七百龙街灯", "我在美兰区白龙街道"),
    ],
)
def test_names_and_words_of_the_domain_are_put_right(hearing: Hearing, heard: str, corrected: str) -> None:
    assert hearing.corrected(heard) == corrected
    assert len(heard) == len(corrected)


@pytest.mark.parametrize(
    "heard",
    [
        "我家在琼山区府城街道，从昨天晚上停水到现在",
        "从龙话去说起我就生气",
        "我在琼山七中读书",
        "人民街的路灯坏了",
        "荷塘镇古楼村的桥",
        "服务质量太差，导游强迫我们购物",
        "医疗保险待遇怎么领",
        "请尽快处理，谢谢",
        "I live in Longhua district",
        "",
    ],
)
def test_what_is_right_or_only_sounds_a_little_alike_is_left_alone(hearing: Hearing, heard: str) -> None:
    assert hearing.corrected(heard) is None


def test_a_village_is_put_right_only_beside_another_name(hearing: Hearing) -> None:
    village = next(c for c in hearing.corrections("海秀街道滨涯春的路灯坏了"))
    assert (village.word, village.grade) == ("滨涯村", "like")
    assert hearing.corrected("我说的滨涯春的路灯坏了") is None


def test_the_transcript_keeps_what_was_heard_and_fields_rest_on_the_corrected_text(prefill: PrefillReader) -> None:
    heard = "我在海电岛，这里的路灯坏了"
    final = Final(start_ms=0, end_ms=4000, text=heard, language="zh", confidence=0.8, engine="whisper")
    read = understand(prefill, [heard_segment(Speaker.REQUESTER, 1, final)], AT, new=1)
    segment = read.said[0]
    assert (segment.text, segment.corrected_text) == (heard, "我在海甸岛，这里的路灯坏了")
    guesses = {guess.path: guess for guess in read.reading.guesses}
    assert guesses["demand.content"].value == "我在海甸岛，这里的路灯坏了"
    district = guesses["place.district"]
    assert (district.value["name"], district.span) == ("美兰区", (2, 5))
    assert district.confidence <= CAP


def test_a_persons_correction_is_what_fields_rest_on(prefill: PrefillReader) -> None:
    segment = NewSegment(
        seq=1, speaker="requester", start_ms=0, end_ms=9, text="在那边", corrected_text="在秀英区长流镇"
    )
    guesses = {guess.path: guess for guess in understand(prefill, [segment], AT, new=1).reading.guesses}
    assert guesses["demand.content"].value == "在秀英区长流镇"
    assert guesses["place.street"].confidence > CAP


def test_english_is_never_put_right(prefill: PrefillReader) -> None:
    final = Final(start_ms=0, end_ms=9, text="海电岛", language="en", confidence=None, engine="whisper")
    read = understand(prefill, [heard_segment(Speaker.REQUESTER, 1, final)], AT, new=1)
    assert read.said[0].corrected_text is None


def test_what_was_read_before_is_not_put_right_again(prefill: PrefillReader) -> None:
    before = NewSegment(seq=1, speaker="requester", start_ms=0, end_ms=9, text="我在海电岛")
    after = NewSegment(seq=2, speaker="requester", start_ms=9, end_ms=19, text="我在海电岛")
    read = understand(prefill, [before, after], AT, new=1)
    assert [s.corrected_text for s in read.said] == [None, "我在海甸岛"]


def test_a_content_never_grows_beyond_what_is_read(prefill: PrefillReader) -> None:
    said = [
        NewSegment(seq=n, speaker="requester", start_ms=n, end_ms=n + 1, text="路灯坏了" * 25, language="zh")
        for n in range(1, 300)
    ]
    content = understand(prefill, said, AT, new=0).reading.guesses[0].value
    whole = "，".join("路灯坏了" * 25 for _ in said)
    assert len(content) == CONTENT_CHARS
    assert content == whole[: said_in(content)] + CONTENT_FULL


def test_differences_are_runs_where_they_are_in_the_whole() -> None:
    found = [(c.start, c.end, c.word) for c in differences("海电岛人民大岛", "海甸岛人民大道", at=10)]
    assert found == [(11, 12, "甸"), (16, 17, "道")]
    assert differences("短", "长一些") == []
