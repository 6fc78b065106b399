"""The shipped taxonomy is broad and whole; wrong rows are named."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.case.directory import UnitKind
from gateway.domain.case.matters import Matters
from gateway.domain.words import DemandType
from gateway.edge.unit_table import read_units
from gateway.errors import ConfigError
from gateway.prefill.reply_limits import LONGEST, read_reply_limits
from gateway.prefill.taxonomy import TaxonomyNode, read_taxonomy
from gateway.settings.sections import INSTALLATION
from tests.support.reading import city_prefill

pytestmark = pytest.mark.unit

CONFIG = INSTALLATION / "config"
UNITS = read_units(CONFIG / "units.csv")
TREE = read_taxonomy(CONFIG / "taxonomy.csv", UNITS)
HEAD = "code,parent,l1_zh,l2_zh,unit,danger,plan_urgent,may_stay"
TAIL = "keywords,reply_limits,gbt39666,effective_from,effective_to"
TOPIC, LEAF, DEEPEST = (len(name) for name in ("01", "010101", "01010101"))


def read(folder: Path, *rows: str, head: str = f"{HEAD},{TAIL}") -> dict[str, TaxonomyNode]:
    (folder / "units.csv").write_text("code,name_zh,name_en,kind,parent\nA,水务,Water,department,\n", encoding="utf-8")
    (folder / "taxonomy.csv").write_text("\n".join([head, *rows, ""]), encoding="utf-8")
    return read_taxonomy(folder / "taxonomy.csv", read_units(folder / "units.csv"))


def test_the_shipped_tree_is_whole_and_broad() -> None:
    levels = Counter(len(row.names) for row in TREE.values())
    assert levels[1] >= 15
    assert levels[2] >= 100
    assert levels[3] >= 500
    assert levels[4] >= 100


@pytest.mark.parametrize(
    "row",
    [
        "1,,水,,A,false,false,true",
        "0101,01,水,管,A,false,false,true",
        "01,,水,,B,false,false,true",
        "01,,水,,A,maybe,false,true",
        "01,,水,,A,false,,true",
        "01,,水,,A,false,false,perhaps",
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, row: str) -> None:
    with pytest.raises(ConfigError, match=r"taxonomy\.csv:2"):
        read(tmp_path, row, head=HEAD)


def test_a_duplicate_is_named(tmp_path: Path) -> None:
    (tmp_path / "units.csv").write_text(
        "code,name_zh,name_en,kind,parent\nA,水务,Water,department,\nA,水务,Water,department,\n", encoding="utf-8"
    )
    with pytest.raises(ConfigError, match=r"units\.csv: row 3: A is there twice"):
        read_units(tmp_path / "units.csv")


@pytest.mark.parametrize(
    ("tail", "problem"),
    [
        ("停水 停水,,,,", "01 has a keyword twice"),
        ("路灯+,,,,", "keyword '路灯\\+' of 01 has an empty part"),
        (",,,2026-1-1,", "effective_from of 01 is a date like 2026-01-31"),
        (",,,2026-02-01,2026-01-01", "01 ends before it begins"),
        (",,12345,,", "gbt39666 of 01 is 2, 4 or 6 digits"),
        (",complaint=24,,,", "'complaint=24' is no limit: write complaint=24h or help=90m"),
        (",complaints=24h,,,", "'complaints=24h' is no limit"),
        (",help=0h,,,", "'help=0h' is no limit"),
        (",help=9999h,,,", "'help=9999h' is longer than 90 days"),
        (",help=2h help=3h,,,", "help has two limits"),
    ],
)
def test_words_limits_classes_and_dates_are_verified(tmp_path: Path, tail: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        read(tmp_path, f"01,,水,,A,false,false,true,{tail}")


def test_columns_of_earlier_versions_say_what_they_became(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as told:
        read(tmp_path, "01,,水,,A,false,normal", head="code,parent,l1_zh,l2_zh,unit,urgent,time_limit")
    assert len(told.value.problems) == 1
    assert "urgent is now danger and plan_urgent, time_limit is now reply_limits" in told.value.problems[0]


def test_a_table_as_excel_saves_it_is_read(tmp_path: Path) -> None:
    rows = f"\ufeff{HEAD}\r\n01,,水,,A,false,false,true\r\n"
    read(tmp_path)
    (tmp_path / "taxonomy.csv").write_text(rows, encoding="utf-8", newline="")
    assert list(read_taxonomy(tmp_path / "taxonomy.csv", read_units(tmp_path / "units.csv"))) == ["01"]


def test_where_nothing_lies_below_a_ticket_may_stay(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="0101 has no row below it, so a ticket may stay there"):
        read(tmp_path, "01,,水,,A,false,false,false", "0101,01,水,管,A,false,false,false", head=HEAD)


def test_the_nearest_row_that_sets_a_limit_counts(tmp_path: Path) -> None:
    tree = read(
        tmp_path,
        "01,,水,,A,false,false,false,,complaint=24h help=12h,,,",
        "0101,01,水,管,A,false,false,true,,complaint=90m,,,",
    )
    assert Matters(tree).reply_limit("0101", "complaint") == timedelta(minutes=90)
    assert Matters(tree).reply_limit("0101", "help") == timedelta(hours=12)
    assert Matters(tree).reply_limit("0101", "consultation") is None
    assert Matters(tree).reply_limit("99", "complaint") is None


@given(
    st.dictionaries(
        st.sampled_from([str(kind.value) for kind in DemandType]),
        st.integers(min_value=1, max_value=LONGEST // timedelta(hours=1)),
    )
)
def test_limits_are_read_as_they_are_written(hours: dict[str, int]) -> None:
    text = " ".join(f"{kind}={limit}h" for kind, limit in hours.items())
    assert read_reply_limits(text) == {kind: timedelta(hours=limit) for kind, limit in hours.items()}


def test_every_leaf_of_the_shipped_tree_is_usable() -> None:
    """Each leaf has words to be found by, an example, both languages and a unit of one of the four kinds."""
    assert {unit.kind for unit in UNITS.values()} == set(UnitKind)
    leaves = [row for row in TREE.values() if len(row.code) >= LEAF]
    assert [row.code for row in leaves if not row.keywords or not row.examples] == []
    with (CONFIG / "taxonomy.csv").open(encoding="utf-8", newline="") as file:
        unnamed = [r["code"] for r in csv.DictReader(file) if not r[f"l{len(r['code']) // 2}_en"]]
    assert unnamed == []


def test_a_fourth_level_stands_where_unit_or_limit_differs() -> None:
    """What lies below a third level differs from it, or from a sister, in unit or urgency; or it stood there before."""
    idle = []
    for row in TREE.values():
        if len(row.code) == DEEPEST and row.effective_from >= "2026-11-30":
            above = TREE[row.parent]
            sisters = [one for one in TREE.values() if one.parent == row.parent and one is not row]
            if not any((row.unit, row.urgent) != (one.unit, one.urgent) for one in (above, *sisters)):
                idle.append(row.code)
    assert idle == []


def test_a_ticket_stays_above_the_fourth_level_only_where_the_table_says_so() -> None:
    """Topics and branches are too coarse for a unit; of few third levels the unit depends wholly on the fourth."""
    assert [row.code for row in TREE.values() if len(row.code) < LEAF and row.may_stay] == []
    to_be_chosen = {row.names[-1] for row in TREE.values() if len(row.code) == LEAF and not row.may_stay}
    assert to_be_chosen == {"下水道堵塞", "路牌错误", "退票纠纷", "培训退费"}
    assert all(row.may_stay for row in TREE.values() if len(row.code) == DEEPEST)


def test_no_shipped_limit_is_longer_than_the_plan_allows() -> None:
    """咨询和建议类 24小时内回复, 投诉类 48小时内回复: the table that we ship lengthens neither."""
    plan = {"consultation": timedelta(hours=24), "suggestion": timedelta(hours=24)}
    longest = timedelta(hours=48)
    longer = [
        (row.code, kind)
        for row in TREE.values()
        for kind, limit in row.reply_limits.items()
        if limit > plan.get(kind, longest)
    ]
    assert longer == []


def test_dangers_are_urgent_and_nuisances_are_not() -> None:
    by_name = {row.names[-1]: row for row in TREE.values()}
    dangers = ("燃气泄漏", "电线掉落", "井盖缺失", "水管爆裂", "路面塌陷", "电梯困人", "火灾", "山体滑坡", "漏电隐患")
    assert [name for name in dangers if not by_name[name].danger] == []
    calm = ("水压低", "计划停水", "计划停气", "旅游咨询", "路灯不亮", "挂号难", "留守儿童", "聚众赌博", "变压器噪声")
    assert [name for name in calm if by_name[name].urgent] == []


def test_urgent_by_the_plan_is_not_danger() -> None:
    """停水 and a complaint of a guide endanger nobody, and are answered within 30 minutes all the same."""
    by_name = {row.names[-1]: row for row in TREE.values()}
    planned = ("停水", "突发停水", "小区停电", "整片停电", "燃气停气", "强制购物", "导游态度", "宰客", "出租车宰客")
    assert [name for name in planned if not by_name[name].plan_urgent or by_name[name].danger] == []
    assert all(by_name[name].urgent for name in planned)
    assert not by_name["井盖缺失"].plan_urgent
    assert by_name["燃气泄漏"].plan_urgent


@pytest.mark.parametrize(
    ("text", "name", "unit"),
    [
        ("移动公司的井盖没了天黑很危险", "通信井盖缺失", "E05"),
        ("物业不让用水把我们家的水停了", "物业停水催费", "M01"),
        ("村里已经停水两天了", "农村停水", "M02"),
        ("发了停气通知想问问明天几点恢复", "计划停气", "E03"),
        ("电梯突然往下掉了好几层", "电梯坠落隐患", "M09"),
        ("老乡在地里烧秸秆呛得不行", "秸秆焚烧", "M18"),
        ("机场旁边飞机噪音太大睡不着", "飞机噪声", "E07"),
        ("我们是来旅游的打车被出租车宰了", "出租车宰客", "M04"),
        ("轮渡停航船票退不了", "船票退票", "E06"),
        ("房东收电费一块五一度", "转供电加价", "M09"),
        ("台风把大棚全吹倒了", "台风农业受灾", "M18"),
        ("社保费被税务扣了两次", "社保费征缴", "M21"),
        ("孩子学钢琴机构不退费", "文化艺术类培训退费", "M10"),
        ("家里有白蚁地板都蛀了", "房屋白蚁", "M01"),
        ("国道护栏被撞断了", "公路护栏损坏", "M04"),
        ("小区停车位根本不够", "小区停车位不足", "M01"),
    ],
)
def test_a_fourth_level_is_found_by_what_people_say(text: str, name: str, unit: str) -> None:
    found = {guess.path: guess for guess in city_prefill().read(text, at=datetime(2026, 12, 1, tzinfo=UTC)).guesses}
    assert found["demand.category"].value["l4"] == name
    assert found["handling.lead_unit"].value == unit


def test_an_earlier_day_does_not_know_the_rows_of_a_later_one() -> None:
    found = {
        guess.path: guess
        for guess in city_prefill().read("村里已经停水两天了", at=datetime(2026, 11, 24, tzinfo=UTC)).guesses
    }
    assert found["demand.category"].value["code"] == "010101"
    assert found["demand.category"].value["taxonomy_version"] == "2026-11-23"
