"""Differences between two configurations, as keys of the file."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from gateway.settings import Settings
from gateway.settings.sections import T

TABLES = ("channel", "feed")


@dataclass(frozen=True, slots=True)
class RowChanges:
    """What became of ``[[channel]]`` or ``[[feed]]`` tables, by id."""

    added: Sequence[str]
    removed: Sequence[str]
    changed: dict[str, list[str]]
    """The keys that differ."""

    def keys(self, table: str, ids: Collection[str]) -> list[str]:
        """As a person finds them in the file, of those in ``ids``."""
        whole = [f"{table}[{id_}]" for id_ in (*self.removed, *self.added) if id_ in ids]
        single = [f"{table}[{id_}].{key}" for id_, keys in self.changed.items() if id_ in ids for key in keys]
        return whole + single


def changed_keys(old: Settings, new: Settings) -> list[str]:
    """``section.key`` of what differs, tables apart."""
    return [key for name in Settings.model_fields if name not in TABLES for key in _differ(old, new, name)]


def changed_rows(old: Sequence[T], new: Sequence[T]) -> RowChanges:
    """Tables are the same when their ids are; one that became another kind is removed and added."""
    before, after = ({row.id: row for row in rows} for rows in (old, new))
    same = [id_ for id_ in after if id_ in before and before[id_].kind == after[id_].kind]
    keys = {id_: _keys(said(before[id_]), said(after[id_])) for id_ in same}
    return RowChanges(
        added=[id_ for id_ in after if id_ not in same],
        removed=[id_ for id_ in before if id_ not in same],
        changed={id_: differing for id_, differing in keys.items() if differing},
    )


def said(row: BaseModel) -> dict[str, Any]:
    """What a table says, in the file or elsewhere."""
    return row.model_dump(exclude_unset=True)


def merged(old: T, new: T, keys: Sequence[str]) -> T:
    """``old`` with ``keys`` as ``new`` has them."""
    kept = {key: value for key, value in said(old).items() if key not in keys}
    return type(old).model_validate(kept | {key: value for key, value in said(new).items() if key in keys})


def _differ(old: Any, new: Any, name: str) -> Iterator[str]:
    before, after = getattr(old, name), getattr(new, name)
    if before == after:
        return
    if isinstance(before, BaseModel):
        for key in type(before).model_fields:
            yield from (f"{name}.{key}" for _ in _differ(before, after, key))
    else:
        yield name


def _keys(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    return sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))
