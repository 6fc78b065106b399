"""Random lives of a hotline, written one command after the other and in batches: the record is the same, and foldable.

What a batch loads, how it keeps its commands apart, and that a refused one leaves nothing behind, follows from it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from random import Random
from typing import Any

import pytest

from gateway.domain.command import Applied, Command
from gateway.domain.events import event_of
from gateway.domain.form import Form
from gateway.domain.form_paths import CODED, COLUMNS, PATHS
from gateway.domain.ids import from_rfc3339, new_ulid
from gateway.domain.interaction import Interaction
from gateway.domain.journal import Journal
from gateway.domain.ticket import CALLBACK, Alteration, Ticket
from gateway.errors import GatewayError
from gateway.storage.database import Database, open_database
from tests.support.clocks import NOON, SHANGHAI, SetClock
from tests.support.databases import ready_sqlite
from tests.support.memory_store import MemoryStore
from tests.support.postgres import PostgresServer
from tests.support.story import Story

pytestmark = pytest.mark.contract
COMMANDS = 120
Open = Callable[[], Awaitable[Database]]
Came = tuple[Applied | None, type | None]


@pytest.fixture(params=["sqlite", "postgresql"])
async def new(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Open]:
    """Open a database of its own in which nothing is."""
    numbers = count()
    async with AsyncExitStack() as stack:

        async def opened() -> Database:
            if request.param == "sqlite":
                url = f"sqlite:///{ready_sqlite(tmp_path / f'{next(numbers)}.db')}"
            else:
                server: PostgresServer = request.getfixturevalue("postgres")
                url = await server.create_ready(new_ulid().lower())
            database = await open_database(url, data_dir=tmp_path, zone=SHANGHAI, clock=SetClock())
            stack.push_async_callback(database.aclose)
            return database

        yield opened


async def executed(db: Database, command: Command) -> Came:
    try:
        return await db.changes.execute(command), None
    except GatewayError as error:
        return None, type(error)


async def lived(db: Database, random: Random) -> list[tuple[Command, Came]]:
    """A story told to ``db``, with what each command came to."""
    story, done = Story(random, wrong=True), []
    for _ in range(COMMANDS):
        command = story.next()
        applied, error = await executed(db, command)
        if applied is not None:
            story.tell(command, applied)
        done.append((command, (applied, error)))
    return done


async def told_of(db: Database) -> list[Any]:
    """Records, events and calls that are owed, but for ids that the store draws by itself."""
    events = await db.reader.events(limit=10_000)
    tickets = sorted({event["ticket_id"] for event in events})
    records = [await db.reader.ticket(ticket_id) for ticket_id in tickets]
    for told in events:
        del told["event_id"]
        told["data"].pop("callback_id", None)
    tasks = [
        {key: value for key, value in task.items() if key != "callback_id"} for task in await db.reader.callbacks()
    ]
    return [records, events, sorted(tasks, key=str)]


async def whole(db: Database) -> list[Any]:
    """Everything that is shown of it."""
    threads = [await db.conversations.history("wechat", sender, after=0, limit=1000) for sender in "pqr"]
    return [*await told_of(db), threads]


@pytest.mark.parametrize("seed", range(4))
async def test_in_batches_it_comes_to_the_same(new: Open, seed: int) -> None:
    one_by_one, in_batches, only_good = [await new() for _ in range(3)]
    done = await lived(one_by_one, Random(seed))
    chunks, left = Random(-seed), list(done)
    while left:
        some = [left.pop(0) for _ in range(min(len(left), chunks.randrange(1, 40)))]
        came = await asyncio.gather(*(executed(in_batches, command) for command, _ in some))
        assert came == [before for _, before in some]
    for command, (applied, _) in done:
        if applied is not None:
            await executed(only_good, command)
    record = await whole(one_by_one)
    assert await whole(in_batches) == record
    assert await whole(only_good) == record


@pytest.mark.parametrize("seed", range(4))
async def test_the_domain_alone_comes_to_the_same(new: Open, seed: int) -> None:
    in_sql, in_memory = await new(), await MemoryStore().open()
    for command, came in await lived(in_sql, Random(seed)):
        assert await executed(in_memory, command) == came
    assert await told_of(in_memory) == await told_of(in_sql)


@pytest.mark.parametrize("seed", range(4, 6))
async def test_the_coded_state_of_the_record_is_the_fold_of_the_stored_events(new: Open, seed: int) -> None:
    db = await new()
    await lived(db, Random(seed))
    events = await db.reader.events(limit=10_000)
    for ticket_id in {event["ticket_id"] for event in events}:
        record = await db.reader.ticket(ticket_id)
        own = [event for event in events if event["ticket_id"] == ticket_id]
        fold = Ticket(
            journal=Journal(0),
            ticket_id=ticket_id,
            channel=record["channel"],
            channel_id=record["channel_id"],
            created_at=from_rfc3339(record["created_at"]),
            form=Form(),
        )
        for event in own:
            fold.apply(event_of(event["type"], NOON, event["actor"], event["data"]))
        for path in (*COLUMNS, *CODED):
            assert Alteration(fold).value(path) == _coded(record, path), path
        shown, callback = fold.form.handling.callback, record["handling"]["callback"]
        assert (shown and (shown.state, shown.due_at, shown.attempts)) == (
            callback and (callback["state"], callback["due_at"], callback["attempts"])
        ), CALLBACK
        for interaction in record["interactions"]:
            _check_interaction(interaction, own)


def _coded(record: dict[str, Any], path: str) -> Any:
    value: Any = record
    for key in path.split("."):
        value = value[key]
    return value[PATHS[path].code_key] if path in PATHS and PATHS[path].code_key else value


def _check_interaction(record: dict[str, Any], events: Sequence[dict[str, Any]]) -> None:
    fold = Interaction(
        interaction_id=record["interaction_id"],
        channel=record["channel"],
        channel_id=record["channel_id"],
        started_at=from_rfc3339(record["started_at"]),
    )
    for event in events:
        if event["interaction_id"] == record["interaction_id"]:
            fold.apply(event_of(event["type"], NOON, event["actor"], event["data"]))
    told = {path.partition(".")[2]: code for path, (_, code) in fold.coded().items()}
    for name in ("queued_at", "answered_at", "ended_at", "disposition"):
        assert told.get(name) == record[name], name
