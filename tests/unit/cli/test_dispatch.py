"""``gateway dispatch``: what officers do with the directory and the dispatch table."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from gateway.cli import main
from tests.support.command import ROOT, configured

pytestmark = pytest.mark.unit

SHIPPED = (ROOT / "config" / "dispatch.csv").read_text(encoding="utf-8")


@pytest.fixture
def dispatch(tmp_path: Path):
    config = ["--config", str(configured(tmp_path))]
    return lambda *words: main(["dispatch", *map(str, words), *config])


def test_a_table_is_exported_edited_compared_imported_and_rolled_back(
    dispatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exported = tmp_path / "派单目录.csv"
    assert dispatch("show", "--out", exported) == 0
    assert exported.read_bytes().startswith(b"\xef\xbb\xbf")
    with exported.open(encoding="utf-8-sig", newline="") as file:
        assert len(list(csv.reader(file))) == len(SHIPPED.splitlines())
    text = exported.read_text(encoding="utf-8-sig")
    exported.write_text(text.replace("0104,排水排污,*,*,M02,市水务局", "104,排水排污,*,*,M07,"), encoding="gbk")
    capsys.readouterr()

    assert dispatch("diff", exported) == 0
    compared = capsys.readouterr().out
    assert "- 0104 * * M02" in compared
    assert "+ 0104 * * M07" in compared
    assert dispatch("import", exported, "--note", "排水移交市政") == 0
    assert "dispatch:2 is in force" in capsys.readouterr().out
    assert dispatch("import", exported) == 0
    assert "no new version" in capsys.readouterr().out
    assert dispatch("diff", "1", "--json") == 0
    assert len(json.loads(capsys.readouterr().out)) == 2

    assert dispatch("rollback", 1, "--note", "误移交") == 0
    capsys.readouterr()
    assert dispatch("versions") == 0
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert [(line[0], line[3]) for line in lines] == [
        ("dispatch:3", "dispatch:1 again: 误移交"),
        ("dispatch:2", "排水移交市政"),
        ("dispatch:1", "dispatch.csv"),
    ]
    assert dispatch("show") == 0
    assert capsys.readouterr().out == SHIPPED


def test_a_wrong_table_is_refused_by_row_in_both_languages(
    dispatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wrong = tmp_path / "wrong.csv"
    wrong.write_text(SHIPPED + "0104,,*,*,M99,,lead,,,,\n", encoding="utf-8")
    assert dispatch("import", wrong) == 2
    told = capsys.readouterr().err
    row = len(SHIPPED.splitlines()) + 1
    assert f"gateway: row {row}: there is no unit 'M99'; correct it / 第 {row} 行：" in told
    assert dispatch("versions", "--json") == 0
    assert [one["version"] for one in json.loads(capsys.readouterr().out)] == [1]
    assert dispatch("rollback", 7) == 1
    assert "no version 7 of dispatch" in capsys.readouterr().err


def test_the_directory_is_a_table_of_its_own(dispatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    units = tmp_path / "units.csv"
    assert dispatch("show", "--kind", "directory", "--out", units) == 0
    units.write_text(units.read_text(encoding="utf-8-sig").replace("市水务局", "市水务和海洋局"), encoding="utf-8")
    assert dispatch("import", units, "--kind", "directory") == 0
    assert "~ M02  name_zh: 市水务局 → 市水务和海洋局" in capsys.readouterr().out


def test_simulate_needs_something_that_is_changed(dispatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert dispatch("simulate") == 1
    assert "--table FILE" in capsys.readouterr().err
    table = tmp_path / "table.csv"
    table.write_text(SHIPPED, encoding="utf-8")
    assert dispatch("simulate", "--table", table, "--json") == 0
    assert json.loads(capsys.readouterr().out)["asked"] == 0


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """The installation's tables, of which that of the units has a row that does not hold."""
    folder = tmp_path / "config"
    shutil.copytree(ROOT / "config", folder)
    with (folder / "units.csv").open("a", encoding="utf-8") as units:
        units.write("M02,市水务局,,ministry,,,,,,,,\n")
    return folder


@pytest.fixture
def at_broken(tmp_path: Path, broken: Path):
    config = ["--config", str(configured(tmp_path, f'config_dir = "{broken}"\n'))]
    return lambda *words: main(["dispatch", *map(str, words), *config])


def test_a_correct_import_repairs_what_the_installation_brought_wrongly(
    at_broken, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert at_broken("import", ROOT / "config" / "units.csv", "--kind", "directory", "--note", "更正") == 0
    told = capsys.readouterr()
    assert "units.csv: row" in told.err
    assert "directory:1 is in force" in told.out
    assert at_broken("import", ROOT / "config" / "dispatch.csv", "--note", "同上") == 0
    assert capsys.readouterr() == ("nothing is different; no new version / 无变化，未生成新版本\n", "")
    assert at_broken("versions", "--kind", "directory", "--json") == 0
    assert [(one["version"], one["note"]) for one in json.loads(capsys.readouterr().out)] == [(1, "更正")]
    units = tmp_path / "exported.csv"
    assert at_broken("show", "--kind", "directory", "--out", units) == 0
    assert capsys.readouterr().err == ""


def test_who_looks_writes_nothing(dispatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "table.csv"
    table.write_text(SHIPPED, encoding="utf-8")
    looks = (("show",), ("versions", "--json"), ("diff", table), ("simulate", "--table", table, "--json"))
    for words in looks:
        assert dispatch(*words) == 0
        capsys.readouterr()
        for kind in ("directory", "dispatch", "policy", "calendar"):
            assert dispatch("versions", "--kind", kind, "--json") == 0
            assert json.loads(capsys.readouterr().out) == []


@pytest.mark.parametrize("words", [("versions",), ("show", "--kind", "policy")])
def test_who_looks_can_whatever_is_wrong_with_another_file(at_broken, words: tuple[str, ...]) -> None:
    assert at_broken(*words) == 0
