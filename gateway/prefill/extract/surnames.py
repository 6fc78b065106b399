"""Where a personal name ends in speech without punctuation, and what is none."""

from __future__ import annotations

from gateway.domain.surnames import COMMON, NO_PEOPLE, SURNAME, TITLE

__all__ = ["COMMON", "GIVEN", "NOT_A_NAME", "NO_PEOPLE", "SURNAME", "TITLE"]

_STOPS = (
    r"我|住|电话|手机|号码|在|是|要|想|家住|家在|今|昨|前天|反映|反应|投诉|举报|咨询|请|来自|来电|来反|来投|的|和我|跟|也|就|都|现在|这|那|你|您|他|她|"
    r"呢|啊|吧|哦|嗯|吗|呀|了|身份证|先生|女士|小姐|老师|阿姨|联系|打|有个|有一|有什|有问|家里|从|到|去|不|没|把|被|说|给|对|什么|谁|幺|一[三五七八九]|零|是"
)
GIVEN = rf"(?:(?!{_STOPS})[一-鿿](?:(?!{_STOPS})[一-鿿])?)"
"""One or two characters; none where what begins is no part of a name."""
NOT_A_NAME = (
    "路", "街", "村", "镇", "区", "市", "省", "巷", "店", "司", "院", "局", "岛", "县", "校", "厂", "站", "某某",
)  # fmt: skip
"""Endings of places and organisations: what ends so is no person."""
