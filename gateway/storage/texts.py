"""What SQL can hold: text without NUL and lone surrogates, finite numbers, times as RFC 3339."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NoReturn

import msgspec

from gateway.domain.ids import rfc3339
from gateway.errors import RejectedInput

MAX_INT = 2**63 - 1


def plain(value: Any, texts: list[Any]) -> Any:
    """``value`` as JSON data; every string in it is appended to ``texts`` for ``check_texts``.

    Raises ``RejectedInput`` for what neither JSON nor SQL can hold.
    """
    kind = type(value)
    if kind is str:
        texts.append(value)
    elif kind is dict:
        return _plain_dict(value, texts)
    elif kind is int:
        if not -MAX_INT <= value <= MAX_INT:
            _refuse(value)
    elif kind is float:
        if not math.isfinite(value):
            _refuse(value)
    elif value is not None and kind is not bool:
        return _plain_object(value, texts)
    return value


def _plain_dict(value: Mapping[Any, Any], texts: list[Any]) -> Any:
    for key in value:
        if not isinstance(key, str):
            _refuse(value)
    texts.extend(value)
    return {key: plain(inner, texts) for key, inner in value.items()}


def _plain_object(value: Any, texts: list[Any]) -> Any:
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, Mapping):
        return _plain_dict(value, texts)
    if isinstance(value, list | tuple):
        return [plain(inner, texts) for inner in value]
    if isinstance(value, str):
        return plain(str(value), texts)
    return _refuse(value)


def instant(value: datetime) -> str:
    """A time as it is stored; ``RejectedInput`` when it has no UTC offset."""
    if value.tzinfo is None:
        raise RejectedInput("a time without UTC offset cannot be stored")
    return rfc3339(value)


def check_texts(values: Iterable[Any]) -> None:
    """``RejectedInput`` when a text among ``values`` holds NUL or a lone surrogate, which SQL text cannot."""
    joined = "".join([value for value in values if isinstance(value, str)])
    if "\x00" in joined:
        raise RejectedInput("text contains NUL (U+0000); remove it")
    try:
        joined.encode()
    except UnicodeEncodeError as error:
        raise RejectedInput("text contains half of a surrogate pair; it is not valid Unicode") from error


_ENCODER = msgspec.json.Encoder(enc_hook=lambda value: dict(value) if isinstance(value, Mapping) else str(value))
_NUL = rb"\u0000"


def check_command(command: Any) -> None:
    """``RejectedInput`` when ``command`` holds what SQL cannot: NUL, or a lone surrogate."""
    try:
        told = _ENCODER.encode(command)
    except (UnicodeEncodeError, OverflowError, ValueError) as error:
        raise RejectedInput("the text is not valid Unicode") from error
    if _NUL in told:
        texts: list[Any] = []
        _walk(command, texts)
        check_texts(texts)


def _walk(value: Any, texts: list[Any]) -> None:
    if dataclasses.is_dataclass(value):
        for one in dataclasses.fields(value):
            _walk(getattr(value, one.name), texts)
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            _walk(key, texts)
            _walk(inner, texts)
    elif isinstance(value, list | tuple | set | frozenset):
        for inner in value:
            _walk(inner, texts)
    elif isinstance(value, datetime):
        instant(value)
    elif not isinstance(value, timedelta):
        plain(value, texts)


def _refuse(value: Any) -> NoReturn:
    raise RejectedInput(f"a value of type {type(value).__name__} cannot be stored in the record")
