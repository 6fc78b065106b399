"""Places in sentences written before the matcher: clean, mis-heard, outside the city; and the tables behind them."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import pytest

from gateway.domain.guess import FILL_AT
from gateway.errors import ConfigError
from gateway.prefill.place import Gazetteer
from gateway.settings.sections import INSTALLATION

pytestmark = pytest.mark.unit

DATA = INSTALLATION / "tests" / "data"
FILES = ("places.csv", "places_hard.csv")


@pytest.fixture(scope="module")
def gazetteer() -> Gazetteer:
    return Gazetteer.read(INSTALLATION / "config" / "gazetteer.csv")


def sentences(name: str, kind: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["kind"] == kind]


def f1(pairs: list[tuple[str, str]]) -> float:
    """Micro-F1 of (found, gold) codes; "" is nothing found, nothing to find."""
    right = sum(1 for found, gold in pairs if found and found == gold)
    return 2 * right / (sum(1 for found, _ in pairs if found) + sum(1 for _, gold in pairs if gold))


def codes(gazetteer: Gazetteer, text: str) -> dict[str, str]:
    return {g.path: g.value["code"] for g in gazetteer.find(text) if g.path != "place.address"}


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize(("kind", "street_bound"), [("clean", 0.97), ("error", 0.90)])
def test_streets_and_districts_are_found(gazetteer: Gazetteer, name: str, kind: str, street_bound: float) -> None:
    rows = sentences(name, kind)
    found = [codes(gazetteer, row["text"]) for row in rows]
    street = f1([(f.get("place.street", ""), row["street"]) for f, row in zip(found, rows, strict=True)])
    district = f1([(f.get("place.district", ""), row["district"]) for f, row in zip(found, rows, strict=True)])
    print(f"{kind}: {len(rows)} sentences, street F1 {street:.3f}, district F1 {district:.3f}")
    assert street >= street_bound
    assert district >= 0.95


@pytest.mark.parametrize("name", FILES)
def test_no_outside_place_is_placed_in_the_city(gazetteer: Gazetteer, name: str) -> None:
    rows = sentences(name, "outside")
    assert rows
    assert [row["text"] for row in rows if codes(gazetteer, row["text"])] == []


def test_what_was_misheard_stays_as_written_and_is_less_sure(gazetteer: Gazetteer) -> None:
    text = "我在龙花区海秀东路三十六号二栋"
    found = {g.path: g for g in gazetteer.find(text)}
    assert found["place.district"].value == {"code": "460106", "name": "龙华区"}
    assert found["place.district"].confidence < 0.9
    start, end = found["place.district"].span or (0, 0)
    assert text[start:end] == "龙花区"
    assert found["place.address"].value == "龙花区海秀东路三十六号二栋"


@pytest.mark.parametrize(
    ("text", "street"),
    [
        ("三门镇的荔枝没人收", "460107104"),
        ("和平街道的路灯坏了", "460108007"),
        ("金贸街的写字楼停电", "460106003"),
        ("府城镇的小区停水", "460107002"),
        ("荣山寮有人违建", "460105101"),
        ("浙江三门镇的荔枝", ""),
    ],
)
def test_places_are_called_loosely(gazetteer: Gazetteer, text: str, street: str) -> None:
    assert codes(gazetteer, text).get("place.street", "") == street


@pytest.mark.parametrize(
    ("text", "district"),
    [
        ("不是龙华区，是美兰区", "460108"),
        ("不是龙华区的事", ""),
        ("我从美兰机场打车，司机绕路", ""),
        ("我住在龙华区，要投诉美兰区一家饭店", "460108"),
        ("我住在龙华区，楼上装修", "460106"),
        ("以前住琼山区，现在住秀英区", "460105"),
        ("长沙县榔梨镇大园社区", ""),
        ("榔梨镇大园社区停电", ""),
    ],
)
def test_places_named_by_the_way(gazetteer: Gazetteer, text: str, district: str) -> None:
    assert codes(gazetteer, text).get("place.district", "") == district


@pytest.mark.parametrize(
    ("text", "district"),
    [
        ("美兰区重庆火锅店油烟扰民", "460108"),
        ("龙华区兰州拉面馆半夜放音乐", "460106"),
        ("秀英区温州商城消防通道堵了", "460105"),
        ("金贸街道武汉热干面店占道经营", "460106"),
        ("海甸岛湖南米粉店噪音大", "460108"),
        ("龙华区深圳大酒店停车乱收费", "460106"),
        ("美兰区义乌小商品城没有消防栓", "460108"),
        ("美兰区三亚海鲜酒楼宰客", "460108"),
        ("重庆火锅店在美兰区油烟很大", "460108"),
        ("四川老板在秀英区拖欠工资", "460105"),
        ("湖南车牌的货车在琼山区乱停", "460107"),
        ("三亚吉阳区重庆火锅店卫生差", ""),
        ("深圳龙华区重庆火锅店不退款", ""),
        ("深圳龙华的火锅店", ""),
        ("深圳的司机在龙华区绕路", ""),
        ("三亚海鲜店在解放路那边宰客", ""),
        ("重庆市的火锅店不退款", ""),
        ("儋州人民路的海鲜店", ""),
        ("文昌龙楼镇的海鲜店", ""),
        ("有一家深圳公司在龙华区骗我", ""),
    ],
)
def test_what_is_called_after_another_city_stays_where_it_was_said_to_be(
    gazetteer: Gazetteer, text: str, district: str
) -> None:
    assert codes(gazetteer, text).get("place.district", "") == district


@pytest.mark.parametrize(
    ("text", "offered"),
    [
        ("是海秀的新村还是新坡的新村，我也不知道", "district 460105|460106,street 460105102|460106102"),
        ("不知道是美兰区还是琼山区的", "district 460108|460107"),
        ("不是美兰区就是琼山区", "district 460108|460107"),
        ("我也不确定是灵山镇还是演丰镇", "street 460108101|460108102"),
        ("好像在金贸街道，也可能是国兴街道", "district 460106|460107,street 460106003|460107001"),
        ("龙华区和美兰区交界的地方有人倒垃圾", "district 460106|460108"),
        ("在秀英区或者龙华区或者琼山区", "district 460105|460106|460107"),
        ("it is either in Longhua District or in Meilan District", "district 460106|460108"),
        ("the shop is in Meilan or Longhua, not sure", "district 460108|460106"),
        ("海甸岛还是新埠岛我忘了", "street 460108004|460108009"),
        ("不是海甸岛就是新埠岛", "street 460108004|460108009"),
        ("忘了是美兰还是琼山了", "district 460108|460107"),
        ("可能是秀英也可能是琼山", "district 460105|460107"),
        ("不在美兰就在琼山", "district 460108|460107"),
        ("好像是美兰又好像是琼山", "district 460108|460107"),
        ("大概龙华或秀英吧", "district 460106|460105"),
        ("可能是美兰，可能是琼山", "district 460108|460107"),
        ("府城那边或者凤翔那边，我说不准", "street 460107002|460107004"),
        ("也许在府城，也许在凤翔", "street 460107002|460107004"),
        ("龙华区？秀英区？记不清了", "district 460106|460105"),
        ("龙华区?秀英区?", "district 460106|460105"),
        ("我记不清了，龙华区，秀英区", "district 460106|460105"),
        ("可能是龙华区国贸路，可能是秀英区海秀镇", "district 460106|460105"),
        ("龙华？还是秀英？", "district 460106|460105"),
        ("在海秀东路或者海秀中路那边", ""),
    ],
)
def test_of_places_left_open_none_is_filled_and_all_are_offered(gazetteer: Gazetteer, text: str, offered: str) -> None:
    found = {g.path.removeprefix("place."): g for g in gazetteer.find(text)}
    for part in filter(None, offered.split(",")):
        level, codes_offered = part.split()
        assert found[level].confidence < FILL_AT
        assert [code for code, _ in found[level].candidates] == codes_offered.split("|")
    assert found["address"].confidence < FILL_AT
    assert found["address"].value in text


@pytest.mark.parametrize("correction", ["不对", "说错了", "哦不", "啊不是", "不对不对", "搞错了", "不"])
@pytest.mark.parametrize(
    ("before", "after", "district", "address"),
    [
        ("是在琼山区府城", "是美兰区", "460108", "美兰区"),
        ("我在琼山区，府城镇", "是美兰区灵山镇", "460108", "美兰区灵山镇"),
        ("在龙华区", "秀英区", "460105", "秀英区"),
        ("美兰区灵山镇", "应该是演丰镇", "460108", "演丰镇"),
        ("龙华区国贸路", "是海秀东路", "460106", "海秀东路"),
        ("府城或者凤翔", "是美兰区", "460108", "美兰区"),
        ("是府城", "是凤翔", "460107", "凤翔"),
    ],
)
def test_a_correction_takes_the_later_place(
    gazetteer: Gazetteer, correction: str, before: str, after: str, district: str, address: str
) -> None:
    found = {g.path: g for g in gazetteer.find(f"{before}，{correction}，{after}")}
    assert found["place.district"].value["code"] == district
    assert found["place.address"].value == address
    assert all(g.confidence >= FILL_AT for g in found.values())


@pytest.mark.parametrize(
    ("text", "district"),
    [
        ("it is in Meilan District, no wait, Qiongshan District", "460107"),
        ("In Meilan District. Sorry, I mean Qiongshan", "460107"),
        ("是龙华区吗？不是，是秀英区", "460105"),
        ("琼山区不对是美兰区", "460108"),
        ("琼山区府城镇错了是美兰区", "460108"),
    ],
)
def test_a_correction_need_not_pause(gazetteer: Gazetteer, text: str, district: str) -> None:
    assert codes(gazetteer, text)["place.district"] == district
    assert all(g.confidence >= FILL_AT for g in gazetteer.find(text))


@pytest.mark.parametrize(
    ("text", "district"),
    [
        ("Longhua is a nice name", ""),
        ("我住龙华区，不对劲的是楼上装修", "460106"),
        ("在龙华区，不在秀英区", "460106"),
        ("龙华区的收费不对，秀英区的没问题", "460106"),
        ("龙华区，国贸路，门牌记不清了", "460106"),
        ("可能在龙华区，可能是国贸路那边", "460106"),
        ("从海甸岛到新埠岛的路上路灯坏了", "460108"),
        ("喜欢和平，不喜欢凤翔", ""),
        ("凤翔那边或者更远的地方", ""),
    ],
)
def test_what_only_looks_like_a_choice_or_a_correction(gazetteer: Gazetteer, text: str, district: str) -> None:
    assert codes(gazetteer, text).get("place.district", "") == district
    assert all(g.confidence >= FILL_AT for g in gazetteer.find(text))


@pytest.mark.parametrize(
    ("text", "street"),
    [
        ("不知道是海秀镇还是城西镇，反正在龙华区", "460106100"),
        ("灵山镇还是演丰镇来着，哦是演丰镇", "460108102"),
        ("美兰区灵山镇的路灯还是不亮", "460108101"),
        ("灵山镇的水还是黄的，演丰镇没有这样", "460108101"),
    ],
)
def test_what_is_said_besides_settles_the_choice(gazetteer: Gazetteer, text: str, street: str) -> None:
    assert codes(gazetteer, text)["place.street"] == street
    assert all(g.confidence >= FILL_AT for g in gazetteer.find(text))


@pytest.mark.parametrize(
    ("text", "district", "address"),
    [
        ("the street lamp on Guomao Road is broken", "460106", "Guomao Road"),
        ("I live on Haidian Island in meilan district", "460108", "meilan district"),
        ("a taxi driver at Meilan Airport overcharged me", "460108", "Meilan Airport"),
        ("the crossing of Haixiu East Road", "", "Haixiu East Road"),
        ("I bought it on Broad Street", "", ""),
    ],
)
def test_english_speakers_name_places_in_pinyin(gazetteer: Gazetteer, text: str, district: str, address: str) -> None:
    assert codes(gazetteer, text).get("place.district", "") == district
    found = {g.path: g.value for g in gazetteer.find(text)}.get("place.address", "")
    assert address in found
    assert bool(address) == bool(found)


@pytest.mark.parametrize(
    "text", ["来海口玩被海鲜店骗了", "我在海口晚上被打", "在海口完全没人管", "去海口万一被骗", "海口玩了三天"]
)
def test_a_word_that_goes_on_is_no_misheard_name(gazetteer: Gazetteer, text: str) -> None:
    assert gazetteer.find(text) == []
    assert gazetteer.find("在海口玩这里路灯坏了")[0].value == "海口玩"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("区", 0),
        ("\ud800", 0),
        ("路路路路路路路路" * 50, 0),
        ("龙华区" * 300 + "停水", 2),
        ("龙华区" * 300, 2),
    ],
)
def test_odd_texts_do_no_harm(gazetteer: Gazetteer, text: str, count: int) -> None:
    found = gazetteer.find(text)
    assert len(found) == count
    for guess in found:
        start, end = guess.span or (0, 0)
        assert 0 <= start < end <= len(text)


def test_a_megabyte_is_read_to_the_end(gazetteer: Gazetteer) -> None:
    unit = "我在深圳，说的是外地的事。"
    text = unit * (1_000_000 // len(unit)) + "美兰区白龙街道的路灯坏了"
    started = time.process_time()
    found = {guess.path: guess for guess in gazetteer.find(text)}
    print(f"1 MB: {time.process_time() - started:.2f} s")
    assert found["place.district"].value == {"code": "460108", "name": "美兰区"}
    assert found["place.district"].span == (text.index("美兰区"), text.index("美兰区") + 3)


def test_wrong_aliases_are_named(tmp_path: Path) -> None:
    (tmp_path / "gazetteer.csv").write_text("code,name,level,parent\n1,东区,district,0\n", encoding="utf-8")
    (tmp_path / "place_aliases.csv").write_text(
        "name,kind,code\n一号路,road,1\n二号路,road,9\n一号路,road,1\n,road,1\n三号,planet,1\n全市路,road,0\n",
        encoding="utf-8",
    )
    with pytest.raises(ConfigError) as caught:
        Gazetteer.read(tmp_path / "gazetteer.csv")
    assert [p.split(":")[1] for p in caught.value.problems] == ["3", "4", "5", "6"]
