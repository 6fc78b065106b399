"""What eyes that need not see a name or number are shown."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.web import masking

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
    ],
)
def test_numbers_in_words(value: str, shown: str) -> None:
    assert masking.text(value) == shown


@given(st.text(alphabet="0123456789 -，零一二三张电话号abc０９", max_size=60))
def test_lengths_stay_so_that_spans_still_fit(text: str) -> None:
    masked = masking.text(text) or ""
    assert len(masked) == len(text)
    assert all(a in {b, "*"} for a, b in zip(masked, text, strict=True))


@given(st.text(alphabet="0123456789", min_size=7, max_size=40))
def test_no_long_number_stays_whole(digits: str) -> None:
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
    shown = masking.record(full, words=True)
    for secret in ("13800138000", "13912345678", "13700137000", "张三", "李四"):
        assert secret not in str(shown)
    assert full == record()
    assert shown["prefill"]["fields"]["demand.type"]["value"] == "help"


def test_at_the_desk_words_stay_readable() -> None:
    shown = masking.record(record(), words=False)
    assert shown["demand"]["content"] == "电话13912345678"
    assert shown["requester"]["phone"] == "+86138****8000"
    assert "13800138000" not in str(shown)


def test_a_list_item_has_no_transcript_to_mask() -> None:
    full = record()
    del full["interactions"][0]["transcript"], full["interactions"][0]["messages"]
    assert "transcript" not in masking.record(full, words=True)["interactions"][0]
