"""Log keys of an exception: its kinds, numbers and names, never its message.

The words of an exception may quote a citizen (SQL parameters, a provider's answer, a body); its type, errno, SQLite and
SQLSTATE codes, HTTP status and a provider's own code cannot, and they are what tells a full disk from a lost cable.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator
from typing import Any

from gateway.errors import GatewayError

MOST = 8
"""So many exceptions of a chain are looked at: the rest repeats."""
_LOOKUPS = {value: name for name, value in vars(socket).items() if name.startswith("EAI_") and isinstance(value, int)}


def fault_keys(error: BaseException) -> dict[str, Any]:
    """Plain keys of ``error`` and of what led to it; where several of the chain have one, the outermost counts.

    ``error`` its type, ``cause`` the types that led to it, ``error_at`` where it was raised; as they are known
    ``code`` (this product's word), ``errno`` and ``errno_name``, ``sqlite`` (SQLite's name), ``sqlstate``,
    ``http_status``, ``errcode`` (a provider's own) and ``tls``.
    """
    chain = list(_chain(error))
    keys: dict[str, Any] = {"error": _kind(chain[0])}
    if chain[1:]:
        keys["cause"] = " < ".join(map(_kind, chain[1:]))
    for one in chain:
        for key, value in _facts(one):
            keys.setdefault(key, value)
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is not None:
        keys["error_at"] = f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
    return keys


def _chain(error: BaseException) -> Iterator[BaseException]:
    """``error``, what it was raised from or while, and so on; a group's first member stands for the group.

    Also what ``raise … from None`` keeps out of tracebacks: there its words would be printed, here only its kind is.
    """
    seen: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen and len(seen) < MOST:
        seen.add(id(at))
        yield at
        inner = getattr(at, "orig", None)  # SQLAlchemy's word for the driver's own error
        if isinstance(at, BaseExceptionGroup):
            at = at.exceptions[0]
        elif isinstance(inner, BaseException):
            at = inner
        else:
            at = at.__cause__ or at.__context__


def _kind(error: BaseException) -> str:
    return type(error).__name__


def _facts(error: BaseException) -> Iterator[tuple[str, Any]]:
    if isinstance(error, ssl.SSLError):  # its errno is OpenSSL's, not the system's
        # A client library's own kind of it knows neither: what led to it does.
        told = getattr(error, "verify_message", None) or getattr(error, "reason", None)
        if told:
            yield "tls", str(told)
    elif isinstance(error, OSError) and isinstance(error.errno, int):
        yield "errno", error.errno
        looked_up = isinstance(error, socket.gaierror) or error.errno < 0  # libraries wrap it, and keep its number
        names = _LOOKUPS if looked_up else errno.errorcode
        yield "errno_name", names.get(error.errno, "unknown")
    if isinstance(error, GatewayError):
        yield "code", error.code
    for attribute, key, kinds in _NAMED:
        value = getattr(error, attribute, None)
        if isinstance(value, kinds):
            yield key, value


_NAMED: tuple[tuple[str, str, type | tuple[type, ...]], ...] = (
    ("sqlite_errorname", "sqlite", str),
    ("sqlstate", "sqlstate", str),
    ("http_status", "http_status", int),
    ("status", "http_status", int),  # aiohttp's, and the web room's own
    ("errcode", "errcode", (int, str)),
)
"""Attribute, key and type of what exceptions of ours and of the libraries carry."""
