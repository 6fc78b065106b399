"""A ticket is recounted from its events, and an older one from its baseline on."""

from __future__ import annotations

import json
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.casework.dispatch import DispatchTicket
from gateway.casework.task_work import WorkOnTask
from gateway.domain.case.case import Offer
from gateway.domain.task_status import Role, TaskVerb
from gateway.storage import tables as t
from gateway.storage.baselines import CURSOR, OF, UNTIL
from gateway.storage.database import Database
from tests.contract.storage.changes import event, written
from tests.support.change import Change
from tests.support.clocks import NOON
from tests.support.stores import SQL_ALONE

pytestmark = [pytest.mark.contract, SQL_ALONE]


async def forget_what_events_tell(db: Database, until: str) -> None:
    """As if all had been written before events told what they change."""

    def work(connection: sa.Connection) -> None:
        for row in connection.execute(sa.select(t.events)).mappings().all():
            data = {key: value for key, value in row["data"].items() if key != "changed"}
            own = t.events.c.event_seq == row["event_seq"]
            connection.execute(sa.update(t.events).where(own).values(data=data))
        connection.execute(sa.insert(t.channel_state).values(channel_id=OF, key=UNTIL, value=until))

    await db.sql.write(work)


async def baselines(db: Database) -> list[dict[str, Any]]:
    rows = await db.sql.read(lambda c: c.execute(sa.select(t.baselines)).mappings().all())
    return [dict(row) for row in rows]


async def test_older_tickets_are_recounted_from_their_baselines(db: Database) -> None:
    first = await db.changes.execute(written("1", content="路灯坏了"))
    second = await db.changes.execute(written("2", content="水管爆了"))
    await forget_what_events_tell(db, second.ticket_id)
    new = await db.changes.execute(written("3", content="井盖没了"))
    last, version = await db.reader.last_event_seq(), (await db.reader.ticket(first.ticket_id))["version"]
    assert await db.baselines.some() == 2
    assert await db.baselines.some() == 0
    assert {row["ticket_id"] for row in await baselines(db)} == {first.ticket_id, second.ticket_id}
    assert (await db.reader.last_event_seq(), (await db.reader.ticket(first.ticket_id))["version"]) == (last, version)
    fields = {("line",): "enterprise", ("demand", "type"): "help"}
    await db.changes.execute(Change(ticket_id=first.ticket_id, ticket_fields=fields, events=(event(),)))
    for one in (first, second, new):
        stands, told = await db.baselines.recount(one.ticket_id)
        assert stands == told
    assert (await db.baselines.recount(first.ticket_id))[0]["line"] == "enterprise"


async def test_tasks_and_clocks_of_an_older_ticket_stand_in_its_baseline(db: Database) -> None:
    one = await db.changes.execute(written("1", content="水管爆了"))
    dispatched = DispatchTicket(
        at=NOON,
        actor="user:li",
        ticket_id=one.ticket_id,
        offers=(Offer(task_id="k1", unit="M02", role=Role.LEAD),),
        stage="function",
        rule="named",
        directory="directory:1",
        policy="policy:1",
    )
    await db.changes.execute(dispatched)
    await forget_what_events_tell(db, one.ticket_id)
    assert await db.baselines.some() == 1
    (baseline,) = await baselines(db)
    state = baseline["state"] if isinstance(baseline["state"], dict) else json.loads(baseline["state"])
    assert (state["handling.units.k1.status"], state["handling.clocks.k1-sign.kind"]) == ("offered", "sign")
    for verb in (TaskVerb.SIGN, TaskVerb.RESPOND):
        work = WorkOnTask(
            at=NOON, actor="unit:M02", ticket_id=one.ticket_id, task_id="k1", verb=verb, note_id="n", text=None
        )
        await db.changes.execute(work)
    stands, told = await db.baselines.recount(one.ticket_id)
    assert stands == told
    assert stands["handling.units.k1.status"] == "working"


async def test_who_dies_in_the_middle_goes_on_from_there(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.storage.baselines.AT_ONCE", 2)
    made = [await db.changes.execute(written(str(n), content="路灯坏了")) for n in range(5)]
    await forget_what_events_tell(db, max(one.ticket_id for one in made))
    assert [await db.baselines.some() for _ in range(4)] == [2, 2, 1, 0]
    assert len(await baselines(db)) == 5
    query = sa.select(t.channel_state.c.value).where(t.channel_state.c.key == CURSOR)
    assert await db.sql.read(lambda c: c.execute(query).scalar()) == max(one.ticket_id for one in made)
