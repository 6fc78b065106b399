"""A clock as documents and events hold it: RFC 3339 instants, durations in milliseconds, codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any

from gateway.domain.case.clock import TICK, CaseClock, EarlierDue, Escalation, WhyMoved
from gateway.domain.case.policy import ClockKind, EscalateTo
from gateway.domain.ids import from_rfc3339, rfc3339

_NAMES = [one.name for one in fields(CaseClock)]
_DURATIONS = frozenset({"length", "extended", "paused", "inherited"})
_INSTANTS = frozenset(name for name in _NAMES if name.endswith("_at"))
NEXT_AT = "next_at"
"""Follows from the others; it is written beside them for who only looks at the document."""


def codes_of(clock: CaseClock) -> dict[str, Any]:
    """Every value of ``clock`` as JSON holds it; durations are called ``<name>_ms``."""
    codes = {f"{name}_ms" if name in _DURATIONS else name: _code(getattr(clock, name)) for name in _NAMES}
    return {**codes, NEXT_AT: _code(clock.next_at)}


def clock_of(codes: Mapping[str, Any]) -> CaseClock:
    """The clock that ``codes_of`` wrote."""
    values = {name: codes[f"{name}_ms"] * TICK if name in _DURATIONS else codes[name] for name in _NAMES}
    values |= {name: _instant(codes[name]) for name in _INSTANTS}
    values["kind"] = ClockKind(codes["kind"])
    values["escalations"] = tuple(
        Escalation(at=from_rfc3339(one["at"]), to=EscalateTo(one["to"])) for one in codes["escalations"]
    )
    values["earlier"] = tuple(
        EarlierDue(
            due_at=from_rfc3339(one["due_at"]),
            why=WhyMoved(one["why"]),
            at=from_rfc3339(one["at"]),
            breached_at=_instant(one["breached_at"]),
        )
        for one in codes["earlier"]
    )
    return CaseClock(**values)


def _code(value: Any) -> Any:
    match value:
        case datetime():
            return rfc3339(value)
        case timedelta():
            return value // TICK
        case tuple():
            return [{one.name: _code(getattr(item, one.name)) for one in fields(item)} for item in value]
        case ClockKind() | EscalateTo() | WhyMoved():
            return value.value
        case _:
            return value


def _instant(text: str | None) -> datetime | None:
    return None if text is None else from_rfc3339(text)
