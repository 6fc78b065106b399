"""scripts/check_docs.py finds what it promises to find."""

from __future__ import annotations

import importlib.util
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "check_docs.py"
SPEC = importlib.util.spec_from_file_location("check_docs", SCRIPT)
assert SPEC is not None
assert SPEC.loader is not None
check_docs = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(check_docs)

ABSENT = "DES" + "IGN"
CLI = """
def add_parser(verbs):
    asr = verbs.add_parser("asr").add_subparsers()
    for name, text in (("eval", "score it"), ("models", "list them")):
        asr.add_parser(name, help=text)
"""


@pytest.fixture
def tree(tmp_path) -> Path:
    """A small working copy in which everything is right."""
    files = {
        "README.md": "See [the picture](docs/a.md#top). Type `make demo`, then `gateway asr eval FILE`.\n",
        "docs/a.md": "```sh\n.venv/bin/gateway asr models  # gateway nonsense\n```\n",
        "ARCHITECTURE.md": "| change | open |\n|---|---|\n| a verb | `gateway/cli/asr.py`, `gateway/<room>/` |\n",
        "gateway/cli/asr.py": CLI,
        "Makefile": "demo: ## try it\n\t@true\n",
        "changelog.d/README.md": "how\n",
        "changelog.d/2026-01-31-first-call.added.md": "It answers.\n",
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    return tmp_path


def test_a_true_tree_has_no_problems(tree):
    assert check_docs.problems(tree) == []


def test_what_stays_inside_is_no_problem(tree):
    (tree / "docs" / "x.py").write_text("ROOT = Path(__file__).resolve().parents[1]\nRoot = ROOT / 'a'\n")
    (tree / "docs" / "b.md").write_text("See ../README.md and [it](../README.md); `a/../b` is none.\n")
    (tree / "gateway" / "y.py").write_text('"""How (README.md), why (docs/a.md)."""\nGIVEN = "gone.md"\n')
    (tree / "x.toml").write_text("port = 0  # docs/a.md, docs/<page>.md\n")
    assert check_docs.problems(tree) == []


@pytest.mark.parametrize(
    ("page", "text", "problem"),
    [
        ("README.md", "[gone](docs/gone.md)", "docs/gone.md"),
        ("README.md", "![gone](docs/gone.png)", "docs/gone.png"),
        ("README.md", "`make tea`", "make tea"),
        ("README.md", "`gateway brew`", "gateway brew"),
        ("README.md", "```sh\ngateway asr brew\n```", "asr brew"),
        ("ARCHITECTURE.md", "| x | `gateway/attic.py` |", "gateway/attic.py"),
        ("changelog.d/news.md", "text", "changelog.d/news.md"),
        ("changelog.d/2026-01-31-empty.fixed.md", "", "is empty"),
        ("README.md", "With `../beside/data` it learns.", "../beside/data"),
        ("docs/a.md", "Speech from ``../../beside``.", "../../beside"),
        ("docs/x.py", "HERE = Path(__file__).resolve().parents[2] / 'x'", "parents[2]"),
        ("docs/x.py", "HERE = Path(__file__).parent.parent\nDATA = HERE.parent / 'beside'", "HERE.parent"),
        ("docs/x.py", "from a import ROOT\nDATA = ROOT.parent / 'beside'", "ROOT.parent"),
        ("docs/x.py", '"""Kept as docs/gone.md says."""\n', "docs/gone.md"),
        ("docs/x.py", "x = 1  # see GONE.md\n", "GONE.md"),
        ("docs/x.py", f'x = 1\n"""As {ABSENT} section 3 wants it."""\n', ABSENT),
        ("docs/a.md", f"Why: {ABSENT} 4.4.", ABSENT),
        ("docs/x.toml", "port = 0  # docs/gone.md tells more\n", "docs/gone.md"),
        ("lock.txt", "https://files." + "python" + "hosted.org/x", "registry host"),
    ],
)
def test_it_finds(tree, page, text, problem):
    (tree / page).write_text(text, encoding="utf-8")
    (found,) = check_docs.problems(tree)
    assert problem in found
