"""What somebody still works on is not erased; of what is, nothing runs or is told any more."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from gateway.casework.case_work import WorkOnCase
from gateway.domain.case.verbs import CaseVerb
from gateway.domain.ids import new_ulid
from gateway.domain.status import UNANSWERED, Status
from gateway.errors import AlreadyErased, Conflict
from gateway.ports.erasure import ErasureKind, ErasureSubject
from gateway.storage.database import Database
from gateway.storage.tables import metadata
from tests.contract.erasure.person import LI, ZHANG, dump, house, in_touch, withdrawn, worked_on
from tests.contract.storage.changes import written
from tests.support.change import Change
from tests.support.clocks import NOON

pytestmark = pytest.mark.contract
BY = "cli:wang"
IN_WORK = "is still in work: withdraw it, or wait until it is answered"


async def stands(db: Database, ticket_id: str, status: Status) -> None:
    await db.changes.execute(Change(ticket_id=ticket_id, ticket_fields={("status",): status.value}))


async def whole(db: Database, ticket_id: str, verb: CaseVerb, **more: Any) -> None:
    work = WorkOnCase(at=NOON, actor="user:li", ticket_id=ticket_id, verb=verb, note_id=new_ulid(), **more)
    await db.changes.execute(work)


async def running(db: Database, ticket_id: str) -> list[str]:
    """The kinds of its clocks that have not ended, by its record; nothing comes of those that have."""
    table = metadata.tables["clocks"].c
    query = sa.select(table.clock_id, table.next_at).where(table.ticket_id == ticket_id)
    due = dict(await db.sql.read(lambda c: c.execute(query).all()))
    clocks = (await db.reader.ticket(ticket_id))["handling"]["clocks"]
    left = [one for one in clocks if not one["met_at"] and not one["stopped_at"]]
    assert {clock_id for clock_id, at in due.items() if at is not None} <= {one["clock_id"] for one in left}
    return [one["kind"] for one in left]


@pytest.mark.parametrize("status", sorted(UNANSWERED))
async def test_what_is_not_answered_is_not_erased(db: Database, tmp_path: Path, status: Status) -> None:
    here = house(db, tmp_path)
    requester, _ = await in_touch(here, ZHANG)
    again = await db.changes.execute(written("again", phone=ZHANG.phone))
    await stands(db, again.ticket_id, status)
    before = await dump(db)
    with pytest.raises(Conflict, match=f"ticket {again.ticket_no} {IN_WORK}"):
        await here.erasure.ticket(again.ticket_id, actor=BY)
    with pytest.raises(Conflict, match=f"ticket {again.ticket_no} {IN_WORK}"):
        await here.erasure.erase(ErasureSubject(ErasureKind.REQUESTER, requester), actor=BY)
    assert await here.erasure.erase_old([again.ticket_id], actor="system:retention") == 0
    assert await dump(db) == before, "not even begun"
    await withdrawn(db, again.ticket_id)
    assert await here.erasure.erase_old([again.ticket_id], actor="system:retention") == 1
    assert (await here.erasure.erase(ErasureSubject(ErasureKind.REQUESTER, requester), actor=BY)).tickets == 3


async def test_what_nobody_said_anything_in_waits_for_nobody(db: Database, tmp_path: Path) -> None:
    here = house(db, tmp_path)
    silent, taken = [await db.changes.execute(written(key, content="")) for key in ("1", "2")]
    assert (await here.erasure.ticket(silent.ticket_id, actor=BY)).tickets == 1
    await stands(db, taken.ticket_id, Status.DISPATCHED)
    with pytest.raises(Conflict, match=IN_WORK):
        await here.erasure.ticket(taken.ticket_id, actor=BY)


@pytest.mark.parametrize(("satisfied", "runs"), [(None, "visit"), (1, "judge")])
async def test_of_an_answered_one_nothing_runs_on(
    db: Database, tmp_path: Path, satisfied: int | None, runs: str
) -> None:
    here = house(db, tmp_path)
    ticket = (await db.changes.execute(written("1", phone=LI.phone))).ticket_id
    await worked_on(here, LI, ticket)
    if satisfied is not None:
        await whole(db, ticket, CaseVerb.EVALUATE, satisfied=satisfied)
    assert await running(db, ticket) == [runs]
    await here.erasure.ticket(ticket, actor=BY)
    assert await running(db, ticket) == []
    told = await db.reader.events(ticket_id=ticket)
    assert [(one["type"], one["actor"]) for one in told[-2:]] == [("clock.stopped", BY), ("ticket.erased", BY)]
    assert told[-2]["data"]["clock_kind"] == runs
    status = (await db.reader.ticket(ticket))["status"]
    with pytest.raises(AlreadyErased, match="not in work again"):
        await whole(db, ticket, CaseVerb.REOPEN, reason="not_solved")
    await whole(db, ticket, CaseVerb.EVALUATE, satisfied=2)
    assert (status, await running(db, ticket)) == ("replied" if satisfied is None else "evaluated", [])


async def test_whoever_dies_before_the_clocks_stopped_is_asked_again(db: Database, tmp_path: Path) -> None:
    here = house(db, tmp_path)
    ticket = (await db.changes.execute(written("1", phone=LI.phone))).ticket_id
    await worked_on(here, LI, ticket)
    subject = ErasureSubject(ErasureKind.TICKET, ticket)
    assert await db.erasures.begin(subject, BY)
    assert await db.erasures.take(subject, BY) is not None
    with pytest.raises(AlreadyErased):
        await whole(db, ticket, CaseVerb.REOPEN, reason="not_solved")
    assert await running(db, ticket) == ["visit"]
    assert (await here.erasure.erase(subject, actor="cli:li")).tickets == 1
    assert await running(db, ticket) == []
