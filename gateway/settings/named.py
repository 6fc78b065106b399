"""Keys of one ``[[channel]]`` or ``[[feed]]`` from the environment and from secret files.

``GATEWAY_CHANNEL__<ID>__<KEY>`` and ``GATEWAY_FEED__<ID>__<KEY>``, in upper or lower case; in ``<ID>`` every character
that is no letter and no digit is an underscore: ``app_secret`` of the channel ``city-wechat`` is
``GATEWAY_CHANNEL__CITY_WECHAT__APP_SECRET``. A value that begins with ``[`` or ``{`` is JSON where it can be read so.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gateway.errors import ConfigError

PREFIX = "GATEWAY_"
TABLES = ("channel", "feed")
_OWN = re.compile(rf"{PREFIX}({'|'.join(TABLES)})__(.+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Given:
    """A value from outside the file."""

    place: str
    """For messages: the variable, or the file that holds it."""
    value: str


def environment() -> dict[str, Given]:
    """What ``GATEWAY_…`` variables say, by their names in upper case."""
    return {
        name.upper(): Given(f"environment: {name}", value)
        for name, value in os.environ.items()
        if name.upper().startswith(PREFIX)
    }


def secret_files(folder: Path) -> dict[str, Given]:
    """What the files of ``folder`` say, by their names in upper case; a newline at the end is an editor's."""
    try:
        files = sorted(path for path in folder.iterdir() if path.name.upper().startswith(PREFIX) and path.is_file())
        return {path.name.upper(): Given(str(path), path.read_text("utf-8").rstrip("\r\n")) for path in files}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError([f"GATEWAY_SECRETS_DIR={folder}: cannot be read: {error}"]) from error


def without_tables(given: Mapping[str, Given]) -> dict[str, str]:
    """What is left for the sections, by names in lower case."""
    return {name.lower(): one.value for name, one in given.items() if not _OWN.fullmatch(name)}


def put_in(tables: dict[str, Any], given: Mapping[str, Given]) -> dict[tuple[str, str, str], str]:
    """Set in ``tables`` (lists of dicts by ``channel`` and ``feed``) what ``given`` says of them.

    The places of what was set, by table, id and first key. ``ConfigError`` lists what belongs to no table.
    """
    places: dict[tuple[str, str, str], str] = {}
    problems: list[str] = []
    for name, one in given.items():
        found = _OWN.fullmatch(name)
        if found is None:
            continue
        table, rest = found[1].lower(), found[2].lower()
        try:
            rows = tables.get(table)
            target, path = _target(table, rest, rows if isinstance(rows, list) else ())
        except ValueError as error:
            problems.append(f"{one.place}: {error}")
            continue
        places[table, target["id"], path[0]] = one.place
        _put(target, path, _value(one.value))
    if problems:
        raise ConfigError(problems)
    return places


def _target(table: str, rest: str, rows: Sequence[Any]) -> tuple[dict[str, Any], list[str]]:
    """The row that ``rest`` begins with the name of, and the path of the key within."""
    rows = [row for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str)]
    named = [row for row in rows if f"{rest}__".startswith(f"{_name(row)}__")]
    longest = max(map(len, map(_name, named)), default=0)
    fitting = [row for row in named if len(_name(row)) == longest]
    if not fitting:
        known = ", ".join(row["id"] for row in rows) or "none is configured"
        raise ValueError(f"there is no {table} {rest.partition('__')[0]!r}; {table}s: {known}")
    if len({row["id"] for row in fitting}) > 1:
        ids = " and ".join(row["id"] for row in fitting)
        raise ValueError(f"this name is that of {ids}; rename one of them")
    path = rest[longest + 2 :].split("__")
    if not all(path) or path == ["id"]:
        raise ValueError(f"name a key of {table} {fitting[0]['id']!r} after two underscores; its id is the file's")
    return fitting[0], path


def _put(target: dict[str, Any], path: Sequence[str], value: Any) -> None:
    """Set the key that ``path`` leads to; what stands in its way gives way."""
    *outer, last = path
    for key in outer:
        if not isinstance(target.get(key), dict):
            target[key] = {}
        target = target[key]
    target[last] = value


def _name(row: Mapping[str, Any]) -> str:
    return re.sub(r"[^a-z0-9]", "_", row["id"].lower())


def _value(text: str) -> Any:
    if text[:1] not in {"[", "{"}:
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # the latter: brackets in thousands
        return text
