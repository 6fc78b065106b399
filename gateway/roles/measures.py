"""The question after a process's measures, which all of them answer."""

from __future__ import annotations

from gateway.live.connection import Body
from gateway.telemetry.exposition import measured

METRICS = "metrics"


async def measures(_: Body) -> Body:
    """The answer to ``METRICS``."""
    return {"families": measured()}
