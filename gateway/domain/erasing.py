"""What is left of a ticket once it has been erased: what the table of fields says is no person's (``personal``).

What stays are codes, instants, figures and ids of our own, so that every count stays what it was. A key that is no
field goes. The columns of SQL: ``gateway.storage.erasure_table``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from gateway.domain.fields import TABLE, FieldRow, Kind
from gateway.domain.form import Form
from gateway.domain.form_paths import COLUMNS

Tree = dict[str, Any]


class Fate(Enum):
    """What becomes of a field."""

    KEPT = "kept"
    ERASED = "erased"


KEPT, ERASED = Fate.KEPT, Fate.ERASED


@dataclass(frozen=True, slots=True)
class Each:
    """A list of objects with these fields."""

    fields: Mapping[str, Any]


def _kept(*names: str) -> dict[str, Fate]:
    return dict.fromkeys(names, KEPT)


def _fate(row: FieldRow) -> Any:
    match row.kind:
        case Kind.OBJECT:
            return _fates(row.path)
        case Kind.LIST:
            return Each(_fates(row.path))
        case _:
            return ERASED if row.personal else KEPT


def _fates(path: str = "") -> dict[str, Any]:
    return {row.name: _fate(row) for row in TABLE.within(path)}


_READ = dict.fromkeys(("mentions", "pending"), ERASED)
"""What pre-fill says of a text goes with it, whatever it is."""
TICKET: Mapping[str, Any] = {
    **{name: fate for name, fate in _fates().items() if name in Form.__slots__},
    **_kept("callback_id", "status_before_merge"),
    "prefill": _fates("prefill") | _READ,
}
"""A ticket's document. ``prefill.fields``: the guesses of fields that are kept, without their place in the text."""
INTERACTION: Mapping[str, Any] = {"flow": _kept("name", "version"), "dtmf": ERASED, "recording": ERASED}
CALLBACK: Mapping[str, Any] = {
    "reasons": Each(_kept("reason", "ticket_id", "interaction_id")),
    **_kept("claimed_by", "claimed_until"),
    "last_attempt": {**_kept("at", "by", "result"), "note": ERASED},
    "closed": {**_kept("at", "by", "why"), "note": ERASED},
}


def erased(doc: Mapping[str, Any], fates: Mapping[str, Any]) -> Tree:
    """What is left of a document; ``fates`` is one of the tables above. Erasing twice is erasing once."""
    left = {key: _left(value, fates.get(key, ERASED)) for key, value in doc.items()}
    left = {key: value for key, value in left.items() if value is not ERASED}
    if "prefill" in left and "fields" in left["prefill"]:
        guesses = left["prefill"]["fields"].items()
        left["prefill"]["fields"] = {path: {**one, "span": None} for path, one in guesses if stays(path)}
    return left


def _left(value: Any, fate: Any) -> Any:
    if isinstance(fate, Fate):
        return value if fate is KEPT else ERASED
    if isinstance(fate, Each):
        return [_whole(one, fate.fields) for one in value or ()]
    return erased(value, fate) if isinstance(value, Mapping) else value


def _whole(value: Mapping[str, Any], fates: Mapping[str, Any]) -> Tree:
    """An object of a list keeps its keys: nothing fills them in when it is read."""
    left = {key: _left(inner, fates.get(key, ERASED)) for key, inner in value.items()}
    return {key: None if inner is ERASED else inner for key, inner in left.items()}


def stays(path: str) -> bool:
    """Whether what stands at a path of the record, or what was guessed of it, is left after an erasure."""
    fate: Any = TICKET
    for key in path.split("."):
        fate = fate.get(key, ERASED) if isinstance(fate, Mapping) else fate
    return path in COLUMNS or fate is KEPT or (isinstance(fate, Mapping) and all(one is KEPT for one in fate.values()))
