"""A command that breaks halfway, between others of one batch that alter the same ticket: nothing of it is kept."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from gateway.domain.command import Applied, Refs
from gateway.domain.events import MessageReceived
from gateway.domain.world import World
from gateway.errors import Conflict, RejectedInput
from gateway.storage.database import Database
from tests.contract.storage.changes import event, written
from tests.support.change import Change
from tests.support.clocks import NOON
from tests.support.stores import SQL_ALONE

pytestmark = [pytest.mark.contract, SQL_ALONE]


@dataclass(slots=True, kw_only=True)
class Breaks:
    """Alters its ticket, tells of it if it is to, and ends with ``error``."""

    ticket_id: str
    error: Exception
    tells: bool
    trace: str | None = None

    def refs(self) -> Refs:
        return Refs(tickets=(self.ticket_id,))

    def decide(self, world: World) -> Applied:
        ticket = world.ticket(self.ticket_id)
        ticket.form.demand.content = "half of it"
        if self.tells:
            ticket.record(MessageReceived(at=NOON))
        raise self.error


@pytest.mark.parametrize(
    ("error", "tells"),
    [
        (RejectedInput("a value that cannot be"), False),
        (Conflict("found too late"), True),
        (RuntimeError("a fault of the house"), False),
        (RuntimeError("a fault of the house"), True),
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
async def test_nothing_of_it_is_kept_and_the_others_are_written(
    db: Database, error: Exception, place: int, *, tells: bool
) -> None:
    ticket_id = (await db.changes.execute(written("k", content="路灯坏了"))).ticket_id
    before = await db.reader.last_event_seq()
    good = [
        Change(ticket_id=ticket_id, ticket_fields={("demand", name): value}, events=(event(),))
        for name, value in (("title", "路灯"), ("type", "help"))
    ]
    others = [db.changes.execute(one) for one in good]
    others.insert(place, db.changes.execute(Breaks(ticket_id=ticket_id, error=error, tells=tells)))
    outcomes = await asyncio.gather(*others, return_exceptions=True)
    assert [type(outcome) for outcome in outcomes].count(Applied) == 2
    assert type(outcomes[place]) is type(error)
    record = await db.reader.ticket(ticket_id)
    assert {name: record["demand"][name] for name in ("title", "type", "content")} == {
        "title": "路灯",
        "type": "help",
        "content": "路灯坏了",
    }
    assert record["version"] == 3
    assert [one["type"] for one in await db.reader.events(after=before)] == ["ticket.corrected"] * 2
    assert await db.reader.last_event_seq() == before + 2
