"""Calls that are owed, as they are written: one open task a person and line, whoever writes, in whatever order."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command

from gateway.domain.callback import owed
from gateway.domain.callback_work import Verb, Work
from gateway.domain.command import Applied
from gateway.domain.guess import SURE, Guess
from gateway.domain.keys import Identity
from gateway.domain.words import Disposition
from gateway.errors import AlreadyClaimed, CallbackClosed, NotFound, StaleVersion
from gateway.intake.call.record import CallRecord
from gateway.ports.call import CallInfo
from gateway.ports.store import CallbackQuery
from gateway.prefill.place import Gazetteer
from gateway.prefill.reader import PrefillReader
from gateway.storage.database import Database
from gateway.storage.migrate import _config
from gateway.storage.tasks import LOOKED_BACK, earlier_numbers
from tests.contract.storage.changes import event, written
from tests.support.change import Change
from tests.support.clocks import NOON, SetClock
from tests.support.events import told
from tests.support.fakes.reading import ReaderHere
from tests.support.stores import SQL_ALONE

pytestmark = pytest.mark.contract
OWN, SPOKEN = "+8613800138000", "+8613912345678"
DUE = timedelta(minutes=30)
ALL = CallbackQuery(state=None)


async def called(
    db: Database, clock: SetClock, key: str, disposition: Disposition, *, user: str = "13800138000", **more: Any
) -> CallRecord:
    """A call from INVITE to its end; ``line`` is what its caller chose, ``person`` that they asked for somebody."""
    info = CallInfo(
        channel_id="hotline",
        call_id=key,
        external_id=f"{key};tag",
        from_raw=f"<sip:{user}@192.0.2.1>",
        to_raw="<sip:12345@192.0.2.2>",
        from_user=user,
        to_user="12345",
    )
    record = CallRecord(
        store=db.changes,
        reader=ReaderHere(PrefillReader(Gazetteer([]))),
        clock=clock,
        info=info,
        node="n1",
        owner="voice",
        lease=timedelta(seconds=15),
        callback_due=DUE,
    )
    await record.open({"name": "hotline", "version": "1"}, f"{key}.wav")
    await record.answered()
    if "line" in more:
        await record.choose_line(more["line"])
    if more.get("person"):
        await record.request_callback("asked_for_person")
    await record.close(
        disposition=disposition,
        proved=True,
        keys=[],
        recording=None,
        spoken_ms=12_000,
        transcribed=False,
        media=True,
    )
    if (speech_ms := more.get("speech_ms", 5000)) is not None:
        await record.transcribed(speech_ms=speech_ms)
    return record


async def shown(db: Database, ticket_id: str) -> Any:
    return (await db.reader.ticket(ticket_id))["handling"]["callback"]


async def types(db: Database, ticket_id: str) -> list[str]:
    found = await db.reader.events(ticket_id=ticket_id)
    return [e["type"] for e in found if e["type"].startswith("callback.")]


async def work(db: Database, clock: SetClock, verb: Verb, actor: str = "user:li", **more: Any) -> Applied:
    (task,) = await db.reader.callbacks(ALL)
    return await db.changes.execute(
        Change(
            ticket_id=task["ticket_id"],
            work=Work(callback_id=task["callback_id"], verb=verb, actor=actor, at=clock.now(), **more),
        )
    )


async def test_a_further_reason_joins_the_open_task(db: Database, clock: SetClock) -> None:
    first = await called(db, clock, "1", Disposition.ABANDONED_IN_FLOW)
    clock.forward(600)
    second = await called(db, clock, "2", Disposition.CALLBACK_REQUESTED, person=True)
    (task,) = await db.reader.callbacks()
    assert task["reasons"] == ["abandoned_in_flow", "asked_for_person"]
    assert (task["reason"], task["ticket_id"], task["phone"]) == ("abandoned_in_flow", first.ticket_id, OWN)
    assert task["tickets"] == [first.ticket_id, second.ticket_id]
    assert task["phone_sure"] is True
    assert task["due_at"] == "2026-11-23T04:30:00.000Z", "nobody waits longer for having called again"
    assert await shown(db, first.ticket_id) == await shown(db, second.ticket_id)
    assert await types(db, first.ticket_id) == ["callback.opened"]
    assert await types(db, second.ticket_id) == ["callback.requested", "callback.opened"]


async def test_two_lines_and_two_people_have_tasks_of_their_own(db: Database, clock: SetClock) -> None:
    await called(db, clock, "1", Disposition.ABANDONED_IN_FLOW)
    await called(db, clock, "2", Disposition.ABANDONED_IN_FLOW, line="enterprise")
    await called(db, clock, "3", Disposition.ABANDONED_IN_FLOW, user="13700137000")
    tasks = await db.reader.callbacks()
    assert sorted((task["line"], task["phone"]) for task in tasks) == [
        ("citizen", "+8613700137000"),
        ("citizen", OWN),
        ("enterprise", OWN),
    ]
    assert [t["line"] for t in await db.reader.callbacks(CallbackQuery(line="enterprise"))] == ["enterprise"]


async def test_a_new_call_that_goes_well_closes_it(db: Database, clock: SetClock) -> None:
    first = await called(db, clock, "1", Disposition.ABANDONED_IN_FLOW)
    await called(db, clock, "other", Disposition.COMPLETED, user="13700137000")
    await called(db, clock, "line", Disposition.COMPLETED, line="enterprise")
    assert len(await db.reader.callbacks()) == 1
    clock.forward(60)
    await called(db, clock, "2", Disposition.COMPLETED)
    assert await db.reader.callbacks() == []
    (task,) = await db.reader.callbacks(ALL)
    closed = {"at": "2026-11-23T04:01:00.000Z", "by": "system", "why": "called_again", "note": None}
    assert (task["state"], task["closed"]) == ("done", closed)
    assert (await shown(db, first.ticket_id))["state"] == "done"
    assert await types(db, first.ticket_id) == ["callback.opened", "callback.done"]
    third = await called(db, clock, "3", Disposition.INTERRUPTED)
    (again,) = await db.reader.callbacks()
    assert (again["ticket_id"], again["reasons"]) == (third.ticket_id, ["interrupted"])


@SQL_ALONE
async def test_one_persons_many_tickets_hide_nobody_elses_number(db: Database) -> None:
    other = await db.changes.execute(written("other", phone=SPOKEN))
    many = [await db.changes.execute(written(f"many{n}", phone=OWN)) for n in range(LOOKED_BACK + 1)]
    people = [(await db.reader.ticket(i))["requester"]["requester_id"] for i in (other.ticket_id, many[-1].ticket_id)]
    found = await db.sql.read(lambda connection: earlier_numbers(connection, people))
    assert found == dict(zip(people, (SPOKEN, OWN), strict=True))


async def test_a_call_that_says_nothing_settles_nothing(db: Database, clock: SetClock) -> None:
    """Until its words are known: then it was somebody after all."""
    await called(db, clock, "1", Disposition.ABANDONED_IN_FLOW)
    await called(db, clock, "silent", Disposition.COMPLETED, speech_ms=0)
    late = await called(db, clock, "late", Disposition.COMPLETED, speech_ms=None)
    assert len(await db.reader.callbacks()) == 1
    fields: dict[tuple[str, ...], Any] = {("prefill", "pending"): False, ("empty",): False}
    read = Change(ticket_id=late.ticket_id, interaction_id=late.interaction_id, ticket_fields=fields, events=(event(),))
    await db.changes.execute(read)
    (task,) = await db.reader.callbacks(ALL)
    assert (task["state"], task["closed"]["why"]) == ("done", "called_again")


async def test_who_asked_for_a_person_in_this_very_call_is_still_owed_one(db: Database, clock: SetClock) -> None:
    await called(db, clock, "1", Disposition.COMPLETED, person=True)
    assert [task["reasons"] for task in await db.reader.callbacks()] == [["asked_for_person"]]


async def test_whoever_stays_unknown_is_one_of_each_ticket(db: Database) -> None:
    """And who asks for that later takes their own debt along: nothing leads from it to the others."""
    hidden = [await db.changes.execute(owing(str(n), phone=OWN, requester={"anonymous": True})) for n in range(2)]
    assert len(await db.reader.callbacks()) == 2
    first, second = [await db.changes.execute(owing(f"known{n}", phone=OWN)) for n in range(2)]
    assert len(await db.reader.callbacks()) == 3
    wish = Guess(path="requester.anonymous", value=True, source="rule", span=None, confidence=0.9)
    await db.changes.execute(Change(ticket_id=first.ticket_id, guesses=(wish,), events=(event(),)))
    tasks = await db.reader.callbacks()
    assert sorted(task["ticket_id"] for task in tasks) == sorted(one.ticket_id for one in (*hidden, first, second))
    assert {len(task["reasons"]) for task in tasks} == {1}
    assert {task["phone"] for task in tasks} == {OWN}
    for one in (first, second):
        assert (await shown(db, one.ticket_id))["state"] == "open"


def owing(key: str, **more: Any) -> Change:
    return replace(written(key, **more), callback=owed("asked_for_person", NOON, DUE))


async def test_a_number_given_later_fills_the_task(db: Database) -> None:
    applied = await db.changes.execute(owing("1"))
    (task,) = await db.reader.callbacks(CallbackQuery(has_phone=False))
    assert task["phone"] is None
    assert await db.reader.callbacks(CallbackQuery(has_phone=True)) == []
    for value, confidence, then in ((SPOKEN, 0.6, SPOKEN), (OWN, 0.95, OWN)):
        said = Guess(path="requester.callback_phone", value=value, source="rule", span=None, confidence=confidence)
        await db.changes.execute(Change(ticket_id=applied.ticket_id, guesses=(said,), events=(event(actor="system"),)))
        (task,) = await db.reader.callbacks(CallbackQuery(has_phone=True))
        assert (task["phone"], task["phone_sure"]) == (then, confidence >= SURE)
    assert (await types(db, applied.ticket_id)).count("callback.number_changed") == 2


@pytest.mark.parametrize(("value", "called_at"), [("+8613611111111", "+8613611111111"), (None, None)])
async def test_a_persons_correction_is_where_they_are_called(
    db: Database, value: str | None, called_at: str | None
) -> None:
    applied = await db.changes.execute(owing("1", requester={"callback_phone": SPOKEN}))
    fields: dict[tuple[str, ...], Any] = {("requester", "callback_phone"): value}
    await db.changes.execute(Change(ticket_id=applied.ticket_id, ticket_fields=fields, events=(event(),)))
    (task,) = await db.reader.callbacks()
    assert task["phone"] == called_at


async def test_a_number_of_an_earlier_ticket_of_the_same_account_counts(db: Database) -> None:
    account = (Identity(kind="on:wechat", value="o-1"),)

    def by_account(change: Change) -> Change:
        assert change.new_ticket is not None
        requester = replace(change.new_ticket.requester, identities=account)
        return replace(change, new_ticket=replace(change.new_ticket, requester=requester))

    await db.changes.execute(by_account(written("1", requester={"callback_phone": SPOKEN})))
    await db.changes.execute(by_account(owing("2")))
    (task,) = await db.reader.callbacks()
    assert (task["phone"], task["phone_sure"]) == (SPOKEN, False)
    await db.changes.execute(owing("stranger"))
    assert {t["phone"] for t in await db.reader.callbacks()} == {SPOKEN, None}, "in any order: they are due at once"


async def test_the_line_that_is_corrected_is_the_tasks(db: Database) -> None:
    applied = await db.changes.execute(owing("1", phone=OWN))
    change = Change(ticket_id=applied.ticket_id, ticket_fields={("line",): "enterprise"}, events=(event(),))
    await db.changes.execute(change)
    (task,) = await db.reader.callbacks(CallbackQuery(line="enterprise"))
    assert task["ticket_id"] == applied.ticket_id


async def test_all_at_once_is_still_one_task(db: Database, clock: SetClock) -> None:
    await db.changes.execute(written("0", phone=OWN))
    applied = await asyncio.gather(*(db.changes.execute(owing(str(n), phone=OWN)) for n in range(1, 9)))
    (task,) = await db.reader.callbacks()
    assert task["version"] == len(applied)
    for one in applied:
        assert (await shown(db, one.ticket_id))["state"] == "open"
    await work(db, clock, Verb.DONE, result="reached")
    for one in applied:
        assert (await shown(db, one.ticket_id))["state"] == "done"
        assert (await types(db, one.ticket_id))[-1] == "callback.done"


async def test_work_is_told_on_every_ticket_of_the_task(db: Database, clock: SetClock) -> None:
    one, two = [await db.changes.execute(owing(str(n), phone=OWN)) for n in range(2)]
    await work(db, clock, Verb.CLAIM)
    with pytest.raises(AlreadyClaimed):
        await work(db, clock, Verb.ATTEMPT, "user:wang", result="busy")
    clock.forward(60)
    await work(db, clock, Verb.ATTEMPT, result="no_answer", note="电话13800138000没人接")
    (task,) = await db.reader.callbacks()
    attempt = {
        "at": "2026-11-23T04:01:00.000Z",
        "by": "user:li",
        "result": "no_answer",
        "note": "电话13800138000没人接",
    }
    assert (task["last_attempt"], task["attempts"], task["claimed_by"]) == (attempt, 1, None)
    assert await db.reader.callbacks(CallbackQuery(due_before=clock.now() + timedelta(minutes=30))) == []
    for applied in (one, two):
        record = await db.reader.ticket(applied.ticket_id)
        due = {"state": "open", "due_at": "2026-11-23T04:31:00.000Z", "attempts": 1, "how": "phone"}
        assert record["handling"]["callback"] == due
        events = await db.reader.events(ticket_id=applied.ticket_id)
        assert [e["type"] for e in events[-2:]] == ["callback.claimed", "callback.attempted"]
        assert events[-1]["actor"] == "user:li"
        data = {"callback_id": task["callback_id"], "attempts": 1, "result": "no_answer", "due_at": due["due_at"]}
        assert told(events[-1]) == data
        assert record["event_seq"] == events[-1]["event_seq"]


async def test_what_was_done_is_done_once(db: Database, clock: SetClock) -> None:
    await db.changes.execute(owing("1", phone=OWN))
    first = await work(db, clock, Verb.CANCEL, note="说不用了")
    repeated = await work(db, clock, Verb.CANCEL, note="说不用了")
    assert (first.skipped, repeated.skipped, repeated.event_seq) == (False, True, first.event_seq)
    with pytest.raises(CallbackClosed, match="user:li"):
        await work(db, clock, Verb.DONE, "user:wang", result="reached")
    with pytest.raises(StaleVersion):
        await work(db, clock, Verb.CANCEL, expected_version=1)
    assert await db.reader.last_event_seq() == first.event_seq


async def test_a_task_that_is_not_there(db: Database, clock: SetClock) -> None:
    applied = await db.changes.execute(written("1"))
    nothing = Work(callback_id="nothing", verb=Verb.CLAIM, actor="user:li", at=clock.now())
    with pytest.raises(NotFound):
        await db.changes.execute(Change(ticket_id=applied.ticket_id, work=nothing))
    with pytest.raises(NotFound):
        await db.reader.callback("nothing")


async def test_a_closed_task_is_followed_by_another_one(db: Database, clock: SetClock) -> None:
    """Also on the same interaction: that it was worked on once takes nothing from what is owed now."""
    applied = await db.changes.execute(owing("1", phone=OWN))
    await work(db, clock, Verb.DONE, result="reached")
    again = Change(
        ticket_id=applied.ticket_id,
        interaction_id=applied.interaction_id,
        callback=owed("reply_window_closed", clock.now(), DUE),
        events=(event("message.failed"),),
    )
    await db.changes.execute(again)
    assert [task["reasons"] for task in await db.reader.callbacks()] == [["reply_window_closed"]]
    assert (await shown(db, applied.ticket_id))["state"] == "open"


@SQL_ALONE
async def test_a_database_of_before_is_filled(db: Database) -> None:
    """And goes back, with one reason each and one task an interaction."""
    applied = [await db.changes.execute(owing(str(n), phone=phone)) for n, phone in enumerate((OWN, SPOKEN))]
    tasks = await db.reader.callbacks()
    for revision in ("0009", "head"):
        await db.sql.write(partial(_migrate, revision=revision))
    assert await db.reader.callbacks() == tasks
    again = owing("again", phone=OWN)
    await db.changes.execute(again)
    assert len(await db.reader.callbacks()) == 2, "what was owed before is joined"
    assert (await shown(db, applied[0].ticket_id))["state"] == "open"


def _migrate(connection: sa.Connection, revision: str) -> None:
    config = _config()
    config.attributes["connection"] = connection
    (command.upgrade if revision == "head" else command.downgrade)(config, revision)
