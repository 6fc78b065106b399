"""State of this process and of all on this machine, for ``/readyz``, ``/metrics`` and the channels' report."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from gateway.bootstrap.house import House
from gateway.errors import StoreUnavailable
from gateway.interprocess.connection import Body, Handler
from gateway.interprocess.siblings import Siblings
from gateway.ports.store import TicketQuery
from gateway.roles.measures import ALARMS, ANSWERS, METRICS
from gateway.roles.role import parts_of
from gateway.roles.running_channel import RunningChannel
from gateway.telemetry.alarms import PROCESS_DOWN, Ringing, ringing
from gateway.telemetry.exposition import exposition, measured

READY, CHANNELS, TODAY = "ready", "channels", "today"
"""What working processes ask each other, besides what all of them answer (``measures``)."""


class ProcessState:
    """State of this process."""

    def __init__(self, name: str, house: House, channels: Sequence[RunningChannel]) -> None:
        """``channels`` are those that it runs."""
        self.name = name
        self._house = house
        self._channels = channels

    @property
    def handlers(self) -> Mapping[str, Handler]:
        """What it answers the others."""
        return {**ANSWERS, READY: self._ready, CHANNELS: self._report, TODAY: self._today}

    async def ready(self) -> dict[str, bool]:
        """Its parts by name. Never waits for a provider, a recogniser or Valkey."""
        base = self._house.base
        try:
            await base.database.reader.ping()
            sql = True
        except StoreUnavailable:
            sql = False
        listeners = {_listener(channel.channel_id): await channel.ready() for channel in self._channels}
        return {"sql": sql, "flows": bool(base.flows), "accepting": not base.draining, **listeners}

    async def channels(self) -> dict[str, dict[str, Any]]:
        """How its channels are, by id."""
        health = self._house.base.health
        return {
            channel.channel_id: {
                "process": self.name,
                **await channel.report(),
                **health.report(channel.channel_id),
            }
            for channel in self._channels
        }

    async def _ready(self, _: Body) -> Body:
        return await self.ready()

    async def _report(self, _: Body) -> Body:
        return await self.channels()

    async def _today(self, _: Body) -> Body:
        """How many tickets the day has had so far: their numbers count them."""
        base = self._house.base
        day = f"{base.clock.now().astimezone(base.settings.zone):%Y%m%d}"
        newest = (await base.database.reader.tickets(TicketQuery(limit=1, newest_first=True))).items
        number = str(newest[0]["ticket_no"]) if newest else ""
        return {"day": day, "tickets": int(number.removeprefix(day)) if number.startswith(day) else 0}


class MachineState:
    """State of every process of this machine, asked of all of them at once."""

    def __init__(self, own: ProcessState, siblings: Siblings, house: House) -> None:
        """``own`` is the process that is asked from outside."""
        self._own = own
        self._siblings = siblings
        self._house = house

    async def ready(self) -> dict[str, bool]:
        """The parts of all of them: each is up where it is up everywhere. Recognisers are none."""
        names = [name for name in self._siblings.names if parts_of(name)]
        parts, answers = await asyncio.gather(self._own.ready(), self._siblings.ask(READY, names))
        for name, answer in answers.items():
            parts[f"process:{name}"] = answer is not None
            for part, up in (answer if answer is not None else self._missing(name)).items():
                parts[part] = parts.get(part, True) and up
        return parts

    async def metrics(self) -> bytes:
        """Everything measured on this machine, as Prometheus text."""
        answers = await self._siblings.ask(METRICS, self._siblings.names)
        families = {name: answer["families"] if answer else None for name, answer in answers.items()}
        return exposition({self._own.name: measured(), **families})

    async def alarms(self) -> list[Ringing]:
        """What alarms in any process of this machine; one that does not answer is an alarm itself."""
        answers = await self._siblings.ask(ALARMS, self._siblings.names)
        found = ringing(measured())
        for name, answer in answers.items():
            if answer is None:
                found.append(Ringing(PROCESS_DOWN, name, 0.0))
            else:
                found += [Ringing(*one) for one in answer["alarms"]]
        return found

    async def channels(self) -> list[dict[str, Any]]:
        """How every channel of the configuration is; one whose process does not answer does not run."""
        base = self._house.base
        names = [name for name in self._siblings.names if parts_of(name)]
        pending, own, answers = await asyncio.gather(
            base.database.outbox.pending(), self._own.channels(), self._siblings.ask(CHANNELS, names)
        )
        known = {channel_id: report for answer in answers.values() for channel_id, report in (answer or {}).items()}
        known |= own
        return [
            {
                "channel_id": one.channel_id,
                "kind": one.spec.kind,
                "pending": pending.get(one.channel_id, 0),
                **known.get(one.channel_id, self._silent(one.channel_id)),
            }
            for one in base.configured.all
        ]

    def _silent(self, channel_id: str) -> dict[str, Any]:
        return {"process": None, "running": False, "ready": None, **self._house.base.health.report(channel_id)}

    def _missing(self, name: str) -> dict[str, bool]:
        """The listeners of a process that does not answer."""
        parts = parts_of(name)
        return {_listener(one.channel_id): False for one in self._house.base.configured.all if one.spec.role in parts}


def _listener(channel_id: str) -> str:
    return f"channel:{channel_id}"
