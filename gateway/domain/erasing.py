"""What of a ticket is a person's, and what is left of it once it has been erased: one table, closed.

What stays are codes, instants, figures and ids of our own, so that every count stays what it was. A field that stands
in no row goes: whoever adds one says here whether it may stay. The columns of SQL: ``gateway.storage.erasure_table``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

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


def _erased(*names: str) -> dict[str, Fate]:
    return dict.fromkeys(names, ERASED)


_DIVISION = _kept("code", "name")
_CANDIDATES = Each(_kept("code", "confidence"))
TICKET: Mapping[str, Any] = {
    **_kept("entry_number", "callback_id", "status_before_merge"),
    "source": {"name": KEPT, "event_id": ERASED},
    "requester": {
        **_kept("requester_id", "kind", "contact_by", "anonymous", "secret", "language", "returning"),
        **_erased("name", "phone", "callback_phone", "gender", "org_name", "uscc", "accessibility", "labels"),
    },
    "demand": {
        **_kept("type", "emergency"),
        **_erased("title", "content"),
        "category": _kept("code", "l1", "l2", "l3", "l4", "taxonomy_version"),
        "urgency": {"level": KEPT, "reason": ERASED},
        "complained_about": _erased("name", "phone"),
    },
    "place": {
        **dict.fromkeys(("district", "street", "community"), _DIVISION),
        "grid_id": KEPT,
        **_erased("address", "lat", "lon", "crs"),
    },
    "handling": {
        "lead_unit": KEPT,
        "units": Each(
            {
                **_kept("task_id", "unit", "role", "dispatched_at", "signed_at", "replied_at", "due_at", "status"),
                "returns": Each({**_kept("at", "unit", "rule"), "reason": ERASED}),
            }
        ),
        "routing_trace": Each({**_kept("stage", "rule"), "reason": ERASED}),
        "clocks": Each(_kept("kind", "started_at", "due_at", "met_at", "breached_at")),
        "callback": _kept("state", "due_at", "attempts", "how"),
    },
    "outcome": {
        **_kept("replied_at", "resolved", "closed_at"),
        "public_reply": ERASED,
        "evaluation": {**_kept("channel", "satisfied"), "comment": ERASED},
        "evaluations": Each({**_kept("at", "channel", "satisfied"), "comment": ERASED}),
    },
    "prefill": {
        "fields": KEPT,
        "candidates": dict.fromkeys(("category", "unit", "district", "street", "community"), _CANDIDATES),
        **_erased("mentions", "pending"),
    },
    "related": {
        **_kept("parent_id", "child_ids", "merged_into", "merged_ids", "merged_count"),
        "similar": Each(_kept("ticket_id", "score")),
    },
    "attachments": Each({**_kept("attachment_id", "media_type", "bytes"), **_erased("sha256", "error", "name", "url")}),
}
"""A ticket's document. ``prefill.fields``: the guesses of fields that are kept, without their place in the text."""
INTERACTION: Mapping[str, Any] = {"flow": _kept("name", "version"), **_erased("dtmf", "recording")}
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
