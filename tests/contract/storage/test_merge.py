"""Merging two tickets about one matter: one transaction, every reporter kept, on every database."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from gateway.domain.callback import NewCallback
from gateway.domain.ids import new_ulid
from gateway.errors import Conflict, NotFound, RejectedInput, StaleVersion
from gateway.storage.database import Database
from tests.contract.storage.changes import written
from tests.support.change import Change, Merge, NewEvent
from tests.support.clocks import NOON
from tests.support.events import told
from tests.support.stores import SQL_ALONE

pytestmark = pytest.mark.contract


def merge(ticket_id: str, into: str, *, undo: bool = False, version: int | None = None) -> Change:
    kind = "ticket.unmerged" if undo else "ticket.merged"
    data = {"from" if undo else "into": into}
    return Change(
        ticket_id=ticket_id,
        expected_version=version,
        merge=Merge(other=into, undo=undo),
        events=(NewEvent(type=kind, at=NOON, data=data, actor="user:li"),),
    )


async def tickets(db: Database, count: int) -> list[str]:
    return [(await db.changes.execute(written(f"m{n}", phone=f"+861380000000{n}"))).ticket_id for n in range(count)]


async def test_both_tickets_change_and_both_have_the_event(db: Database) -> None:
    a, b = await tickets(db, 2)
    before = await db.reader.last_event_seq()
    applied = await db.changes.execute(merge(a, b, version=1))
    one, head = await db.reader.ticket(a), await db.reader.ticket(b)
    assert (one["status"], one["related"]["merged_into"]) == ("merged", b)
    assert (head["status"], head["related"]["merged_ids"]) == ("registered", [a])
    assert (one["version"], head["version"]) == (2, 2)
    assert (one["event_seq"], head["event_seq"]) == (before + 1, before + 2)
    assert applied.event_seq == before + 1
    assert await db.reader.last_event_seq() == before + 2
    events = await db.reader.events(after=before)
    assert [(e["event_seq"], e["type"], e["ticket_id"], told(e), e["actor"]) for e in events] == [
        (before + 1, "ticket.merged", a, {"into": b}, "user:li"),
        (before + 2, "ticket.merged", b, {"merged": a}, "user:li"),
    ]
    assert events[0]["event_id"] != events[1]["event_id"]
    assert (await db.changes.execute(written("later"))).event_seq > before + 2


async def test_the_merged_ticket_keeps_requester_interactions_and_open_callback(db: Database) -> None:
    a, b = await tickets(db, 2)
    record = await db.reader.ticket(a)
    due = NewCallback(callback_id=new_ulid(), reason="abandoned", due_at=NOON + timedelta(hours=1))
    await db.changes.execute(
        Change(ticket_id=a, interaction_id=record["interactions"][0]["interaction_id"], callback=due)
    )
    before = await db.reader.ticket(a)
    await db.changes.execute(merge(a, b))
    after = await db.reader.ticket(a)
    for kept in ("requester", "interactions", "demand", "handling", "ticket_no"):
        assert after[kept] == before[kept]
    assert [task["ticket_id"] for task in await db.reader.callbacks()] == [a]


async def test_a_replay_changes_nothing_even_under_an_old_version(db: Database) -> None:
    a, b = await tickets(db, 2)
    await db.changes.execute(merge(a, b, version=1))
    seq = await db.reader.last_event_seq()
    again = await db.changes.execute(merge(a, b, version=1))
    assert again.skipped
    assert again.version == 2
    assert await db.reader.last_event_seq() == seq
    with pytest.raises(StaleVersion):
        await db.changes.execute(merge(b, a, version=1))


async def test_merged_together_at_once_each_has_its_turn(db: Database) -> None:
    a, b, c, d = await tickets(db, 4)
    before = await db.reader.last_event_seq()
    asked = [merge(a, b), merge(c, b), merge(b, a), merge(a, b), merge(b, d), merge(d, b)]
    done = await asyncio.gather(*map(db.changes.execute, asked), return_exceptions=True)
    assert [isinstance(one, Conflict) for one in done] == [False, False, True, False, False, True]
    head = await db.reader.ticket(d)
    assert sorted(head["related"]["merged_ids"]) == sorted([a, b, c])
    assert (await db.reader.ticket(a))["related"]["merged_into"] == b
    assert await db.reader.last_event_seq() == before + 6


async def test_what_was_merged_into_it_goes_along_and_comes_back(db: Database) -> None:
    a, b, c = await tickets(db, 3)
    await db.changes.execute(merge(a, b))
    await db.changes.execute(merge(b, c))
    assert (await db.reader.ticket(c))["related"]["merged_ids"] == [b, a]
    with pytest.raises(Conflict, match=c):
        await db.changes.execute(merge(a, b, undo=True))
    await db.changes.execute(merge(b, c, undo=True))
    back, head = await db.reader.ticket(b), await db.reader.ticket(c)
    assert (back["status"], back["related"]["merged_into"], back["related"]["merged_ids"]) == ("registered", None, [a])
    assert head["related"]["merged_ids"] == []
    await db.changes.execute(merge(a, b, undo=True))
    assert (await db.reader.ticket(b))["related"]["merged_ids"] == []
    assert (await db.changes.execute(merge(a, b, undo=True))).skipped


async def test_an_undone_merge_gives_the_earlier_status_back(db: Database) -> None:
    a, b = await tickets(db, 2)
    await db.changes.execute(Change(ticket_id=a, ticket_fields={("status",): "handling"}))
    await db.changes.execute(merge(a, b))
    await db.changes.execute(merge(a, b, undo=True))
    assert (await db.reader.ticket(a))["status"] == "handling"


async def test_what_cannot_be_merged_changes_nothing(db: Database) -> None:
    a, b, c = await tickets(db, 3)
    await db.changes.execute(merge(a, b))
    await db.changes.execute(Change(ticket_id=c, ticket_fields={("status",): "archived"}))
    seq = await db.reader.last_event_seq()
    for change, kind, why in (
        (merge(b, b), Conflict, "itself"),
        (merge(a, c), Conflict, b),
        (merge(b, a), Conflict, f"merge into {b}"),
        (merge(b, c), Conflict, "archived"),
        (merge(c, b), Conflict, "archived"),
        (merge(a, c, undo=True), Conflict, b),
        (merge(b, new_ulid()), NotFound, "no ticket"),
        (merge(b, "x\0"), RejectedInput, "NUL|character|text"),
    ):
        with pytest.raises(kind, match=why):
            await db.changes.execute(change)
    assert await db.reader.last_event_seq() == seq
    with pytest.raises(RejectedInput):
        await db.changes.execute(Change(new_ticket=written("n").new_ticket, merge=Merge(other=b)))


@SQL_ALONE
async def test_words_of_changed_tickets_come_in_order_of_their_change(db: Database) -> None:
    fields = {
        ("place", "district"): {"code": "460106", "name": "龙华区"},
        ("demand", "category"): {"code": "0101", "l1": "公用事业", "l2": "照明"},
    }
    a = (await db.changes.execute(written("w1", content="路灯坏了", fields=fields))).ticket_id
    b = (await db.changes.execute(written("w2", content="水管爆了"))).ticket_id
    found = await db.words.changed(0, 10)
    assert [one.ticket_id for one in found] == [a, b]
    assert (found[0].content, found[0].district) == ("路灯坏了", "460106")
    assert (found[0].topic, found[0].subtopic) == ("公用事业", "照明")
    assert (found[1].district, found[1].street, found[1].topic) == (None, None, None)
    assert found[0].created_at == NOON
    assert await db.words.changed(found[1].event_seq, 10) == []
    await db.changes.execute(merge(a, b))
    changed = await db.words.changed(found[1].event_seq, 1)
    assert [(one.ticket_id, one.status) for one in changed] == [(a, "merged")]
    by_id = await db.words.of([a, b, new_ulid()])
    assert set(by_id) == {a, b}
    own = {one.ticket_id: one.requester_id for one in by_id.values()}
    assert await db.words.reporters([*by_id.values()]) == {a: {own[a]}, b: {own[a], own[b]}}
    assert await db.words.reporters([]) == {}
    assert await db.words.of([]) == {}
    assert await db.words.seq_at(NOON + timedelta(days=1)) == await db.reader.last_event_seq()
    assert await db.words.seq_at(NOON - timedelta(days=1)) == 0
