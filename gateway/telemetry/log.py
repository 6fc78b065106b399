"""Structured logs on stderr: a fixed event name and keys. Personal values go under ``pii_`` keys only."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

EventDict = MutableMapping[str, Any]


def redact(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Replace every ``pii_`` value by its length: enough to debug with, nothing to leak."""
    for key, value in event.items():
        if key.startswith("pii_"):
            event[key] = f"<{len(str(value))} chars>"
    return event


def _no_messages(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Keep an exception's type and place, drop its text: it may quote a citizen."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    exc = info if isinstance(info, BaseException) else (info[1] if isinstance(info, tuple) else None)
    if exc is not None:
        trace = exc.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        event["error"] = type(exc).__name__
        if trace is not None:
            event["error_at"] = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
        event["pii_error_text"] = str(exc)
    return event


class _Stderr:
    """Writes to what is stderr now. A log that cannot be written (full disk, closed pipe) never stops the work."""

    def msg(self, message: str) -> None:
        """Write one line."""
        with contextlib.suppress(OSError, ValueError):
            sys.stderr.write(f"{message}\n")
            sys.stderr.flush()

    debug = info = warning = error = critical = exception = msg


def configure(*, level: str = "info", json: bool = False, show_pii: bool = False) -> None:
    """Set up logging once per process. ``show_pii`` is for a developer's own machine only."""
    processors: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _no_messages,
    ]
    if not show_pii:
        processors.append(redact)
    processors.append(
        structlog.processors.JSONRenderer(ensure_ascii=False) if json else structlog.dev.ConsoleRenderer(colors=False),
    )
    threshold = logging.getLevelName(level.upper())
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=lambda *_: _Stderr(),
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(
        stream=sys.stderr, level=max(threshold, logging.WARNING), format="%(levelname)s %(name)s %(message)s"
    )


def get(name: str) -> Any:
    """A logger bound to a component's name."""
    return structlog.get_logger(component=name)
