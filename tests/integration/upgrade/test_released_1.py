"""A data_dir of the release before the record had commands starts under this version and loses nothing.

``tests/upgrade/make_released_1.py`` has made it, with that release. Each test works on a copy of its own.
"""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import sqlalchemy as sa
from alembic import command

from gateway.calls.recorder import LocalRecordings
from gateway.casework.dispatch import DispatchTicket
from gateway.casework.fire_clock import FireClock
from gateway.casework.task_work import WorkOnTask
from gateway.domain.callback_work import DoneResult, Verb, Work
from gateway.domain.case.case import Offer
from gateway.domain.events import REGISTRY
from gateway.domain.ids import new_ulid, spelled_no
from gateway.domain.keys import Identity
from gateway.domain.status import Status
from gateway.domain.task_status import Role, TaskVerb
from gateway.errors import ReplyWindowClosed
from gateway.feeds import FeedContext
from gateway.feeds.common import FeedSettings
from gateway.feeds.webhook import WebhookFeed, WebhookSettings
from gateway.feeds.worker import FeedWorker
from gateway.intake.call.live import LiveInteractions
from gateway.intake.call.recover import Recovery
from gateway.intake.call.spool import SpoolingStore
from gateway.intake.contact.accept import ContactIntake
from gateway.intake.ticket.callback import WorkOnCallback
from gateway.intake.ticket.correct import CorrectTicket
from gateway.intake.ticket.merge import MergeTicket
from gateway.intake.ticket.withdraw import WithdrawTicket
from gateway.ports.channel import InboundContact
from gateway.ports.recogniser import Final
from gateway.ports.store import CallbackQuery, TicketQuery
from gateway.prefill.place import Gazetteer
from gateway.prefill.reader import PrefillReader
from gateway.storage import tables as t
from gateway.storage.database import Database, open_database
from gateway.storage.engine import PostgresSql
from gateway.storage.migrate import _config
from gateway.web.api.event_schemas import document as described
from scripts.case_system import CaseSystem
from tests.contract.conversations.house import LONGHUA, TEXTS, ConversationHouse, ScriptedChannel
from tests.support.clocks import SHANGHAI, SetClock
from tests.support.data import OWN
from tests.support.postgres import PostgresServer
from tests.support.searching import indexed
from tests.support.waiting import until

pytestmark = pytest.mark.integration
RELEASED = OWN / "upgrade" / "released-1"
EXPECTED: dict[str, Any] = json.loads((RELEASED / "expected.json").read_text(encoding="utf-8"))
RECORDS: dict[str, dict[str, Any]] = {record["ticket_id"]: record for record in EXPECTED["records"]}
NAMED: dict[str, str] = EXPECTED["tickets"]
NEW_KEYS = {
    "erased_at",
    "handling.dissatisfied",
    "handling.crossing",
    "handling.first_asked",
    "handling.reassigned",
    "handling.reopened",
    "handling.reopened_at",
    "handling.replies",
    "handling.reported_at",
    "handling.supervised_at",
    "handling.undecided_since",
    "outcome.evaluations",
    "related.merged_count",
}
"""What the record says since then and did not say before."""
ALL = CallbackQuery(state=None)
SECRET = "0123456789abcdef"
PREFILL = PrefillReader(Gazetteer([LONGHUA]))


@dataclass
class City:
    """This version at work on a copy of the data_dir."""

    folder: Path
    url: str
    db: Database
    clock: SetClock
    before: dict[str, list[dict[str, Any]]]
    """Rows of every table as they were before this version opened them."""

    def record(self, name: str) -> Awaitable[dict[str, Any]]:
        return self.db.reader.ticket(NAMED[name])

    async def recounts(self) -> None:
        """Every ticket stands as its baseline and its events tell."""
        while await self.db.baselines.some():
            pass
        for ticket_id in await ticket_ids(self.db):
            stands, told = await self.db.baselines.recount(ticket_id)
            assert stands == told, ticket_id


async def ticket_ids(db: Database) -> list[str]:
    return [one["ticket_id"] for one in (await db.reader.tickets(TicketQuery(limit=200))).items]


