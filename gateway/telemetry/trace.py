"""The trace id of a contact: made or taken over where it comes in, kept until it has left by a feed.

32 hexadecimal digits, W3C Trace Context's trace-id (https://www.w3.org/TR/trace-context/). Log lines carry it as
``trace``, events and queued messages keep it in SQL, feeds send it as ``traceparent``: one grep finds the whole way.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar
from datetime import UTC, datetime

NEAR_S = 3600.0
"""An id whose moment is further from what happened under it was not made here."""
_CURRENT: ContextVar[str | None] = ContextVar("trace", default=None)
_ABOVE: ContextVar[str | None] = ContextVar("above", default=None)
"""The span id that a client's header named."""
_PARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}(?:-.*)?")
_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")


def new() -> str:
    """A fresh id. It begins with the milliseconds of its making: ids of one day lie side by side in an index."""
    return f"{time.time_ns() // 1_000_000:012x}{os.urandom(10).hex()}"


def made_at(trace_id: str) -> datetime | None:
    """When ``new`` made an id; None for what cannot be such a moment. Others' ids may say anything: compare it."""
    try:
        return datetime.fromtimestamp(int(trace_id[:12], 16) / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def of(name: str) -> str:
    """The id of a call, from its external id: every process that knows the one knows the other."""
    return hashlib.sha256(name.encode()).hexdigest()[:32]


def is_id(text: str) -> bool:
    """Whether ``text`` can be an id."""
    return _ID.fullmatch(text) is not None


def current() -> str | None:
    """The id of the contact that this task works on."""
    return _CURRENT.get()


def parent() -> str | None:
    """The span of the client on which what came in hangs; None: it begins here."""
    return _ABOVE.get()


@contextmanager
def scope(trace_id: str | None = None) -> Iterator[str]:
    """What is done within belongs to ``trace_id``; None begins a way of its own."""
    own = trace_id or new()
    above = _ABOVE.set(_ABOVE.get() if own == _CURRENT.get() else None)
    current = _CURRENT.set(own)
    try:
        yield own
    finally:
        _CURRENT.reset(current)
        _ABOVE.reset(above)


def take_over(traceparent: str | None) -> None:
    """Go on under the id of a client that has proved who it is; a header that is not W3C's changes nothing.

    Strangers' ids are not taken over: they could mix their lines among another's.
    """
    found = _PARENT.fullmatch(traceparent or "")
    if found is not None:
        _CURRENT.set(found[1])
        _ABOVE.set(found[2])


def outside() -> Context:
    """A context without a trace id, for a task that outlives its starter."""
    return Context()


def traceparent(trace_id: str) -> str:
    """The ``traceparent`` header for the next system (level 1, sampled); its parent is the span of ``span_of``."""
    return f"00-{trace_id}-{span_of(trace_id)}-01"


def span_of(trace_id: str) -> str:
    """The span id of what came in: the id's second half, so that every process knows what to hang its spans on."""
    half = trace_id[16:]
    return half if half != "0" * 16 else "0" * 15 + "1"
