"""The JSON of a ticket is the record of docs/record.md: the same keys, all of them, nothing else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.callback import NewCallback
from gateway.domain.change import Change, NewSegment
from gateway.domain.guess import Guess
from gateway.domain.ids import new_ulid
from gateway.ports.store import TicketQuery
from gateway.storage.database import Database
from tests.contract.storage.changes import call, event, written
from tests.support.clocks import NOON

pytestmark = pytest.mark.contract
DOCUMENT = Path(__file__).resolve().parents[3] / "docs" / "record.md"
ENTRY_KEYS = {"value", "source", "span", "confidence", "confirmed_by"}


def described() -> dict[str, set[str]]:
    """Keys by object name, read off the page's block: ``name[] {a, b {c, d}, …}``."""
    block = DOCUMENT.read_text(encoding="utf-8").split("```")[1]
    block = block.replace("{path: {", "{").replace("}}, candidates", "}, candidates")
    objects: dict[str, set[str]] = {"": set()}
    stack = [""]
    name, at_start = "", True
    for token in re.findall(r"[A-Za-z_]\w*|[{},·]|\n(?!   )", block):
        if token == "{":
            stack.append(f"{stack[-1]}.{name}".lstrip("."))
            objects.setdefault(stack[-1], set())
            at_start = True
        elif token == "}":
            stack.pop()
            at_start = False
        elif token in {",", "·"} or token.startswith("\n"):
            at_start = True
        elif at_start:
            name, at_start = token, False
            objects[stack[-1]].add(name)
    return objects


def shape(value: Any, name: str = "") -> dict[str, set[str]]:
    """Keys by object name in a record."""
    if isinstance(value, list):
        found: dict[str, set[str]] = {}
        for item in value:
            found |= shape(item, name)
        return found
    if not isinstance(value, dict):
        return {}
    found = {name: set(value)}
    for key, inner in value.items():
        found |= shape(inner, f"{name}.{key}".lstrip("."))
    return found


async def full_ticket(db: Database) -> str:
    """A call with everything in it."""
    applied = await db.changes.apply(call("c", phone="+8613800138000"))
    await db.changes.apply(
        Change(
            ticket_id=applied.ticket_id,
            interaction_id=applied.interaction_id,
            segments=(NewSegment(seq=1, speaker="requester", start_ms=0, end_ms=900, text="路灯坏了"),),
            messages=written("x").messages,
            guesses=(Guess(path="demand.type", value="help", source="rule", span=(0, 2), confidence=0.9),),
            interaction_fields={
                "recording": {"location": "a.wav", "duration_s": 2.5, "sha256": "ab", "bytes": 9, "tracks": ["r", "g"]},
                "answered_at": NOON,
            },
            callback=NewCallback(callback_id=new_ulid(), reason="asked", due_at=NOON),
            events=(event(),),
        )
    )
    return applied.ticket_id


async def test_the_record_has_the_documented_keys(db: Database) -> None:
    wanted = described()
    record = await db.reader.ticket(await full_ticket(db))
    found = shape(record)
    assert found[""] == wanted[""]
    for name in (
        "source",
        "interactions",
        "interactions.flow",
        "interactions.recording",
        "interactions.transcript",
        "interactions.messages",
        "requester",
        "demand",
        "demand.category",
        "demand.urgency",
        "demand.complained_about",
        "place",
        "place.district",
        "place.street",
        "place.community",
        "handling",
        "handling.callback",
        "outcome",
        "outcome.evaluation",
        "prefill",
        "prefill.candidates",
        "related",
    ):
        assert found[name] == wanted[name], name
    assert set(record["prefill"]["fields"]["demand.type"]) == ENTRY_KEYS
    assert wanted["prefill.fields"] == ENTRY_KEYS


async def test_unknown_is_null_and_known_is_said(db: Database) -> None:
    record = await db.reader.ticket(await full_ticket(db))
    (interaction,) = record["interactions"]
    assert interaction["recording"] == {
        "url": f"/api/v1/tickets/{record['ticket_id']}/recordings/{interaction['interaction_id']}",
        "duration_s": 2.5,
        "sha256": "ab",
        "tracks": ["r", "g"],
    }
    assert interaction["answered_at"] == "2026-11-23T04:00:00.000Z"
    assert interaction["flow"] == {"name": "hotline", "version": "1"}
    assert record["created_at"] == "2026-11-23T04:00:00.000Z"
    assert record["requester"]["phone"] == "+8613800138000"
    assert record["entry_number"] == "12345"
    assert record["prefill"]["pending"] is True
    assert record["empty"] is True
    for unknown in (record["demand"]["category"]["code"], record["place"]["lat"], record["outcome"]["resolved"]):
        assert unknown is None
    assert record["attachments"] == record["handling"]["units"] == record["related"]["child_ids"] == []


async def test_list_items_are_the_record_without_its_words(db: Database) -> None:
    record = await db.reader.ticket(await full_ticket(db))
    (item,) = (await db.reader.tickets(TicketQuery())).items
    for interaction in record["interactions"]:
        del interaction["transcript"], interaction["messages"]
    assert item == record


async def test_what_one_reader_alters_no_other_sees(db: Database) -> None:
    ticket_id = await full_ticket(db)
    first = await db.reader.ticket(ticket_id)
    first["requester"]["labels"].append("x")
    first["demand"]["category"]["code"] = "A"
    first["prefill"]["candidates"]["unit"].append(1)
    second = await db.reader.ticket(ticket_id)
    assert second["requester"]["labels"] == second["prefill"]["candidates"]["unit"] == []
    assert second["demand"]["category"]["code"] is None
