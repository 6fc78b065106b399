"""What eyes that need not see a name or number are shown."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain import masking
from gateway.domain.restoring import restored

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("13800138000", "138****8000"),
        ("+8613800138000", "+86138****8000"),
        ("008613800138000", "0086138****8000"),
        ("+8675512345678", "+86755****5678"),
        ("12345", "***45"),
        ("1", "1"),
        ("", ""),
        (None, None),
    ],
)
def test_phones(value: str | None, shown: str | None) -> None:
    assert masking.phone(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [("张三", "张*"), ("欧阳三", "欧**"), ("张", "张"), ("John Smith", "J*** *****"), (None, None)]
)
def test_names(value: str | None, shown: str | None) -> None:
    assert masking.name(value) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("我的电话13912345678。", "我的电话139****5678。"),
        ("139 1234 5678", "139 **** 5678"),
        ("139-1234-5678", "139-****-5678"),
        ("幺三九一二三四五六七八", "幺三九****五六七八"),
        ("身份证440301199001011234", "身份证440***********1234"),
        ("电话8765432", "电话*****32"),
        ("民治大道12号3栋401", "民治大道12号3栋401"),
        ("拨打12345", "拨打12345"),
        ("二十三号楼", "二十三号楼"),
        ("+86138001380001", "+861*******0001"),
        ("138 - 0013 - 8000", "138 - **** - 8000"),
        ("138—0013—8000", "138—****—8000"),
        ("138·0013·8000", "138·****·8000"),
        ("138  0013  8000", "138  ****  8000"),
        ("幺三八三个零幺三八三个零", "幺三八*****八三个零"),
        ("一三八双零幺三八三个零", "一三八****八三个零"),
        ("一百三十八零零一三八零零零", "一百三十八****八零零零"),
        ("壹叁捌零零壹叁捌零零零", "壹叁捌****捌零零零"),
        ("幺三拐六八勾八幺两三四", "幺三拐****幺两三四"),
        ("工单20261123-0000001到哪了", "工单20261123-0000001到哪了"),
        ("单号202611230000001，电话13912345678", "单号202611230000001，电话139****5678"),
        ("13912345678，20261123 0000001", "139****5678，20261123 0000001"),
        ("卡号2026112300000011", "卡号202*********0011"),
        ("身份证110105490101002", "身份证110********1002"),
        ("20261323-0000001", "202*****-***0001"),
        (
            "one three eight zero zero one three eight zero zero zero",
            f"one three eight {'*' * 19} eight zero zero zero",
        ),
        ("138嗯0013呃8000", "138嗯****呃8000"),
        ("两个人三个月四个孩子五六七", "两个人三个月四个孩子五六七"),
        ("one of two or three of the four", "one of two or three of the four"),
        ("价格1280.50元，2026年3月5日10点", "价格1280.50元，2026年3月5日10点"),
    ],
)
def test_numbers_in_words(value: str, shown: str) -> None:
    assert masking.text(value) == shown


@given(st.text(alphabet="0123456789 -，零一二三张电话号abc０９", max_size=60))
def test_lengths_stay_so_that_spans_still_fit(text: str) -> None:
    masked = masking.text(text) or ""
    assert len(masked) == len(text)
    assert all(a in {b, "*"} for a, b in zip(masked, text, strict=True))


TICKET_NO = re.compile(r"20\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{7}")


@given(st.text(alphabet="0123456789", min_size=7, max_size=40).filter(lambda one: not TICKET_NO.fullmatch(one)))
def test_no_long_number_but_our_own_stays_whole(digits: str) -> None:
    assert digits not in (masking.text(f"电话{digits}好") or "")


def record() -> dict:
    return {
        "requester": {"name": "张三", "phone": "+8613800138000", "callback_phone": None},
        "demand": {
            "title": "电话13912345678",
            "content": "电话13912345678",
            "complained_about": {"name": "李四", "phone": "13700137000"},
        },
        "interactions": [
            {
                "from_raw": "sip:13800138000@10.0.0.1",
                "asserted_identity": "tel:13800138000",
                "diversion": None,
                "transcript": [{"text": "13912345678", "corrected_text": None}],
                "messages": [{"text": "13912345678"}],
            }
        ],
        "prefill": {"fields": {"requester.name": {"value": "张三"}, "demand.type": {"value": "help"}}},
    }


def test_a_record_for_others_holds_no_number_and_the_original_stays() -> None:
    full = record()
    shown = masking.record(full)
    for secret in ("13800138000", "13912345678", "13700137000", "张三", "李四"):
        assert secret not in str(shown)
    assert full == record()
    assert shown["prefill"]["fields"]["demand.type"]["value"] == "help"


NAMED = "我叫张三，张三的电话是13912345678，楼下老王烧烤店吵，李四经理不管"


def named(**requester: object) -> dict:
    return {
        "requester": {"name": "张三", "phone": "+8613800138000", "callback_phone": None, **requester},
        "demand": {"title": "张三投诉", "content": NAMED, "complained_about": {"name": "老王烧烤店", "phone": None}},
        "place": {"address": "民治大道1号，找张三"},
        "interactions": [{"from_raw": "sip:13800138000@10.0.0.1", "transcript": [{"text": NAMED}], "messages": []}],
        "prefill": {
            "fields": {
                "demand.category": {"value": "0101010101"},
                "place.community": {"value": "460106001001"},
                "demand.title": {"value": "张三投诉"},
            },
            "mentions": [
                {"kind": "person", "value": "李四", "span": [32, 34], "confidence": 0.9},
                {"kind": "phone", "value": "+8613912345678", "span": [12, 23], "confidence": 0.9},
                {"kind": "money", "value": "10000000", "span": None, "confidence": 0.9},
            ],
        },
    }


def test_names_that_the_pre_fill_found_are_hidden_wherever_they_are_said() -> None:
    shown = masking.record(named())
    assert shown["demand"]["content"] == "我叫张*，张*的电话是139****5678，楼下老王烧烤店吵，李*经理不管"
    assert shown["interactions"][0]["transcript"][0]["text"] == shown["demand"]["content"]
    assert shown["demand"]["title"] == shown["prefill"]["fields"]["demand.title"]["value"] == "张*投诉"
    assert shown["place"]["address"] == "民治大道1号，找张*"
    assert [mention["value"] for mention in shown["prefill"]["mentions"]] == ["李*", "+86139****5678", "10000000"]


def test_codes_and_firms_are_no_secret() -> None:
    shown = masking.record(named())
    assert shown["demand"]["complained_about"]["name"] == "老王烧烤店"
    assert shown["prefill"]["fields"]["demand.category"]["value"] == "0101010101"
    assert shown["prefill"]["fields"]["place.community"]["value"] == "460106001001"


@pytest.mark.parametrize(
    "about",
    [
        "物业",
        "万绿园",
        "楼下烧烤店",
        "王记面馆",
        "7-Eleven",
        "某某科技有限公司",
        "黄金海岸",
        "老板",
        "房东",
        "海底捞",
        "华润万家",
    ],
)
def test_shops_and_offices_that_are_complained_about_are_no_people(about: str) -> None:
    assert not masking.is_person(about)


@pytest.mark.parametrize(
    "about",
    ["李四", "欧阳小明", "老王", "John Smith", "麦国强", "温小明", "冼志", "褚时健", "阿强", "李四经理", "艾力·买买提"],
)
def test_who_is_complained_about_is_hidden_when_it_may_be_a_person(about: str) -> None:
    assert masking.is_person(about)


@pytest.mark.parametrize("wish", ["secret", "anonymous"])
def test_of_who_wants_to_stay_unknown_nothing_is_shown(wish: str) -> None:
    shown = masking.record(named(**{wish: True}))
    assert set(shown["requester"]["name"] + shown["requester"]["phone"]) == {"*"}
    assert "张" not in str(shown)
    assert "138" not in str(shown)


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("我叫张*，电话139****5678。请快", "我叫张三，电话13912345678。请快"),
        ("紧急！我叫张*，电话是139****5678。", "紧急！我叫张三，电话是13912345678。"),
        ("我叫李五，电话139****5678。", "我叫李五，电话13912345678。"),
        ("没有了", "没有了"),
        ("电话139***5678。", None),
        ("我叫张*，电话****。", None),
    ],
)
def test_an_edited_text_gets_back_what_its_masks_hide(sent: str, kept: str | None) -> None:
    found = restored(sent, "我叫张三，电话13912345678。", "我叫张*，电话139****5678。")
    assert (found.text if found else None) == kept


@given(st.text(alphabet="12345678张三*，", max_size=40), st.text(alphabet="12345678张三*，", max_size=40))
def test_a_restored_text_differs_only_where_masks_stood(stored: str, sent: str) -> None:
    found = restored(sent, stored, masking.text(stored) or "")
    kept = found.text if found else None
    if kept is not None:
        assert len(kept) == len(sent)
        assert all(b in {a, "*"} for a, b in zip(kept, sent, strict=True))


def test_a_list_item_has_no_transcript_to_mask() -> None:
    full = record()
    del full["interactions"][0]["transcript"], full["interactions"][0]["messages"]
    assert "transcript" not in masking.record(full)["interactions"][0]


def test_a_complained_about_person_with_a_rarer_surname_is_hidden_everywhere() -> None:
    said = "投诉麦国强，他打人"
    about = {"name": "麦国强经理", "phone": None}
    shown = masking.record({"demand": {"title": said, "content": said, "complained_about": about}})
    assert shown["demand"]["content"] == shown["demand"]["title"] == "投诉麦**，他打人"
    assert shown["demand"]["complained_about"]["name"] == "麦**经理"


@pytest.mark.parametrize(
    ("address", "hidden"), [("王府井", False), ("龙华区王府井大街", False), ("1号，找王府井", True)]
)
def test_where_it_is_is_no_person(address: str, *, hidden: bool) -> None:
    full = {"demand": {"content": "王府井太吵", "complained_about": {"name": "王府井"}}, "place": {"address": address}}
    assert (masking.record(full)["demand"]["content"] == "王**太吵") is hidden


def test_a_number_that_pre_fill_found_is_hidden_wherever_it_is_said() -> None:
    said = "138 x 0013 x 8000"
    mention = {"kind": "phone", "value": "+8613800138000", "span": [2, 2 + len(said)]}
    full = {
        "demand": {"content": f"电话{said}。", "title": said},
        "interactions": [{"transcript": [{"text": said, "corrected_text": said}], "messages": [{"text": said}]}],
        "prefill": {"mentions": [mention]},
    }
    shown = masking.record(full)
    assert "0013" not in str(shown)
    assert len(shown["demand"]["content"]) == len(full["demand"]["content"])


def test_a_number_that_was_keyed_in_is_hidden() -> None:
    shown = masking.record({"interactions": [{"dtmf": list("13800138000")}, {"dtmf": ["1", "#"]}]})
    assert [one["dtmf"] for one in shown["interactions"]] == [list("138****8000"), ["1", "#"]]
