"""Titles by an endpoint of the OpenAI shape, over HTTP and a real database: good, slow, broken and lying ones."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from gateway.bootstrap.titles import titles
from gateway.edge.system_clock import SystemClock
from gateway.errors import TitleUnavailable
from gateway.following.follower import KEY
from gateway.following.lease import Lease
from gateway.intake.contact.accept import ContactIntake
from gateway.intake.ticket.titles import CURSOR, FAILURES, Titles
from gateway.ports.channel import InboundContact
from gateway.prefill.reader import PrefillReader
from gateway.settings import load
from gateway.storage.database import Database, open_database
from gateway.titling.endpoint import MAX_ANSWER_BYTES, ChatEndpoint
from tests.support.change import Change, NewEvent
from tests.support.clocks import SHANGHAI
from tests.support.events import told
from tests.support.reading import city_prefill
from tests.support.servers import served
from tests.support.sessions import open_sessions
from tests.support.waiting import until

pytestmark = pytest.mark.integration

ROOT = Path(__file__).resolve().parents[4]
CLOCK = SystemClock()
SAID = "你好，我叫王小明，电话13800138000，身份证460105199001011234，龙华区国贸路的路灯坏了一个星期了，晚上很黑"
GOOD = "龙华区国贸路的路灯坏了一个星期"
Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture(scope="module")
def prefill() -> PrefillReader:
    return city_prefill()


@pytest.fixture
async def db(tmp_path: Path) -> AsyncIterator[Database]:
    opened = await open_database("", data_dir=tmp_path, zone=SHANGHAI)
    yield opened
    await opened.aclose()


class Endpoint:
    """A server on this machine that keeps what it was sent and answers as ``reply`` does."""

    def __init__(self) -> None:
        self.bodies: list[str] = []
        self.tokens: list[str | None] = []
        self.reply: Reply = says(GOOD)
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.bodies.append(await request.text())
        self.tokens.append(request.headers.get("Authorization"))
        return await self.reply(request)


def says(title: Any) -> Reply:
    async def reply(_: web.Request) -> web.StreamResponse:
        return web.json_response({"choices": [{"message": {"role": "assistant", "content": title}}]})

    return reply


def plain(status: int, body: str) -> Reply:
    async def reply(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, text=body)

    return reply


async def never(_: web.Request) -> web.StreamResponse:
    await asyncio.sleep(3600)
    return web.Response()


async def elsewhere(_: web.Request) -> web.StreamResponse:
    raise web.HTTPTemporaryRedirect("/v1/other")


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    asked = Endpoint()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", asked.handle)
    app.router.add_post("/v1/other", asked.handle)
    async with served(app) as url:
        asked.url = f"{url}/v1"
        yield asked


def writer(url: str, *, timeout_s: float = 20.0) -> ChatEndpoint:
    return ChatEndpoint(url=url, model="city", token="a-token", timeout_s=timeout_s, max_chars=30)


@asynccontextmanager
async def following(db: Database, prefill: PrefillReader, url: str, *, timeout_s: float = 20.0) -> AsyncIterator[None]:
    async with running(titles_of(db, prefill, url, timeout_s=timeout_s), db):
        yield


@asynccontextmanager
async def running(duty: Titles, db: Database) -> AsyncIterator[None]:
    task = asyncio.create_task(duty.run())
    try:
        await until(lambda: passed(db, 0))
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def titles_of(db: Database, prefill: PrefillReader, url: str, *, timeout_s: float = 20.0) -> Titles:
    return Titles(
        make_writer=lambda: writer(url, timeout_s=timeout_s),
        store=db.changes,
        reader=db.reader,
        cursors=db.channel_states,
        next_commit=db.committed.next,
        prefill=prefill,
        clock=CLOCK,
        max_chars=30,
        lease=None,
    )


async def passed(db: Database, seq: int) -> bool:
    """Whether the duty has taken up the event ``seq``, so that it is done with those before it."""
    saved = await db.channel_states.get(CURSOR, KEY)
    return saved is not None and int(saved) >= seq


async def contact(db: Database, prefill: PrefillReader, key: str, content: str = SAID, **requester: Any) -> str:
    intake = ContactIntake(store=db.changes, prefill=prefill, clock=CLOCK)
    accepted = await intake.accept(
        InboundContact(
            channel="platform",
            channel_id="cloud",
            external_id=key,
            received_at=CLOCK.now(),
            content=content,
            source_name="app",
            requester=requester,
        )
    )
    return accepted.ticket_id


async def settled(db: Database, ticket_id: str) -> dict[str, Any]:
    """The record after the duty has looked at the ticket once more; an event too old to look at tells."""
    looked = NewEvent(type="transcript.completed", at=CLOCK.now())
    await db.changes.execute(Change(ticket_id=ticket_id, events=(looked,)))
    applied = await db.changes.execute(
        Change(ticket_id=ticket_id, events=(NewEvent(type="interaction.ended", at=CLOCK.now() - timedelta(days=1)),))
    )
    await until(lambda: passed(db, applied.event_seq))
    return await db.reader.ticket(ticket_id)


async def test_a_good_title_takes_the_templates_place_and_nothing_personal_leaves(
    db: Database, prefill: PrefillReader, endpoint: Endpoint
) -> None:
    async with following(db, prefill, endpoint.url):
        ticket_id = await contact(db, prefill, "a", name="王小明", phone="13800138000")
        record = await settled(db, ticket_id)
        again = await settled(db, ticket_id)
    assert record["demand"]["title"] == GOOD
    entry = record["prefill"]["fields"]["demand.title"]
    assert (entry["source"], entry["confidence"], entry["confirmed_by"]) == ("model", 0.6, None)
    written = [e for e in await db.reader.events(ticket_id=ticket_id) if e["type"] == "ticket.title_written"]
    assert [told(event) for event in written] == [{"chars": len(GOOD)}]
    assert again["demand"]["title"] == GOOD
    assert len(endpoint.bodies) == 1, "a ticket is asked about once"
    assert endpoint.tokens == ["Bearer a-token"]
    sent = json.loads(endpoint.bodies[0])
    assert sent["model"] == "city"
    assert "国贸路的路灯坏了" in sent["messages"][1]["content"]
    for private in ("王", "小明", "138", "8000", "4601", "1234"):
        assert private not in sent["messages"][1]["content"]


@pytest.mark.parametrize(
    "reply",
    [
        plain(500, "out of memory"),
        plain(200, "{garbage"),
        plain(200, "[" * 30_000),
        plain(200, '{"choices": []}'),
        plain(200, " " * (MAX_ANSWER_BYTES + 1)),
        elsewhere,
        says(None),
        says("龙华区海垦路的路灯坏了"),
        says("龙华区国贸路的路灯坏了两个星期"),
        says("王小明反映国贸路的路灯坏了"),
        says("***反映国贸路的路灯坏了"),
        says("国贸路的路灯坏了\n请打电话"),
        says("国贸路的路灯坏了一个星期了，晚上很黑" * 5),
    ],
    ids=[
        *("500", "garbage", "deep", "no-choice", "oversized", "redirect", "no-text"),
        *("place", "figure", "name", "mask", "two-lines", "long"),
    ],
)
async def test_whatever_else_it_answers_the_template_stays(
    db: Database, prefill: PrefillReader, endpoint: Endpoint, reply: Reply
) -> None:
    endpoint.reply = reply
    async with following(db, prefill, endpoint.url):
        ticket_id = await contact(db, prefill, "a")
        before = (await db.reader.ticket(ticket_id))["demand"]["title"]
        record = await settled(db, ticket_id)
        await settled(db, ticket_id)
    assert record["demand"]["title"] == before
    assert record["prefill"]["fields"]["demand.title"]["source"] == "rule"
    assert len(endpoint.bodies) == 1, "asked once, whatever came of it"


async def test_one_that_does_not_answer_is_given_up(db: Database, prefill: PrefillReader, endpoint: Endpoint) -> None:
    endpoint.reply = never
    async with following(db, prefill, endpoint.url, timeout_s=0.2):
        ticket_id = await contact(db, prefill, "a")
        assert (await settled(db, ticket_id))["prefill"]["fields"]["demand.title"]["source"] == "rule"
        endpoint.reply = says(GOOD)
        assert (await settled(db, await contact(db, prefill, "b")))["demand"]["title"] == GOOD


async def test_after_some_failures_it_is_left_alone(db: Database, prefill: PrefillReader, endpoint: Endpoint) -> None:
    endpoint.reply = plain(503, "busy")
    async with following(db, prefill, endpoint.url):
        for n in range(FAILURES + 3):
            await settled(db, await contact(db, prefill, f"k{n}"))
    assert len(endpoint.bodies) == FAILURES


async def test_a_title_that_a_person_confirmed_stays(db: Database, prefill: PrefillReader, endpoint: Endpoint) -> None:
    """Also when it is confirmed while the endpoint is thinking."""
    confirmed = asyncio.Event()

    async def late(request: web.Request) -> web.StreamResponse:
        await confirmed.wait()
        return await says(GOOD)(request)

    endpoint.reply = late
    async with following(db, prefill, endpoint.url):
        ticket_id = await contact(db, prefill, "a")

        async def asked() -> bool:
            return len(endpoint.bodies) == 1

        await until(asked)
        await db.changes.execute(
            Change(
                ticket_id=ticket_id,
                ticket_fields={("demand", "title"): "我的标题"},
                events=(NewEvent(type="ticket.corrected", at=CLOCK.now(), actor="user:li"),),
            )
        )
        confirmed.set()
        record = await settled(db, ticket_id)
        assert record["demand"]["title"] == "我的标题"
        assert record["prefill"]["fields"]["demand.title"]["confirmed_by"] == "user:li"
    assert len(endpoint.bodies) == 1


async def test_a_closed_writer_asks_and_opens_nothing(endpoint: Endpoint) -> None:
    one = writer(endpoint.url)
    assert await one.write(SAID) == GOOD
    await one.aclose()
    before = open_sessions()
    with pytest.raises(TitleUnavailable):
        await one.write(SAID)
    assert open_sessions() == before
    assert len(endpoint.bodies) == 1


async def test_a_duty_that_is_begun_anew_asks_again(db: Database, prefill: PrefillReader, endpoint: Endpoint) -> None:
    duty = titles_of(db, prefill, endpoint.url)
    for key in ("a", "b"):
        async with running(duty, db):
            assert (await settled(db, await contact(db, prefill, key)))["demand"]["title"] == GOOD


async def test_without_an_endpoint_there_is_no_duty(db: Database, prefill: PrefillReader) -> None:
    lease = Lease(leases=db.channel_leases, name="t", owner="n1", is_gone=lambda _: False)
    assert titles(load(None), db, prefill=prefill, clock=CLOCK, lease=lease) is None


async def test_of_who_asked_to_be_kept_secret_nothing_leaves(
    db: Database, prefill: PrefillReader, endpoint: Endpoint
) -> None:
    async with following(db, prefill, endpoint.url):
        await settled(db, await contact(db, prefill, "a", secret=True))
    assert endpoint.bodies == []
