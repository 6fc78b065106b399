"""The shipped taxonomy is broad and whole; wrong rows are named."""

from __future__ import annotations

import csv
from collections import Counter
from pathlib import Path

import pytest

from gateway.domain.case.directory import UnitKind
from gateway.edge.unit_table import read_units
from gateway.errors import ConfigError
from gateway.prefill.taxonomy import read_taxonomy
from gateway.settings.sections import INSTALLATION

pytestmark = pytest.mark.unit

CONFIG = INSTALLATION / "config"
HEAD = "code,parent,l1_zh,l2_zh,unit,urgent,time_limit\n"


def test_the_shipped_tree_is_whole_and_broad() -> None:
    levels = Counter(
        len(c.names) for c in read_taxonomy(CONFIG / "taxonomy.csv", read_units(CONFIG / "units.csv")).values()
    )
    assert levels[1] >= 15
    assert levels[2] >= 100
    assert levels[3] >= 500


@pytest.mark.parametrize(
    "row",
    [
        "1,,水,,A,false,normal",
        "0101,01,水,管,A,false,normal",
        "01,,水,,B,false,normal",
        "01,,水,,A,maybe,normal",
        "01,,水,,A,false,never",
    ],
)
def test_a_wrong_row_is_named(tmp_path: Path, row: str) -> None:
    (tmp_path / "units.csv").write_text(
        "code,name_zh,name_en,kind,parent\nA,水务,Water,department,\n", encoding="utf-8"
    )
    (tmp_path / "taxonomy.csv").write_text(f"{HEAD}{row}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"taxonomy\.csv:2"):
        read_taxonomy(tmp_path / "taxonomy.csv", read_units(tmp_path / "units.csv"))


def test_a_duplicate_is_named(tmp_path: Path) -> None:
    (tmp_path / "units.csv").write_text(
        "code,name_zh,name_en,kind,parent\nA,水务,Water,department,\nA,水务,Water,department,\n", encoding="utf-8"
    )
    with pytest.raises(ConfigError, match=r"units\.csv: row 3: A is there twice"):
        read_units(tmp_path / "units.csv")


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("01,,水,,A,true,normal,,,", "01 is urgent, so its time_limit is urgent"),
        ("01,,水,,A,false,normal,停水 停水,,", "01 has a keyword twice"),
        ("01,,水,,A,false,normal,路灯+,,", "keyword '路灯\\+' of 01 has an empty part"),
        ("01,,水,,A,false,normal,,2026-1-1,", "effective_from of 01 is a date like 2026-01-31"),
        ("01,,水,,A,false,normal,,2026-02-01,2026-01-01", "01 ends before it begins"),
    ],
)
def test_words_and_dates_are_verified(tmp_path: Path, row: str, problem: str) -> None:
    (tmp_path / "units.csv").write_text(
        "code,name_zh,name_en,kind,parent\nA,水务,Water,department,\n", encoding="utf-8"
    )
    head = HEAD.strip() + ",keywords,effective_from,effective_to\n"
    (tmp_path / "taxonomy.csv").write_text(f"{head}{row}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match=problem):
        read_taxonomy(tmp_path / "taxonomy.csv", read_units(tmp_path / "units.csv"))


def test_every_leaf_of_the_shipped_tree_is_usable() -> None:
    """Each leaf has words to be found by, an example, both languages and a unit of one of the four kinds."""
    units = read_units(CONFIG / "units.csv")
    assert {unit.kind for unit in units.values()} == set(UnitKind)
    tree = read_taxonomy(CONFIG / "taxonomy.csv", units)
    leaves = [c for c in tree.values() if len(c.names) >= len("三级类")]
    assert [c.code for c in leaves if not c.keywords or not c.examples] == []
    assert any(len(c.names) == len("四级分类") for c in leaves)
    with (CONFIG / "taxonomy.csv").open(encoding="utf-8", newline="") as file:
        unnamed = [r["code"] for r in csv.DictReader(file) if not r[f"l{len(r['code']) // 2}_en"]]
    assert unnamed == []


def test_dangers_are_urgent_and_nuisances_are_not() -> None:
    tree = read_taxonomy(CONFIG / "taxonomy.csv", read_units(CONFIG / "units.csv"))
    by_name = {c.names[-1]: c for c in tree.values()}
    urgent = ("燃气泄漏", "电线掉落", "井盖缺失", "水管爆裂", "路面塌陷", "电梯困人", "火灾", "山体滑坡", "漏电隐患")
    assert [name for name in urgent if not by_name[name].urgent] == []
    calm = ("水压低", "计划停水", "旅游咨询", "路灯不亮", "挂号难", "留守儿童", "聚众赌博", "变压器噪声")
    assert [name for name in calm if by_name[name].urgent] == []
