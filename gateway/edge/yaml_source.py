"""Files that people write as YAML: safe tags only, no key twice, and every value's line kept for messages."""

from __future__ import annotations

from collections.abc import Hashable
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from yaml.nodes import MappingNode, Node, SequenceNode

from gateway.errors import ConfigError


class YamlSource:
    """One parsed YAML file."""

    def __init__(self, path: Path, text: str | None = None) -> None:
        """Read ``path``, or the ``text`` that it held; ``ConfigError`` when it is no YAML or says a key twice."""
        self.path = path
        try:
            self.text = path.read_text(encoding="utf-8") if text is None else text
            loader = yaml.SafeLoader(self.text)
            try:
                self._root = loader.get_single_node()
                self._problems = [] if self._root is None else self._doubled(self._root, loader)
                self.value: Any = loader.construct_document(self._root) if self._root and not self._problems else None
            finally:
                loader.dispose()
        except FileNotFoundError:
            raise ConfigError([f"{path}: no such file"]) from None
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError([f"{path}: cannot be read: {error}"]) from error
        except RecursionError:
            raise ConfigError([f"{path}: nested too deeply"]) from None
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            line = f":{mark.line + 1}" if mark else ""
            raise ConfigError([f"{path}{line}: not valid YAML: {error.problem}"]) from error
        except yaml.YAMLError as error:
            raise ConfigError([f"{path}: not valid YAML: {error}"]) from error
        if self._problems:
            raise ConfigError(self._problems)

    def where(self, loc: tuple[int | str, ...]) -> str:
        """``file:line`` of the value at ``loc``; parts that YAML does not have (pydantic's tags) are passed over."""
        node = self._root
        line = 1
        for part in loc:
            inner = _inner(node, part) if node is not None else None
            if inner is not None:
                node = inner
                line = node.start_mark.line + 1
        return f"{self.path}:{line}"

    def _doubled(self, node: Node, loader: yaml.SafeLoader) -> list[str]:
        found: list[str] = []
        if isinstance(node, MappingNode):
            seen: set[Hashable] = set()
            for key_node, value in node.value:
                key = loader.construct_object(key_node, deep=True)
                if isinstance(key, Hashable):
                    if key in seen:
                        found.append(f"{self.path}:{key_node.start_mark.line + 1}: {key!r} is said twice")
                    seen.add(key)
                found += self._doubled(value, loader)
        elif isinstance(node, SequenceNode):
            for value in node.value:
                found += self._doubled(value, loader)
        return found


def spelled(error: ValidationError, source: YamlSource) -> list[str]:
    """Each mistake of a pydantic model as one line that begins with its place in the file."""
    lines = []
    items = error.errors(include_url=False, include_context=False)
    for item in items:
        if item["type"] == "too_short" and any(
            o["loc"][: len(item["loc"])] == item["loc"] for o in items if o is not item
        ):
            continue  # only the echo of a mistake further in
        message = "unknown key; remove it or check its spelling" if item["type"] == "extra_forbidden" else item["msg"]
        lines.append(f"{source.where(item['loc'])}: {'.'.join(str(part) for part in item['loc'])}: {message}")
    return lines


def _inner(node: Node, part: int | str) -> Node | None:
    if isinstance(node, SequenceNode):
        return node.value[part] if isinstance(part, int) and part < len(node.value) else None
    if isinstance(node, MappingNode):
        return next((value for key, value in node.value if key.value == str(part)), None)
    return None
