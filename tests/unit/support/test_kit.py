"""The kit stands alone, and what it has nobody has a second time."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.support.command import ROOT

pytestmark = pytest.mark.unit
TESTS = ROOT / "tests"
KIT = TESTS / "support"


@cache
def _modules() -> list[tuple[Path, ast.Module]]:
    return [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in sorted(TESTS.rglob("*.py"))]


def test_the_kit_imports_nothing_else_of_the_tests() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{node.lineno}: {node.module}"
        for path, tree in _modules()
        if path.is_relative_to(KIT)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("tests")
        if not (node.module or "").startswith("tests.support")
    ]
    assert wrong == []


def _is_clock(node: ast.AST) -> bool:
    if not isinstance(node, ast.ClassDef):
        return False
    methods = {one.name for one in node.body if isinstance(one, ast.FunctionDef)}
    return {"now", "monotonic"} <= methods


def _is_selector(node: ast.AST) -> bool:
    return isinstance(node, ast.ClassDef) and any("Selector" in ast.unparse(base) for base in node.bases)


def _runs_a_server(node: ast.AST) -> bool:
    name = node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
    return name in {"AppRunner", "ThreadingHTTPServer", "BaseHTTPRequestHandler"}


ONCE = {"a clock": _is_clock, "a virtual loop": _is_selector, "an HTTP server": _runs_a_server}


@pytest.mark.parametrize("what", ONCE)
def test_nobody_makes_one_of_their_own(what: str) -> None:
    found = [
        str(path.relative_to(ROOT))
        for path, tree in _modules()
        if not path.is_relative_to(KIT) and any(map(ONCE[what], ast.walk(tree)))
    ]
    assert found == [], f"tests/support has {what}"
