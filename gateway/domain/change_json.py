"""A ``Change`` as one line of JSON and back, for the spool of calls taken while the store was down."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gateway.domain import change as changes
from gateway.domain.change import Change
from gateway.domain.guess import Guess

_CLASSES: dict[str, Any] = {
    cls.__name__: cls
    for cls in (*vars(changes).values(), Guess)
    if isinstance(cls, type) and dataclasses.is_dataclass(cls)
}


def dumps(change: Change) -> str:
    """One line of JSON."""
    return json.dumps(_encode(change), ensure_ascii=True, separators=(",", ":"))


def loads(line: str) -> Change:
    """The Change of a line; ValueError or KeyError when it is not one."""
    change = _decode(json.loads(line))
    if not isinstance(change, Change):
        raise ValueError("not a Change")  # noqa: TRY004 - the text is wrong, not the caller's type
    return change


def _encode(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {f.name: _encode(getattr(value, f.name)) for f in dataclasses.fields(value)}
        return {"class": type(value).__name__, "fields": fields}
    if isinstance(value, datetime):
        return {"time": value.isoformat()}
    if isinstance(value, Mapping):
        return {"map": [[_encode(k), _encode(v)] for k, v in value.items()]}
    if isinstance(value, tuple):
        return {"tuple": [_encode(v) for v in value]}
    if isinstance(value, list):
        return [_encode(v) for v in value]
    return value


def _decode(value: Any) -> Any:
    if isinstance(value, list):
        return [_decode(v) for v in value]
    if not isinstance(value, dict):
        return value
    if "class" in value:
        cls = _CLASSES[value["class"]]
        known = {field.name for field in dataclasses.fields(cls)}  # an earlier version's file may hold others
        return cls(**{name: _decode(v) for name, v in value["fields"].items() if name in known})
    if "time" in value:
        return datetime.fromisoformat(value["time"])
    if "tuple" in value:
        return tuple(_decode(v) for v in value["tuple"])
    return {_decode(k): _decode(v) for k, v in value["map"]}
