"""A store that is away longer than a lease ends no call; an owner that was out of reach has the last word."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.calls.recorder import LocalRecordings
from gateway.domain.callback import NewCallback
from gateway.domain.words import Disposition
from gateway.errors import StoreUnavailable
from gateway.intake.call.live import LiveInteractions
from gateway.intake.call.record import CallRecord
from gateway.intake.call.recover import Recovery
from gateway.ports.call import CallInfo
from gateway.ports.recordings import FinishedRecording
from gateway.ports.store import CallbackQuery
from gateway.prefill.place import Gazetteer
from gateway.prefill.reader import PrefillReader
from gateway.storage.database import Database
from tests.contract.storage.changes import call, event
from tests.support.change import Change
from tests.support.clocks import NOON, SetClock
from tests.support.fakes.reading import ReaderHere
from tests.support.stores import SQL_ALONE, Open

pytestmark = [pytest.mark.contract, SQL_ALONE]
LEASE_S = 15


class Outage:
    """The database goes away, and comes back."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *databases: Database) -> None:
        self._patch, self._databases = monkeypatch, databases

    def __enter__(self) -> None:
        async def away(_work: object) -> Any:
            raise StoreUnavailable("the database is away")

        for database in self._databases:
            self._patch.setattr(database.sql, "read", away)
            self._patch.setattr(database.sql, "write", away)

    def __exit__(self, *_: object) -> None:
        self._patch.undo()


def worker(
    db: Database, clock: SetClock, folder: Path, *, is_gone: Callable[[str], bool] = lambda _: False
) -> Recovery:
    """Recovery as another process than the calls' runs it."""
    live = LiveInteractions(leases=db.leases, clock=clock, node="n1", owner="worker", lease_s=LEASE_S)
    return Recovery(
        store=db.changes,
        reader=db.reader,
        leases=db.leases,
        recordings=LocalRecordings(folder, min_free_percent=0),
        prefill=PrefillReader(Gazetteer([])),
        clock=clock,
        live=live,
        callback_due=timedelta(minutes=30),
        transcribe=None,
        is_gone=is_gone,
    )


async def look(recovery: Recovery, clock: SetClock, seconds: int) -> int:
    """Let ``recovery`` sweep once a second, through faults of the store; how many interactions it closed."""
    closed = 0
    for _ in range(seconds):
        clock.forward(1)
        try:
            closed += await recovery.sweep()
        except StoreUnavailable:
            continue
    return closed


