"""What a released version spooled is replayed as it would have replayed it itself.

``tests/data/spool/*.jsonl`` is what the version spooled in which one ``Change`` was a line, of a call that went well
and of one that was given up; ``*.json`` beside them is the record that it made of them. Neither file is ever altered:
a later version's form gets files of its own.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.events import ClockStarted
from gateway.intake.call.spool import LOCK, SpoolingStore
from gateway.storage.database import Database
from tests.contract.storage.changes import event, written
from tests.support.change import Change
from tests.support.data import OWN
from tests.support.events import told

pytestmark = pytest.mark.contract
FILES = sorted((OWN / "spool").glob("*.jsonl"))


@pytest.mark.parametrize("spooled", FILES, ids=lambda path: path.stem)
async def test_a_spool_of_a_released_version_makes_the_same_record(db: Database, tmp_path: Path, spooled: Path) -> None:
    was = json.loads(spooled.with_suffix(".json").read_text(encoding="utf-8"))
    ticket_id = was["record"]["ticket_id"]
    folder = tmp_path / "spool"
    folder.mkdir()
    (folder / f"{ticket_id}.jsonl").write_bytes(spooled.read_bytes())
    assert await SpoolingStore(store=db.changes, folder=folder, name="n2-1").drain() == 1
    assert [one.name for one in folder.iterdir()] == [LOCK], "nothing waits, nothing was refused"
    record = await db.reader.ticket(ticket_id)
    was["record"]["requester"].pop("requester_id")  # drawn by whoever registers a ticket
    told_of, clocks = record.pop("event_seq"), record["handling"].pop("clocks")
    was["record"].pop("event_seq"), was["record"]["handling"].pop("clocks")  # that version had no time limits
    assert _of_then(record, was["record"]) == was["record"]
    urgent = record["demand"]["urgency"]["level"] == "urgent"
    assert [(one["kind"], one["unit"]) for one in clocks] == ([("respond", None)] if urgent else [])
    events = await db.reader.events(ticket_id=ticket_id)
    assert told_of == events[-1]["event_seq"]
    assert [event["event_seq"] for event in events] == list(range(1, len(events) + 1))
    assert [event["type"] for event in events].count(ClockStarted.TYPE) == len(clocks)
    events = [event for event in events if event["type"] != ClockStarted.TYPE]
    assert [_plain(event) for event in events] == [_plain(event) for event in was["events"]]
    data = [event["data"] for event in was["events"]]
    assert _of_then([told(event) for event in events], data) == data
    assert await db.reader.callbacks() == was["callbacks"]


async def test_who_called_then_and_hides_now_is_nobody_known(db: Database, tmp_path: Path) -> None:
    folder = tmp_path / "spool"
    folder.mkdir()
    lines = (OWN / "spool" / "released-1.jsonl").read_bytes()
    ticket_id = json.loads(lines.splitlines()[0])["fields"]["new_ticket"]["fields"]["ticket_id"]
    (folder / f"{ticket_id}.jsonl").write_bytes(lines)
    await SpoolingStore(store=db.changes, folder=folder, name="n2-1").drain()
    phone = (await db.reader.ticket(ticket_id))["requester"]["phone"]
    later = await db.changes.execute(written("2", phone=phone))
    hides = Change(ticket_id=ticket_id, ticket_fields={("requester", "secret"): True}, events=(event(),))
    await db.changes.execute(hides)
    theirs = (await db.reader.ticket(later.ticket_id))["requester"]["requester_id"]
    assert (await db.reader.ticket(ticket_id))["requester"]["requester_id"] != theirs


def _of_then(now: Any, then: Any) -> Any:
    """``now`` without the keys that records and events did not have ``then``."""
    if isinstance(then, dict):
        return {key: _of_then(now[key], then[key]) for key in then if key in now}
    if isinstance(then, list) and len(now) == len(then):
        return [_of_then(one, other) for one, other in zip(now, then, strict=True)]
    return now


def _plain(event: dict[str, object]) -> dict[str, object]:
    return {key: value for key, value in event.items() if key not in {"event_id", "event_seq", "data"}}
