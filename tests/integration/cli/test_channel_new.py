"""``gateway channel new`` writes a channel that passes the house's checks as it stands."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.cli import channel

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[3]


def new(kind: str, into: Path) -> int:
    parser = argparse.ArgumentParser()
    channel.add_parser(parser.add_subparsers())
    args = parser.parse_args(["channel", "new", kind, "--into", str(into)])
    return channel.run(args)


@pytest.fixture
def copy(tmp_path):
    ignore = shutil.ignore_patterns("__pycache__", "*.wav", "node_modules")
    for name in ("gateway", "channels", "asr"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignore)
    for name in ("support", "contract/channels"):
        shutil.copytree(ROOT / "tests" / name, tmp_path / "tests" / name, ignore=ignore)
    for name in ("pyproject.toml", "LICENSE", "README.md", "tests/conftest.py"):
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, tmp_path / name)
    for folder in ("tests", "tests/support", "tests/support/fakes", "tests/contract", "tests/contract/channels"):
        (tmp_path / folder / "__init__.py").touch()
    return tmp_path


@pytest.mark.parametrize("kind", ["wb", "city_square_kiosk_mk2"])
def test_what_is_generated_passes_lint_types_layers_its_own_tests_and_the_contract(copy, kind):
    assert new(kind, copy) == 0
    paths = [f"channels/{kind}", f"tests/channels/{kind}"]
    env = {**os.environ, "PYTHONPATH": str(copy)}
    for tool in (
        ["ruff", "format", "--check", *paths],
        ["ruff", "check", *paths],
        ["mypy", "-p", f"channels.{kind}"],
        ["pytest", "-q", "-p", "no:cacheprovider", paths[1]],
        ["pytest", "-q", "-p", "no:cacheprovider", "tests/contract/channels", "-k", kind],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *tool], cwd=copy, env=env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{tool}: {done.stdout}{done.stderr}"


@pytest.mark.parametrize("kind", ["", "X", "a", "wei-bo", "../x", "class", "1st", "x" * 25])
def test_names_that_cannot_be_a_package_are_refused(tmp_path, kind, capsys):
    (tmp_path / "channels").mkdir()
    assert new(kind, tmp_path) == 2
    assert "cannot be a kind" in capsys.readouterr().err


def test_a_taken_name_is_left_alone(tmp_path, capsys):
    (tmp_path / "channels" / "taken").mkdir(parents=True)
    assert new("taken", tmp_path) == 2
    assert "is there already" in capsys.readouterr().err
    assert list((tmp_path / "channels" / "taken").iterdir()) == []
