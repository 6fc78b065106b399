"""Hypothesis: any value of a type that commands are made of, read from its annotations."""

from __future__ import annotations

import dataclasses
import types
import typing
from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from hypothesis import strategies as st

TEXTS = st.one_of(st.sampled_from(["", "null", "true", "1", "路灯坏了", "13800138000", "a\nb"]), st.text(max_size=8))
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
FLOATS = st.floats(allow_nan=False, allow_infinity=False, width=32)
INTS = st.integers(-(2**53), 2**53)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), INTS, FLOATS, TEXTS),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(TEXTS, inner, max_size=2)),
    max_leaves=4,
)
"""What JSON can say: of fields whose type is ``Any``."""
_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXTS,
    bool: st.booleans(),
    int: INTS,
    float: FLOATS,
    datetime: INSTANTS,
    Any: VALUES,
    type(None): st.none(),
}


def any_of(kind: Any, **given: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """A value of ``kind``; attributes of a dataclass that are ``given`` are drawn from there."""
    if kind in _PLAIN:
        return _PLAIN[kind]
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        fields = {one.name: any_of(hints[one.name]) for one in dataclasses.fields(kind)}
        return st.builds(kind, **(fields | given))
    if isinstance(kind, type) and issubclass(kind, Enum):
        return st.sampled_from(kind)
    return _generic(typing.get_origin(kind), typing.get_args(kind), kind)


def _generic(origin: Any, inner: tuple[Any, ...], kind: Any) -> st.SearchStrategy[Any]:
    if origin in (typing.Union, types.UnionType):
        return st.one_of([any_of(one) for one in inner])
    if origin is tuple:
        if inner[-1] is Ellipsis:
            return st.lists(any_of(inner[0]), max_size=2).map(tuple)
        return st.tuples(*map(any_of, inner))
    if origin is list:
        return st.lists(any_of(inner[0]), max_size=2)
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return st.dictionaries(any_of(inner[0]), any_of(inner[1]), max_size=2)
    raise TypeError(f"no strategy for {kind}")
