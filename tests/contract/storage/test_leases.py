"""Who owns a call, and what is left behind when a process dies."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.domain.command import Applied
from gateway.domain.ids import rfc3339
from gateway.domain.open_interaction import OpenInteraction
from gateway.errors import StoreUnavailable
from gateway.intake.call.live import LiveInteractions
from gateway.storage import tables
from gateway.storage.database import Database
from tests.contract.storage.changes import call, event, pass_by, written
from tests.support.change import Change
from tests.support.clocks import NOON, SetClock
from tests.support.stores import SQL_ALONE, Open

pytestmark = [pytest.mark.contract, SQL_ALONE]
LOOK_S = 5
"""So seldom a worker looks."""


def closed(applied: Applied, *, lease_s: float | None = None, recording: str | None = "a.wav") -> Change:
    return Change(
        ticket_id=applied.ticket_id,
        interaction_id=applied.interaction_id,
        close_unless_closed=True,
        interaction_fields={"ended_at": NOON, "disposition": "completed", "recording_path": recording},
        lease_until=NOON + timedelta(seconds=lease_s) if lease_s else None,
        events=(event("interaction.ended"),),
    )


async def ran_out(db: Database, clock: SetClock, seconds: int, *, lease_s: float = 30) -> list[OpenInteraction]:
    """What has run out at the end of so many seconds of looking every few seconds."""
    found = await db.leases.run_out(lease_s)
    for left in range(seconds, 0, -LOOK_S):
        clock.forward(min(left, LOOK_S))
        found = await db.leases.run_out(lease_s)
    return found


async def test_a_lease_runs_out_unless_it_is_renewed(db: Database, clock: SetClock) -> None:
    one, two = [await db.changes.execute(call(str(n), phone="+8613800138000")) for n in range(2)]
    await db.changes.execute(written("w", conversation="c"))
    assert one.interaction_id
    assert await ran_out(db, clock, 29) == []
    await db.leases.renew([one.interaction_id], NOON + timedelta(seconds=90))
    (gone,) = await ran_out(db, clock, 29)
    assert gone.interaction_id == two.interaction_id
    assert (gone.ticket_no, gone.node) == (two.ticket_no, "n1")
    assert (gone.started_at, gone.answered_at) == (NOON, None)
    await db.changes.execute(closed(two))
    assert await db.leases.run_out(30) == []
    assert await db.leases.renew([], NOON) == []


@pytest.mark.parametrize(("owners_clock", "watchers_clock"), [(3600, 0), (-3600, 0), (0, 3600), (0, -3600)])
async def test_no_clock_has_a_say_in_whose_lease_runs_out(
    opened: Open, clock: SetClock, owners_clock: int, watchers_clock: int
) -> None:
    here, there = clock.ahead(owners_clock), clock.ahead(watchers_clock)
    owner, watcher = await opened(clock=here), await opened(clock=there)
    applied = await owner.changes.execute(call("1", owner="voice", lease_s=15))
    live = LiveInteractions(leases=owner.leases, clock=here, node="n1", owner="voice", lease_s=15)
    await live.adopt(applied.interaction_id or "")
    for n in range(6):
        assert await ran_out(watcher, clock, 5, lease_s=15) == []
        if n == 3:
            here.ahead_s, there.ahead_s = watchers_clock, owners_clock
        await live.adopt(applied.interaction_id or "")
    assert await ran_out(watcher, clock, 14, lease_s=15) == []
    assert [i.interaction_id for i in await ran_out(watcher, clock, 1, lease_s=15)] == [applied.interaction_id]


async def test_who_has_just_begun_to_look_waits_a_whole_lease(opened: Open, clock: SetClock) -> None:
    """A worker that was started anew in an outage knows nothing of it."""
    db = await opened()
    await db.changes.execute(call("1"))
    assert await ran_out(db, clock, 29) == []
    other = await opened()
    assert len(await ran_out(db, clock, 1)) == 1
    assert await ran_out(other, clock, 29) == []
    assert len(await ran_out(other, clock, 1)) == 1


async def test_the_leases_of_dead_processes_end_and_those_of_living_ones_do_not(db: Database) -> None:
    """Also where both are processes of one node."""
    mine = await db.changes.execute(call("1", node="n1", owner="n1-dead"))
    await db.changes.execute(call("2", node="n1", owner="n1-alive"))
    await db.changes.execute(call("3", node="n2", owner="n2-unknown"))
    await db.changes.execute(call("4", node="n1"))  # of a version that did not name its owner
    assert await db.leases.released() == []
    assert await db.leases.release(lambda owner: owner == "n1-dead") == 1
    assert [i.interaction_id for i in await db.leases.released()] == [mine.interaction_id]
    assert await db.leases.run_out(30) == [], "what is released is told apart from what runs out"
    assert await db.leases.release(lambda owner: owner == "n1-dead") == 0


async def test_a_call_that_another_process_goes_on_with_is_its_own(db: Database, clock: SetClock) -> None:
    """A repeated INVITE reached a new process, after the first one had committed the call and died."""
    applied = await db.changes.execute(call("1", owner="n1-dead"))
    assert applied.interaction_id
    live = LiveInteractions(leases=db.leases, clock=clock, node="n1", owner="n1-new", lease_s=15)
    await live.adopt(applied.interaction_id)
    assert await db.leases.release(lambda owner: owner == "n1-dead") == 0
    assert await db.leases.released() == []
    assert await db.leases.release(lambda owner: owner == "n1-new") == 1


async def test_a_call_whose_end_waits_to_be_written_is_its_owners(db: Database, clock: SetClock) -> None:
    """It was spooled while SQL was away, and its turn has not come yet."""
    applied = await db.changes.execute(call("1", owner="voice", lease_s=15))
    assert applied.interaction_id
    waiting = {applied.interaction_id}
    live = LiveInteractions(leases=db.leases, clock=clock, node="n1", owner="voice", lease_s=15)
    live.keep_besides(lambda: waiting)
    assert applied.interaction_id in live
    assert len(live) == 0, "nothing that a stop would wait for"
    for _ in range(6):
        await live.renew()
        assert await ran_out(db, clock, 5, lease_s=15) == []
    waiting.clear()
    await live.renew()
    assert len(await ran_out(db, clock, 15, lease_s=15)) == 1


async def test_how_long_the_store_has_answered(db: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    await pass_by(db, clock, 10)
    assert db.leases.steady_s() == 10

    async def away(_work: object) -> None:
        raise StoreUnavailable("away")

    monkeypatch.setattr(db.sql, "write", away)
    with pytest.raises(StoreUnavailable):
        await db.leases.renew(["i"], NOON)
    assert db.leases.steady_s() == 0
    monkeypatch.undo()
    await pass_by(db, clock, 3)
    assert db.leases.steady_s() == 3
    clock.forward(60)
    assert db.leases.steady_s() == 0, "nobody has looked for a minute"


async def words_wait(db: Database, clock: SetClock, seconds: int, **more: Any) -> list[str]:
    """Ids of what may be transcribed at the end of so many seconds."""
    options = {"lease_s": 30, "is_gone": lambda owner: owner == "n1-dead", **more}
    found = await db.leases.untranscribed(**options)
    for left in range(seconds, 0, -LOOK_S):
        clock.forward(min(left, LOOK_S))
        found = await db.leases.untranscribed(**options)
    return [i.interaction_id for i in found]


async def test_recordings_wait_for_their_words(db: Database, clock: SetClock) -> None:
    first, second, silent, still_open = [await db.changes.execute(call(str(n))) for n in range(4)]
    left = await db.changes.execute(call("left", owner="n1-dead"))
    await db.changes.execute(closed(first))
    await db.changes.execute(closed(silent, recording=None))
    await db.changes.execute(closed(left))
    assert still_open.ticket_id
    assert await words_wait(db, clock, 29) == [left.interaction_id], "its owner is gone, the others' may live"
    await db.changes.execute(closed(second, lease_s=3600))
    assert await words_wait(db, clock, 1) == [first.interaction_id, left.interaction_id]
    assert second.interaction_id
    await db.leases.renew([second.interaction_id], NOON)
    assert second.interaction_id not in await words_wait(db, clock, 29)
    assert await words_wait(db, clock, 1) == [first.interaction_id, second.interaction_id, left.interaction_id]
    assert await words_wait(db, clock, 0, limit=1) == [first.interaction_id]
    await db.changes.execute(
        Change(
            ticket_id=first.ticket_id,
            ticket_fields={("prefill", "pending"): False},
            events=(event("transcript.completed"),),
        )
    )
    assert await words_wait(db, clock, 0) == [second.interaction_id, left.interaction_id]


async def test_a_renewal_is_not_undone_by_changes_of_its_call(opened: Open) -> None:
    db, other = await opened(), await opened()
    applied = await db.changes.execute(call("c"))
    assert applied.interaction_id

    async def talk() -> None:
        for n in range(20):
            await db.changes.execute(
                Change(
                    ticket_id=applied.ticket_id,
                    interaction_id=applied.interaction_id,
                    interaction_fields={"dtmf": [str(n)]},
                    events=(event(),),
                )
            )

    async def renew() -> None:
        for n in range(20):
            await other.leases.renew([applied.interaction_id or ""], NOON + timedelta(seconds=60 + n))

    await asyncio.gather(talk(), renew())
    (lease,) = await db.sql.read(lambda c: c.execute(sa.select(tables.interactions.c.lease_until)).scalars().all())
    assert lease == rfc3339(NOON + timedelta(seconds=79))
