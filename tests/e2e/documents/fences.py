"""The commands that a page tells its reader to type."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(
    r"(?:^<!-- not run by the tests: (?P<why>[^>]+) -->\n)?^```sh\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL
)
_REMARK = re.compile(r"\s+# .*$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One fenced ``sh`` block: the line it begins at, its text, and why the tests do not run it, if they do not."""

    line: int
    text: str
    why_not: str | None

    @property
    def commands(self) -> str:
        """Its text without the remarks, which differ between languages."""
        return _REMARK.sub("", self.text)


def blocks(page: Path) -> list[Block]:
    """The ``sh`` blocks of a page in their order. A comment on the line before tells why one is not run."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(text.count("\n", 0, found.start("text")), found["text"], found["why"]) for found in _FENCE.finditer(text)
    ]