def rows_of(file: Path) -> dict[str, list[dict[str, Any]]]:
    """Every row of every table, as SQLite holds it."""
    with closing(sqlite3.connect(file)) as connection:
        connection.row_factory = sqlite3.Row
        names = [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return {name: [dict(row) for row in connection.execute(f"SELECT * FROM {name}")] for name in names}  # noqa: S608


@pytest.fixture(params=["sqlite", "postgresql"])
async def city(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[City]:
    folder = tmp_path / "data"
    shutil.copytree(RELEASED, folder)
    with closing(sqlite3.connect(folder / "gateway.db")) as connection:
        connection.executescript((folder / "gateway.sql").read_text(encoding="utf-8"))
    before = rows_of(folder / "gateway.db")
    url = ""
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres")
        url = await server.create(new_ulid().lower())
        await fill(url, before)
    clock = SetClock(datetime.fromisoformat(EXPECTED["now"]))
    db = await open_database(url, data_dir=folder, zone=SHANGHAI, clock=clock)
    yield City(folder, url, db, clock, before)
    await db.aclose()


async def fill(url: str, rows: dict[str, list[dict[str, Any]]]) -> None:
    """Make a PostgreSQL of the schema that the release had, with its rows."""

    def work(connection: sa.Connection) -> None:
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "0015")
        tables = sa.MetaData()
        tables.reflect(connection)
        for table in tables.sorted_tables:
            connection.execute(sa.delete(table))  # the schema begins with a few rows of its own
            if rows[table.name]:
                connection.execute(sa.insert(table), [of_postgres(table, row) for row in rows[table.name]])

    sql = PostgresSql(sa.make_url(url))
    try:
        await sql.write(work)
    finally:
        await sql.aclose()


def of_postgres(table: sa.Table, row: dict[str, Any]) -> dict[str, Any]:
    """A row of SQLite with PostgreSQL's types."""

    def value(column: sa.Column[Any]) -> Any:
        held = row[column.name]
        if held is not None and isinstance(column.type, sa.Boolean):
            return bool(held)
        return json.loads(held) if held is not None and isinstance(column.type, sa.JSON) else held

    return {column.name: value(column) for column in table.columns}


def without_new(record: dict[str, Any]) -> dict[str, Any]:
    """A record as the release before gave it; what was merged has another order since it is rows."""
    left = json.loads(json.dumps(record))
    for path in NEW_KEYS:
        section, _, key = path.rpartition(".")
        (left[section] if section else left).pop(key, None)
    left["related"]["merged_ids"].sort()
    return left


async def test_every_record_is_read_as_before(city: City) -> None:
    assert set(await ticket_ids(city.db)) == set(RECORDS)
    for ticket_id, before in RECORDS.items():
        now = await city.db.reader.ticket(ticket_id)
        assert now["related"]["merged_count"] == len(before["related"]["merged_ids"])
        assert set(now["outcome"]) - set(before["outcome"]) == {"evaluations"}
        assert without_new(now) == without_new(before)
    ratings = (await city.record("written:zhao"))["outcome"]["evaluations"]
    unknown = dict.fromkeys(("at", "comment", "reply_id", "score"))
    assert ratings == [{**unknown, "channel": "webchat", "satisfied": 2}]


async def test_events_debts_and_deliveries_are_as_before(city: City) -> None:
    events: list[Any] = []
    while page := await city.db.reader.events(after=events[-1]["event_seq"] if events else 0, limit=500):
        events += page
    assert events == EXPECTED["events"]
    assert await city.db.reader.callbacks(ALL) == EXPECTED["callbacks"]
    assert await city.db.deliveries.counts() == EXPECTED["counts"]
    assert await city.db.deliveries.dead_letters() == EXPECTED["dead"]
    assert await city.db.outbox.pending() == EXPECTED["pending"]
    (held,) = await city.db.deliveries.held()
    assert (held.feed, held.cause) == ("stats", "key")


async def test_no_row_of_any_table_is_lost_or_altered(city: City) -> None:
    def work(connection: sa.Connection) -> dict[str, list[dict[str, Any]]]:
        tables = sa.MetaData()
        tables.reflect(connection)
        return {
            name: [dict(row) for row in connection.execute(sa.select(table)).mappings()]
            for name, table in tables.tables.items()
        }

    now = await city.db.sql.read(work)
    own = (":baselines", ":search")  # what migrations noted
    now["channel_state"] = [row for row in now["channel_state"] if row["channel_id"] not in own]
    assert city.before["users"], "there is something to lose"
    for name, rows in city.before.items():
        if name != "alembic_version":
            assert told(now[name], rows) == told(rows, rows), name


def told(rows: list[dict[str, Any]], like: list[dict[str, Any]]) -> list[str]:
    """Rows in the columns that ``like`` has, comparable whatever a database calls true, or keeps as JSON."""
    columns = sorted(like[0]) if like else []

    def plain(value: Any) -> Any:
        if isinstance(value, str):
            with suppress(ValueError):
                return json.loads(value)
        return int(value) if isinstance(value, bool) else value

    return sorted(json.dumps([plain(row[column]) for column in columns], sort_keys=True) for row in rows)


async def test_it_migrates_once(city: City) -> None:
    await city.db.aclose()
    again = await open_database(city.url, data_dir=city.folder, zone=SHANGHAI, migrate=False)
    await again.aclose()


async def test_every_ticket_is_recounted_from_its_baseline(city: City) -> None:
    last = await city.db.reader.last_event_seq()
    await city.recounts()
    assert await city.db.reader.last_event_seq() == last


# -- the gateway goes on ----------------------------------------------------------------------------------------------


def spool(city: City, name: str = "new") -> SpoolingStore:
    return SpoolingStore(store=city.db.changes, folder=city.folder / "spool", name=name)


async def test_what_waited_in_the_spool_is_registered(city: City) -> None:
    assert await spool(city).drain() == 2
    assert list((city.folder / "spool").iterdir()) == []
    spooled = await city.record("spooled")
    assert spooled["ticket_no"] == "202611230000026", "the next number of its day"
    (call,) = spooled["interactions"]
    assert (call["disposition"], call["dtmf"]) == ("callback_requested", ["1", "0"])
    said = [segment["text"] for segment in call["transcript"] if segment["speaker"] == "requester"]
    assert said == ["你好，龙华区国贸路10号有人晚上施工很吵，我叫李小红"]
    assert spooled["prefill"]["fields"]["requester.name"]["value"] == "李小红"
    assert spooled["place"]["district"]["code"] == "460106"
    assert "施工" in spooled["demand"]["content"]
    (text,) = [message for message in call["messages"] if message["direction"] == "outbound"]
    assert text["delivery"] == "queued"
    assert spelled_no(spooled["ticket_no"]) in text["text"]
    assert call["recording"]["duration_s"] == 0.5
    half = await city.record("half")
    assert half["interactions"][0]["disposition"] == "abandoned_in_flow"
    assert "垃圾" in half["demand"]["content"]
    owed = {task["phone"]: task["reasons"] for task in await city.db.reader.callbacks()}
    assert owed["+8613800138031"] == ["asked_for_person"]
    assert owed["+8613800138032"] == ["abandoned_in_flow"]
    await city.recounts()


def heard(text: str, from_ms: int = 0) -> Final:
    return Final(text=text, start_ms=from_ms, end_ms=from_ms + 900, language="zh", confidence=0.9, engine="test")


def recovery(city: City) -> Recovery:
    async def transcribe(path: Path, from_ms: int) -> list[Final]:
        assert path.read_bytes()[:4] == b"RIFF"
        return [heard("请快点派人来", from_ms)]

    return Recovery(
        store=city.db.changes,
        reader=city.db.reader,
        leases=city.db.leases,
        recordings=LocalRecordings(city.folder / "recordings", min_free_percent=0),
        prefill=PREFILL,
        clock=city.clock,
        live=LiveInteractions(leases=city.db.leases, clock=city.clock, node="n1", owner="new", lease_s=15),
        callback_due=timedelta(minutes=30),
        transcribe=transcribe,
        is_gone=lambda owner: owner in ("dead", "n1-voice"),
    )


async def test_recovery_closes_the_open_call_and_owes_one(city: City) -> None:
    await spool(city).drain()
    worker = recovery(city)
    assert await worker.close_gone() == 1
    cut = await city.record("cut")
    (call,) = cut["interactions"]
    assert (call["disposition"], call["recording"]["duration_s"]) == ("interrupted", 0.5)
    assert [task["reasons"] for task in await city.db.reader.callbacks() if task["ticket_id"] == NAMED["cut"]] == [
        ["interrupted"]
    ]
    city.clock.forward(60)
    assert await worker.catch_up() >= 2, "the call that was cut, and the one that nobody heard yet"
    for name in ("cut", "unheard"):
        record = await city.record(name)
        assert record["prefill"]["pending"] is False
        assert record["interactions"][0]["transcript"][-1]["text"] == "请快点派人来"
    await city.recounts()


async def test_the_outbox_sends_what_waited_in_order(city: City) -> None:
    house = ConversationHouse(city.db, city.clock, city.folder, prefill=PREFILL)
    wechat = ScriptedChannel()
    house.channels.put("oa", wechat, TEXTS)
    waited = {name: await queued(city, f"written:{name}") for name in ("oOpenIdOfZhou", "oOpenIdOfZheng", "wu")}
    await house.deliver()
    for name, channel in (("oOpenIdOfZhou", wechat), ("oOpenIdOfZheng", wechat), ("wu", house.chat)):
        assert waited[name]
        assert [one.text for one in channel.sent if one.recipient == name] == waited[name]
        assert await queued(city, f"written:{name}") == []
    assert next(one.context for one in wechat.sent if one.recipient == "oOpenIdOfZhou") == {"to": "gh_1"}


async def queued(city: City, name: str) -> list[str]:
    record = await city.record(name)
    return [m["text"] for i in record["interactions"] for m in i["messages"] if m["delivery"] == "queued"]


async def test_a_window_that_closes_on_a_message_that_waited_owes_a_call(city: City) -> None:
    house = ConversationHouse(city.db, city.clock, city.folder, prefill=PREFILL)
    house.chat.failures = [ReplyWindowClosed("too late")]
    await house.deliver()
    (task,) = [one for one in await city.db.reader.callbacks() if NAMED["written:wu"] in one["tickets"]]
    assert task["reasons"] == ["reply_window_closed"]


async def test_a_conversation_goes_on_where_it_was(city: City) -> None:
    house = ConversationHouse(city.db, city.clock, city.folder, prefill=PREFILL)
    before = await city.record("written:oOpenIdOfZhou")
    person = {"channel": "wechat", "channel_id": "oa", "sender": "oOpenIdOfZhou"}
    record = await house.say("next", "龙华区国贸路10号", **person)
    assert record["ticket_id"] == before["ticket_id"]
    assert record["place"]["district"]["code"] == "460106", "it had been asked where"
    assert len(record["interactions"]) == 1
    answers = await house.answers("oOpenIdOfZhou", "oa")
    assert len(answers) == 2
    assert answers[0] != answers[1]
    again = await house.say("next", "龙华区国贸路10号", **person)
    assert again == record
    await city.recounts()


async def test_a_voice_message_that_waited_is_heard(city: City) -> None:
    house = ConversationHouse(city.db, city.clock, city.folder, prefill=PREFILL)
    house.heard = [heard("在龙华区国贸路")]
    assert await house.hear_due()
    record = await city.record("written:wu")
    assert record["prefill"]["pending"] is False
    assert "国贸路" in record["demand"]["content"]


async def test_conversations_that_rest_are_closed(city: City) -> None:
    house = ConversationHouse(city.db, city.clock, city.folder, prefill=PREFILL)
    city.clock.forward(3600)
    going_on = [i for r in RECORDS.values() for i in r["interactions"] if i["disposition"] is None]
    assert await house.idle.close_due() == len([i for i in going_on if i["channel"] != "sip"])
    await city.recounts()


@pytest.mark.parametrize("same", [True, False])
async def test_what_was_delivered_before_is_known_again(city: City, *, same: bool) -> None:
    last = await city.db.reader.last_event_seq()
    intake = ContactIntake(store=city.db.changes, prefill=PREFILL, clock=city.clock)
    seen = next(row for row in city.before["seen_keys"] if row["external_id"] == "e")
    contact = InboundContact(
        channel="platform",
        channel_id="app",
        external_id="e" if same else "new",
        received_at=city.clock.now(),
        content="路灯闪",
        body_sha256=seen["body_sha256"],
    )
    accepted = await intake.accept(contact)
    assert accepted.replayed is same
    assert (accepted.ticket_id == NAMED["app:e"]) is same
    assert (await city.db.reader.last_event_seq() == last) is same


async def test_who_wrote_before_is_known_again(city: City) -> None:
    intake = ContactIntake(store=city.db.changes, prefill=PREFILL, clock=city.clock)
    contact = InboundContact(
        channel="platform",
        channel_id="app",
        external_id="new",
        received_at=city.clock.now(),
        content="井盖没了",
        identities=(Identity(kind="app", value="user-20"),),
    )
    accepted = await intake.accept(contact)
    requester = (await city.db.reader.ticket(accepted.ticket_id))["requester"]
    assert requester["returning"]
    assert requester["requester_id"] == RECORDS[NAMED["app:a"]]["requester"]["requester_id"]


async def test_the_feed_delivers_what_waited_in_order(city: City, tmp_path: Path) -> None:
    receiver = CaseSystem(secret=SECRET, log=tmp_path / "cases.jsonl")
    url = await receiver.start()
    await spool(city).drain()  # nobody is told of a call while its first words may still come
    rows = {row["event_seq"]: row for row in city.before["deliveries"] if row["feed"] == "cases"}
    cursor = next(row["cursor"] for row in city.before["feeds"] if row["feed"] == "cases")
    left = [event for event in EXPECTED["events"] if event["event_seq"] in rows or event["event_seq"] > cursor]
    dead = {one["event_seq"] for one in EXPECTED["dead"]}
    waiting = [e for e in left if e["event_seq"] not in dead and not RECORDS[e["ticket_id"]]["empty"]]
    assert len(waiting) > 100

    def no_redis(_: str) -> Any:
        raise AssertionError("a webhook needs no Redis")

    public_url = "https://12345.example"
    context = FeedContext(feed_id="cases", public_url=public_url, schemas_url=public_url, open_redis=no_redis)
    worker = FeedWorker(
        feed_id="cases",
        make_feed=lambda: WebhookFeed(WebhookSettings(url=url, secret=SECRET), context),
        settings=FeedSettings(),
        deliveries=city.db.deliveries,
        events=city.db.reader,
        clock=city.clock,
        owner="new",
        next_commit=city.db.committed.next,
        jitter=random.Random(1),
    )
    task = asyncio.create_task(worker.run())

    async def drained() -> bool:
        city.clock.forward(0.1)  # what a dead worker has leased is free once its time is over
        return (await city.db.deliveries.counts())["cases"]["pending"] == 0

    try:
        await until(drained, "the feed is drained")
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await receiver.stop()
    assert receiver.ledger.out_of_order == []
    posts = list(receiver.ledger.posts())
    for post in posts:
        schema = described(REGISTRY[post["data"]["event"]["type"]], public_url)
        assert post["dataschema"] == schema["$id"]
        jsonschema_rs.Draft202012Validator(schema).validate(post["data"])
    posted = {post["id"] for post in posts}
    assert {event["event_id"] for event in waiting} <= posted
    assert not posted & {one["event_id"] for one in EXPECTED["dead"]}


# -- the desk goes on -------------------------------------------------------------------------------------------------


async def merge(city: City, name: str, into: str, *, undo: bool = False) -> None:
    record = await city.record(name)
    await city.db.changes.execute(
        MergeTicket(
            at=city.clock.now(),
            actor="user:wu",
            ticket_id=record["ticket_id"],
            head=NAMED[into],
            version=record["version"],
            undo=undo,
        )
    )


async def merged(city: City, name: str) -> set[str]:
    related = (await city.record(name))["related"]
    assert related["merged_count"] == len(related["merged_ids"])
    return {key for key, ticket_id in NAMED.items() if ticket_id in related["merged_ids"]}


async def test_what_was_merged_parts_and_more_is_merged(city: City) -> None:
    assert await merged(city, "app:c") == {"app:a", "app:b", "app:d"}
    await merge(city, "app:b", "app:c", undo=True)
    assert await merged(city, "app:c") == {"app:d"}
    assert await merged(city, "app:b") == {"app:a"}
    assert (await city.record("app:b"))["status"] == "registered"
    await merge(city, "app:a", "app:b", undo=True)
    assert await merged(city, "app:b") == set()
    await merge(city, "app:e", "app:c")
    await merge(city, "app:c", "app:b")
    assert await merged(city, "app:b") == {"app:c", "app:d", "app:e"}
    await city.recounts()


async def test_every_old_ticket_can_be_corrected(city: City) -> None:
    for ticket_id, before in RECORDS.items():
        values = {
            "demand.title": "改过",
            "place.street": {"code": "460106001", "name": "中山街道"},
            "line": "enterprise",
        }
        command = CorrectTicket(
            at=city.clock.now(),
            actor="user:wu",
            ticket_id=ticket_id,
            version=before["version"],
            values=values,
            told=tuple(sorted(values)),
        )
        await city.db.changes.execute(command)
        now = await city.db.reader.ticket(ticket_id)
        assert (now["demand"]["title"], now["place"]["street"]["code"], now["line"]) == (
            "改过",
            "460106001",
            "enterprise",
        )
        assert now["demand"] | {"title": before["demand"]["title"]} == before["demand"]
        assert now["requester"] == before["requester"]
        assert now["attachments"] == before["attachments"]
        assert now["interactions"] == before["interactions"]
    await city.recounts()


async def test_lists_and_searches_find_every_old_ticket_where_it_stands(city: City) -> None:
    await indexed(city.db)
    assert Counter(one["status"] for one in RECORDS.values()).keys() >= {"registered", "merged"}
    for status in Status:
        found = (await city.db.reader.tickets(TicketQuery(status=status.value, limit=200))).items
        assert {one["ticket_id"] for one in found} == {
            ticket_id for ticket_id, record in RECORDS.items() if record["status"] == status
        }
    sought = {ticket_id: content for ticket_id, one in RECORDS.items() if (content := one["demand"]["content"])}
    assert sought
    for ticket_id, content in sought.items():
        shown = (await city.db.reader.tickets(TicketQuery(text=content[:2], limit=200))).items
        assert ticket_id in {one["ticket_id"] for one in shown}, content
        assert (await city.db.reader.ticket(ticket_id))["version"] == RECORDS[ticket_id]["version"]


async def test_an_old_ticket_is_given_to_a_unit_and_its_clocks_run(city: City) -> None:
    assert await city.db.case_clocks.take("w", limit=10, lease_s=10) == []
    ticket_id = next(one for one, record in RECORDS.items() if record["status"] == "registered" and not record["empty"])
    offer = Offer(task_id="k1", unit="M02", role=Role.LEAD)
    dispatch = DispatchTicket(
        at=city.clock.now(),
        actor="user:wu",
        ticket_id=ticket_id,
        offers=(offer,),
        stage="centre",
        directory="directory:1",
        policy="policy:0",
    )
    await city.db.changes.execute(dispatch)
    city.clock.forward(3600)
    (due,) = await city.db.case_clocks.take("w", limit=10, lease_s=10)
    fire = FireClock(at=city.clock.now(), ticket_id=due.ticket_id, clock_id=due.clock_id, next_at=due.next_at)
    await city.db.changes.execute(fire)
    (late,) = (await city.db.case_clocks.overdue(unit="M02")).items
    assert (late.ticket_id, late.kind) == (ticket_id, "sign")
    work = WorkOnTask(
        at=city.clock.now(),
        actor="user:wu",
        ticket_id=ticket_id,
        task_id="k1",
        verb=TaskVerb.REPLY,
        text="换了灯",
        note_id="n1",
    )
    await city.db.changes.execute(work)
    assert (await city.db.reader.ticket(ticket_id))["status"] == "replied"
    await city.recounts()


async def test_calls_that_were_owed_are_worked_on(city: City) -> None:
    for task in EXPECTED["callbacks"]:
        if task["state"] == "open":
            work = Work(
                callback_id=task["callback_id"],
                verb=Verb.DONE,
                actor="user:wu",
                at=city.clock.now(),
                result=DoneResult.REACHED,
                expected_version=task["version"],
            )
            await city.db.changes.execute(WorkOnCallback(ticket_id=task["ticket_id"], work=work))
    assert await city.db.reader.callbacks() == []
    await city.recounts()


async def test_an_old_ticket_is_withdrawn_and_rated_again(city: City) -> None:
    house = ConversationHouse(city.db, city.clock, city.folder, prefill=PREFILL)
    rating = {"kind": "event", "event": "rating", "opens": False, "sender": "zhao"}
    record = await house.say("again", "还是不亮", event_data={"satisfied": 1}, **rating)
    assert record["outcome"]["evaluation"] == {"channel": "webchat", "satisfied": 1, "comment": "还是不亮"}
    command = WithdrawTicket(
        at=city.clock.now(),
        actor="user:wu",
        ticket_id=record["ticket_id"],
        version=record["version"],
        reason="settled",
    )
    await city.db.changes.execute(command)
    assert (await city.record("written:zhao"))["status"] == "withdrawn"
    await city.recounts()


SPARSE = (
    {},
    {"demand": None, "place": None, "requester": None, "handling": None, "outcome": None, "prefill": None},
    {"demand": {"content": None, "category": None, "urgency": None}, "requester": {"labels": None, "kind": None}},
    {
        "handling": {"units": None, "clocks": [None], "callback": None},
        "related": {"child_ids": None, "similar": [None]},
    },
    {"prefill": {"fields": None, "mentions": [None], "pending": None}, "attachments": None, "related": None},
    {"attachments": [{"attachment_id": "A", "name": None}], "outcome": {"evaluation": None, "closed_at": None}},
    {"prefill": {"fields": {"demand.type": {"value": "help", "confidence": None, "span": None}}}},
    {"related": {"merged_ids": ["gone"]}, "an_older_section": {"x": 1}, "demand": {"an_older_field": "x"}},
)
"""Documents with gaps and nulls, as sections and fields came one by one."""


@pytest.mark.parametrize("doc", SPARSE, ids=str)
async def test_documents_with_gaps_are_shown_corrected_and_recounted(city: City, doc: dict[str, Any]) -> None:
    ticket_id = NAMED["app:i"]
    own = t.tickets.c.ticket_id == ticket_id
    await city.db.sql.write(lambda c: c.execute(sa.update(t.tickets).where(own).values(doc=doc)).rowcount)
    before = await city.db.reader.ticket(ticket_id)
    assert before["handling"]["units"] == []
    assert before["demand"]["category"]["code"] is None
    command = CorrectTicket(
        at=city.clock.now(),
        actor="user:wu",
        ticket_id=ticket_id,
        values={"demand.title": "改过", "handling.lead_unit": "U2", "demand.type": "report"},
        told=("demand.title",),
    )
    await city.db.changes.execute(command)
    after = await city.db.reader.ticket(ticket_id)
    assert (after["demand"]["title"], after["handling"]["lead_unit"], after["demand"]["type"]) == (
        "改过",
        "U2",
        "report",
    )
    for section in ("place", "requester", "outcome", "attachments", "interactions"):
        assert after[section] == before[section], section
    await city.recounts()
