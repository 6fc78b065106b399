"""A title says where and what, and nothing that was not said or filled."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.prefill.reader import PrefillReader
from gateway.prefill.title import TITLE_WIDTH
from tests.support.reading import city_prefill

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def shipped() -> PrefillReader:
    return city_prefill()


def read(prefill: PrefillReader, text: str) -> dict[str, Any]:
    return {guess.path: guess for guess in prefill.read(text, at=NOW).guesses}


@pytest.mark.parametrize(
    ("text", "called"),
    [
        ("你好，我在龙华区，国贸大道，这里的路灯坏了，晚上很黑，请派人来修一下。", "龙华区国贸大道 路灯坏了"),
        ("喂，您好，我想咨询一下异地就医备案怎么办理", "异地就医备案怎么办理"),
        ("Hello I want to report a restaurant selling expired food", "a restaurant selling expired food"),
        (
            "喂你好我想反映一下就是那个龙华区国贸大道这边的路灯不亮了好几天了晚上黑漆漆的老人出门都怕摔",
            "龙华区国贸大道 路灯不亮了好几天了",
        ),
        ("你好，我姓王，电话13876543210，我要投诉海甸岛沁园小区物业乱收停车费", "美兰区海甸岛沁园小区 物业乱收停车费"),
        ("我叫张伟电话13800138000海秀东路路灯坏了", "海秀东路 路灯坏了"),
        ("嗯那个我是美兰区灵山镇的村民我们村已经三天没有水了打了自来水公司电话也没有人接", "美兰区灵山镇 没有水了"),
        ("楼上装修从早上六点就开始敲敲打打根本没法睡觉我家在世贸雅苑3栋", "龙华区世贸雅苑3栋 楼上装修"),
        ("我就是想问一下那个公积金怎么提取啊", "公积金怎么提取"),
        (
            "喂喂喂听得到吗我这里是白龙街道的，那个，怎么说呢，就是楼下有个麻将馆天天吵到半夜",
            "美兰区白龙街道 楼下有个麻将馆天天吵到半夜",
        ),
        ("你好我要举报有人在龙华区滨海大道那边私自搭建", "龙华区滨海大道 私自搭建"),
        ("海口市琼山区府城街道绣衣坊那边垃圾堆成山了没人清理臭气熏天", "琼山区府城街道 垃圾堆成山了没人清理"),
        ("海甸五西路", "海甸五西路"),
        (
            "hello I want to report that the street light on Guomao Road has been broken for a week",
            "the street light on Guomao Road has been broken for a week",
        ),
        (
            "My name is John, my phone is 13800138000, the water in my building on Haidian Island is off",
            "the water in my building on Haidian Island is off",
        ),
        ("路灯啊已经坏了半个月了没人修", "路灯已经坏了半个月了没人修"),
        ("路灯呢已经坏了半个月了没人修", "路灯已经坏了半个月了没人修"),
        ("路灯吧就是坏了半个月了", "路灯就是坏了半个月了"),
        ("网吧就是半夜太吵", "网吧就是半夜太吵"),
        ("我要表扬12345", "表扬12345"),
        ("我想投诉一下物业", "投诉一下物业"),
        ("我要感谢李医生", "感谢李医生"),
        ("美兰区蓝天路隔壁楼半夜装修", "美兰区蓝天路隔壁楼 半夜装修"),
        ("美兰区蓝天路对面那栋楼半夜装修", "美兰区蓝天路对面那栋楼 半夜装修"),
        ("美兰区蓝天路隔壁小区半夜装修", "美兰区蓝天路隔壁小区 半夜装修"),
        ("美兰区蓝天路隔壁家半夜装修", "美兰区蓝天路隔壁家 半夜装修"),
        ("美兰区蓝天路对面家具店半夜装修", "美兰区蓝天路对面 家具店半夜装修"),
        ("美兰区蓝天路对面楼道堆杂物", "美兰区蓝天路对面 楼道堆杂物"),
        ("来海口玩被海鲜店骗了", "来海口玩被海鲜店骗了"),
        ("去万绿园玩被狗咬了", "龙华区万绿园 被狗咬了"),
        ("去万绿园散步的时候被狗咬了", "龙华区万绿园 被狗咬了"),
        ("我在美兰区海甸岛三西路，家里有很大的煤气味", "美兰区海甸岛三西路 家里有很大的煤气味"),
    ],
)
def test_it_says_where_and_what(shipped: PrefillReader, text: str, called: str) -> None:
    assert read(shipped, text)["demand.title"].value == called


def test_every_part_was_said_or_filled(shipped: PrefillReader) -> None:
    with (DATA / "demands.csv").open(encoding="utf-8", newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    with (DATA / "places.csv").open(encoding="utf-8", newline="") as file:
        texts += [row["text"] for row in csv.DictReader(file)][:120]
    for text in (*texts, "路灯" * 500, "投诉" + "噪音 " * 200, "The bus " * 100):
        fields = read(shipped, text)
        called = fields["demand.title"].value
        district = fields.get("place.district")
        name = district.value["name"] if district is not None and isinstance(district.value, dict) else ""
        rest = called.removeprefix(name)
        assert all(part in text for part in rest.split(" ")), (text, called)
        assert 0 < len(called) <= TITLE_WIDTH
        start, end = fields["demand.title"].span
        assert called.endswith(text[start:end])


@pytest.mark.parametrize(
    "who", ["我叫李伟", "我姓王", "电话13876543210", "我的手机号是一三八双零一三八三个零", "我是张三"]
)
@pytest.mark.parametrize(
    "what", ["龙华区国贸大道路灯不亮", "公交车司机态度恶劣", "小区停水了", "今天天气真不错啊朋友们"]
)
@pytest.mark.parametrize("between", ["，", "。", " "])
def test_nobodys_name_or_number_is_in_it(shipped: PrefillReader, who: str, what: str, between: str) -> None:
    for text in (f"{who}{between}{what}", f"{what}{between}{who}"):
        called = read(shipped, text)["demand.title"].value
        assert not any(part in called for part in ("李伟", "姓王", "张三", "1387", "双零", "电话", "手机"))
        assert len(called) >= 4


@pytest.mark.parametrize("filler", ["嗯", "呃", "嗯，那个，", "就是说", "喂", "你好，"])
@pytest.mark.parametrize("text", ["龙华区国贸大道路灯不亮", "公交车司机态度恶劣"])
def test_fillers_change_no_title(shipped: PrefillReader, filler: str, text: str) -> None:
    assert read(shipped, filler + text)["demand.title"].value == read(shipped, text)["demand.title"].value


def test_nothing_said_has_no_title(shipped: PrefillReader) -> None:
    assert "demand.title" not in read(shipped, "  。 ")
