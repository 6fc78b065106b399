"""One name, one thing: who reads ``Delivery`` need not ask which one is meant.

Bodies of the API are the form of a thing on the wire and have the name of that thing in the domain.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit
ROOT = Path(__file__).resolve().parents[3]
PRODUCT = ("gateway", "channels", "asr")
BODIES = frozenset({"gateway/edge/contact.py", "gateway/web/api/models.py"})
"""Pydantic models whose names are those of OpenAPI's schemas."""


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
    return {name: places for name, places in found.items() if len(places) > 1 and not _one_thing(places)}


def _one_thing(places: list[str]) -> bool:
    """A thing of the domain and its body."""
    others = [place for place in places if place not in BODIES]
    return len(places) == len(set(places)) and len(others) == 1 and others[0].startswith("gateway/domain/")


def test_no_two_classes_have_one_name() -> None:
    sources = ((str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")) for path in modules())
    assert said_twice(sources) == {}


def test_a_name_that_is_taken_is_found() -> None:
    assert said_twice([("a.py", "class Line: ..."), ("b.py", "class Line: ...\nclass _Line: ...")]) == {
        "Line": ["a.py", "b.py"]
    }


def test_a_body_has_the_name_of_its_thing() -> None:
    place, body = ("gateway/domain/form.py", "class Place: ..."), ("gateway/edge/contact.py", "class Place: ...")
    assert said_twice([place, body]) == {}
    assert said_twice([place, body, ("channels/a.py", "class Place: ...")]).keys() == {"Place"}
