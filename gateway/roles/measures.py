"""Metrics and alarms of a process, as every process answers them."""

from __future__ import annotations

from collections.abc import Mapping

from gateway.interprocess.connection import Body, Handler
from gateway.telemetry import alarms
from gateway.telemetry.exposition import measured

METRICS, ALARMS = "metrics", "alarms"


async def _measures(_: Body) -> Body:
    return {"families": measured()}


async def _alarms(_: Body) -> Body:
    return {"alarms": [[one.name, one.of, one.value] for one in alarms.ringing(measured())]}


ANSWERS: Mapping[str, Handler] = {METRICS: _measures, ALARMS: _alarms}
