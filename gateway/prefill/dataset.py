"""Rows that a model learns from or is measured on: one text and its label each, from a CSV file."""

from __future__ import annotations

import csv
import hashlib
import io
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from gateway.errors import ConfigError
from gateway.prefill.features import MAX_CHARS

FIELD_LIMIT = 16 * 1024 * 1024
SHOWN = 10
"""Wrong lines that are listed one by one; the rest are counted."""
MIN_ROWS = 2
"""A label seen less often can be neither learnt nor checked."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Texts, their labels, and the digest of the file that they came from."""

    texts: tuple[str, ...]
    labels: tuple[str, ...]
    sha256: str


def read(path: Path, *, text_column: str = "text", label_column: str = "label", say: Callable[[str], None]) -> Rows:
    """Read a UTF-8 CSV with a header. ``ConfigError`` names every wrong line; ``say`` hears of shortened texts."""
    try:
        raw = path.read_bytes()
        lines = io.StringIO(raw.decode("utf-8-sig"), newline="")
    except OSError as error:
        raise ConfigError([f"{path}: cannot be read: {error}"]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: is not UTF-8 ({error}); save it as CSV UTF-8"]) from error
    texts: list[str] = []
    labels: list[str] = []
    problems: list[str] = []
    before = csv.field_size_limit(FIELD_LIMIT)
    reader = csv.DictReader(lines, strict=True)
    try:
        missing = [c for c in (text_column, label_column) if c not in (reader.fieldnames or ())]
        if missing:
            raise ConfigError([_no_column(path, missing, reader.fieldnames)])
        for row in reader:
            text, label = (row[text_column] or "").strip(), (row[label_column] or "").strip()
            wrong = _wrong(row, text, label, text_column, label_column)
            if wrong:
                problems.append(f"{path}:{reader.line_num}: {wrong}")
                continue
            texts.append(text)
            labels.append(label)
    except csv.Error as error:
        problems.append(f"{path}:{reader.line_num}: is no CSV: {error}")
    finally:
        csv.field_size_limit(before)
    if not texts and not problems:
        problems = [f"{path}: has no rows"]
    if problems:
        more = len(problems) - SHOWN
        raise ConfigError([*problems[:SHOWN], *([f"{path}: and {more} more wrong lines"] if more > 0 else [])])
    long = sum(len(text) > MAX_CHARS for text in texts)
    if long:
        say(f"{long} text(s) are longer than {MAX_CHARS} characters: only their beginning is read")
    return Rows(tuple(texts), tuple(labels), hashlib.sha256(raw).hexdigest())


def _no_column(path: Path, missing: list[str], names: object) -> str:
    if not names:
        return f"{path}: is empty; it needs a header line and rows"
    listed = ", ".join(map(str, names)) if isinstance(names, list | tuple) else str(names)
    return f"{path}:1: has no column {' and '.join(map(repr, missing))}; it has {listed[:200]}"


def _wrong(row: dict[str, str], text: str, label: str, text_column: str, label_column: str) -> str:
    if None in row:
        return "has more cells than the header; a comma in a text needs quotes around the text"
    if not text:
        return f"{text_column!r} is empty"
    return "" if label else f"{label_column!r} is empty"


def learnable(rows: Rows, say: Callable[[str], None]) -> Rows:
    """Rows without repetitions, contradictions and labels seen once, each told to ``say``.

    ``ConfigError`` when fewer than two labels are left.
    """
    given: dict[str, set[str]] = {}
    for text, label in zip(rows.texts, rows.labels, strict=True):
        given.setdefault(text, set()).add(label)
    clear = [(text, next(iter(labels))) for text, labels in given.items() if len(labels) == 1]
    if len(given) < len(rows.texts):
        say(f"{len(rows.texts) - len(given)} repeated row(s): each text counts once")
    if len(clear) < len(given):
        say(f"{len(given) - len(clear)} text(s) stand under more than one label: left out")
    counts = Counter(label for _, label in clear)
    rare = sorted(label for label, count in counts.items() if count < MIN_ROWS)
    if rare:
        say(f"{len(rare)} label(s) seen once, left out (at least {MIN_ROWS} rows each): {', '.join(rare[:SHOWN])}")
    kept = [(text, label) for text, label in clear if counts[label] >= MIN_ROWS]
    if len({label for _, label in kept}) < MIN_ROWS:
        raise ConfigError(["the data need at least two labels with two different texts each"])
    return Rows(tuple(t for t, _ in kept), tuple(label for _, label in kept), rows.sha256)
