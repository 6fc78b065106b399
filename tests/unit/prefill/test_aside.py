"""Places named beside the one that is meant: denied, somebody's office, left behind; of two none is sure."""

from __future__ import annotations

import time

import pytest

from gateway.domain.guess import FILL_AT, Guess
from gateway.prefill.place import Gazetteer
from gateway.settings.sections import INSTALLATION

pytestmark = pytest.mark.unit

SURE, TO_CHECK = 0.9, 0.75
LINEAR_S = 3.0
"""Many times what it takes."""


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return Gazetteer.read(INSTALLATION / "config" / "gazetteer.csv")


def district(gazetteer: Gazetteer, text: str) -> Guess | None:
    return next((g for g in gazetteer.find(text) if g.path == "place.district"), None)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("我不住在秀英区，我住琼山区府城街道那边", "琼山区"),
        ("不要把这个派到龙华区，应该派到美兰区", "美兰区"),
        ("不去美兰区了，直接来秀英区", "秀英区"),
        ("隔壁美兰区都通气了，我们琼山区怎么没有", "琼山区"),
        ("The restaurant is not in Longhua District, it is in Meilan District", "美兰区"),
        ("I used to live in Xiuying District, now I live in Qiongshan District", "琼山区"),
        ("I don't live in Meilan District, I live in Xiuying District", "秀英区"),
        ("别派到龙华区，我这里是美兰区", "美兰区"),
        ("不是龙华区金贸街道，是美兰区白龙街道", "美兰区"),
        ("没有去美兰区，我就在龙华区", "龙华区"),
        ("从龙华区搬到美兰区，户口怎么迁", "美兰区"),
        ("不属于秀英区，属于琼山区", "琼山区"),
        ("不能转给秀英区，应该归龙华区", "龙华区"),
        ("是不是龙华区管", "龙华区"),
        ("龙华区政府门口的路灯坏了", "龙华区"),
        ("投诉美兰区城管局不作为", "美兰区"),
        ("琼山区府城街道办事处不给开证明", "琼山区"),
        ("我住在秀英区，小区停水", "秀英区"),
        ("特别是龙华区的路灯", "龙华区"),
        ("美兰区海甸岛人民大道的路灯坏了", "美兰区"),
        ("不要在美兰区的公园抽烟，建议立牌", "美兰区"),
        ("海口市龙华区金贸街道国贸路28号楼下烧烤店", "龙华区"),
        ("The lamp on Guomao Road in Longhua District is broken", "龙华区"),
    ],
)
def test_what_is_denied_leaves_the_other_sure(gazetteer: Gazetteer, text: str, name: str) -> None:
    found = district(gazetteer, text)
    assert found is not None
    assert (found.value["name"], found.confidence) == (name, SURE)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("这个事龙华区说归美兰区管", "美兰区"),
        ("我在龙华区派出所报过警了，但是事情发生在秀英港", "秀英区"),
        ("我公司在龙华区，但是工地在江东新区", "美兰区"),
        ("我是龙华区政府的工作人员，我要反映美兰区的一个工地", "美兰区"),
        ("美兰区法院的法官态度不好，房子在秀英区", "秀英区"),
        ("你们叫我去琼山区政府，我家在秀英区", "秀英区"),
        ("我住美兰区，在龙华区上班，被公司辞退了", None),
        ("龙华区和美兰区都停水", None),
        ("龙华区住建局说让我找美兰区", "美兰区"),
        ("龙华区的店，不过房子在琼山区", "琼山区"),
        ("以前住在美兰区", "美兰区"),
        ("金贸街道和大同街道之间的路灯坏了", None),
    ],
)
def test_of_two_places_none_is_sure(gazetteer: Gazetteer, text: str, name: str | None) -> None:
    found = {g.path: g for g in gazetteer.find(text)}
    assert name is None or found["place.district"].value["name"] == name
    assert found.get("place.street", found["place.district"]).confidence <= TO_CHECK


@pytest.mark.parametrize(
    "text",
    [
        "除了美兰区，其他区都停水",
        "只有龙华区不停水",
        "我老家在秀英区石山镇，现在在广州打工",
        "龙华区说不归他们管",
        "除了美兰区白龙街道，别的地方都有",
        "我原来住琼山区，现在住在深圳",
    ],
)
def test_what_is_only_set_aside_is_not_filled(gazetteer: Gazetteer, text: str) -> None:
    assert [g for g in gazetteer.find(text) if g.confidence >= FILL_AT] == []


@pytest.mark.parametrize("unit", ["不要派", "龙华区", "龙华区说", "not in ", "现在在广州", "不是美兰区政府，但是"])
def test_asides_are_looked_for_in_linear_time(gazetteer: Gazetteer, unit: str) -> None:
    text = (unit * 20_000)[:20_000]
    started = time.process_time()
    gazetteer.find(text)
    assert time.process_time() - started < LINEAR_S
