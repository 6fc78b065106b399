"""Sums of money, in figures and in words."""

from __future__ import annotations

import pytest

from gateway.prefill.extract.money import money

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "yuan"),
    [
        ("房款二十八万六千元没退", "286000"),
        ("收了六十二块五", "62.5"),
        ("押金1,200元", "1200"),
        ("骗了我3万块钱", "30000"),
        ("一百零五元", "105"),
        ("停车费15块", "15"),
        ("收了我一万二", "12000"),
        ("押金三千多不退", "3000"),
        ("三千多块", "3000"),
        ("一万零五十元", "10050"),
        ("三万八千元", "38000"),
        ("they charged me 500 yuan", "500"),
        ("¥1,280.50 for a dinner", "1280.50"),
    ],
)
def test_sums(text: str, yuan: str) -> None:
    (guess,) = money(text)
    assert guess.value == yuan


@pytest.mark.parametrize("text", ["", "车牌琼A12321", "三个月", "这块地", "我要一万个理由"])
def test_no_sums(text: str) -> None:
    assert money(text) == []


@pytest.mark.parametrize("unit", ["一", "1", "1,", "万", "收了一万"])
def test_long_rows_of_digits_are_read_to_the_end(unit: str) -> None:
    text = unit * 100_000 + "，收了五百元"
    last = money(text)[-1]
    assert (last.value, last.span) == ("500", (len(text) - 3, len(text)))
