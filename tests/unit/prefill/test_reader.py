"""First guesses: what they find, where they point, and what they leave alone."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from gateway.prefill.demand_type import demand_type
from gateway.prefill.place import Gazetteer, GazetteerEntry
from gateway.prefill.reader import PrefillReader
from gateway.prefill.spoken_phone import spoken_phone
from gateway.settings.sections import INSTALLATION

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "kind", "evidence"),
    [
        ("我要投诉楼下的烧烤店", "complaint", "投诉"),
        ("请问公积金怎么办理", "consultation", "请问"),
        ("国贸路的路灯坏了", "help", "坏了"),
        ("我要举报有人偷排污水", "report", "举报"),
        ("建议在公园里多装几个座椅", "suggestion", "建议"),
        ("我想表扬一下社区的工作人员", "praise", "表扬"),
        ("the street lamp is broken", "help", "broken"),
    ],
)
def test_demand_type_points_at_its_evidence(text: str, kind: str, evidence: str) -> None:
    guess = demand_type(text)
    assert guess is not None
    assert guess.value == kind
    start, end = guess.span or (0, 0)
    assert text[start:end] == evidence


def test_no_cue_is_no_guess() -> None:
    assert demand_type("今天天气不错") is None


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("我的电话是一三八零零一三八零零零", "+8613800138000"),
        ("电话幺三九 幺二三四 五六七八", "+8613912345678"),
        ("打给我 138-0013-8000 谢谢", "+8613800138000"),
        ("座机 0898 6812 3456", "+8689868123456"),
        ("不对，是13900001111，刚才的13900002222是错的", "+8613900001111"),
        ("家里电话六八一二三四五六", "+8689868123456"),
    ],
)
def test_spoken_numbers(text: str, number: str) -> None:
    guess = spoken_phone(text)
    assert guess is not None
    assert guess.value == number


@pytest.mark.parametrize("text", ["一共花了一百二十三块", "工单号202611230000001", "我住三栋二单元"])
def test_other_digits_are_no_phone(text: str) -> None:
    assert spoken_phone(text) is None


def test_places_of_the_city() -> None:
    gazetteer = Gazetteer.read(INSTALLATION / "config" / "gazetteer.csv")
    text = "海口市龙华区金贸街道国贸路上的路灯坏了"
    found = {g.path: g for g in gazetteer.find(text)}
    assert found["place.district"].value == {"code": "460106", "name": "龙华区"}
    assert found["place.street"].value["name"] == "金贸街道"
    assert found["place.address"].value == "龙华区金贸街道国贸路"
    for guess in found.values():
        assert guess.span is not None


def test_a_name_that_two_districts_share_is_no_evidence_alone() -> None:
    gazetteer = Gazetteer(
        [
            GazetteerEntry("1", "东区", "district", ""),
            GazetteerEntry("2", "西区", "district", ""),
            GazetteerEntry("11", "新民街道", "street", "1"),
            GazetteerEntry("21", "新民街道", "street", "2"),
        ],
    )
    assert [g.path for g in gazetteer.find("新民街道的井盖没了")] == ["place.address"]
    assert {g.value["code"] for g in gazetteer.find("西区新民街道") if g.path != "place.address"} == {"2", "21"}


def test_title_skips_the_greeting() -> None:
    guesses = {g.path: g for g in PrefillReader(Gazetteer([])).read("喂，您好，路灯坏了。谢谢", at=NOW).guesses}
    assert guesses["demand.title"].value == "路灯坏了"
