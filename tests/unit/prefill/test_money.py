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
    ],
)
def test_sums(text: str, yuan: str) -> None:
    (guess,) = money(text)
    assert guess.value == yuan


@pytest.mark.parametrize("text", ["", "车牌琼A12321", "三个月", "这块地"])
def test_no_sums(text: str) -> None:
    assert money(text) == []
