"""HTTP client sessions of this process that are open."""

from __future__ import annotations

import gc

import aiohttp


def open_sessions() -> set[int]:
    """Their ids, also of those that nobody holds any more and the collector has not met yet."""
    found = (one for one in gc.get_objects() if isinstance(one, aiohttp.ClientSession))
    return {id(session) for session in found if not session.closed}
