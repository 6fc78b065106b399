"""Measuring recognition: manifests and the character error rate."""

from __future__ import annotations

import csv
import json
import re
import unicodedata
from functools import cache
from pathlib import Path
from typing import Any

from gateway.errors import ConfigError

FILE_KEYS = ("file", "wav", "path", "audio", "audio_filepath")
TEXT_KEYS = ("text", "transcript", "sentence")
_NOT_WORD = re.compile(r"[\W_]+")


def read_manifest(manifest: Path) -> list[tuple[Path, str]]:
    """Audio files and what is said in them, from JSON lines or a tab-separated file, with or without a header.

    Files are found from the manifest's folder. ``ConfigError`` names every line that is wrong.
    """
    try:
        lines = manifest.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"{manifest}: cannot be read: {error}"]) from error
    problems: list[str] = []
    rows: list[tuple[Path, str]] = []
    header: list[str] | None = None
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        if line.lstrip().startswith("{"):
            pair = _from_json(line)
        else:
            cells = next(csv.reader([line], delimiter="\t", quoting=csv.QUOTE_NONE))
            if header is None:
                known = [cell.strip().lower() for cell in cells]
                header = known if set(known) & set(FILE_KEYS) and set(known) & set(TEXT_KEYS) else []
                if header:
                    continue
            pair = _from_cells(cells, header)
        if pair is None:
            problems.append(f"{manifest}:{number}: needs a file and its text")
            continue
        path = manifest.parent / pair[0]
        if not path.is_file():
            problems.append(f"{manifest}:{number}: {path}: no such file")
        rows.append((path, pair[1]))
    if not rows and not problems:
        problems = [f"{manifest}: is empty"]
    if problems:
        raise ConfigError(problems)
    return rows


def _from_json(line: str) -> tuple[str, str] | None:
    try:
        row: dict[str, Any] = json.loads(line)
    except ValueError:
        return None
    file = next((row[key] for key in FILE_KEYS if key in row), None)
    text = next((row[key] for key in TEXT_KEYS if key in row), None)
    return (file, text) if isinstance(file, str) and isinstance(text, str) else None


def _from_cells(cells: list[str], header: list[str]) -> tuple[str, str] | None:
    if not header:
        return (cells[0], cells[1]) if len(cells) > 1 else None
    row = dict(zip(header, cells, strict=False))
    file = next((row[key] for key in FILE_KEYS if row.get(key)), None)
    text = next((row[key] for key in TEXT_KEYS if row.get(key)), None)
    return (file, text) if file and text else None


@cache
def _simplifier() -> Any:
    import opencc  # noqa: PLC0415 - its dictionaries are needed only here

    return opencc.OpenCC("t2s")


def normalised(text: str) -> str:
    """Simplified, half-width, lower-case, without punctuation and blanks: what an error is counted on."""
    return _NOT_WORD.sub("", _simplifier().convert(unicodedata.normalize("NFKC", text))).lower()


def error_rate(wanted: str, heard: str) -> tuple[int, int]:
    """Levenshtein distance of the normalised texts in characters, and the length of the wanted one."""
    a, b = normalised(wanted), normalised(heard)
    row = list(range(len(b) + 1))
    for i, x in enumerate(a, start=1):
        above, row[0] = row[0], i
        for j, y in enumerate(b, start=1):
            above, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, above + (x != y))
    return row[-1], len(a)
