"""Loads what is valid in a broken configuration, so that its other mistakes are reported, too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from gateway.errors import ConfigError
from gateway.settings import Settings, load, read_table

ROUNDS = 20
"""Each takes away what is wrong; what is left may be found wrong only then."""


def load_what_holds(config: Path | None) -> tuple[Settings | None, list[str]]:
    """The settings without what is wrong in the file (its default instead), and every mistake.

    None when nothing holds: no TOML, or the mistake is in the environment, which has the last word.
    """
    try:
        return load(config), []
    except ConfigError as error:
        problems = error.problems
    if config is None:
        return None, problems
    try:
        table = read_table(config)
    except ConfigError:
        return None, problems
    for _ in range(ROUNDS):
        try:
            return Settings(**table), problems
        except ValidationError as error:
            if not _take_away(table, error):
                break
    return None, problems


def _take_away(table: dict[str, Any], error: ValidationError) -> bool:
    """Remove what ``error`` names; False when it names nothing of ``table``."""
    wrong = {_element(item["loc"]) for item in error.errors(include_url=False, include_context=False)}
    taken = False
    # The later of a list first: the others keep their places.
    for place in sorted(wrong, key=lambda loc: [(isinstance(part, str), part) for part in loc], reverse=True):
        taken = _remove(table, place) or taken
    return taken


def _element(place: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """``place`` up to the element of a list, which goes as a whole and once, however much is wrong with it."""
    first = next((at for at, part in enumerate(place) if isinstance(part, int)), len(place))
    return place[: first + 1]


def _remove(table: dict[str, Any], place: tuple[int | str, ...]) -> bool:
    """The innermost table or list element on the way to ``place`` loses it; a ``[[table]]`` goes as a whole."""
    if not place or place[0] not in table:
        return False
    head, *rest = place
    inner = table[str(head)]
    if isinstance(inner, list):
        if rest and isinstance(rest[0], int) and rest[0] < len(inner):
            del inner[rest[0]]
        else:
            table[str(head)] = []
    elif not (isinstance(inner, dict) and rest and _remove(inner, tuple(rest))):
        del table[str(head)]
    return True
