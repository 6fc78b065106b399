"""Spans of a contact's processing for a tracing system; none are made unless one is configured.

The entry's span id follows from the trace id (``trace.span_of``), so that every process knows what to hang its spans
on. Attributes hold ids, codes and names of our own, never a person's words or number.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from gateway.telemetry import trace

Value = str | int | float | bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One part of a way. Times are nanoseconds since 1970."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str | None
    start_ns: int
    end_ns: int
    attributes: Mapping[str, Value] = field(default_factory=dict)
    error: str | None = None
    """The kind of exception that ended it."""


class _Off:
    """Where spans go: nowhere until ``send_to``."""

    sink: Callable[[Span], None] | None = None


def send_to(sink: Callable[[Span], None] | None) -> None:
    """Hand every span of this process to ``sink``, which must not block; None: none are made any more."""
    _Off.sink = sink


def wanted() -> bool:
    """Whether anybody takes them."""
    return _Off.sink is not None


def record(
    name: str,
    start: datetime,
    end: datetime,
    *,
    entry: bool = False,
    error: str | None = None,
    **attributes: Value | None,
) -> None:
    """Tell of what took from ``start`` to ``end`` on the way at hand; all else of it hangs on its ``entry``."""
    if _Off.sink is not None:
        _tell(name, _ns(start), _ns(end), entry=entry, error=error, attributes=attributes)


@contextmanager
def span(name: str, *, entry: bool = False, **attributes: Value | None) -> Iterator[dict[str, Value | None]]:
    """The same of what is done within; more attributes can be put into what it gives."""
    if _Off.sink is None:
        yield attributes
        return
    start, began, error = time.time_ns(), time.perf_counter_ns(), None
    try:
        yield attributes
    except BaseException as raised:
        error = type(raised).__name__
        raise
    finally:
        end = start + time.perf_counter_ns() - began
        _tell(name, start, end, entry=entry, error=error, attributes=attributes)


def _tell(
    name: str, start_ns: int, end_ns: int, *, entry: bool, error: str | None, attributes: Mapping[str, Value | None]
) -> None:
    own = trace.current()
    if own is None or _Off.sink is None:
        return
    _Off.sink(
        Span(
            name=name,
            trace_id=own,
            span_id=trace.span_of(own) if entry else os.urandom(8).hex(),
            parent_id=trace.parent() if entry else trace.span_of(own),
            start_ns=start_ns,
            end_ns=max(start_ns, end_ns),
            attributes={key: value for key, value in attributes.items() if value is not None},
            error=error,
        )
    )


def _ns(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000) * 1000
