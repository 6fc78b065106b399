"""scripts/test.py: every part runs, counts and fails for itself, and only the last one knows of other data."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration
SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "test.py"
MARKERS = ("unit", "contract", "integration", "e2e", "crash", "load", "soak", "alone", "more_data")
ONLY_XDIST = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": "-p xdist"}
GOOD = """
import os
import pytest
pytestmark = pytest.mark.{mark}

@pytest.mark.parametrize("n", [1, 2])
def test_good(n):
    assert "HOTLINE_TEST_DATA" not in os.environ

@pytest.mark.skip(reason="no phone")
def test_skipped():
    pass
"""
MORE = """
import os
import pytest
pytestmark = [pytest.mark.unit, pytest.mark.more_data]

def test_more():
    assert os.environ["HOTLINE_TEST_DATA"]
"""
BAD = "import pytest\npytestmark = pytest.mark.load\n\ndef test_bad():\n    assert False\n"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with the script and a passing module in each of the two parts."""
    (tmp_path / "scripts").mkdir()
    (tmp_path / "scripts" / "test.py").write_text(SCRIPT.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers =\n" + "".join(f"  {name}\n" for name in MARKERS))
    for mark in ("unit", "e2e"):
        (tmp_path / f"test_{mark}.py").write_text(GOOD.format(mark=mark))
    return tmp_path


def run(tree: Path, **more: str) -> tuple[int, list[str]]:
    mine = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "HOTLINE_"))}
    command = [sys.executable, str(tree / "scripts" / "test.py")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=mine | ONLY_XDIST | more)
    return done.returncode, done.stdout.splitlines()


def test_the_last_line_sums_the_parts(tree: Path) -> None:
    code, lines = run(tree)
    assert code == 0
    assert lines[-1].strip("= ").startswith("4 passed, 2 skipped in ")
    assert [line for line in lines if line.startswith("test: ")] == [
        "test: part 1 of 2: two at a time",
        "test: part 2 of 2: alone",
    ]


@pytest.mark.parametrize(
    ("module", "told"), [(BAD, "1 failed, 4 passed, 2 skipped"), ("1 / 0", " error")], ids=["test", "collection"]
)
def test_a_part_that_fails_is_red_and_counted(tree: Path, module: str, told: str) -> None:
    (tree / "test_z.py").write_text(module)
    code, lines = run(tree)
    assert code == 1
    assert told in lines[-1]


def test_other_data_is_for_a_part_of_its_own(tree: Path) -> None:
    (tree / "test_more.py").write_text(MORE)
    code, lines = run(tree, HOTLINE_TEST_DATA=str(tree))
    assert f"test: part 3 of 3: with the data of {tree}" in lines
    assert code == 1  # here the first part has this module as well, and no variable
    assert "1 failed, 5 passed, 2 skipped" in lines[-1]
