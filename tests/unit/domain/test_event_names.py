"""What an event is called stands at its class and nowhere else in the product: consumers ask the class."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.domain.events import REGISTRY, TicketRegistered

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[3]
CLASSES = ROOT / "gateway" / "domain" / "events"


def names_in(source: str) -> Iterator[tuple[int, str]]:
    """Lines and texts of the literals that are an event's name."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and node.value in REGISTRY:
            yield node.lineno, node.value


def test_no_event_is_named_by_a_literal() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for room in ("gateway", "channels")
        for path in sorted((ROOT / room).rglob("*.py"))
        if CLASSES not in path.parents
        for line, name in names_in(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_a_literal_would_be_found() -> None:
    assert list(names_in(f'x = 1\ny = {{"a": "{TicketRegistered.TYPE}"}}')) == [(2, TicketRegistered.TYPE)]


def test_the_classes_are_the_names_only_place() -> None:
    written = [name for path in CLASSES.glob("*.py") for _, name in names_in(path.read_text(encoding="utf-8"))]
    assert sorted(written) == sorted(REGISTRY)
