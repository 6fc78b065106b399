"""Structured logs on stderr: a fixed event name and keys. Personal values go under ``pii_`` keys only.

Whoever logs an exception passes it as ``exc_info`` and says nothing else of it: here it becomes plain keys.
"""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from gateway.telemetry import trace
from gateway.telemetry.faults import fault_keys

EventDict = MutableMapping[str, Any]


def redact(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Replace every ``pii_`` value by its length: enough to debug with, nothing to leak."""
    for key, value in event.items():
        if key.startswith("pii_"):
            event[key] = f"<{len(str(value))} chars>"
    return event


def _faults(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Turn ``exc_info`` into plain keys (``faults.fault_keys``); the exception's words may quote a citizen."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info if isinstance(info, BaseException) else (info[1] if isinstance(info, tuple) else None)
    if error is not None:
        for key, value in fault_keys(error).items():
            event.setdefault(key, value)
        event["pii_error_text"] = str(error)
    return event


def _whose(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Add the id of the contact at hand (``gateway.telemetry.trace``)."""
    if (current := trace.current()) is not None:
        event.setdefault("trace", current)
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
    threshold = logging.getLevelName(level.upper())
    _structure(threshold, json=json, show_pii=show_pii)
    logging.basicConfig(handlers=[_Libraries()], level=max(threshold, logging.WARNING))


def _structure(threshold: int, *, json: bool, show_pii: bool) -> None:
    processors: list[Any] = [
        _whose,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _faults,
    ]
    if not show_pii:
        processors.append(redact)
    processors.append(
        structlog.processors.JSONRenderer(ensure_ascii=False) if json else structlog.dev.ConsoleRenderer(colors=False),
    )
    structlog.configure(
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=lambda *_: _Stderr(),
        cache_logger_on_first_use=False,
    )


class _Libraries(logging.Handler):
    """What libraries log goes the same way: their words are hidden, their exceptions become plain keys."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write ``record``; its template's first line tells what it is, the values put into it may be personal."""
        template = str(record.msg).partition("\n")[0]
        level = "warning" if record.levelno < logging.ERROR else "error"
        getattr(get(record.name), level)("library", told=template, exc_info=record.exc_info, pii_text=_filled(record))


def _filled(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):  # a template and its values that do not fit are no reason to fail
        return str(record.msg)


def get(name: str) -> Any:
    """A logger bound to a component's name."""
    return structlog.get_logger(component=name)


_structure(logging.NOTSET, json=False, show_pii=False)  # structlog's own way prints the variables of every frame
