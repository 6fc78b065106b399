"""The header by which a client tells a repeated request from a new one."""

from __future__ import annotations

import re

from aiohttp import web

HEADER = "Idempotency-Key"
_KEY = re.compile(r"[\x21-\x7e]{1,200}")


def key_of(request: web.Request) -> str | None:
    """The client's key with ``key:`` before it, None when it sent none; ``ValueError``, for the client, when wrong."""
    key = request.headers.get(HEADER)
    if key is not None and _KEY.fullmatch(key) is None:
        raise ValueError(f"{HEADER} is 1 to 200 visible ASCII characters.")
    return None if key is None else f"key:{key}"
