"""Write the tables of events in docs/events.md and docs/events.zh-CN.md, from the classes of events.

Run ``.venv/bin/python -m scripts.events_page`` after a class was added or altered; a test fails when a page is stale.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from gateway.domain.events import REGISTRY, Event
from gateway.domain.events.told import DataKey, keys, meaning

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGES = {DOCS / "events.md": "en", DOCS / "events.zh-CN.md": "zh"}
"""Each edition with its language."""
BEGIN, END = "<!-- events made by scripts/events_page.py -->\n", "\n<!-- end of events -->"
_HEADS = {
    "en": ("| type | version | name | what it tells | keys of `data`, besides `changed` |", "|---|--:|---|---|---|"),
    "zh": ("| 类型 | 版本 | 名称 | `data` 的键（另有 `changed`） |", "|---|--:|---|---|"),
}
_TYPES = {
    "en": {str: "string", int: "whole number", float: "number", bool: "true or false"},
    "zh": {str: "字符串", int: "整数", float: "数", bool: "真假值"},
}


def table(language: str) -> str:
    """A row for each class, in the order of its type."""
    return "\n".join((*_HEADS[language], *(_row(REGISTRY[name], language) for name in sorted(REGISTRY))))


def _row(kind: type[Event], language: str) -> str:
    told = "<br>".join(_keys(kind, language)) or "—"
    name = f"{kind.EN} | {meaning(kind)}" if language == "en" else kind.ZH
    return f"| `{kind.TYPE}` | {kind.VERSION} | {name} | {told} |"


def _keys(kind: type[Event], language: str) -> Iterator[str]:
    for key in keys(kind):
        if language == "en":
            yield f"`{key.name}`{'' if key.always else '?'} ({_type(key, language)}): {key.en}"
        else:
            yield f"`{key.name}`{'' if key.always else '?'}（{_type(key, language)}）：{key.zh}"


def _type(key: DataKey, language: str) -> str:
    told = _TYPES[language][key.kind]
    if key.many:
        return f"list of {told}s" if language == "en" else f"{told}列表"
    if key.null and key.always:
        return f"{told}, or null" if language == "en" else f"{told}或 null"
    return told


def written(page: str, language: str) -> str:
    """``page`` with the table as the classes have it."""
    before, _, rest = page.partition(BEGIN)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"a page of events has lost its marks: {BEGIN.strip()} … {END.strip()}")
    return before + BEGIN + table(language) + END + after


if __name__ == "__main__":
    for page, language in PAGES.items():
        page.write_text(written(page.read_text(encoding="utf-8"), language), encoding="utf-8")
