"""Addresses fall into their parts; in running speech they end where the talk goes on."""

from __future__ import annotations

import time

import pytest

from gateway.prefill.address import LABELS, parse, tail, unnamed
from gateway.prefill.place import Gazetteer
from gateway.settings.sections import INSTALLATION

pytestmark = pytest.mark.unit


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return Gazetteer.read(INSTALLATION / "config" / "gazetteer.csv")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            "龙华区金贸街道国贸路世贸雅苑3栋2单元501室",
            "district 龙华区|street 金贸街道|road 国贸路|compound 世贸雅苑|building 3栋|unit 2单元|room 501室",
        ),
        ("海秀东路36号望海国际广场对面", "road 海秀东路|number 36号|poi 望海国际广场|relation 对面"),
        ("府城街道云露社区三十二号", "street 府城街道|community 云露社区|number 三十二号"),
        ("西秀镇荣山寮村12号", "street 西秀镇|community 荣山寮村|number 12号"),
        ("阳光花园8-10-1109", "compound 阳光花园|building 8|unit 10|room 1109"),
        ("海南省海口市美兰区", "province 海南省|city 海口市|district 美兰区"),
    ],
)
def test_parts(text: str, parts: str) -> None:
    found = parse(text)
    assert "|".join(f"{p.label} {p.text}" for p in found) == parts
    assert all(text[p.span[0] : p.span[1]] == p.text and p.label in LABELS for p in found)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("我在海秀东路望海国际广场对面的天桥上", "海秀东路望海国际广场对面"),
        ("国贸路世贸雅苑三栋二单元五零一停水", "国贸路世贸雅苑三栋二单元五零一"),
        ("国贸路上的路灯坏了", "国贸路"),
        ("美兰区白龙街道的井盖", "美兰区白龙街道"),
        ("龙华区阳光小区停水了", "龙华区阳光小区"),
        ("我住在阳光小区三栋二单元", "阳光小区三栋二单元"),
        ("我们小区停水", ""),
        ("我在深圳阳光小区三栋", ""),
    ],
)
def test_the_address_in_running_speech(gazetteer: Gazetteer, text: str, address: str) -> None:
    assert {g.path: g.value for g in gazetteer.find(text)}.get("place.address", "") == address


@pytest.mark.parametrize("unit", ["路", "一", "小区", "区", "1-", "国贸路1号", "城城", "栋"])
def test_odd_texts_are_read_to_the_end(unit: str) -> None:
    odd = (unit * 20_000)[:20_000]
    text = f"{odd}，新民路12号"
    started = time.process_time()
    parts = parse(text)
    span = unnamed(text)
    end = tail(text, 0)
    print(f"{unit!r}: {time.process_time() - started:.2f} s")
    assert all(text[p.span[0] : p.span[1]] == p.text for p in parts)
    assert span in {(0, len(odd)), (len(odd) + 1, len(text))}
    assert end in {0, len(odd)}
