"""Who owns a call, and what is left behind when a process dies."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from gateway.domain.change import Applied, Change
from gateway.errors import StoreUnavailable
from gateway.intake.live import LiveInteractions
from gateway.storage.database import Database
from tests.contract.storage.changes import NOON, TestClock, call, event, pass_by, written
from tests.contract.storage.conftest import Open

pytestmark = pytest.mark.contract


def closed(applied: Applied, *, lease_s: float | None = None, recording: str | None = "a.wav") -> Change:
    return Change(
        ticket_id=applied.ticket_id,
        interaction_id=applied.interaction_id,
        close_unless_closed=True,
        interaction_fields={"ended_at": NOON, "disposition": "completed", "recording_path": recording},
        lease_until=NOON + timedelta(seconds=lease_s) if lease_s else None,
        events=(event("interaction.ended"),),
    )


async def test_a_lease_runs_out_unless_it_is_renewed(db: Database) -> None:
    one, two = [await db.changes.apply(call(str(n), phone="+8613800138000")) for n in range(2)]
    await db.changes.apply(written("w", conversation="c"))
    assert one.interaction_id
    assert await db.leases.expired(NOON + timedelta(seconds=29)) == []
    await db.leases.renew([one.interaction_id], NOON + timedelta(seconds=90))
    (gone,) = await db.leases.expired(NOON + timedelta(seconds=60))
    assert gone.interaction_id == two.interaction_id
    assert (gone.ticket_no, gone.node) == (two.ticket_no, "n1")
    assert (gone.started_at, gone.answered_at) == (NOON, None)
    await db.changes.apply(closed(two))
    assert await db.leases.expired(NOON + timedelta(seconds=60)) == []
    assert await db.leases.renew([], NOON) == []


async def test_the_leases_of_dead_processes_end_and_those_of_living_ones_do_not(db: Database) -> None:
    """Also where both are processes of one node."""
    mine = await db.changes.apply(call("1", node="n1", owner="n1-dead"))
    await db.changes.apply(call("2", node="n1", owner="n1-alive"))
    await db.changes.apply(call("3", node="n2", owner="n2-unknown"))
    await db.changes.apply(call("4", node="n1"))  # of a version that did not name its owner
    assert await db.leases.released() == []
    assert await db.leases.release(lambda owner: owner == "n1-dead") == 1
    assert [i.interaction_id for i in await db.leases.released()] == [mine.interaction_id]
    assert [i.interaction_id for i in await db.leases.expired(NOON)] == [mine.interaction_id]
    assert await db.leases.release(lambda owner: owner == "n1-dead") == 0


async def test_a_call_that_another_process_goes_on_with_is_its_own(db: Database, clock: TestClock) -> None:
    """A repeated INVITE reached a new process, after the first one had committed the call and died."""
    applied = await db.changes.apply(call("1", owner="n1-dead"))
    assert applied.interaction_id
    live = LiveInteractions(leases=db.leases, clock=clock, node="n1", owner="n1-new", lease_s=15)
    await live.adopt(applied.interaction_id)
    assert await db.leases.release(lambda owner: owner == "n1-dead") == 0
    assert await db.leases.released() == []
    assert await db.leases.release(lambda owner: owner == "n1-new") == 1


async def test_how_long_the_store_has_answered(db: Database, clock: TestClock, monkeypatch: pytest.MonkeyPatch) -> None:
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


async def test_recordings_wait_for_their_words(db: Database, clock: TestClock) -> None:
    first, second, silent, still_open = [await db.changes.apply(call(str(n))) for n in range(4)]
    await db.changes.apply(closed(first))
    await db.changes.apply(closed(second, lease_s=60))
    await db.changes.apply(closed(silent, recording=None))
    assert still_open.ticket_id
    assert await db.leases.untranscribed() == []
    clock.forward(31)
    assert [i.interaction_id for i in await db.leases.untranscribed()] == [first.interaction_id]
    clock.forward(30)
    waiting = await db.leases.untranscribed()
    assert {i.interaction_id for i in waiting} == {first.interaction_id, second.interaction_id}
    assert [i.recording_path for i in await db.leases.untranscribed(limit=1)] == ["a.wav"]
    await db.changes.apply(
        Change(
            ticket_id=first.ticket_id,
            ticket_fields={("prefill", "pending"): False},
            events=(event("transcript.completed"),),
        )
    )
    assert [i.interaction_id for i in await db.leases.untranscribed()] == [second.interaction_id]


async def test_a_renewal_is_not_undone_by_changes_of_its_call(opened: Open) -> None:
    db, other = await opened(), await opened()
    applied = await db.changes.apply(call("c"))
    assert applied.interaction_id

    async def talk() -> None:
        for n in range(20):
            await db.changes.apply(
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
    assert await db.leases.expired(NOON + timedelta(seconds=78)) == []
    assert len(await db.leases.expired(NOON + timedelta(seconds=79))) == 1
