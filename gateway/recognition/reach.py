"""Which recognisers can be reached: whether somebody listens there, without asking anything of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from urllib.parse import urlsplit

PATIENCE_S = 2.0
PORTS = {"ws": 80, "wss": 443}


async def reached(urls: Sequence[str]) -> int:
    """How many of these ``ws://`` and ``wss://`` servers take a connection within ``PATIENCE_S``."""
    return sum(await asyncio.gather(*(_is_reached(url) for url in dict.fromkeys(urls))))


async def _is_reached(url: str) -> bool:
    place = urlsplit(url)
    try:
        async with asyncio.timeout(PATIENCE_S):
            _, writer = await asyncio.open_connection(place.hostname, place.port or PORTS[place.scheme])
    except (TimeoutError, OSError):
        return False
    writer.close()
    return True
