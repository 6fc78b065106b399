"""What is denied is not what a demand is about; what is missing, unmended or worse than before is no denial."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from gateway.domain.guess import FILL_AT, Guess
from gateway.prefill.denial import denied_spans
from gateway.prefill.reader import PrefillReader
from tests.support.reading import city_prefill

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
SURE = 0.9
_BY_WORDS = 0.85
"""What urgency is by its words alone."""


@pytest.fixture(scope="module")
def shipped() -> PrefillReader:
    return city_prefill()


def read(prefill: PrefillReader, text: str) -> dict[str, Guess]:
    return {guess.path: guess for guess in prefill.read(text, at=NOW).guesses}


def told(guess: Guess | None, least: float) -> Any:
    """What ``guess`` says when it is at least so sure."""
    if guess is None or guess.confidence < least:
        return None
    return guess.value.get("level") or guess.value.get("code") if isinstance(guess.value, dict) else guess.value


@pytest.mark.parametrize(
    "text",
    [
        "已经没有呼吸了，快来人",
        "火还没灭，现在好了一点但还在烧",
        "触电的那个人已经没有心跳了",
        "孩子溺水了，已经没有意识了",
        "楼上着火了，我们已经没有路可以跑了",
        "燃气泄漏，已经没有人敢进去",
        "已经没有办法了，我不想活了，要跳楼",
        "已经没有办法了我不想活了",
        "没办法了不想活了",
        "已经灭了两次火了又烧起来了",
        "我已经处理好自己的伤口了，但是我妈还被困在里面",
        "老人突然没有了心跳",
        "他停止呼吸了",
        "她在天台上想轻生",
        "我爸喝农药了",
        "救出来一个了，已经解决一半，还有两个困在里面",
        "不是开玩笑着火了快来",
        "快来看看是不是煤气泄漏了",
        "He is not breathing",
        "She wants to kill herself",
        "之前电梯困人已经处理好了但是昨天又困人了",
        "There is a gas leak and no one answers",
        "No, the house is on fire",
        "We can't get the trapped child out",
    ],
)
def test_danger_that_is_not_over_is_urgent(shipped: PrefillReader, text: str) -> None:
    assert told(read(shipped, text).get("demand.urgency"), _BY_WORDS) == "urgent"


@pytest.mark.parametrize(
    "text",
    [
        "昨晚着火了，已经扑灭了",
        "电梯里有人被困，现在没事了",
        "The house was on fire? A false alarm",
        "漏电已经修好了",
    ],
)
def test_danger_that_is_said_to_be_over_is_for_a_person_to_decide(shipped: PrefillReader, text: str) -> None:
    assert read(shipped, text)["demand.urgency"].confidence < FILL_AT


@pytest.mark.parametrize(
    "text",
    [
        "There is no gas leak, it was only the sewer smell",
        "Nobody is trapped in the elevator",
        "No one was trapped in the lift",
        "There was no fire, false alarm",
        "He was not hurt, I only want to ask about insurance",
        "没有人受伤，就是车刮了",
        "孩子没有受伤了，就问保险",
        "没有发生爆炸",
        "大火锅店油烟扰民",
        "没有呼吸机用，想问哪里租",
        "现在已经没有煤气味了我只想问问原因",
        "已经没事了",
        "已经没什么问题了，谢谢",
    ],
)
def test_no_danger_is_not_urgent(shipped: PrefillReader, text: str) -> None:
    assert told(read(shipped, text)["demand.urgency"], FILL_AT) == "normal"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("我不想投诉他，我只想拿回押金", "complaint"),
        ("我没说要投诉，我就问问", "complaint"),
        ("客服说让我打12345举报，我不想举报", "report"),
        ("我不是来投诉的", "complaint"),
        ("不用投诉，帮我修一下就行", "complaint"),
        ("我没有想过要举报他", "report"),
        ("不是举报，就是问一下", "report"),
        ("I don't want to complain, just fix the lamp", "complaint"),
        ("I am not calling to report anybody", "report"),
    ],
)
def test_what_is_not_wanted_is_not_the_type(shipped: PrefillReader, text: str, kind: str) -> None:
    assert told(read(shipped, text).get("demand.type"), FILL_AT) != kind


@pytest.mark.parametrize(
    ("text", "kind", "least"),
    [
        ("我要投诉他们", "complaint", SURE),
        ("没人管我要投诉", "complaint", SURE),
        ("他们一直不来我要投诉", "complaint", SURE),
        ("什么说法都没有我要投诉", "complaint", SURE),
        ("打电话没用我要投诉物业", "complaint", SURE),
        ("我特别想投诉这个司机", "complaint", SURE),
        ("我以前从来没投诉过，这次我要投诉", "complaint", SURE),
        ("我不是咨询，我要投诉", "complaint", SURE),
        ("我不想投诉司机，我想投诉公司", "complaint", SURE),
        ("我不想实名举报，我要匿名举报", "report", SURE),
        ("本来不想投诉，但是太过分了", "complaint", FILL_AT),
        ("不投诉不行了，物业一直不管", "complaint", FILL_AT),
        ("我打了三次都没投诉成功", "complaint", FILL_AT),
        ("能不能投诉这个老板", "complaint", FILL_AT),
        ("I want to complain about the taxi driver", "complaint", FILL_AT),
    ],
)
def test_what_is_wanted_stays_sure(shipped: PrefillReader, text: str, kind: str, least: float) -> None:
    assert told(read(shipped, text).get("demand.type"), least) == kind


@pytest.mark.parametrize(
    ("text", "branch"),
    [
        ("没有人打架，就是声音大", "0904"),
        ("没有人非法采砂", "010605"),
        ("公交车没有甩站", "0803"),
        ("我家的井盖没有丢，只是松动了", "010501"),
        ("没有欠我工资，就是想问社保", "1501"),
        ("The taxi driver was not rude", "0804"),
        ("Nobody is trapped in the elevator", "1004"),
        ("There is no gas leak, it was only the sewer smell", "0301"),
        ("There was no fire, false alarm", "1801"),
        ("并没有人在打架", "0904"),
        ("没有发生煤气泄漏", "0301"),
        ("路灯没有坏，就是想问几点开", "040201"),
        ("水管没有爆，就是想换一个", "010103"),
    ],
)
def test_a_denied_wrong_is_not_the_category(shipped: PrefillReader, text: str, branch: str) -> None:
    code = told(read(shipped, text).get("demand.category"), _BY_WORDS)
    assert not (code or "").startswith(branch)


@pytest.mark.parametrize(
    ("text", "branch"),
    [
        ("家里没有水", "0101"),
        ("小区没有电两天了", "02"),
        ("路边有人打架，没有人管", "0904"),
        ("垃圾没有人清", "0501"),
        ("井盖没有了", "0105"),
        ("老板没有发工资", "1501"),
        ("路灯坏了一直没修", "0402"),
        ("酒店没有退押金给我", "100401"),
        ("有没有人管非法采砂", "010605"),
        ("非法采砂没人处理", "010605"),
        ("上次没有甩站，这次公交车甩站了", "08"),
        ("There is no water in our building", "0101"),
        ("The taxi driver was rude and no one answers", "08"),
        ("The street light is not working", "0402"),
    ],
)
def test_what_is_missing_or_not_mended_stays(shipped: PrefillReader, text: str, branch: str) -> None:
    code = told(read(shipped, text).get("demand.category"), FILL_AT)
    assert code is not None
    assert code.startswith(branch)


@pytest.mark.parametrize(
    "text",
    [
        "没有处理违建",
        "没人管噪音",
        "有没有漏水",
        "没收违法所得",
        "没有火灾报警器",
        "not only rude",
        "no fire exit",
        "没水",
    ],
)
def test_only_a_wrong_right_after_the_denial_is_denied(text: str) -> None:
    assert not denied_spans(text)


def test_a_long_text_of_denials_costs_little() -> None:
    assert len(denied_spans("没有人打架，" * 500)) == 500
