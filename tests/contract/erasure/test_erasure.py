"""A person is erased: nothing of them is left in any table or file, others are untouched, and every count stays."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.ids import from_rfc3339
from gateway.ports.erasure import ErasureKind, ErasureSubject
from gateway.storage.database import Database
from gateway.storage.erasure_table import COLUMNS, Does
from tests.contract.erasure.person import LI, ZHANG, dump, files_holding, holding, house, in_touch

pytestmark = pytest.mark.contract
BY = "cli:wang"


def theirs(found: dict[str, list[dict[str, Any]]], tickets: list[str]) -> dict[str, list[dict[str, Any]]]:
    """The rows that tell of these tickets."""
    calls = {row["interaction_id"] for row in found["interactions"] if row["ticket_id"] in tickets}
    return {
        name: sorted(
            (row for row in rows if row.get("ticket_id") in tickets or row.get("interaction_id") in calls), key=repr
        )
        for name, rows in found.items()
    }


def figures(found: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """What reports count: events by type, and the rows of each table by their codes."""
    return {
        "events": Counter((row["type"], row["interaction_id"] is None) for row in found["events"]),
        "tickets": Counter(
            (r["status"], r["line"], r["channel"], r["empty"], r["created_at"]) for r in found["tickets"]
        ),
        "coded": Counter(
            (r["doc"]["demand"]["type"], r["doc"]["demand"]["urgency"]["level"], r["doc"]["place"]["district"]["code"])
            for r in found["tickets"]
        ),
        "interactions": Counter((r["disposition"], r["answered_at"], r["ended_at"]) for r in found["interactions"]),
        "segments": Counter((r["speaker"], r["start_ms"], r["confidence"]) for r in found["segments"]),
        "messages": Counter((r["direction"], r["kind"], r["sent_at"], r["delivery"]) for r in found["messages"]),
        "callbacks": Counter((r["state"], r["attempts"], r["doc"]["closed"]["why"]) for r in found["callbacks"]),
        "attachments": Counter((r["kind"], r["media_type"]) for r in found["attachments"]),
        "refused_calls": Counter((r["day"], r["reason"], r["attempts"]) for r in found["refused_calls"]),
        "keys": len(found["seen_keys"]),
        "requesters": len({r["requester_id"] for r in found["tickets"]}),
    }


async def test_nothing_of_a_person_is_left_and_others_are_untouched(db: Database, tmp_path: Path) -> None:
    here = house(db, tmp_path)
    zhang, tickets = await in_touch(here, ZHANG)
    _, others = await in_touch(here, LI)
    before = await dump(db)
    seen = holding(before, ZHANG)
    personal = {
        (name, column)
        for name, columns in COLUMNS.items()
        for column, does in columns.items()
        if does in {Does.BLANKED, Does.INSIDE}
    }
    numbers_only = {("messages", "thread_seq"), ("seen_keys", "body_sha256"), ("attachments", "sha256")}
    unfilled = {("attachments", "error"), ("attachments", "todo")}
    located = {("attachments", "location"), ("interactions", "recording_path"), ("threads", "doc")}
    assert personal - set(seen) <= numbers_only | unfilled | located, "the person fills every column that is blanked"
    assert ("ticket_texts", "text") in seen
    assert files_holding(tmp_path, ZHANG)

    done = await here.erasure.erase(ErasureSubject(ErasureKind.REQUESTER, zhang), actor=BY)
    assert (done.tickets, done.recordings, done.files, done.lines, done.rows) == (3, 1, 1, 3, 2)
    assert await db.erasures.compact()

    after = await dump(db)
    assert holding(after, ZHANG) == []
    assert [name for name in files_holding(tmp_path, ZHANG) if not name.startswith("pg")] == []
    assert theirs(after, others) == theirs(before, others), "the other person's rows"
    assert holding(after, LI) == [one for one in holding(before, LI) if one != ("feeds", "held_why")]
    assert files_holding(tmp_path, LI)

    told = figures(after)
    assert told["events"].pop(("ticket.erased", True)) == 3
    assert told == figures(before)
    assert after["counters"] != before["counters"]
    seqs = sorted(row["event_seq"] for row in after["events"])
    assert seqs == list(range(1, len(seqs) + 1)), "no gap"
    audit = [row for row in after["audit"] if row["action"] == "erase"]
    assert {(row["actor"], row["ticket_id"]) for row in audit} == {(BY, one) for one in (*tickets, None)}
    assert {row["subject"] for row in after["erasures"] if row["done_at"]} == {zhang, *tickets}


async def test_erasing_again_changes_nothing(db: Database, tmp_path: Path) -> None:
    here = house(db, tmp_path)
    zhang, _ = await in_touch(here, ZHANG)
    await here.erasure.erase(ErasureSubject(ErasureKind.REQUESTER, zhang), actor=BY)
    before = await dump(db)
    assert (await here.erasure.erase(ErasureSubject(ErasureKind.REQUESTER, zhang), actor="cli:li")).tickets == 0
    assert await dump(db) == before


async def test_one_ticket_goes_and_the_person_stays_known_until_the_last(db: Database, tmp_path: Path) -> None:
    here = house(db, tmp_path)
    _, (first, second, third) = await in_touch(here, ZHANG)
    number = (await db.reader.ticket(first))["ticket_no"]
    await here.erasure.ticket(number, actor=BY)
    erased, kept = await db.reader.ticket(first), await db.reader.ticket(second)
    assert (erased["erased_at"] is not None, kept["erased_at"]) == (True, None)
    assert erased["demand"]["content"] is None
    assert erased["demand"]["type"] == "complaint"
    assert [one["text"] for one in erased["interactions"][0]["transcript"]] == ["", ""]
    assert erased["interactions"][0]["recording"] is None
    assert erased["prefill"]["fields"].keys() == {"demand.type"}
    assert kept["requester"]["phone"] == ZHANG.phone
    assert {row["value"] for row in (await dump(db))["identities"]} == {ZHANG.phone, ZHANG.account}
    for one in (second, third):
        await here.erasure.ticket(one, actor=BY)
    assert (await dump(db))["identities"] == []
    assert holding(await dump(db), ZHANG) == []


async def test_who_comes_again_is_somebody_new(db: Database, tmp_path: Path) -> None:
    here = house(db, tmp_path)
    before, _ = await in_touch(here, ZHANG)
    await here.erasure.erase(ErasureSubject(ErasureKind.REQUESTER, before), actor=BY)
    after, tickets = await in_touch(here, replace(ZHANG, account="oZhangsOther"))
    assert after != before
    assert (await db.reader.ticket(tickets[0]))["requester"]["returning"] is False


async def test_the_event_reaches_who_follows(db: Database, tmp_path: Path) -> None:
    here = house(db, tmp_path)
    _, tickets = await in_touch(here, ZHANG)
    waiting = db.committed.next()
    await here.erasure.ticket(tickets[0], actor=BY)
    assert waiting.done()
    (event,) = [one for one in await db.reader.events(ticket_id=tickets[0]) if one["type"] == "ticket.erased"]
    record = await db.reader.ticket(tickets[0])
    assert (record["event_seq"], record["updated_at"]) == (event["event_seq"], event["at"])
    assert record["version"] > 1
    assert from_rfc3339(record["erased_at"]) == from_rfc3339(event["at"])
    assert (event["actor"], event["data"]) == (BY, {})
    (words,) = [one for one in await db.words.changed(event["event_seq"] - 1, 10) if one.ticket_id == tickets[0]]
    assert (words.empty, words.content, words.title) == (True, None, None)
    leased = await db.deliveries.lease("cases", "w", limit=10, lease_s=10)
    assert [one.record["demand"]["content"] for one in leased if one.ticket_id == tickets[0]] == [None]