async def test_a_store_that_is_away_longer_than_a_lease_ends_no_call(
    opened: Open, clock: SetClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    voice, work = await opened(), await opened()
    applied = await voice.changes.execute(call("1", owner="voice", lease_s=LEASE_S))
    assert applied.interaction_id
    recovery = worker(work, clock, tmp_path)
    assert await look(recovery, clock, LEASE_S - 1) == 0
    with Outage(monkeypatch, voice, work):
        assert await look(recovery, clock, 3 * LEASE_S) == 0
    assert await look(recovery, clock, LEASE_S - 1) == 0, "the owner has had no time to renew"
    assert await voice.leases.renew([applied.interaction_id], clock.now() + timedelta(seconds=LEASE_S)) == []
    assert await look(recovery, clock, LEASE_S - 1) == 0
    assert (await work.reader.callbacks()) == []
    # Now the owner is really gone.
    assert await look(recovery, clock, LEASE_S) == 1
    (interaction,) = (await work.reader.ticket(applied.ticket_id))["interactions"]
    assert interaction["disposition"] == "abandoned_before_answer"


async def test_a_store_that_only_reads_is_away(
    opened: Open, clock: SetClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    work = await opened()
    await work.changes.execute(call("1", owner="voice", lease_s=LEASE_S))
    recovery = worker(work, clock, tmp_path)

    async def full(_work: object) -> Any:
        raise StoreUnavailable("the disk is full")

    monkeypatch.setattr(work.sql, "write", full)
    assert await look(recovery, clock, 3 * LEASE_S) == 0
    monkeypatch.undo()
    assert await look(recovery, clock, LEASE_S) == 0
    assert await look(recovery, clock, 1) == 1


async def test_what_a_dead_process_left_is_closed_without_waiting_for_its_lease(
    db: Database, clock: SetClock, tmp_path: Path
) -> None:
    await db.changes.execute(call("1", owner="n1-dead", lease_s=3600))
    await db.changes.execute(call("2", owner="n1-alive", lease_s=3600))
    recovery = worker(db, clock, tmp_path, is_gone=lambda owner: owner == "n1-dead")
    assert await recovery.close_gone() == 1
    assert await recovery.close_gone() == 0


INFO = CallInfo(
    channel_id="hotline",
    call_id="c",
    external_id="c;f",
    from_raw="<sip:13800138000@127.0.0.1>",
    to_raw="<sip:12345@127.0.0.1>",
    from_user="13800138000",
    to_user="12345",
)
FINISHED = FinishedRecording(location="2026/11/23/x.wav", duration_s=30.0, sha256="f" * 64, bytes=480_000)


async def recovered_call(db: Database, clock: SetClock, tmp_path: Path) -> CallRecord:
    """A call whose owner was out of reach so long that a worker closed it, and that goes on."""
    record = CallRecord(
        store=db.changes,
        reader=ReaderHere(PrefillReader(Gazetteer([]))),
        clock=clock,
        info=INFO,
        node="n1",
        owner="voice",
        lease=timedelta(seconds=LEASE_S),
        callback_due=timedelta(minutes=30),
    )
    await record.open({"name": "hotline", "version": "1"}, "2026/11/23/x.wav")
    await record.answered()
    assert await look(worker(db, clock, tmp_path), clock, 2 * LEASE_S) == 1
    assert [c["reason"] for c in await db.reader.callbacks()] == ["interrupted"]
    return record


async def end(record: CallRecord, disposition: Disposition) -> None:
    await record.close(
        disposition=disposition,
        proved=True,
        keys=["1"],
        recording=FINISHED,
        spoken_ms=900,
        transcribed=True,
        media=True,
    )


async def test_the_owners_close_wins(db: Database, clock: SetClock, tmp_path: Path) -> None:
    record = await recovered_call(db, clock, tmp_path)
    until = clock.now() + timedelta(seconds=LEASE_S)
    assert await db.leases.renew([record.interaction_id], until, owner="voice") == [record.interaction_id]
    clock.forward(5)
    await end(record, Disposition.COMPLETED)
    ticket = await db.reader.ticket(record.ticket_id)
    (interaction,) = ticket["interactions"]
    assert interaction["disposition"] == "completed"
    assert interaction["ended_at"] == "2026-11-23T04:00:35.000Z"
    assert interaction["recording"]["sha256"] == "f" * 64
    assert await db.reader.callbacks() == []
    (cancelled,) = await db.reader.callbacks(CallbackQuery(state="cancelled"))
    assert cancelled["reason"] == "interrupted"
    assert ticket["handling"]["callback"]["state"] == "cancelled"
    assert await db.leases.renew([record.interaction_id], until) == []
    events = [(e["type"], e["data"].get("disposition")) for e in await db.reader.events(ticket_id=record.ticket_id)]
    assert events[-2:] == [("interaction.ended", "completed"), ("callback.cancelled", None)]
    before = await db.reader.last_event_seq()
    await end(record, Disposition.INTERRUPTED)
    assert await db.reader.last_event_seq() == before, "an owner closes once"


async def test_a_callback_that_the_caller_asked_for_meanwhile_stays(
    db: Database, clock: SetClock, tmp_path: Path
) -> None:
    record = await recovered_call(db, clock, tmp_path)
    await record.request_callback("asked_for_a_person")
    await end(record, Disposition.CALLBACK_REQUESTED)
    (task,) = await db.reader.callbacks()
    assert (task["reason"], task["phone"]) == ("asked_for_a_person", "+8613800138000")


async def test_a_call_that_was_abandoned_after_all_keeps_its_callback(
    db: Database, clock: SetClock, tmp_path: Path
) -> None:
    record = await recovered_call(db, clock, tmp_path)
    await end(record, Disposition.ABANDONED_IN_FLOW)
    (task,) = await db.reader.callbacks()
    assert task["reason"] == "abandoned_in_flow"


async def test_all_of_it_in_one_batch(db: Database) -> None:
    """The rows that one change makes are those that the next one alters, read or not."""
    applied = await db.changes.execute(call("1", owner="voice"))

    def change(**more: Any) -> Change:
        return Change(
            ticket_id=applied.ticket_id, interaction_id=applied.interaction_id, close_unless_closed=True, **more
        )

    callback = NewCallback(callback_id="cb", reason="interrupted", due_at=NOON)
    swept = change(
        interaction_fields={"disposition": "interrupted", "owner": None}, callback=callback, events=(event("a"),)
    )
    closed = change(interaction_fields={"disposition": "completed"}, owner="voice", events=(event("b"),))
    outcomes = await asyncio.gather(*(db.changes.execute(one) for one in (swept, closed, closed, swept)))
    assert [outcome.skipped for outcome in outcomes] == [False, False, True, True]
    assert [c["state"] for c in await db.reader.callbacks(CallbackQuery(state=None))] == ["cancelled"]
