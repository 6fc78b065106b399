"""The epoch of the waiting room: is what Valkey holds as new as what SQL has seen (DESIGN 4.3)?

SQL counts up each time the waiting room is rebuilt from it. A Valkey that lost its data has no key; one that came back
from an old file or an old replica has a smaller number. Both hold a waiting room of the past: it must not be served.
"""

from __future__ import annotations

from typing import Any

from gateway.queueing.client import Client

KEY = "gateway:epoch"
_ADVANCE = """
local now = tonumber(redis.call('GET', KEYS[1]) or '-1')
if now >= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1])
return 1
"""


async def is_current(client: Client, sql_epoch: int) -> bool:
    """False when the key is missing or older than ``sql_epoch``: refuse, and rebuild from SQL."""
    found: Any = await client.get(KEY)
    return found is not None and int(found) >= sql_epoch


async def advance(client: Client, epoch: int) -> bool:
    """After a rebuild: set the key; False when another process has set this or a later epoch already."""
    return bool(await client.eval(_ADVANCE, 1, KEY, str(epoch)))
