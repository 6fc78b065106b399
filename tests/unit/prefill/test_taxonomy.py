"""The shipped taxonomy is broad and whole; wrong rows are named."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from gateway.errors import ConfigError
from gateway.prefill.taxonomy import read_taxonomy, read_units
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
    with pytest.raises(ConfigError, match=r"units\.csv:3: A is there twice"):
        read_units(tmp_path / "units.csv")
