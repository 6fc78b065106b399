"""Numbers with a form of their own: right ones are read, wrong check characters are only offered."""

from __future__ import annotations

import pytest

from gateway.domain.guess import FILL_AT
from gateway.prefill.extract.numbers import numbers

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("text", "path", "value", "filled"),
    [
        ("我们公司代码91350100M000100Y43", "uscc", "91350100M000100Y43", True),
        ("我们公司代码91350100M000100Y44", "uscc", "91350100M000100Y44", False),
        ("身份证11010519491231002X", "id_number", "*", True),
        ("车牌琼A12345停在门口", "plate", "琼A12345", True),
        ("车牌琼A·12345停在门口", "plate", "琼A12345", True),
        ("车牌琼A一二三四五停在门口", "plate", "琼A12345", True),
        ("车牌琼a 零八幺两六", "plate", "琼A08126", True),
        ("那辆穷B12345", "plate", "琼B12345", True),
        ("新能源车琼AD12345", "plate", "琼AD12345", True),
    ],
)
def test_numbers(text: str, path: str, value: str, *, filled: bool) -> None:
    (guess,) = numbers(text)
    assert (guess.kind, guess.value, guess.confidence >= FILL_AT) == (path, value, filled)


@pytest.mark.parametrize("text", ["", "一共321元", "工单号202611230000001", "电话13800138000"])
def test_other_text_has_none(text: str) -> None:
    assert numbers(text) == []
