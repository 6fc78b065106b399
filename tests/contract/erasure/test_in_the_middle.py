"""What goes on beside an erasure, and where it stops: open contacts, late words, deaths between any two steps."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.callback import NewCallback
from gateway.domain.callback_work import Verb, Work
from gateway.domain.ids import new_ulid
from gateway.domain.messages import NewMessage
from gateway.domain.transcript import NewSegment
from gateway.errors import AlreadyErased, Conflict, NotFound, StaleVersion
from gateway.intake.call.spool import SpoolingStore
from gateway.intake.call.talk import HearSegment
from gateway.ports.erasure import ErasureKind, ErasureSubject
from gateway.storage.database import Database
from gateway.storage.erasure_ticket import AT_ONCE
from tests.contract.erasure.person import (
    LI,
    ZHANG,
    House,
    dump,
    files_holding,
    holding,
    house,
    in_touch,
    once,
    withdrawn,
)
from tests.contract.storage.changes import call, event, written
from tests.support.change import Change, Merge, NewEvent
from tests.support.clocks import NOON, SetClock

pytestmark = pytest.mark.contract
BY = "cli:wang"


class Died(Exception):
    """The process was killed."""


class Dying:
    """Kills its process after so many steps: each step of a store is a transaction of its own."""

    def __init__(self, real: Any, steps: int) -> None:
        self.real, self.left = real, steps

    def __getattr__(self, name: str) -> Callable[..., Any]:
        step = getattr(self.real, name)

        async def counted(*args: Any, **kwargs: Any) -> Any:
            if self.left == 0:
                raise Died
            self.left -= 1
            return await step(*args, **kwargs)

        return counted


async def dies_after(here: House, subject: ErasureSubject, steps: int) -> bool:
    """Whether the erasure of ``subject`` died; it was done else."""
    erasure = here.erasure
    erasure._store = Dying(here.db.erasures, steps)
    try:
        await erasure.erase(subject, actor=BY)
    except Died:
        return True
    finally:
        erasure._store = here.db.erasures
    return False


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)  # what is a step is the same on every database
async def test_whoever_dies_between_two_steps_is_asked_again(db: Database, tmp_path: Path) -> None:
    """Each time one step further, and erased to the end: every person is as clean as the first."""
    here = house(db, tmp_path)
    steps = 0
    while True:
        who = replace(ZHANG, phone=f"+86138765432{steps:02}", account=f"oZhangsAccount{steps:02}")
        requester, tickets = await in_touch(here, who)
        subject = ErasureSubject(ErasureKind.REQUESTER, requester)
        died = await dies_after(here, subject, steps)
        await here.erasure.erase(subject, actor="cli:li")
        found = await dump(db)
        assert holding(found, who) == [], steps
        own = [row for row in found["events"] if row["ticket_id"] in tickets and row["type"] == "ticket.erased"]
        assert sorted(row["ticket_id"] for row in own) == sorted(tickets), steps
        assert len([row for row in found["audit"] if row["ticket_id"] in tickets]) == len(tickets), steps
        assert files_holding(tmp_path / "traces", who) == files_holding(tmp_path / "recordings", who) == [], steps
        assert list((tmp_path / "recordings").rglob("*.wav")) == [], steps
        if not died:
            break
        steps += 1
    assert steps > 15


async def test_two_at_once_erase_once(db: Database, tmp_path: Path) -> None:
    here = house(db, tmp_path)
    requester, tickets = await in_touch(here, ZHANG)
    subject = ErasureSubject(ErasureKind.REQUESTER, requester)
    done = await asyncio.gather(*(here.erasure.erase(subject, actor=f"cli:{n}") for n in range(3)))
    assert sum(one.tickets for one in done) == len(tickets)
    found = await dump(db)
    assert holding(found, ZHANG) == []
    assert [row["type"] for row in found["events"]].count("ticket.erased") == len(tickets)


async def test_while_they_are_in_the_line_or_are_owed_a_call_nothing_is_erased(db: Database, tmp_path: Path) -> None:
    here = house(db, tmp_path)
    requester, tickets = await in_touch(here, ZHANG)
    subject = ErasureSubject(ErasureKind.REQUESTER, requester)
    calling = await db.changes.execute(call("again", phone=ZHANG.phone))
    before = await dump(db)
    for _ in range(2):
        with pytest.raises(Conflict, match=f"a call or conversation of ticket {calling.ticket_no} is open"):
            await here.erasure.erase(subject, actor=BY)
    with pytest.raises(Conflict):
        await here.erasure.ticket(calling.ticket_no, actor=BY)
    assert await dump(db) == before, "not even begun"
    owed = NewCallback(callback_id=new_ulid(), reason="abandoned_in_flow", due_at=NOON + timedelta(hours=1))
    end = {"ended_at": NOON, "disposition": "abandoned_in_flow"}
    ids: dict[str, Any] = {"ticket_id": calling.ticket_id, "interaction_id": calling.interaction_id}
    await db.changes.execute(Change(**ids, interaction_fields=end, callback=owed))
    with pytest.raises(Conflict, match="a call is owed for ticket"):
        await here.erasure.erase(subject, actor=BY)
    await here.erasure.ticket(tickets[0], actor=BY)  # which owes nothing
    work = Work(callback_id=owed.callback_id, verb=Verb.CANCEL.value, actor="user:wang", at=NOON)
    await db.changes.execute(Change(ticket_id=calling.ticket_id, work=work))
    await here.erasure.erase(subject, actor=BY)
    assert holding(await dump(db), ZHANG) == []


async def test_an_erased_ticket_takes_in_nothing_of_a_person_and_goes_on_as_a_case(
    db: Database, tmp_path: Path
) -> None:
    here = house(db, tmp_path)
    _, (spoken, *_) = await in_touch(here, ZHANG)
    _, (other, *_) = await in_touch(here, LI)
    before = await db.reader.ticket(spoken)
    await here.erasure.ticket(spoken, actor=BY)
    ids: dict[str, Any] = {"ticket_id": spoken, "interaction_id": before["interactions"][0]["interaction_id"]}
    segment = NewSegment(seq=9, speaker="requester", start_ms=5000, end_ms=6000, text=ZHANG.words)
    message = NewMessage(message_id=new_ulid(), direction="inbound", sent_at=NOON, text=ZHANG.words)
    for late in (
        Change(**ids, segments=(segment,)),
        Change(**ids, messages=(message,)),
        Change(ticket_id=spoken, content=ZHANG.words),
        Change(ticket_id=spoken, ticket_fields={("requester", "name"): ZHANG.name}),
    ):
        with pytest.raises(AlreadyErased, match="has been erased"):
            await db.changes.execute(late)
    with pytest.raises(StaleVersion):
        await db.changes.execute(Change(ticket_id=spoken, expected_version=before["version"], content=ZHANG.words))
    closed = {("status",): "archived", ("demand", "category"): {"code": "010203"}}
    await db.changes.execute(Change(ticket_id=spoken, ticket_fields=closed, events=(event("ticket.corrected"),)))
    record = await db.reader.ticket(spoken)
    assert (record["status"], record["demand"]["category"]["code"]) == ("archived", "010203")
    with pytest.raises(Conflict, match="closed"):
        await db.changes.execute(Change(ticket_id=other, merge=Merge(other=spoken)))
    assert not any(name in repr(record) for name in ZHANG.needles)


async def test_what_a_dead_process_left_in_the_spool(db: Database, tmp_path: Path) -> None:
    """Before the erasure it has to come in; what comes after it is dropped, and not put aside as refused."""
    here = house(db, tmp_path)
    _, (ticket_id, *_) = await in_touch(here, ZHANG)
    record = await db.reader.ticket(ticket_id)
    left = tmp_path / "spool" / "gone" / f"{ticket_id}.jsonl"
    left.parent.mkdir()
    left.touch()
    with pytest.raises(Conflict, match="wait in the spool"):
        await here.erasure.ticket(ticket_id, actor=BY)
    left.unlink()
    await here.erasure.ticket(ticket_id, actor=BY)
    ids: dict[str, Any] = {"ticket_id": ticket_id, "interaction_id": record["interactions"][0]["interaction_id"]}
    segment = NewSegment(seq=9, speaker="requester", start_ms=5000, end_ms=6000, text=ZHANG.words)
    spool = SpoolingStore(store=db.changes, folder=tmp_path / "spool", name="late")
    said = HearSegment(**ids, at=NOON, seq=9, language="zh", segments=(segment,), empty=False)
    await asyncio.to_thread(spool._append, ticket_id, said)
    late = SpoolingStore(store=db.changes, folder=tmp_path / "spool", name="next")
    os.close(spool._held or -1)  # its process is gone
    assert await late.drain() == 1
    assert not (tmp_path / "spool" / "refused-next.txt").exists()
    assert files_holding(tmp_path / "spool", ZHANG) == []


async def test_a_file_that_two_people_sent_stays_with_the_other(db: Database, tmp_path: Path) -> None:
    here = house(db, tmp_path)
    one, two = [(await in_touch(here, replace(who, name="同一张图")))[0] for who in (ZHANG, LI)]
    (file,) = [path for path in (tmp_path / "attachments").rglob("*") if path.is_file()]
    assert (await here.erasure.erase(ErasureSubject(ErasureKind.REQUESTER, one), actor=BY)).files == 0
    assert file.exists()
    assert (await here.erasure.erase(ErasureSubject(ErasureKind.REQUESTER, two), actor=BY)).files == 1
    assert not file.exists()


async def test_a_file_that_came_this_moment_may_be_somebody_elses(db: Database, tmp_path: Path) -> None:
    here = house(db, tmp_path)
    stored = await here.files.keep(once(b"\xff\xd8\xff picture"), "a.jpg")
    assert here.files.remove(stored.location) is False
    path = here.files.path(stored.location)
    os.utime(path, (NOON.timestamp(), NOON.timestamp()))
    assert here.files.remove(stored.location) is True
    assert not path.exists()
    assert here.files.remove(stored.location) is True, "gone is gone"


async def test_a_long_conversation_is_blanked_in_slices(db: Database, tmp_path: Path) -> None:
    here = house(db, tmp_path)
    applied = await db.changes.execute(written("1", phone=ZHANG.phone))
    ids: dict[str, Any] = {"ticket_id": applied.ticket_id, "interaction_id": applied.interaction_id}
    many = tuple(
        NewMessage(message_id=new_ulid(), direction="inbound", sent_at=NOON, text=f"{ZHANG.words}{n}")
        for n in range(AT_ONCE * 2 + 1)
    )
    spoken = tuple(
        NewSegment(seq=n, speaker="requester", start_ms=n, end_ms=n + 1, text=f"{ZHANG.words}{n}")
        for n in range(AT_ONCE + 1)
    )
    await db.changes.execute(Change(**ids, messages=many, segments=spoken))
    await withdrawn(db, applied.ticket_id)
    await here.erasure.ticket(applied.ticket_id, actor=BY)
    found = await dump(db)
    assert holding(found, ZHANG) == []
    assert (len(found["messages"]), len(found["segments"])) == (AT_ONCE * 2 + 2, AT_ONCE + 1)


async def test_the_ledger_erases_a_restored_record_again(db: Database, tmp_path: Path) -> None:
    here = house(db, tmp_path)
    requester, tickets = await in_touch(here, ZHANG)
    await here.erasure.erase(ErasureSubject(ErasureKind.REQUESTER, requester), actor=BY)
    ledger = await db.erasures.ledger("", 10)
    assert {(one.subject.kind, one.subject.id) for one in ledger} == {
        (ErasureKind.REQUESTER, requester),
        *((ErasureKind.TICKET, one) for one in tickets),
    }
    assert all(one.done_at and one.actor == BY for one in ledger)
    assert await db.erasures.undone(NOON + timedelta(days=1), 10) == []
    with pytest.raises(NotFound):
        await db.erasures.named(ErasureKind.TICKET, new_ulid())


async def test_only_closed_tickets_grow_old(db: Database, tmp_path: Path, clock: SetClock) -> None:
    here = house(db, tmp_path)
    done: dict[tuple[str, ...], Any] = {("status",): "archived"}
    opened, closed, young = [await db.changes.execute(written(str(n))) for n in range(3)]
    await db.changes.execute(Change(ticket_id=closed.ticket_id, ticket_fields=done, events=(event("ticket.updated"),)))
    clock.forward(86_400)
    late = NewEvent(type="ticket.updated", at=clock.now())
    await db.changes.execute(Change(ticket_id=young.ticket_id, ticket_fields=done, events=(late,)))
    at = clock.now() - timedelta(hours=1)
    assert await db.erasures.closed_before(at, "", 10) == ([closed.ticket_id], None)
    due, after = await db.erasures.closed_before(at, "", 2)
    assert (due, after) == ([closed.ticket_id], closed.ticket_id)
    assert await db.erasures.closed_before(at, closed.ticket_id, 2) == ([], None)
    assert await db.erasures.closed_before(NOON, "", 2) == ([], None), "all are younger"
    await here.erasure.ticket(closed.ticket_id, actor="retention")
    assert await db.erasures.closed_before(at, "", 10) == ([], None)
    assert opened.ticket_id
