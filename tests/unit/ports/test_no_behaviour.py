"""Ports say what one room expects of another: protocols, values and errors; what is done lies elsewhere."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from gateway import ports

pytestmark = pytest.mark.unit

MODULES = sorted(Path(ports.__path__[0]).glob("*.py"))
Function = ast.FunctionDef | ast.AsyncFunctionDef


def behaviour(source: str) -> list[str]:
    """Names of what does something in a module of ports."""
    found = []
    for node in ast.parse(source).body:
        if isinstance(node, Function):
            found.append(node.name)
        elif isinstance(node, ast.ClassDef):
            found += [f"{node.name}.{one.name}" for one in node.body if isinstance(one, Function) and _acts(node, one)]
    return found


def _acts(owner: ast.ClassDef, method: Function) -> bool:
    """A method of a protocol may not; a value tells what its fields say in one expression; an error keeps its words."""
    statements = method.body[1:] if ast.get_docstring(method) else method.body
    if any("Protocol" in ast.unparse(base) for base in owner.bases):
        return [ast.unparse(one) for one in statements] != ["..."]
    if owner.bases and method.name == "__init__":
        return any(isinstance(one, ast.For | ast.While | ast.If | ast.Try) for one in statements)
    return len(statements) != 1 or not isinstance(statements[0], ast.Return)


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_a_port_does_nothing(module):
    assert behaviour(module.read_text(encoding="utf-8")) == []


def test_what_does_something_is_found():
    source = '''
def read(text): return text
class Store(Protocol):
    def get(self):
        """Says."""
        return 1
class Empty:
    async def get(self): print()
class Value:
    def shown(self): return self.text
class Wrong(ValueError):
    def __init__(self): super().__init__("")
'''
    assert behaviour(source) == ["read", "Store.get", "Empty.get"]
