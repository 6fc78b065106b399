"""One name, one thing: who reads ``Delivery`` need not ask which one is meant."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit
ROOT = Path(__file__).resolve().parents[3]
PRODUCT = ("gateway", "channels", "asr")


def modules() -> Iterator[Path]:
    """Every module of the product but migrations, which are kept as they were run."""
    for room in PRODUCT:
        yield from (path for path in sorted((ROOT / room).rglob("*.py")) if "migrations" not in path.parts)


def said_twice(sources: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Public classes that have the name of another one, with the places of both."""
    found = defaultdict(list)
    for where, source in sources:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                found[node.name].append(where)
    return {name: places for name, places in found.items() if len(places) > 1}


def test_no_two_classes_have_one_name() -> None:
    sources = ((str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")) for path in modules())
    assert said_twice(sources) == {}


def test_a_name_that_is_taken_is_found() -> None:
    assert said_twice([("a.py", "class Line: ..."), ("b.py", "class Line: ...\nclass _Line: ...")]) == {
        "Line": ["a.py", "b.py"]
    }
